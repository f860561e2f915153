"""The one door for making threads, and the one kind of inbox.

FreeSWITCH gives its session threads, and every Python thread that does not ask otherwise, 240 KiB of stack
(``RLIMIT_STACK`` is 245,760 there), and sets the recursion limit of the whole interpreter to 240; requests and ssl want more. So each
thread made here gets `STACK_BYTES`, a name ``<job>-<call>``, daemon status, and a bounded join that names who would not stop.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from .clock import SYSTEM, Clock

log = logging.getLogger("firstword.threads")

STACK_BYTES = 1 << 20
"""A megabyte of address space, touched only as deep as it is used: measured 60-90 KiB resident for a TLS handshake."""

_making = threading.Lock()  # threading.stack_size is a global: set it and start the thread as one act
_alive: dict[threading.Thread, str] = {}  # and the job of each


def spawn(job: str, run: Callable[[], None], call: str = "", stack_bytes: int = STACK_BYTES) -> threading.Thread:
    """Start a daemon thread named ``<job>-<call>``. Only `sim` asks for another stack: that of a session thread.

    An exception that reaches the top is logged with its traceback and ends only that thread: whoever owns the job must notice by
    what the job did not deliver. Any thread may call. Next: `join` it.
    """

    def body() -> None:
        try:
            run()
        except Exception:  # the door: a last resort, logged
            log.exception("thread %s died", thread.name)
        finally:
            _alive.pop(thread, None)

    thread = threading.Thread(target=body, name=f"{job}-{call}" if call else job, daemon=True)
    with _making:
        before = threading.stack_size(stack_bytes)
        try:
            _alive[thread] = job
            thread.start()
        except BaseException:
            _alive.pop(thread, None)
            raise
        finally:
            threading.stack_size(before)
    return thread


def join(threads: Iterable[threading.Thread], seconds: float, clock: Clock = SYSTEM) -> list[str]:
    """Wait for all of them, together at most `seconds`. Returns the names of those that would not stop, and logs them.

    The calling thread itself is passed over. Any thread may call.
    """
    deadline = clock.deadline(seconds)
    stubborn = []
    for thread in threads:
        if thread is threading.current_thread():
            continue
        thread.join(clock.real(deadline.left()))
        if thread.is_alive():
            stubborn.append(thread.name)
    if stubborn:
        log.error("threads would not stop within %.1f s: %s", seconds, ", ".join(stubborn))
    return stubborn


def alive() -> list[str]:
    """The names of the threads made here that still run, sorted: for `status` and for tests of leaks."""
    return sorted(thread.name for thread in tuple(_alive))


def jobs() -> Counter[str]:
    """How many of them have each job."""
    return Counter(tuple(_alive.values()))


T = TypeVar("T")


class Inbox(Generic[T]):
    """A bounded queue with one reader and any number of writers, which can be closed.

    Args:
        bound: how many items may wait. A full inbox refuses the newcomer and counts it: a writer in the audio path must never wait.
    """

    def __init__(self, bound: int, clock: Clock = SYSTEM) -> None:
        self._items: deque[T] = deque()
        self._ready = threading.Condition()
        self._clock = clock
        self._closed = False
        self.bound = bound
        self.refused = 0

    def put(self, item: T) -> bool:
        """Add `item` without waiting. Returns whether it was taken: not when the inbox is full or closed."""
        with self._ready:
            if self._closed:
                return False
            if len(self._items) >= self.bound:
                self.refused += 1
                return False
            self._items.append(item)
            self._ready.notify()
            return True

    def get(self, seconds: float) -> T | None:
        """The next item, or None after `seconds` or once the inbox is closed and empty."""
        with self._ready:
            if not self._items and not self._closed and seconds > 0:
                self._ready.wait(self._clock.real(seconds))
            return self._items.popleft() if self._items else None

    def close(self) -> None:
        """Refuse newcomers and wake the reader. What waits can still be read. Idempotent."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    def __len__(self) -> int:
        return len(self._items)
