"""A service with what all calls know of it, and one session at it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from ...clock import SYSTEM, Clock
from ...errors import ProviderError, one_line
from .breaker import Breaker, BreakerBounds, State
from .limiter import Limiter, Seat
from .pace import Pace

log = logging.getLogger("firstword.speech")


class Member:
    """Any thread may call any method; none waits. Next: `ranked`, then `begin` for each piece of work.

    Args:
        name: the service's, in the configuration.
        service: a `speech.asr.Recogniser`, `speech.llm.Model` or `speech.tts.Synthesiser`.
        called: what it calls itself, such as ``aliyun tts``.
        limiter: how many sessions it may have at once; without one any number.
    """

    def __init__(
        self,
        name: str,
        service: Any,
        called: str,
        *,
        limiter: Limiter | None = None,
        bounds: BreakerBounds | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.name = name
        self.service = service
        self.called = called
        self.limiter = limiter or Limiter()
        self.clock = clock
        self._breaker = Breaker(bounds)
        self.pace = Pace()
        """How fast it speaks, if it does. To be asked, not told: `spoke` is for that."""
        self._lock = threading.Lock()  # _breaker, pace

    @property
    def title(self) -> str:
        """For logs: ``near (aliyun tts)``."""
        return f"{self.name} ({self.called})"

    def begin(self, seat: Seat | None = None) -> Session | None:
        """A session of it, or None if it has no room. `seat`: one that is held for this work, and stays with who holds it."""
        taken = None if seat is not None else self.limiter.take()
        if seat is None and taken is None:
            return None
        with self._lock:
            probe = self._breaker.begin(self.clock.now())
        if probe:
            log.info("service %s is tried again", self.title)
        return Session(self, taken, probe)

    def due(self, now: float) -> bool:
        """Whether it may be asked as usual."""
        with self._lock:
            return self._breaker.due(now)

    def due_at(self) -> float:
        """When it is tried again, if it is passed over."""
        with self._lock:
            return self._breaker.until

    def spoke(self, text: str, audio_ms: float) -> None:
        """All of `text` has become audio."""
        with self._lock:
            self.pace.learn(text, audio_ms)

    def standing(self, now: float) -> tuple[bool, str]:
        """Whether it is asked as usual, and how it is in a few words: for an operator."""
        with self._lock:
            state, error, since, until = (
                self._breaker.state,
                self._breaker.error,
                self._breaker.since,
                self._breaker.until,
            )
        most = f" of {self.limiter.most}" if self.limiter.most else ""
        refused = f", {self.limiter.refused} refused" if self.limiter.refused else ""
        use = f"{self.limiter.taken}{most} sessions{refused}"
        if state is State.CLOSED or error is None:
            return True, f"healthy, {use}"
        tried = "being tried" if state is State.PROBING else f"tried again in {max(0.0, until - now):.0f} s"
        return False, f"passed over for {now - since:.0f} s, {tried}, {use}: {one_line(error)}"

    def blame(self, error: ProviderError) -> None:
        """It was left, and now it is known that it had failed."""
        self._failed(error, probe=False)

    # Of a session.

    def _succeeded(self) -> None:
        with self._lock:
            was = self._breaker.state
            self._breaker.succeeded()
        if was is not State.CLOSED:
            log.warning("service %s works again", self.title)

    def _failed(self, error: ProviderError, probe: bool) -> None:
        now = self.clock.now()
        with self._lock:
            was = self._breaker.state
            self._breaker.failed(error, now, probe)
            opened = was is State.CLOSED and self._breaker.state is State.OPEN
            failures, for_s = self._breaker.failures, self._breaker.until - now
        if opened:
            log.warning(
                "service %s is passed over for %.0f s, after %d failures in a row: %s",
                self.title,
                for_s,
                failures,
                one_line(error),
            )

    def _left(self, probe: bool) -> None:
        with self._lock:
            self._breaker.left(probe)


class Session:
    """One piece of work at one member, which is begun with `member`'s service. Next: exactly one of `succeeded`, `failed` and `left`
    counts, the first; all give the seat back."""

    def __init__(self, member: Member, seat: Seat | None, probe: bool) -> None:
        self.member = member
        self._seat = seat
        self._probe = probe
        self._over = False
        self._lock = threading.Lock()

    def proved(self) -> None:
        """The service does what it is asked for; the work goes on, perhaps for long. Next: as before."""
        with self._lock:
            if self._over:
                return
            self._probe = False
        self.member._succeeded()

    def succeeded(self) -> None:
        """The service did what it was asked for, or enough of it."""
        if self._end():
            self.member._succeeded()

    def failed(self, error: ProviderError) -> None:
        """It did not."""
        if self._end():
            self.member._failed(error, self._probe)

    def left(self) -> None:
        """It was not waited for."""
        if self._end():
            self.member._left(self._probe)

    def _end(self) -> bool:
        with self._lock:
            over, self._over = self._over, True
        if not over and self._seat is not None:
            self._seat.leave()
        return not over


def ranked(members: Sequence[Member], now: float) -> list[Member]:
    """In the order in which they are to be asked: as they stand, but those that are passed over last, the soonest due first."""
    due = [member for member in members if member.due(now)]
    return due + sorted((member for member in members if member not in due), key=lambda member: member.due_at())


def begin(
    members: Sequence[Member],
    but: Iterable[Member] = (),
    held: tuple[Member, Seat] | None = None,
) -> Session | None:
    """A session at the first that is to be asked and has room. Any thread; never waits.

    Args:
        but: these are not asked.
        held: a seat that is held for this work.

    Returns:
        None if there is no such member: all are among `but`, or full.
    """
    passed = set(but)
    for member in ranked(members, members[0].clock.now()) if members else ():
        if member not in passed:
            seat = held[1] if held is not None and held[0] is member else None
            session = member.begin(seat)
            if session is not None:
                return session
    return None


__all__ = ["Member", "Session", "begin", "ranked"]
