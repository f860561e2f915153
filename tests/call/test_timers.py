"""Names and moments."""

from __future__ import annotations

import math

from firstword.call.timers import Timers
from firstword.events import TimerFired


def test_the_earliest_timer_is_due_first_and_only_once() -> None:
    timers = Timers()
    timers.start("b", 2.0)
    timers.start("a", 1.0)
    assert timers.wait(0.5) == 0.5
    assert timers.due(0.9) is None
    assert [timers.due(3.0), timers.due(3.0), timers.due(3.0)] == [TimerFired("a"), TimerFired("b"), None]
    assert timers.wait(3.0) == math.inf


def test_a_timer_started_again_fires_at_the_new_time_and_a_stopped_one_never() -> None:
    timers = Timers()
    timers.start("a", 1.0)
    timers.start("a", 5.0)
    timers.start("b", 1.0)
    timers.stop("b")
    assert timers.due(2.0) is None
    assert timers.due(5.0) == TimerFired("a")
