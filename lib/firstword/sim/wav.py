"""WAV files of a caller: any mono or stereo, 8 to 48 kHz, 16 bits."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soxr

from ..errors import ScriptError


def read_wav(path: Path) -> tuple[bytes, int]:
    """A file's samples as 16-bit little-endian mono (two channels are averaged), and its rate.

    Raises:
        ScriptError: it can not be read, or is no such WAV.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            audio = file.readframes(file.getnframes())
    except OSError as error:
        raise ScriptError(f"{path} can not be read: {error.strerror}") from error
    except (wave.Error, EOFError) as error:
        raise ScriptError(f"{path} is not a WAV file of 16-bit samples ({str(error) or 'it is too short'})") from error
    if width != 2 or channels not in (1, 2) or not 8000 <= rate <= 48000:
        raise ScriptError(
            f"{path} has {8 * width} bits, {channels} channels and {rate} Hz: mono or stereo, 16 bits, 8 to 48 kHz is understood"
        )
    if len(audio) < width * channels:
        raise ScriptError(f"{path} holds no audio")
    if channels == 2:
        pairs = np.frombuffer(audio[: len(audio) // 4 * 4], "<i2").reshape(-1, 2)
        audio = bytes(np.rint(pairs.mean(axis=1)).astype("<i2"))
    return audio, rate


def at_rate(pcm: bytes, rate: int, wanted: int) -> bytes:
    """`pcm` of `rate` as samples of `wanted`."""
    if rate == wanted:
        return pcm
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    return bytes(soxr.resample(samples, rate, wanted).astype("<i2"))
