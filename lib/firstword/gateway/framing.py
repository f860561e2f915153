"""How audio is cut into binary messages: irregularly, as the service does, so that no client can rely on their sizes. [pure]"""

from __future__ import annotations

import struct
from collections.abc import Iterator

ODD_SIZES = (297, 320, 1281, 296)
"""Seen from the service: 8000 bytes mostly, and 320 and 296; the odd ones tear samples in two, as a proxy may."""


class Framing:
    """Cuts audio into messages of `typical` bytes, with smaller and odd ones between.

    The sequence is the same for every task: typical, odd, typical, typical, odd, ... so that a failing test fails again.
    """

    def __init__(self, typical: int) -> None:
        self._typical = typical
        self._count = 0

    def cut(self, pcm: bytes) -> Iterator[bytes]:
        """`pcm` in messages; all of it."""
        at = 0
        while at < len(pcm):
            size = self._next_size()
            yield pcm[at : at + size]
            at += size

    def _next_size(self) -> int:
        self._count += 1
        odd = ODD_SIZES[self._count // 3 % len(ODD_SIZES)]
        return min(odd, self._typical) if self._count % 3 == 2 else self._typical


def wav_header(rate: int) -> bytes:
    """The header of a mono 16-bit WAV file of unknown length."""
    unknown = 0x7FFFFFFF
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", unknown, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", unknown
    )
