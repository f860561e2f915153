"""The system calls that keep the GIL: what they do where there is nothing, no room, and nobody."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword import syscalls


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe2(os.O_NONBLOCK)
    yield reading, writing
    for fd in (reading, writing):
        try:
            os.close(fd)
        except OSError:
            continue  # the test has closed it


def test_what_was_written_is_read_to_the_byte_zeros_included(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    assert syscalls.write(writing, b"\0one\0two\0") == 9
    assert syscalls.unread(writing) == syscalls.unread(reading) == 9
    buffer = syscalls.buffer(4)
    assert [syscalls.read(reading, buffer) for _ in range(3)] == [b"\0one", b"\0two", b"\0"]
    assert syscalls.unread(writing) == 0


def test_a_read_takes_no_more_than_it_is_asked_to(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    syscalls.write(writing, b"abcdef")
    assert syscalls.read(reading, syscalls.buffer(100), 2) == b"ab"
    assert syscalls.unread(reading) == 4


def test_nothing_there_and_the_end_of_the_file_are_told_apart(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    buffer = syscalls.buffer(8)
    assert syscalls.read(reading, buffer) is None
    os.close(writing)
    assert syscalls.read(reading, buffer) == b""


def test_no_room_is_none_and_a_part_that_fits_is_counted(pipe: tuple[int, int]) -> None:
    _, writing = pipe
    assert syscalls.write(writing, bytes(1 << 20)) == 1 << 16
    assert syscalls.write(writing, b"x") is None


def test_a_writer_whose_reader_is_gone_gets_a_broken_pipe(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        syscalls.write(writing, b"x")


def test_a_descriptor_that_is_none_raises() -> None:
    for call in (
        lambda: syscalls.read(-1, syscalls.buffer(1)),
        lambda: syscalls.write(-1, b"x"),
        lambda: syscalls.unread(-1),
    ):
        with pytest.raises(OSError, match="Bad file descriptor"):
            call()


def test_the_lock_is_kept_while_another_thread_waits_for_it(pipe: tuple[int, int]) -> None:
    """A call that gives it up gets it back at once only until the other thread has woken up: then after a switch interval."""
    _, writing = pipe
    before, stop, others = sys.getswitchinterval(), threading.Event(), [0]

    def count() -> None:
        while not stop.is_set():
            others[0] += 1

    sys.setswitchinterval(1)
    thread = threading.Thread(target=count, daemon=True)
    try:
        thread.start()  # comes back after one interval
        seen = others[0]
        for _ in range(20_000):
            syscalls.unread(writing)
        after = others[0]
    finally:
        sys.setswitchinterval(before)
        stop.set()
        thread.join(10)
    assert after == seen


def test_memory_is_given_back_where_the_allocator_can_and_elsewhere_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(syscalls, "_trim", asked.append)
    syscalls.give_back()
    assert asked == [0]
    monkeypatch.setattr(syscalls, "_trim", None)
    syscalls.give_back()


def test_a_pipe_can_be_opened_once_more_and_a_failure_is_the_system_s_own(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    fd = syscalls.open_pipe(str(tmp_path / "pipe"))
    assert syscalls.read(fd, syscalls.buffer(8)) == b"", "it does not wait for a writer"
    assert not os.get_inheritable(fd)
    syscalls.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        syscalls.close(fd)
    with pytest.raises(FileNotFoundError):
        syscalls.open_pipe(str(tmp_path / "none"))
