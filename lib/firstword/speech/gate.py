"""What makes "nothing after close" true: one lock between the thread that delivers and the thread that cancels."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Gate:
    """Lets a provider's thread call its listener until the gate is closed.

    `close` waits for a delivery that is under way on another thread (listeners return at once), so that after it nothing
    arrives. It may be called from inside a delivery too. Never hold a lock around `close` that a listener's method needs.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open = True

    def call(self, deliver: Callable[..., None], *args: Any) -> bool:
        """Call `deliver(*args)` if the gate is still open. Returns whether it was."""
        with self._lock:
            if not self._open:
                return False
            deliver(*args)
            return True

    def last(self, deliver: Callable[..., None], *args: Any) -> bool:
        """Close the gate and deliver one last thing. Returns False, and delivers nothing, if it was closed already."""
        with self._lock:
            if not self._open:
                return False
            self._open = False
            deliver(*args)
            return True

    def close(self) -> bool:
        """Let nothing more pass. Returns whether this call closed it."""
        with self._lock:
            was, self._open = self._open, False
            return was

    @property
    def open(self) -> bool:
        return self._open
