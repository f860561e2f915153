"""The clock's lateness as numbers, and what depth it asks for."""

from __future__ import annotations

import pytest

from firstword.audio.lateness import RECENT, Depth, LatenessMeter


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


def test_the_pipe_gets_deeper_at_once_when_the_clock_is_late_and_shallower_slowly() -> None:
    depth = Depth(2)
    playbook = [(0.0, 5, 2), (1.0, 11, 3), (1.5, 40, 4), (3.4, 0, 4), (3.5, 0, 3), (5.4, 9, 3), (5.5, 0, 2), (60, 0, 2)]
    assert [depth.note(late_ms, now) for now, late_ms, _ in playbook] == [frames for _, _, frames in playbook]


def test_a_frame_less_of_silence_waits_while_the_clock_is_on_time_and_never_none() -> None:
    depth = Depth(2)
    assert depth.idle_frames == 1
    depth.note(11, 0.0)
    assert (depth.frames, depth.idle_frames) == (3, 3)
    assert Depth(1).idle_frames == 1


def test_a_clock_that_stays_late_keeps_its_deep_pipe() -> None:
    depth = Depth(2)
    assert {depth.note(30, now / 10) for now in range(100)} == {4}


def test_the_operator_s_depth_is_the_least() -> None:
    depth = Depth(3)
    assert [depth.note(0, 0), depth.note(30, 1), depth.note(0, 3), depth.note(0, 5), depth.note(0, 99)] == [
        3,
        5,
        4,
        3,
        3,
    ]
