"""One after the other, on whichever thread comes: what a work of several services is told by all of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class Serial:
    """Runs what it is given in the order of arrival, one at a time, without a lock being held meanwhile.

    Who finds another thread at work leaves it to that one, and returns. So nobody waits, and what is run may call whoever waits for a
    delivery of its own (`speech.gate`): there is no lock to wait for in a circle.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._busy = False

    def run(self, act: Callable[..., object], *args: Any) -> None:
        """Run ``act(*args)`` after everything given before, now or on the thread that is at work. Any thread, from inside too."""
        with self._lock:
            self._waiting.append((act, args))
            if self._busy:
                return
            self._busy = True
        try:
            while (item := self._next()) is not None:
                item[0](*item[1])
        except BaseException:
            with self._lock:
                self._busy = False  # what waits is run by who comes next
            raise

    def _next(self) -> tuple[Callable[..., object], tuple[Any, ...]] | None:
        with self._lock:
            if not self._waiting:
                self._busy = False
                return None
            return self._waiting.popleft()
