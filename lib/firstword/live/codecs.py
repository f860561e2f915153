"""From 20 ms of PCM to the payload of a packet, and back: one codec for one call, by its name in SDP.

G.711 is a table; G.722 and opus are FFmpeg's, by PyAV: ``pip install av`` (the extra ``live``). One frame in gives one packet out, and one
packet one frame: nothing is held back but what the codec itself looks ahead (G.722 1.4 ms, opus 6.5 ms, both ways together).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..audio import pcm
from ..errors import ConfigError


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


def make(name: str) -> Codec:
    """The codec of this name: PCMA or PCMU. Raises ConfigError."""
    made = MAKERS.get(name)
    if made is None:
        raise ConfigError(f"codec {name!r} is none of {', '.join(MAKERS)}")
    return made()


MAKERS: dict[str, Callable[[], Codec]] = {"PCMA": ALaw, "PCMU": MuLaw}


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
