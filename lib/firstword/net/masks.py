"""The keys that a WebSocket client masks its messages with. One thread."""

from __future__ import annotations

import os

POOL_BYTES = 1024


class Masks:
    """As unforeseeable as ``os.urandom``, for it makes them, but many at a time: each call of it gives up the interpreter's lock, and
    with sixty calls in the process waited 80 us for it, a message."""

    def __init__(self) -> None:
        self._pool = b""
        self._at = 0

    def __call__(self, size: int) -> bytes:
        """The next key; never one that was given before."""
        if self._at + size > len(self._pool):
            self._pool, self._at = os.urandom(max(POOL_BYTES, size)), 0
        key = self._pool[self._at : self._at + size]
        self._at += size
        return key
