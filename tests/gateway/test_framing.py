from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from firstword.gateway.framing import Framing, wav_header


@given(st.lists(st.binary(max_size=40_000), max_size=4), st.integers(2, 10_000))
def test_the_messages_joined_are_the_audio_and_none_is_empty_or_over_the_typical_size(pieces, typical):
    framing = Framing(typical)
    frames = [frame for piece in pieces for frame in framing.cut(piece)]
    assert b"".join(frames) == b"".join(pieces)
    assert all(0 < len(frame) <= typical for frame in frames)


def test_most_messages_are_of_8000_bytes_and_some_tear_a_sample_in_two():
    sizes = [len(frame) for frame in Framing(8000).cut(bytes(120_000))]
    assert sizes.count(8000) > len(sizes) / 2
    assert sizes[1] == 297
    assert any(size % 2 for size in sizes)


def test_the_wav_header_says_mono_16_bit_at_the_rate():
    header = wav_header(8000)
    assert len(header) == 44
    assert header[:4] + header[8:16] + header[36:40] == b"RIFFWAVEfmt data"
    assert struct.unpack("<HHIIHH", header[20:36]) == (1, 1, 8000, 16000, 2, 16)
