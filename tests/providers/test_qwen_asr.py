from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.dashscope import qwen_asr
from firstword.providers.dashscope.qwen_asr import make
from firstword.speech.asr import Recogniser
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import ended, until, waited
from .realtime_peer import KEY, RealtimePeer, play

FRAME = bytes(range(160)) * 2  # 20 ms at 8 kHz
APPEND, COMMIT, FINISH = "input_audio_buffer.append", "input_audio_buffer.commit", "session.finish"
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def recogniser(server: Loopback, **values: str) -> Recogniser:
    return make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test")


def test_audio_fed_before_the_service_is_ready_is_kept_and_sent_after_in_order() -> None:
    go = threading.Event()

    def script(realtime: RealtimePeer) -> tuple[str, int, bytes, list[str]]:
        realtime.tell("session.created")
        realtime.expect("session.update")
        waited(go)
        realtime.peer.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            realtime.peer.read(1)
        realtime.peer.sock.setblocking(True)
        realtime.tell("session.updated")
        types = realtime.read_until(FINISH)
        realtime.finished()
        assert len(set(realtime.ids)) == len(realtime.ids)
        return realtime.head, len(realtime.audio), realtime.audio, types

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        frames = [bytes([number]) * 320 for number in range(60)]
        assert all(work.feed(frame) for frame in frames[:30])
        time.sleep(0.05)
        assert not watch.names()
        go.set()
        waited(watch.began)
        assert all(work.feed(frame) for frame in frames[30:])
        work.finish()
        assert ended(watch) is None
        assert watch.names() == ["ready", "finished"]
    head, _, audio, types = server.result()
    assert head.startswith("GET /ws/v1?model=qwen3-asr-flash-realtime HTTP/1.1")
    assert audio == b"".join(frames) and set(types) == {APPEND, FINISH}


def test_what_is_heard_is_told_in_words_with_its_place_in_the_audio() -> None:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.tell("input_audio_buffer.speech_started", item_id="a", audio_start_ms=880)
        realtime.tell(f"{TRANSCRIPTION}.text", item_id="a", text="", stash="")
        realtime.tell(f"{TRANSCRIPTION}.text", item_id="a", text="今", stash="年双")
        realtime.tell("input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=2520)
        realtime.tell("input_audio_buffer.committed", item_id="a", previous_item_id=None)
        realtime.tell("conversation.item.created", item={"id": "a"})
        realtime.tell("something.new", x=1)
        realtime.tell(f"{TRANSCRIPTION}.completed", item_id="a", transcript="今年好。")
        realtime.tell("input_audio_buffer.speech_started", item_id="b", audio_start_ms=2900)
        realtime.tell(f"{TRANSCRIPTION}.completed", item_id="b", transcript="")
        realtime.read_until(FINISH)
        realtime.finished()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        until(lambda: "final" in watch.names())
        work.finish()
        assert ended(watch) is None
    assert watch.names() == ["ready", "partial", "final", "finished"]
    partial, final = watch.events[1][1][0], watch.events[2][1][0]
    assert (partial.text, partial.index) == ("今年双", 1)
    assert (final.text, final.index, final.begin_ms, final.end_ms) == ("今年好。", 1, 880, 2520)


def test_a_service_that_tells_no_times_is_understood_by_the_audio_it_was_sent() -> None:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        while len(realtime.audio) < 7_600:
            realtime.read()
        realtime.tell(f"{TRANSCRIPTION}.completed", item_id="a", transcript="一")
        realtime.read_until(FINISH)
        realtime.tell(f"{TRANSCRIPTION}.completed", item_id="b", transcript="二")
        realtime.finished()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        waited(watch.began)
        for _ in range(25):
            work.feed(FRAME)
            time.sleep(0.002)
        until(lambda: "final" in watch.names())
        for _ in range(25):
            work.feed(FRAME)
        work.finish()
        assert ended(watch) is None
    first, second = (args[0] for name, args in watch.events if name == "final")
    assert first.begin_ms == 0 and 450 <= first.end_ms <= 520
    assert (second.begin_ms, second.end_ms) == (first.end_ms, 1000)


def test_without_turn_detection_the_audio_is_committed_at_its_end_and_before_it_is_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(qwen_asr, "COMMIT_MS", 400)

    def script(realtime: RealtimePeer) -> tuple[Any, list[str], bytes]:
        realtime.begin()
        types = realtime.read_until(FINISH)
        for item, text in (("a", "一"), ("b", "二"), ("c", "三")):
            realtime.tell("input_audio_buffer.committed", item_id=item)
            realtime.tell(f"{TRANSCRIPTION}.completed", item_id=item, transcript=text)
        realtime.finished()
        return realtime.session["turn_detection"], types, realtime.audio

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server, turn_detection="off").start("t", watch)
        for _ in range(50):
            work.feed(FRAME)
        work.finish()
        assert ended(watch) is None
    detection, types, audio = server.result()
    assert detection is None and audio == FRAME * 50
    assert types.count(COMMIT) == 3 and types[-2:] == [COMMIT, FINISH] and types[0] == APPEND
    assert [args[0].text for name, args in watch.events if name == "final"] == ["一", "二", "三"]


def test_without_turn_detection_and_without_audio_nothing_is_committed() -> None:
    def script(realtime: RealtimePeer) -> list[str]:
        realtime.begin()
        types = realtime.read_until(FINISH)
        realtime.finished()
        return types

    with Loopback(play(script)) as server:
        watch = Watch()
        recogniser(server, turn_detection="off").start("t", watch).finish()
        assert ended(watch) is None
    assert server.results == [[FINISH]]


def test_a_slow_service_loses_the_oldest_audio_and_the_times_stay_those_of_the_audio_fed() -> None:
    go = threading.Event()

    def script(realtime: RealtimePeer) -> bytes:
        realtime.expect("session.update")
        waited(go)
        realtime.tell("session.updated")
        realtime.read_until(FINISH)
        realtime.tell("input_audio_buffer.speech_started", item_id="a", audio_start_ms=100)
        realtime.tell("input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=500)
        realtime.tell(f"{TRANSCRIPTION}.completed", item_id="a", transcript="x")
        realtime.finished()
        return realtime.audio

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


def stops_answering(realtime: RealtimePeer) -> None:
    realtime.begin()
    realtime.peer.hold()


def forbids(peer: Peer) -> None:
    peer.read_head()
    peer.answer("401 Unauthorized", '{"code":"InvalidApiKey","message":"Invalid API-key provided."}')


def fails(code: str, message: str, **more: str) -> Callable[[Peer], Any]:
    return play(lambda realtime: [realtime.read(), realtime.fail(code, message, **more), realtime.peer.hold()])


def loses_an_utterance(realtime: RealtimePeer) -> None:
    realtime.begin()
    error = {"code": "InternalError", "message": "engine", "param": ""}
    realtime.tell(f"{TRANSCRIPTION}.failed", item_id="a", error=error)
    realtime.peer.hold()


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool, str]] = {
    "never ready": (
        play(lambda realtime: realtime.peer.hold()), {"connect_ms": "200"}, "was not ready within 200 ms", "", True, "server",
    ),
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True, "network"),
    "never done": (play(stops_answering), {"finish_ms": "200"}, "did not finish within 200 ms", "", True, "server"),
    "nonsense": (
        play(lambda r: [r.read(), r.peer.send_frame(1, '{"type": '), r.peer.hold()]), {}, "no realtime message: not JSON", "", True,
        "server",
    ),
    "forbidden": (forbids, {}, "check api_key", "HTTP 401", False, "credentials"),
    "bad setting": (
        fails("invalid_value", "Invalid value: 'x'.", type="invalid_request_error", param="session.sample_rate"), {},
        "refused a setting", "invalid_value", False, "settings",
    ),
    "server error": (fails("server_error", "oops", type="server_error"), {}, "failed", "server_error", True, "server"),
    "too many": (fails("Throttling.RateQuota", "x"), {}, "too many requests", "Throttling.RateQuota", True, "throttled"),
    "utterance lost": (play(loses_an_utterance), {}, "failed inside", "InternalError", True, "server"),
    "ends by itself": (
        play(lambda r: [r.begin(), r.finished(), r.peer.hold()]), {}, "ended the task by itself", "", True, "server",
    ),
    "dropped": (play(lambda r: [r.begin(), r.peer.reset()]), {}, "broke", "", True, "network"),
    "closed": (play(lambda r: [r.begin(), r.peer.send_frame(8, b"\x03\xe8")]), {}, "code 1000", "", True, "server"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        work = recogniser(server, **values).start("t", watch)
        if what == "never done":
            work.finish()
        error = ended(watch)
        assert not work.feed(FRAME)
    assert error is not None and words in str(error), error
    assert (error.code, error.retry, error.kind, error.provider) == (code, retry, kind, "qwen asr")
    assert KEY not in str(error)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample_rate": "11025"}, "sample_rate takes 8000 or 16000"),
        ({"turn_detection": "of"}, "did you mean 'off'"),
        ({"silence_duration_ms": "100"}, "silence_duration_ms takes 200 to 6000"),
        ({"vad_threshold": "2"}, "vad_threshold takes -1 to 1"),
        ({"modell": "x"}, "unknown setting 'modell' (did you mean 'model'?)"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_in_words(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"api_key": KEY, **values}, 'profile "x"')
    assert words in str(caught.value) and str(caught.value).startswith('profile "x": ')
