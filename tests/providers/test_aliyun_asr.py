from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.aliyun.asr import make
from firstword.speech.asr import Recogniser, Transcript
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import FIXED, Nls, ended, until, waited
from .traces import request

FRAME = bytes(range(160)) * 2  # 20 ms at 8 kHz


def recogniser(server: Loopback, **values: str) -> Recogniser:
    return make({"url": server.ws, **FIXED, **values}, "test")


def play(script: Callable[[Nls], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Nls(peer))


def test_the_token_goes_in_the_header_and_the_handshake_is_the_sdks_but_for_its_doubled_key() -> None:
    with Loopback(play(lambda nls: nls.head)) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        ended(watch)
        line, *headers = server.result().rstrip().split("\r\n")
    assert line == "GET /ws/v1 HTTP/1.1" and f"X-NLS-Token: {FIXED['token']}" in headers
    _, theirs, _ = request("nls_transcriber_8k")
    assert sorted(header.split(":")[0].lower() for header in headers) == sorted(theirs)


def test_audio_fed_before_the_service_is_ready_is_kept_and_sent_after_in_order() -> None:
    go = threading.Event()

    def script(nls: Nls) -> tuple[int, bytes, list[int]]:
        nls.expect("StartTranscription")
        waited(go)
        early = len(nls.audio)
        nls.tell("TranscriptionStarted")
        nls.read_until("StopTranscription")
        nls.tell("TranscriptionCompleted")
        return early, nls.audio, nls.audio_messages

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        frames = [bytes([number]) * 320 for number in range(60)]
        assert all(work.feed(frame) for frame in frames[:30])
        time.sleep(0.05)
        go.set()
        waited(watch.began)
        assert all(work.feed(frame) for frame in frames[30:])
        work.finish()
        assert ended(watch) is None
    early, audio, sizes = server.result()
    assert early == 0 and audio == b"".join(frames)
    assert watch.names() == ["ready", "finished"]
    assert max(sizes) <= 3200 and all(size % 2 == 0 for size in sizes)


def test_audio_is_sent_in_messages_of_sixty_milliseconds() -> None:
    def script(nls: Nls) -> list[int]:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.read_until("StopTranscription")
        nls.tell("TranscriptionCompleted")
        return nls.audio_messages

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        waited(watch.began)
        for _ in range(12):
            work.feed(FRAME)
            time.sleep(0.005)
        work.finish()
        ended(watch)
    assert sum(server.result()) == 12 * 320
    assert min(server.result()[:-1]) >= 960


def test_what_is_heard_is_told_in_words_with_its_place_in_the_audio() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.tell("SentenceBegin", {"index": 1, "time": 880})
        nls.tell("TranscriptionResultChanged", {"index": 1, "time": 1800, "result": "今年"})
        nls.tell("TranscriptionResultChanged", {"index": 1, "time": 1900, "result": ""})
        nls.tell("SomethingNew", {"x": 1})
        nls.tell("SentenceEnd", {"index": 1, "time": 2520, "begin_time": 880, "result": "今年好。"})
        nls.tell("SentenceEnd", {"index": 2, "time": 3000, "begin_time": 2900, "result": ""})
        nls.read_until("StopTranscription")
        nls.tell("TranscriptionCompleted")

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        until(lambda: "final" in watch.names())
        work.finish()
        assert ended(watch) is None
    assert watch.names() == ["ready", "partial", "final", "finished"]
    partial, final = watch.events[1][1][0], watch.events[2][1][0]
    assert (partial.text, partial.index, partial.begin_ms, partial.end_ms) == ("今年", 1, 880, 1800)
    assert (final.text, final.index, final.begin_ms, final.end_ms) == ("今年好。", 1, 880, 2520)


def test_an_idle_timeout_after_the_stop_is_an_end_and_not_a_failure() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.read_until("StopTranscription")
        nls.fail(40000004, "Gateway:IDLE_TIMEOUT:... the last directive is 'StopTranscription'!")

    with Loopback(play(script)) as server:
        watch = Watch()
        recogniser(server).start("t", watch).finish()
        assert ended(watch) is None and watch.names() == ["ready", "finished"]


def test_an_idle_timeout_before_it_is_a_failure_worth_another_try() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.fail(40000004, "Gateway:IDLE_TIMEOUT:Websocket session is idle")

    with Loopback(play(script)) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        error = ended(watch)
    assert error is not None and (error.code, error.retry, error.provider) == ("40000004", True, "aliyun asr")


def silent(nls: Nls) -> None:
    nls.peer.hold()


def stops_answering(nls: Nls) -> None:
    nls.expect("StartTranscription")
    nls.tell("TranscriptionStarted")
    nls.peer.hold()


def says_nonsense(nls: Nls) -> None:
    nls.expect("StartTranscription")
    nls.peer.send_frame(1, '{"header": {"name": ')
    nls.peer.hold()


def forbids(peer: Peer) -> None:
    peer.read_head()
    peer.answer("403 Forbidden", "The token 'my-fixed-token-0123456789' is invalid!")


def token_expired(nls: Nls) -> None:
    nls.expect("StartTranscription")
    nls.fail(40000001, "Gateway:ACCESS_DENIED:The token 'my-fixed-token-0123456789' has expired!")


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool]] = {
    "never ready": (play(silent), {"connect_ms": "200"}, "was not ready within 200 ms", "", True),
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True),
    "never done": (play(stops_answering), {"finish_ms": "200"}, "did not finish within 200 ms", "", True),
    "nonsense": (play(says_nonsense), {}, "no NLS message: not JSON", "", True),
    "forbidden": (forbids, {}, "refused the token", "HTTP 403", False),
    "token expired": (play(token_expired), {}, "refused the token", "40000001", False),
    "bad appkey": (
        play(lambda nls: [nls.read(), nls.fail(40020105, "Meta:APPKEY_NOT_EXIST")]),
        {},
        "appkey",
        "40020105",
        False,
    ),
    "too many": (
        play(lambda nls: [nls.read(), nls.fail(40000005, "Gateway:TOO_MANY_REQUESTS")]),
        {},
        "concurrency",
        "40000005",
        True,
    ),
    "dropped": (
        play(lambda nls: [nls.read(), nls.tell("TranscriptionStarted"), nls.peer.reset()]),
        {},
        "broke",
        "",
        True,
    ),
    "closed": (
        play(lambda nls: [nls.read(), nls.peer.send_frame(8, b"\x03\xe8")]),
        {},
        "closed the connection (code 1000)",
        "",
        True,
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        work = recogniser(server, **values).start("t", watch)
        if what == "never done":
            work.finish()
        error = ended(watch)
        assert not work.feed(FRAME)
    assert error is not None and words in str(error) and (error.code, error.retry) == (code, retry)
    assert FIXED["token"] not in str(error) and FIXED["appkey"] not in str(error)


def test_a_slow_service_loses_the_oldest_audio_and_the_times_stay_those_of_the_audio_fed() -> None:
    go = threading.Event()

    def script(nls: Nls) -> bytes:
        nls.expect("StartTranscription")
        waited(go)
        nls.tell("TranscriptionStarted")
        nls.read_until("StopTranscription")
        nls.tell("SentenceEnd", {"index": 1, "begin_time": 100, "time": 500, "result": "x"})
        nls.tell("TranscriptionCompleted")
        return nls.audio

    with Loopback(play(script)) as server:
        service = recogniser(server)
        watch = Watch()
        work = service.start("t", watch)
        frames = service.backlog_ms // 20
        taken = [work.feed(bytes([number % 251]) * 320) for number in range(frames + 25)]
        assert all(taken[:frames]) and not any(taken[frames:])
        go.set()
        work.finish()
        assert ended(watch) is None
    assert server.result() == b"".join(bytes([number % 251]) * 320 for number in range(25, frames + 25))
    final = next(args[0] for name, args in watch.events if name == "final")
    assert (final.begin_ms, final.end_ms) == (600, 1000)  # 500 ms were dropped before the first that the service heard


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample_rate": "11025"}, "sample_rate takes 8000 or 16000"),
        ({"app_key": "x"}, "unknown setting 'app_key' (did you mean 'appkey'?)"),
        ({"send_ms": "5"}, "send_ms takes 10 to 500, not 5"),
        ({"token": ""}, "the environment variable ALIYUN_AK_ID is not set"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], words: str
) -> None:
    monkeypatch.delenv("ALIYUN_AK_ID", raising=False)
    with pytest.raises(ConfigError) as caught:
        make({**FIXED, **values}, 'profile "x"')
    assert words in str(caught.value) and str(caught.value).startswith('profile "x": ')


def test_what_is_understood_of_the_next_sentence_already_is_a_partial_of_it() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.tell(
            "SentenceEnd",
            {"index": 1, "begin_time": 100, "time": 900, "result": "我要退票，", "stash_result": {"text": "明天的"}},
        )
        nls.tell(
            "SentenceEnd",
            {"index": 2, "begin_time": 900, "time": 1500, "result": "明天的。", "stash_result": {"text": ""}},
        )
        nls.expect("StopTranscription")
        nls.tell("TranscriptionCompleted")

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server, semantic="true")
        work = service.start("t", watch)
        until(lambda: watch.names().count("final") == 2)
        work.finish()
        assert ended(watch) is None
        service.close()
    told = [(name, args[0]) for name, args in watch.events if name in ("partial", "final")]
    assert told == [
        ("final", Transcript("我要退票，", 1, 100, 900)),
        ("partial", Transcript("明天的", 2, 900, 900)),
        ("final", Transcript("明天的。", 2, 900, 1500)),
    ]


def test_a_service_that_completes_though_nobody_asked_has_failed_for_the_caller_still_speaks() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.tell("TranscriptionCompleted")
        nls.peer.hold()

    with Loopback(play(script)) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        error = ended(watch)
    assert error is not None and error.retry and "ended the task by itself" in str(error)


def test_why_a_service_hung_up_is_known_though_audio_was_on_its_way() -> None:
    """It says why, and closes with audio unread: whatever is sent then is answered by a reset, before its words were looked at."""
    gone, blocked, go = threading.Event(), threading.Event(), threading.Event()

    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        waited(blocked)
        nls.fail(40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!")
        nls.peer.sock.shutdown(socket.SHUT_WR)
        nls.peer.reset()
        gone.set()

    def block() -> None:
        blocked.set()
        waited(go)

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        until(lambda: watch.names() == ["ready"])
        work.connection.run(block)  # type: ignore[attr-defined] # the sockets' thread is busy for a moment
        waited(gone)
        assert work.feed(FRAME * 20)
        go.set()
        error = ended(watch)
    assert error is not None and (error.code, error.kind) == ("40000005", "throttled")
