"""One thread for all open connections of the process.

A connection's work is a generator. It runs on a thread of its own while it connects, for names and handshakes wait. From its first
``yield`` on it waits together with all the others, in one epoll, and is resumed here. With a thread each, a hundred recognisers that
send every 100 ms cost 190 us of processor a message and five switches of threads, most of them to queue up for the interpreter.

So what a connection calls (its listener) must return at once, as its contract says: all others wait for it.
"""

from __future__ import annotations

import contextlib
import logging
import select
import threading
from collections.abc import Generator
from typing import NamedTuple

from ..clock import SYSTEM
from ..threads import spawn
from .wait import Wake

log = logging.getLogger("firstword.net")

LONGEST_S = 60.0


class Pause(NamedTuple):
    """What a connection waits for."""

    fd: int
    """Its socket."""
    mask: int
    """As for poll. Woken by its `Wake` it is in any case."""
    seconds: float
    """Real ones, at most."""


Work = Generator[Pause, bool, None]
"""Yields what to wait for, and is sent whether the socket is ready."""


class Loop:
    """Resumes connections. Any thread may call `adopt`. The thread lives as long as there is something to wait for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # _new, and _running against the thread's end
        self._new: list[_Member] = []
        self._running = False
        self._wake: Wake | None = None

    def adopt(self, work: Work, wake: Wake, pause: Pause) -> None:
        """From here on resume `work`, which waits for `pause` now. `wake` is its own, and closed by it."""
        member = _Member(work, wake, pause)
        with self._lock:
            self._new.append(member)
            if self._running:
                assert self._wake is not None
                self._wake.set()
                return
            self._running, self._wake = True, Wake()
            try:
                spawn("sockets", self._run)
            except BaseException:
                self._new.remove(member)
                self._running = False
                self._wake.close()
                raise

    # The thread.

    def _run(self) -> None:
        wake = self._wake
        assert wake is not None
        members = _Members(wake)
        try:
            while self._take_new(members):
                for member, readable in members.wait():
                    members.resume(member, readable)
        except BaseException:  # a fault of ours: nobody may wait for a thread that is gone
            with self._lock:
                self._running = False
                orphans, self._new = self._new, []
            for member in (*members.all, *orphans):
                member.work.close()
            raise
        finally:
            members.close()
            wake.close()

    def _take_new(self, members: _Members) -> bool:
        """Returns False, with the lock's word that nobody will come any more, if there is nothing to wait for."""
        with self._lock:
            new, self._new = self._new, []
            if not new and not members.all:
                self._running = False
                return False
        for member in new:
            members.add(member)
        return True


class _Member:
    __slots__ = ("due", "fd", "mask", "wake", "wake_fd", "work")

    def __init__(self, work: Work, wake: Wake, pause: Pause) -> None:
        self.work = work
        self.wake = wake
        self.wake_fd = wake.fileno()
        self.fd, self.mask, _ = pause
        self.due = SYSTEM.now() + min(pause.seconds, LONGEST_S)


class _Members:
    """Those that wait."""

    def __init__(self, wake: Wake) -> None:
        self.all: set[_Member] = set()
        self._by_fd: dict[int, _Member] = {}
        self._wake = wake
        self._epoll = select.epoll()
        self._epoll.register(wake.fileno(), select.EPOLLIN)

    def add(self, member: _Member) -> None:
        self.all.add(member)
        for fd, mask in ((member.fd, member.mask), (member.wake_fd, select.EPOLLIN)):
            self._by_fd[fd] = member
            self._epoll.register(fd, mask)

    def wait(self) -> list[tuple[_Member, bool]]:
        """Those to be resumed, and whether their sockets are ready."""
        due = min((member.due for member in self.all), default=0.0)
        ready: dict[_Member, bool] = {}
        for fd, _ in self._epoll.poll(max(0.0, due - SYSTEM.now())):
            member = self._by_fd.get(fd)
            if member is None:
                self._wake.clear()
            elif fd == member.wake_fd:
                member.wake.clear()
                ready.setdefault(member, False)
            else:
                ready[member] = True
        now = SYSTEM.now()
        for member in self.all:
            if member.due <= now:
                ready.setdefault(member, False)
        return list(ready.items())

    def resume(self, member: _Member, readable: bool) -> None:
        try:
            pause = member.work.send(readable)
        except StopIteration:
            self._drop(member)
        except Exception:  # the door between one connection and all others: it has told its listener that it is broken
            log.exception("a connection broke")
            self._drop(member)
        else:
            member.due = SYSTEM.now() + min(pause.seconds, LONGEST_S)
            if pause.mask != member.mask:
                member.mask = pause.mask
                self._epoll.modify(member.fd, pause.mask)

    def _drop(self, member: _Member) -> None:
        self.all.discard(member)
        for fd in (member.fd, member.wake_fd):
            del self._by_fd[fd]
            with contextlib.suppress(OSError):  # it has closed them, which took them out of the epoll too
                self._epoll.unregister(fd)

    def close(self) -> None:
        self._epoll.close()


LOOP = Loop()
"""The process's."""
