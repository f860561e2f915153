"""What Qwen-TTS-Realtime has for itself; what every synthesiser is held to is in ``test_synthesisers.py`` and its neighbours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from firstword.providers.dashscope import qwen_modes
from firstword.providers.dashscope.qwen_tts import make
from firstword.speech.tts import Synthesiser
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import ended, until, waited
from .realtime_peer import KEY, RealtimePeer, play
from .speaking import marks_of
from .traces import sent

APPEND, COMMIT, FINISH = "input_text_buffer.append", "input_text_buffer.commit", "session.finish"


def synthesiser(server: Loopback, **values: str) -> Synthesiser:
    return make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test")


def honest(realtime: RealtimePeer) -> list[str]:
    """A service that speaks a hundred milliseconds a character, at the commit. Returns what each response spoke."""
    realtime.begin()
    spoken: list[str] = []
    while (message := realtime.read()) is not None:
        if message["type"] == COMMIT:
            spoken.append("".join(realtime.texts))
            realtime.texts.clear()
            realtime.respond(bytes(1600) * len(spoken[-1]))
        elif message["type"] == FINISH:
            realtime.finished()
    return spoken


def test_the_key_and_the_model_go_at_the_upgrade_and_the_settings_first() -> None:
    def script(realtime: RealtimePeer) -> tuple[str, dict[str, Any]]:
        realtime.expect("session.update")
        return realtime.head, realtime.session

    with Loopback(play(script)) as server:
        work = synthesiser(server, model="my model?", voice="Ethan", workspace="ws-1").start("t", Watch())
        head, session = server.result()
        work.cancel()
    assert head.startswith("GET /ws/v1?model=my%20model%3F HTTP/1.1")
    assert f"Authorization: Bearer {KEY}\r\n" in head and "X-DashScope-WorkSpace: ws-1\r\n" in head
    assert session == {"voice": "Ethan", "mode": "commit", "response_format": "pcm", "sample_rate": 8000}


def test_text_goes_before_the_service_has_said_anything() -> None:
    def script(realtime: RealtimePeer) -> list[str]:
        realtime.expect("session.update", APPEND, COMMIT)
        realtime.tell("session.created")
        realtime.tell("session.updated")
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        realtime.finished()
        return realtime.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("您好，")
        work.finish()
        assert ended(watch) is None
    assert server.results == [["您好，"]] and marks_of(watch) == [(3, 20.0, True)]


def test_each_clause_is_committed_as_soon_as_it_is_whole_and_its_response_ends_it_exactly() -> None:
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        marks = 0
        for token in ("您", "好", "，", "这里", "是", "云呼叫", "中心，", "请问有什么可以", "帮您？"):
            work.say(token)
            marks += token[-1] in "，？"
            until(lambda marks=marks: len(marks_of(watch)) == marks)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.results == [["您好，", "这里是云呼叫中心，", "请问有什么可以帮您？"]]
    assert marks_of(watch) == [(3, 300.0, True), (12, 1200.0, True), (22, 2200.0, True)]


def test_half_a_clause_goes_when_nothing_has_come_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qwen_modes, "PATIENCE_S", 0.1)
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        began = time.monotonic()
        work.say("三四")
        until(lambda: len(marks_of(watch)) == 1)
        assert time.monotonic() - began >= 0.1
        work.say("五六")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.results == [["三四", "五六"]]


def test_a_connection_lost_with_half_a_clause_in_hand_is_a_failure_and_not_a_loss() -> None:
    go = threading.Event()

    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        waited(go)
        realtime.peer.reset()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("我的")
        time.sleep(0.05)
        go.set()
        error = ended(watch)
        assert error is not None and error.retry and error.kind == "network"


@pytest.mark.parametrize("mode", ["commit", "server_commit"])
def test_the_messages_are_the_sdks_in_the_sdks_order(mode: str) -> None:
    """The recorded run of the SDK said the same text, with a pause after each of its three pieces."""
    theirs = [(one["type"], one.get("text", "")) for one in sent(f"qwen_tts_realtime.{mode}")]
    pieces = [text for type_, text in theirs if type_ == APPEND]

    def script(realtime: RealtimePeer) -> list[tuple[str, str]]:
        ours: list[tuple[str, str]] = []
        while (message := realtime.read()) is not None:
            ours.append((message["type"], message.get("text", "")))
            if message["type"] == COMMIT:
                realtime.respond(bytes(320))
            elif message["type"] == FINISH:
                realtime.respond(bytes(320))
                realtime.finished()
        assert len(set(realtime.ids)) == len(realtime.ids)
        return ours

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, mode=mode, sample_rate="24000").start("t", watch)
        for number, text in enumerate(pieces, 1):
            work.say(text)
            until(lambda number=number: len(marks_of(watch)) == number or mode == "server_commit")
            time.sleep(0.02)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    ours = server.result()
    assert [type_ for type_, _ in ours] == [type_ for type_, _ in theirs]
    assert "".join(text for _, text in ours) == "".join(pieces)
    if mode == "server_commit":
        assert ours == theirs  # in commit the SDK's program committed half a clause; we never do


def test_what_is_said_during_a_response_is_the_next_one() -> None:
    go = threading.Event()

    def script(realtime: RealtimePeer) -> list[str]:
        realtime.begin()
        realtime.expect(APPEND, COMMIT)
        waited(go)
        realtime.peer.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            realtime.peer.read(1)
        realtime.peer.sock.setblocking(True)
        realtime.respond(bytes(320))
        realtime.expect(APPEND, COMMIT)
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        return realtime.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("一，")
        time.sleep(0.05)
        for text in ("二，", "三", "四"):
            work.say(text)
        work.finish()
        time.sleep(0.05)
        go.set()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.result() == ["一，", "二，三四"] and marks_of(watch) == [(2, 20.0, True), (6, 40.0, True)]


def test_a_long_text_is_spoken_in_parts_and_loses_nothing() -> None:
    text = "今天天气很好。" * 200
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say(text)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert [len(spoken) for spoken in server.result()] == [595, 595, 210] and "".join(server.result()) == text


def test_punctuation_waits_for_something_to_be_spoken_with() -> None:
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("……")
        time.sleep(0.05)
        work.say("好，")
        until(lambda: marks_of(watch))
        work.say("。！")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.result() == ["……好，"] and marks_of(watch) == [(4, 400.0, True), (6, 400.0, True)]


def test_a_reply_is_over_with_its_last_response_and_the_session_ends_by_itself() -> None:
    go, over = threading.Event(), threading.Event()

    def script(realtime: RealtimePeer) -> str:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        waited(go)
        realtime.finished()
        over.set()
        return "in order" if realtime.read() is None else "?"

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好")
        work.finish()
        assert ended(watch) is None and not over.is_set()
        go.set()
        until(lambda: server.results == ["in order"])


def test_a_session_that_is_never_said_to_be_finished_is_closed_and_costs_the_reply_nothing() -> None:
    def script(realtime: RealtimePeer) -> str:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        return "closed" if realtime.read() is None else "?"

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results == ["closed"])


# The mode server_commit


@pytest.mark.parametrize("answer", ["committed", "refused"])
def test_a_flush_is_a_commit_and_one_of_nothing_is_no_failure(answer: str) -> None:
    def script(realtime: RealtimePeer) -> list[str]:
        realtime.begin()
        types = realtime.read_until(COMMIT)
        if answer == "refused":
            realtime.fail("invalid_value", "Error committing input text buffer: the buffer is empty.")
        else:
            realtime.tell("input_text_buffer.committed", item_id="")
        types += realtime.read_until(FINISH)
        realtime.respond(bytes(320))
        realtime.finished()
        return types

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, mode="server_commit").start("t", watch)
        work.say("one ")
        work.flush()
        work.flush()
        until(lambda: server.connections)
        time.sleep(0.05)
        work.say("two")
        work.finish()
        assert ended(watch) is None
    assert server.results == [[APPEND, COMMIT, APPEND, FINISH]]


# Failures


def answers(**told: str) -> Callable[[Peer], Any]:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.fail(**told)
        realtime.peer.hold()

    return play(script)


def responds(audio: bytes, status: str) -> Callable[[Peer], Any]:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.respond(audio, status)
        realtime.peer.hold()

    return play(script)


FAILURES: dict[str, tuple[Callable[[Peer], Any], str, str, bool, str]] = {
    "bad voice": (
        answers(code="invalid_value", message="The requested voice 'x' is not supported."), "check that voice exists",
        "invalid_value", False, "voice",
    ),
    "too many": (
        answers(code="Throttling.RateQuota", message=f"limit of {KEY} exceeded"), "too many requests", "Throttling.RateQuota", True,
        "throttled",
    ),
    "failed inside": (answers(code="InternalError", message=""), "failed", "InternalError", True, "server"),
    "spoke nothing": (responds(b"", "completed"), "sent no audio for it", "", True, "server"),
    "response failed": (responds(bytes(320), "failed"), "ended a response as 'failed'", "", True, "server"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        synthesiser(server).start("t", watch).say("你好。")
        error = ended(watch)
    assert error is not None and words in str(error), error
    assert (error.code, error.retry, error.kind, error.provider) == (code, retry, kind, "qwen tts")
    assert KEY not in str(error)
