"""The door to threads, the inbox, the clock."""

from __future__ import annotations

import threading
import time

import pytest

from firstword import threads
from firstword.clock import Clock


def test_a_thread_has_a_name_and_is_known_until_it_ends() -> None:
    go = threading.Event()
    thread = threads.spawn("job", lambda: assert_waits(go), "call1")
    assert thread.name == "job-call1"
    assert thread.daemon
    assert "job-call1" in threads.alive()
    assert threads.jobs()["job"] == 1
    go.set()
    assert threads.join([thread], 5) == []
    assert "job-call1" not in threads.alive()
    assert "job" not in threads.jobs()


def assert_waits(event: threading.Event) -> None:
    assert event.wait(5)


def test_a_join_is_bounded_and_names_who_would_not_stop(caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()
    both = [threads.spawn("stubborn", lambda: assert_waits(go), str(n)) for n in range(2)]
    began = time.monotonic()
    assert threads.join(both, 0.1) == ["stubborn-0", "stubborn-1"]
    assert time.monotonic() - began < 1, "the bound is one for all"
    assert "stubborn-0, stubborn-1" in caplog.text
    go.set()
    assert threads.join(both, 5) == []


def test_a_thread_that_dies_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def die() -> None:
        raise RuntimeError("no reason")

    threads.join([threads.spawn("dying", die)], 5)
    assert "thread dying died" in caplog.text
    assert "no reason" in caplog.text


def test_a_full_inbox_refuses_and_counts_and_a_closed_one_can_still_be_emptied() -> None:
    inbox: threads.Inbox[int] = threads.Inbox(2)
    assert [inbox.put(n) for n in range(3)] == [True, True, False]
    assert (inbox.refused, len(inbox)) == (1, 2)
    inbox.close()
    assert not inbox.put(9)
    assert [inbox.get(0), inbox.get(0), inbox.get(5)] == [0, 1, None]


def test_closing_wakes_the_reader() -> None:
    inbox: threads.Inbox[int] = threads.Inbox(2)
    got: list[int | None] = []
    reader = threads.spawn("reader", lambda: got.append(inbox.get(10)))
    inbox.close()
    assert threads.join([reader], 5) == []
    assert got == [None]


def test_a_fast_clock_passes_time_and_waits_at_its_own_pace() -> None:
    clock = Clock(speed=50)
    began, real = clock.now(), time.monotonic()
    assert not clock.wait(threading.Event(), 2.0)
    assert time.monotonic() - real < 1
    assert clock.now() - began >= 2.0
    assert clock.deadline(1.0).left() == pytest.approx(1.0, abs=0.5)
