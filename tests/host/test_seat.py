"""Who takes a call while editions come and go."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from firstword import threads
from firstword.clock import SYSTEM
from firstword.host.seat import SWEEP_AT, Seat


class Plain:
    """An edition whose calls last until they are told to end. A session is the number of a call."""

    version = "1"
    sources: frozenset[tuple[str, int, int]] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name
        self.took: list[int] = []
        self.closed = 0
        self.in_office = 0
        self.inside = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def handle(self, session: Any, args: str) -> None:
        self.took.append(session)
        self.inside.release()
        assert self.go.acquire(timeout=10)

    def take_office(self) -> None:
        self.in_office += 1

    def close(self, seconds: float) -> None:
        self.closed += 1

    def uuids(self) -> tuple[str, ...]:
        return ()

    def answer(self, line: str) -> str:
        return ""

    def tell(self, command: str, uuid: str, rest: str) -> str:
        return ""

    def line(self) -> str:
        return ""


@pytest.fixture
def first() -> Plain:
    return Plain("one")


@pytest.fixture
def seat(first: Plain) -> Seat:
    return Seat(lambda seat: first)


def call(seat: Seat, edition: Plain, number: int) -> threading.Thread:
    thread = threads.spawn("session", lambda: seat.handle(number, ""), str(number))
    assert edition.inside.acquire(timeout=10)
    return thread


def until_one_has_ended(calls: list[threading.Thread]) -> None:
    patience = SYSTEM.deadline(5)
    while all(thread.is_alive() for thread in calls):
        assert not patience.passed()
        SYSTEM.sleep(0.005)


def test_an_edition_without_calls_ends_when_another_takes_office(seat: Seat, first: Plain) -> None:
    assert seat.current() is first
    second = Plain("two")
    seat.take(second)
    assert (first.closed, second.closed) == (1, 0)
    assert seat.editions() == (second,)
    assert second.in_office == 1


def test_an_edition_with_calls_ends_with_its_last(seat: Seat, first: Plain) -> None:
    calls = [call(seat, first, number) for number in (1, 2)]
    second = Plain("two")
    seat.take(second)
    later = call(seat, second, 3)
    assert seat.editions() == (first, second)
    first.go.release()
    until_one_has_ended(calls)
    assert first.closed == 0
    first.go.release()
    assert threads.join(calls, 5) == []
    assert first.closed == 1
    assert seat.editions() == (second,)
    second.go.release()
    assert threads.join([later], 5) == []
    assert (first.took, second.took, second.closed) == ([1, 2], [3], 0)


def test_a_call_that_comes_while_the_office_changes_hands_goes_to_the_new_one(
    seat: Seat, first: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Plain("two")
    second.go.release()
    current = seat.current

    def overtaken() -> Any:
        found = current()
        if found is first:
            seat.take(second)  # between asking who is in office and going there
        return found

    monkeypatch.setattr(seat, "current", overtaken)
    seat.handle(1, "")
    assert (first.took, second.took) == ([], [1])
    assert (first.closed, second.closed) == (1, 0)


def test_a_first_edition_that_could_not_be_made_is_tried_again() -> None:
    found = Plain("one")
    answers: list[Any] = [OSError("no"), found]

    def make(seat: Seat) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    seat = Seat(make)
    with pytest.raises(OSError, match="no"):
        seat.current()
    assert seat.occupied is None
    assert seat.current() is found


def test_garbage_is_collected_when_nobody_talks_or_many_editions_have_ended(
    seat: Seat, first: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = []
    monkeypatch.setattr("firstword.host.seat.settle_garbage", lambda: swept.append(len(seat.editions())))
    talking = call(seat, first, 1)
    for number in range(SWEEP_AT):
        seat.take(Plain(str(number)))
        assert swept == []
    seat.take(Plain("one more"))
    assert len(swept) == 1
    first.go.release()
    assert threads.join([talking], 5) == []
    assert len(swept) == 2


def test_memory_is_given_back_when_the_last_call_has_ended(
    seat: Seat, first: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr("firstword.syscalls.give_back", lambda: given.append(1))
    talking = [call(seat, first, number) for number in (1, 2)]
    given.clear()  # what the first edition's beginning was worth
    first.go.release()
    until_one_has_ended(talking)
    assert given == []
    first.go.release()
    assert threads.join(talking, 5) == []
    assert given == [1]


def test_calls_are_admitted_up_to_a_bound_and_counted(seat: Seat) -> None:
    assert [seat.admit(2) for _ in range(2)] == ["", ""]
    assert seat.admit(2) == "2 calls are in progress, and max-calls is 2"
    assert seat.admit(0) == ""
    seat.left(failed=True)
    seat.left(failed=False)
    assert (seat.talking, seat.finished, seat.failed, seat.refused) == (1, 2, 1, 1)
    seat.drain(on=True)
    assert seat.admit(0).startswith("no new calls are taken")
