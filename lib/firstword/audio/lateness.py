"""How late the media clock's ticks are, and how deep the pipes must be for it. [pure]"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RECENT = 6000
"""Ticks that the percentiles are taken of: the last minute."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late ticks began, in milliseconds."""

    p50_ms: float
    p99_ms: float
    """Both of the last `RECENT` ticks."""
    max_ms: float
    """Since the clock was started."""
    ticks: int
    skipped: int
    """Ticks that were left out because the one before was late by more than a whole one."""


class LatenessMeter:
    """Collects one number per tick. One thread adds, any thread reads."""

    def __init__(self) -> None:
        self._recent = np.zeros(RECENT, np.float32)
        self._ticks = 0
        self._skipped = 0
        self._max_ms = 0.0

    def add(self, late_ms: float, skipped: int) -> None:
        """One tick began `late_ms` late; `skipped` are left out after it."""
        self._recent[self._ticks % RECENT] = late_ms
        self._ticks += 1
        self._skipped += skipped
        self._max_ms = max(self._max_ms, late_ms)

    def value(self) -> Lateness:
        """The numbers so far: all 0 before the first tick."""
        ticks = self._ticks
        recent = self._recent[: min(ticks, RECENT)].copy()
        p50, p99 = np.percentile(recent, (50, 99)) if ticks else (0.0, 0.0)
        return Lateness(float(p50), float(p99), self._max_ms, ticks, self._skipped)


class Depth:
    """How many frames to keep in each pipe: `least` while the clock is on time, up to two more while it is late.

    The switch takes a frame every 20 ms, and a tick comes every 10: two frames outlast a tick that is 10 ms late, three one that is
    25 ms late, four one that is 45 ms late. Each costs 20 ms of the answer's delay, and of what still comes out after a barge-in; so one
    is given back for every `HOLD_S` on time.

    Silence that waits in a pipe is waited for by the first word behind it, so while the clock is on time there is a frame less of it
    (`idle_frames`): 20 ms are heard. While it is late there is not: a switch that finds a pipe empty stands still, and hears late what
    the caller says meanwhile.
    """

    STEPS_MS = (10.0, 25.0)
    HOLD_S = 2.0

    def __init__(self, least: int = 2) -> None:
        self._least = least
        self._until = 0.0
        self.frames = least

    @property
    def idle_frames(self) -> int:
        """How much silence to keep in a pipe that nothing waits for."""
        return max(1, self.frames - 1) if self.frames == self._least else self.frames

    def note(self, late_ms: float, now: float) -> int:
        """A tick began `late_ms` late. Returns the depth from here on."""
        wanted = self._least + sum(late_ms > step for step in self.STEPS_MS)
        if wanted >= self.frames:
            self.frames, self._until = wanted, now + self.HOLD_S
        elif now >= self._until:
            self.frames, self._until = self.frames - 1, now + self.HOLD_S
        return self.frames
