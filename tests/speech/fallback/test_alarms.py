"""Moments at which something is looked after."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from firstword import threads
from firstword.clock import SYSTEM
from firstword.speech.fallback.alarms import Alarms
from firstword.speech.fallback.serial import Serial

from .puppets import until


@pytest.fixture
def alarms() -> Iterator[Alarms]:
    before = threads.alive()
    made = Alarms()
    yield made
    made.close()
    assert threads.alive() == before


def test_each_is_called_once_in_the_order_of_their_moments(alarms: Alarms) -> None:
    told: list[str] = []
    now = SYSTEM.now()
    alarms.set(now + 0.06, lambda: told.append("late"))
    alarms.set(now + 0.02, lambda: told.append("soon"))
    assert alarms.soon(lambda: told.append("now"))
    until(lambda: len(told) == 3)
    assert told == ["now", "soon", "late"] and SYSTEM.now() - now >= 0.06


def test_those_that_are_cancelled_are_not_called_and_leave_nothing_behind(alarms: Alarms) -> None:
    told: list[int] = []
    made = [alarms.set(SYSTEM.now() + 0.05, lambda: told.append(1)) for _ in range(500)]
    for alarm in made[:-1]:
        alarm.cancel()
        alarm.cancel()
    assert len(alarms._heap) < 200
    alarms.soon(lambda: told.append(2))
    until(lambda: len(told) == 2)
    assert told == [2, 1] and threads.alive().count("fallback") == 1


def test_one_that_breaks_is_logged_and_the_others_are_called(alarms: Alarms, caplog: pytest.LogCaptureFixture) -> None:
    told = threading.Event()
    alarms.soon(lambda: 1 // 0)
    alarms.soon(told.set)
    assert told.wait(5)
    assert "a look at a service broke" in caplog.text


def test_after_the_end_none_is_called(alarms: Alarms) -> None:
    alarms.set(SYSTEM.now() + 30, lambda: None)
    alarms.close()
    assert not alarms.soon(lambda: pytest.fail("it was closed"))


def test_what_is_told_runs_in_its_order_one_at_a_time(alarms: Alarms) -> None:
    serial, told, inside = Serial(alarms.soon), [], threading.Lock()

    def act(who: int, number: int) -> None:
        assert inside.acquire(blocking=False), "another one is at work"
        told.append((who, number))
        inside.release()

    def tell(who: int) -> None:
        for number in range(200):
            (serial.told if number % 2 else serial.asked)(act, who, number)

    tellers = [threading.Thread(target=tell, args=(who,)) for who in range(4)]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join(10)
    until(lambda: len(told) == 800)
    for who in range(4):
        assert [number for by, number in told if by == who] == list(range(200))


def test_what_is_run_may_tell_more_and_a_fault_leaves_the_rest_to_the_next(alarms: Alarms) -> None:
    serial, told = Serial(alarms.soon), []
    serial.told(lambda: (serial.told(told.append, 2), told.append(1)))
    assert told == [1, 2]

    def fail() -> None:
        serial.told(told.append, 3)
        raise ValueError

    with pytest.raises(ValueError):
        serial.told(fail)
    serial.told(told.append, 4)
    assert told == [1, 2, 3, 4]
