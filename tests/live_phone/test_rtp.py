"""RTP packets and keys."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.live import rtp


@given(
    st.builds(
        rtp.Packet,
        st.integers(0, 127),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.binary(max_size=400),
        st.booleans(),
    )
)
def test_a_packet_survives_the_wire(packet: rtp.Packet) -> None:
    assert rtp.unpack(packet.pack()) == packet


def test_a_packet_is_laid_out_as_the_standard_says() -> None:
    assert rtp.Packet(8, 0x0102, 0x03040506, 0x0708090A, b"xy", True).pack() == bytes.fromhex(
        "80880102030405060708090a7879"
    )


def test_contributors_extension_and_padding_are_not_sound() -> None:
    plain = rtp.Packet(0, 1, 2, 3, b"").pack()
    dressed = bytes([plain[0] | 0x31]) + plain[1:] + b"CSRC" + struct.pack("!HH", 1, 1) + b"EXTN" + b"sound" + b"\0\0\3"
    assert rtp.unpack(dressed).payload == b"sound"


@pytest.mark.parametrize(
    "datagram", [b"", b"\x80" * 11, b"\x40" + bytes(20), b"\x9f" + bytes(12), b"\xa0" + bytes(10) + b"\1\xff"]
)
def test_what_is_no_packet_is_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match="RTP"):
        rtp.unpack(datagram)


def test_sequences_are_compared_across_their_end() -> None:
    assert rtp.ahead(0, 0xFFFF) == 1
    assert rtp.ahead(0xFFFE, 1) == -3
    assert rtp.ahead(5, 5) == 0
    assert rtp.ahead(80, 0xFFFFFFB0, 32) == 160


def test_a_key_is_held_for_a_tenth_of_a_second_and_its_end_told_three_times() -> None:
    told = list(rtp.key("#", 160))
    assert [marker for _, marker in told] == [True] + [False] * 6
    assert [payload[0] for payload, _ in told] == [11] * 7
    assert [bool(payload[1] & 0x80) for payload, _ in told] == [False] * 4 + [True] * 3
    assert [int.from_bytes(payload[2:], "big") for payload, _ in told] == [160, 320, 480, 640, 800, 800, 800]
    assert rtp.pressed(told[0][0]) == ("#", False)
    assert rtp.pressed(told[-1][0]) == ("#", True)
    assert rtp.pressed(b"\x20\0\0\0") is None
