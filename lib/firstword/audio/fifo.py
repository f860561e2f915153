"""The two ends of a call's named pipes.

The switch opens the other ends, and its open waits until ours is there; so a `Reader` opens at once, and a `Writer` as soon as the switch
reads. Both never wait. An end has exactly one owner, which closes it; closing is idempotent, and a closed descriptor is
never touched again: a number closed twice may by then belong to another call.

Unlinking the name is the maker's, whatever happened to the ends.
"""

from __future__ import annotations

import errno
import logging
import os
from enum import Enum
from pathlib import Path

from .. import syscalls
from ..errors import HostError

log = logging.getLogger("firstword.audio")

READ_BYTES = 65536
"""The whole of a default pipe."""
FULL_BYTES = 16 * 3840
"""What a default pipe holds of 20 ms frames: twelve of 320 bytes in each of its sixteen pages, 3.8 s of 8 kHz audio."""
PAGE_BYTES = 4096
"""Read at once: a quarter of a second, more than comes between two ticks of a clock that is on time."""


def make(path: Path) -> None:
    """Make a FIFO that only this user can open. A name left over by a call that died is replaced. Raises HostError."""
    try:
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
    except OSError as error:
        raise HostError(f"cannot make the FIFO {path}: {error.strerror}; the folder must exist and be ours") from error


def unlink(path: Path) -> None:
    """Remove the name. One that is gone is fine; a folder that went read-only raises HostError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise HostError(f"cannot remove the FIFO {path}: {error.strerror}") from error


class State(Enum):
    """Where an end is in its life. They only go down this list."""

    WAITING = "waiting"
    """The other side has not come yet."""
    OPEN = "open"
    GONE = "gone"
    """The other side was there and has closed."""
    CLOSED = "closed"
    """We closed."""


class Reader:
    """Our reading end of what the switch writes. Opened by the constructor, which raises HostError.

    One thread at a time.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise HostError(f"cannot read the FIFO {path}: {error.strerror}") from error
        self._page = syscalls.buffer(PAGE_BYTES)
        self.state = State.WAITING

    def read(self) -> bytes:
        """Everything that is there, up to `READ_BYTES`; nothing is ``b""``.

        An end of file counts as GONE only after audio has come: before that it is a switch that has not opened yet.
        """
        if self.state in (State.GONE, State.CLOSED):
            return b""
        data = syscalls.read(self._fd, self._page)
        if data is None:
            self.state = State.OPEN  # somebody holds the other end
            return b""
        if data:
            self.state = State.OPEN
        elif self.state is State.OPEN:
            self.state = State.GONE
        return data if len(data) < PAGE_BYTES else self._read_on(data)

    def _read_on(self, data: bytes) -> bytes:
        """The rest of what has piled up during a stall, behind `data`."""
        while len(data) < READ_BYTES and (more := syscalls.read(self._fd, self._page)):
            data += more
        return data

    def close(self) -> None:
        """Let the descriptor go. Idempotent."""
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            os.close(self._fd)


class Writer:
    """Our writing end of what the switch reads.

    One thread at a time. Next: `open` until it returns True, then `write`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self.state = State.WAITING

    def open(self) -> bool:
        """Try once. Returns whether the end is open; not as long as nobody reads. Raises HostError if the FIFO is gone."""
        if self.state is not State.WAITING:
            return self.state is State.OPEN
        try:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return False
            raise HostError(f"cannot write the FIFO {self._path}: {error.strerror}") from error
        self.state = State.OPEN
        return True

    def write(self, pcm: bytes) -> int:
        """Write without waiting. Returns how many bytes the pipe took, 0 if it is full or the reader is gone (see `state`)."""
        if self.state is not State.OPEN:
            return 0
        try:
            return syscalls.write(self._fd, pcm) or 0
        except BrokenPipeError:
            self.state = State.GONE
            return 0

    def waiting_bytes(self) -> int:
        """What the switch has not taken yet, and will never take once it is GONE. 0 without a descriptor."""
        return syscalls.unread(self._fd) if self.state in (State.OPEN, State.GONE) else 0

    def take_back(self) -> int | None:
        """Read back what the switch has not taken. Returns how many bytes that was; None if there is no descriptor to do it with.

        A read of a pipe is one step, so a frame is either the switch's or ours. The reading end is open for this moment only: a pipe
        that we could read ourselves would not tell us (EPIPE) that the switch has left. It is opened by way of the writing end, for the
        name may be gone.
        """
        if self.state not in (State.OPEN, State.GONE):
            return 0
        try:
            fd = syscalls.open_pipe(f"/proc/self/fd/{self._fd}")
        except OSError as error:
            log.warning("what waits in %s can not be taken back: %s", self._path.name, error.strerror)
            return None
        try:
            page, taken = syscalls.buffer(PAGE_BYTES), 0
            while data := syscalls.read(fd, page):
                taken += len(data)
            return taken
        finally:
            syscalls.close(fd)

    def close(self) -> None:
        """Let the descriptor go: the reader sees the end. Idempotent."""
        was, self.state = self.state, State.CLOSED
        if was in (State.OPEN, State.GONE):
            os.close(self._fd)
