"""What NLS FlowingSpeechSynthesizer has for itself; what every synthesiser is held to is in ``test_synthesisers.py`` and its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.aliyun.tts import make
from firstword.speech.tts import Synthesiser
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import FIXED, Nls, ended
from .speaking import marks_of


def synthesiser(server: Loopback, **values: str) -> Synthesiser:
    return make({"url": server.ws, **FIXED, **values}, "test")


def play(script: Callable[[Nls], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Nls(peer))


def start(nls: Nls) -> None:
    nls.expect("StartSynthesis")
    nls.tell("SynthesisStarted")


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


def test_a_sample_rate_the_service_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="sample_rate takes one of 8000, 11025"):
        make({**FIXED, "sample_rate": "12000"}, "test")


FAILURES = {
    "a voice that is none": (41020001, "TTS:TtsClientError:418", "check voice", False),
    "no engine left": (50000000, "Instance pool exhausted!", "failed", True),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_task_that_fails_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    status, text, words, retry = FAILURES[what]
    with Loopback(play(lambda nls: [nls.read(), nls.fail(status, text)])) as server:
        watch = Watch()
        synthesiser(server).start("t", watch).say("你好。")
        error = ended(watch)
    assert error is not None and words in str(error) and (error.code, error.retry) == (str(status), retry)
    assert FIXED["token"] not in str(error)
