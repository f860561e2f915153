"""From samples to bursts of tone: the ear's inner part. [pure]

The guard gaps are found in the high tones alone: the second difference of the samples weakens the murmur by 22 dB and more against them.
Its power in each half millisecond, smoothed over five (the two tones of a symbol beat, at 180 Hz and more, and a shorter window sees the
beat's nulls as gaps), is compared with 1/20 of the largest within `byte_ms` around it. What lies above is a *run*. A run of a
symbol's length goes through the matched filter: one small matrix product.

All positions count from the first sample, in fixed blocks, so that it does not matter how the audio was cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .tone_code import BELOW_HZ, HIGH_HZ, LOW_HZ, Floats, shape

BLOCK_MS = 80
"""Judged at once. What a block costs hardly depends on its length."""
SMOOTH = 5
FLOOR = 32.0**2
"""Power of the second difference below which all is silence. The voice has 20 times as much at a peak of -35 dBFS."""
SHARE = 0.05
TOLERANCE_MS = 2.5
"""Of a run's length: a frame of 20 ms that is missing or stretched changes some run by 4.6 ms or more."""
PURE = 0.94
"""Share of a symbol's energy that its two tones must explain. A clean one has 0.998; noise 12 dB below the tones passes."""
PURE_PART = 0.8
"""The same for a part of a spoiled symbol, to call it damaged and not noise."""
PART_MS = 8
"""How much of a spoiled symbol is looked at, at either end."""
LEAST_MS = 5
"""Of less than this nobody can say what it was."""
HALF = 0.5
"""How strong, against the strongest, a symbol's tone must be in each half of it: not 1, for in 8 ms the lowest tone and what is left of the
murmur look alike."""
TWIST = 10.0
"""How many times stronger in energy one of the two tones may be. Vowels have 20 dB less above 2 kHz than below."""
OVERLONG = 6
"""Symbols: a longer run is no longer waited for."""

_KERNEL = np.full(SMOOTH, 1 / SMOOTH, np.float32)

Burst = tuple[int | None, float, float]
"""The byte, or None for one that is damaged; begin and end in ms."""


class Bursts:
    """Finds the bursts in one stream."""

    def __init__(self, rate: int, byte_ms: int, block_ms: int = BLOCK_MS) -> None:
        self._rate = rate
        self._hop = rate // 2000
        self._block = block_ms * 2  # hops
        self._lag = max(1, round(rate / 8000))
        self._matched = _matched(rate, byte_ms)
        self._reach = round(byte_ms * rate / 1000 / self._hop)  # hops
        self._margin = self._reach + SMOOTH // 2
        self._length = len(shape(rate, byte_ms))
        self._tolerance = rate * TOLERANCE_MS / 1000
        # Silence came before: enough of it for the differences and for the first block's surroundings.
        self._samples = np.zeros(2 * self._lag, np.float32)  # from self._first on; kept while a run may need them
        self._first = -2 * self._lag
        self._hopped = 0  # samples that have gone into self._power
        self._power = np.zeros(self._margin, np.float32)  # of the hops from self._judged - self._margin on
        self._judged = 0
        self._run: int | None = None  # the hop where the run under way began
        self._passing = False  # the run under way was overlong, and has been judged

    def feed(self, samples: npt.NDArray[np.int16], last: bool) -> list[Burst]:
        """The next samples; `last` ends the stream. Returns the bursts that are complete by now."""
        if last:
            samples = np.concatenate([samples, np.zeros((self._margin + self._block + 1) * self._hop, "<i2")])
        if not len(samples):
            return []
        self._samples = np.concatenate([self._samples, samples], dtype=np.float32)
        at = self._hopped - self._first
        whole = (len(self._samples) - at) // self._hop
        if (len(self._power) + whole) < 2 * self._margin + self._block:
            return []
        self._hopped += whole * self._hop
        end = at + whole * self._hop
        one, two = (
            self._samples[at - self._lag : end - self._lag],
            self._samples[at - 2 * self._lag : end - 2 * self._lag],
        )
        second = self._samples[at:end] - 2 * one + two
        hops = second.reshape(whole, self._hop)
        self._power = np.concatenate([self._power, np.einsum("ij,ij->i", hops, hops) / np.float32(self._hop)])
        found: list[Burst] = []
        while len(self._power) >= 2 * self._margin + self._block:
            found += self._judge_block()
        self._forget()
        return found

    def _judge_block(self) -> list[Burst]:
        near = self._power[: 2 * self._margin + self._block]
        self._power = self._power[self._block :]
        start = self._judged
        self._judged += self._block
        if self._run is None and float(near.max()) < FLOOR:
            return []
        smooth = np.convolve(near, _KERNEL, "valid")
        largest = _sliding_max(smooth, 2 * self._reach + 1)
        active = smooth[self._reach : self._reach + self._block] > np.maximum(largest * SHARE, FLOOR)
        found: list[Burst] = []
        edges = (np.flatnonzero(active[1:] != active[:-1]) + 1).tolist()
        if bool(active[0]) != (self._run is not None):
            edges.insert(0, 0)
        for edge in edges:
            if self._run is None:
                self._run = start + edge
            else:
                if not self._passing:
                    found += self._judge_run(self._run, start + edge)
                self._run, self._passing = None, False
        if self._run is not None and self._judged - self._run > OVERLONG * self._reach and not self._passing:
            found += self._judge_run(self._run, self._judged)
            self._passing = True
        return found

    def _forget(self) -> None:
        """Drop the samples that no run can need any more."""
        keep = self._judged if self._run is None or self._passing else self._run
        drop = min(self._hopped, (keep - SMOOTH) * self._hop) - 2 * self._lag - self._first
        if drop > 0:
            self._samples = self._samples[drop:]
            self._first += drop

    def _judge_run(self, begin_hop: int, end_hop: int) -> list[Burst]:
        begin, end = begin_hop * self._hop, end_hop * self._hop
        times = begin * 1000 / self._rate, end * 1000 / self._rate
        if abs(end - begin - self._length) <= self._tolerance:
            byte = self._byte((begin + end) // 2)
            if byte is not None:
                return [(byte, *times)]
        return [(None, *times)] if self._is_tone(begin, end) else []

    def _byte(self, middle: int) -> int | None:
        """The symbol around sample `middle`, if it is one from end to end."""
        matched = self._matched
        size = len(matched.whole)
        samples = self._cut(middle - size // 2, size)
        projected = np.einsum(
            "n,nk->k", samples, matched.whole
        )  # not @: a pool of threads is slower than so small a product
        low, high = _strongest(projected)
        four = projected[_columns(low, high)].astype(np.float64)
        fit = matched.inverse[low, high] @ four
        below = projected[64:]
        if four @ fit < PURE * float(samples @ samples - below @ below) or _twisted(fit):
            return None
        half = size // 2
        for part, waves in zip((samples[:half], samples[half:]), matched.halves, strict=True):
            energy = _energy(np.einsum("n,nk->k", part, waves))
            if energy[low] < HALF * energy[:16].max() or energy[16 + high] < HALF * energy[16:].max():
                return None
        return low << 4 | high

    def _is_tone(self, begin: int, end: int) -> bool:
        """Whether a run that is no symbol begins or ends with a part of one."""
        margin = self._rate // 1000  # smoothing makes a run begin early and end late
        size = min(end - begin - 2 * margin, self._rate * PART_MS // 1000)
        if size < self._rate * LEAST_MS // 1000:
            return False
        waves, below = _freed(_waves(np.arange(size) / self._rate), self._rate)
        for at in (begin + margin, end - margin - size):
            samples = self._cut(at, size).astype(np.float64)
            samples -= np.einsum("nk,k->n", below, np.einsum("nk,n->k", below, samples))
            pair = waves[:, _columns(*_strongest(samples @ (waves / np.linalg.norm(waves, axis=0))))]
            fit, *_ = np.linalg.lstsq(pair, samples, rcond=None)
            rest = samples - pair @ fit
            if rest @ rest < (1 - PURE_PART) * (samples @ samples) and not _twisted(fit):
                return True
        return False

    def _cut(self, begin: int, size: int) -> npt.NDArray[np.float32]:
        """`size` samples from `begin` on; where there are none, silence."""
        begin -= self._first
        if begin >= 0 and begin + size <= len(self._samples):
            return self._samples[begin : begin + size]
        cut = np.zeros(size, np.float32)
        there = self._samples[max(0, begin) : max(0, begin + size)]
        cut[max(0, -begin) : max(0, -begin) + len(there)] = there
        return cut


@dataclass(frozen=True)
class _Matched:
    """The matched filter of a rate and a pace, shared by all ears.

    The first 64 columns are the cosines of the 32 tones, then their sines, each freed of what lies below `BELOW_HZ`.
    """

    whole: npt.NDArray[np.float32]
    """(symbol, 64 + n), the last n an orthonormal basis of what lies below."""
    halves: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
    """(half symbol, 64): the columns are of length 1, so that the largest projection is the best fit."""
    inverse: npt.NDArray[np.float64]
    """(16, 16, 4, 4): from the four projections on a pair of tones to the four amplitudes."""


@lru_cache(maxsize=16)
def _matched(rate: int, byte_ms: int) -> _Matched:
    envelope = shape(rate, byte_ms)
    half = len(envelope) // 2
    waves = (_waves(np.arange(len(envelope)) / rate) * envelope[:, None])[: 2 * half]
    tones, below = _freed(waves, rate)
    inverse = np.empty((16, 16, 4, 4))
    for low in range(16):
        for high in range(16):
            pair = tones[:, _columns(low, high)]
            inverse[low, high] = np.linalg.inv(pair.T @ pair)
    first, second = (_freed(part, rate)[0] for part in (waves[:half], waves[half:]))
    return _Matched(
        whole=np.ascontiguousarray(np.hstack([tones, below]), np.float32),
        halves=(_normed(first), _normed(second)),
        inverse=inverse,
    )


def _normed(waves: Floats) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(waves / np.linalg.norm(waves, axis=0), np.float32)


def _waves(t: Floats) -> Floats:
    angle = 2 * np.pi * np.outer(t, LOW_HZ + HIGH_HZ)
    return np.hstack([np.cos(angle), np.sin(angle)])


def _freed(waves: Floats, rate: int) -> tuple[Floats, Floats]:
    """`waves` without what lies below `BELOW_HZ`, and an orthonormal basis of just that over their length.

    The basis is found on a grid of 0.5 ms, fine enough for what is so low, and only then drawn at `rate`. The large products go through
    einsum: the threads of a BLAS pool, on a machine that is busy, were seen to take seconds for them.
    """
    length = len(waves)
    _, weights, mixed = np.linalg.svd(_low(np.arange(0, length / rate, 0.0005)), full_matrices=False)
    keep = weights > 0.03 * weights[0]
    drawn = np.einsum("nk,km->nm", _low(np.arange(length) / rate), mixed[keep].T / weights[keep])
    root = np.linalg.cholesky(np.einsum("nk,nm->km", drawn, drawn))
    below = np.einsum("nk,mk->nm", drawn, np.linalg.inv(root))
    return waves - np.einsum("nk,km->nm", below, np.einsum("nk,nm->km", below, waves)), below


def _low(t: Floats) -> Floats:
    """(time, wave): cosines and sines of everything below `BELOW_HZ`, 8 Hz apart."""
    angle = 2 * np.pi * np.outer(t, np.arange(0, BELOW_HZ, 8))
    return np.hstack([np.cos(angle), np.sin(angle)])


def _columns(low: int, high: int) -> list[int]:
    return [low, 16 + high, 32 + low, 48 + high]


def _energy(projected: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of the 32 tones, from their cosine and sine projections."""
    return np.asarray(np.square(projected[:32]) + np.square(projected[32:64]))


def _strongest(projected: npt.NDArray[Any]) -> tuple[int, int]:
    """The strongest low and the strongest high tone."""
    energy = _energy(projected)
    return int(energy[:16].argmax()), int(energy[16:].argmax())


def _twisted(fit: Floats) -> bool:
    low, high = fit[0] ** 2 + fit[2] ** 2, fit[1] ** 2 + fit[3] ** 2
    return not 1 / TWIST * high < low < TWIST * high


def _sliding_max(values: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """The largest of each `width` values in a row, by doubling: log2(width) passes."""
    out, done = values, 1
    while done < width:
        step = min(done, width - done)
        out = np.maximum(out[:-step], out[step:])
        done += step
    return out
