"""One line served by hand: what the switch reads, what the call is told, and in which order."""

from __future__ import annotations

import errno
from pathlib import Path
from unittest.mock import patch

import pytest

from firstword.audio import fifo
from firstword.audio.ears import Ears
from firstword.audio.line import Line
from firstword.events import CallerBegan, CallerHushed, CallerPaused, CallerStirred

from .by_hand import SILENCE, ByHand, MakeLine, hear, ramp, serve
from .conftest import FRAME, Diary, LoudIsSpeech, Switch


def test_the_names_say_the_rate_and_the_call(make_line: MakeLine, tmp_path: Path) -> None:
    line = make_line()
    assert line.caller_path == tmp_path / "call0-caller.r8"
    assert line.bot_path == tmp_path / "call0-bot.r8"
    assert line.caller_path.is_fifo() and line.bot_path.is_fifo()


def test_a_line_that_nobody_opens_is_served_and_closed(line: Line, diary: Diary) -> None:
    line.begin(1)
    line.write(1, ramp(3))
    assert serve(line, 5)
    line.silence(1)
    assert diary.told == []
    assert line.counters.frames_out == 0


def test_what_was_said_before_the_switch_came_is_heard_when_it_has(line: Line, diary: Diary) -> None:
    line.begin(1)
    line.write(1, ramp(3))
    serve(line)
    switch = Switch(line)
    assert hear(line, switch, 4) == ramp(3) + SILENCE
    switch.hang_up()


def test_silence_fills_the_pipe_to_its_depth(make_line: MakeLine) -> None:
    line = make_line(depth_frames=3)
    switch = Switch(line)
    serve(line)
    assert switch.take(9) == SILENCE * 3
    serve(line, 5)
    assert switch.take(2) == SILENCE * 2
    serve(line)
    assert switch.take(9) == SILENCE * 3
    assert line.counters.frames_out == 8 - 3, "the last three were taken after the clock's last look"
    switch.hang_up()


def test_the_pipe_is_filled_again_when_half_of_it_is_gone_and_not_at_every_tick(make_line: MakeLine) -> None:
    clock = ByHand()
    line = make_line(depth_frames=10, clock=clock)
    switch = Switch(line)
    written = []
    for _ in range(12):
        line.serve(clock.now())
        written.append(line._speaking.frames + len(line._speaking._pipe))
        clock.at += 0.02
        switch.take()
    assert written == [10] * 5 + [15] * 5 + [20] * 2
    switch.hang_up()


def test_a_first_word_takes_the_place_of_the_silence_in_the_pipe_at_once(
    line: Line, switch: Switch, diary: Diary
) -> None:
    serve(line)
    line.begin(1)
    line.write(1, ramp(2.5))
    assert switch.take(2) == ramp(2), "no tick was needed"
    assert diary.told == []
    serve(line)
    assert diary.names() == ["began"], "which the clock's thread tells"
    line.write(1, ramp(1.5, 1400))
    assert switch.take(9)[: 2 * FRAME] == ramp(2, 1320)


def test_the_start_up_buffer_holds_a_reply_back_and_nothing_else_does(make_line: MakeLine) -> None:
    line = make_line(startup_ms=60)
    switch = Switch(line)
    serve(line)
    line.begin(1)
    line.write(1, ramp(2.5))
    assert switch.take() == SILENCE
    line.write(1, ramp(0.5, 1400))
    assert switch.take(3) == ramp(3)
    line.end(1)
    switch.hang_up()


def test_no_more_than_the_depth_is_in_the_pipe(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(50))
    serve(line, 10)
    assert switch.take(50) == ramp(4)


def test_a_reply_is_heard_whole_with_its_beginning_and_its_end_told(line: Line, switch: Switch, diary: Diary) -> None:
    serve(line)
    assert switch.take() == SILENCE
    line.begin(1)
    line.write(1, ramp(1.5))
    line.write(1, ramp(1.5, 1240))
    line.end(1)
    assert hear(line, switch, 7) == ramp(3) + SILENCE * 4
    assert diary.names() == ["began", "drained"]
    assert diary.told[1] == ("drained", 1, False)
    assert (line.counters.reply_frames, line.counters.underruns) == (3, 0)


def test_a_reply_has_drained_when_the_switch_has_taken_it_and_not_when_it_was_written(
    line: Line, switch: Switch, diary: Diary
) -> None:
    line.begin(1)
    line.write(1, ramp(2))
    line.end(1)
    serve(line, 5)
    assert diary.names() == ["began"], "both frames are still in the pipe"
    switch.take()
    serve(line)
    assert diary.names() == ["began"], "one is"
    switch.take()
    serve(line, 2)
    assert diary.names() == ["began", "drained"]


def test_the_clock_comes_when_a_reply_should_have_drained(make_line: MakeLine, diary: Diary) -> None:
    clock = ByHand()
    line = make_line(depth_frames=10, clock=clock)
    switch = Switch(line)
    line.begin(1)
    line.write(1, ramp(2))
    line.end(1)
    told = []
    for _ in range(6):
        line.serve(clock.now())
        told.append(diary.names())
        clock.at += 0.02
        switch.take()
    assert told == [["began"]] * 2 + [["began", "drained"]] * 4
    switch.hang_up()


@pytest.mark.parametrize("audio", [b"", SILENCE * 2])
def test_a_reply_without_sound_drains_as_empty_and_never_begins(
    line: Line, switch: Switch, diary: Diary, audio: bytes
) -> None:
    line.begin(1)
    line.write(1, audio)
    line.end(1)
    hear(line, switch, 6)
    assert diary.told == [("drained", 1, True)]


def test_a_reply_begins_when_its_first_frame_that_sounds_will_be_taken(make_line: MakeLine, diary: Diary) -> None:
    clock = ByHand()
    line = make_line(depth_frames=10, clock=clock)
    switch = Switch(line)
    line.serve(clock.now())
    line.begin(1)
    line.write(1, SILENCE * 3 + ramp(2))
    line.serve(clock.now())
    assert diary.told == [("began", 1, pytest.approx(clock.at + 0.06))]
    switch.hang_up()


def test_silence_takes_effect_with_the_next_frame_and_nothing_more_is_told(
    line: Line, switch: Switch, diary: Diary
) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    serve(line)
    assert switch.take() == ramp(1)
    line.silence(1)
    assert not line.write(1, ramp(5))
    assert hear(line, switch, 4) == SILENCE * 4
    assert diary.names() == ["began"]
    assert line.counters.reply_frames == 1


def test_heard_is_what_the_switch_took_to_the_frame(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    serve(line)
    assert (line.heard_ms(1), line.waiting_ms()) == (0, 200)
    switch.take()
    assert (line.heard_ms(1), line.waiting_ms()) == (20, 180)
    serve(line)
    assert line.heard_ms(1) == 20
    switch.take()
    line.silence(1)
    assert (line.heard_ms(1), line.waiting_ms()) == (40, 0), "what was in the pipe was taken back"


def test_a_frame_that_the_switch_takes_while_a_reply_is_silenced_was_heard(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    serve(line)
    writer = line._speaking._writer
    take_back = writer.take_back
    with patch.object(writer, "take_back", lambda: (switch.take(), take_back())[1]):
        line.silence(1)
    assert line.heard_ms(1) == 20
    assert switch.take(9) == SILENCE * 4


def test_what_can_not_be_taken_back_is_heard_to_its_end(
    line: Line, switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    serve(line)
    full = patch("firstword.syscalls.open_pipe", side_effect=OSError(errno.EMFILE, "Too many open files"))
    with full:
        line.silence(1)
    assert "can not be taken back: Too many open files" in caplog.text
    assert hear(line, switch, 6) == ramp(4) + SILENCE * 2
    assert line.heard_ms(1) == 80


def test_heard_stays_known_when_the_next_reply_is_under_way(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(2.5))
    line.end(1)
    hear(line, switch, 5)
    assert line.heard_ms(1) == 50
    line.begin(2)
    assert (line.heard_ms(1), line.heard_ms(2), line.heard_ms(3)) == (50, 0, 0)


def test_after_a_hang_up_what_lies_in_the_pipe_was_not_heard(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    serve(line)
    switch.take()
    switch.hang_up()
    serve(line)
    line.silence(1)
    assert line.heard_ms(1) == 20
    line.close()
    assert line.heard_ms(1) == 20


def test_a_gap_in_a_reply_is_filled_with_silence_and_counted(line: Line, switch: Switch) -> None:
    line.begin(1)
    line.write(1, ramp(2))
    heard = hear(line, switch, 4)
    line.write(1, ramp(1, 1320))
    line.end(1)
    assert heard + hear(line, switch, 4) == ramp(2) + SILENCE * 2 + ramp(1, 1320) + SILENCE * 3
    assert line.counters.underruns == 1


def test_audio_that_comes_before_the_pipe_is_empty_is_no_gap_whatever_silence_waited_behind(
    make_line: MakeLine, diary: Diary
) -> None:
    line = make_line(startup_ms=60, depth_frames=10)
    switch = Switch(line)
    line.begin(1)
    line.write(1, ramp(3))
    heard = hear(line, switch, 2)
    line.write(1, ramp(1, 1480))
    heard += hear(line, switch, 1)
    line.write(1, ramp(1.5, 1640))
    line.end(1)
    assert heard + hear(line, switch, 4) == ramp(5.5) + bytes(FRAME // 2) + SILENCE
    assert line.counters.underruns == 0
    assert diary.names() == ["began", "drained"], "once each"
    switch.hang_up()


def test_a_pipe_that_is_found_empty_is_counted_and_no_burst_makes_up_for_it(line: Line, switch: Switch) -> None:
    serve(line)
    switch.take(3)
    serve(line)
    assert line.counters.late == 0
    switch.take(4)
    serve(line)
    assert line.counters.late == 1
    assert switch.take(9) == SILENCE * 4


def test_the_next_reply_silences_the_one_before(line: Line, switch: Switch, diary: Diary) -> None:
    line.begin(1)
    line.write(1, ramp(10))
    serve(line)
    heard = switch.take()
    line.begin(2)
    assert not line.write(1, ramp(1))
    line.end(1)
    line.silence(1)
    line.write(2, ramp(1, 5000))
    line.end(2)
    heard += hear(line, switch, 3)
    assert heard == ramp(1) + ramp(1, 5000) + SILENCE * 2
    assert [entry[:2] for entry in diary.told] == [("began", 1), ("began", 2), ("drained", 2)]


def test_the_caller_is_heard_in_whole_samples_and_their_edges_are_told_after_the_audio(
    line: Line, switch: Switch, diary: Diary
) -> None:
    speech = b"\x01\x00" * 160
    for tick, pcm in enumerate([speech[:101], speech[101:] + speech, SILENCE * 3, SILENCE * 4]):
        switch.send(pcm)
        line.serve(1 + tick / 50)
    assert diary.audio == speech * 2 + SILENCE * 7
    assert diary.told == [
        ("edge", CallerStirred(at=pytest.approx(1.0))),
        ("edge", CallerBegan(at=pytest.approx(1.0))),
        ("edge", CallerHushed(last_speech=pytest.approx(1.02))),
        ("edge", CallerPaused(last_speech=pytest.approx(1.02))),
    ]
    assert (line.counters.frames_in, line.counters.dropped_in) == (9, 0)


def test_after_a_stall_the_caller_s_backlog_comes_whole_and_what_the_switch_could_not_write_is_counted(
    line: Line, switch: Switch, diary: Diary
) -> None:
    line.serve(0.0)
    sent = 0
    try:
        while True:
            sent += switch.send(ramp(1))
    except OSError as error:
        assert error.errno == errno.EAGAIN
    line.serve(10.0)
    assert len(diary.audio) == sent == fifo.FULL_BYTES
    assert line.counters.dropped_in == pytest.approx(500 - fifo.FULL_BYTES / 320, abs=1)


def test_a_line_rests_after_a_tick_at_which_a_frame_came(make_line: MakeLine) -> None:
    line = make_line()
    switch = Switch(line)
    for came, rests in ((0, False), (1, True), (0, False), (2, False), (1, True)):
        switch.send(bytes(FRAME * came))
        serve(line)
        assert line.rests is rests, came
    switch.hang_up()
    serve(line)
    assert not line.rests, "a switch that is gone must be noticed"


class Parrot:
    """Takes for an echo whatever was played before."""

    def __init__(self) -> None:
        self.ours: list[tuple[bytes, float]] = []
        self.asked: list[float] = []

    def played(self, pcm: bytes, at: float) -> None:
        self.ours.append((pcm, at))

    def is_echo(self, pcm: bytes, at: float) -> bool:
        assert len(pcm) == FRAME
        self.asked.append(at)
        return pcm != SILENCE and pcm in [frame for frame, _ in self.ours]


def test_our_own_voice_that_comes_back_is_silence_to_the_recogniser_and_no_speech(tmp_path: Path, diary: Diary) -> None:
    clock, echo = ByHand(), Parrot()
    line = Line("call", tmp_path, 8000, Ears(LoudIsSpeech(), 20, 20, 40), 0, 10, diary, clock, echo)  # type: ignore[arg-type]
    switch = Switch(line)
    line.begin(1)
    line.write(1, ramp(6))
    line.end(1)
    line.serve(clock.now())
    heard = []
    for _ in range(4):
        heard.append(switch.take())
        clock.at += 0.02
        switch.send(heard[-1])
        line.serve(clock.now())
    assert diary.audio == SILENCE * 4
    assert diary.names() == ["began"], "and no edge"
    assert [pcm for pcm, _ in echo.ours] == heard, "each is known before it can come back"
    theirs = ramp(1, 9000)
    switch.send(theirs + theirs[:100])
    clock.at += 0.04
    line.serve(clock.now())
    switch.send(theirs[100:])
    line.serve(clock.now())
    assert diary.audio == SILENCE * 4 + theirs * 2
    assert echo.asked[-2:] == [pytest.approx(clock.at), pytest.approx(clock.at)]
    assert "edge" in diary.names()
    line.close()
    switch.hang_up()
