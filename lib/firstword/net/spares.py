"""Connected spares of one service: a piece of work takes one at once, instead of waiting for a name, TCP, TLS and an upgrade.

How many there are follows the calls. Each piece of work says by its label (``<call>`` or ``<call>-<reply>``) to which call it belongs,
and a call counts while a connection of it is open, and `LINGER_S` after it was last heard of. One call has one spare, three have three,
beyond that one more for every eight, up to `most`: a reply takes one in some seconds, and another takes its place within a handshake.
Without calls there is none.

Spares have no thread and no timer of their own: each wakes up by its connection's alarm, and looks after all of them. A spare is
replaced before the service would close it, and stays until its replacement is open. If none can be connected it is tried again later, and
later still, at the next moment somebody wants one; the log says so once, and the work dials for itself and learns the reason.

Where a service takes one piece of work after another on a connection, the work gives it back (`Spares.give_back`): then one more may
wait than is wanted, and two take turns without anything being dialled.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from ..clock import Clock
from .listener import Closed, ConnectionListener
from .websocket import Connection, Lender

log = logging.getLogger("firstword.net")

LINGER_S = 60.0
"""A caller may talk for so long between two replies, and the second finds a spare."""
YOUNG_S = 3.0
"""A spare that lives less is a failure, like one that can not be connected: it is not replaced at once."""
SLOW_S = 1.0
"""One that has been connecting for longer is in trouble: the work dials for itself."""
BACKOFF_S = (1.0, 60.0)
"""After the first failure, doubled with each, and the most."""
SAID_BYTES = 65_536
CALLS = 1024
"""Names of calls that are remembered."""


class Make(Protocol):
    """Makes a connection of the service, not yet open."""

    def __call__(
        self, listener: ConnectionListener, job: str, label: str, lender: Lender | None = None
    ) -> Connection: ...


class Spares:
    """The spares of one service: of one address, with the same headers and the same bounds. Any thread may call any method; none waits.

    Args:
        name: the service's, for the log.
        make: see `Make`.
        job: the threads that connect spares are named ``<job>-spare``.
        most: how many there are at most. 0: none, ever.
        refresh_s: another takes the place of one that is so old.
        usable_s: so old, it is closed in any case: well under what the service allows.

    Next: `take` for each piece of work; `close` at the end.
    """

    def __init__(
        self,
        name: str,
        make: Make,
        *,
        job: str,
        most: int,
        refresh_s: float,
        usable_s: float,
        clock: Clock,
    ) -> None:
        self.name = name
        self.clock = clock
        self.refresh_s, self.usable_s = refresh_s, usable_s
        self.lent = 0
        """How many pieces of work got a spare."""
        self.cold = 0
        """How many found none."""
        self.died = 0
        """How many spares ended though nobody wanted them to."""
        self._make = make
        self._job = job
        self._most = most
        self._lock = threading.Lock()
        self._spares: list[_Spare] = []
        self._returning: dict[Connection, _Spare] = {}
        self._at_work: dict[Connection, str] = {}
        self._calls: dict[str, float] = {}  # when last heard of
        self._failures, self._not_before = 0, 0.0
        self._reuses = False
        self._closed = False

    def take(self, listener: ConnectionListener, job: str, label: str) -> Connection:
        """A connection for a piece of work. Next: `Connection.open`, which takes a spare or dials."""
        return self._make(listener, job, label, self)

    def expect(self, label: str) -> None:
        """A call will want a connection soon: see that there is a spare."""
        if self._most:
            with self._lock:
                self._hear_of(label)
            self.tend()

    def give_back(self, connection: Connection) -> bool:
        """The work on `connection` has ended in order, and the service takes more on the same socket: keep it as a spare. Next: its
        listener is told ``on_closed``.

        Returns:
            False if no spare is wanted; the connection is then closed in order.
        """
        with self._lock:
            if connection in self._returning:
                return True  # it was told so twice
            self._reuses = True
            wanted = not self._closed and len(self._spares) + len(self._returning) <= self._wanted()
            spare = self._begin() if wanted else None
            if spare is not None:
                self._returning[connection] = spare
        if spare is None:
            connection.close()
        elif not connection.pass_on(spare.connection):
            self._forget_returning(connection)
        return spare is not None

    def renew(self) -> None:
        """What they were connected with is no good any more, such as a token: let go of them, and connect others when they are wanted."""
        with self._lock:
            spares, self._spares = self._spares, []
        for spare in spares:
            spare.retire()

    def close(self) -> None:
        """Close the spares. Connections at work go on; those that begin later dial. Idempotent."""
        with self._lock:
            self._closed = True
        self.renew()

    @property
    def ready(self) -> int:
        """How many could be taken now."""
        with self._lock:
            return sum(spare.open for spare in self._spares)

    # websocket.Lender; any thread:

    def lend(self, borrower: Connection) -> bool:
        if not self._most:
            return False
        with self._lock:
            self._at_work[borrower] = self._hear_of(borrower.label)
        lent = self._lend(borrower)
        with self._lock:
            self.lent, self.cold = self.lent + lent, self.cold + (not lent)
        if lent:
            self.tend()
        return lent

    def opened(self, borrower: Connection) -> None:
        self.tend()  # not before: a service that can not be reached is not asked twice for the same piece of work

    def ended(self, borrower: Connection) -> None:
        with self._lock:
            call = self._at_work.pop(borrower, "")
            if call:
                self._hear_of(call)
        self._forget_returning(borrower)

    def tend(self) -> None:
        """As many spares as are wanted: begin those that are missing, close those that are too many or too old."""
        now = self.clock.now()
        with self._lock:
            wanted = 0 if self._closed else self._wanted()
            mended = self._failures and any(spare.open and now >= spare.opened_at + YOUNG_S for spare in self._spares)
            if mended:
                self._failures, self._not_before = 0, 0.0
            usable = [spare for spare in self._spares if not spare.open or now < spare.opened_at + self.usable_s]
            fresh = [spare for spare in usable if not spare.open or now < spare.opened_at + self.refresh_s]
            begun: list[_Spare] = []
            while now >= self._not_before and len(begun) < wanted - len(fresh) and (spare := self._begin()) is not None:
                begun.append(spare)
            opened = sum(spare.open for spare in usable)
            most = max(wanted, min(wanted + self._reuses, sum(spare.open for spare in fresh)))
            kept = usable[max(0, opened - most) :] if wanted else []  # the oldest stand first
            dropped = [spare for spare in self._spares if spare not in kept]
            self._spares = kept + begun
        if mended:
            log.info("%s: spare connections can be had again", self.name)
        for spare in begun:
            try:
                spare.connection.open()
            except RuntimeError as error:  # no thread is left: whoever wants a connection shall not fall over a spare
                self.over(spare, Closed("broken", str(error)))
        for spare in dropped:
            spare.retire()

    # Called by the spares, on their connections' threads:

    def came(self, spare: _Spare) -> None:
        with self._lock:
            spare.open = True
            returned = next((key for key, one in self._returning.items() if one is spare), None)
            if returned is not None:
                del self._returning[returned]
            if returned is not None or spare in self._spares:  # behind those that were open before it
                others = [one for one in self._spares if one is not spare]
                at = sum(one.open for one in others)
                self._spares = [*others[:at], spare, *others[at:]]
        self.tend()

    def over(self, spare: _Spare, closed: Closed) -> None:
        with self._lock:
            ours = spare in self._spares
            heir, spare.heir = spare.heir, None
            first = False
            if ours:
                self._spares.remove(spare)
            if ours or heir is not None:
                self.died += 1
                if not spare.open or self.clock.now() < spare.opened_at + YOUNG_S:
                    first = self._back_off()
        if first:
            log.warning("%s: no spare connection (%s); replies connect for themselves", self.name, closed.briefly)
        elif ours:
            log.debug("%s: a spare connection ended: %s", self.name, closed.briefly)
        if heir is not None:
            heir.dial()
        if ours:
            self.tend()

    # The rest. With the lock held, but for `_lend` and `_forget_returning`:

    def _begin(self) -> _Spare | None:
        """Another one, not yet open. None if no descriptor is left: nobody who has a connection shall lose it for the lack of a spare."""
        try:
            return _Spare(self)
        except OSError as error:
            if self._back_off():
                log.warning("%s: no spare connection (%s); replies connect for themselves", self.name, error.strerror)
            return None

    def _back_off(self) -> bool:
        """None for a while. Returns whether this is the first failure."""
        least, most = BACKOFF_S
        self._not_before = self.clock.now() + min(most, least * 2 ** min(self._failures, 10))
        self._failures += 1
        return self._failures == 1

    def _lend(self, borrower: Connection) -> bool:
        while True:
            with self._lock:
                spare = self._best()
                if spare is None:
                    return False
                self._spares.remove(spare)
                spare.heir = borrower
            if spare.connection.pass_on(borrower, spare.greeting):
                return True
            with self._lock:
                seen, spare.heir = spare.heir is None, None
            if seen:
                return True  # its end came between, and has dialled

    def _best(self) -> _Spare | None:
        """The oldest that is good: it would be the next to be replaced. Else the one that has been connecting for longest, but not for too
        long."""
        now = self.clock.now()
        if self._closed:
            return None
        opened = [spare for spare in self._spares if spare.open and now < spare.opened_at + self.usable_s]
        coming = [spare for spare in self._spares if not spare.open and now < spare.begun_at + SLOW_S]
        return next(iter(opened + coming), None)

    def _hear_of(self, label: str) -> str:
        call = label.partition("-")[0]
        self._calls.pop(call, None)
        self._calls[call] = self.clock.now()
        if len(self._calls) > CALLS:
            del self._calls[next(iter(self._calls))]
        return call

    def _wanted(self) -> int:
        now = self.clock.now()
        for call, at in list(self._calls.items()):
            if now < at + LINGER_S:
                break  # the rest was heard of later
            del self._calls[call]
        calls = len(self._calls.keys() | set(self._at_work.values()))
        return min(self._most, calls, 3 + calls // 8)

    def _forget_returning(self, connection: Connection) -> None:
        """`connection` ended before it could be passed on, if it was to be."""
        with self._lock:
            spare = self._returning.pop(connection, None)
        if spare is not None and not spare.open:
            spare.connection.discard()


class _Spare:
    """One of them, and the listener of its connection."""

    def __init__(self, spares: Spares) -> None:
        self._spares = spares
        self.begun_at = spares.clock.now()
        self.opened_at = 0.0
        self.open = False
        self.heir: Connection | None = None
        """Who has taken it, and waits for its socket."""
        self._said: list[str] = []
        self.connection = spares._make(self, spares._job, "spare")

    def greeting(self) -> tuple[str, ...]:
        """What the service has said by itself (`Bounds.greetings`): it waits for whoever takes the spare. Only the connection's thread."""
        return tuple(self._said)

    def retire(self) -> None:
        """Nobody needs it any more. Any thread."""
        if self.open:
            self.connection.close()
        else:
            self.connection.abort()

    # net.websocket.ConnectionListener:

    def on_open(self) -> None:
        self.opened_at = self._spares.clock.now()
        self.connection.alarm(self.opened_at + self._spares.refresh_s)
        self._spares.came(self)

    def on_text(self, text: str) -> None:
        self._said.append(text)
        if len(self._said) > self.connection.bounds.greetings or len(text) > SAID_BYTES:
            self.connection.abort()

    def on_binary(self, data: bytes) -> None:
        self.connection.abort()

    def on_alarm(self) -> None:
        spares, now = self._spares, self._spares.clock.now()
        left = self.opened_at + spares.usable_s - now
        self.connection.alarm(now + max(0.05, min(left, 1.0)))
        spares.tend()

    def on_closed(self, closed: Closed) -> None:
        if closed.kind != "passed":
            self._spares.over(self, closed)
