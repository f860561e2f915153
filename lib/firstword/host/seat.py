"""Who is in office: the edition of the code and of the configuration that new calls go to, and those whose calls have not ended.

An *edition* is everything a reload renews: the library's code, the configuration, the services, the media clock. Running calls keep theirs,
so several may be alive; exactly one takes new calls. The seat is what they share, and what no reload renews: the count of calls, the drain,
the door's way to the edition in office. There is one in a process, made by the code that the switch imported first.

Code of different ages meets here, and only here. What `Seat` offers to an edition, and what `Edition` offers to the seat and to the console
of a newer one, are plain strings, numbers and each other: nothing whose class the other could lack. A change of either raises `PROTOCOL`;
then the new code is refused, and the switch must be restarted.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from .. import syscalls
from .logs import NOTICE

log = logging.getLogger("firstword.host")

PROTOCOL = 2
CLOSE_S = 5.0
"""How long an edition may take to end."""
SWEEP_AT = 8
"""So many editions may have ended before their garbage is collected though calls are running."""


class Edition(Protocol):
    """What the seat and the console of another edition may ask of one. Any thread may call any method."""

    name: str
    """The package it was imported as, such as ``firstword_2``."""
    version: str
    sources: frozenset[tuple[str, int, int]]
    """The files of its code: name, size, time of change. See `renewal`."""

    def handle(self, session: Any, args: str) -> None:
        """A call, from its first to its last moment. The session thread; raises nothing."""

    def take_office(self) -> None:
        """From here on new calls come: what is the whole process's (the log, its level, the switch interval) is as this one has it."""

    def uuids(self) -> tuple[str, ...]:
        """Its calls in progress, oldest first."""

    def answer(self, line: str) -> str:
        """What a line of the console is answered, by the one in office. Returns text, ending in a newline; raises nothing."""

    def tell(self, command: str, uuid: str, rest: str) -> str:
        """Carry out a console command that concerns one of its calls, which may have ended meanwhile. Returns text, ending in a newline."""

    def line(self) -> str:
        """Itself in a line, for ``status``."""

    def close(self, seconds: float) -> None:
        """End its services and its clock; calls in progress break. Idempotent."""


class Seat:
    """Any thread may call any method.

    Args:
        make: opens the first edition; may raise, and is tried again with the next call.
    """

    def __init__(self, make: Callable[[Seat], Edition]) -> None:
        self.protocol = PROTOCOL
        self.package = __name__.rpartition(".host.")[0]
        """What the first edition was imported as. Its modules stay: this one is among them."""
        self.imports = 1
        """How often the code was imported; whoever holds `renewing` counts."""
        self.draining = False
        self.reloads = 0
        self.finished = 0
        self.failed = 0
        self.refused = 0
        self.talking = 0
        """Calls in progress, of all editions."""
        self.renewing = threading.Lock()
        """Held by the one reload there can be."""
        self._make = make
        self._making = threading.Lock()
        self._lock = threading.Lock()  # everything below, and the numbers above
        self._current: Edition | None = None
        self._inside: dict[Edition, int] = {}  # how many session threads are in each, oldest first
        self._unswept = 0

    # -- editions ----------------------------------------------------------------------------------------------------

    def current(self) -> Edition:
        """The one in office; made now if there is none yet, which may raise."""
        with self._making:
            if self._current is None:
                edition = self._make(self)
                self.take(edition)
            assert self._current is not None
            return self._current

    @property
    def occupied(self) -> Edition | None:
        """The one in office, or None: nothing is made."""
        return self._current

    def editions(self) -> tuple[Edition, ...]:
        """All that are alive, oldest first: the one in office is the last."""
        with self._lock:
            return tuple(self._inside)

    def take(self, edition: Edition) -> None:
        """`edition` takes office. The one before it ends now, or with its last call."""
        with self._lock:
            before, self._current = self._current, edition
            self._inside[edition] = 0
        edition.take_office()
        if before is not None:
            self._end_if_done(before)
        del before  # or it could not be collected
        self._sweep()

    def handle(self, session: Any, args: str) -> None:
        """A call: to the edition in office, and it stays there. The session thread."""
        while True:
            edition = self.current()
            with self._lock:
                if edition in self._inside:  # else a reload has just ended it
                    self._inside[edition] += 1
                    break
        try:
            edition.handle(session, args)
        finally:
            with self._lock:
                if edition in self._inside:  # else `end` has been faster
                    self._inside[edition] -= 1
            self._end_if_done(edition)
            del edition
            self._sweep()

    def end(self, seconds: float) -> None:
        """All of them end, calls or not: for the end of the process and for tests."""
        with self._making, self._lock:
            editions = tuple(self._inside)
            self._inside.clear()
            self._current = None
            self.draining, self.reloads, self.finished, self.failed, self.refused = False, 0, 0, 0, 0
        for edition in editions:
            edition.close(seconds)
            self.forget(edition.name)

    def _end_if_done(self, edition: Edition) -> None:
        with self._lock:
            done = edition is not self._current and self._inside.get(edition) == 0
            if done:
                del self._inside[edition]
                self._unswept += 1
        if done:
            edition.close(CLOSE_S)
            self.forget(edition.name)

    def forget(self, name: str) -> None:
        """Let go of the modules imported as `name`, unless an edition that is alive is made of them."""
        if name == self.package or any(edition.name == name for edition in self.editions()):
            return
        for module in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
            del sys.modules[module]

    def _sweep(self) -> None:
        """Collect what an ended edition left: modules, functions and classes refer to each other. The collector looks at everything then
        and holds the interpreter, for 10 to 20 ms, with a hundred calls for 130: so it waits until nobody talks, or `SWEEP_AT` have
        ended. What calls left is collected and given back whenever nobody talks; it is little to look at."""
        with self._lock:
            idle = not any(self._inside.values())
            due = self._unswept >= (1 if idle else SWEEP_AT)
            if due:
                self._unswept = 0
        if due:
            settle_garbage()
        elif idle:
            gc.collect()
        if idle:
            syscalls.give_back()

    # -- calls -------------------------------------------------------------------------------------------------------

    def admit(self, most: int) -> str:
        """A call asks to begin, where `most` may be in progress (0: any number). Returns why it may not; or "", and has counted it. Next:
        `left`."""
        with self._lock:
            if self.draining:
                why = "no new calls are taken: the operator has said drain"
            elif most and self.talking >= most:
                why = f"{self.talking} calls are in progress, and max-calls is {most}"
            else:
                self.talking += 1
                return ""
            self.refused += 1
            return why

    def left(self, failed: bool, refused: bool = False) -> None:
        """A call that was admitted has ended, or was `refused` after all: it did not begin."""
        with self._lock:
            self.talking -= 1
            self.finished += not refused
            self.refused += refused
            self.failed += failed
            drained = self.draining and not self.talking
        if drained:
            log.log(NOTICE, "drained: the last call has ended")

    def drain(self, on: bool) -> None:
        """Refuse new calls, or take them again. Returns at once; the log says when the last has ended."""
        with self._lock:
            if on == self.draining:
                return
            self.draining = on
            left = self.talking
        if not on:
            log.log(NOTICE, "new calls are taken again")
        elif left:
            log.log(NOTICE, "draining: no new calls are taken, %d to end", left)
        else:
            log.log(NOTICE, "drained: no new calls are taken, none was in progress")


def settle_garbage() -> None:
    """Collect, and let the collector pass by what is here now: it stays. Looking at everything holds the interpreter, and so every call's
    audio, for 130 ms with a hundred calls."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
