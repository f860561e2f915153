"""How a line ends: by a hang-up, by a fault of its listener, by `close`, by `rescue`; and one that can not begin."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

from firstword.audio.ears import Ears
from firstword.audio.line import GONE_S, Line
from firstword.clock import SYSTEM
from firstword.errors import HostError

from .by_hand import SILENCE, MakeLine, ramp, serve
from .conftest import FRAME, Diary, LoudIsSpeech, Switch


@pytest.mark.parametrize("bearable", ["audio", "edge", "began", "drained"])
def test_a_listener_that_raises_ends_its_own_line_only(
    make_line: MakeLine, diary: Diary, bearable: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = make_line()
    switch = Switch(line)
    diary.fail_on = bearable
    line.begin(1)
    line.write(1, ramp(1))
    line.end(1)
    switch.send(b"\x01\x00" * 480)
    alive = [serve(line) and bool(switch.take()) for _ in range(5)]
    assert not all(alive)
    assert diary.names()[-1] == "broke"
    assert "can not bear" in str(diary.told[-1][1]) and "can not bear" in caplog.text
    assert diary.names().count("broke") == 1
    while switch.take(9) not in (b"", b"(nothing)"):
        pass
    assert switch.take() == b"", "the switch's read ends"
    switch.hang_up()


def test_a_listener_that_can_not_even_hear_that_is_logged(
    line: Line, switch: Switch, diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    diary.fail_on = "broke"
    line.break_off("a test wants it")
    assert "did not want to know" in caplog.text


def test_a_hang_up_is_no_fault_until_the_call_has_had_time_to_close(line: Line, switch: Switch, diary: Diary) -> None:
    line.serve(0.0)
    switch.hang_up()
    for seconds in (0.02, 1.0, GONE_S):
        assert line.serve(seconds)
    assert diary.told == []
    assert not line.serve(GONE_S + 0.1)
    assert diary.names() == ["broke"]


def test_close_ends_both_directions_and_is_idempotent(make_line: MakeLine, diary: Diary) -> None:
    line = make_line()
    switch = Switch(line)
    line.begin(1)
    line.write(1, ramp(4))
    serve(line)
    assert switch.take() == ramp(1)
    line.close()
    line.close()
    assert switch.take() == b"", "what was in the pipe is not heard"
    with pytest.raises(BrokenPipeError):
        switch.send(SILENCE)
    assert not line.write(1, ramp(1))
    line.silence(1)
    line.end(1)
    assert line.serve(1.0), "the clock passes by"
    assert not line.caller_path.exists() and not line.bot_path.exists()
    assert diary.names() == ["began"]
    assert line.heard_ms(1) == 20
    switch.hang_up()


def test_close_waits_for_a_listener_that_is_busy_but_not_for_ever(
    make_line: MakeLine, diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    line = make_line()
    switch = Switch(line)
    busy, go = threading.Event(), threading.Event()

    def stuck(pcm: bytes) -> None:
        busy.set()
        go.wait(10)

    diary.caller_audio = stuck  # type: ignore[method-assign]
    switch.send(SILENCE)
    clock = threading.Thread(target=lambda: line.serve(0.0))
    clock.start()
    busy.wait(5)
    line.close(seconds=0.05)
    assert "did not let go" in caplog.text
    assert not line.bot_path.exists()
    go.set()
    clock.join(5)
    switch.hang_up()


def test_a_listener_may_close_its_line(make_line: MakeLine, diary: Diary) -> None:
    line = make_line()
    switch = Switch(line)
    diary.caller_audio = lambda pcm: line.close()  # type: ignore[method-assign]
    switch.send(b"\x01\x00" * 1600)
    assert line.serve(0.0)
    assert switch.take() == b""
    switch.hang_up()


@pytest.mark.parametrize("way", ["caller", "bot"])
def test_rescue_frees_a_switch_that_waits_in_open(make_line: MakeLine, way: str) -> None:
    line = make_line()
    line._shut()  # nobody serves it: a clock that is stuck
    done: list[object] = []

    def switch() -> None:
        path, mode = (line.caller_path, os.O_WRONLY) if way == "caller" else (line.bot_path, os.O_RDONLY)
        fd = os.open(path, mode)
        done.append("open")
        if way == "bot":
            done.append(os.read(fd, FRAME))
        os.close(fd)

    thread = threading.Thread(target=switch, daemon=True)
    thread.start()
    thread.join(0.1)
    assert thread.is_alive(), "it must be waiting for this test to mean something"
    line.rescue()
    thread.join(5)
    assert done == (["open"] if way == "caller" else ["open", b""])
    with pytest.raises(FileNotFoundError):
        os.open(line.bot_path, os.O_RDONLY)


def test_breaking_off_a_line_that_was_never_opened_frees_the_switch_too(make_line: MakeLine, diary: Diary) -> None:
    line, done = make_line(), threading.Event()

    def switch() -> None:
        with line.bot_path.open("rb", buffering=0) as end:
            assert end.read(FRAME) == b""
        done.set()

    thread = threading.Thread(target=switch, daemon=True)
    thread.start()
    thread.join(0.1)
    line.break_off("the media clock has stopped")
    assert done.wait(5)
    assert diary.told == [("broke", "the media clock has stopped")]


def test_a_folder_that_is_not_there_leaves_nothing_behind(tmp_path: Path, diary: Diary) -> None:
    with pytest.raises(HostError, match="cannot make the FIFO"):
        Line("call", tmp_path / "none", 8000, Ears(LoudIsSpeech()), 0, 4, diary, SYSTEM)


def test_when_the_second_fifo_can_not_be_made_the_first_goes_too(tmp_path: Path, diary: Diary) -> None:
    (tmp_path / "call-bot.r8").mkdir()
    with pytest.raises(HostError, match="call-bot"):
        Line("call", tmp_path, 8000, Ears(LoudIsSpeech()), 0, 4, diary, SYSTEM)
    assert [entry.name for entry in tmp_path.iterdir()] == ["call-bot.r8"]


def test_when_no_descriptor_is_left_the_name_goes_too(tmp_path: Path, diary: Diary) -> None:
    full = patch("firstword.audio.fifo.os.open", side_effect=OSError(errno.EMFILE, "Too many open files"))
    with full, pytest.raises(HostError, match="Too many open files"):
        Line("call", tmp_path, 8000, Ears(LoudIsSpeech()), 0, 4, diary, SYSTEM)
    assert list(tmp_path.iterdir()) == []
