"""How much later what was played comes back. [pure]

It is where both directions correlate. The spectrum of the correlation is made flat, or the peak of a vowel would be as wide as its pitch;
but only as far as it stands above its mean, or a voice of few tones would drown in the bins where it has nothing. It is summed over tiles
of 60 ms. The peak of an echo then stands 20 to 200 times above the mean, also 15 dB below a caller who talks, and 12 times for two tones
in a large room. Between strangers' voices it is 5 to 15 times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .band_stream import BAND_RATE, FRAME, Floats

TILE_FRAMES = 3
TILE = TILE_FRAMES * FRAME
"""Samples of the band that are learned from at once."""
LONGEST = 480 * BAND_RATE // 1000
"""400 ms, a frame until it has arrived, and two times that are known to a frame."""
SPAN = 2304
"""So many samples of what was played belong to a tile: it and the longest delay, and a good length for an FFT."""
LEAST = 10**-5.5
"""Power of a tile in which there is nothing to be found: about -50 dBFS of speech, of which the band holds a part."""
CLEAR, UNCLEAR = 16.0, 8.0
"""So many times above the mean stands the peak of an echo, and does not stand."""
FIRST = 2
"""Tiles after which a peak says something: when a voice has just begun, many delays are still impossible, and the mean is too low."""
AGREED = 3
"""Tiles in a row that must show the same delay."""
NEAR = 2 * BAND_RATE // 1000
FORGET = np.float32(0.9)

Complexes = npt.NDArray[np.complexfloating[Any, Any]]

_SPREAD = np.ones(5, np.float32)  # an echo that was filtered has no peak of one sample


class DelaySearch:
    """One search. One thread."""

    def __init__(self) -> None:
        self._correlation: Complexes = np.zeros(SPAN // 2 + 1, np.complex64)
        self._peak = 0
        self._tiles = 0
        self._agreed = 0
        self.in_vain = 0
        """In how many tiles no delay stood out, since one last did."""

    def add(self, tile: Floats, played: Floats) -> int | None:
        """The next `TILE` samples of the caller, and the `SPAN` samples played until the end of these. Returns the delay in samples of the
        band, once it is sure."""
        if float(np.dot(played, played)) < LEAST * SPAN:
            return None
        peak, height = self._highest(tile, played)
        agrees = abs(peak - self._peak) < NEAR
        self._peak = peak
        self._tiles += 1
        if self._tiles <= FIRST:
            return None
        if height < CLEAR:
            self._agreed = 0
            self.in_vain += height < UNCLEAR
            return None
        self.in_vain = 0
        self._agreed = self._agreed + 1 if agrees else 1
        return peak if self._agreed >= AGREED else None

    def _highest(self, tile: Floats, played: Floats) -> tuple[int, float]:
        """The delay that stands out most so far, and how many times above the mean."""
        padded = np.zeros(SPAN, np.float32)
        padded[-TILE:] = tile
        product = np.fft.rfft(padded) * np.conj(np.fft.rfft(played))
        size = np.abs(product)
        self._correlation = self._correlation * FORGET + product / (size + size.mean() + np.float32(1e-12))
        by_delay = np.fft.irfft(self._correlation)[:LONGEST]
        energy = np.convolve(by_delay * by_delay, _SPREAD, "same")
        peak = int(energy.argmax())
        return peak, float(energy[peak]) / (float(energy.mean()) + 1e-20)
