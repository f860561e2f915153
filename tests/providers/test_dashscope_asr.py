from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import ConfigError, Kind
from firstword.providers.dashscope import asr_wire, wire
from firstword.providers.dashscope.account import new_id
from firstword.providers.dashscope.asr import DashScopeRecogniser, RecognitionSettings, make
from firstword.providers.dashscope.asr_settings import context, parameters
from firstword.providers.dashscope.asr_wire import Nothing, Sentence
from firstword.providers.dashscope.wire import Malformed
from firstword.speech.asr import Transcript
from firstword.speech.watch import Watch
from firstword.threads import alive
from net.loopback import Loopback, Peer, frame

from .dashscope_peer import KEY, Tasks
from .nls_peer import ended, until
from .traces import differences, received, sent

FRAME = bytes(range(160)) * 2  # 20 ms at 8 kHz


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


# The service


def recogniser(server: Loopback, **values: str) -> DashScopeRecogniser:
    return make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test")


def play(script: Callable[[Tasks], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Tasks(peer))


def said(tasks: Tasks, **sentence: Any) -> None:
    tasks.tell("result-generated", {"output": output(**sentence), "usage": None})


def transcripts(watch: Watch) -> list[tuple[str, Transcript]]:
    return [(name, args[0]) for name, args in watch.events if name in ("partial", "final")]


def test_audio_waits_for_the_service_and_words_come_back_numbered() -> None:
    def script(tasks: Tasks) -> tuple[str, bytes]:
        tasks.expect("run-task")
        time.sleep(0.1)
        assert tasks.audio == b""
        tasks.tell("task-started")
        said(tasks, text="好")
        said(tasks, text="好。", end_time=900, sentence_end=True)
        said(tasks, heartbeat=True, text="", begin_time=0)
        said(tasks, begin_time=1000, text="再见。", end_time=1500, sentence_end=True)
        tasks.read_until("finish-task")
        tasks.tell("task-finished", {"output": {}, "usage": None})
        assert tasks.read() is None
        return tasks.head, tasks.audio

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server)
        work = service.start("t", watch)
        for _ in range(20):
            assert work.feed(FRAME)
        until(lambda: watch.names().count("final") == 2)
        work.finish()
        assert ended(watch) is None
        head, audio = server.result()
        service.close()
    assert audio == FRAME * 20 and f"Authorization: Bearer {KEY}" in head
    assert transcripts(watch) == [
        ("partial", Transcript("好", 1, 170, 170)),
        ("final", Transcript("好。", 1, 170, 900)),
        ("final", Transcript("再见。", 2, 1000, 1500)),
    ]
    assert watch.names()[0] == "ready" and watch.names()[-1] == "finished"


def test_the_context_goes_before_the_audio() -> None:
    def script(tasks: Tasks) -> Any:
        tasks.start()
        message = tasks.expect("continue-task")
        heard_before = tasks.audio
        tasks.read_until("finish-task")
        tasks.tell("task-finished")
        return message["payload"]["input"]["context"][0]["content"][0]["text"], heard_before, tasks.audio

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server, model="fun-asr-realtime", context="呼叫中心|订单")
        work = service.start("t", watch)
        work.feed(FRAME)
        work.finish()
        assert ended(watch) is None
        assert server.result() == ("呼叫中心", b"", FRAME)
        service.close()


def test_a_translation_comes_with_the_words() -> None:
    def script(tasks: Tasks) -> None:
        tasks.start()
        transcription = {"sentence_id": 0, "begin_time": 100, "end_time": 900, "text": "测试。", "sentence_end": True}
        told = {"transcription": transcription, "translations": [{"lang": "en", "text": "Test.", "sentence_end": True}]}
        tasks.tell("result-generated", {"output": told})
        tasks.read_until("finish-task")
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server, model="gummy-realtime-v1", sample_rate="16000", translate_to="en")
        work = service.start("t", watch)
        until(lambda: "final" in watch.names())
        work.finish()
        assert ended(watch) is None
        service.close()
    assert transcripts(watch) == [("final", Transcript("测试。", 1, 100, 900, (("en", "Test."),)))]


def test_what_belongs_to_another_task_or_is_not_known_yet_is_passed_over() -> None:
    def script(tasks: Tasks) -> None:
        tasks.expect("run-task")
        tasks.tell("task-finished", task_id="of-the-one-before")
        tasks.tell("task-paused")
        tasks.tell("task-started")
        tasks.tell("task-started")
        said(tasks, text="好。", end_time=9)
        tasks.read_until("finish-task")
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server)
        work = service.start("t", watch)
        until(lambda: "final" in watch.names())
        work.finish()
        assert ended(watch) is None and watch.names().count("ready") == 1
        service.close()


@pytest.mark.parametrize("code", ["NO_VALID_AUDIO_ERROR", "NO_INPUT_AUDIO_ERROR"])
def test_a_caller_who_said_nothing_is_no_failure(code: str) -> None:
    def script(tasks: Tasks) -> None:
        tasks.start()
        tasks.read_until("finish-task")
        tasks.fail(code, "The audio is empty.")

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server)
        work = service.start("t", watch)
        work.feed(FRAME)
        work.finish()
        assert ended(watch) is None and watch.names() == ["ready", "finished"]
        service.close()


def test_cancel_hangs_up_at_once() -> None:
    with Loopback(play(lambda tasks: [tasks.start(), tasks.peer.read_until_close()])) as server:
        watch = Watch()
        service = recogniser(server)
        work = service.start("t", watch)
        assert watch.began.wait(3)
        work.cancel()
        watch.cancelled()
        assert not work.feed(FRAME)
        until(lambda: not [name for name in alive() if name.startswith("asr")])
        watch.judge()
        service.close()


def refuses(status: str, body: str = "") -> Callable[[Peer], Any]:
    return lambda peer: [peer.read_head(), peer.answer(status, body)]


def started(then: Callable[[Tasks], Any]) -> Callable[[Peer], Any]:
    return play(lambda tasks: [tasks.start(), then(tasks)])


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool, Kind]] = {
    "wrong key": (refuses("401 No", '{"code":"InvalidApiKey","message":"Invalid API-key provided."}'), {},
                  "check api_key", "HTTP 401", False, "credentials"),
    "too many": (refuses("429 No"), {}, "too many requests", "HTTP 429", True, "throttled"),
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True, "network"),
    "never ready": (play(lambda tasks: [tasks.read(), tasks.peer.hold()]), {"connect_ms": "200"},
                    "not ready within 200 ms", "", True, "server"),
    "never done": (started(lambda tasks: [tasks.read_until("finish-task"), tasks.peer.hold()]), {"finish_ms": "200"},
                   "did not finish within 200 ms", "", True, "server"),
    "no such model": (play(lambda tasks: [tasks.read(), tasks.fail("ModelNotFound", "Model can not be found.")]), {},
                      "check model", "ModelNotFound", False, "settings"),
    "23 seconds": (started(lambda tasks: tasks.fail("CLIENT_ERROR", "request timeout after 23 seconds.")), {},
                   "got nothing for 23 s", "CLIENT_ERROR", True, "server"),
    "nothing heard, too early": (started(lambda tasks: tasks.fail("NO_VALID_AUDIO_ERROR", "x")), {},
                                 "nothing to recognise", "NO_VALID_AUDIO_ERROR", True, "text"),
    "ends by itself": (started(lambda tasks: tasks.tell("task-finished")), {}, "by itself", "", True, "server"),
    "nonsense": (started(lambda tasks: tasks.peer.send_frame(1, "{")), {}, "not JSON", "", True, "server"),
    "a result of another kind": (started(lambda tasks: said(tasks, text=5)), {}, "wrong kind", "", True, "server"),
    "dropped": (started(lambda tasks: tasks.peer.reset()), {}, "broke", "", True, "network"),
    "hung up": (started(lambda tasks: tasks.peer.send_frame(8, b"\x03\xef")), {}, "code 1007", "", True, "ours"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        service = recogniser(server, **values)
        work = service.start("t", watch)
        if what == "never done":
            work.finish()
        error = ended(watch)
        service.close()
    assert error is not None and words in str(error), error
    assert (error.code, error.retry, error.kind) == (code, retry, kind)
    assert error.provider == "dashscope asr" and KEY not in str(error)


def test_a_service_that_says_its_end_twice_has_its_connection_given_back_once(caplog: pytest.LogCaptureFixture) -> None:
    def script(tasks: Tasks) -> None:
        tasks.start()
        tasks.read_until("finish-task")
        head = {"task_id": tasks.task_id, "event": "task-finished", "attributes": {}}
        tasks.peer.send(frame(1, json.dumps({"header": head, "payload": {}})) * 2)
        tasks.peer.hold()

    with Loopback(play(script), lambda peer: peer.reset()) as server:
        watch = Watch()
        service = recogniser(server, spares="1")
        spares = service._account.spares
        work = service.start("t", watch)
        until(lambda: spares._failures)  # and so one is wanted
        work.finish()
        assert ended(watch) is None
        until(lambda: spares.ready == 1)
        service.close()
    assert "a connection broke" not in caplog.text
