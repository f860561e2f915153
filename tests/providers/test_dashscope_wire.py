"""The envelope of the task protocol against what the official SDK sends and what the pages say is answered."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.clock import SYSTEM
from firstword.net.websocket import Closed
from firstword.providers.dashscope import wire
from firstword.providers.dashscope.account import AccessSettings, Account, new_id
from firstword.providers.dashscope.status import MEANINGS, SAYINGS, meaning, task_failure

from .traces import differences, received, request, sent

TRACE = "cosyvoice_tts_v2"
KEY = "sk-FAKE0123456789abcdef0123456789ab"


def messages(name: str, action: str) -> list[dict[str, Any]]:
    return [one for one in sent(name) if one["header"]["action"] == action]


def task_of(theirs: dict[str, Any]) -> wire.Task:
    payload = theirs["payload"]
    return wire.Task(
        theirs["header"]["task_id"],
        payload.get("model", "cosyvoice-v3-flash"),
        payload.get("task", "tts"),
        payload.get("function", "SpeechSynthesizer"),
    )


@pytest.mark.parametrize("trace", [TRACE, f"{TRACE}.options", f"{TRACE}.call_once", f"{TRACE}.task_failed"])
def test_run_task_is_the_sdks(trace: str) -> None:
    (theirs,) = messages(trace, "run-task")
    ours = wire.run_task(task_of(theirs), theirs["payload"]["parameters"])
    assert differences(json.loads(ours), theirs) == {}


CONTEXT_OF_THE_SDK = {  # what run-task has said already: the pages' continue-task has the input alone
    f"payload.{key}": (..., value)
    for key, value in {
        "model": "cosyvoice-v3-flash",
        "task_group": "audio",
        "task": "tts",
        "function": "SpeechSynthesizer",
    }.items()
}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_continue_task_means_the_same_as_the_sdks(number: int) -> None:
    theirs = messages(TRACE, "continue-task")[number]
    ours = wire.continue_task(task_of(theirs), {"text": theirs["payload"]["input"]["text"]})
    assert differences(json.loads(ours), theirs) == CONTEXT_OF_THE_SDK


def test_flush_means_the_same_as_the_sdks() -> None:
    theirs = messages(f"{TRACE}.options", "continue-task")[-1]
    ours = json.loads(wire.flush(task_of(theirs)))
    assert differences(ours, theirs) == CONTEXT_OF_THE_SDK and ours["payload"]["input"]["flush"] is True


def test_finish_task_is_the_sdks() -> None:
    (theirs,) = messages(TRACE, "finish-task")
    assert differences(json.loads(wire.finish_task(task_of(theirs))), theirs) == {}


def test_cancel_is_the_sdks() -> None:
    (theirs,) = messages(f"{TRACE}.cancel", "finish-task")
    assert differences(json.loads(wire.cancel(task_of(theirs))), theirs) == {}


def test_the_upgrade_carries_what_the_sdks_does() -> None:
    _, theirs, _ = request(TRACE)
    ours = Account("test", AccessSettings(api_key=KEY), SYSTEM).headers()
    assert ours["Authorization"] == theirs["authorization"]
    assert ours["User-Agent"].startswith("firstword/")  # who speaks
    assert set(ours) == {"Authorization", "User-Agent"}, "x-dashscope-sdk-... name the SDK, not the caller"


def test_a_workspace_and_inspection_are_headers() -> None:
    ours = Account("test", AccessSettings(api_key=KEY, workspace="ws-1", data_inspection=True), SYSTEM).headers()
    assert ours["X-DashScope-WorkSpace"] == "ws-1" and ours["X-DashScope-DataInspection"] == "enable"


def test_ids_are_32_lowercase_hexadecimal_digits_as_the_sdks() -> None:
    ids = [messages(TRACE, "run-task")[0]["header"]["task_id"], *(new_id() for _ in range(50))]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids) and len(set(ids)) == 51


@given(st.text(alphabet=st.characters(), max_size=20))
def test_any_text_even_half_a_surrogate_pair_can_be_sent(text: str) -> None:
    made = wire.continue_task(wire.Task("0" * 32, "m", "tts", "f"), {"text": text})
    made.encode("ascii")
    assert json.loads(made)["payload"]["input"]["text"] == text


# What is understood


def said(name: object, payload: object = None, **header: object) -> str:
    return json.dumps({"header": {"task_id": "t", "event": name, "attributes": {}, **header}, "payload": payload})


OUTPUT = {"type": "sentence-begin", "sentence": {"index": 0, "words": []}}


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (said("task-started", {}), wire.TaskStarted("t")),
        (said("task-started"), wire.TaskStarted("t")),
        (
            said("result-generated", {"output": OUTPUT, "usage": {"characters": 6}}),
            wire.ResultGenerated("t", OUTPUT, {"characters": 6}),
        ),
        (said("result-generated", {"output": OUTPUT, "usage": None}), wire.ResultGenerated("t", OUTPUT, {})),
        (said("result-generated", {"output": [1]}), wire.ResultGenerated("t", {}, {})),
        (said("task-finished", {"usage": {"characters": 13}}), wire.TaskFinished("t", {}, {"characters": 13})),
        (
            said("task-failed", {}, error_code="CLIENT_ERROR", error_message="request timeout after 23 seconds."),
            wire.TaskFailed("t", "CLIENT_ERROR", "request timeout after 23 seconds."),
        ),
        (said("task-failed", {}, error_code=44, error_message=None), wire.TaskFailed("t", "44", "")),
        (said("task-started", {}, task_id=7), wire.TaskStarted("")),
        (said("heartbeat"), wire.Unknown("heartbeat")),
        (said(None), wire.Malformed("no event in the header")),
        ("not json", wire.Malformed("not JSON")),
        ("[]", wire.Malformed("no header")),
        ('{"header": []}', wire.Malformed("no header")),
        ("[" * 100_000, wire.Malformed("not JSON")),
    ],
)
def test_every_message_is_understood_or_said_to_be_malformed(text: str, event: wire.Event) -> None:
    assert wire.parse(text) == event


RECORDED = [
    TRACE, f"{TRACE}.options", f"{TRACE}.cancel", f"{TRACE}.call_once", f"{TRACE}.task_failed",
    "edge_cosyvoice_drop", "edge_cosyvoice_drop_after_finish",
]  # fmt: skip


@pytest.mark.parametrize("trace", RECORDED)
def test_nothing_recorded_is_malformed_or_unknown(trace: str) -> None:
    for text in received(trace):
        assert not isinstance(wire.parse(text), wire.Malformed | wire.Unknown), text


LINES = [line for trace in RECORDED[:5] for line in received(trace)]


@given(st.sampled_from(LINES), st.data())
def test_a_recorded_message_cut_anywhere_or_with_a_byte_changed_is_told_never_raised(
    line: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(line) - 1))
    assert isinstance(wire.parse(line[:at]), wire.Malformed)
    changed = line[:at] + data.draw(st.characters()) + line[at + 1 :]
    assert wire.parse(changed) is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["task-started", "result-generated", "task-finished", "task-failed", "x"]) | json_values,
    json_values | st.dictionaries(st.sampled_from(["output", "usage"]), json_values),
    st.dictionaries(st.sampled_from(["task_id", "error_code", "error_message", "attributes"]), json_values),
)
def test_no_message_whatever_raises(name: Any, payload: Any, header: dict[str, Any]) -> None:
    wire.parse(said(name, payload, **header))


# Failures


def test_every_code_is_explained_to_an_operator() -> None:
    for what in [*MEANINGS.values(), *(what for _, what in SAYINGS)]:
        assert what.text and what.whose in ("settings", "account", "service", "firstword")
        assert what.retry == (what.kind in ("throttled", "server", "network")) or what.whose == "service", what
    assert len({code.replace("_", "").lower() for code in MEANINGS}) == len(MEANINGS), "each code once"


@pytest.mark.parametrize(
    ("code", "text", "kind", "retry", "words"),
    [
        ("InvalidParameter", "[tts:]Engine return error code: 418", "voice", False, "belongs to model"),
        ("InvalidParameter", "[cosyvoice:]Engine return error code: 418", "voice", False, "belongs to model"),
        ("InvalidParameter", "Please ensure input text is valid.", "text", False, "can not speak"),
        ("InvalidParameter", "something new", "settings", False, "refused a parameter"),
        ("CLIENT_ERROR", "request timeout after 23 seconds.", "server", True, "23 s"),
        ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.", "throttled", True, "limit"),
        ("Throttling.Whatever", "", "throttled", True, "too many"),
        ("invalid_api_key", "", "credentials", False, "api_key"),
        ("Arrearage", "", "quota", False, "overdue"),
        ("data_inspection_failed", "", "text", False, "content"),
        ("NeverHeardOf", "", "server", True, "failed"),
        ("", "", "server", True, "failed"),
    ],
)  # fmt: skip
def test_a_failure_says_what_to_do_and_whether_to_try_again(
    code: str, text: str, kind: str, retry: bool, words: str
) -> None:
    error = task_failure("cosyvoice tts", code, text + f" {KEY}", (KEY,))
    assert (error.kind, error.retry, error.code) == (kind, retry, code) and words in str(error)
    assert KEY not in str(error) and meaning(code, text).kind == kind


@pytest.mark.parametrize(
    ("closed", "kind", "retry", "words"),
    [
        (Closed("refused", 'x: {"code":"InvalidApiKey","message":"Invalid"}', 401, False), "credentials", False, "api_key"),
        (Closed("refused", 'x: {"code":"Arrearage","message":"Access denied"}', 400, False), "quota", False, "overdue"),
        (Closed("refused", "refused with HTTP 403", 403, False), "credentials", False, "right"),
        (Closed("refused", "refused with HTTP 429", 429), "throttled", True, "too many"),
        (Closed("refused", "refused with HTTP 404", 404, False), "settings", False, "404"),
        (Closed("refused", "refused with HTTP 503", 503), "server", True, "503"),
        (Closed("peer", "closed (code 1007: Invalid payload data)", 1007), "ours", True, "Invalid payload"),
        (Closed("peer", "closed (code 1011)", 1011), "server", True, "1011"),
        (Closed("lost", "dropped the connection"), "network", True, "dropped"),
        (Closed("timeout", "timed out"), "network", True, "timed out"),
    ],
)  # fmt: skip
def test_the_end_of_a_connection_says_what_it_is_about(closed: Closed, kind: str, retry: bool, words: str) -> None:
    error = Account("cosyvoice tts", AccessSettings(api_key=KEY), SYSTEM).connection_closed(closed)
    assert (error.kind, error.retry) == (kind, retry) and words in str(error)
    assert error.code == (f"HTTP {closed.code}" if closed.kind == "refused" else "")
