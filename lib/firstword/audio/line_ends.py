"""The two ends of a line, each with what belongs to it: the ears behind one FIFO, the playout before the other.

Neither is locked: `line.Line` does that.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from ..errors import HostError
from . import fifo
from .ears import Ears
from .lately import Lately
from .pcm import SAMPLE_BYTES, Straddle, frame_bytes
from .playout import Playout

REMEMBERED = 16
"""Replies whose heard position is kept."""


class Hearing:
    """The caller's end. Under the line's lock, but for `ears`, which is the clock thread's."""

    __slots__ = ("_last", "_rate", "_reader", "_whole", "bytes", "dropped_bytes", "ears", "lately")

    def __init__(self, path: Path, ears: Ears) -> None:
        fifo.make(path)
        try:
            self._reader = fifo.Reader(path)
        except HostError:
            fifo.unlink(path)
            raise
        self._whole = Straddle()
        self._rate = ears.rate
        self._last: float | None = None
        self.ears = ears
        self.lately = Lately()
        self.bytes = 0
        self.dropped_bytes = 0

    @property
    def state(self) -> fifo.State:
        return self._reader.state

    def read(self, now: float) -> bytes:
        """All that has come since the last tick, in whole samples."""
        pcm = self._reader.read()
        if len(pcm) >= fifo.FULL_BYTES and self._last is not None:  # the switch was kept waiting, and lost the rest
            due = int((now - self._last) * self._rate) * SAMPLE_BYTES
            self.dropped_bytes += max(0, due - len(pcm))
        self._last = now
        self.bytes += len(pcm)
        whole = self._whole.feed(pcm)
        if whole:
            self.lately.add(whole, now)
        return whole

    def close(self) -> None:
        self._reader.close()


class Speaking:
    """Our end: the playout, the pipe, and who of what is in the pipe belongs to which reply. Under the line's lock."""

    def __init__(self, path: Path, rate: int, startup_ms: int) -> None:
        fifo.make(path)
        self._writer = fifo.Writer(path)
        self._frame_bytes = frame_bytes(rate)
        self._silence = bytes(self._frame_bytes)
        self._bytes_per_ms = rate * SAMPLE_BYTES / 1000
        # For each frame in the pipe: its reply, and how many of its bytes are that one's.
        self._pipe: deque[tuple[int, int]] = deque()
        self._told = True  # that the current reply drained, or it was silenced: nothing more to tell
        self._silenced = False
        self._left = 0  # frames in the pipe after the last tick
        self._sent = 0  # bytes of the current reply that went into the pipe
        self._heard: dict[int, int] = {}  # the same of the replies before it
        self.playout = Playout(rate, startup_ms)
        self.lately = Lately()
        self.frames = 0
        self.reply_frames = 0
        self.last_frame_at = 0.0
        self.late = 0

    @property
    def state(self) -> fifo.State:
        return self._writer.state

    @property
    def unopened(self) -> bool:
        """Whether the switch has never come."""
        return self._writer.state is fifo.State.WAITING

    def begin(self, reply: int) -> None:
        before = self.playout.reply
        self.playout.begin(reply)
        self._heard[before], self._sent = self._sent, 0
        if len(self._heard) > REMEMBERED:
            del self._heard[next(iter(self._heard))]
        self._told = self._silenced = False

    def silence(self, reply: int) -> None:
        if reply == self.playout.reply:
            self.playout.silence(reply)
            self._told = self._silenced = True

    def heard_ms(self, reply: int) -> float:
        if reply != self.playout.reply:
            return self._heard.get(reply, 0) / self._bytes_per_ms
        heard = self._sent
        if not self._silenced or self.state in (fifo.State.GONE, fifo.State.CLOSED):
            heard -= self._in_pipe(reply)
        return heard / self._bytes_per_ms

    def waiting_ms(self) -> float:
        return self.playout.waiting_ms + self._in_pipe(self.playout.reply) / self._bytes_per_ms

    def fill(self, depth_frames: int, idle_frames: int, now: float) -> tuple[bool, bool]:
        """Fill the pipe up to its depth; with silence up to `idle_frames`. Returns whether the current reply began to sound, and whether
        it has drained."""
        if not self._writer.open():
            return False, False
        began = False
        self._look_at_pipe()
        if not self._pipe and self._left > 1:
            self.late += 1
        drained = not self._told and self.playout.over and not self._in_pipe(self.playout.reply)
        while len(self._pipe) < depth_frames:
            frame = self.playout.pull()
            if frame is None and len(self._pipe) >= idle_frames:
                break
            pcm = frame.pcm if frame else self._silence
            if not self._writer.write(pcm):
                break  # the reader is gone; the pipe can not be full at this depth
            self.lately.add(pcm, now)
            self.frames += 1
            self._pipe.append((frame.reply, frame.own_bytes) if frame else (0, 0))
            if frame is not None:
                self.reply_frames += 1
                self.last_frame_at = now
                self._sent += frame.own_bytes
                began = began or frame.first
        self._left = len(self._pipe)
        self._told = self._told or drained
        return began, drained

    def _look_at_pipe(self) -> None:
        if self.state is fifo.State.CLOSED:
            return
        there = -(-self._writer.waiting_bytes() // self._frame_bytes)
        while len(self._pipe) > there:
            self._pipe.popleft()

    def _in_pipe(self, reply: int) -> int:
        self._look_at_pipe()
        return sum(own for owner, own in self._pipe if owner == reply)

    def close(self) -> None:
        self._look_at_pipe()
        if self._writer.state is fifo.State.OPEN:
            self._pipe.clear()  # the switch reads on to the end; if it is gone, what is left here stays unheard
        self._writer.close()
