from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import ConfigError
from firstword.providers.aliyun import asr, flowing, tts, wire
from firstword.providers.aliyun.account import new_id
from firstword.providers.aliyun.marks import Marks
from firstword.providers.aliyun.status import MEANINGS, meaning, task_failure

from .traces import differences, message, received, sent

KEYS = {
    "appkey": "FAKEAPPKEY000001",
    "token": "FAKETOKEN0123456789abcdef01234567",
    "access_key_id": "",
    "access_key_secret": "",
}
OUR_CONTEXT = {  # who speaks: the gateway's statistics
    "context.sdk.name": ("firstword", "nls-python-sdk"),
}


def ours(text: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """Our message, with the ids of theirs: those are random in each run, but must have their form."""
    mine: dict[str, Any] = json.loads(text)
    for ids, key in (("header", "message_id"), ("header", "task_id"), ("payload", "session_id")):
        if key in mine.get(ids, {}):
            assert re.fullmatch("[0-9a-f]{32}", mine[ids][key])
            mine[ids][key] = theirs.get(ids, {}).get(key, mine[ids][key])
    return mine


def task(namespace: str) -> wire.Task:
    return wire.Task(namespace, KEYS["appkey"], new_id())


def without_version(found: dict[str, Any]) -> dict[str, Any]:
    return {path: pair for path, pair in found.items() if path != "context.sdk.version"}


def test_start_synthesis_means_the_same_as_the_sdks() -> None:
    theirs = message("nls_flowing_tts", "StartSynthesis")
    payload = flowing.start_payload(tts.SynthesiserSettings(voice="longxiaochun", sample_rate=8000, **KEYS), new_id())
    text = wire.start_synthesis(task(wire.FLOWING), new_id(), payload)
    assert differences(ours(text, theirs), theirs) == {
        "payload.volume": (50, ...),  # the name in the documentation, in Java's capture and in the SDK's newest options
        "payload.volumn": (..., 50),  # the python SDK misspells it, so that the service never sees it
        "payload.enable_subtitle": (True, ...),  # asked for, so that the record knows what was heard
    }


def test_the_sdks_newest_commit_spells_the_volume_as_we_do() -> None:
    assert message("nls_flowing_tts.sdk_head_ex", "StartSynthesis")["payload"]["volume"] is not None


@pytest.mark.parametrize("number", [0, 1, 2])
def test_run_synthesis_is_the_sdks(number: int) -> None:
    theirs = [one for one in sent("nls_flowing_tts") if one["header"]["name"] == "RunSynthesis"][number]
    text = wire.run_synthesis(task(wire.FLOWING), new_id(), theirs["payload"]["text"])
    assert differences(ours(text, theirs), theirs) == {}


def test_stop_synthesis_is_the_sdks() -> None:
    theirs = message("nls_flowing_tts", "StopSynthesis")
    assert differences(ours(wire.stop_synthesis(task(wire.FLOWING), new_id()), theirs), theirs) == {}


@pytest.mark.parametrize(("trace", "rate"), [("nls_transcriber_8k", 8000), ("nls_transcriber_16k", 16000)])
def test_start_transcription_means_the_same_as_the_sdks(trace: str, rate: int) -> None:
    theirs = message(trace, "StartTranscription")
    silence = theirs["payload"].get("max_sentence_silence", 800)
    payload = asr.start_payload(asr.TranscriberSettings(sample_rate=rate, max_sentence_silence=silence, **KEYS))
    text = wire.start_transcription(task(wire.TRANSCRIBER), new_id(), payload)
    expected: dict[str, Any] = dict(OUR_CONTEXT)
    if "enable_words" in theirs["payload"]:
        expected["payload.enable_words"] = (
            ...,
            True,
        )  # this run of the SDK asked for word times; nothing here uses them
    if "max_sentence_silence" not in theirs["payload"]:
        expected["payload.max_sentence_silence"] = (800, ...)  # the documented default, said aloud
    assert without_version(differences(ours(text, theirs), theirs)) == expected


OPTIONS: list[tuple[dict[str, Any], str, Any]] = [
    ({"semantic": True}, "enable_semantic_sentence_detection", True),
    ({"multi_threshold": True}, "enable_multi_thresh_mod", True),
    ({"ignore_sentence_timeout": True}, "enable_ignore_sentence_timeout", True),
    ({"words": True}, "enable_words", True),
    ({"disfluency": True}, "disfluency", True),
    ({"speech_noise_threshold": -0.2}, "speech_noise_threshold", -0.2),
    ({"speech_noise_threshold": 0.0}, "speech_noise_threshold", 0.0),
    ({"customization_id": "c-1"}, "customization_id", "c-1"),
    ({"vocabulary_id": "v-1"}, "vocabulary_id", "v-1"),
    ({"special_word_filter": '{"system_reserved_filter": true}'}, "special_word_filter", {"system_reserved_filter": True}),
]  # fmt: skip
"""Those of the documentation; ``session_id`` alone has no setting, for only the answer to the start repeats it."""


@pytest.mark.parametrize(("settings", "name", "value"), OPTIONS)
def test_an_option_of_recognition_is_sent_by_its_documented_name_and_only_if_it_is_wanted(
    settings: dict[str, Any], name: str, value: Any
) -> None:
    plain = asr.start_payload(asr.TranscriberSettings(**KEYS))
    assert differences(asr.start_payload(asr.TranscriberSettings(**KEYS, **settings)), plain) == {name: (value, ...)}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"semantic": "true", "partials": "false"}, "semantic needs partials"),
        ({"special_word_filter": "[1]"}, "special_word_filter takes a JSON object"),
        ({"special_word_filter": "{"}, "special_word_filter takes a JSON object"),
        ({"speech_noise_threshold": "1.5"}, "takes -1 to 1"),
    ],
)
def test_an_option_that_can_not_be_is_refused_in_one_line(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        asr.make({**KEYS, **values}, "test")


def test_the_phonemes_are_asked_for_if_they_are_wanted() -> None:
    """Not among the settings: a watermark (``enable_aigc_tag``), which the documentation has for files alone, and ``enable_ssml``, which
    only the C++ SDK sends, for a text that is whole."""
    plain = flowing.start_payload(tts.SynthesiserSettings(**KEYS), "s")
    asked = flowing.start_payload(tts.SynthesiserSettings(**KEYS, phoneme=True), "s")
    assert differences(asked, plain) == {"enable_phoneme_timestamp": (True, ...)}


def test_stop_transcription_means_the_same_as_the_sdks() -> None:
    theirs = message("nls_transcriber_8k", "StopTranscription")
    text = wire.stop_transcription(task(wire.TRANSCRIBER), new_id())
    assert without_version(differences(ours(text, theirs), theirs)) == OUR_CONTEXT


def test_flush_text_has_the_form_of_the_others_and_no_payload() -> None:
    made = json.loads(wire.flush_text(task(wire.FLOWING), new_id()))
    assert made["header"]["name"] == "FlushText" and set(made) == {"header"}


def test_ids_are_32_lowercase_hexadecimal_digits() -> None:
    assert all(re.fullmatch("[0-9a-f]{32}", new_id()) for _ in range(50))


@given(st.text(alphabet=st.characters(), max_size=20))
def test_any_text_even_half_a_surrogate_pair_can_be_sent(text: str) -> None:
    sent_text = wire.run_synthesis(task(wire.FLOWING), new_id(), text)
    sent_text.encode("ascii")
    assert json.loads(sent_text)["payload"]["text"] == text


# What is understood


def said(name: str, payload: object = None, **header: object) -> str:
    return json.dumps({"header": {"name": name, "status": 20000000, **header}, "payload": payload})


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (said("TranscriptionStarted", {"session_id": "x"}), wire.Started()),
        (said("SynthesisStarted"), wire.Started()),
        (said("SentenceBegin", {"index": 1, "time": 880}), wire.SentenceBegan(1, 880)),
        (said("SentenceBegin", {"index": 0}), wire.SentenceBegan(0, 0)),
        (
            said("TranscriptionResultChanged", {"index": 1, "time": 1800, "result": "今年"}),
            wire.ResultChanged(1, 1800, "今年"),
        ),
        (
            said("SentenceEnd", {"index": 1, "time": 2520, "begin_time": 880, "result": "北京的天气。"}),
            wire.SentenceEnded(1, 880, 2520, "北京的天气。", ()),
        ),
        (said("SentenceEnd", {"subtitles": []}), wire.SentenceEnded(0, 0, 0, "", ())),
        (
            said(
                "SentenceSynthesis",
                {
                    "subtitles": [
                        {"text": "", "sentence": True, "begin_time": 0},
                        {"text": "今", "begin_time": 0, "end_time": 175},
                    ]
                },
            ),
            wire.SentenceSpoken((wire.Subtitle("今", 0, 175, None, None),)),
        ),
        (said("SynthesisCompleted"), wire.Completed()),
        (said("TranscriptionCompleted", {}), wire.Completed()),
        (said("TaskFailed", status=40000004, status_text="idle"), wire.TaskFailed(40000004, "idle")),
        (said("TaskFailed", status=40000004, status_message="idle"), wire.TaskFailed(40000004, "idle")),
        (
            said(
                "MetaInfo",
                {"subtitles": [{"text": "今", "begin_time": 0, "end_time": 175, "begin_index": 0, "end_index": 1}]},
            ),
            wire.MetaInfo((wire.Subtitle("今", 0, 175, 0, 1),)),
        ),
        (said("TaskPaused", {}), wire.Unknown("TaskPaused")),
        (
            said(
                "SentenceEnd",
                {"index": 1, "time": 9, "result": "好。", "stash_result": {"sentenceId": 2, "text": "那就"}},
            ),
            wire.SentenceEnded(1, 0, 9, "好。", (), "那就"),
        ),
        (said("SentenceEnd", {"index": None, "result": None}), wire.SentenceEnded(0, 0, 0, "", ())),
        ("not json", wire.Malformed("not JSON")),
        ("[]", wire.Malformed("no header")),
        ('{"header": []}', wire.Malformed("no header")),
        ('{"header": {}}', wire.Malformed("no name in the header")),
        (said("SentenceEnd", {"index": [1]}), wire.Malformed("SentenceEnd holds a value of the wrong kind")),
        (said("SentenceEnd", {"result": 5}), wire.Malformed("SentenceEnd holds a value of the wrong kind")),
        (
            said("SentenceSynthesis", {"subtitles": "x"}),
            wire.Malformed("SentenceSynthesis holds a value of the wrong kind"),
        ),
        ("[" * 100_000, wire.Malformed("not JSON")),
    ],
)
def test_every_message_is_understood_or_said_to_be_malformed(text: str, event: wire.Event) -> None:
    assert wire.parse(text) == event


@pytest.mark.parametrize(
    "trace",
    [
        "nls_flowing_tts",
        "nls_flowing_tts.task_failed",
        "nls_transcriber_8k",
        "nls_transcriber_16k",
        "edge_nls_drop",
        "edge_nls_idle",
    ],
)
def test_nothing_recorded_is_malformed_or_unknown(trace: str) -> None:
    for text in received(trace):
        assert not isinstance(wire.parse(text), wire.Malformed | wire.Unknown), text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "TranscriptionStarted",
    "SentenceBegin",
    "TranscriptionResultChanged",
    "SentenceSynthesis",
    "SentenceEnd",
    "TaskFailed",
    "x",
]
KEYWORDS = ["index", "time", "begin_time", "result", "subtitles", "status"]


@given(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(KEYWORDS), json_values),
    st.dictionaries(st.sampled_from(KEYWORDS), json_values),
)
def test_no_message_whatever_raises(name: str, payload: dict[str, Any], header: dict[str, Any]) -> None:
    wire.parse(json.dumps({"header": {**header, "name": name}, "payload": payload}))


# Failures


def test_every_code_is_explained_to_an_operator() -> None:
    for status, what in MEANINGS.items():
        assert what.text and what.whose in ("settings", "account", "service", "firstword"), status
        if status >= 50000000:
            assert what.retry and what.whose == "service"


@pytest.mark.parametrize(
    ("status", "retry", "words"),
    [(40000003, False, "appkey and voice"), (40000005, True, "concurrency"), (41020001, False, "voice"), (59999999, True, "failed"),
     (49999999, False, "refused"), (0, False, "refused")],
)  # fmt: skip
def test_a_failure_says_what_to_do_and_whether_to_try_again(status: int, retry: bool, words: str) -> None:
    error = task_failure("aliyun tts", status, "Gateway:X:The token 'FAKETOKEN0123' is secret0815")
    assert error.retry is retry and words in str(error) and "FAKETOKEN" not in str(error)
    assert meaning(status).retry is retry


@pytest.mark.parametrize("end", ["Infinity", "NaN", "1e300", "-3"])
def test_a_subtitle_that_ends_at_no_time_is_left_out(end: str) -> None:
    """JSON as python reads it has them. After such a one no later place could be true."""
    good = {"text": "好", "begin_time": 0, "end_time": 100, "begin_index": 0, "end_index": 1}
    payload = json.dumps({"subtitles": [good | {"end_time": "X"}, good]}).replace('"X"', end)
    event = wire.parse(f'{{"header": {{"name": "SentenceSynthesis"}}, "payload": {payload}}}')
    assert isinstance(event, wire.SentenceSpoken) and [subtitle.end_ms for subtitle in event.subtitles] == [100.0]


@pytest.mark.parametrize("key", ["text", "begin_index", "end_index"])
@pytest.mark.parametrize("value", ["1", 5, 1.5, True, [], {}, None])
def test_a_subtitle_of_the_wrong_kind_breaks_nothing(key: str, value: Any) -> None:
    subtitle = {"text": "好", "begin_time": 0, "end_time": 100, "begin_index": 0, "end_index": 1} | {key: value}
    event = wire.parse(json.dumps({"header": {"name": "SentenceEnd"}, "payload": {"subtitles": [subtitle]}}))
    assert isinstance(event, wire.SentenceEnded)
    marks = Marks()
    marks.say("好。")
    marks.task_began(0.0)
    marks.sentence_began(0.0)
    for mark in marks.sentence_ended(event.subtitles):
        assert 0 < mark.chars <= 2
