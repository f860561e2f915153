"""Whether a service is worth asking."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import Kind, ProviderError
from firstword.speech.fallback.breaker import AT_ONCE, MOST_TIMES, Breaker, BreakerBounds, State

BOUNDS = BreakerBounds(failures=3, open_s=10.0)


def error(kind: Kind = "server", retry: bool = True) -> ProviderError:
    return ProviderError("broken", provider="p", kind=kind, retry=retry)


def opened() -> Breaker:
    breaker = Breaker(BOUNDS)
    for _ in range(3):
        breaker.begin(0.0)
        breaker.failed(error(), 0.0)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(BOUNDS)
    for expected in (True, True, False):
        breaker.failed(error(), 5.0)
        assert breaker.due(5.0) is expected
    assert (breaker.state, breaker.since, breaker.until) == (State.OPEN, 5.0, 15.0)


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = Breaker(BOUNDS)
    for _ in range(5):
        breaker.failed(error(), 0.0)
        breaker.failed(error(), 0.0)
        breaker.succeeded()
    assert breaker.state is State.CLOSED and breaker.failures == 0


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("retry", [True, False])
def test_what_the_next_request_would_meet_as_well_opens_it_at_once_and_a_text_never(kind: Kind, retry: bool) -> None:
    breaker = Breaker(BOUNDS)
    breaker.failed(error(kind, retry), 0.0)
    assert (breaker.state is State.OPEN) == (kind in AT_ONCE and not retry)
    for _ in range(2):
        breaker.failed(error(kind, retry), 0.0)
    assert (breaker.state is State.CLOSED) == (kind == "text")


def test_when_its_time_is_over_one_piece_of_work_tries_it_and_the_others_pass_by() -> None:
    breaker = opened()
    assert not breaker.due(9.9) and breaker.due(10.0)
    assert breaker.begin(10.0)
    assert breaker.state is State.PROBING and not breaker.due(10.0)
    assert not breaker.begin(10.0), "who is sent there for want of another is no probe"


def test_a_probe_that_works_closes_it() -> None:
    breaker = opened()
    breaker.begin(10.0)
    breaker.succeeded()
    assert (breaker.state, breaker.error, breaker.due(10.0)) == (State.CLOSED, None, True)


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_bound() -> None:
    breaker, now = opened(), 10.0
    waits = []
    for _ in range(6):
        assert breaker.begin(now)
        breaker.failed(error(), now, probe=True)
        waits.append(breaker.until - now)
        now = breaker.until
    assert waits == [20.0, 40.0, 80.0, 80.0, 80.0, 80.0] and MOST_TIMES == 8
    assert breaker.since == 0.0, "since it first failed"


def test_a_probe_that_was_not_waited_for_leaves_it_to_the_next() -> None:
    breaker = opened()
    breaker.begin(10.0)
    breaker.left(probe=True)
    assert breaker.due(10.0) and breaker.begin(10.0)


def test_who_was_asked_for_want_of_another_closes_it_too() -> None:
    breaker = opened()
    assert not breaker.begin(1.0)
    breaker.succeeded()
    assert breaker.due(1.0)


ACTS = st.lists(
    st.tuples(st.sampled_from(["begin", "succeeded", "failed", "text", "left"]), st.floats(0, 20)), max_size=60
)


@given(ACTS)
def test_whatever_happens_it_is_due_again_in_time(acts: list[tuple[str, float]]) -> None:
    breaker, now, probing = Breaker(BOUNDS), 0.0, False
    for act, later in acts:
        now += later
        if act == "begin":
            probing = breaker.begin(now) or probing
        elif act == "succeeded":
            breaker.succeeded()
            probing = False
        elif act == "left":
            breaker.left(probing)
            probing = False
        else:
            breaker.failed(error("text" if act == "text" else "server"), now, probing)
            probing = False
        assert (breaker.state is State.PROBING) == probing or breaker.state is State.CLOSED
        assert (breaker.error is None) == (breaker.state is State.CLOSED)
        if not probing:
            assert breaker.due(now + BOUNDS.open_s * MOST_TIMES)
