"""The clock on its own thread, with real FIFOs and a switch that blocks as FreeSWITCH does."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firstword import threads
from firstword.audio import line as line_module
from firstword.audio import tone
from firstword.audio.ears import Ears
from firstword.audio.media_clock import Line, MediaClock
from firstword.clock import SYSTEM, Clock
from firstword.errors import HostError

from .conftest import FRAME, Diary, LoudIsSpeech


class BlockingSwitch:
    """Opens the FIFOs as the switch does, and reads a frame every 20 ms by a read that blocks. Ends at the end of the file."""

    def __init__(self, line: Line, caller: bytes = b"") -> None:
        self.heard = b""
        self.gaps_ms: list[float] = []
        self.leave = threading.Event()
        self._line, self._caller = line, caller
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with contextlib.suppress(BrokenPipeError, FileNotFoundError), contextlib.ExitStack() as ends:
            bot = os.open(self._line.bot_path, os.O_RDONLY)
            ends.callback(os.close, bot)
            caller = os.open(self._line.caller_path, os.O_WRONLY)
            ends.callback(os.close, caller)
            self._talk(bot, caller)

    def _talk(self, bot: int, caller: int) -> None:
        due = time.monotonic()
        while not self.leave.is_set():
            before = time.monotonic()
            frame = os.read(bot, FRAME)
            self.gaps_ms.append((time.monotonic() - before) * 1000)
            if not frame:
                break
            self.heard += frame
            if self._caller:
                os.write(caller, self._caller[:FRAME])
                self._caller = self._caller[FRAME:]
            due += 0.02
            time.sleep(max(0.0, due - time.monotonic()))

    def ended(self) -> bool:
        self.thread.join(5)
        return not self.thread.is_alive()


@pytest.fixture
def clock() -> Iterator[MediaClock]:
    made = MediaClock()
    made.start()
    yield made
    made.stop()
    assert made.lines == ()
    assert "media-clock" not in threads.alive()


def open_line(clock: MediaClock, folder: Path, diary: Diary, startup_ms: int = 0) -> Line:
    return clock.open("call", folder, 8000, Ears(LoudIsSpeech(), 40, 40, 100), startup_ms, diary)


def nothing_left(folder: Path) -> bool:
    return not list(folder.iterdir())


def test_what_is_written_in_pieces_is_what_the_switch_plays(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    line = open_line(clock, tmp_path, diary, startup_ms=100)
    switch = BlockingSwitch(line)
    spoken, audio = "你好，hello", tone.speak("你好，hello", 8000, 20)
    line.begin(1)
    for at in range(0, len(audio), 614):
        assert line.write(1, audio[at : at + 614])
    line.end(1)
    assert diary.wait_for("drained") == ("drained", 1, False)
    line.close()
    assert switch.ended()
    assert tone.hear(switch.heard, 8000, 20) == spoken
    assert audio in switch.heard, "without a gap at the pieces' borders"
    assert line.heard_ms(1) == pytest.approx(len(audio) / 16)
    assert nothing_left(tmp_path)


def test_what_the_caller_says_arrives_whole_with_its_edges(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    line = open_line(clock, tmp_path, diary)
    said = tone.speak("ok", 8000, 60)
    switch = BlockingSwitch(line, caller=bytes(1600) + said + bytes(6400))
    began = diary.wait_for("edge")
    deadline = SYSTEM.deadline(5)
    told: list[str] = []
    while "CallerPaused" not in told and not deadline.passed():
        time.sleep(0.01)
        told = [type(entry[1]).__name__ for entry in diary.told]
    assert [name for name in told if name != "CallerHushed"] == ["CallerStirred", "CallerBegan", "CallerPaused"], began
    line.close()
    assert switch.ended()
    assert said in diary.audio


def test_the_first_word_is_handed_over_within_two_ticks(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    line = open_line(clock, tmp_path, diary)
    switch = BlockingSwitch(line)
    waits_ms = []
    while len(switch.heard) < FRAME * 3:
        time.sleep(0.005)
    for reply in range(1, 8):
        line.begin(reply)
        asked = time.monotonic()
        line.write(reply, np.full(160 * 20, 1000, "<i2").tobytes())
        deadline = SYSTEM.deadline(5)
        while len(diary.told) < reply and not deadline.passed():
            time.sleep(0.001)
        at = diary.told[-1][2]
        assert isinstance(at, float)
        waits_ms.append((at - asked) * 1000)
        line.silence(reply)
        time.sleep(0.013)
    line.close()
    assert switch.ended()
    assert sorted(waits_ms)[len(waits_ms) // 2] < 35, waits_ms


def test_the_switch_is_never_kept_waiting_in_a_read(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    line = open_line(clock, tmp_path, diary)
    switch = BlockingSwitch(line)
    time.sleep(0.6)
    line.close()
    assert switch.ended()
    assert len(switch.heard) >= FRAME * 25
    assert np.median(switch.gaps_ms) < 2
    assert line.counters.frames_out * FRAME == len(switch.heard)


def test_a_call_that_hangs_up_before_the_switch_opened_leaves_nothing(
    clock: MediaClock, tmp_path: Path, diary: Diary
) -> None:
    line = open_line(clock, tmp_path, diary)
    line.begin(1)
    line.write(1, b"\x01\x02" * 1000)
    time.sleep(0.03)
    line.close()
    assert nothing_left(tmp_path)
    assert diary.told == []


def test_a_switch_that_leaves_in_the_middle_is_no_trouble(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    line, other_diary = open_line(clock, tmp_path, diary), Diary()
    other = open_line(clock, tmp_path, other_diary)
    switch, stays = BlockingSwitch(line), BlockingSwitch(other)
    line.begin(1)
    line.write(1, b"\x01\x02" * 16000)
    diary.wait_for("began")
    switch.leave.set()
    assert switch.ended()
    before = len(stays.heard)
    time.sleep(0.1)
    assert len(stays.heard) > before, "the other call goes on"
    line.close()
    assert diary.names() == ["began"]
    other.close()
    assert stays.ended()


def test_one_call_s_fault_ends_that_call_only(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    diary.fail_on = "audio"
    healthy = Diary()
    broken, sound = open_line(clock, tmp_path, diary), open_line(clock, tmp_path, healthy)
    one, two = BlockingSwitch(broken, caller=bytes(3200)), BlockingSwitch(sound, caller=bytes(3200))
    assert "can not bear audio" in str(diary.wait_for("broke")[1])
    assert one.ended(), "its switch is freed"
    sound.begin(1)
    sound.write(1, b"\x01\x02" * 1600)
    sound.end(1)
    healthy.wait_for("drained")
    assert clock.alive(SYSTEM.now())
    assert clock.broken == 1
    for line in (broken, sound):
        line.close()
    assert two.ended()
    assert nothing_left(tmp_path)


def test_when_the_clock_is_stopped_every_switch_is_freed_and_every_call_told(tmp_path: Path, diary: Diary) -> None:
    clock = MediaClock()
    clock.start()
    line, unopened = open_line(clock, tmp_path, diary), open_line(clock, tmp_path, second := Diary())
    switch = BlockingSwitch(line)
    while not switch.heard:
        time.sleep(0.005)
    clock.stop()
    assert switch.ended()
    assert [diary.told, second.told] == [[("broke", "the media clock has stopped")]] * 2
    assert not clock.alive(SYSTEM.now())
    with pytest.raises(HostError, match="does not run"):
        open_line(clock, tmp_path, diary)
    for one in (line, unopened):
        one.close()
    assert nothing_left(tmp_path)


def test_when_the_clock_dies_of_its_own_fault_every_switch_is_freed_too(
    tmp_path: Path, diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    clock = MediaClock()
    clock.start()
    line = open_line(clock, tmp_path, diary)
    switch = BlockingSwitch(line)
    while not switch.heard:
        time.sleep(0.005)

    def broken(late_ms: float, skipped: int) -> None:
        raise ZeroDivisionError("a fault of the clock's own")

    clock._meter.add = broken  # type: ignore[method-assign]
    diary.wait_for("broke")
    assert switch.ended()
    assert "a fault of the clock's own" in caplog.text
    late = Diary()
    with pytest.raises(HostError, match="does not run"):
        open_line(clock, tmp_path, late)
    line.close()
    clock.stop()
    assert nothing_left(tmp_path)


def test_a_switch_still_in_open_when_the_clock_dies_is_freed(tmp_path: Path, diary: Diary) -> None:
    clock = MediaClock()
    clock.start()
    line = open_line(clock, tmp_path, diary)
    slow = threading.Event()
    line.serve = lambda now: slow.wait(5)  # type: ignore[method-assign,assignment]
    time.sleep(0.02)
    switch = BlockingSwitch(line)
    time.sleep(0.05)
    clock._stopping = True
    slow.set()
    assert switch.ended()
    clock.stop()
    line.close()


def test_a_clock_that_hangs_is_noticed_and_the_call_rescues_its_switch(
    tmp_path: Path, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firstword.audio.media_clock.STUCK_S", 0.1)
    clock = MediaClock()
    clock.start()
    line = open_line(clock, tmp_path, diary)
    hang = threading.Event()
    diary.caller_audio = lambda pcm: bool(hang.wait(10))  # type: ignore[method-assign,assignment]
    switch = BlockingSwitch(line, caller=bytes(FRAME * 1000))
    deadline = SYSTEM.deadline(5)
    while clock.alive(SYSTEM.now()) and not deadline.passed():
        time.sleep(0.01)
    assert not clock.alive(SYSTEM.now())
    with pytest.raises(HostError, match="does not run"):
        open_line(clock, tmp_path, diary)
    line.rescue()
    assert switch.thread.is_alive() is False or switch.ended()
    line.close(seconds=0.05)
    hang.set()
    clock.stop()
    assert nothing_left(tmp_path)


def test_a_late_tick_does_not_move_the_ones_after_it_and_missed_ones_are_left_out() -> None:
    class Script(Clock):
        at = 100.0

        def now(self) -> float:
            return self.at

    script = Script()
    clock = MediaClock(script, tick_ms=10)
    due = 100.0
    dues = []
    for late_ms in (0, 3, 0, 25, 0, 0, 400):
        script.at = due + late_ms / 1000
        due = clock._tick(due)
        dues.append(round((due - 100) * 1000))
    assert dues == [10, 20, 30, 60, 70, 80, 490]
    assert (clock.lateness.ticks, clock.lateness.skipped, round(clock.lateness.max_ms)) == (7, 42, 400)


def test_ticks_come_on_time(clock: MediaClock) -> None:
    time.sleep(0.5)
    lateness = clock.lateness
    assert 30 <= lateness.ticks + lateness.skipped <= 55
    assert lateness.p50_ms < 5


def test_a_clock_is_started_once(clock: MediaClock) -> None:
    with pytest.raises(HostError, match="started before"):
        clock.start()
    clock.stop()
    clock.stop()
    never = MediaClock()
    assert not never.alive(SYSTEM.now())
    never.stop()


def test_two_calls_of_one_name_get_fifos_of_their_own(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    lines = [open_line(clock, tmp_path, diary) for _ in range(2)]
    assert len({path for line in lines for path in (line.caller_path, line.bot_path)}) == 4
    assert clock.lines == tuple(lines)
    for line in lines:
        line.close()
    assert clock.lines == ()


def test_ears_for_another_rate_are_refused(clock: MediaClock, tmp_path: Path, diary: Diary) -> None:
    with pytest.raises(ValueError, match="8000 samples a second on a line of 16000"):
        clock.open("call", tmp_path, 16000, Ears(LoudIsSpeech()), 0, diary)


def test_thirty_calls_come_and_go_and_nothing_is_left(clock: MediaClock, tmp_path: Path) -> None:
    diaries = [Diary() for _ in range(30)]
    lines = [open_line(clock, tmp_path, diary) for diary in diaries]
    switches = [BlockingSwitch(line) for line in lines]
    for line in lines:
        line.begin(1)
        line.write(1, b"\x01\x02" * 1600)
        line.end(1)
    for diary in diaries:
        diary.wait_for("drained")
    for line in lines:
        line.close()
    assert all(switch.ended() for switch in switches)
    assert nothing_left(tmp_path)
    assert line_module.GONE_S >= 1, "or a hang-up would be taken for a fault"


class Resting:
    """A line that wants to rest after each tick."""

    def __init__(self) -> None:
        self.rests = False
        self.served = 0

    def serve(self, now: float) -> bool:
        self.served += 1
        self.rests = True
        return True


def test_a_line_that_rests_is_passed_over_for_one_tick_but_not_by_a_clock_that_is_late() -> None:
    clock, line = MediaClock(), Resting()
    clock._lines = (line,)  # type: ignore[assignment]
    served = []
    for late_s in (0.0, 0.0, 0.0, 0.008, 0.0, 0.0):
        clock._tick(SYSTEM.now() - late_s)
        served.append(line.served)
    assert served == [1, 1, 2, 3, 3, 4]
