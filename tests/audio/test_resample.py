"""Rate conversion: nothing lost, nothing late, nothing wrapped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.audio import pcm, tone
from firstword.audio.resample import Resampler

PAIRS = [(24000, 8000), (16000, 8000), (22050, 8000), (24000, 16000), (8000, 16000), (8000, 24000)]


def tone_of(hz: float, rate: int, ms: int = 1000, peak: float = 0.5) -> bytes:
    t = np.arange(rate * ms // 1000) / rate
    return (peak * 32767 * np.sin(2 * np.pi * hz * t)).astype("<i2").tobytes()


def convert(audio: bytes, source: int, target: int, chunk: int = 1000) -> bytes:
    resampler = Resampler(source, target)
    out = [resampler.feed(audio[at : at + chunk]) for at in range(0, len(audio), chunk)]
    return b"".join(out) + resampler.finish()


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(PAIRS), st.lists(st.integers(1, 3000), max_size=20))
def test_it_does_not_matter_how_the_audio_is_cut(pair: tuple[int, int], sizes: list[int]) -> None:
    audio = tone.speak("你好", pair[0], 20)
    resampler, out, at = Resampler(*pair), b"", 0
    for size in sizes:
        out += resampler.feed(audio[at : at + size])
        at += size
    out += resampler.feed(audio[at:]) + resampler.finish()
    assert out == convert(audio, *pair, chunk=len(audio))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_length_in_time_is_kept_to_the_sample(source: int, target: int) -> None:
    for ms in (1, 20, 333, 1000):
        assert len(convert(tone_of(440, source, ms), source, target)) // 2 == pytest.approx(target * ms / 1000, abs=1)


@pytest.mark.parametrize(
    ("source", "target", "most_ms"), [(24000, 8000, 26), (16000, 8000, 16), (24000, 16000, 11), (8000, 16000, 31)]
)
def test_no_more_is_held_back_than_the_table_says(source: int, target: int, most_ms: float) -> None:
    resampler, audio, out = Resampler(source, target), tone_of(1000, source), 0
    size = source // 1000 * 2
    for at in range(0, len(audio), size):
        out += len(resampler.feed(audio[at : at + size]))
        held_ms = (at + size) / 2 / source * 1000 - out / 2 / target * 1000
        assert held_ms <= most_ms


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_telephone_band_passes_and_what_would_fold_into_it_does_not(source: int, target: int) -> None:
    for hz in (300, 1000, 3400):
        level = pcm.level_dbfs(convert(tone_of(hz, source), source, target)[target // 2 : -target // 2])
        assert level == pytest.approx(-9.03, abs=0.1)
    if target < source:
        above = convert(tone_of(target * 0.6, source), source, target)[target // 2 : -target // 2]
        assert pcm.level_dbfs(above) < -85


def test_full_scale_is_clipped_and_not_wrapped() -> None:
    square = (np.sign(np.sin(2 * np.pi * 200 * np.arange(24000) / 24000)) * 32767).astype("<i2").tobytes()
    out = np.frombuffer(convert(square, 24000, 8000), "<i2").astype(int)
    positive = out[5:18]  # the first half wave, without its edges
    assert positive.max() == 32767
    assert positive.min() > 25000


def test_equal_rates_copy_nothing() -> None:
    resampler, chunk = Resampler(8000, 8000), tone_of(500, 8000)
    assert resampler.feed(chunk) is chunk
    assert resampler.finish() == b""


@pytest.mark.parametrize("rates", [(24000, 8000), (8000, 8000)])
def test_a_finished_stream_takes_no_more_and_gives_no_more(rates: tuple[int, int]) -> None:
    resampler = Resampler(*rates)
    resampler.feed(bytes(100))
    resampler.finish()
    assert resampler.finish() == b""
    with pytest.raises(ValueError, match="finished"):
        resampler.feed(bytes(2))


def test_digital_silence_stays_digital_silence() -> None:
    assert convert(bytes(9600), 24000, 8000) == bytes(3200)


def test_no_audio_at_all_gives_no_audio() -> None:
    assert Resampler(24000, 8000).feed(b"") == b""
    assert Resampler(24000, 8000).finish() == b""
    assert Resampler(24000, 8000).feed(b"\x01") == b""


def test_rates_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 8000)
