"""The simulated media bugs hurt where the real ones do: displace and record, and the FIFOs between."""

from __future__ import annotations

import os
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firstword import threads
from firstword.audio import tone
from firstword.clock import SYSTEM, Clock
from firstword.sim.switch import SimCall, SimSwitch

from .conftest import MakeSwitch, finish, until

FRAME = 320
FIVE = {
    "RECORD_READ_ONLY": "true",
    "RECORD_MIN_SEC": "0",
    "RECORD_USE_THREAD": "false",
    "RECORD_PRE_BUFFER_FRAMES": "1",
    "enable_file_write_buffering": "false",
}
MEDIA = """
    def handler(session, args):
        session.answer()
        for action in args.split(";"):
            application, _, data = action.partition(" ")
            session.execute(application, data)
        session.streamFile("silence_stream://-1")
        session.setVariable("returned", "yes")
"""


class Reader:
    """The reading end of a FIFO that is recorded into, on a thread, with the time of each piece."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.audio = bytearray()
        self.times: list[tuple[float, int]] = []
        self.ended = threading.Event()
        self.paused = threading.Event()
        self._stop = threading.Event()
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._thread = threads.spawn("reader", self._run, "test")

    def _run(self) -> None:
        while not self._stop.wait(0.002):
            if self.paused.is_set():
                continue
            try:
                chunk = os.read(self._fd, 1 << 20)
            except BlockingIOError:
                continue
            if chunk:
                self.times.append((SYSTEM.now(), len(chunk)))
                self.audio += chunk
            elif self.times:
                self.ended.set()
                return

    def close(self) -> None:
        self._stop.set()
        threads.join([self._thread], 2.0)
        os.close(self._fd)


@pytest.fixture
def reader(tmp_path: Path, nothing_left: None) -> Iterator[Reader]:
    made = Reader(tmp_path / "in.r8")
    yield made
    made.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    path = tmp_path / "out.r8"
    os.mkfifo(path)
    return path


def start(switch: SimSwitch, *actions: str) -> SimCall:
    return switch.call(f"bot {';'.join(actions)}")


def with_variables(path: Path, **changes: str | None) -> list[str]:
    """The actions that record into `path` with the five variables, some of them changed or left out."""
    variables = {name: value for name, value in {**FIVE, **changes}.items() if value is not None}
    return [*(f"set {name}={value}" for name, value in variables.items()), f"record_session {path}"]


def write(path: Path, *, hold: bool = False) -> int:
    """The writing end of the FIFO that is displaced, once the switch has opened it."""
    fds: list[int] = []

    def opened() -> bool:
        try:
            fds.append(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    until(opened)
    os.set_blocking(fds[0], True)
    return fds[0]


def loud_frames(call: SimCall) -> int:
    audio = np.frombuffer(call.line.heard(), "<i2").reshape(-1, FRAME // 2)
    return int((np.abs(audio.astype(np.int32)).max(axis=1) > 1000).sum())


# -- record --------------------------------------------------------------------------------------------------------------


def first_piece(call: SimCall, reader: Reader) -> tuple[float, int]:
    """Seconds of the call's clock from the first frame to the first bytes in the FIFO, and how many came."""
    until(lambda: reader.times)
    return call.channel.clock.now() - call.line.arrivals[0], reader.times[0][1]


def test_with_its_five_variables_a_recording_comes_frame_by_frame(make_switch: MakeSwitch, reader: Reader) -> None:
    call = start(make_switch(MEDIA), *with_variables(reader.path))
    call.line.say(tone.speak("hello", 8000))
    delay, size = first_piece(call, reader)
    until(lambda: len(reader.audio) > 25 * FRAME)
    finish(call)
    assert delay < 0.08
    assert size <= 3 * FRAME
    assert tone.hear(bytes(reader.audio), 8000) == "hello"


def test_without_unbuffered_writing_a_recording_comes_four_seconds_late(
    make_switch: MakeSwitch, reader: Reader
) -> None:
    switch = make_switch(MEDIA, clock=Clock(speed=4))
    call = start(switch, *with_variables(reader.path, enable_file_write_buffering=None))
    delay, size = first_piece(call, reader)
    finish(call)
    assert size == 65536
    assert 3.9 < delay < 4.6, "64 KiB of 8 kHz audio last 4.1 s"


def test_without_its_pre_buffer_variable_the_first_half_second_comes_at_once(
    make_switch: MakeSwitch, reader: Reader
) -> None:
    call = start(make_switch(MEDIA), *with_variables(reader.path, RECORD_PRE_BUFFER_FRAMES=None))
    delay, size = first_piece(call, reader)
    finish(call)
    assert size == 25 * FRAME
    assert 0.4 < delay < 0.8


@pytest.mark.parametrize(("read_only", "heard"), [("true", ""), (None, "bot")])
def test_without_read_only_the_recording_hears_the_bot_too(
    make_switch: MakeSwitch, reader: Reader, out: Path, read_only: str | None, heard: str
) -> None:
    actions = [f"displace_session {out} m", *with_variables(reader.path, RECORD_READ_ONLY=read_only)]
    call = start(make_switch(MEDIA), *actions)
    end = write(out)
    os.write(end, tone.speak("bot", 8000))
    os.close(end)
    until(lambda: call.line.frames > 35)
    finish(call)
    until(lambda: len(reader.audio) >= 35 * FRAME)
    assert tone.hear(bytes(reader.audio), 8000) == heard


@pytest.mark.parametrize(("flags", "heard"), [("m", ""), ("mf", "bot")])
def test_a_recording_that_was_there_first_hears_the_bot_only_if_displace_goes_before_it(
    make_switch: MakeSwitch, reader: Reader, out: Path, flags: str, heard: str
) -> None:
    actions = [*with_variables(reader.path, RECORD_READ_ONLY=None), f"displace_session {out} {flags}"]
    call = start(make_switch(MEDIA), *actions)
    end = write(out)
    os.write(end, tone.speak("bot", 8000))
    os.close(end)
    until(lambda: call.line.frames > 35)
    finish(call)
    until(lambda: len(reader.audio) >= 35 * FRAME)
    assert tone.hear(bytes(reader.audio), 8000) == heard


def test_without_min_sec_a_short_recording_is_removed_fifo_or_not(make_switch: MakeSwitch, reader: Reader) -> None:
    call = start(make_switch(MEDIA), *with_variables(reader.path, RECORD_MIN_SEC=None))
    until(lambda: call.line.frames > 3)
    finish(call)
    assert not reader.path.exists()
    assert call.channel.variables["RECORD_DISCARDED"] == "true"


def test_a_reader_that_stands_still_stops_the_channel_when_the_pipe_is_full(
    make_switch: MakeSwitch, reader: Reader
) -> None:
    reader.paused.set()
    call = start(make_switch(MEDIA), *with_variables(reader.path))
    until(lambda: call.line.frames)
    shrink(reader)
    until(lambda: call.channel.waiting_for == str(reader.path) and stands_still(call))
    reader.paused.clear()
    stuck = call.line.frames
    until(lambda: call.line.frames > stuck + 3)
    finish(call)


def test_with_a_thread_that_writes_it_does_not(make_switch: MakeSwitch, reader: Reader) -> None:
    reader.paused.set()
    call = start(make_switch(MEDIA), *with_variables(reader.path, RECORD_USE_THREAD=None))
    until(lambda: call.line.frames)
    shrink(reader)
    until(lambda: call.line.frames > 2 * 4096 // FRAME)
    reader.paused.clear()
    finish(call)


def stands_still(call: SimCall) -> bool:
    before = call.line.frames
    time.sleep(0.1)
    return call.line.frames == before


def shrink(reader: Reader) -> None:
    import fcntl

    fcntl.fcntl(reader._fd, 1031, 4096)  # F_SETPIPE_SZ


def test_the_fifo_gets_its_end_only_after_handler_has_returned(make_switch: MakeSwitch, reader: Reader) -> None:
    switch = make_switch(
        """
        import time
        def handler(session, args):
            session.answer()
            for action in args.split(";"):
                application, _, data = action.partition(" ")
                session.execute(application, data)
            session.streamFile("silence_stream://-1")
            session.execute("stop_record_session", "all")
            time.sleep(0.3)
        """
    )
    call = start(switch, *with_variables(reader.path))
    until(lambda: reader.times)
    call.hang_up()
    assert not reader.ended.wait(0.2)
    assert call.wait(5)
    assert reader.ended.wait(2)
    assert any("zombie_exec" in line for _, line in switch.log)


def test_a_reader_that_goes_away_ends_the_recording_and_not_the_call(make_switch: MakeSwitch, tmp_path: Path) -> None:
    path = tmp_path / "in.r8"
    os.mkfifo(path)
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    call = start(make_switch(MEDIA), *with_variables(path))
    until(lambda: call.line.frames > 2)
    os.close(fd)
    until(lambda: call.channel.bugs == [])
    frames = call.line.frames
    until(lambda: call.line.frames > frames + 3)
    finish(call)


# -- displace ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flags", "heard"), [("", ""), ("m", "me")])
def test_displacing_without_m_silences_the_caller_for_recordings_and_with_m_it_does_not(
    make_switch: MakeSwitch, reader: Reader, out: Path, flags: str, heard: str
) -> None:
    call = start(make_switch(MEDIA), f"displace_session {out} {flags}", *with_variables(reader.path))
    call.line.say(tone.speak("me", 8000))
    end = write(out)
    os.write(end, tone.speak("you", 8000) + bytes(20 * FRAME))
    until(lambda: call.line.frames > 25)
    os.close(end)
    finish(call)
    until(lambda: len(reader.audio) >= 25 * FRAME)
    assert tone.hear(call.line.heard(), 8000) == "you", "the call itself sounds fine either way"
    assert tone.hear(bytes(reader.audio), 8000) == heard


def test_a_stereo_recording_started_after_displace_hears_both_sides(
    make_switch: MakeSwitch, out: Path, tmp_path: Path
) -> None:
    path = tmp_path / "both.wav"
    call = start(
        make_switch(MEDIA),
        f"displace_session {out} m",
        "set RECORD_STEREO=true",
        "set RECORD_MIN_SEC=0",
        f"record_session {path}",
    )
    call.line.say(tone.speak("me", 8000))
    end = write(out)
    os.write(end, tone.speak("you", 8000))
    os.close(end)
    until(lambda: call.line.frames > 30)
    finish(call)
    with wave.open(str(path)) as recording:
        both = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").reshape(-1, 2)
    assert [tone.hear(both[:, side].tobytes(), 8000) for side in (0, 1)] == ["me", "you"]


def test_displacing_waits_for_a_writer_and_so_does_everything_behind_it(make_switch: MakeSwitch, out: Path) -> None:
    call = start(make_switch(MEDIA), f"displace_session {out} m")
    time.sleep(0.2)
    assert call.line.frames == 0
    assert call.channel.waiting_for == str(out)
    call.hang_up()
    assert not call.wait(0.2), "nothing ends it but the other end"
    os.close(write(out))
    assert call.wait(5)


def test_the_fifo_is_read_one_frame_a_tick(make_switch: MakeSwitch, out: Path) -> None:
    call = start(make_switch(MEDIA), f"displace_session {out} m")
    end = write(out)
    os.write(end, b"\x00\x40" * (FRAME // 2) * 50)  # a second
    until(lambda: loud_frames(call) == 50)
    last = call.line.frames - 1
    while not any(call.line.heard(last)[:FRAME]):  # the silence after it
        last -= 1
    assert call.line.arrivals[last] - call.line.arrivals[last - 49] >= 0.9, "a second is not swallowed at once"
    os.close(end)
    finish(call)


def test_a_stall_of_the_writer_is_one_gap_without_a_burst_behind_it(make_switch: MakeSwitch, out: Path) -> None:
    call = start(make_switch(MEDIA), f"displace_session {out} m")
    end = write(out)
    for _ in range(10):
        os.write(end, bytes(FRAME))
    until(lambda: call.line.frames == 10)
    time.sleep(0.4)
    for _ in range(20):
        os.write(end, bytes(FRAME))
    until(lambda: call.line.frames == 30)
    os.close(end)
    finish(call)
    times = list(call.line.arrivals)[:30]
    gaps = np.diff(times)
    assert 0.35 < gaps.max() < 0.6
    assert (gaps > 0.2).sum() == 1
    assert times[29] - times[10] > 0.3, "no burst: the frames behind the gap come at their pace"
    assert len(call.line.gaps) >= 1


def test_a_writer_that_closes_ends_displacing_and_silence_goes_on(make_switch: MakeSwitch, out: Path) -> None:
    call = start(make_switch(MEDIA), f"displace_session {out} m")
    end = write(out)
    os.write(end, bytes(FRAME))
    os.close(end)
    until(lambda: call.channel.bugs == [] and call.line.frames > 5)
    with pytest.raises(OSError, match="No such device"):
        os.open(out, os.O_WRONLY | os.O_NONBLOCK)
    finish(call)
    assert call.variables["returned"] == "yes"


def test_a_dead_writer_that_left_its_end_open_hangs_the_channel_for_ever(make_switch: MakeSwitch, out: Path) -> None:
    switch = make_switch(MEDIA)
    call = start(switch, f"displace_session {out} m")
    end = write(out)
    os.write(end, bytes(FRAME))
    until(lambda: call.line.frames == 1 and call.channel.waiting_for)
    call.hang_up()
    assert switch.api(f"uuid_kill {call.uuid}") == "+OK\n"
    assert not call.wait(0.5), "neither the caller's hang-up nor uuid_kill ends it"
    os.close(end)
    assert call.wait(5)


def test_closing_the_switch_frees_a_channel_that_hangs(make_switch: MakeSwitch, out: Path) -> None:
    switch = make_switch(MEDIA)
    opening, reading = start(switch, f"displace_session {out}.other m"), start(switch, f"displace_session {out} m")
    os.mkfifo(f"{out}.other")
    end = write(out)
    until(lambda: reading.line.frames == 0 and reading.channel.waiting_for)
    assert switch.close() == []
    assert opening.done.is_set()
    assert reading.done.is_set()
    os.close(end)


@pytest.mark.parametrize(
    "action", ["record_session {0}/none/in.r8", "displace_session {0}/none m", "displace_session {0}/in.r16 m"]
)
def test_what_the_switch_refuses_is_only_a_line_in_its_log(
    make_switch: MakeSwitch, tmp_path: Path, action: str
) -> None:
    switch = make_switch(MEDIA)
    call = start(switch, action.format(tmp_path))
    until(lambda: call.line.frames)
    assert "<target>" not in switch.api(f"uuid_buglist {call.uuid}")
    finish(call)
    assert [level for level, _ in switch.log] == ["err"]


def test_a_channel_of_16_khz_has_frames_of_640_bytes(make_switch: MakeSwitch, tmp_path: Path) -> None:
    out = tmp_path / "out.r16"
    os.mkfifo(out)
    call = start(make_switch(MEDIA, rate=16000), f"displace_session {out} m")
    end = write(out)
    os.write(end, tone.speak("wide", 16000))
    os.close(end)
    until(lambda: call.line.frames > 20)
    finish(call)
    assert tone.hear(call.line.heard(), 16000) == "wide"


# -- the recording of the line -------------------------------------------------------------------------------------------


def test_the_stereo_file_of_a_line_runs_with_the_clock_across_gaps(
    make_switch: MakeSwitch, out: Path, tmp_path: Path
) -> None:
    call = start(make_switch(MEDIA), f"displace_session {out} m")
    call.line.say(tone.speak("left", 8000))
    end = write(out)
    os.write(end, tone.speak("r", 8000))
    until(lambda: call.channel.waiting_for and call.line.frames == 3)
    time.sleep(0.4)
    os.write(end, tone.speak("right", 8000))
    os.close(end)
    until(lambda: call.line.frames > 30)
    finish(call)
    path = tmp_path / "line.wav"
    call.line.write_wav(path)
    with wave.open(str(path)) as file:
        seconds = file.getnframes() / 8000
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert seconds == pytest.approx(call.line.arrivals[-1] - call.line.arrivals[0] + 0.02, abs=0.08)
    assert tone.hear(both[:, 1].tobytes(), 8000) == "rright"
