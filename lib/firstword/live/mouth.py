"""What a phone sends: a packet every 20 ms, of speech, silence or a key. [pure]"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ..sim.line import Line
from . import rtp, sdp
from .codecs import Codec

KEYS_BOUND = 64


class Sent(NamedTuple):
    """A packet that was sent."""

    at: float
    """The clock's seconds, just before it was handed to the system."""
    sequence: int
    timestamp: int
    voiced: bool
    """Whether it held what the caller says, and not silence or a key."""


class Mouth:
    """One call's packets, in order. One thread; `press` any.

    Args:
        line: what the caller says.
        codec: makes payloads of it.
        form: names them.
    """

    def __init__(self, line: Line, codec: Codec, form: sdp.Format) -> None:
        self.sent: list[Sent] = []
        self.ssrc = secrets.randbits(32)
        self._line, self._codec, self._form = line, codec, form
        self._sequence = secrets.randbits(15)
        self._origin = secrets.randbits(31)  # the timestamp of tick 0
        self._keys: deque[str] = deque(maxlen=KEYS_BOUND)
        self._key: Iterator[tuple[bytes, bool]] | None = None
        self._key_timestamp = 0
        self._rested = True  # the next packet of sound begins a talk spurt: its marker is set

    def press(self, key: str) -> None:
        """Send this key after those that wait."""
        self._keys.append(key)

    @property
    def pressing(self) -> bool:
        """Whether a key is still to be sent."""
        return self._key is not None or bool(self._keys)

    def rest(self) -> None:
        """Nothing is sent this time."""
        self._rested = True

    def frame(self, tick: int, now: float, payload_type: int, events: int | None) -> bytes:
        """The packet of frame number `tick`, which is sent at `now`; `payload_type` and `events` are what the other side calls the codec
        and the keys (None: it takes none, they are passed over)."""
        timestamp = self._origin + tick * self._form.ticks
        if events is not None and self._key is None and self._keys:
            self._key = rtp.key(self._keys[0], self._form.ticks)
            self._key_timestamp = timestamp
        elif events is None:
            self._keys.clear()
        told = next(self._key, None) if self._key is not None else None
        if events is not None and told is not None:
            payload, marker = told
            return self._packet(
                now, rtp.Packet(events, self._sequence, self._key_timestamp, self.ssrc, payload, marker), False
            )
        if self._key is not None:
            self._key = None
            self._keys.popleft()
            self._rested = True
        frame = self._line.take()
        marker, self._rested = self._rested, False
        packet = rtp.Packet(payload_type, self._sequence, timestamp, self.ssrc, self._codec.encode(frame), marker)
        return self._packet(now, packet, frame is not self._line.silence)

    def _packet(self, now: float, packet: rtp.Packet, voiced: bool) -> bytes:
        self.sent.append(Sent(now, packet.sequence & 0xFFFF, packet.timestamp & 0xFFFFFFFF, voiced))
        self._sequence += 1
        return packet.pack()
