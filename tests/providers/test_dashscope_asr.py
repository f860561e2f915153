"""What Paraformer, Fun-ASR and Gummy have for themselves, against a scripted service; what every recogniser is held to is in
``test_recognisers.py``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from firstword.errors import Kind
from firstword.providers.dashscope.asr import DashScopeRecogniser, make
from firstword.speech.asr import Transcript
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer, frame

from .dashscope_peer import KEY, Tasks
from .hearing import FRAME
from .nls_peer import ended, until


def output(**sentence: Any) -> dict[str, Any]:
    return {"sentence": {"begin_time": 170, "end_time": None, "text": "好，我", "heartbeat": False, **sentence}}


def recogniser(server: Loopback, **values: str) -> DashScopeRecogniser:
    return make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test")


def play(script: Callable[[Tasks], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Tasks(peer))


def said(tasks: Tasks, **sentence: Any) -> None:
    tasks.tell("result-generated", {"output": output(**sentence), "usage": None})


def transcripts(watch: Watch) -> list[tuple[str, Transcript]]:
    return [(name, args[0]) for name, args in watch.events if name in ("partial", "final")]


def test_the_key_goes_at_the_upgrade_and_the_client_says_goodbye_after_the_end() -> None:
    def script(tasks: Tasks) -> str:
        tasks.start()
        tasks.read_until("finish-task")
        tasks.tell("task-finished", {"output": {}, "usage": None})
        assert tasks.read() is None
        return tasks.head

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server)
        service.start("t", watch).finish()
        assert ended(watch) is None
        assert f"Authorization: Bearer {KEY}" in server.result()
        service.close()


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


def refuses(status: str, body: str = "") -> Callable[[Peer], Any]:
    return lambda peer: [peer.read_head(), peer.answer(status, body)]


def started(then: Callable[[Tasks], Any]) -> Callable[[Peer], Any]:
    return play(lambda tasks: [tasks.start(), then(tasks)])


FAILURES: dict[str, tuple[Callable[[Peer], Any], str, str, bool, Kind]] = {
    "too many at the door": (refuses("429 No"), "too many requests", "HTTP 429", True, "throttled"),
    "no such model": (play(lambda tasks: [tasks.read(), tasks.fail("ModelNotFound", "Model can not be found.")]),
                      "check model", "ModelNotFound", False, "settings"),
    "23 seconds": (started(lambda tasks: tasks.fail("CLIENT_ERROR", "request timeout after 23 seconds.")),
                   "got nothing for 23 s", "CLIENT_ERROR", True, "server"),
    "nothing heard, too early": (started(lambda tasks: tasks.fail("NO_VALID_AUDIO_ERROR", "x")),
                                 "nothing to recognise", "NO_VALID_AUDIO_ERROR", True, "text"),
    "a result of another kind": (started(lambda tasks: said(tasks, text=5)), "wrong kind", "", True, "server"),
    "hung up": (started(lambda tasks: tasks.peer.send_frame(8, b"\x03\xef")), "code 1007", "", True, "ours"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        service = recogniser(server)
        service.start("t", watch)
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
