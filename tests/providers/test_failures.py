"""Whose fault a failure is, and what it is about: each official code and text once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from firstword.errors import Kind
from firstword.host.failures import markdown
from firstword.net.failures import ELSEWHERE, kind_of_status
from firstword.net.http import Client, RefusedError
from firstword.net.websocket import Closed
from firstword.providers import registry
from firstword.providers.aliyun.status import denial, task_failure
from firstword.providers.openai.status import meaning
from net.loopback import Loopback

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

NLS: list[tuple[int, str, Kind]] = [
    (40000000, "Gateway:CLIENT_ERROR:in post", "ours"),
    (40000000, "text is empty.", "text"),
    (40000000, "[tts:atom-offline]Client disconnected!", "network"),
    (40000001, "Meta:ACCESS_DENIED:The token 'xxx' is invalid!", "credentials"),
    (40000001, "Gateway:ACCESS_DENIED:The token 'xxx' has expired!", "credentials"),
    (40000001, "TTS:ACCESS_DENIED:No privilege to this voice! (voice: zhinan, privilege: 0)", "voice"),
    (40000002, "Gateway:MESSAGE_INVALID:Invalid message id 'null'!", "ours"),
    (40000003, "Gateway:PARAMETER_INVALID:Invalid voice name 'xxx'!", "voice"),
    (40000003, "Gateway:PARAMETER_INVALID:appkey not set", "credentials"),
    (40000003, "Gateway:PARAMETER_INVALID:Invalid appkey", "credentials"),
    (40000003, "Gateway:PARAMETER_INVALID:Invalid format", "settings"),
    (40000004, "Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time", "server"),
    (40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!", "throttled"),
    (40000009, "Too many opus packets per page: max=100, actual=101", "ours"),
    (40000010, "Gateway:FREE_TRIAL_EXPIRED:The free trial has expired!", "quota"),
    (40010001, "NAMESPACE_NOT_FOUND", "ours"),
    (40010003, "Gateway:DIRECTIVE_INVALID:Invalid format 'PCM'!", "settings"),
    (40010005, "Gateway:TASK_STATE_ERROR:Got stop directive while task is stopping!", "ours"),
    (40020105, "Meta:APPKEY_NOT_EXIST:Appkey not exist!", "credentials"),
    (40020106, "Meta:APPKEY_UID_MISMATCH:Appkey and user mismatch!", "credentials"),
    (40270002, "NO_VALID_AUDIO_ERROR", "text"),
    (41010101, "UNSUPPORTED_SAMPLE_RATE", "settings"),
    (41020001, "TTS:TtsClientError:[tts]Engine return error code: 418", "voice"),
    (41020001, "TTS:TtsClientError:[tts]Engine return error code: 413", "text"),
    (41020001, "TTS:TtsClientError:Illegal ssml text", "text"),
    (41040201, "GET_CLIENT_DATA_TIMEOUT", "network"),
    (43040001, "ConcurrencyExceed", "throttled"),
    (50000000, "Realtime:SERVER_ERROR:Instance pool exhausted!", "server"),
    (59999999, "", "server"),
    (49999999, "", "settings"),
]

CHAT: list[tuple[str, int, Kind, bool]] = [
    ("invalid_api_key", 401, "credentials", False),
    ("", 403, "credentials", False),
    ("Arrearage", 400, "quota", False),
    ("insufficient_quota", 429, "quota", False),
    ("AllocationQuota.FreeTierOnly", 403, "quota", False),
    ("limit_requests", 429, "throttled", True),
    ("Throttling.RateQuota", 429, "throttled", True),
    ("Throttling.SomethingNew", 0, "throttled", True),
    ("data_inspection_failed", 400, "text", False),
    ("DataInspectionFailed", 0, "text", False),
    ("model_not_found", 404, "settings", False),
    ("InvalidParameter", 400, "settings", False),
    ("RequestTimeOut", 500, "server", True),
    ("ModelServingError", 503, "server", True),
    ("InternalError.Algo", 0, "server", True),
    ("what is this", 0, "server", False),
    ("what is this", 418, "settings", False),
    ("what is this", 599, "server", True),
]


@pytest.mark.parametrize(("code", "text", "kind"), NLS)
def test_an_nls_failure_is_about_what_its_code_and_its_words_say(code: int, text: str, kind: Kind) -> None:
    assert task_failure("aliyun tts", code, text).kind == kind


@pytest.mark.parametrize("text", ["No privilege to this voice!", "Invalid voice name 'x'!", "error code: 418"])
def test_a_voice_that_may_not_be_used_stays_one(text: str) -> None:
    codes = {"No privilege to this voice!": 40000001, "Invalid voice name 'x'!": 40000003, "error code: 418": 41020001}
    error = task_failure("aliyun tts", codes[text], text)
    assert not error.retry and "voice" in error.args[0]


@pytest.mark.parametrize(("code", "status", "kind", "retry"), CHAT)
def test_a_chat_service_s_refusal_is_about_what_its_code_says_before_its_status(
    code: str, status: int, kind: Kind, retry: bool
) -> None:
    what = meaning(code, status)
    assert (what.kind, what.retry) == (kind, retry)


@pytest.mark.parametrize(
    ("code", "text", "status_retry", "kind"),
    [
        ("SignatureDoesNotMatch", "", False, "credentials"),
        ("InvalidTimeStamp.Expired", "", False, "settings"),
        ("Throttling.User", "", False, "throttled"),
        ("", "Request was denied due to user flow control.", False, "throttled"),
        ("40020503", "No permission!", False, "credentials"),
        ("ServiceUnavailable", "later", True, "server"),
        ("", "its answer is no JSON", False, "server"),
        ("SomethingNew", "no", False, "credentials"),
    ],
)
def test_a_denied_token_says_what_it_is_about(code: str, text: str, status_retry: bool, kind: Kind) -> None:
    assert denial(code, text, status_retry).kind == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "settings"), (401, "credentials"), (402, "quota"), (403, "credentials"), (404, "settings"), (408, "server"),
     (413, "text"), (429, "throttled"), (500, "server"), (503, "server")],
)  # fmt: skip
def test_an_http_status_is_about_something_too(status: int, kind: Kind) -> None:
    assert kind_of_status(status) == kind
    assert Closed("refused", "", code=status).about == kind


@pytest.mark.parametrize(
    ("how", "kind"),
    [("lost", "network"), ("timeout", "network"), ("unreachable", "network"), ("tls", "network"), ("peer", "server"),
     ("protocol", "server"), ("broken", "ours")],
)  # fmt: skip
def test_a_connection_that_ended_says_what_it_is_about(how: str, kind: Kind) -> None:
    assert Closed(how, "").about == kind


def test_an_address_that_is_none_is_a_setting() -> None:
    client = Client("x")
    exchange = client.post("nonsense", headers={}, body=b"")
    with pytest.raises(Exception, match="no http:// or https://") as caught:
        exchange.open()
    exchange.close()
    assert caught.value.kind == "settings"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "kind"), [(403, "credentials"), (429, "throttled"), (503, "server")])
def test_a_request_that_is_refused_says_what_it_is_about(status: int, kind: Kind) -> None:
    with Loopback(lambda peer: [peer.read_request(), peer.answer(f"{status} No")]) as server:
        client = Client("x")
        exchange = client.post(server.http, headers={}, body=b"")
        with pytest.raises(RefusedError) as caught:
            exchange.open()
        exchange.close()
        client.close()
    assert caught.value.kind == kind


# The documentation


@pytest.mark.parametrize("title", registry.FAILURES)
def test_each_code_stands_in_the_table_once(title: str) -> None:
    rows = registry.failures(title)
    keys = [(row.code, row.says) for row in rows]
    assert len(keys) == len(set(keys)) > 10
    for row in rows:
        assert row.meaning.kind in get_args(Kind) and row.meaning.text and "|" not in row.meaning.text
        assert not (row.meaning.whose == "firstword" and row.meaning.kind in ("credentials", "quota", "throttled")), row


def test_every_kind_has_an_answer_to_whether_another_service_helps() -> None:
    assert set(ELSEWHERE) == set(get_args(Kind))


def test_the_tables_of_failures_in_the_documentation_are_current() -> None:
    between = re.search("<!-- failures -->\n(.*)<!-- /failures -->", PAGE.read_text(), re.DOTALL)
    assert between is not None and between[1].strip() == markdown().strip(), (
        "run: python -m firstword.host.failures docs/errors.md"
    )
