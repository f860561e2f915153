"""Whether audio that comes is progress, or only pretends to be. [pure]"""

from __future__ import annotations

TRICKLE_MS = 20
"""So much audio proves that a service goes on; an empty message does not, nor does a sample now and then."""


class Trickle:
    """One reply's audio, at `rate` samples a second: a bound on a service's silence is put off when this says so, and not before."""

    def __init__(self, rate: int) -> None:
        self._enough = rate * 2 * TRICKLE_MS // 1000
        self._got = self._enough

    def goes_on(self, pcm: bytes) -> bool:
        """`pcm` came. Returns whether it is the first, or completes `TRICKLE_MS` since this last returned True."""
        self._got += len(pcm)
        if not pcm or self._got < self._enough:
            return False
        self._got = 0
        return True
