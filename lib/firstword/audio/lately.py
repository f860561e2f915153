"""How loud a stream is of late: what an operator asks when a caller "can not be heard". [pure]

Nothing is computed while the call runs. The latest chunks are kept as they came, by reference (16 KB a second of 8 kHz), and measured
when somebody asks: 0.1 ms.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from .pcm import FULL_SCALE

CHUNKS = 50
"""A second of frames."""
TOP = 32_000
"""The largest codes of A-law and mu-law stand for 32,256 and 32,124: what reaches this was, or may have been, cut off."""
SILENT_DBFS = -60.0
QUIET_DBFS = -40.0
"""The loudest of a usual voice peaks 20 dB above this; most recognisers begin to fail below."""
CLIPPED_SHARE = 0.001
"""Eight samples of a second: a voice that is merely loud touches the top less often."""


@dataclass(frozen=True, slots=True)
class Level:
    """Levels of about a second, in dB of full scale: 0 is a full-scale square wave, ``-inf`` digital silence."""

    rms_dbfs: float
    peak_dbfs: float
    clipped: float
    """The share of samples at the top, 0 to 1."""
    age_s: float | None
    """How long ago the last of it came; None if nothing ever has."""

    @property
    def verdict(self) -> str:
        """``none``, ``silent``, ``quiet``, ``clipping`` or ``ok``."""
        if self.age_s is None:
            return "none"
        if self.clipped > CLIPPED_SHARE:
            return "clipping"
        if self.peak_dbfs < SILENT_DBFS:
            return "silent"
        return "quiet" if self.peak_dbfs < QUIET_DBFS else "ok"


class Lately:
    """The latest second. One thread adds; any thread may measure."""

    __slots__ = ("_at", "_chunks")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque(maxlen=CHUNKS)
        self._at = 0.0

    def add(self, pcm: bytes, now: float) -> None:
        """Whole samples that came or went at `now`, some 20 ms of them."""
        self._chunks.append(pcm)
        self._at = now

    def level(self, now: float) -> Level:
        """What it was like."""
        chunks = tuple(self._chunks)  # one step under the GIL: the other thread can not add meanwhile
        if not chunks:
            return Level(-math.inf, -math.inf, 0.0, None)
        samples = np.abs(np.frombuffer(b"".join(chunks), "<i2").astype(np.float32))
        rms, peak = float(np.sqrt(np.mean(np.square(samples)))), float(np.max(samples, initial=0.0))
        return Level(_db(rms), _db(peak), float(np.mean(samples >= TOP)), max(0.0, now - self._at))


def _db(amplitude: float) -> float:
    return 20 * math.log10(amplitude / FULL_SCALE) if amplitude > 0 else -math.inf
