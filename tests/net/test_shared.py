from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from firstword.clock import SYSTEM
from firstword.net import shared as sharing
from firstword.net.shared import Fetched, Shared
from firstword.net.wait import Cancelled, NetError, Wait


def get(shared: Shared[str], seconds: float = 3.0, wait: Wait | None = None) -> str:
    mine = wait or Wait(SYSTEM)
    try:
        return shared.get(mine, SYSTEM.deadline(seconds), "waiting for it")
    finally:
        if wait is None:
            mine.close()


def counter(fresh_s: float, usable_s: float, takes_s: float = 0.0) -> Callable[[], Fetched[str]]:
    made = iter(range(100))

    def fetch() -> Fetched[str]:
        time.sleep(takes_s)
        return Fetched(f"value {next(made)}", fresh_s, usable_s)

    return fetch


def test_a_fresh_value_is_fetched_once() -> None:
    shared = Shared("fetch", counter(9, 9))
    assert {get(shared) for _ in range(5)} == {"value 0"} and shared.fetches == 1


def test_many_callers_wait_for_one_fetch() -> None:
    shared = Shared("fetch", counter(9, 9, takes_s=0.05))
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(get(shared))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["value 0"] * 20 and shared.fetches == 1


def test_a_value_past_its_freshness_is_given_at_once_while_the_next_is_fetched() -> None:
    shared = Shared("fetch", counter(0.0, 9, takes_s=0.05))
    get(shared)
    began = time.monotonic()
    assert get(shared) == "value 0" and time.monotonic() - began < 0.03
    until = time.monotonic() + 2
    while get(shared) == "value 0" and time.monotonic() < until:
        time.sleep(0.01)
    assert get(shared) != "value 0"


def test_a_value_that_is_expired_when_it_comes_serves_those_who_waited_only() -> None:
    shared = Shared("fetch", counter(-5, -5))
    assert [get(shared), get(shared)] == ["value 0", "value 1"]


def test_a_failure_reaches_everybody_who_waited_and_the_next_caller_tries_again() -> None:
    tries = iter([ValueError("no"), None])

    def fetch() -> Fetched[str]:
        time.sleep(0.05)
        if error := next(tries):
            raise error
        return Fetched("yes", 9, 9)

    shared = Shared("fetch", fetch)
    errors: list[str] = []

    def call() -> None:
        try:
            get(shared)
        except ValueError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == ["no"] * 3 and get(shared) == "yes" and shared.fetches == 2


def test_a_callers_own_bound_and_cancel_hold_while_the_fetch_goes_on() -> None:
    release = threading.Event()

    def fetch() -> Fetched[str]:
        release.wait(5)
        return Fetched("late", 9, 9)

    shared = Shared("fetch", fetch)
    with pytest.raises(NetError, match="timed out waiting for it"):
        get(shared, 0.05)
    wait = Wait(SYSTEM)
    threading.Timer(0.05, wait.cancel).start()
    with pytest.raises(Cancelled):
        get(shared, 5, wait)
    wait.close()
    release.set()
    assert get(shared) == "late" and shared.fetches == 1


def test_what_is_forgotten_is_fetched_again() -> None:
    shared = Shared("fetch", counter(9, 9))
    get(shared)
    shared.forget()
    assert get(shared) == "value 1"


def test_what_proved_wrong_is_forgotten_only_while_it_is_what_is_held() -> None:
    shared = Shared("fetch", counter(9, 9))
    assert shared.held() is None
    get(shared)
    shared.forget("value 0")
    assert shared.held() is None
    assert get(shared) == "value 1"
    shared.forget("value 0")  # somebody who was told so late
    assert shared.held() == "value 1" == get(shared)


def test_a_machine_without_a_thread_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared("fetch", counter(9, 9))

    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(sharing, "spawn", none_left)
        with pytest.raises(RuntimeError):
            get(shared)
    assert get(shared, 1.0) == "value 0", "nobody waits for a fetch that was never begun"
