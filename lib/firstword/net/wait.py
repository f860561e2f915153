"""Waiting that can be ended: a deadline and a cancel on every blocking step.

A thread that waits for the network polls two descriptors, the socket and an eventfd; whoever cancels writes the eventfd. So a cancel
takes effect at once in every phase (resolving, connecting, TLS, waiting for an answer), without a socket being closed under the thread that
uses it.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Mapping

from .. import syscalls
from ..clock import Clock, Deadline

_ONE = (1).to_bytes(8, sys.byteorder)


class NetError(Exception):
    """The network or the peer failed. The text is one line without secrets, for an operator.

    Args:
        kind: what failed, one of ``unresolved forbidden unreachable tls timeout lost protocol``.
        retry: whether the same may succeed in a moment.
    """

    def __init__(self, text: str, *, kind: str, retry: bool = True) -> None:
        super().__init__(text)
        self.kind = kind
        self.retry = retry


class Cancelled(Exception):  # noqa: N818 - nobody's error: our own side gave up
    """The work was cancelled by its owner."""


class Wake:
    """An eventfd: any thread ends the poll of the one that waits on `fileno`. Its owner closes it; later calls do nothing.

    From `relay` on somebody else is told instead, who waits for many.
    """

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._count = syscalls.buffer(8)
        self._lock = threading.Lock()  # between set and close: a closed number may already be another's descriptor
        self._relay: Callable[[], None] | None = None

    def set(self) -> None:
        with self._lock:
            if self._fd < 0:
                return
            if self._relay is not None:
                self._relay()
            else:
                syscalls.write(self._fd, _ONE)

    def relay(self, to: Callable[[], None] | None) -> None:
        """Call `to`, which must return at once, instead of writing the eventfd; what was written before stays there. None ends it."""
        with self._lock:
            self._relay = to

    def clear(self) -> None:
        """Only the thread that waits."""
        syscalls.read(self._fd, self._count)  # nothing is there if nobody had set it

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class Wait:
    """The waiting of one piece of work, on one thread. `cancel` may be called by any thread; everything else by the waiting one.

    Next: `close`, by the waiting thread, when the work is over.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.wake = Wake()
        self._cancelled = False
        self._poll = select.poll()
        self._polled: dict[int, int] | None = None

    def cancel(self) -> None:
        """Make this and every later wait raise `Cancelled`. Any thread; idempotent; does not wait."""
        self._cancelled = True
        self.wake.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def check(self) -> None:
        """Raises Cancelled if the work was."""
        if self._cancelled:
            raise Cancelled

    def pause(self, fds: Mapping[int, int], seconds: float) -> list[int]:
        """Wait at most `seconds` until one of `fds` (descriptor to poll mask) is ready or the wake is set.

        Returns:
            the descriptors that are ready; empty if there are none.

        Raises:
            Cancelled: the work was cancelled.
        """
        self.check()
        if fds != self._polled:  # mostly the same two as before: made anew each time they cost a fifth of a message
            self._poll, self._polled = select.poll(), dict(fds)
            self._poll.register(self.wake.fileno(), select.POLLIN)
            for fd, mask in fds.items():
                self._poll.register(fd, mask)
        ready = [fd for fd, _ in self._poll.poll(self.clock.real(seconds) * 1000)]
        wake = self.wake.fileno()
        if wake in ready:
            self.wake.clear()
            ready.remove(wake)
            self.check()
        return ready

    def until(self, fds: Mapping[int, int], deadline: Deadline, doing: str) -> list[int]:
        """Like `pause`, up to a deadline, which has not passed if this returns.

        Raises:
            Cancelled: the work was cancelled.
            NetError: kind ``timeout``: the deadline passed; `doing` says during what.
        """
        left = deadline.left()
        ready = self.pause(fds, left) if left > 0 else []
        if not ready and deadline.passed():
            raise NetError(f"timed out {doing}", kind="timeout")
        return ready

    def close(self) -> None:
        self.wake.close()
