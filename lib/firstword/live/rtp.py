"""RTP packets (RFC 3550) and keys in them (RFC 4733). [pure]"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = struct.Struct("!BBHII")
EVENT = struct.Struct("!BBH")
VERSION = 0x80
MARKER = 0x80
KEYS = "0123456789*#ABCD"
"""By their event codes."""
KEY_FRAMES = 5
"""How long a key is held: 100 ms."""
KEY_ENDS = 3
"""So often its end is told (RFC 4733, 2.5.1.4)."""
KEY_VOLUME = 10
"""In dB under full scale."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def pack(self) -> bytes:
        """As it goes into a datagram."""
        second = self.payload_type | (MARKER if self.marker else 0)
        return (
            HEADER.pack(VERSION, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc) + self.payload
        )


def unpack(datagram: bytes) -> Packet:
    """The packet in `datagram`, without its extension, contributors and padding. Raises ValueError for what is no RTP."""
    if len(datagram) < HEADER.size or datagram[0] >> 6 != 2:
        raise ValueError("not RTP")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
    begin, end = HEADER.size + 4 * (first & 15), len(datagram)
    if first & 0x10:
        if len(datagram) < begin + 4:
            raise ValueError("RTP that ends in its extension")
        begin += 4 + 4 * struct.unpack_from("!H", datagram, begin + 2)[0]
    if first & 0x20:
        end -= datagram[-1]
    if begin > end:
        raise ValueError("RTP that is shorter than it says")
    return Packet(second & 0x7F, sequence, timestamp, ssrc, datagram[begin:end], bool(second & MARKER))


def ahead(later: int, earlier: int, bits: int = 16) -> int:
    """How far `later` is ahead of `earlier` in numbers that begin again: -32768 to 32767 for the 16 bits of a sequence."""
    span = 1 << bits
    return (later - earlier + span // 2) % span - span // 2


def key(pressed: str, ticks: int) -> Iterator[tuple[bytes, bool]]:
    """The payloads of one key press, a frame apart, and whether the marker is set: begin, held, ended three times.

    All have the timestamp of the first. Args: `ticks` of one frame.
    """
    code = KEYS.index(pressed)
    for frame in range(1, KEY_FRAMES + KEY_ENDS):
        end = frame >= KEY_FRAMES
        held = min(frame, KEY_FRAMES) * ticks
        yield EVENT.pack(code, (0x80 if end else 0) | KEY_VOLUME, held), frame == 1


def pressed(payload: bytes) -> tuple[str, bool] | None:
    """The key in a telephone event, and whether it has ended; None for other events."""
    if len(payload) < EVENT.size or payload[0] >= len(KEYS):
        return None
    return KEYS[payload[0]], bool(payload[1] & 0x80)
