"""The two media bugs a call lives on, as FreeSWITCH has them: ``displace_session`` and ``record_session``.

A media bug is called by the thread that drives the channel, once per 20 ms frame. Whatever a bug waits for, the
channel waits for.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
import wave
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from .. import syscalls
from ..threads import join, spawn

FILE_BUFFER_BYTES = 65536
"""``SWITCH_DEFAULT_FILE_BUFFER_LEN``: at 8 kHz the first write comes after 4.1 s, as it was measured."""
PRE_BUFFER_FRAMES = 25
"""What a recording keeps back at its beginning unless RECORD_PRE_BUFFER_FRAMES says otherwise: half a second, then
all at once."""
HALF_PIPE_BYTES = 1 << 15
"""Of a default pipe; frames do not fill its pages to the last byte, so it is full before it holds all of its 64 KiB."""
ROOM_FRAMES = 20
"""What fits into the other half, at 16 kHz and with room to spare: so seldom is looked."""
MIN_SECONDS = 3
"""A recording shorter than this is removed, FIFO or not, unless RECORD_MIN_SEC says otherwise."""

_RATES = {".r8": 8000, ".r16": 16000}


def mix(one: bytes, other: bytes) -> bytes:
    """The sum of two frames, held at full scale."""
    total = np.frombuffer(one, "<i2").astype(np.int32) + np.frombuffer(other, "<i2")
    return bytes(np.clip(total, -32768, 32767).astype("<i2"))


def suffix_rate(path: str) -> int | None:
    """The rate a raw file's suffix stands for, or None for other files."""
    return _RATES.get(Path(path).suffix)


class Bug(Protocol):
    """What the channel needs of a bug. All methods: the session thread."""

    function: str
    target: str

    @property
    def flows(self) -> bool:
        """Whether the next frame surely needs no wait."""

    def frame(self, caller: bytes, bot: bytes) -> bytes | None:
        """One tick: what the caller says and what is about to be sent. Returns what is to be sent instead, or None once the
        bug is over."""

    def close(self) -> None:
        """The bug is removed."""


class Displace:
    """``displace_session PATH [mf]``: plays a file into what is sent, one frame per tick, by a read that blocks.

    Opening blocks too, until the FIFO has a writer. A file at its end (or a FIFO whose writers are gone) ends the
    bug.
    """

    function = "displace"

    def __init__(self, path: str, mixed: bool, frame_bytes: int) -> None:
        self.target = path
        self.mixed = mixed
        self._frame_bytes = frame_bytes
        self._silence = bytes(frame_bytes)
        self._fd = os.open(path, os.O_RDONLY)
        os.set_blocking(self._fd, False)  # `_read` waits, and only if it must
        self._buffer = syscalls.buffer(frame_bytes)
        self._taken = b""  # by `flows`, for the frame that follows at once
        self._readable = select.poll()
        self._readable.register(self._fd, select.POLLIN)

    def frame(self, caller: bytes, bot: bytes) -> bytes | None:
        want = self._frame_bytes
        try:
            audio = self._read(want)
            while 0 < len(audio) < want:  # libsndfile reads on until it has its frame
                more = self._read(want - len(audio))
                if not more:
                    break
                audio += more
        except OSError:
            return None
        if not audio:
            return None
        audio = audio.ljust(want, b"\0")
        return audio if not self.mixed or bot == self._silence else mix(bot, audio)

    @property
    def flows(self) -> bool:
        if not self._taken:
            try:
                self._taken = syscalls.read(self._fd, self._buffer) or b""
            except OSError:  # `frame` will find out
                return False
        return len(self._taken) == self._frame_bytes

    def _read(self, size: int) -> bytes:
        """A read that blocks. What is there is taken without giving up the GIL, which the real switch has nothing to do with."""
        if self._taken:
            taken, self._taken = self._taken, b""
            return taken
        while (audio := syscalls.read(self._fd, self._buffer, size)) is None:
            self._readable.poll()
        return audio

    def close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)


class Record:
    """``record_session PATH``: writes what the caller says (or both sides) to a file or FIFO.

    The channel variables are read once, here; each of them has the effect that was measured. Opening blocks until the
    FIFO has a reader.
    """

    function = "session_record"

    def __init__(self, path: str, rate: int, variables: Mapping[str, str], name: str) -> None:
        self.target = path
        self.discarded = False
        self._stereo = _true(variables.get("RECORD_STEREO", ""))
        self._read_only = _true(variables.get("RECORD_READ_ONLY", ""))
        self._held: deque[bytes] = deque()
        self._hold = _count(variables.get("RECORD_PRE_BUFFER_FRAMES"), PRE_BUFFER_FRAMES)
        self._min_bytes = _count(variables.get("RECORD_MIN_SEC"), MIN_SECONDS) * rate * 2
        self._bytes = 0
        buffer = FILE_BUFFER_BYTES if _true(variables.get("enable_file_write_buffering", "true")) else 0
        threaded = _true(variables.get("RECORD_USE_THREAD", "true"))
        sink: Sink = WavSink(path, rate, 2 if self._stereo else 1) if path.endswith(".wav") else RawSink(path)
        if buffer:
            sink = BufferedSink(sink, buffer)
        self._sink = ThreadedSink(sink, name) if threaded else sink

    @property
    def flows(self) -> bool:
        return type(self._sink) is RawSink and self._sink.has_room

    def frame(self, caller: bytes, bot: bytes) -> bytes | None:
        if self._stereo:
            caller = np.stack((np.frombuffer(caller, "<i2"), np.frombuffer(bot, "<i2")), axis=1).tobytes()
        elif not self._read_only:
            caller = mix(caller, bot)
        if self._hold > 1:
            self._held.append(caller)
            if len(self._held) < self._hold:
                return bot
            caller, self._hold = b"".join(self._held), 0
            self._held.clear()
        self._bytes += len(caller)
        return bot if self._sink.write(caller) else None

    def close(self) -> None:
        if self._held:
            self._sink.write(b"".join(self._held))
            self._held.clear()
        self._sink.close()
        if self._bytes < self._min_bytes:
            self.discarded = True
            with contextlib.suppress(OSError):
                Path(self.target).unlink()


class Sink(Protocol):
    """Where a recording goes."""

    def write(self, audio: bytes) -> bool:
        """Take `audio`. Returns False if it can not be written: the recording is over."""

    def close(self) -> None:
        """No more."""


class RawSink:
    """A raw file or a FIFO. A full pipe blocks the writer, and whoever has closed its reading end gets False for it."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.set_blocking(self._fd, False)  # as in `Displace`: the write still waits, by the poll
        self._is_pipe = stat.S_ISFIFO(os.fstat(self._fd).st_mode)
        self._room = 0  # frames that surely fit
        self._writable = select.poll()
        self._writable.register(self._fd, select.POLLOUT)

    def write(self, audio: bytes) -> bool:
        try:
            while audio:
                sent = syscalls.write(self._fd, audio)
                if sent is None:
                    self._writable.poll()
                else:
                    audio = audio[sent:]
        except OSError:  # EPIPE: Python ignores SIGPIPE, as FreeSWITCH does
            return False
        return True

    @property
    def has_room(self) -> bool:
        """Whether a frame can be written to the pipe at once."""
        if not self._room and self._is_pipe and syscalls.unread(self._fd) <= HALF_PIPE_BYTES:
            self._room = ROOM_FRAMES
        if not self._room:
            return False
        self._room -= 1
        return True

    def close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)


class WavSink:
    """An ordinary recording."""

    def __init__(self, path: str, rate: int, channels: int) -> None:
        self._file = wave.open(path, "wb")  # noqa: SIM115 - closed by close()
        self._file.setnchannels(channels)
        self._file.setsampwidth(2)
        self._file.setframerate(rate)

    def write(self, audio: bytes) -> bool:
        self._file.writeframes(audio)
        return True

    def close(self) -> None:
        self._file.close()


class BufferedSink:
    """The write buffer of ``switch_core_file``: nothing leaves it until it is full or closed."""

    def __init__(self, sink: Sink, size: int) -> None:
        self._sink, self._size, self._kept = sink, size, bytearray()

    def write(self, audio: bytes) -> bool:
        self._kept += audio
        if len(self._kept) < self._size:
            return True
        block = bytes(self._kept[: self._size])
        del self._kept[: self._size]
        return self._sink.write(block)

    def close(self) -> None:
        if self._kept:
            self._sink.write(bytes(self._kept))
            self._kept.clear()
        self._sink.close()


class ThreadedSink:
    """A thread of its own does the writing, as RECORD_USE_THREAD asks for: a slow reader does not hold up the channel."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink = sink
        self._waiting: deque[bytes] = deque()
        self._wake = threading.Condition()
        self._closed = self._failed = False
        self._thread = spawn("record", self._run, name)

    def write(self, audio: bytes) -> bool:
        with self._wake:
            self._waiting.append(audio)
            self._wake.notify()
        return not self._failed

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()
        join([self._thread], 2.0)

    def _run(self) -> None:
        try:
            while True:
                with self._wake:
                    while not self._waiting and not self._closed:
                        self._wake.wait(1.0)
                    if not self._waiting:
                        return
                    audio = self._waiting.popleft()
                if not self._sink.write(audio):
                    self._failed = True
                    return
        finally:
            self._sink.close()


def _true(text: str) -> bool:
    return text.lower() in ("true", "yes", "on", "enable", "enabled", "active", "allow", "t") or (
        text.isdigit() and int(text) > 0
    )


def _count(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
