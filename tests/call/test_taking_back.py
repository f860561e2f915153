"""What a reply does when the audio it was told is taken back: record and history stay true."""

from __future__ import annotations

from typing import Any

from mock import Mock

from firstword.call.record import TurnRecord
from firstword.call.reply import Reply
from firstword.clock import SYSTEM
from firstword.speech.fallback.synthesiser import TakesBack
from firstword.speech.tts import Mark, Synthesiser
from firstword.text.reading import Reading


class Voice(Synthesiser):
    name, rate = "voice", 8000
    listener: Any

    def start(self, label: str, listener: Any) -> Mock:
        self.listener = listener
        return Mock()

    def close(self) -> None: ...


def reply() -> tuple[Reply, Mock, Any]:
    line, voice = Mock(rate=8000), Voice()
    made = Reply(7, "c-7", line, voice, SYSTEM, TurnRecord(0.0, ""), 4000, Reading())
    made.say("一二三四")
    return made, line, voice.listener


def test_the_line_is_asked_and_marks_of_what_was_taken_back_are_forgotten() -> None:
    made, line, listener = reply()
    assert isinstance(listener, TakesBack)
    listener.audio(bytes(1600 * 4))
    for chars in (1, 2, 3):
        listener.mark(Mark(chars, chars * 100.0))
    line.retract.return_value = 120.0
    assert listener.retract(100.0) == 120.0
    line.retract.assert_called_once_with(7, 100.0)
    listener.mark(Mark(1, 120.0, exact=False))
    listener.audio(bytes(1600 * 3))
    listener.mark(Mark(2, 220.0))
    line.heard_ms.return_value = 210.0
    assert (listener.heard_ms(), made.heard()) == (210.0, "一")
    listener.finished()
    line.heard_ms.return_value = 420.0
    assert made.heard() == "一二三四"
    line.heard_ms.return_value = 320.0
    assert made.heard() == "一二三", "of 420 ms, and not of all that was ever told"
