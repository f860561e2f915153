"""Bytes as samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.audio import pcm


@given(st.binary(max_size=200), st.lists(st.integers(0, 9), max_size=60))
def test_whole_samples_come_out_whatever_the_chunks(data: bytes, sizes: list[int]) -> None:
    straddle, out, at = pcm.Straddle(), [], 0
    for size in sizes:
        out.append(straddle.feed(data[at : at + size]))
        at += size
    out.append(straddle.feed(data[at:]))
    assert all(len(chunk) % 2 == 0 for chunk in out)
    assert b"".join(out) == data[: len(data) // 2 * 2]
    assert straddle.odd == bool(len(data) % 2)


def test_whole_chunks_are_not_copied() -> None:
    chunk = bytes(320)
    assert pcm.Straddle().feed(chunk) is chunk


@pytest.mark.parametrize(("rate", "size"), [(8000, 320), (16000, 640), (24000, 960)])
def test_a_frame_is_20_ms(rate: int, size: int) -> None:
    assert pcm.frame_bytes(rate) == size
    assert len(pcm.silence(20, rate)) == size
    assert pcm.duration_ms(bytes(size), rate) == 20


def test_the_peak_is_seen_wherever_a_wave_of_the_telephone_band_has_it() -> None:
    t = np.arange(160) / 8000
    for hertz in range(300, 3400, 97):
        wave = (8000 * np.sin(2 * np.pi * hertz * t)).astype("<i2")
        assert 5000 < pcm.peak(wave.tobytes()) <= 8000
    assert (pcm.peak(bytes(320)), pcm.peak(b""), pcm.peak((-5).to_bytes(2, "little", signed=True) * 160)) == (0, 0, 0)


def test_levels_are_those_of_the_field() -> None:
    t = np.arange(8000) / 8000
    sine = (32767 * np.sin(2 * np.pi * 1000 * t)).astype("<i2").tobytes()
    assert pcm.level_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    assert pcm.level_dbfs(np.full(80, -32768, "<i2").tobytes()) == 0
    assert pcm.level_dbfs(bytes(320)) == pcm.level_dbfs(b"") == -math.inf


def test_a_law_is_g_711() -> None:
    # ITU-T G.191: silence is D5 (and 55 below zero), the largest values AA and 2A; the digital milliwatt is 34 21 21 34 B4 A1 A1 B4.
    assert pcm.alaw_encode(np.array([0, -1, 32767, -32768], "<i2").tobytes()) == b"\xd5\x55\xaa\x2a"
    milliwatt = pcm.alaw_decode(bytes.fromhex("342121 34b4a1a1b4".replace(" ", "")))
    assert pcm.level_dbfs(milliwatt) == pytest.approx(-6.15, abs=0.05)  # 0 dBm0, where +3.14 dBm0 is a full-scale sine
    assert pcm.alaw_encode(milliwatt).hex() == "34212134b4a1a1b4"


def test_every_a_law_code_comes_back_and_every_sample_stays_within_half_a_step() -> None:
    codes = bytes(range(256))
    assert pcm.alaw_encode(pcm.alaw_decode(codes)) == codes
    samples = np.arange(-32768, 32768).astype("<i2")
    decoded = np.frombuffer(pcm.alaw_decode(pcm.alaw_encode(samples.tobytes())), "<i2").astype(int)
    step = np.maximum(16, 2.0 ** (np.floor(np.log2(np.maximum(np.abs(samples.astype(int)), 1))) - 4))
    assert (np.abs(decoded - samples) <= step / 2 + 1).all()
