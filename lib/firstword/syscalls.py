"""System calls too short to give up the GIL for.

Python gives up its lock around each os.read, os.write and ioctl. For a call that returns within a microsecond that is a bad bargain
where many threads wait for the lock: one of them takes it, and this thread queues up again. With fifty calls in a process the media
clock needed 50 us for each line, 20 of them its own; with these it needs 20.

So they keep the lock, and are for descriptors that never wait (``O_NONBLOCK``): pipes, eventfds, plain sockets. A kilobyte sent on the
loopback, which runs the receiver's side too, takes some 20 us; with sixty calls a thread that had given the lock up for it waited
200 us to get it back. `give_back` takes milliseconds, and gives it up.
"""

from __future__ import annotations

import ctypes
import errno
import os
import termios

_libc = ctypes.PyDLL(None, use_errno=True)  # PyDLL is the one that keeps the lock
_open, _close, _read, _write, _ioctl = _libc.open, _libc.close, _libc.read, _libc.write, _libc.ioctl
_open.argtypes = (ctypes.c_char_p, ctypes.c_int)
_close.argtypes = (ctypes.c_int,)
_read.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
_write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
_ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)
_read.restype = _write.restype = ctypes.c_ssize_t

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)

Buffer = ctypes.Array[ctypes.c_char]


def buffer(size: int) -> Buffer:
    """Where `read` puts what it gets. For one thread at a time."""
    return (ctypes.c_char * size)()


def open_pipe(path: str) -> int:
    """A reading end of a named pipe, which never waits. Raises OSError. Next: `close`."""
    fd: int = _open(os.fsencode(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        raise _error()
    return fd


def close(fd: int) -> None:
    """Let a descriptor go. Raises OSError."""
    if _close(fd) < 0:
        raise _error()


def read(fd: int, into: Buffer, most: int | None = None) -> bytes | None:
    """What is there, at most `most` bytes or the size of `into`; b"" at the end of the file; None if there is nothing now. Raises
    OSError."""
    got = _read(fd, into, len(into) if most is None else most)
    if got < 0:
        _let_pass()
        return None
    return bytes(memoryview(into)[:got])


def write(fd: int, data: bytes) -> int | None:
    """How many bytes were taken; None if there is no room now. Raises OSError: BrokenPipeError if nobody reads any more."""
    sent = _write(fd, data, len(data))
    if sent < 0:
        _let_pass()
        return None
    return int(sent)


def unread(fd: int) -> int:
    """How many bytes were written to a pipe and not read yet (``FIONREAD``), asked at either end. Raises OSError."""
    count = ctypes.c_int()
    if _ioctl(fd, termios.FIONREAD, ctypes.byref(count)) < 0:
        _let_pass()
    return count.value


def give_back() -> None:
    """Give the memory that was freed back to the system, of all the allocator's arenas. Each of a switch's threads may have one, and what
    calls leave free lies between what they do not: without this a thousand short calls kept 20 MB. Where the C library is not GNU's,
    nothing happens. Takes milliseconds, in which others go on."""
    if _trim is not None:
        _trim(0)


def _let_pass() -> None:
    """Raise the error of the call before, unless it says that there is nothing to do just now."""
    error = _error()
    if error.errno not in (errno.EAGAIN, errno.EINTR):
        raise error


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
