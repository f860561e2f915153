from __future__ import annotations

import pytest

from firstword.gateway.options import GatewayOptions
from firstword.gateway.pace import Pace


def test_tokens_are_due_from_the_first_one_on_at_the_speed_of_the_model():
    pace = Pace.of(GatewayOptions(first_token_ms=300, tokens_per_s=20))
    assert [pace.token(100.0, n) for n in range(3)] == pytest.approx([100.3, 100.35, 100.4])
    assert pace.token(100.0, 2, paused_ms=250) == pytest.approx(100.65)


def test_audio_is_due_at_its_place_times_the_real_time_factor():
    assert Pace.of(GatewayOptions(real_time_factor=0.5)).audio(10.0, 500) == pytest.approx(10.25)
    assert Pace.of(GatewayOptions()).audio(10.0, 500) == 10.0


def test_without_settings_nothing_is_delayed():
    pace = Pace.of(GatewayOptions())
    assert pace.token(5.0, 1000) == 5.0
    assert pace.connect_s == pace.start_s == pace.first_packet_s == pace.final_s == 0.0
