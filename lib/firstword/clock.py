"""The one door to time.

Everything that waits or asks the hour does it through a `Clock`, so that a simulated call can run faster than life
(`Clock(speed=4)`) and a pure file needs none: it gets `now` as an argument. `now` is in seconds, monotonic, of unknown origin; all
differences shown to people are in milliseconds.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


class Clock:
    """Monotonic time, optionally faster than life.

    Args:
        speed: how many seconds of this clock pass in one real second. 1.0 inside FreeSWITCH; tests of long calls use more.

    Any thread may call any method.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"a clock must run forwards, not at {speed}")
        self.speed = speed
        self._origin = time.monotonic()

    def now(self) -> float:
        """Seconds, monotonic."""
        real = time.monotonic()
        return real if self.speed == 1.0 else self._origin + (real - self._origin) * self.speed

    def wall(self) -> float:
        """Seconds since 1970 by the machine's own clock, which may jump: for what other machines compare (signatures, expiry), never to
        measure."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep `seconds` of this clock. Nothing but a clock's own tick should need it: wait for what you wait for."""
        if seconds > 0:
            time.sleep(seconds / self.speed)

    def real(self, seconds: float) -> float:
        """How many real seconds `seconds` of this clock take: for a timeout handed to the system."""
        return seconds / self.speed

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for `event` at most `seconds` of this clock. Returns whether it is set."""
        return event.wait(max(0.0, seconds) / self.speed)

    def deadline(self, seconds: float) -> Deadline:
        """A deadline `seconds` from now."""
        return Deadline(self, self.now() + seconds)


@dataclass(frozen=True)
class Deadline:
    """One moment, asked at each step, so that a chain of waits shares one bound instead of adding equal timeouts up."""

    clock: Clock
    at: float

    def left(self) -> float:
        """Seconds of the clock that remain, never negative."""
        return max(0.0, self.at - self.clock.now())

    def passed(self) -> bool:
        return self.clock.now() >= self.at


SYSTEM = Clock()
"""Real time."""
