"""How loud a stream is of late."""

from __future__ import annotations

import math

import numpy as np
import pytest

from firstword.audio.lately import CHUNKS, Lately, Level

FRAME = 160


def heard(*amplitudes: float, frames: int = CHUNKS) -> Level:
    """A 1 kHz tone of each amplitude in turn, so many frames of each, measured half a second after the last."""
    lately = Lately()
    now = 10.0
    wave = np.sin(2 * np.pi * 1000 * np.arange(FRAME) / 8000)
    for amplitude in amplitudes:
        for _ in range(frames):
            lately.add(np.clip(wave * amplitude, -32256, 32256).astype("<i2").tobytes(), now)
            now += 0.02
    return lately.level(now - 0.02 + 0.5)


def test_a_tone_has_its_level_and_its_age() -> None:
    level = heard(3276.8)
    assert level.rms_dbfs == pytest.approx(-23.0, abs=0.1)
    assert level.peak_dbfs == pytest.approx(-20.0, abs=0.1)
    assert level.age_s == pytest.approx(0.5)


def test_only_the_latest_second_counts() -> None:
    assert heard(30000, 3276.8) == heard(3276.8, 3276.8)
    assert heard(30000, 3276.8, frames=CHUNKS // 2).peak_dbfs == pytest.approx(-0.8, abs=0.1)


@pytest.mark.parametrize(
    ("amplitude", "verdict"), [(0, "silent"), (20, "silent"), (200, "quiet"), (3000, "ok"), (60000, "clipping")]
)
def test_what_an_operator_wants_to_know_in_a_word(amplitude: float, verdict: str) -> None:
    assert heard(amplitude).verdict == verdict


def test_a_stream_of_which_nothing_came_is_not_called_silent() -> None:
    level = Lately().level(1.0)
    assert (level.verdict, level.peak_dbfs, level.age_s) == ("none", -math.inf, None)
