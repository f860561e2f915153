"""How many sessions there may be at once."""

from __future__ import annotations

import threading

import pytest

from firstword.clock import SYSTEM
from firstword.speech.fallback.limiter import Limiter, Rooms, Seat


def test_there_are_as_many_seats_as_there_may_be_and_each_is_given_back_once() -> None:
    limiter = Limiter(2)
    seats = [limiter.take() for _ in range(3)]
    assert [seat is None for seat in seats] == [False, False, True]
    assert (limiter.taken, limiter.refused, limiter.room) == (2, 1, False)
    assert isinstance(seats[0], Seat)
    for _ in range(3):
        seats[0].leave()
    assert limiter.taken == 1
    assert limiter.take() is not None and limiter.take() is None


def test_without_a_bound_there_is_always_room() -> None:
    limiter = Limiter()
    assert all(limiter.take() for _ in range(1000))
    assert limiter.taken == 1000 and limiter.room


def test_many_threads_never_have_more_than_there_are_and_leave_none_behind() -> None:
    limiter, most, lock = Limiter(3), [0], threading.Lock()
    begin = threading.Barrier(8)

    def work() -> None:
        begin.wait(5)
        for _ in range(300):
            seat = limiter.take()
            with lock:
                most[0] = max(most[0], limiter.taken)
            if seat is not None:
                seat.leave()
                seat.leave()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most[0] <= 3 and limiter.taken == 0


def test_who_waits_gets_the_seat_of_who_leaves_at_any_of_the_limiters() -> None:
    rooms = Rooms()
    one, other = rooms.limiter(1), rooms.limiter(1)
    held = one.take(), other.take()
    leave = threading.Timer(0.05, held[1].leave)  # type: ignore[union-attr]
    leave.start()
    began = SYSTEM.now()
    seat = rooms.wait(lambda: one.take() or other.take(), 5.0)
    assert seat is not None and SYSTEM.now() - began < 2
    assert (one.taken, other.taken) == (1, 1)


@pytest.mark.parametrize("of_use", [True, False])
def test_nobody_waits_for_longer_than_they_will_or_are_of_use(of_use: bool) -> None:
    rooms = Rooms()
    limiter = rooms.limiter(1)
    limiter.take()
    began = SYSTEM.now()
    assert rooms.wait(limiter.take, 0.1 if of_use else 30.0, lambda: of_use) is None
    assert SYSTEM.now() - began < 5
