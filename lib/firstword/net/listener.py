"""Who is told what a connection does, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import Kind, ProviderError
from .failures import kind_of_status


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a connection ended."""

    kind: str
    """``closed`` or ``aborted`` (by us), ``passed`` (its socket serves another `Connection` now), ``peer`` (its close frame), ``lost``
    (TCP ended without one), ``refused`` (an HTTP status instead of the upgrade), ``credentials`` (`error` says more), ``unresolved
    unreachable tls timeout protocol broken``."""
    text: str
    code: int = 0
    """The HTTP status of a refusal, or the code of the peer's close frame."""
    retry: bool = True
    error: ProviderError | None = None

    @property
    def briefly(self) -> str:
        """For a log: what happened, without a word of the peer's, which may repeat a key."""
        if self.kind in ("refused", "peer"):
            return (
                f"refused with HTTP {self.code}" if self.kind == "refused" else f"closed by the service ({self.code})"
            )
        return self.kind if self.kind in ("protocol", "credentials") else self.text

    @property
    def about(self) -> Kind:
        """What the failure is about, for a `ProviderError`."""
        if self.error is not None:
            return self.error.kind
        if self.kind == "refused":
            return kind_of_status(self.code)
        if self.kind in ("peer", "protocol"):
            return "server"
        return "ours" if self.kind == "broken" else "network"


class ConnectionListener(Protocol):
    """Called one at a time on the connection's thread; must return at once. ``on_closed`` is the last, and always comes."""

    def on_open(self) -> None: ...

    def on_text(self, text: str) -> None: ...

    def on_binary(self, data: bytes) -> None: ...

    def on_alarm(self) -> None:
        """The moment set by `Connection.alarm` has come."""

    def on_closed(self, closed: Closed) -> None: ...


class Nobody:
    """Who listens to a connection that is over."""

    def on_open(self) -> None: ...

    def on_text(self, text: str) -> None: ...

    def on_binary(self, data: bytes) -> None: ...

    def on_alarm(self) -> None: ...

    def on_closed(self, closed: Closed) -> None: ...


NOBODY = Nobody()
