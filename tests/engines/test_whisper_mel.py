"""Whisper's spectrogram, without Whisper."""

from __future__ import annotations

import numpy as np
import pytest

from firstword.gateway.engines.whisper_mel import BANDS, RATE, log_mel, padded_to


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)).astype(np.float32)


def test_there_is_one_frame_each_ten_milliseconds() -> None:
    assert log_mel(tone(440, 1.5)).shape == (BANDS, 150)
    assert log_mel(tone(440)).dtype == np.float32


# On Slaney's scale 1000 Hz is mel 15 and 8 kHz mel 45.245: 81 steps of 0.5586. A tone lies in the band whose centre is nearest.
@pytest.mark.parametrize(("hertz", "band"), [(200, 4), (500, 12), (1000, 26), (2000, 44), (4000, 62)])
def test_a_tone_stands_in_its_band(hertz: float, band: int) -> None:
    assert int(log_mel(tone(hertz))[:, 50].argmax()) == pytest.approx(band, abs=1)


def test_the_quietest_is_eighty_decibels_below_the_loudest() -> None:
    spectrogram = log_mel(np.concatenate([tone(440), np.zeros(RATE, np.float32)]))
    assert spectrogram.max() - spectrogram.min() == pytest.approx(8 / 4)


def test_ten_times_the_amplitude_is_half_a_unit_more() -> None:
    quiet, loud = log_mel(0.1 * tone(440)), log_mel(tone(440))
    assert (loud - quiet).max() == pytest.approx(2 / 4, abs=1e-3)


def test_a_window_is_filled_with_its_own_silence() -> None:
    spectrogram = log_mel(tone(440, 0.5))
    window = padded_to(spectrogram, 100)
    assert window.shape == (BANDS, 100)
    assert np.all(window[:, 50:] == spectrogram.min())
    assert np.array_equal(padded_to(spectrogram, 20), spectrogram)
