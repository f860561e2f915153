from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.aliyun import flowing
from firstword.providers.aliyun.tts import make
from firstword.speech.tts import Synthesiser
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer, frame

from .nls_peer import FIXED, Nls, ended, until, waited


def synthesiser(server: Loopback, **values: str) -> Synthesiser:
    return make({"url": server.ws, **FIXED, **values}, "test")


def play(script: Callable[[Nls], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Nls(peer))


def start(nls: Nls) -> None:
    nls.expect("StartSynthesis")
    nls.tell("SynthesisStarted")


def audio_of(watch: Watch) -> bytes:
    return b"".join(args[0] for name, args in watch.events if name == "audio")


def marks_of(watch: Watch) -> list[tuple[int, float, bool]]:
    return [
        (mark.chars, mark.audio_ms, mark.exact)
        for name, (mark, *_) in ((n, a or (None,)) for n, a in watch.events)
        if name == "mark"
    ]


def whole(nls: Nls) -> list[str]:
    """An honest service: a hundred milliseconds a character, at the end."""
    start(nls)
    nls.read_until("StopSynthesis")
    for _ in "".join(nls.texts):
        nls.sound(bytes(1600))
    nls.tell("SynthesisCompleted")
    assert nls.read() is None, "the client closes"
    return nls.texts


def test_text_said_before_the_service_is_ready_is_kept_and_sent_after_in_order() -> None:
    go = threading.Event()

    def script(nls: Nls) -> list[str]:
        nls.expect("StartSynthesis")
        waited(go)
        nls.peer.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            nls.peer.read(1)
        nls.peer.sock.setblocking(True)
        nls.tell("SynthesisStarted")
        nls.read_until("StopSynthesis")
        nls.sound(bytes(640))
        nls.tell("SynthesisCompleted")
        return nls.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        for text in ("您好，", "这里", "是。"):
            work.say(text)
        work.finish()
        time.sleep(0.05)
        go.set()
        assert ended(watch) is None
    assert "".join(server.result()) == "您好，这里是。"
    assert marks_of(watch) == [(7, 40.0, False)], "without subtitles only the end of everything is known"


def test_each_text_goes_as_it_is_said_once_the_service_is_ready() -> None:
    seen = [threading.Event() for _ in range(3)]

    def script(nls: Nls) -> list[str]:
        start(nls)
        for event in seen:
            nls.expect("RunSynthesis")
            event.set()
        nls.expect("StopSynthesis")
        nls.tell("SynthesisCompleted")
        return nls.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        for number, event in enumerate(seen):
            work.say(str(number))
            waited(event)
        work.finish()
        assert ended(watch) is None
    assert server.results == [["0", "1", "2"]]


def test_a_long_text_is_cut_to_what_one_message_may_hold_and_loses_nothing() -> None:
    text = "".join(chr(0x4E00 + number % 5000) for number in range(3456))
    with Loopback(play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say(text)
        work.finish()
        assert ended(watch) is None
    assert [len(piece) for piece in server.result()] == [1000, 1000, 1000, 456]
    assert "".join(server.result()) == text


def test_a_text_of_any_length_that_a_task_may_hold_is_given_to_the_service_whole() -> None:
    """More than may wait for a socket at once: the rest follows when that has gone."""
    text = "".join(chr(0x4E00 + number % 5000) for number in range(80_000))

    def script(nls: Nls) -> list[str]:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")
        return nls.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say(text)
        work.finish()
        assert ended(watch) is None
    assert "".join(server.result()) == text


def test_binary_messages_of_any_size_become_whole_samples_and_nothing_is_lost() -> None:
    pcm = bytes(at % 251 for at in range(9000))
    cuts = [0, 1, 2, 5, 6, 6, 301, 302, 8296, 8999, 9000]

    def script(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        for begin, end in itertools.pairwise(cuts):
            nls.sound(pcm[begin:end])
        nls.tell("SynthesisCompleted")

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("x")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == pcm
    assert all(len(args[0]) % 2 == 0 and args[0] for name, args in watch.events if name == "audio")


def test_subtitles_become_marks() -> None:
    def item(text: str, begin: int, end: int, index: int) -> dict[str, Any]:
        return {
            "text": text,
            "begin_time": begin,
            "end_time": end,
            "begin_index": index,
            "end_index": index + 1,
            "sentence": False,
        }

    def script(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.tell("SentenceBegin", {"index": 0})
        nls.sound(bytes(3200))
        nls.tell("SentenceSynthesis", {"subtitles": [{"text": "", "sentence": True}, item("你", 0, 90, 0)]})
        nls.tell("SentenceEnd", {"subtitles": [item("你", 0, 90, 0), item("好", 90, 190, 1)]})
        nls.tell("SynthesisCompleted")

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("你好。")
        work.finish()
        assert ended(watch) is None
    assert marks_of(watch) == [(1, 90.0, True), (2, 190.0, True), (3, 190.0, True)]


def test_a_flush_is_asked_for_where_it_was_called() -> None:
    def script(nls: Nls) -> tuple[list[str], list[str]]:
        start(nls)
        names = nls.read_until("StopSynthesis")
        nls.tell("SynthesisCompleted")
        return names, nls.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        for text in ("one ", "two "):
            work.say(text)
        work.flush()
        work.say("three")
        work.finish()
        assert ended(watch) is None
    assert server.results == [(["RunSynthesis", "FlushText", "RunSynthesis", "StopSynthesis"], ["one two ", "three"])]


def test_a_gateway_that_refuses_to_flush_is_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    def script(nls: Nls) -> list[str]:
        start(nls)
        names: list[str] = []
        while not names or names[-1] not in ("StopSynthesis", "FlushText"):
            message = nls.read()
            assert message is not None
            names.append(message["header"]["name"])
        if names[-1] == "FlushText":
            nls.fail(40010002, "Gateway:DIRECTIVE_NOT_SUPPORTED")
        else:
            nls.sound(bytes(320))
            nls.tell("SynthesisCompleted")
        return names

    with Loopback(play(script)) as server:
        service = synthesiser(server)
        errors = []
        for _ in range(2):
            watch = Watch()
            work = service.start("t", watch)
            work.say("x")
            work.flush()
            work.finish()
            errors.append(ended(watch))
    assert errors[0] is not None and errors[0].code == "40010002" and errors[1] is None
    assert "does not support FlushText" in caplog.text


# A model that thinks for long


@pytest.fixture
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flowing, "REST_S", 0.15)


@pytest.mark.usefixtures("short_rest")
def test_a_reply_whose_model_pauses_is_spoken_by_two_tasks_without_a_gap_in_the_text() -> None:
    with Loopback(play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("你好，")
        until(lambda: "audio" in watch.names())
        time.sleep(0.05)
        work.say("再见。")
        work.finish()
        assert ended(watch) is None
        until(lambda: len(server.results) == 2)
    assert ["".join(texts) for texts in server.results] == ["你好，", "再见。"]
    assert len(audio_of(watch)) == 6 * 1600
    assert marks_of(watch) == [(3, 300.0, False), (6, 600.0, False)], "both count from the reply's start"


@pytest.mark.usefixtures("short_rest")
def test_text_that_keeps_coming_is_one_task() -> None:
    with Loopback(play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        for text in "一二三四五六":
            work.say(text)
            time.sleep(0.05)
        work.finish()
        assert ended(watch) is None
        assert "".join(server.result()) == "一二三四五六" and server.connections == 1


@pytest.mark.usefixtures("short_rest")
def test_text_said_while_a_task_is_being_brought_to_its_end_is_spoken_by_the_next() -> None:
    stopping, go = threading.Event(), threading.Event()

    def first(nls: Nls) -> list[str]:
        start(nls)
        nls.read_until("StopSynthesis")
        stopping.set()
        waited(go)
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")
        return nls.texts

    with Loopback(play(first), play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("一")
        waited(stopping)
        work.say("二")
        work.finish()
        go.set()
        assert ended(watch) is None
    assert len(audio_of(watch)) == 3200 and marks_of(watch) == [(1, 100.0, False), (2, 200.0, False)]


@pytest.mark.usefixtures("short_rest")
def test_a_reply_whose_model_is_slow_to_begin_rests_and_is_then_spoken() -> None:
    def idle(nls: Nls) -> str:
        start(nls)
        assert nls.read() is None, "the client closes"
        return "rested"

    with Loopback(play(idle), play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        until(lambda: server.results == ["rested"])
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and len(audio_of(watch)) == 1600


@pytest.mark.usefixtures("short_rest")
def test_a_reply_that_ends_while_resting_is_finished() -> None:
    with Loopback(play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好")
        until(lambda: "mark" in watch.names())
        time.sleep(0.02)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)


@pytest.mark.parametrize("how", ["idle timeout", "drop"])
def test_a_service_that_gives_up_before_there_was_text_costs_nothing(how: str) -> None:
    gone = threading.Event()

    def first(nls: Nls) -> None:
        start(nls)
        if how == "drop":
            nls.peer.reset()
        else:
            nls.fail(40000004, "Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time")
        gone.set()

    with Loopback(play(first), play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        waited(gone)
        time.sleep(0.05)
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and len(audio_of(watch)) == 1600


def test_a_reply_without_text_ends_without_waiting_for_anybody() -> None:
    with Loopback(lambda peer: peer.hold()) as server:
        watch = Watch()
        began = time.monotonic()
        synthesiser(server).start("t", watch).finish()
        assert ended(watch) is None and watch.names() == ["finished"]
        assert time.monotonic() - began < 0.5


# Failures


def owes(nls: Nls) -> None:
    start(nls)
    nls.expect("RunSynthesis")
    nls.peer.hold()


def speaks_half(nls: Nls) -> None:
    start(nls)
    nls.read_until("StopSynthesis")
    nls.sound(bytes(320))
    nls.peer.hold()


def drops_half(nls: Nls) -> None:
    start(nls)
    nls.expect("RunSynthesis")
    nls.sound(bytes(320))
    nls.peer.reset()


def trickles(what: Callable[[Nls], Any]) -> Callable[[Nls], None]:
    """Speaks a little, and then says something now and then that is no progress, for ever."""

    def script(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.sound(bytes(320))
        while True:
            what(nls)
            time.sleep(0.02)

    return script


def forbids(peer: Peer) -> None:
    peer.read_head()
    peer.answer("403 Forbidden")


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool]] = {
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True),
    "never ready": (play(lambda nls: nls.peer.hold()), {"connect_ms": "200"}, "was not ready within 200 ms", "", True),
    "owes the first audio": (play(owes), {"first_audio_ms": "200"}, "sent nothing for 200 ms", "", True),
    "owes the rest": (play(speaks_half), {"idle_ms": "200"}, "sent nothing for 200 ms", "", True),
    "a sample now and then": (play(trickles(lambda nls: nls.sound(b"xx"))), {"idle_ms": "200"}, "for 200 ms", "", True),
    "messages of no audio": (play(trickles(lambda nls: nls.sound(b""))), {"idle_ms": "200"}, "for 200 ms", "", True),
    "words and no audio": (
        play(trickles(lambda nls: nls.tell("SentenceSynthesis", {"subtitles": []}))),
        {"idle_ms": "200"},
        "for 200 ms",
        "",
        True,
    ),
    "the end before it was asked for": (
        play(lambda nls: [nls.read(), nls.tell("SynthesisCompleted"), nls.peer.hold()]),
        {},
        "ended the task by itself",
        "",
        True,
    ),
    "dropped": (play(drops_half), {}, "broke", "", True),
    "forbidden": (forbids, {}, "refused the token (HTTP 403)", "HTTP 403", False),
    "bad voice": (
        play(lambda nls: [nls.read(), nls.fail(41020001, "TTS:TtsClientError:418")]),
        {},
        "check voice",
        "41020001",
        False,
    ),
    "overloaded": (
        play(lambda nls: [nls.read(), nls.fail(50000000, "Instance pool exhausted!")]),
        {},
        "failed",
        "50000000",
        True,
    ),
    "nonsense": (play(lambda nls: [nls.read(), nls.peer.send_frame(1, "{")]), {}, "not JSON", "", True),
}


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        work = synthesiser(server, **values).start("t", watch)
        work.say("你好。")
        if what in ("owes the rest", "a sample now and then", "messages of no audio", "words and no audio"):
            work.finish()
        error = ended(watch)
    assert error is not None and words in str(error) and (error.code, error.retry) == (code, retry)
    assert FIXED["token"] not in str(error)


@pytest.mark.parametrize("how", ["at the door", "inside"])
def test_a_token_the_gateway_refuses_is_replaced_for_the_next_reply(how: str) -> None:
    made = iter(range(9))

    def token_door(peer: Peer) -> None:
        peer.read_request()
        token = {"Id": f"token-{next(made)}", "ExpireTime": time.time() + 3600}
        peer.answer("200 OK", json.dumps({"Token": token}), "Connection: close\r\n")

    def refuses(peer: Peer) -> str:
        if how == "at the door":
            head = peer.read_head()
            peer.answer("403 Forbidden")
            return head
        nls = Nls(peer)
        nls.expect("StartSynthesis")
        nls.fail(40000001, "Gateway:ACCESS_DENIED:The token 'token-0' has expired!")
        return nls.head

    def accepts(peer: Peer) -> str:
        nls = Nls(peer)
        start(nls)
        nls.read_until("StopSynthesis")
        nls.tell("SynthesisCompleted")
        return nls.head

    with Loopback(token_door) as tokens, Loopback(refuses, accepts) as server:
        key = {
            "appkey": "a",
            "access_key_id": "id",
            "access_key_secret": "secret",
            "token_url": tokens.http,
            "spares": "0",
        }
        service = make({"url": server.ws, **key}, "test")
        errors = []
        for _ in range(2):
            watch = Watch()
            work = service.start("t", watch)
            work.say("x")
            work.finish()
            errors.append(ended(watch))
        service.close()
        assert errors[0] is not None and errors[0].retry and errors[1] is None
        assert "X-NLS-Token: token-0" in server.result(0) and "X-NLS-Token: token-1" in server.result(1)


def test_text_without_anything_to_speak_owes_no_audio() -> None:
    def script(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.tell("SynthesisCompleted")

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, first_audio_ms="100").start("t", watch)
        work.say("……！")
        time.sleep(0.2)
        work.finish()
        assert ended(watch) is None


def test_a_sample_rate_the_service_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="sample_rate takes one of 8000, 11025"):
        make({**FIXED, "sample_rate": "12000"}, "test")


@pytest.mark.usefixtures("short_rest")
def test_a_service_that_says_its_end_twice_ends_one_task_and_not_the_next() -> None:
    stopping, go = threading.Event(), threading.Event()

    def first(nls: Nls) -> list[str]:
        start(nls)
        nls.read_until("StopSynthesis")
        stopping.set()
        waited(go)
        nls.sound(bytes(1600))
        header = {"namespace": "Default", "name": "SynthesisCompleted", "status": 20000000, "task_id": nls.task_id}
        nls.peer.send(frame(1, json.dumps({"header": header})) * 2)
        return nls.texts

    with Loopback(play(first), play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("一")
        waited(stopping)
        work.say("二")
        work.finish()
        go.set()
        assert ended(watch) is None
    assert len(audio_of(watch)) == 3200


def test_tasks_whose_token_is_refused_one_after_the_other_ask_for_one_new_token() -> None:
    """All are told that it has expired, one after the other; by then the first has been given another, which is not refused."""
    asked: list[int] = []

    def token_door(peer: Peer) -> None:
        peer.read_request()
        asked.append(1)
        token = {"Id": f"token-{len(asked)}", "ExpireTime": time.time() + 3600}
        peer.answer("200 OK", json.dumps({"Token": token}), "Connection: close\r\n")

    calls = 5
    go = [threading.Event() for _ in range(calls)]
    numbers = itertools.count()

    def gateway(peer: Peer) -> None:
        nls = Nls(peer)
        if "X-NLS-Token: token-1\r\n" not in nls.head:
            whole_of(nls)
            return
        nls.expect("StartSynthesis")
        waited(go[next(numbers)])
        nls.fail(40000001, "Gateway:ACCESS_DENIED:The token 'token-1' has expired!")

    def whole_of(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")

    with Loopback(token_door) as tokens, Loopback(gateway) as server:
        key = {"appkey": "a", "access_key_id": "id-storm", "access_key_secret": "secret", "token_url": tokens.http}
        service = make({"url": server.ws, **key, "spares": "0"}, "test")
        watches = [Watch() for _ in range(calls)]
        for watch in watches:
            service.start("t", watch)
        until(lambda: server.connections == calls)
        for number in range(calls):
            go[number].set()
            until(lambda number=number: sum(watch.over.is_set() for watch in watches) == number + 1)
            again = Watch()
            work = service.start("t", again)
            work.say("x")
            work.finish()
            assert ended(again) is None
        service.close()
    assert len(asked) == 2


@pytest.mark.usefixtures("short_rest")
def test_a_task_that_has_ended_owes_nothing_to_the_next_one_however_long_its_connection_takes_to_close() -> None:
    def first(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")
        nls.peer.hold()  # and answers no close frame

    def second(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        time.sleep(0.5)
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")

    with Loopback(play(first), play(second)) as server:
        watch = Watch()
        work = synthesiser(server, idle_ms="200").start("t", watch)
        work.say("一")
        until(lambda: "mark" in watch.names())
        work.say("二")
        work.finish()
        assert ended(watch) is None


def test_a_gateway_that_refuses_every_token_costs_one_request_for_another_and_not_one_a_reply() -> None:
    """The appkey is wrong, perhaps; asked too often, CreateToken refuses too, and then also those whose token would do."""
    asked: list[int] = []

    def token_door(peer: Peer) -> None:
        peer.read_request()
        asked.append(1)
        token = {"Id": f"token-{len(asked)}", "ExpireTime": time.time() + 3600}
        peer.answer("200 OK", json.dumps({"Token": token}), "Connection: close\r\n")

    def refuses(peer: Peer) -> None:
        peer.read_head()
        peer.answer("403 Forbidden", headers="Connection: close\r\n")

    with Loopback(token_door) as tokens, Loopback(refuses) as server:
        key = {"appkey": "a", "access_key_id": "id-403", "access_key_secret": "secret", "token_url": tokens.http}
        service = make({"url": server.ws, **key, "spares": "0"}, "test")
        for _ in range(8):
            watch = Watch()
            service.start("t", watch).say("x")
            error = ended(watch)
            assert error is not None and (error.code, error.kind) == ("HTTP 403", "credentials")
        service.close()
    assert len(asked) == 2
