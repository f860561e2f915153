"""What the three have in common: members in an order, and what a piece of work needs to go from one to the next."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ...clock import SYSTEM, Clock
from ...errors import ProviderError, one_line
from . import member as members_
from .alarms import Alarms
from .limiter import Seat
from .member import Member, Session
from .usage import Usage

log = logging.getLogger("firstword.speech")


WAIT_STEP_S = 0.05
"""How often a work that found every service full asks again."""


@dataclass(frozen=True)
class Means:
    """What a call brings along.

    Args:
        alarms: looks after works; shared by all calls.
        switch_ms: how long a service may owe something that the caller waits for, before the next one is asked.
        wait_ms: how long a work waits for a session where every service of its list has as many as it may.
        usage: is told which services were used.
        held: a seat that is held for the call, at one of the members.
    """

    alarms: Alarms = field(default_factory=Alarms)
    switch_ms: float = 700.0
    wait_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    held: tuple[Member, Seat] | None = None
    clock: Clock = SYSTEM


class Chain:
    """`members`: at least one, the preferred first."""

    kind: ClassVar[str] = ""

    def __init__(self, members: Sequence[Member], means: Means | None = None) -> None:
        self.members = tuple(members)
        self.means = means or Means()
        self.clock = self.means.clock
        self.name = self.members[0].called

    def close(self) -> None:
        """Close the members' services. Idempotent. Not where others use them too: then whoever made them does."""
        self.means.alarms.close()
        for member in self.members:
            member.service.close()

    def begin(self, but: Iterable[Member] = ()) -> Session | None:
        """A session at the best member there is, but for those in `but`; None if there is none, or none has room."""
        return members_.begin(self.members, but, self.means.held)

    def took(self, label: str, member: Member, after: ProviderError | None = None) -> None:
        """`member` does a piece of work, after another was lost by `after`: for the log and the record."""
        self.means.usage.served(self.kind, member.title if len(self.members) > 1 else member.called)
        if after is not None:
            self.means.usage.switched(self.kind)
            log.warning("%s: %s goes on with %s: %s", label, self.kind, member.title, one_line(after))

    def broke(self, label: str, session: Session, fault: Exception) -> ProviderError:
        """The error where `session`'s service could not even be begun: this machine has no thread or descriptor left, or it is a fault of
        ours. Its seat is given back; nobody outside is to blame. Under an ``except``."""
        log.exception("%s: %s could not be begun", label, session.member.title)
        session.left()
        text = f"it could not be begun ({type(fault).__name__}; see the log)"
        return ProviderError(text, provider=session.member.called, retry=True, kind="ours")

    def full(self) -> ProviderError:
        """The error where no member has room."""
        names = ", ".join(member.name for member in self.members)
        text = f"as many sessions as `most` allows are in use at {names}: raise it if the account allows more"
        return ProviderError(text, provider=self.name, retry=True, kind="throttled")

    @property
    def room(self) -> bool:
        """Whether one of the members has room just now."""
        return any(member.limiter.room for member in self.members)
