"""What a caller's line sends besides the caller: the echo of what he hears, the noise of the line, and bursts of noise. [pure]

One `Room` a line. Levels are RMS in dB below full scale; the tone voice has -24.
"""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..audio.pcm import FULL_SCALE, SAMPLE_BYTES

NOISES = ("cough", "knock", "hiss")
LOOP_S = 4
"""Steady noise repeats after so long: a whole number of frames."""
KNOCK_HZ = 190
KNOCK_DECAY_MS = 18
KNOCK_EVERY_MS = 180

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Echo:
    """What the caller hears comes back on what he sends: `db` stronger (so -20 is weaker), `delay_ms` later, a frame at least."""

    db: float = -20.0
    delay_ms: float = 120.0


@dataclass(frozen=True, slots=True)
class Noise:
    """A burst that is no speech. ``cough``: broadband, hard at its beginning, two bursts in one if it is long. ``knock``: a knuckle on
    wood, once every `KNOCK_EVERY_MS`. ``hiss``: broadband, soft at both ends: a breath into the microphone."""

    kind: str = "cough"
    ms: int = 150
    dbfs: float = -24.0

    def sound(self, rate: int) -> bytes:
        """16-bit little-endian mono; the same each time."""
        return _pcm(_burst(self, rate))


class Room:
    """Mixes one line. `add` belongs to the caller's thread, `around` to whoever takes his frames.

    Args:
        rate: samples per second.
        echo: None for a line without.
        noise_dbfs: of the line; None for a line that is silent.
    """

    def __init__(self, rate: int, echo: Echo | None = None, noise_dbfs: float | None = None) -> None:
        self._rate = rate
        self._gain = 10 ** (echo.db / 20) if echo is not None else 0.0
        self._delay_bytes = round(rate * echo.delay_ms / 1000) * SAMPLE_BYTES if echo is not None else 0
        self._steady = _steady(rate, noise_dbfs) if noise_dbfs is not None else None
        self._at = 0  # of the steady noise
        self._bursts: deque[bytearray] = deque()

    @property
    def empty(self) -> bool:
        """Whether the caller alone is sent."""
        return not self._bursts and self._steady is None and not self._gain

    def add(self, pcm: bytes) -> None:
        """Let `pcm` sound from the next frame on, beside whatever else does."""
        self._bursts.append(bytearray(pcm))

    def around(self, caller: bytes, heard: bytes | bytearray) -> bytes:
        """What is sent when the caller says the frame `caller`; `heard` is all that he has heard before it."""
        total = np.frombuffer(caller, "<i2").astype(np.float32)
        if self._gain:
            total += self._gain * self._echo(heard, len(caller))
        if self._steady is not None:
            total += self._steady[self._at : self._at + len(total)]
            self._at = (self._at + len(total)) % len(self._steady)
        for burst in tuple(self._bursts):
            now = bytes(burst[: len(caller)]).ljust(len(caller), b"\0")
            total += np.frombuffer(now, "<i2")
            del burst[: len(caller)]
            if not burst:
                self._bursts.remove(burst)
        return _pcm(total)

    def _echo(self, heard: bytes | bytearray, size: int) -> Samples:
        """The frame that began `delay_ms` ago; what lies before the first one, or is not heard yet, is silence."""
        begin = len(heard) - self._delay_bytes
        past = bytes(heard[max(0, begin) : max(0, begin + size)])
        past = past.rjust(min(size, len(past) + max(0, -begin)), b"\0").ljust(size, b"\0")
        return np.frombuffer(past, "<i2").astype(np.float32)


def _pcm(samples: npt.NDArray[np.floating]) -> bytes:
    return bytes(np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype("<i2"))


@lru_cache(maxsize=8)
def _steady(rate: int, dbfs: float) -> Samples:
    return _levelled(_white(rate * LOOP_S, 1), dbfs)


@lru_cache(maxsize=64)
def _burst(noise: Noise, rate: int) -> Samples:
    length = round(rate * noise.ms / 1000)
    t = np.arange(length) / rate
    white = _white(length, zlib.crc32(repr(noise).encode()))
    if noise.kind == "knock":
        since = t % (KNOCK_EVERY_MS / 1000)
        thud = np.sin(2 * np.pi * KNOCK_HZ * since) + 0.3 * white
        return _levelled(thud * np.exp(-since / (KNOCK_DECAY_MS / 1000)), noise.dbfs)
    if noise.kind == "hiss":
        return _levelled(white * np.sin(np.pi * t / t[-1]), noise.dbfs)
    half = length / rate if noise.ms < 200 else length / rate * 0.55  # a long cough closes and opens once more
    since = t % half
    return _levelled(white * np.minimum(1.0, since / 0.004) * np.exp(-2.5 * since / half), noise.dbfs)


def _white(length: int, seed: int) -> Samples:
    return np.random.default_rng(seed).standard_normal(length, np.float32)


def _levelled(samples: npt.NDArray[np.floating], dbfs: float) -> Samples:
    level = np.sqrt(np.mean(np.square(samples)))
    return np.asarray(samples * (FULL_SCALE * 10 ** (dbfs / 20) / level), np.float32)
