"""One direction of a line, as an echo is looked for in it: counted, below 2 kHz, the latest second. [pure]"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .pcm import FRAME_MS, FULL_SCALE, frame_bytes

BAND_RATE = 4000
"""Samples per second of what is kept. Speech has most of its energy below 2 kHz, and half the rate is a quarter of the work."""
FRAME = BAND_RATE * FRAME_MS // 1000
"""Samples of a frame."""
FRAME_S = FRAME_MS / 1000
KEPT_FRAMES = 60
SLIP_FRAMES = 5
"""Times are known to a frame and told in bursts, so frames are counted. A time further from the count than this moves it: frames were left
out, or the line has slipped."""
CUT_HZ = 1700
KERNEL_MS = 3
"""With half of it fricatives fold down into the band, at each delay in another way: 10 dB less of an echo are found."""
PRE_EMPHASIS = 0.8
"""Flattens speech, which falls with the frequency: it would be judged by its lowest 500 Hz alone."""

Floats = npt.NDArray[np.float32]


class BandStream:
    """The latest `KEPT_FRAMES` of one direction. One thread. Next, for each frame: `count`, and `fill` unless it is silent.

    A frame's number is its time in frames. Positions are samples of the band: frame `n` lies from ``n * FRAME`` on. Where frames were left
    out, or are not kept any more, there is silence.

    Args:
        rate: 8000 or 16000 samples a second of what is filled in.
    """

    def __init__(self, rate: int) -> None:
        self._bytes = frame_bytes(rate)
        self._step = rate // BAND_RATE
        self._kernel = _kernel(rate)
        self._before: Floats = np.zeros(len(self._kernel) - 1, np.float32)  # the samples that the kernel still reaches
        self._samples: Floats = np.zeros(2 * KEPT_FRAMES * FRAME, np.float32)  # moved to the beginning when it is full
        self._size = KEPT_FRAMES * FRAME
        self._powers = [0.0] * KEPT_FRAMES
        self._owed = 0  # frames of silence that were counted and not yet written down
        self.frame: int | None = None
        """The number of the latest frame."""
        self.slips = 0
        """How often a time has moved the count."""

    @property
    def end(self) -> int:
        """The position behind the latest sample."""
        return 0 if self.frame is None else (self.frame + 1) * FRAME

    def count(self, at: float) -> int:
        """The next frame comes at about `at` (seconds). Returns its number."""
        if self.frame is None:
            self.frame = round(at / FRAME_S) - 1
        self.frame += 1
        self._owed += 1
        off = round(at / FRAME_S) - self.frame
        if abs(off) > SLIP_FRAMES:
            self._owed += max(0, off)  # if it is negative, what is kept was earlier than we thought
            self.frame += off
            self.slips += 1
        return self.frame

    def fill(self, pcm: bytes) -> float:
        """The samples of the frame just counted. Returns their power: 1 for a full-scale square wave. Raises ValueError if they are not a
        whole frame."""
        if len(pcm) != self._bytes:
            raise ValueError(f"a frame has {self._bytes} bytes, not {len(pcm)}")
        self._owed -= 1
        self._pay()
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        reached = np.concatenate([self._before, samples])
        self._before = samples[-len(self._before) :]
        band = np.convolve(reached, self._kernel, "valid")[:: self._step]
        power = float(np.dot(band, band)) / FRAME
        self._append(band)
        self._powers.append(power)
        del self._powers[0]
        return power

    def cut(self, begin: int, end: int) -> Floats:
        """The samples between two positions. Not to be changed."""
        self._pay()
        if begin < self.end - KEPT_FRAMES * FRAME or end > self.end:
            return np.zeros(end - begin, np.float32)
        shift = self._size - self.end
        return self._samples[begin + shift : end + shift]

    def loudest(self, first: int, last: int) -> float:
        """The largest power of the frames from number `first` to `last`."""
        self._pay()
        shift = KEPT_FRAMES - 1 - (self.frame or 0)
        return max(self._powers[max(0, first + shift) : max(0, last + shift + 1)], default=0.0)

    def _pay(self) -> None:
        if self._owed > 0:
            owed = min(self._owed, KEPT_FRAMES)
            self._owed = 0
            self._before = np.zeros_like(self._before)
            self._append(np.zeros(owed * FRAME, np.float32))
            self._powers = self._powers[owed:] + [0.0] * owed

    def _append(self, band: Floats) -> None:
        if self._size + len(band) > len(self._samples):
            kept = KEPT_FRAMES * FRAME
            self._samples[:kept] = self._samples[self._size - kept : self._size].copy()
            self._size = kept
        self._samples[self._size : self._size + len(band)] = band
        self._size += len(band)


@lru_cache(maxsize=2)
def _kernel(rate: int) -> Floats:
    """The low pass and the pre-emphasis, for samples of 16 bits."""
    taps = KERNEL_MS * rate // 1000
    time = np.arange(taps) - (taps - 1) / 2
    low = np.sinc(time * 2 * CUT_HZ / rate) * np.hanning(taps + 2)[1:-1]
    emphasis = np.zeros(rate // BAND_RATE + 1)
    emphasis[0], emphasis[-1] = 1, -PRE_EMPHASIS
    return (np.convolve(low / low.sum(), emphasis) / FULL_SCALE).astype(np.float32)
