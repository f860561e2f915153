"""What waits to be heard, for one call: one reply at a time, by its number, cut into frames. [pure]

A reply's first frame waits until `startup_ms` of it are there, or all of it; so does the first frame after an underrun. Nowhere else is
anything held back: pieces that follow each other are one stream, whatever frames their borders fall into. What was pulled and has not
been sent can be given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pcm import FRAME_MS, SAMPLE_BYTES, frame_bytes

SOUND_PEAK = 64
"""A frame sounds if one of its samples is louder than this (-54 dBFS). Many voices lead with noise far below it that nobody hears as a
first word."""
BOUND_S = 600
"""More of one reply than this may not wait: a synthesiser that never ends. 9.6 MB at 8 kHz."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame to be sent."""

    pcm: bytes
    """`FRAME_MS` of it; the last of a reply is filled up with silence."""
    reply: int
    own_bytes: int
    """How much of it is the reply's audio."""
    first: bool
    """Whether it is the first frame of the reply that sounds."""


class Playout:
    """The one stream from replies to frames. Not locked: the line that owns it does that.

    Args:
        rate: samples per second of all audio in and out.
        startup_ms: what must wait before a reply begins; 0 lets the first whole frame go.
    """

    def __init__(self, rate: int, startup_ms: int = 100) -> None:
        self._frame_bytes = frame_bytes(rate)
        self._startup_bytes = max(self._frame_bytes, rate * startup_ms // 1000 * SAMPLE_BYTES)
        self._bound_bytes = BOUND_S * rate * SAMPLE_BYTES
        self._bytes_per_ms = rate * SAMPLE_BYTES / 1000
        self._waiting = bytearray()
        self._ended = True
        self._filling = True  # the start-up buffer is not full yet
        self._dry = False  # the caller has heard silence in the middle of the reply
        self.reply = 0
        """The number of the latest reply begun."""
        self.sounded = False
        """Whether a frame of it that sounds was pulled."""
        self.handed_bytes = 0
        """How much of its audio was pulled."""
        self.underruns = 0
        """How often, of all replies, audio came after the reply had run dry: each is a gap that the caller heard."""

    def begin(self, reply: int) -> None:
        """Reply number `reply` is coming; the one before is silenced. Raises ValueError unless the numbers grow."""
        if reply <= self.reply:
            raise ValueError(f"reply {reply} comes after reply {self.reply}")
        self._waiting.clear()
        self.reply = reply
        self.handed_bytes = 0
        self.sounded = self._ended = self._dry = False
        self._filling = True

    def write(self, reply: int, pcm: bytes) -> bool:
        """Add audio, whole samples, to `reply`. Returns False if it was dropped: another reply has begun, this one has ended or was
        silenced, or `BOUND_S` of it wait."""
        if reply != self.reply or self._ended or len(self._waiting) + len(pcm) > self._bound_bytes:
            return False
        if pcm and self._dry:
            self._dry = False
            self.underruns += 1
        self._waiting += pcm
        return True

    def end(self, reply: int) -> None:
        """No more audio for `reply`: what waits is played to the last sample."""
        if reply == self.reply:
            self._ended = True

    def silence(self, reply: int) -> bool:
        """Drop what waits of `reply`, and what will come. Returns whether it was the current one and still going on."""
        if reply != self.reply or self.over:
            return False
        self._waiting.clear()
        self._ended = True
        return True

    @property
    def over(self) -> bool:
        """Whether nothing of the current reply is to come, neither from here nor from the synthesiser."""
        return self._ended and not self._waiting

    @property
    def waiting_ms(self) -> float:
        """How much audio waits here."""
        return len(self._waiting) / self._bytes_per_ms

    @property
    def ready(self) -> bool:
        """Whether `pull` would give a frame."""
        there = len(self._waiting)
        if self._ended:
            return there > 0
        return there >= (self._startup_bytes if self._filling else self._frame_bytes)

    def pull(self) -> Frame | None:
        """The next frame, or None where silence is due."""
        if not self.ready:
            return None
        self._filling = False
        pcm = bytes(self._waiting[: self._frame_bytes])
        del self._waiting[: self._frame_bytes]  # a bytearray moves its beginning, not its bytes
        own = len(pcm)
        self.handed_bytes += own
        first = not self.sounded and _sounds(pcm)
        self.sounded = self.sounded or first
        return Frame(pcm.ljust(self._frame_bytes, b"\0"), self.reply, own, first)

    def give_back(self, frames: Sequence[Frame]) -> None:
        """The latest frames pulled, in their order, were not sent after all: they are the next. Those of another reply, or of none, are
        dropped; a `first` one will be so again."""
        own = [frame for frame in frames if frame.reply == self.reply and frame.own_bytes]
        if not own:
            return
        pcm = b"".join(frame.pcm[: frame.own_bytes] for frame in own)
        self.handed_bytes -= len(pcm)
        if any(frame.first for frame in own):
            self.sounded = False
        self._waiting[:0] = pcm

    def ran_dry(self) -> None:
        """The caller hears silence. In the middle of a reply that is a gap, and the buffer fills anew, if more audio comes."""
        if self.handed_bytes and not self._ended and not self._filling:
            self._filling = self._dry = True


def _sounds(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, "<i2")
    return bool(samples.max() > SOUND_PEAK or samples.min() < -SOUND_PEAK)


__all__ = ["BOUND_S", "FRAME_MS", "SOUND_PEAK", "Frame", "Playout"]
