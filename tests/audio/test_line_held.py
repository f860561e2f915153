"""A reply that is held, filled before, silenced or taken back, at the pipe."""

from __future__ import annotations

import numpy as np
import pytest

from firstword.audio.line import Line

from .by_hand import SILENCE, MakeLine, hear, ramp, serve
from .conftest import FRAME, Diary, Switch


def syllables(count: int) -> bytes:
    """So many syllables of 200 ms with 40 ms of near silence between; each sample says where it is."""
    voice = np.tile(np.concatenate([np.full(1600, 2000), np.full(320, 300)]), count)
    return (voice + np.arange(len(voice)) % 7).astype("<i2").tobytes()


def test_a_reply_begun_held_is_heard_when_it_is_released_and_not_before(
    line: Line, switch: Switch, diary: Diary
) -> None:
    serve(line)
    line.begin(1, held=True)
    line.write(1, ramp(2.5))
    line.end(1)
    assert hear(line, switch, 3) == SILENCE * 3
    assert diary.told == [] and line.waiting_ms() == 50
    line.resume(1)
    assert switch.take(3) == ramp(2.5) + bytes(FRAME // 2)
    serve(line, 2)
    assert diary.names() == ["began", "drained"]


def test_a_reply_that_is_held_falls_silent_at_once_and_goes_on_a_syllable_earlier(line: Line, switch: Switch) -> None:
    voice = syllables(8)
    line.begin(1)
    line.write(1, voice)
    line.end(1)
    heard = hear(line, switch, 31)  # in the middle of the third syllable
    assert heard == voice[: len(heard)]
    assert line.hold(1)
    assert hear(line, switch, 20) == SILENCE * 20
    assert line.heard_ms(1) == 620
    line.resume(1)
    rest = hear(line, switch, 90).rstrip(b"\0")
    assert voice.endswith(rest), "nothing is lost, nothing is moved"
    again_ms = (len(rest) + len(heard) - len(voice)) / 16
    assert 250 <= again_ms <= 500
    samples = np.frombuffer(rest, "<i2")
    assert samples[0] < 400 and samples[400] > 1000, "it begins where a syllable does"
    assert line.heard_ms(1) == len(voice) / 16
    assert line.counters.underruns == 0


def test_what_is_heard_counts_from_the_furthest_that_was_heard(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, syllables(8))
    hear(line, switch, 31)
    line.hold(1)
    line.resume(1)
    switch.take()
    line.silence(1)
    assert line.heard_ms(1) == 620


def test_a_reply_held_before_a_syllable_was_heard_goes_on_where_it_was(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    line.end(1)
    heard = hear(line, switch, 3)
    line.hold(1)
    line.resume(1)
    assert heard + hear(line, switch, 7) == ramp(10)


def test_there_is_nothing_to_hold_of_a_reply_that_was_heard_to_its_end(
    line: Line, switch: Switch, diary: Diary
) -> None:
    line.begin(1)
    line.write(1, ramp(2))
    line.end(1)
    serve(line)
    switch.take(2)
    assert not line.hold(1)
    assert not line.hold(7)
    serve(line)
    assert diary.names() == ["began", "drained"]


def test_a_reply_that_is_held_may_be_silenced_and_the_next_is_heard(line: Line, switch: Switch, diary: Diary) -> None:
    line.begin(1, held=True)
    line.write(1, ramp(3))
    line.silence(1)
    line.begin(2)
    line.write(2, ramp(1, 5000))
    line.end(2)
    assert hear(line, switch, 2) == ramp(1, 5000) + SILENCE
    assert [entry[:2] for entry in diary.told] == [("began", 2), ("drained", 2)]


def test_a_filler_is_said_before_a_reply_that_is_not_there_and_the_reply_follows_it(
    line: Line, switch: Switch, diary: Diary
) -> None:
    line.begin(1)
    assert line.prelude(1, ramp(2.5, 7000))
    heard = hear(line, switch, 1)
    assert diary.told == [], "a filler is no answer"
    line.write(1, ramp(1))
    line.end(1)
    heard += hear(line, switch, 4)
    assert heard == ramp(2.5, 7000) + bytes(FRAME // 2) + ramp(1) + SILENCE
    assert diary.names() == ["began", "drained"]
    assert (line.heard_ms(1), line.counters.reply_frames) == (20, 1)


def test_a_filler_that_comes_after_the_answer_is_dropped(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(0.5))
    assert not line.prelude(1, ramp(2, 7000))
    assert not line.prelude(2, ramp(2, 7000))
    line.end(1)
    assert hear(line, switch, 2) == ramp(0.5) + bytes(FRAME // 2) + SILENCE


def test_a_filler_is_said_in_a_silence_in_the_middle_of_a_reply_but_not_while_it_is_heard(
    line: Line, switch: Switch
) -> None:
    line.begin(1)
    line.write(1, ramp(1))
    serve(line)
    assert not line.prelude(1, ramp(1, 7000)), "a frame of it is in the pipe"
    assert hear(line, switch, 2) == ramp(1) + SILENCE
    assert line.prelude(1, ramp(1, 7000))
    line.write(1, ramp(1, 2000))
    line.end(1)
    assert hear(line, switch, 3) == ramp(1, 7000) + ramp(1, 2000) + SILENCE
    assert line.heard_ms(1) == 40


def test_a_filler_ends_with_the_reply_that_is_held_or_silenced(line: Line, switch: Switch) -> None:
    for number, end in ((1, line.hold), (2, line.silence)):
        line.begin(number)
        line.prelude(number, ramp(5, 7000))
        serve(line)
        assert switch.take() == ramp(1, 7000)
        end(number)
        assert switch.take() == SILENCE


def test_what_is_retracted_is_not_heard_though_it_was_in_the_pipe_and_what_is_written_next_follows(
    make_line: MakeLine, diary: Diary
) -> None:
    line = make_line(depth_frames=4)
    switch = Switch(line)
    line.begin(1)
    line.write(1, ramp(8))
    serve(line)
    heard = switch.take(2)
    assert line.retract(1, 70.0) == 70.0, "in the middle of the fourth frame, which is in the pipe"
    line.write(1, ramp(2, 9000))
    line.end(1)
    heard += hear(line, switch, 4)
    assert heard.rstrip(b"\0") == ramp(3.5) + ramp(2, 9000)
    assert line.heard_ms(1) == pytest.approx(110.0)
    assert "drained" in diary.names()
    switch.hang_up()


def test_what_the_switch_has_taken_can_not_be_retracted(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(6))
    serve(line)
    switch.take(3)
    assert line.retract(1, 10.0) == 60.0
    line.write(1, ramp(1, 9000))
    assert hear(line, switch, 2) == ramp(1, 9000) + SILENCE
    line.begin(2)
    line.write(2, ramp(2, 5000))
    assert line.retract(1, 0.0) == 80.0, "that reply is over"
    assert hear(line, switch, 2) == ramp(2, 5000)


def test_a_reply_that_is_held_can_be_retracted_too(line: Line, switch: Switch) -> None:
    line.begin(1, held=True)
    line.write(1, ramp(6))
    serve(line)
    assert line.retract(1, 30.0) == 30.0
    line.write(1, ramp(1, 9000))
    line.resume(1)
    line.end(1)
    assert hear(line, switch, 4).lstrip(b"\0").rstrip(b"\0") == ramp(1.5) + ramp(1, 9000)
