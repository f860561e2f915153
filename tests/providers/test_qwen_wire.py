"""The realtime protocol against what the official SDK sends and what the pages say is answered."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.clock import SYSTEM
from firstword.providers.dashscope import qwen_asr, qwen_session, qwen_tts
from firstword.providers.dashscope import realtime_wire as wire
from firstword.providers.dashscope.account import Account
from firstword.providers.dashscope.qwen_utterances import MOST, Utterances
from firstword.providers.dashscope.realtime import Realtime, new_event_id
from firstword.speech.asr import Transcript

from .traces import differences, received, request, rows, sent

TRACE = "qwen_tts_realtime"
KEY = "sk-FAKE0123456789abcdef0123456789ab"


def messages(name: str, type_: str) -> list[dict[str, Any]]:
    return [one for one in sent(f"{TRACE}.{name}") if one["type"] == type_]


def ours(text: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """Our message, with the id of theirs: that is random in each run, but must have its form."""
    mine: dict[str, Any] = json.loads(text)
    assert re.fullmatch("event_[0-9a-f]{32}", mine["event_id"])
    assert re.fullmatch("event_[0-9a-f]{32}", theirs["event_id"])
    return mine | {"event_id": theirs["event_id"]}


SETTINGS = {
    "server_commit": qwen_tts.SynthesiserSettings(api_key=KEY, mode="server_commit", sample_rate=24000),
    "commit": qwen_tts.SynthesiserSettings(api_key=KEY, mode="commit", sample_rate=24000),
    "options": qwen_tts.SynthesiserSettings(
        api_key=KEY,
        mode="server_commit",
        sample_rate=8000,
        volume=50,
        speech_rate=1.0,
        pitch_rate=1.0,
        enable_tn=True,
        language="Chinese",
    ),
}


@pytest.mark.parametrize("trace", SETTINGS)
def test_session_update_is_the_sdks(trace: str) -> None:
    (theirs,) = messages(trace, "session.update")
    text = wire.session_update(new_event_id(), qwen_session.session_payload(SETTINGS[trace]))
    assert differences(ours(text, theirs), theirs) == {}


@pytest.mark.parametrize(("trace", "number"), [(trace, n) for trace in ("server_commit", "commit") for n in range(3)])
def test_an_appended_text_is_the_sdks(trace: str, number: int) -> None:
    theirs = messages(trace, "input_text_buffer.append")[number]
    assert differences(ours(wire.append_text(new_event_id(), theirs["text"]), theirs), theirs) == {}


def test_a_commit_and_the_end_are_the_sdks() -> None:
    for theirs in messages("commit", "input_text_buffer.commit"):
        assert differences(ours(wire.commit_text(new_event_id()), theirs), theirs) == {}
    for trace in SETTINGS:
        (theirs,) = messages(trace, "session.finish")
        assert differences(ours(wire.finish(new_event_id()), theirs), theirs) == {}


@pytest.mark.parametrize(
    ("trace", "types"),
    [
        ("server_commit", ["session.update", *["input_text_buffer.append"] * 3, "session.finish"]),
        ("commit", ["session.update", *["input_text_buffer.append", "input_text_buffer.commit"] * 3, "session.finish"]),
    ],
)
def test_the_sdk_sends_these_in_this_order(trace: str, types: list[str]) -> None:
    """What tests/providers/test_qwen_tts.py asks of ours, for the same pieces."""
    assert [one["type"] for one in sent(f"{TRACE}.{trace}")] == types


def test_the_upgrade_is_the_sdks_but_for_who_it_says_it_is() -> None:
    line, theirs, _ = request(f"{TRACE}.commit")
    assert line == "GET /api-ws/v1/realtime?model=qwen3-tts-flash-realtime HTTP/1.1"
    account = Account("qwen tts", qwen_tts.SynthesiserSettings(api_key=KEY), SYSTEM)
    mine = {name.lower(): value for name, value in account.headers().items()}
    assert mine["authorization"] == theirs["authorization"]
    assert set(theirs) - set(mine) <= {
        "upgrade", "host", "origin", "sec-websocket-key", "sec-websocket-version", "connection",  # websocket-client's own
        "x-dashscope-sdk-client", "x-dashscope-sdk-session-id",  # the SDK's statistics of itself
    }  # fmt: skip


def test_what_recognition_sends_is_as_on_the_pages() -> None:
    settings = qwen_asr.RecogniserSettings(api_key=KEY, language="zh", context="呼叫中心")
    assert json.loads(wire.session_update("event_1", qwen_asr.session_payload(settings))) == {
        "event_id": "event_1",
        "type": "session.update",
        "session": {
            "modalities": ["text"],
            "input_audio_format": "pcm",
            "sample_rate": 8000,
            "input_audio_transcription": {"language": "zh", "corpus": {"text": "呼叫中心"}},
            "turn_detection": {"type": "server_vad", "threshold": 0.0, "silence_duration_ms": 400},
        },
    }
    plain = qwen_asr.session_payload(qwen_asr.RecogniserSettings(api_key=KEY, turn_detection="off"))
    assert (plain["turn_detection"], plain["input_audio_transcription"]) == (None, {})
    audio = bytes(range(256))
    appended = json.loads(wire.append_audio("event_2", audio))
    assert (appended["type"], base64.b64decode(appended["audio"])) == ("input_audio_buffer.append", audio)
    assert json.loads(wire.commit_audio("event_3")) == {"event_id": "event_3", "type": "input_audio_buffer.commit"}


def test_event_ids_are_unique() -> None:
    assert len({new_event_id() for _ in range(1000)}) == 1000


@given(st.text(alphabet="好a。，, 1", max_size=3 * wire.TEXT_CHARS))
def test_pieces_are_bounded_and_lose_nothing(text: str) -> None:
    pieces = list(wire.pieces(text))
    assert "".join(pieces) == text and all(0 < len(piece) <= wire.TEXT_CHARS for piece in pieces)


def test_a_long_text_is_cut_behind_a_sentence_before_a_clause_before_a_word() -> None:
    def first(text: str) -> str:
        return next(wire.pieces(text))

    filled = "好" * 400
    assert first(f"{filled}。{filled}") == f"{filled}。"
    assert first(f"{filled}，好。好，{filled}") == f"{filled}，好。"
    assert first(f"{filled}，好 好{filled}") == f"{filled}，"
    assert first("a" * 400 + " " + "b" * 400) == "a" * 400 + " "
    assert first("。" + filled * 2) == "。" + "好" * 599, "a cut in the first half would make many"


@given(st.text(alphabet=st.characters(), max_size=20))
def test_any_text_even_half_a_surrogate_pair_can_be_sent(text: str) -> None:
    sent_text = wire.append_text("event_1", text)
    sent_text.encode("ascii")
    assert json.loads(sent_text)["text"] == text


# What is understood


def said(type_: str, **fields: object) -> str:
    return json.dumps({"event_id": "event_x", "type": type_, **fields})


TRANSCRIPTION = "conversation.item.input_audio_transcription"
UNDERSTOOD = [
    (said("session.created", session={"id": "sess_1"}), wire.SessionCreated()),
    (said("session.updated", session={}), wire.SessionUpdated()),
    (said("session.finished"), wire.SessionFinished()),
    (said("input_text_buffer.committed", item_id=""), wire.TextCommitted()),
    (said("response.created", response={"id": "resp_1"}), wire.ResponseCreated("resp_1")),
    (said("response.audio.delta", delta="AQI="), wire.AudioDelta(b"\1\2")),
    (said("response.audio.delta", delta=""), wire.AudioDelta(b"")),
    (said("response.audio.delta"), wire.AudioDelta(b"")),
    (said("response.done", response={"id": "r", "status": "completed"}), wire.ResponseDone("r", "completed")),
    (said("input_audio_buffer.speech_started", item_id="i", audio_start_ms=120), wire.SpeechStarted("i", 120)),
    (said("input_audio_buffer.speech_started"), wire.SpeechStarted("", None)),
    (said("input_audio_buffer.speech_stopped", item_id="i", audio_end_ms=900.5), wire.SpeechStopped("i", 900)),
    (said("input_audio_buffer.committed", item_id="i", previous_item_id=None), wire.AudioCommitted("i")),
    (said(f"{TRANSCRIPTION}.text", item_id="i", text="今年", stash="双十"), wire.PartialTranscript("i", "今年双十")),
    (said(f"{TRANSCRIPTION}.text", item_id="i", text="今年"), wire.PartialTranscript("i", "今年")),
    (said(f"{TRANSCRIPTION}.completed", item_id="i", transcript="今年。"), wire.FinalTranscript("i", "今年。")),
    (
        said(f"{TRANSCRIPTION}.failed", item_id="i", error={"code": "x", "message": "m"}),
        wire.Failed("x", "m", item_id="i"),
    ),
    (said("error", error={"code": "invalid_value", "message": "m"}), wire.Failed("invalid_value", "m")),
    (
        said("error", error={"type": "t", "code": "c", "message": "m", "param": "p", "event_id": "e"}),
        wire.Failed("c", "m", "t", "p", "e"),
    ),
    (said("error", error={"code": 429, "message": None}), wire.Failed("429", "")),
    (said("error"), wire.Failed("", "")),
    (said("response.audio.done"), wire.Unknown("response.audio.done")),
    ("not json", wire.Malformed("not JSON")),
    ("[]", wire.Malformed("no type")),
    ('{"type": 5}', wire.Malformed("no type")),
    ("[" * 100_000, wire.Malformed("not JSON")),
    (said("response.audio.delta", delta="A"), wire.Malformed("response.audio.delta holds a value of the wrong kind")),
    (
        said("response.audio.delta", delta="AQ!I="),
        wire.Malformed("response.audio.delta holds a value of the wrong kind"),
    ),
    (
        said("input_audio_buffer.speech_started", audio_start_ms=float("inf")),
        wire.Malformed("input_audio_buffer.speech_started holds a value of the wrong kind"),
    ),
    (said("response.audio.delta", delta="音"), wire.Malformed("response.audio.delta holds a value of the wrong kind")),
    (said("response.done", response=[]), wire.Malformed("response.done holds a value of the wrong kind")),
    (said("error", error="x"), wire.Malformed("error holds a value of the wrong kind")),
]


@pytest.mark.parametrize(("text", "event"), UNDERSTOOD)
def test_every_message_is_understood_or_said_to_be_malformed(text: str, event: wire.Event) -> None:
    assert wire.parse(text) == event


NOT_NEEDED = {
    "response.output_item.added",
    "response.content_part.added",
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "input_text_buffer.cleared",
}


@pytest.mark.parametrize("trace", SETTINGS)
def test_nothing_recorded_is_malformed_and_what_is_unknown_is_not_needed(trace: str) -> None:
    unknown = set()
    for text in received(f"{TRACE}.{trace}"):
        event = wire.parse(text)
        assert not isinstance(event, wire.Malformed), text
        if isinstance(event, wire.Unknown):
            unknown.add(event.type)
    assert unknown <= NOT_NEEDED


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("aé音=", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "status", "code", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
TYPES = sorted({json.loads(text)["type"] for text, event in UNDERSTOOD if text[:1] == "{" and '"type": 5' not in text})
KEYWORDS = ["response", "delta", "item_id", "audio_start_ms", "audio_end_ms", "text", "stash", "transcript", "error"]


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(KEYWORDS), json_values))
def test_no_message_whatever_raises(type_: str, fields: dict[str, Any]) -> None:
    wire.parse(json.dumps({**fields, "type": type_}))


recorded = [row["text"] for row in rows(f"{TRACE}.commit") if row.get("dir") == "s2c" and row.get("op") == "text"]


@given(st.sampled_from(recorded), st.data())
def test_no_recorded_message_raises_wherever_it_is_cut_or_changed(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    wire.parse(text[:at] + data.draw(st.text('"{}[]:,x1\\', max_size=4)) + text[at + data.draw(st.integers(0, 4)) :])


# Failures


@pytest.mark.parametrize(
    ("event", "kind", "retry", "words"),
    [
        (wire.Failed("InvalidParameter", "The requested voice 'Bob' is not supported."), "voice", False, "voice"),
        (wire.Failed("invalid_value", "The requested voice 'Bob' is not supported."), "voice", False, "voice"),
        (wire.Failed("invalid_value", "Invalid value: 'x'.", "invalid_request_error"), "settings", False, "model"),
        (wire.Failed("some_new_code", "x", "invalid_request_error"), "settings", False, "settings"),
        (wire.Failed("some_new_code", "x", "server_error"), "server", True, "failed"),
        (wire.Failed("some_new_code", "x"), "server", True, "failed"),
        (wire.Failed("Throttling.RateQuota", "Requests rate limit exceeded"), "throttled", True, "too many"),
        (wire.Failed("invalid_value", "Requests rate limit exceeded", "invalid_request_error"), "throttled", True, "many"),
        (wire.Failed("Arrearage", "Access denied, please make sure your account…"), "quota", False, "overdue"),
        (wire.Failed("ModelNotFound", "Model not exist."), "settings", False, "check model"),
        (wire.Failed("InvalidApiKey", f"Incorrect {KEY} given"), "credentials", False, "api_key"),
    ],
)  # fmt: skip
def test_an_error_says_what_it_is_about_and_whether_to_try_again(
    event: wire.Failed, kind: str, retry: bool, words: str
) -> None:
    realtime = Realtime(Account("qwen tts", qwen_tts.SynthesiserSettings(api_key=KEY), SYSTEM))
    error = realtime.failed(event)
    assert (error.kind, error.retry, error.code, error.provider) == (kind, retry, event.code, "qwen tts")
    assert words in str(error) and KEY not in str(error) and "\n" not in str(error)


# Utterances


def test_utterances_are_counted_as_they_are_heard_of_and_know_their_places() -> None:
    heard = Utterances()
    heard.began("a", 100)
    assert heard.partial("a", "x", 300) == Transcript("x", 1, 100, 300)
    heard.stopped("a", 500)
    heard.stopped("a", 900, sure=False)
    heard.began("b", 950)
    assert heard.partial("b", "y", 1000).index == 2
    assert heard.final("a", "x.", 1100) == Transcript("x.", 1, 100, 500)
    assert heard.final("b", "y.", 1200) == Transcript("y.", 2, 950, 1200)
    heard.stopped("c", 2000, sure=False)
    assert heard.final("c", "z", 2500) == Transcript("z", 3, 1200, 2000), "begins where the one before ended"


def test_a_service_that_names_ever_new_items_costs_no_memory() -> None:
    heard = Utterances()
    for number in range(1000):
        heard.began(str(number), number)
    assert len(heard._open) == MOST


@given(st.lists(st.tuples(st.sampled_from("bpsf"), st.sampled_from("xyz"), st.integers(0, 9999)), max_size=40))
def test_whatever_a_service_tells_indexes_grow_and_no_utterance_ends_before_it_begins(steps: list[Any]) -> None:
    heard, done = Utterances(), 0
    for act, item, at in steps:
        if act == "b":
            heard.began(item, at)
        elif act == "s":
            heard.stopped(item, at)
        else:
            transcript = (heard.partial if act == "p" else heard.final)(item, "t", at)
            assert 0 <= transcript.begin_ms <= transcript.end_ms and transcript.index > 0
            done = max(done, transcript.index)
    assert done <= len(steps)
