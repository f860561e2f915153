"""The ends of real FIFOs."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

from firstword.audio import fifo
from firstword.audio.fifo import Reader, State, Writer
from firstword.errors import HostError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "call.r8"
    fifo.make(made)
    return made


def test_a_fifo_is_ours_alone_and_replaces_what_a_dead_call_left(path: Path) -> None:
    for _ in range(2):
        fifo.make(path)
        mode = path.stat().st_mode
        assert stat.S_ISFIFO(mode)
        assert stat.S_IMODE(mode) == 0o600


def test_a_folder_that_is_not_there_is_the_host_s_fault(tmp_path: Path) -> None:
    for act in (fifo.make, Reader):
        with pytest.raises(HostError, match="No such file"):
            act(tmp_path / "gone" / "call.r8")


def test_the_name_is_removed_once_or_twice(path: Path) -> None:
    fifo.unlink(path)
    fifo.unlink(path)
    assert not path.exists()


def test_a_reader_waits_for_nobody_and_tells_who_is_there(path: Path) -> None:
    reader = Reader(path)
    assert (reader.read(), reader.state) == (b"", State.WAITING)
    other = os.open(path, os.O_WRONLY)
    assert (reader.read(), reader.state) == (b"", State.OPEN)
    os.write(other, b"abc")
    assert reader.read() == b"abc"
    os.write(other, b"last")
    os.close(other)
    assert (reader.read(), reader.state) == (b"last", State.OPEN)
    assert (reader.read(), reader.state) == (b"", State.GONE)
    reader.close()
    assert (reader.read(), reader.state) == (b"", State.CLOSED)


def test_a_writer_opens_when_somebody_reads_and_not_before(path: Path) -> None:
    writer = Writer(path)
    assert not writer.open()
    assert (writer.write(b"x"), writer.waiting_bytes(), writer.state) == (0, 0, State.WAITING)
    other = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert writer.open()
    assert writer.open()
    assert writer.write(bytes(640)) == 640
    assert writer.waiting_bytes() == 640
    os.read(other, 320)
    assert writer.waiting_bytes() == 320
    os.close(other)
    writer.close()


def test_a_reader_that_leaves_is_a_value(path: Path) -> None:
    writer = Writer(path)
    other = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer.open()
    writer.write(bytes(320))
    os.close(other)
    assert (writer.write(bytes(320)), writer.state) == (0, State.GONE)
    assert writer.waiting_bytes() == 320, "nobody will take it"
    assert not writer.open()
    writer.close()
    assert (writer.state, writer.waiting_bytes()) == (State.CLOSED, 0)


def test_what_nobody_has_taken_yet_can_be_taken_back(path: Path) -> None:
    writer = Writer(path)
    assert writer.take_back() == 0
    other = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer.open()
    writer.write(bytes(640))
    writer.write(bytes(fifo.PAGE_BYTES))
    assert os.read(other, 320) == bytes(320)
    assert writer.take_back() == 320 + fifo.PAGE_BYTES
    assert (writer.take_back(), writer.waiting_bytes()) == (0, 0)
    writer.write(b"\1" * 320)
    assert os.read(other, 640) == b"\1" * 320, "the switch reads on"
    os.close(other)
    assert (writer.write(bytes(320)), writer.state) == (0, State.GONE), "and is missed when it leaves"
    writer.close()
    assert writer.take_back() == 0


def test_what_waits_in_a_fifo_whose_name_is_gone_can_be_taken_back_too(path: Path) -> None:
    writer, reader = Writer(path), Reader(path)
    writer.open()
    writer.write(bytes(320))
    fifo.unlink(path)
    assert writer.take_back() == 320
    writer.close()
    reader.close()


def test_without_a_descriptor_nothing_is_taken_back_and_the_log_says_so(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer, reader = Writer(path), Reader(path)
    writer.open()
    writer.write(bytes(320))
    with patch("firstword.syscalls.open_pipe", side_effect=OSError(errno.EMFILE, "Too many open files")):
        assert writer.take_back() is None
    assert "Too many open files" in caplog.text
    assert writer.waiting_bytes() == 320
    writer.close()
    reader.close()


def test_a_full_pipe_takes_nothing_and_does_not_wait(path: Path) -> None:
    writer, reader = Writer(path), Reader(path)
    writer.open()
    while writer.write(bytes(4096)):
        pass
    assert writer.waiting_bytes() == fifo.READ_BYTES
    assert len(reader.read()) == fifo.READ_BYTES
    writer.close()
    reader.close()


def test_closing_twice_closes_nobody_else_s_descriptor(path: Path) -> None:
    reader, writer = Reader(path), Writer(path)
    writer.open()
    for end in (writer, reader):
        end.close()
    with path.parent.joinpath("other").open("wb") as one, path.parent.joinpath("another").open("wb") as two:
        for end in (writer, reader):
            end.close()
        one.write(b"still open")
        two.write(b"still open")


def test_a_writer_that_never_opened_closes_nothing(path: Path) -> None:
    writer = Writer(path)
    writer.close()
    assert writer.state is State.CLOSED
    assert not writer.open()


def test_a_fifo_whose_name_is_gone_is_the_host_s_fault(path: Path) -> None:
    writer = Writer(path)
    fifo.unlink(path)
    with pytest.raises(HostError, match="No such file"):
        writer.open()


def test_closing_the_writing_end_ends_a_blocked_read(path: Path) -> None:
    got: list[bytes] = []

    def switch() -> None:
        with path.open("rb", buffering=0) as end:
            got.append(end.read(320))

    thread = threading.Thread(target=switch)
    thread.start()
    writer = Writer(path)
    while not writer.open():
        pass
    writer.close()
    thread.join(5)
    assert got == [b""]
