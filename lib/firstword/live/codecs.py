"""From 20 ms of PCM to the payload of a packet, and back: one codec for one call, by its name in SDP.

G.711 is a table; G.722 and opus are FFmpeg's, by PyAV: ``pip install av`` (the extra ``live``). One frame in gives one packet out, and one
packet one frame: nothing is held back but what the codec itself looks ahead (G.722 1.4 ms, opus 6.5 ms, both ways together).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt

from ..audio import pcm
from ..errors import ConfigError

if TYPE_CHECKING:
    import av


class Codec(Protocol):
    """One call's coder and decoder. They share nothing: one thread each."""

    rate: int
    """Samples per second of the PCM."""

    def encode(self, frame: bytes) -> bytes:
        """20 ms of 16-bit mono as a payload."""

    def decode(self, payload: bytes) -> bytes:
        """A payload as 16-bit mono."""


class ALaw:
    """G.711 as in Europe and China."""

    rate = 8000

    def encode(self, frame: bytes) -> bytes:
        """See `Codec`."""
        return pcm.alaw_encode(frame)

    def decode(self, payload: bytes) -> bytes:
        """See `Codec`."""
        return pcm.alaw_decode(payload)


class MuLaw:
    """G.711 as in America."""

    rate = 8000

    def encode(self, frame: bytes) -> bytes:
        """See `Codec`."""
        codes: npt.NDArray[np.uint8] = _mulaw_of_pcm()[np.frombuffer(frame, "<u2")]
        return codes.tobytes()

    def decode(self, payload: bytes) -> bytes:
        """See `Codec`."""
        return _pcm_of_mulaw()[np.frombuffer(payload, np.uint8)].tobytes()


class Ffmpeg:
    """A codec of FFmpeg, one way each: G.722 at 64 kbit/s, opus at 32.

    Args:
        encoder, decoder: FFmpeg's names.
        rate: of the PCM. opus is given 48 kHz, as its decoder gives nothing else.
    """

    def __init__(self, encoder: str, decoder: str, rate: int, bits: int) -> None:
        try:
            import av
        except ImportError as error:
            raise ConfigError(f"codec {decoder} needs a package: pip install av") from error
        self.rate = rate
        self._av = av
        self._samples = 0
        self._encoder = cast("av.AudioCodecContext", av.CodecContext.create(encoder, "w"))
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = (
            rate,
            av.AudioLayout("mono"),
            av.AudioFormat("s16"),
        )
        self._encoder.bit_rate = bits
        if encoder == "libopus":
            self._encoder.options = {"frame_duration": "20", "application": "voip"}
        self._encoder.open()
        self._decoder = cast("av.AudioCodecContext", av.CodecContext.create(decoder, "r"))
        self._decoder.sample_rate, self._decoder.layout = rate, av.AudioLayout("mono")
        self._decoder.open()

    def encode(self, frame: bytes) -> bytes:
        """See `Codec`."""
        samples = np.frombuffer(frame, "<i2")[None, :]
        sound = self._av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        sound.sample_rate, sound.pts = self.rate, self._samples
        self._samples += samples.shape[1]
        return b"".join(bytes(packet) for packet in self._encoder.encode(sound))

    def decode(self, payload: bytes) -> bytes:
        """See `Codec`. Raises ValueError for a payload that can not be decoded."""
        try:
            frames = self._decoder.decode(self._av.Packet(payload))
        except self._av.FFmpegError as error:
            raise ValueError(f"a payload that is no sound: {error}") from error
        return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def make(name: str) -> Codec:
    """The codec of this name: PCMA, PCMU, G722 or opus. Raises ConfigError: no such codec, or its library is missing."""
    made = MAKERS.get(name)
    if made is None:
        raise ConfigError(f"codec {name!r} is none of {', '.join(MAKERS)}")
    return made()


MAKERS: dict[str, Callable[[], Codec]] = {
    "PCMA": ALaw,
    "PCMU": MuLaw,
    "G722": lambda: Ffmpeg("g722", "g722", 16000, 64000),
    "opus": lambda: Ffmpeg("libopus", "libopus", 48000, 32000),
}


@lru_cache(maxsize=1)
def _pcm_of_mulaw() -> npt.NDArray[np.int16]:
    """ITU-T G.711 table 2: 14-bit values, shifted to 16 bits."""
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


@lru_cache(maxsize=1)
def _mulaw_of_pcm() -> npt.NDArray[np.uint8]:
    """For every 16-bit value (as unsigned) its code: the segment by magnitude with its bias, then four bits of step."""
    value = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(value), 32635) + 0x84
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7
    step = (biased >> (segment + 3)) & 15
    code = ~(np.where(value < 0, 0x80, 0) | (segment << 4) | step) & 0xFF
    codes: npt.NDArray[np.uint8] = code.astype(np.uint8)
    return codes
