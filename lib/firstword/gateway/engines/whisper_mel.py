"""Whisper's view of sound: the logarithm of 80 mel bands, each 10 ms.                                                  [pure]

After Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), section 2.2, with the constants that its
published weights were trained with: 16 kHz, windows of 25 ms, Slaney's mel scale and area normalisation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 16_000
BANDS = 80
HOP = 160
WINDOW = 400
FRAMES_A_SECOND = RATE // HOP

Floats = npt.NDArray[np.float32]


def log_mel(samples: Floats) -> Floats:
    """`BANDS` x one frame per `HOP` samples, from mono samples at `RATE`; about -1 to 1, the quietest 80 dB below the loudest."""
    padded = np.pad(samples.astype(np.float32, copy=False), WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:-1]
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)) ** 2
    log = np.log10(np.maximum(_bank() @ power.T, 1e-10))
    log = np.maximum(log, log.max() - 8.0)
    spectrogram: Floats = ((log + 4.0) / 4.0).astype(np.float32)
    return spectrogram


def padded_to(spectrogram: Floats, frames: int) -> Floats:
    """The spectrogram with its own quietest value behind it, up to `frames` in all."""
    lack = max(0, frames - spectrogram.shape[1])
    return np.pad(spectrogram, ((0, 0), (0, lack)), constant_values=float(spectrogram.min()))


@lru_cache(maxsize=1)
def _hann() -> Floats:
    """Periodic, as the short-time Fourier transform wants it."""
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _bank() -> Floats:
    """Triangles over the spectrum's lines, evenly spaced in mel, each of the same area."""
    lines = np.linspace(0.0, RATE / 2, WINDOW // 2 + 1)
    corners = _hertz(np.linspace(0.0, float(_mel(np.array(RATE / 2))), BANDS + 2))
    widths = np.diff(corners)
    distance = corners[:, None] - lines[None, :]
    rising, falling = -distance[:-2] / widths[:-1, None], distance[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None]).astype(np.float32)


_BEND_HZ, _BEND_MEL, _STEP = 1000.0, 15.0, np.log(6.4) / 27.0
"""Slaney's scale: linear up to 1 kHz, logarithmic above."""


def _mel(hertz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = _BEND_MEL + np.log(np.maximum(hertz, 1e-9) / _BEND_HZ) / _STEP
    return np.where(hertz < _BEND_HZ, hertz * _BEND_MEL / _BEND_HZ, above)


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = _BEND_HZ * np.exp((mel - _BEND_MEL) * _STEP)
    return np.where(mel < _BEND_MEL, mel * _BEND_HZ / _BEND_MEL, above)
