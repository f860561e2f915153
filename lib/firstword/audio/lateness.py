"""How late the media clock's ticks are. [pure]"""

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
