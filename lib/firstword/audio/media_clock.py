"""The media clock: one thread that serves the two FIFOs of every call, every 10 ms; after a frame came, it passes over one tick.

One thread, because a wake-up costs more than a call's work. It keeps absolute time: a late tick does not move the ones after it,
and ticks that were missed are left out, not made up for. Some frames wait in each pipe to the switch; with nothing to say they are
silence, so that the switch's read never waits, however late the clock.

If the thread ends, by `MediaClock.stop` or by a fault of its own, every end is closed and every call is told: the switch would wait
in a read() for ever. If it hangs, `MediaClock.alive` says so; the calls look, and `Line.rescue` frees the switch.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
from pathlib import Path

from ..clock import SYSTEM, Clock
from ..errors import HostError
from ..threads import join, spawn
from .ears import Ears
from .echo import Echo
from .lateness import Lateness, LatenessMeter
from .line import Counters, Line, LineListener

log = logging.getLogger("firstword.audio")

DEPTH_FRAMES = 10
"""So late may the clock be: 100 ms, of what is left of it when it is filled again."""
STUCK_S = 6.0
"""A clock that has not ticked for so long counts as dead, and its calls end. Longer than any stall a machine causes that serves other
work too: 3.0 s was seen, with a hundred calls and a test suite on two processors, and calls live through that."""


class MediaClock:
    """Serves all lines of the process. Any thread may call any method. Next: `start`, then `open` for each call; `stop` at the end.

    Args:
        tick_ms: how often the lines are served; half a frame, so that a frame taken by the switch is replaced before the next.
        depth_frames: frames of 20 ms put into each pipe, and kept there to the half.
    """

    def __init__(self, clock: Clock = SYSTEM, tick_ms: float = 10, depth_frames: int = DEPTH_FRAMES) -> None:
        self.beat = 0.0
        """When the last tick began."""
        self.broken = 0
        """How many lines a fault has ended."""
        self._clock = clock
        self._tick_s = tick_ms / 1000
        self._depth_frames = depth_frames
        self._meter = LatenessMeter()
        self._lock = threading.Lock()  # the list of lines and the thread
        self._lines: tuple[Line, ...] = ()  # replaced, never changed: the thread walks over it unlocked
        self._numbers = itertools.count(1)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._ended = False

    def start(self) -> None:
        """Begin to tick. Raises HostError if it has been started before: a clock that ended leaves no line behind, so make another."""
        with self._lock:
            if self._thread is not None:
                raise HostError("the media clock was started before")
            self.beat = self._clock.now()
            self._thread = spawn("media-clock", self._run)

    def stop(self, seconds: float = 2.0) -> None:
        """End the thread, waiting at most `seconds`; lines still open break. Idempotent."""
        self._stopping = True
        thread = self._thread
        if thread is not None:
            join([thread], seconds, self._clock)

    def open(
        self,
        call: str,
        folder: Path,
        rate: int,
        ears: Ears,
        startup_ms: int,
        listener: LineListener,
        echo: Echo | None = None,
    ) -> Line:
        """Make a call's FIFOs in `folder` and serve them from here on; `echo` keeps our own voice from coming back as the caller's. Raises
        HostError: no such folder, or the clock does not run."""
        if not self.alive(self._clock.now()):
            raise HostError("the media clock does not run: the process must be restarted")
        if rate != ears.rate:
            raise ValueError(f"ears for {ears.rate} samples a second on a line of {rate}")
        name = f"{call}-{os.getpid()}-{next(self._numbers)}"
        line = Line(name, folder, rate, ears, startup_ms, self._depth_frames, listener, self._clock, echo)
        line.on_close = self._forget
        with self._lock:
            ended = self._ended
            if not ended:
                self._lines = (*self._lines, line)
        if ended:
            line.close()
            raise HostError("the media clock ended just now: the process must be restarted")
        return line

    def alive(self, now: float) -> bool:
        """Whether it ticks: the thread runs and has begun a tick within `STUCK_S`."""
        thread = self._thread
        return thread is not None and thread.is_alive() and now - self.beat < STUCK_S * max(1.0, self._clock.speed)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are open."""
        return self._lines

    @property
    def lateness(self) -> Lateness:
        """How late the ticks were."""
        return self._meter.value()

    def _forget(self, line: Line) -> None:
        with self._lock:
            self._lines = tuple(other for other in self._lines if other is not line)

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            due = self._clock.now()
            while not self._stopping:
                due = self._tick(due)
                self._clock.sleep(due - self._clock.now())
        finally:
            self._end()

    def _tick(self, due: float) -> float:
        """Serve every line. Returns when the next tick is due."""
        now = self._clock.now()
        self.beat = now
        late = max(0.0, now - due)
        skipped = int(late / self._tick_s)
        self._meter.add(late * 1000, skipped)
        on_time = late < self._tick_s / 2
        for line in self._lines:
            if line.rests and on_time:
                line.rests = False  # half the work: its next frame will have come at the tick after this
            elif not line.serve(now):
                self.broken += 1
        return due + (1 + skipped) * self._tick_s

    def _end(self) -> None:
        """Close every end and tell every call, so that nobody waits for a clock that is gone."""
        with self._lock:
            self._ended = True
            lines = self._lines
        for line in lines:
            line.break_off("the media clock has stopped")


__all__ = ["Counters", "Lateness", "Line", "LineListener", "MediaClock"]
