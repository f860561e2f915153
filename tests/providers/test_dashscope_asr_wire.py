"""What Paraformer, Fun-ASR and Gummy are told, and how what they say is understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import ConfigError
from firstword.providers.dashscope import asr_wire, wire
from firstword.providers.dashscope.account import new_id
from firstword.providers.dashscope.asr import RecognitionSettings, make
from firstword.providers.dashscope.asr_settings import context, parameters
from firstword.providers.dashscope.asr_wire import Nothing, Sentence
from firstword.providers.dashscope.wire import Malformed

from .dashscope_peer import KEY
from .traces import differences, received, sent


def settings(**values: Any) -> RecognitionSettings:
    return RecognitionSettings(api_key=KEY, **values)


# What is sent


@pytest.mark.parametrize(
    ("trace", "ours", "why"),
    [
        (
            "paraformer_realtime_8k_v2",
            {"model": "paraformer-realtime-8k-v2"},
            {"disfluency_removal_enabled": (..., False)},  # the service's default, which this run of the SDK said aloud
        ),
        (
            "paraformer_realtime_v2",
            {"model": "paraformer-realtime-v2", "sample_rate": 16000, "max_sentence_silence": 1300},
            {
                "heartbeat": (True, ...),  # a caller may be silent for more than a minute
                "max_sentence_silence": (1300, ...),  # the service's default, said aloud
                "semantic_punctuation_enabled": (False, ...),  # the same
            },
        ),
        (
            "fun_asr_realtime",
            {"model": "fun-asr-realtime", "sample_rate": 16000, "vocabulary_id": "vocab-test-0001"},
            {"heartbeat": (True, ...), "max_sentence_silence": (800, ...), "semantic_punctuation_enabled": (False, ...)},
        ),
        (
            "gummy_realtime_v1",
            {"model": "gummy-realtime-v1", "sample_rate": 16000, "translate_to": ("en",)},
            {"source_language": (..., None)},  # it is found out; null and absent are the same
        ),
    ],
)  # fmt: skip
def test_run_task_means_the_same_as_the_sdks(trace: str, ours: dict[str, Any], why: dict[str, Any]) -> None:
    theirs = sent(trace)[0]
    chosen = settings(**ours)
    task = wire.Task(new_id(), chosen.model, "asr", "recognition")
    mine = json.loads(wire.run_task(task, parameters(chosen)))
    mine["header"]["task_id"] = theirs["header"]["task_id"]
    assert differences(mine, theirs) == {f"payload.parameters.{name}": pair for name, pair in why.items()}


def test_the_context_and_the_end_are_the_sdks() -> None:
    theirs = {message["header"]["action"]: message for message in sent("fun_asr_realtime")}
    task = wire.Task(theirs["run-task"]["header"]["task_id"], "fun-asr-realtime", "asr", "recognition")
    told = context(settings(model="fun-asr-realtime", context=("呼叫中心",)))
    assert json.loads(wire.continue_task(task, told)) == theirs["continue-task"]
    assert json.loads(wire.finish_task(task)) == theirs["finish-task"]


OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"max_sentence_silence": 500}, {"max_sentence_silence": 500}),
    ({"semantic": True}, {"semantic_punctuation_enabled": True, "max_sentence_silence": ...}),
    ({"multi_threshold": True}, {"multi_threshold_mode_enabled": True}),
    ({"punctuation": False}, {"punctuation_prediction_enabled": False}),
    ({"itn": False}, {"inverse_text_normalization_enabled": False}),
    ({"heartbeat": False}, {"heartbeat": False}),
    ({"disfluency": True}, {"disfluency_removal_enabled": True}),
    ({"language_hints": ("zh", "en")}, {"language_hints": ["zh", "en"]}),
    ({"vocabulary_id": "v-1"}, {"vocabulary_id": "v-1"}),
    ({"special_word_filter": '{"filter_with_empty": {}}'}, {"special_word_filter": '{"filter_with_empty": {}}'}),
    ({"model": "fun-asr-realtime", "speech_noise_threshold": 0.0}, {"speech_noise_threshold": 0.0}),
]


@pytest.mark.parametrize(("ours", "asked"), OPTIONS)
def test_an_option_is_sent_by_its_documented_name_and_only_if_it_is_wanted(
    ours: dict[str, Any], asked: dict[str, Any]
) -> None:
    found = differences(parameters(settings(**ours)), parameters(settings()))
    assert {name: mine for name, (mine, _) in found.items()} == asked


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample_rate": "16000"}, "paraformer-realtime-8k-v2 takes sample_rate 8000, not 16000"),
        ({"model": "fun-asr-flash-8k-realtime-2026-01-28", "sample_rate": "16000"}, "takes sample_rate 8000"),
        ({"model": "gummy-realtime-v1"}, "gummy-realtime-v1 takes sample_rate 16000 or more, not 8000"),
        ({"model": "paraformer-realtime-v1"}, "takes sample_rate 16000, not 8000"),
        ({"context": "呼叫中心"}, "context is for fun-asr models, not for paraformer-realtime-8k-v2"),
        ({"translate_to": "en"}, "translate_to is for gummy models"),
        ({"speech_noise_threshold": "0"}, "speech_noise_threshold is for fun-asr models"),
        ({"model": "fun-asr-realtime", "disfluency": "true"}, "disfluency is for paraformer models"),
        ({"model": "gummy-realtime-v1", "sample_rate": "16000", "semantic": "true"}, "semantic is not for gummy"),
        ({"model": "gummy-realtime-v1", "sample_rate": "16000", "itn": "false"}, "itn is not for gummy"),
        ({"special_word_filter": "[]"}, "special_word_filter takes a JSON object"),
        ({"max_sentence_silence": "100"}, "max_sentence_silence takes 200 to 6000"),
        ({"modell": "x"}, "did you mean 'model'"),
    ],
)
def test_what_a_model_has_not_is_refused_in_one_line_when_the_configuration_is_read(
    values: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"api_key": KEY, **values}, 'service "ears"')
    assert words in str(caught.value) and str(caught.value).startswith('service "ears": ')


def test_a_model_that_is_not_known_yet_is_refused_nothing() -> None:
    values = {
        "model": "qwen-audio-3.1-asr-flash-streaming",
        "sample_rate": "16000",
        "context": "x",
        "disfluency": "true",
    }
    make({"api_key": KEY, **values}, "test").close()


# What is understood


def output(**sentence: Any) -> dict[str, Any]:
    return {"sentence": {"begin_time": 170, "end_time": None, "text": "好，我", "heartbeat": False, **sentence}}


WORDS = [{"begin_time": 170, "end_time": 295, "text": "好"}, {"begin_time": 295, "end_time": 920, "text": "我"}]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (output(words=WORDS, sentence_end=False), Sentence("好，我", 170, 920, False)),
        (output(end_time=920, sentence_end=True), Sentence("好，我", 170, 920, True)),
        (
            output(sentence_end=True, words=WORDS),
            Sentence("好，我", 170, 920, True),
        ),  # the page's own example has no end_time
        (output(end_time=920), Sentence("好，我", 170, 920, True)),  # as the SDK judges
        (output(), Sentence("好，我", 170, 170, False)),
        (output(heartbeat=True, sentence_end=True, end_time=3), Nothing()),
        (output(text=""), Nothing()),
        (output(text=None), Nothing()),
        (output(emo_tag="neutral", sentence_id=3, sentence_begin=True), Sentence("好，我", 170, 170, False)),
        ({}, Nothing()),
        ({"sentence": None}, Nothing()),
        (
            {
                "transcription": {"text": "测试。", "begin_time": 100, "end_time": 2720, "sentence_end": True},
                "translations": [{"lang": "en", "text": "Test."}, {"lang": "ja", "text": ""}, 7],
            },
            Sentence("测试。", 100, 2720, True, (("en", "Test."),)),
        ),
        ({"transcription": {"text": "测", "begin_time": 1, "current_time": 60}}, Sentence("测", 1, 60, False)),
        ({"translations": [{"lang": "en", "text": "Test."}]}, Nothing()),
        (output(text=5), Malformed("a result holds a value of the wrong kind")),
        (output(begin_time=[1]), Malformed("a result holds a value of the wrong kind")),
        ({"translations": 5}, Malformed("a result holds a value of the wrong kind")),
    ],
)
def test_every_result_is_understood_or_said_to_be_malformed(value: dict[str, Any], result: asr_wire.Result) -> None:
    assert asr_wire.parse(value) == result


@pytest.mark.parametrize(
    ("trace", "texts"),
    [("paraformer_realtime_8k_v2", ["好，我", "好，我知道了"]), ("fun_asr_realtime", ["好，我", "好，我知道了"]),
     ("gummy_realtime_v1", ["测试。"])],
)  # fmt: skip
def test_every_result_of_the_recordings_is_a_sentence(trace: str, texts: list[str]) -> None:
    events = [wire.parse(text) for text in received(trace)]
    found = [asr_wire.parse(event.output) for event in events if isinstance(event, wire.ResultGenerated)]
    assert [result.text for result in found if isinstance(result, Sentence)] == texts and len(found) == len(texts)
    assert isinstance(found[-1], Sentence) and found[-1].final


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["end_time", "lang", "text"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYWORDS = ["begin_time", "end_time", "current_time", "text", "words", "heartbeat", "sentence_end"]
sentences = st.dictionaries(st.sampled_from(KEYWORDS), json_values) | json_values


@given(st.dictionaries(st.sampled_from(["sentence", "transcription", "translations"]), sentences))
def test_no_result_whatever_raises(value: dict[str, Any]) -> None:
    asr_wire.parse(value)
