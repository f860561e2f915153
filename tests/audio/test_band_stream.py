"""Frames are counted, and what is kept of them lies where their number says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.audio.band_stream import FRAME, KEPT_FRAMES, SLIP_FRAMES, BandStream

RATES = [8000, 16000]


def sine(hz: float, frames: int, rate: int, peak: float = 8000) -> bytes:
    samples = peak * np.sin(2 * np.pi * hz * np.arange(frames * rate // 50) / rate)
    return samples.astype("<i2").tobytes()


def tell(stream: BandStream, pcm: bytes, rate: int, at: float = 10.0) -> list[float]:
    size = rate // 50 * 2
    told = []
    for number in range(len(pcm) // size):
        stream.count(at + number * 0.02)
        told.append(stream.fill(pcm[number * size : (number + 1) * size]))
    return told


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_in_the_band_is_kept_and_one_above_it_is_not(rate: int) -> None:
    low, high = (tell(BandStream(rate), sine(hz, 10, rate), rate)[-1] for hz in (1000, 2800))
    assert 10 * np.log10(low) == pytest.approx(-15.2 + 2.2, abs=1)  # the tone's level, and the emphasis there
    assert high < low / 1000


@pytest.mark.parametrize("rate", RATES)
def test_frames_make_one_stream(rate: int) -> None:
    stream = BandStream(rate)
    tell(stream, sine(700, 20, rate), rate)
    band = stream.cut(stream.end - 10 * FRAME, stream.end)
    assert len(band) == 10 * FRAME
    period = band[:-40] - band[40:]  # ten milliseconds are seven periods
    assert np.abs(period).max() < np.abs(band).max() / 100


def test_a_frame_lies_where_its_number_says() -> None:
    stream = BandStream(8000)
    tell(stream, sine(500, 1, 8000), 8000, at=10.0)
    for number in range(1, 10):
        stream.count(10 + number * 0.02)
    assert stream.frame == 509
    assert stream.end == 510 * FRAME
    assert stream.loudest(500, 500) > 0.01
    assert stream.loudest(501, 509) == 0
    assert stream.loudest(440, 499) == 0
    assert stream.cut(500 * FRAME, 501 * FRAME).any()
    assert not stream.cut(501 * FRAME, 510 * FRAME).any()


def test_times_that_waver_do_not_move_the_count() -> None:
    stream, rng = BandStream(8000), np.random.default_rng(1)
    numbers = [stream.count(10 + number * 0.02 + rng.uniform(-0.02, 0.02)) for number in range(500)]
    assert np.diff(numbers).tolist() == [1] * 499
    assert abs(numbers[0] - 500) <= 1
    assert stream.slips == 0


@pytest.mark.parametrize("jump", [SLIP_FRAMES + 1, 40, 10_000, -SLIP_FRAMES - 1, -40])
def test_a_time_far_from_the_count_moves_it(jump: int) -> None:
    stream = BandStream(8000)
    tell(stream, sine(500, 30, 8000), 8000)
    number = stream.count(10 + (30 + jump) * 0.02)
    assert number == 530 + jump
    assert stream.slips == 1
    last = number - 1 if jump < 0 else 529  # what was kept is earlier than we thought; or there is a gap behind it
    assert (stream.loudest(last, last) > 0.01) == (jump < KEPT_FRAMES)


def test_what_is_not_kept_is_silence() -> None:
    stream = BandStream(8000)
    tell(stream, sine(500, KEPT_FRAMES + 5, 8000), 8000)
    end = stream.end
    assert stream.cut(end - KEPT_FRAMES * FRAME, end).all()
    assert not stream.cut(end - KEPT_FRAMES * FRAME - 1, end - 4000).any()
    assert not stream.cut(end - 10, end + 1).any()
    assert len(stream.cut(end - 10, end + 1)) == 11
    assert stream.loudest(0, 10) == stream.loudest(10_000, 10_010) == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 130)), max_size=8))
def test_silence_that_is_only_counted_is_like_silence_that_is_filled_in(parts: list[tuple[bool, int]]) -> None:
    counted, filled, number = BandStream(8000), BandStream(8000), 0
    tone, silence = sine(500, 1, 8000), bytes(320)
    for sounds, frames in parts:
        for _ in range(frames):
            for stream in (counted, filled):
                stream.count(number * 0.02)
            number += 1
            filled.fill(tone if sounds else silence)
            if sounds:
                counted.fill(tone)
    begin = filled.end - KEPT_FRAMES * FRAME
    # the kernel's 4 ms of a sound that ends are told by the one that was filled in
    assert np.abs(counted.cut(begin, counted.end) - filled.cut(begin, filled.end)).max(initial=0) < 0.3
    assert counted.end == filled.end


def test_a_frame_of_another_length_is_refused() -> None:
    stream = BandStream(16000)
    stream.count(0)
    with pytest.raises(ValueError, match="a frame has 640 bytes, not 320"):
        stream.fill(bytes(320))
