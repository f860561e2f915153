"""The caller's mouth and ears, without a switch."""

from __future__ import annotations

from firstword.clock import SYSTEM
from firstword.sim.line import Line
from firstword.sim.room import Echo, Room

LOUD = b"\x00\x40" * 160
QUIET = bytes(320)
COMFORT = b"\x40\x00" * 160  # -54 dBFS


def hear(line: Line, *frames: bytes, at: float = 0.0) -> float:
    for number, frame in enumerate(frames):
        line.hear(frame, at + number * 0.02)
    return at + len(frames) * 0.02


def test_speech_after_a_pause_is_an_onset_and_a_short_gap_is_none() -> None:
    line = Line(pause_ms=300)
    now = hear(line, QUIET, LOUD, LOUD)
    now = hear(line, *[QUIET] * 10, LOUD, at=now)
    now = hear(line, *[COMFORT] * 20, LOUD, at=now)
    assert [round(onset, 2) for onset in line.onsets] == [0.02, 0.68]
    assert round(line.last_loud, 2) == 0.68


def test_who_waits_is_not_late_for_what_came_before_he_lay_down() -> None:
    line = Line()
    changes = line.changes
    line.hear(LOUD, 0.0)
    began = SYSTEM.now()
    line.wait(5.0, changes)
    assert SYSTEM.now() - began < 1.0


def test_nobody_waits_on_a_line_that_has_ended() -> None:
    line = Line()
    line.end()
    began = SYSTEM.now()
    line.wait(5.0, line.changes)
    assert SYSTEM.now() - began < 1.0


def test_what_is_said_lies_on_the_frames_on_which_it_was_taken() -> None:
    line = Line()
    line.hear(line.take(), 0.0)
    line.say(b"\x01\x02" * 200)  # a frame and a quarter
    for _ in range(3):
        caller = line.take()
        line.hear(QUIET, 0.0)
    assert caller == QUIET
    assert line.said() == QUIET + b"\x01\x02" * 200 + bytes(320 * 2 - 400 + 320)
    assert not line.saying


def test_what_was_said_is_known_by_its_frames_and_their_times() -> None:
    line = Line()
    for tick in range(3):
        line.take()
        line.hear(QUIET, float(tick))
    first = line.say(LOUD * 2)
    second = line.say(LOUD)
    for tick in range(3, 5):
        line.take()
        line.hear(QUIET, float(tick))
    assert (first, second) == (0, 2)
    assert [line.said_at(number) for number in (0, 1)] == [3.0, 4.0]
    assert line.said_at(second) == float("inf"), "it was never taken"


def test_a_line_sends_the_caller_and_what_is_around_him() -> None:
    line = Line()
    line.room = Room(8000, Echo(0, 20))
    sent = []
    for number, frame in enumerate((LOUD, QUIET, QUIET)):
        if number == 2:
            line.say(COMFORT)
        sent.append(line.take())
        line.hear(frame, float(number))
    assert sent == [QUIET, LOUD, COMFORT], "each frame that is heard comes back with the next one that is sent"
    assert line.said() == b"".join(sent)
