"""What waits to be heard, for one call: one reply at a time, by its number, cut into frames. [pure]

A reply's first frame waits until `startup_ms` of it are there, or all of it; so does the first frame after an underrun. Nowhere else is
anything held back: pieces that follow each other are one stream, whatever frames their borders fall into.

What was pulled and has not been sent can be given back. A reply can be held, before its first frame or in the middle; when it goes on,
it begins a syllable earlier. And something can be said before it, while it is not there yet (`prelude`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pcm import FRAME_MS, SAMPLE_BYTES, frame_bytes

SOUND_PEAK = 64
"""A frame sounds if one of its samples is louder than this (-54 dBFS). Many voices lead with noise far below it that nobody hears as a
first word."""
BACK_MS = (250, 500)
"""How much earlier a reply that was held goes on: at least, and at most. A syllable of Mandarin takes 200 to 250 ms, and one that was cut
must be heard whole."""
LATELY_MS = 2400
"""So much of a reply is remembered for it: what may be in the pipe is given back first."""
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
    prelude: bool = False
    """Whether it was said before the reply: then none of it is its own."""


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
        self._prelude = bytearray()
        self._lately = bytearray()  # the latest of the reply that was pulled
        self._kept_bytes = rate * LATELY_MS // 1000 * SAMPLE_BYTES
        self.held = False
        """Whether nothing of the reply is due."""
        self.reply = 0
        """The number of the latest reply begun."""
        self.sounded = False
        """Whether a frame of it that sounds was pulled."""
        self.handed_bytes = 0
        """How much of its audio was pulled."""
        self.underruns = 0
        """How often, of all replies, audio came after the reply had run dry: each is a gap that the caller heard."""

    def begin(self, reply: int, held: bool = False) -> None:
        """Reply number `reply` is coming, perhaps `held` until `resume`; the one before is silenced. Raises ValueError unless the numbers
        grow."""
        if reply <= self.reply:
            raise ValueError(f"reply {reply} comes after reply {self.reply}")
        for audio in (self._waiting, self._prelude, self._lately):
            audio.clear()
        self.reply = reply
        self.held = held
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
        self._prelude.clear()
        self._ended = True
        self.held = False
        return True

    def prelude(self, reply: int, pcm: bytes) -> bool:
        """Say `pcm`, whole samples, before `reply`, or in a silence in the middle of it. Returns False if it was dropped: something of the
        reply is to be heard, or nothing may be, for it is held."""
        silent = self._dry if self.handed_bytes else not self._waiting
        if reply != self.reply or self._ended or self.held or not silent or self._prelude:
            return False
        self._prelude += pcm
        return True

    def hold(self, reply: int) -> bool:
        """Nothing of `reply` is due until `resume`; what comes of it waits. Returns whether there is something to hold."""
        if reply != self.reply or self.over:
            return False
        self.held = True
        self._prelude.clear()
        return True

    def resume(self, reply: int) -> int:
        """Let `reply` go on, a syllable earlier than where it was held: at the quietest moment there. Returns by how many bytes."""
        if reply != self.reply or not self.held:
            return 0
        self.held = False
        back = self._syllable_bytes()
        self._unpull(bytes(self._lately[len(self._lately) - back :]))
        return back

    def _syllable_bytes(self) -> int:
        """How far back the quietest 10 ms of those in `BACK_MS` lie. 0 if not so much was heard."""
        least, most = (int(ms * self._bytes_per_ms) for ms in BACK_MS)
        if len(self._lately) < most:
            return 0
        heard = bytes(self._lately[len(self._lately) - most : len(self._lately) - least])
        samples = np.abs(np.frombuffer(heard, "<i2").astype(np.int32))
        size = int(10 * self._bytes_per_ms) // SAMPLE_BYTES
        loudness = samples[: len(samples) // size * size].reshape(-1, size).sum(axis=1)
        return most - int(loudness.argmin()) * size * SAMPLE_BYTES

    def retract(self, reply: int, left: int) -> int:
        """Of what waits of `reply` only the first `left` bytes are to be heard. Returns how many are left. Nothing happens to another
        reply, or to one that has ended."""
        if reply == self.reply and not self._ended:
            del self._waiting[max(0, left) :]
        return len(self._waiting)

    @property
    def over(self) -> bool:
        """Whether nothing of the current reply is to come, neither from here nor from the synthesiser."""
        return self._ended and not self._waiting and not self._prelude and not self.held

    @property
    def waiting_ms(self) -> float:
        """How much audio waits here."""
        return len(self._waiting) / self._bytes_per_ms

    @property
    def ready(self) -> bool:
        """Whether `pull` would give a frame."""
        if self._prelude:
            return True
        there = len(self._waiting)
        if self._ended or self.held:
            return there > 0 and not self.held
        return there >= (self._startup_bytes if self._filling else self._frame_bytes)

    def pull(self) -> Frame | None:
        """The next frame, or None where silence is due."""
        if not self.ready:
            return None
        if self._prelude:
            return self._pull_prelude()
        self._filling = False
        pcm = bytes(self._waiting[: self._frame_bytes])
        del self._waiting[: self._frame_bytes]  # a bytearray moves its beginning, not its bytes
        own = len(pcm)
        self.handed_bytes += own
        self._lately += pcm
        del self._lately[: -self._kept_bytes]
        first = not self.sounded and _sounds(pcm)
        self.sounded = self.sounded or first
        return Frame(pcm.ljust(self._frame_bytes, b"\0"), self.reply, own, first)

    def _pull_prelude(self) -> Frame:
        pcm = bytes(self._prelude[: self._frame_bytes])
        del self._prelude[: self._frame_bytes]
        return Frame(pcm.ljust(self._frame_bytes, b"\0"), self.reply, 0, False, prelude=True)

    def give_back(self, frames: Sequence[Frame]) -> None:
        """The latest frames pulled, in their order, were not sent after all: they are the next. Those of another reply, or of none, are
        dropped; a `first` one will be so again."""
        current = [frame for frame in frames if frame.reply == self.reply]
        self._prelude[:0] = b"".join(frame.pcm for frame in current if frame.prelude)
        if any(frame.first for frame in current):
            self.sounded = False
        self._unpull(b"".join(frame.pcm[: frame.own_bytes] for frame in current))

    def _unpull(self, pcm: bytes) -> None:
        """The latest audio that was pulled waits again."""
        self.handed_bytes -= len(pcm)
        self._waiting[:0] = pcm
        del self._lately[max(0, len(self._lately) - len(pcm)) :]

    def ran_dry(self) -> None:
        """The caller hears silence. In the middle of a reply that is a gap, and the buffer fills anew, if more audio comes."""
        if self.handed_bytes and not self._ended and not self._filling and not self.held:
            self._filling = self._dry = True


def _sounds(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, "<i2")
    return bool(samples.max() > SOUND_PEAK or samples.min() < -SOUND_PEAK)


__all__ = ["BOUND_S", "FRAME_MS", "SOUND_PEAK", "Frame", "Playout"]
