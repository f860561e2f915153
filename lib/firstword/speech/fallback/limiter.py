"""How many sessions a service may have at once, over all calls of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from ...clock import SYSTEM, Clock

T = TypeVar("T")
LOOK_S = 0.2
"""How often whoever waits is asked whether it is still of use."""


class Rooms:
    """The limiters of services that somebody may wait for together."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._change = threading.Condition()  # its lock may be taken again by who has it

    def limiter(self, most: int) -> Limiter:
        """Of another service."""
        return Limiter(most, self._change)

    def wait(self, ask: Callable[[], T | None], seconds: float, of_use: Callable[[], bool] = lambda: True) -> T | None:
        """What `ask` answers, as soon as it is not None; it is asked again whenever a seat has become free. None after `seconds`, or when
        it is not `of_use` any more. Waits."""
        deadline = self._clock.deadline(seconds)
        with self._change:
            while (answer := ask()) is None and (left := deadline.left()) > 0 and of_use():
                self._change.wait(self._clock.real(min(left, LOOK_S)))
        return answer


class Seat:
    """One of the sessions that a service may have. `leave` it on every way out; the second time nothing happens."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter: Limiter | None = limiter

    def leave(self) -> None:
        limiter = self._limiter
        if limiter is not None:
            limiter._leave(self)


class Limiter:
    """Made by `Rooms`. Any thread may call any method; none waits.

    Args:
        most: 0 for any number.
    """

    def __init__(self, most: int = 0, change: threading.Condition | None = None) -> None:
        self.most = most
        self.taken = 0
        """Seats."""
        self.refused = 0
        """How often somebody was told that there is none."""
        self._change = change or threading.Condition()

    @property
    def room(self) -> bool:
        """Whether there is a seat just now."""
        return not self.most or self.taken < self.most

    def take(self) -> Seat | None:
        """A seat, or None if there is none. Next: `Seat.leave`."""
        with self._change:
            if not self.room:
                self.refused += 1
                return None
            self.taken += 1
            return Seat(self)

    def _leave(self, seat: Seat) -> None:
        with self._change:
            if seat._limiter is None:
                return
            seat._limiter = None
            self.taken -= 1
            self._change.notify_all()
