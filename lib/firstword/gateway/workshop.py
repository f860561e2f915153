"""Where engines that block do their work: on threads of their own, seen from the loop as awaitable steps."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeVar

from ..threads import Inbox, join, spawn
from .engines import HeardText, Hearing

log = logging.getLogger("firstword.gateway")

T = TypeVar("T")

AHEAD = 8
"""How many results an engine may be ahead of the one who sends them."""
BACKLOG = 1500
"""How many pieces of audio may wait for a hearer: 150 s at the 100 ms they are fed in."""
CLOSE_S = 5.0
"""How long a thread may take to end: a step of a language model on two busy cores takes up to about 2 s."""


class EngineError(Exception):
    """An engine raised; the original is the cause. The fault is the gateway's."""


class Workshop:
    """The worker threads of one gateway. Every method but `close` is of the loop's thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: asyncio.Semaphore | None = None  # made on the loop it serves
        self._numbers = itertools.count(1)
        self._threads: set[threading.Thread] = set()
        self._closing = threading.Event()

    async def steps(
        self, job: str, quick: bool, begin: Callable[[], Generator[T, None, None]]
    ) -> AsyncGenerator[T, None]:
        """The results of an engine's generator, one by one. Closing it (`contextlib.aclosing`) cancels the engine.

        Raises:
            EngineError: the engine raised.
        """
        if quick:
            generator = begin()
            try:
                while (step := _step(generator)) is not None:
                    yield step[0]
                    await asyncio.sleep(0)
            finally:
                generator.close()
            return
        if self._places is None:
            self._places = asyncio.Semaphore(self._most)
        async with self._places:
            work = _Work(begin, self._closing)
            self._begin(job, work.run)
            try:
                while True:
                    item, end = await work.next()
                    if end:
                        return
                    yield item
            finally:
                work.cancel()

    def hearing(self, hearing: Hearing, quick: bool) -> Ears:
        """Ears for a stream of audio, on a thread of their own unless the hearer is quick."""
        if quick:
            return Ears(hearing)
        ears = ThreadedEars(hearing)
        self._begin("gateway-hear", ears.run)
        return ears

    def close(self) -> list[str]:
        """End all work. Returns the names of threads that would not stop. Any thread but the loop's."""
        self._closing.set()
        return join(tuple(self._threads), CLOSE_S)

    def _begin(self, job: str, run: Callable[[], None]) -> None:
        self._threads = {thread for thread in self._threads if thread.is_alive()}
        self._threads.add(spawn(job, run, str(next(self._numbers))))


def _step(generator: Generator[T, None, None]) -> tuple[T] | None:
    try:
        return (next(generator),)
    except StopIteration:
        return None
    except Exception as error:  # the engine's door: told to whoever asked, and logged
        log.exception("an engine failed")
        raise EngineError(f"{type(error).__name__}: {error}") from error


class _Work:
    """One generator on a thread, its results carried to the loop."""

    def __init__(self, begin: Callable[[], Generator[Any, None, None]], closing: threading.Event) -> None:
        self._begin = begin
        self._closing = closing
        self._cancelled = threading.Event()
        self._room = threading.Semaphore(AHEAD)
        self._loop = asyncio.get_running_loop()
        self._results: asyncio.Queue[tuple[Any, bool, Exception | None]] = asyncio.Queue()

    async def next(self) -> tuple[Any, bool]:
        """The next result and False, or nothing and True."""
        item, end, error = await self._results.get()
        if error is not None:
            raise EngineError(f"{type(error).__name__}: {error}") from error
        self._room.release()
        return item, end

    def cancel(self) -> None:
        self._cancelled.set()

    def run(self) -> None:
        """The thread's whole life."""
        generator = self._begin()
        try:
            for item in generator:
                if not self._may_go_on():
                    return
                self._post(item, False, None)
            self._post(None, True, None)
        except Exception as error:  # the engine's door: told to whoever asked, and logged
            log.exception("an engine failed")
            self._post(None, True, error)
        finally:
            generator.close()

    def _may_go_on(self) -> bool:
        while not (self._cancelled.is_set() or self._closing.is_set()):
            if self._room.acquire(timeout=0.2):
                return not self._cancelled.is_set()
        return False

    def _post(self, item: Any, end: bool, error: Exception | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._results.put_nowait, (item, end, error))


class Ears:
    """A hearing on the loop itself: what it hears is told before `feed` returns."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._told: Callable[[list[HeardText]], None] = _nobody
        self._failed: Callable[[Exception], None] = _nobody

    def tell(self, told: Callable[[list[HeardText]], None], failed: Callable[[Exception], None]) -> None:
        """Who is told what was heard, and that the hearer failed, both on the loop. Next: `feed`."""
        self._told, self._failed = told, failed

    def feed(self, pcm: bytes) -> bool:
        """More audio. Returns False if it is dropped because the hearer is hopelessly behind."""
        self._told(self._hearing.feed(pcm))
        return True

    async def finish(self) -> None:
        """No more audio; returns when all was told."""
        self._told(self._hearing.finish())

    def cancel(self) -> None:
        """Stop hearing; nothing is told any more. Idempotent."""
        self._told = self._failed = _nobody


def _nobody(_: object) -> None:
    """Hears nothing."""


class ThreadedEars(Ears):
    """A hearing on a thread."""

    def __init__(self, hearing: Hearing) -> None:
        super().__init__(hearing)
        self._loop = asyncio.get_running_loop()
        self._audio: Inbox[bytes] = Inbox(BACKLOG)
        self._over = asyncio.Event()
        self._cancelled = False

    def feed(self, pcm: bytes) -> bool:
        return self._audio.put(pcm)

    async def finish(self) -> None:
        self._audio.close()
        await self._over.wait()

    def cancel(self) -> None:
        super().cancel()
        self._cancelled = True
        self._audio.close()

    def run(self) -> None:
        """The thread's whole life: until the audio ends or the one who listens goes away."""
        try:
            while not self._cancelled:
                pcm = self._audio.get(0.5)
                if pcm is not None:
                    self._report(self._hearing.feed(pcm))
                elif self._audio.closed:
                    break
            if not self._cancelled:
                self._report(self._hearing.finish())
        except Exception as error:  # the engine's door: told to whoever listens, and logged
            log.exception("a hearer failed")
            self._post(functools.partial(self._fail, error))
        finally:
            self._post(self._over.set)

    def _fail(self, error: Exception) -> None:
        self._failed(error)

    def _report(self, heard: list[HeardText]) -> None:
        if heard:
            self._post(lambda: self._told(heard))

    def _post(self, act: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)
