"""The clock's lateness as numbers."""

from __future__ import annotations

import pytest

from firstword.audio.lateness import RECENT, LatenessMeter


def test_the_numbers_are_zero_before_the_first_tick() -> None:
    value = LatenessMeter().value()
    assert (value.p50_ms, value.p99_ms, value.max_ms, value.ticks, value.skipped) == (0, 0, 0, 0, 0)


def test_percentiles_are_of_the_last_minute_and_the_maximum_of_all() -> None:
    meter = LatenessMeter()
    meter.add(400, 39)
    for _ in range(RECENT - 100):
        meter.add(1, 0)
    for _ in range(100):
        meter.add(20, 1)
    value = meter.value()
    assert (value.p50_ms, value.max_ms, value.ticks, value.skipped) == (1, 400, RECENT + 1, 139)
    assert value.p99_ms == pytest.approx(20, abs=1)
