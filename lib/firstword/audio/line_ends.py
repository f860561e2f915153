"""The two ends of a line, each with what belongs to it: the ears behind one FIFO, the playout before the other.

Neither is locked: `line.Line` does that.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from ..clock import Clock
from ..errors import HostError
from . import fifo
from .ears import Ears
from .lately import Lately
from .pcm import FRAME_MS, SAMPLE_BYTES, Straddle, frame_bytes
from .playout import Frame, Playout

FRAME_S = FRAME_MS / 1000
EARLY = 0.25
"""Of a frame: the clock comes every whole one, and not to the microsecond."""
TAKEN = 200
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
    """Our end: the playout, the pipe, and what is in the pipe. Under the line's lock.

    The pipe is kept deep, so that the switch finds a frame however late the clock is, and it costs no time, for what is in it can be
    taken back: silence when a reply has something to say, the rest of a reply when it is silenced.

    Args:
        depth_frames: as many frames are in the pipe after each `fill`; the next is due when half of them are left.
        remember: keep what the switch has taken, in `taken`.
    """

    def __init__(
        self, path: Path, rate: int, startup_ms: int, depth_frames: int, clock: Clock, remember: bool = False
    ) -> None:
        fifo.make(path)
        self._writer = fifo.Writer(path)
        self._clock = clock
        self._remember = remember
        self.taken: deque[tuple[bytes, float]] = deque(maxlen=TAKEN)
        """What the switch has taken, and about when; for whoever empties it."""
        self._depth = depth_frames
        self._frame_bytes = frame_bytes(rate)
        self._bytes_per_ms = rate * SAMPLE_BYTES / 1000
        self._silence = Frame(bytes(self._frame_bytes), 0, 0, False)
        self._pipe: deque[Frame] = deque()
        self._told = True  # that the current reply drained, or it was silenced: nothing more to tell
        self._began_at: float | None = None  # when the current reply begins to sound, until it was told
        self._begun = False  # it was told
        self._sent = 0  # where in the current reply the pipe ends, in bytes
        self._furthest = 0  # what the switch had taken of it when it was last held
        self._heard: dict[int, int] = {}  # the same of the replies before it
        self.playout = Playout(rate, startup_ms)
        self.lately = Lately()
        self.frames = 0
        self.reply_frames = 0
        self.last_frame_at = 0.0
        self.late = 0
        self.due = 0.0
        """When the clock must look after the pipe, in its seconds; earlier does no harm."""

    @property
    def state(self) -> fifo.State:
        return self._writer.state

    @property
    def unopened(self) -> bool:
        """Whether the switch has never come."""
        return self._writer.state is fifo.State.WAITING

    # What the call asks for.

    def begin(self, reply: int, held: bool) -> None:
        self._take_back()
        before, heard = self.playout.reply, max(self._furthest, self._sent)
        self.playout.begin(reply, held)
        self._heard[before], self._sent, self._furthest = heard, 0, 0
        if len(self._heard) > REMEMBERED:
            del self._heard[next(iter(self._heard))]
        self._told = self._begun = False
        self._fill()

    def write(self, reply: int, pcm: bytes) -> bool:
        taken = self.playout.write(reply, pcm)
        self._go_on()
        return taken

    def end(self, reply: int) -> None:
        self.playout.end(reply)
        self._go_on()
        self.due = 0.0  # it may have drained already

    def silence(self, reply: int) -> None:
        if reply != self.playout.reply:
            return
        self._take_back()
        self.playout.silence(reply)
        self._told = True
        self._fill()

    def hold(self, reply: int) -> bool:
        if reply != self.playout.reply:
            return False
        self._take_back()
        held = self.playout.hold(reply)
        self._furthest = max(self._furthest, self._sent)
        self._fill()
        return held

    def resume(self, reply: int) -> None:
        self._take_back()
        self._sent -= self.playout.resume(reply)
        self._fill()
        self.due = 0.0

    def prelude(self, reply: int, pcm: bytes) -> bool:
        taken = self.playout.prelude(reply, pcm)
        self._go_on()
        return taken

    def retract(self, reply: int, audio_ms: float) -> float:
        if reply != self.playout.reply:
            return self.heard_ms(reply)
        self._take_back()
        left = round(audio_ms * self._bytes_per_ms / SAMPLE_BYTES) * SAMPLE_BYTES - self._sent
        ends = self._sent + self.playout.retract(reply, left)
        self._fill()
        return ends / self._bytes_per_ms

    def heard_ms(self, reply: int) -> float:
        sent = self._heard.get(reply, 0)
        if reply == self.playout.reply:
            self._look()
            sent = max(self._furthest, self._sent - self._in_pipe())
        return sent / self._bytes_per_ms

    def waiting_ms(self) -> float:
        self._look()
        return self.playout.waiting_ms + self._in_pipe() / self._bytes_per_ms

    # What the clock does.

    def fill(self) -> None:
        """Fill the pipe, with silence where there is nothing to say. Nothing happens before the switch has opened it. Raises HostError if
        the FIFO is gone."""
        if self._writer.open():
            self._fill()

    def look(self) -> None:
        """See what the switch has taken of a reply since the last look: its echo may come 20 ms later."""
        if self._pipe and self._pipe[0] is not self._silence:
            self._look()

    def news(self) -> tuple[float | None, bool]:
        """When the current reply began to sound, once it has; and whether it has drained, once."""
        began, self._began_at = self._began_at, None
        self._begun = self._begun or began is not None
        drained = (
            not self._told and self.playout.over and all(frame.reply != self.playout.reply for frame in self._pipe)
        )
        self._told = self._told or drained
        return began, drained

    def close(self) -> None:
        """What is in the pipe will not be heard."""
        self._take_back()
        self._writer.close()

    # Inside.

    def _fill(self) -> None:
        if self.state is not fifo.State.OPEN:
            return
        self._look()
        room = self._depth - len(self._pipe)
        frames = [self.playout.pull() or self._silence for _ in range(room)]
        written = self._writer.write(b"".join(frame.pcm for frame in frames)) // self._frame_bytes if frames else 0
        self.playout.give_back(frames[written:])  # the reader is gone; the pipe can not be full at this depth
        for frame in frames[:written]:
            if frame.first and not self._begun:
                self._began_at = self._clock.now() + len(self._pipe) * FRAME_S
            self._pipe.append(frame)
            self._sent += frame.own_bytes
        self._plan()

    def _go_on(self) -> None:
        """What may be heard now goes before the silence that waits in the pipe."""
        if self.playout.ready and self._pipe and self._pipe[-1] is self._silence:
            self._take_back()
            self._fill()

    def _plan(self) -> None:
        """When to look again: half of the pipe has been taken then, or the last of a reply that is over, or something is to be told."""
        left = max(1, len(self._pipe) - self._depth // 2)
        if self.playout.over and not self._told:
            own = sum(frame is not self._silence for frame in self._pipe)
            left = min(left, own)
        self.due = 0.0 if self._began_at is not None else self._clock.now() + (left - EARLY) * FRAME_S

    def _look(self) -> None:
        """What the switch has taken since the last look is gone from `_pipe`."""
        waiting = -(-self._writer.waiting_bytes() // self._frame_bytes)
        if not waiting and self._pipe and self.state is fifo.State.OPEN:
            self.late += 1
        self._forget_all_but(waiting)

    def _take_back(self) -> None:
        """Empty the pipe; what was the current reply's waits in the playout again."""
        self._look()
        if not self._pipe or (taken := self._writer.take_back()) is None:
            return
        self._forget_all_but(taken // self._frame_bytes)  # the switch may have taken one since the look
        self._sent -= self._in_pipe()
        if any(frame.first for frame in self._pipe):
            self._began_at = None
        self.playout.give_back(self._pipe)
        self._pipe.clear()

    def _forget_all_but(self, left: int) -> None:
        """All but the latest `left` frames have been taken by the switch, one every 20 ms."""
        now = self._clock.now()
        while len(self._pipe) > left:
            frame = self._pipe.popleft()
            if self._remember:
                self.taken.append((frame.pcm, now - (len(self._pipe) - left) * FRAME_S))
            self.frames += 1
            self.lately.add(frame.pcm, now)
            if frame is self._silence:
                self.playout.ran_dry()
            else:
                self.reply_frames += not frame.prelude
                self.last_frame_at = now

    def _in_pipe(self) -> int:
        """Bytes of the current reply."""
        return sum(frame.own_bytes for frame in self._pipe if frame.reply == self.playout.reply)
