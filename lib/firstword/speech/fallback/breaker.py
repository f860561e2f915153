"""Whether a service is worth asking: it is passed over after failures in a row, for a while, then tried with one piece of work. [pure]"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ...errors import ProviderError

AT_ONCE = ("credentials", "quota", "settings", "voice")
"""Kinds of failure that the next request will meet as well, unless the error says that it may help to try again: a token is renewed."""
MOST_TIMES = 8
"""Each time it fails when it is tried it is passed over for twice as long, up to so many times the first."""

State = enum.Enum("State", "CLOSED OPEN PROBING")
"""``CLOSED``: asked as usual. ``OPEN``: passed over. ``PROBING``: one piece of work is trying it, the others pass it over."""


@dataclass(frozen=True)
class BreakerBounds:
    """`failures` in a row open it, for `open_s` seconds."""

    failures: int = 3
    open_s: float = 30.0


class Breaker:
    """Of one service, for all calls of the process. Not locked: `member.Member` does that. `now` is in the clock's seconds.

    `begin`, then exactly one of `succeeded`, `failed` and `left`.
    """

    def __init__(self, bounds: BreakerBounds | None = None) -> None:
        self._bounds = bounds or BreakerBounds()
        self.state = State.CLOSED
        self.error: ProviderError | None = None
        """What opened it; None while it is closed."""
        self.since = 0.0
        """When it was first opened, while it is not closed."""
        self.until = 0.0
        """When it is tried again, while it is open."""
        self.failures = 0
        """In a row."""
        self._times = 1

    def due(self, now: float) -> bool:
        """Whether a piece of work may be begun as usual: it is closed, or open for long enough and nobody is trying it."""
        return self.state is State.CLOSED or (self.state is State.OPEN and now >= self.until)

    def begin(self, now: float) -> bool:
        """A piece of work begins. Returns whether it is the one that tries it."""
        probe = self.state is State.OPEN and now >= self.until
        if probe:
            self.state = State.PROBING
        return probe

    def succeeded(self) -> None:
        """The service has done what it was asked for."""
        self.state, self.error, self.failures, self._times = State.CLOSED, None, 0, 1

    def failed(self, error: ProviderError, now: float, probe: bool = False) -> None:
        """It has not. `probe`: this piece of work was trying it."""
        if error.kind == "text":  # it was this text's fault
            self.left(probe)
            return
        self.failures += 1
        if self.state is State.CLOSED:
            if self.failures >= self._bounds.failures or (error.kind in AT_ONCE and not error.retry):
                self.since = now
                self._open(error, now)
        elif probe:
            self._times = min(MOST_TIMES, self._times * 2)
            self._open(error, now)

    def left(self, probe: bool = False) -> None:
        """It was not waited for: nothing is known. The next piece of work tries it, if this one was to."""
        if probe and self.state is State.PROBING:
            self.state = State.OPEN

    def _open(self, error: ProviderError, now: float) -> None:
        self.state, self.error = State.OPEN, error
        self.until = now + self._bounds.open_s * self._times
