"""One after the other, whichever thread comes: what a work of several services is told by all of them and by its user."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Item = tuple[Callable[..., object], tuple[Any, ...]]


class Serial:
    """Runs what it is given in the order of arrival, one at a time, without a lock being held meanwhile.

    Who finds another thread at work leaves it to that one, and returns. So nobody waits, and what is run may call whoever waits for a
    delivery of its own (`speech.gate`): there is no lock to wait for in a circle.

    Args:
        soon: has something run on a thread that is nobody's; returns False if it can not.
    """

    def __init__(self, soon: Callable[[Callable[[], None]], bool]) -> None:
        self._soon = soon
        self._lock = threading.Lock()
        self._waiting: deque[Item] = deque()
        self._busy = False

    def told(self, act: Callable[..., object], *args: Any) -> None:
        """A service, or the clock, tells something: run ``act(*args)`` after everything given before, and what comes meanwhile."""
        if self._enter((act, args)):
            self._drain()

    def asked(self, act: Callable[..., object], *args: Any) -> None:
        """The user asks for something: the same, but what comes meanwhile is left to another thread. For the user's is told nothing
        before its call has returned."""
        if not self._enter((act, args)):
            return
        self._run_next()
        with self._lock:
            if not self._waiting:
                self._busy = False
                return
        if not self._soon(self._drain):
            self._drain()

    def _enter(self, item: Item) -> bool:
        with self._lock:
            self._waiting.append(item)
            was, self._busy = self._busy, True
            return not was

    def _drain(self) -> None:
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        with self._lock:
            if not self._waiting:
                self._busy = False
                return False
            act, args = self._waiting.popleft()
        try:
            act(*args)
        except BaseException:
            with self._lock:
                self._busy = False  # what waits is run by who comes next
            raise
        return True
