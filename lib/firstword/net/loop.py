"""One thread for all open connections of the process.

A connection's work is a generator. It runs on a thread of its own while it connects, for names and handshakes wait. From its first
``yield`` on it waits together with all the others, in one epoll, and is resumed here. With a thread each, a hundred recognisers that
send every 100 ms cost 190 us of processor a message and five switches of threads, most of them to queue up for the interpreter.

Whoever leaves something for connections rouses them through one eventfd, written once however many they are: the media clock, which
has audio for a hundred recognisers in one tick, would else write a hundred, and meet this thread at each of them.

So what a connection calls (its listener) must return at once, as its contract says: all others wait for it.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import logging
import math
import select
import threading
from collections import deque
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
    """As for poll. Roused by its `Wake` it is in any case."""
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
        self._members: _Members | None = None

    @property
    def connections(self) -> int:
        """How many are open, those included that wait for work (`spares.Spares`). Any thread may ask."""
        with self._lock:
            waiting = len(self._members.all) if self._running and self._members is not None else 0
            return waiting + len(self._new)

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
        members = self._members = _Members(wake)
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
    __slots__ = ("due", "fd", "looked_at", "mask", "wake", "work")

    def __init__(self, work: Work, wake: Wake, pause: Pause) -> None:
        self.work = work
        self.wake = wake
        self.fd, self.mask, _ = pause
        self.due = SYSTEM.now() + min(pause.seconds, LONGEST_S)
        self.looked_at = math.inf  # the earliest moment that stands in the list of moments


class _Members:
    """Those that wait."""

    def __init__(self, wake: Wake) -> None:
        self.all: set[_Member] = set()
        self._by_fd: dict[int, _Member] = {}
        self._wake = wake
        self._roused: deque[_Member] = deque()
        self._asked = False  # the eventfd is written, and those roused are not yet looked at
        self._moments: list[
            tuple[float, int, _Member]
        ] = []  # a heap; at least one for each member, not after it is due
        self._numbers = itertools.count()
        self._epoll = select.epoll()
        self._epoll.register(wake.fileno(), select.EPOLLIN)

    def add(self, member: _Member) -> None:
        self.all.add(member)
        self._by_fd[member.fd] = member
        self._epoll.register(member.fd, member.mask)
        self._look_again(member)
        member.wake.relay(functools.partial(self._rouse, member))
        self._rouse(member)  # for what was left before

    def _rouse(self, member: _Member) -> None:
        """Any thread."""
        self._roused.append(member)
        if not self._asked:
            self._asked = True
            self._wake.set()

    def wait(self) -> list[tuple[_Member, bool]]:
        """Those to be resumed, and whether their sockets are ready."""
        due = self._moments[0][0] if self._moments else 0.0
        ready: dict[_Member, bool] = {}
        for fd, _ in self._epoll.poll(max(0.0, due - SYSTEM.now())):
            member = self._by_fd.get(fd)
            if member is None:
                self._wake.clear()
            else:
                ready[member] = True
        self._asked = False  # first: who comes after the last look writes the eventfd again
        while self._roused:
            member = self._roused.popleft()
            if member in self.all:
                ready.setdefault(member, False)
        for member in self._due(SYSTEM.now()):
            ready.setdefault(member, False)
        return list(ready.items())

    def _due(self, now: float) -> list[_Member]:
        """Those whose moment has come. Most are put off before it does: they are looked at once a moment that stands, not at each wake."""
        due = []
        while self._moments and self._moments[0][0] <= now:
            moment, _, member = heapq.heappop(self._moments)
            if member not in self.all or moment != member.looked_at:
                continue
            member.looked_at = math.inf
            if member.due <= now:
                due.append(member)  # and once it is resumed it is put off again
            else:
                self._look_again(member)
        return due

    def _look_again(self, member: _Member) -> None:
        if member.due < member.looked_at:
            member.looked_at = member.due
            heapq.heappush(self._moments, (member.due, next(self._numbers), member))

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
            self._look_again(member)
            if pause.mask != member.mask:
                member.mask = pause.mask
                self._epoll.modify(member.fd, pause.mask)

    def _drop(self, member: _Member) -> None:
        self.all.discard(member)
        del self._by_fd[member.fd]
        with contextlib.suppress(OSError):  # it has closed it, which took it out of the epoll too
            self._epoll.unregister(member.fd)

    def close(self) -> None:
        self._epoll.close()


LOOP = Loop()
"""The process's."""
