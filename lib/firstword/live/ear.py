"""What a phone receives: every packet written down with its arrival, and heard as it comes. [pure]"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..sim.line import Line
from . import rtp, sdp
from .codecs import Codec


class Arrival(NamedTuple):
    """A packet that came."""

    at: float
    """The clock's seconds, when the kernel had it."""
    sequence: int
    timestamp: int
    payload_type: int
    ssrc: int


class Ear:
    """Hears one call. One thread feeds it (`agree` may be another), any thread reads what it has noted.

    There is no jitter buffer: a frame is heard when it arrives; one that comes after a later one is noted and not heard. Where the
    timestamp jumps, the line is told how many frames never came.
    """

    def __init__(self, line: Line, codec: Codec, form: sdp.Format) -> None:
        self.arrivals: list[Arrival] = []
        self.lost = 0
        """Sequence numbers that were passed over; one that comes late after all is counted in `late` too."""
        self.late = 0
        """Packets that came behind a later one, or twice."""
        self.strange = 0
        """Packets of a payload type that was not agreed on."""
        self.keys: list[tuple[float, str]] = []
        """Keys that were heard, and when they began."""
        self._line, self._codec, self._form = line, codec, form
        self._ssrc: int | None = None
        self._expected = 0
        self._next_timestamp = 0
        self._key_timestamp: int | None = None
        self._rest = b""  # less than a frame
        self._sounds = {form.payload_type}
        self._events = {form.event_payload_type}

    def agree(self, media: sdp.Media) -> None:
        """The other side has said what it calls the codec and the keys; what we call them is understood too."""
        self._sounds |= {number for number in [media.payload_type(self._form)] if number is not None}
        self._events |= {number for number in [media.events(self._form)] if number is not None}

    def hear(self, datagram: bytes, at: float) -> None:
        """A datagram arrived at `at`. Raises ValueError if it is no RTP, or its payload no frame."""
        packet = rtp.unpack(datagram)
        self.arrivals.append(Arrival(at, packet.sequence, packet.timestamp, packet.payload_type, packet.ssrc))
        if packet.ssrc != self._ssrc:
            self._ssrc, self._expected, self._next_timestamp = packet.ssrc, packet.sequence, packet.timestamp
        passed_over = rtp.ahead(packet.sequence, self._expected)
        if passed_over < 0:
            self.late += 1
            return
        self.lost += passed_over
        self._expected = packet.sequence + 1
        if packet.payload_type in self._events:
            self._hear_key(packet, at)
        elif packet.payload_type in self._sounds:
            self._hear_sound(packet, at)
        else:
            self.strange += 1

    def _hear_key(self, packet: rtp.Packet, at: float) -> None:
        key = rtp.pressed(packet.payload)
        if key is not None and packet.timestamp != self._key_timestamp:
            self._key_timestamp = packet.timestamp
            self.keys.append((at, key[0]))

    def _hear_sound(self, packet: rtp.Packet, at: float) -> None:
        missing = rtp.ahead(packet.timestamp, self._next_timestamp, 32) // self._form.ticks
        if missing > 0:
            self._line.miss(missing)
        sound = self._rest + self._codec.decode(packet.payload)
        size = self._line.frame_bytes
        frames = len(sound) // size
        for begin in range(0, frames * size, size):
            self._line.hear(sound[begin : begin + size], at)
        self._rest = sound[frames * size :]
        self._next_timestamp = packet.timestamp + frames * self._form.ticks

    def gaps_ms(self) -> npt.NDArray[np.float64]:
        """The time between each packet and the one before, in milliseconds: one less than there are packets."""
        gaps: npt.NDArray[np.float64] = np.diff([arrival.at for arrival in self.arrivals]) * 1000
        return gaps
