"""The way that our voice takes back to us, learned, so that the echo can be predicted. [pure]

What comes back of a voice is the voice itself, later, quieter and filtered, and we know every sample of it. First its delay is found
(`echo_delay`), then the filter behind it: the quotient of the spectra of what came and what was played over 256 ms, averaged over a second.
No step size, and nothing that can run away. A tile weighs the less, the less of it the filter explains: there the caller talks. After a
second -12 to -20 dB of an echo are left, -5 to -10 where the telephone distorts or a large room answers.

A filter that is wrong is noticed by what it predicts: held against what came, the prediction of a true one is found once in it, whoever
talks meanwhile; that of a wrong one is not, or, if the echo has become louder, more than once. Such a filter is not trusted, then
forgotten.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from .band_stream import BAND_RATE, FRAME, BandStream, Floats
from .echo_delay import LEAST, SPAN, TILE, TILE_FRAMES, Complexes, DelaySearch

LATE_FRAMES = 8
"""What was played is told up to 100 ms late, and times are known to a frame: so much later a tile is learned from."""
TAPS = 200
"""50 ms. A hybrid answers within 10 ms, most of a room does within this."""
LEAD = 8 * BAND_RATE // 1000
"""The filter begins so much before the peak at which the delay was found."""
SPECTRUM = 1024
FORGET = np.float32(0.95)
RIDGE = np.float32(1e-3)
DOUBT = 0.05
"""A tile of which nothing is explained weighs (`DOUBT` / (1 + `DOUBT`))² of one that is wholly explained."""
LEARNED = 8
"""Tiles: before that a filter is not finished, and not forgotten."""
TRUST_FORGETS = 0.97
"""Per frame: a prediction is held against the latest 0.7 s."""
TRUSTED, KEPT = (0.6, 1.6), (0.5, 1.8)
"""How often the prediction may be found in what came, for a filter to be used, and to be kept."""
SEEN = 2.0
"""In frames that are nothing but echo: so much must have been predicted to say that it did not come, or have come to say that it is more
than was predicted. Of a caller 15 dB louder than the echo it never is so much."""
UNTOLD_FRAMES = 25
"""A delay at which for so long what was played had not been told yet is no delay."""
IN_VAIN = 8
"""Tiles: so long a search that finds nothing finds that there is nothing."""

_WINDOW = np.hanning(SPECTRUM + 1)[:-1].astype(np.float32)


class EchoPath:
    """Predicts the echo of one call. One thread. Next, for each frame of the caller: `rest`, then `learn`."""

    def __init__(self) -> None:
        self._rests: deque[float] = deque([0.0] * (LATE_FRAMES + TILE_FRAMES), LATE_FRAMES + TILE_FRAMES)
        self._frames = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.delay: int | None = None
        """Where the filter begins, in samples of the band; None as long as no echo was found."""
        self._search = DelaySearch()
        self._filter: Floats = np.zeros(TAPS, np.float32)
        self._common: Complexes = np.zeros(SPECTRUM // 2 + 1, np.complex64)
        self._played: Floats = np.zeros(SPECTRUM // 2 + 1, np.float32)
        self._learned = 0
        self._untold = 0
        self._predicted = self._found = 0.0

    @property
    def none(self) -> bool:
        """Whether the line gives nothing back that is near in level to what came of late: it would have been found."""
        return self.delay is None and self._search.in_vain >= IN_VAIN

    def rest(self, caller: BandStream, bot: BandStream, power: float) -> float | None:
        """The power of the caller's latest frame without its echo, never more than its own `power`. None if it can not be told: no delay is
        known, the filter is not trusted, or what was played is not told yet."""
        if self.delay is None or caller.end - self.delay > bot.end:
            self._rests.append(power)
            self._untold += 1
            return None
        self._untold = 0
        end = caller.end - self.delay
        heard = caller.cut(caller.end - FRAME, caller.end)
        echo = np.convolve(bot.cut(end - FRAME - TAPS + 1, end), self._filter, "valid")
        left = heard - echo
        rest = min(power, float(np.dot(left, left)) / FRAME)
        self._rests.append(rest)
        self._compare(power * FRAME, float(np.dot(echo, echo)), float(np.dot(heard, echo)))
        return rest if self._is_like(TRUSTED) else None

    def learn(self, caller: BandStream, bot: BandStream) -> bool:
        """Learn from what was heard; every `TILE_FRAMES` there is something to do. Returns whether a delay was found."""
        self._frames += 1
        end = caller.end - LATE_FRAMES * FRAME
        if self._frames % TILE_FRAMES or bot.end < end:
            return False
        tile = caller.cut(end - TILE, end)
        power = float(np.dot(tile, tile)) / TILE
        if power < LEAST:
            return False
        if self.delay is None:
            peak = self._search.add(tile, bot.cut(end - SPAN, end))
            self.delay = None if peak is None else max(0, peak - LEAD)
            return peak is not None
        unexplained = min(1.0, sum(list(self._rests)[:TILE_FRAMES]) / TILE_FRAMES / power)
        begin = end - SPECTRUM
        self._average(caller.cut(begin, end), bot.cut(begin - self.delay, end - self.delay), unexplained)
        self._learned += 1
        if self._learned > LEARNED and (self._untold > UNTOLD_FRAMES or not self._is_like(KEPT)):
            self._begin_anew()
        return False

    def _average(self, heard: Floats, played: Floats, unexplained: float) -> None:
        power = float(np.dot(played, played)) / SPECTRUM
        weight = np.float32(1 / ((power + 1e-7) * (unexplained + DOUBT) ** 2))
        of_played: Complexes = np.fft.rfft(played * _WINDOW)
        of_heard = np.fft.rfft(heard * _WINDOW)
        self._common = self._common * FORGET + weight * np.conj(of_played) * of_heard
        own: Floats = (of_played.real**2 + of_played.imag**2).astype(np.float32)
        self._played = self._played * FORGET + weight * own
        quotient = self._common / (self._played + RIDGE * self._played.mean() + np.float32(1e-9))
        self._filter = np.fft.irfft(quotient)[:TAPS].astype(np.float32)

    def _compare(self, heard: float, predicted: float, found: float) -> None:
        """The energies of what came, of what was predicted, and of the one in the other. A frame counts by its share of echo."""
        both = heard + predicted + 1e-12  # digital silence
        self._predicted = TRUST_FORGETS * self._predicted + 2 * predicted / both
        self._found = TRUST_FORGETS * self._found + 2 * found / both

    def _is_like(self, bounds: tuple[float, float]) -> bool:
        least, most = bounds
        missing = self._predicted > SEEN and self._found < least * self._predicted
        louder = self._found > SEEN and self._found > most * self._predicted
        return not missing and not louder
