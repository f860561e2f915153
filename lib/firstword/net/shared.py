"""A value that many threads want and one thread fetches: a name's addresses, a token."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from ..clock import SYSTEM, Clock, Deadline
from ..threads import spawn
from .wait import Wait, Wake

T = TypeVar("T")

LOOK_S, AGAIN_S = 60.0, 5.0
"""How often `keep_fresh` wants to be called at least, and after how long if a fetch was begun: it may fail."""


class Fetched(NamedTuple, Generic[T]):
    """What a fetch brought, and for how many seconds it is good.

    Until `fresh_s` it is handed out as it is; from then to `usable_s` it is still handed out, but a new fetch is begun behind it, so
    that no call waits for a renewal.
    """

    value: T
    fresh_s: float
    usable_s: float


class _Flight(Generic[T]):
    """One fetch under way, and who waits for it."""

    def __init__(self) -> None:
        self.waiting: list[Wake] = []
        self.done = False
        self.value: T | None = None
        self.error: Exception | None = None


class Shared(Generic[T]):
    """Fetches at most once at a time, on a thread of its own, whatever the number of callers.

    Args:
        job: the name of that thread.
        fetch: returns the value; may block, within bounds of its own. What it raises reaches every caller that waited for this
            fetch; the next caller begins another one.

    Any thread may call any method.
    """

    def __init__(self, job: str, fetch: Callable[[], Fetched[T]], clock: Clock = SYSTEM) -> None:
        self._job = job
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[T, float, float] | None = None  # the value, fresh until, usable until
        self._flight: _Flight[T] | None = None
        self.fetches = 0

    def get(self, wait: Wait, deadline: Deadline, doing: str) -> T:
        """The value, at once if there is a usable one, else when the fetch under way is done.

        Raises:
            Cancelled, NetError: the caller's own wait ended; see `Wait.until`.
            Exception: whatever the fetch raised.
        """
        with self._lock:
            now = self._clock.now()
            held = self._held
            if held is not None and now < held[2]:
                if now >= held[1]:
                    self._begin()
                return held[0]
            flight = self._begin()
            flight.waiting.append(wait.wake)
        try:
            while not flight.done:
                wait.until({}, deadline, doing)
        finally:
            with self._lock:
                flight.waiting.remove(wait.wake)
        if flight.error is not None:
            raise flight.error.with_traceback(None)
        assert flight.value is not None
        return flight.value

    def held(self) -> T | None:
        """The value that `get` would give at once; None if it would wait."""
        with self._lock:
            return self._held[0] if self._held is not None and self._clock.now() < self._held[2] else None

    def forget(self, value: T | None = None) -> bool:
        """What is held has proved wrong, or only if it is `value`: the next caller fetches. Returns whether something was forgotten."""
        with self._lock:
            if self._held is None or (value is not None and self._held[0] != value):
                return False
            self._held = None
            return True

    def keep_fresh(self) -> float:
        """Renew what is held once it is not fresh any more, whether anybody asks or not. Returns in how many seconds to call it again."""
        with self._lock:
            if self._held is None:
                return LOOK_S  # nobody has wanted it yet, or it was refused: the next who asks fetches
            left = self._held[1] - self._clock.now()
            if left > 0:
                return min(left, LOOK_S)
            self._begin()
            return AGAIN_S

    def _begin(self) -> _Flight[T]:
        """The fetch under way, or a new one. The lock is held."""
        if self._flight is None:
            flight = _Flight[T]()
            spawn(self._job, lambda: self._fly(flight))  # first: if there is no thread left nobody may wait for one
            self._flight = flight
            self.fetches += 1
        return self._flight

    def _fly(self, flight: _Flight[T]) -> None:
        fetched: Fetched[T] | None = None
        try:
            fetched = self._fetch()
            flight.value = fetched.value
        except Exception as error:  # noqa: BLE001 - handed to every waiter, who raises it
            flight.error = error
        with self._lock:
            if fetched is not None:
                now = self._clock.now()
                self._held = (fetched.value, now + fetched.fresh_s, now + fetched.usable_s)
            self._flight = None
            flight.done = True
            for wake in flight.waiting:
                wake.set()
