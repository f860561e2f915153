"""The timers of one call: names and moments, nothing that ticks. Pure."""

from __future__ import annotations

import math

from ..events import TimerFired


class Timers:
    """Used by the call thread only, which asks how long it may sleep and what is due. A stopped timer can not fire late: nothing
    of it is in any queue."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def start(self, name: str, at: float) -> None:
        """Fire `name` at `at`, instead of when it was to fire before."""
        self._due[name] = at

    def stop(self, name: str) -> None:
        self._due.pop(name, None)

    def wait(self, now: float) -> float:
        """Seconds until the next one; infinite if there is none."""
        return max(0.0, min(self._due.values(), default=math.inf) - now)

    def due(self, now: float) -> TimerFired | None:
        """The earliest timer that is due, taken out."""
        name = min(self._due, key=self._due.__getitem__, default=None)
        if name is None or self._due[name] > now:
            return None
        del self._due[name]
        return TimerFired(name)
