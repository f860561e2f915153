"""What Qwen-ASR-Realtime has for itself; what every recogniser is held to is in ``test_recognisers.py``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.dashscope import qwen_asr
from firstword.providers.dashscope.qwen_asr import make
from firstword.speech.asr import Recogniser
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .hearing import FRAME
from .nls_peer import ended, until, waited
from .realtime_peer import KEY, RealtimePeer, play

APPEND, COMMIT, FINISH = "input_audio_buffer.append", "input_audio_buffer.commit", "session.finish"
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def recogniser(server: Loopback, **values: str) -> Recogniser:
    return make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test")


def test_the_model_goes_at_the_upgrade_and_every_message_has_an_id_of_its_own() -> None:
    def script(realtime: RealtimePeer) -> tuple[str, list[str]]:
        realtime.begin()
        realtime.read_until(FINISH)
        realtime.finished()
        return realtime.head, realtime.ids

    with Loopback(play(script)) as server:
        watch = Watch()
        work = recogniser(server).start("t", watch)
        waited(watch.began)
        for _ in range(12):
            work.feed(FRAME)
        work.finish()
        assert ended(watch) is None
        head, ids = server.result()
    assert head.startswith("GET /ws/v1?model=qwen3-asr-flash-realtime HTTP/1.1")
    assert len(set(ids)) == len(ids) > 3


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


def fails(code: str, message: str, **more: str) -> Callable[[Peer], Any]:
    return play(lambda realtime: [realtime.read(), realtime.fail(code, message, **more), realtime.peer.hold()])


def loses_an_utterance(realtime: RealtimePeer) -> None:
    realtime.begin()
    error = {"code": "InternalError", "message": "engine", "param": ""}
    realtime.tell(f"{TRANSCRIPTION}.failed", item_id="a", error=error)
    realtime.peer.hold()


FAILURES: dict[str, tuple[Callable[[Peer], Any], str, str, bool, str]] = {
    "bad setting": (
        fails("invalid_value", "Invalid value: 'x'.", type="invalid_request_error", param="session.sample_rate"),
        "refused a setting", "invalid_value", False, "settings",
    ),
    "server error": (fails("server_error", "oops", type="server_error"), "failed", "server_error", True, "server"),
    "utterance lost": (play(loses_an_utterance), "failed inside", "InternalError", True, "server"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_error_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        error = ended(watch)
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
