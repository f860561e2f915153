from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing

import pytest

from firstword.gateway.workshop import AHEAD, EngineError, Workshop


def counting(seen, closed=None, most=1000):
    def begin():
        try:
            for n in range(most):
                seen.append(n)
                yield n
        finally:
            if closed is not None:
                closed.set()

    return begin


@pytest.mark.parametrize("quick", [True, False])
def test_the_results_come_in_order_and_all(quick):
    async def collect():
        async with aclosing(workshop.steps("job", quick, counting([], most=100))) as steps:
            return [step async for step in steps]

    workshop = Workshop(1)
    assert asyncio.run(collect()) == list(range(100))
    assert workshop.close() == []


@pytest.mark.parametrize("quick", [True, False])
def test_one_who_turns_away_closes_the_engines_generator(quick):
    closed = threading.Event()

    async def take_two():
        async with aclosing(workshop.steps("job", quick, counting([], closed))) as steps:
            return [await anext(steps), await anext(steps)]

    workshop = Workshop(1)
    assert asyncio.run(take_two()) == [0, 1]
    assert closed.wait(2)
    assert workshop.close() == []


def test_an_engine_runs_only_a_little_ahead_of_the_one_who_takes():
    seen = []

    async def take_one_and_wait():
        async with aclosing(workshop.steps("job", False, counting(seen))) as steps:
            await anext(steps)
            await asyncio.sleep(0.1)

    workshop = Workshop(1)
    asyncio.run(take_one_and_wait())
    workshop.close()
    assert AHEAD < len(seen) <= AHEAD + 3


def test_no_more_engines_work_at_once_than_there_are_places():
    now, peak = [0], [0]

    def begin():
        now[0] += 1
        peak[0] = max(peak[0], now[0])
        time.sleep(0.02)
        yield 1
        now[0] -= 1

    async def work():
        async with aclosing(workshop.steps("job", False, begin)) as steps:
            return [step async for step in steps]

    async def all_of_them():
        return await asyncio.gather(*(work() for _ in range(6)))

    workshop = Workshop(2)
    assert asyncio.run(all_of_them()) == [[1]] * 6
    workshop.close()
    assert peak[0] == 2


@pytest.mark.parametrize("quick", [True, False])
def test_an_engine_that_raises_is_told_with_its_own_words_and_logged(quick, caplog):
    def begin():
        yield 1
        raise RuntimeError("out of memory")

    async def collect():
        async with aclosing(workshop.steps("job", quick, begin)) as steps:
            return [step async for step in steps]

    workshop = Workshop(1)
    with pytest.raises(EngineError, match="RuntimeError: out of memory") as caught:
        asyncio.run(collect())
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "an engine failed" in caplog.text
    workshop.close()
