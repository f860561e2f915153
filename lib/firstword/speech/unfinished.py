"""The caller's latest audio that has not become final words: to be said again to another recogniser. [pure]"""

from __future__ import annotations

from collections import deque

from ..audio.pcm import SAMPLE_BYTES

KEPT_MS = 10_000
"""How much of the caller is kept for a new recogniser: 160 KB a call, and longer than nearly every utterance."""


class Unfinished:
    """At most `KEPT_MS` of it. Times are milliseconds of all audio added since it was made, or since the last `restart`."""

    def __init__(self, rate: int) -> None:
        self._bytes_per_ms = rate * SAMPLE_BYTES / 1000
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._begin = 0  # where the first chunk stands, in bytes

    @property
    def begin_ms(self) -> float:
        """Where it begins."""
        return self._begin / self._bytes_per_ms

    def add(self, pcm: bytes) -> None:
        self._chunks.append(pcm)
        self._size += len(pcm)
        while self._size > KEPT_MS * self._bytes_per_ms:
            self._drop()

    def finished(self, end_ms: float) -> None:
        """Everything before `end_ms` has become words."""
        while self._chunks and self._begin + len(self._chunks[0]) <= end_ms * self._bytes_per_ms:
            self._drop()

    def again(self) -> bytes:
        """All of it."""
        return b"".join(self._chunks)

    def restart(self) -> bytes:
        """All of it, which becomes the first audio of a new recogniser: times count from there."""
        self._begin = 0
        return self.again()

    def _drop(self) -> None:
        size = len(self._chunks.popleft())
        self._begin += size
        self._size -= size
