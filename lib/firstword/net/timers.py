"""The bounds of a WebSocket connection, and when each is due. [pure]"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long, and how much, a connection may take. Seconds of the clock; 0 switches a bound off."""

    connect_s: float = 5.0
    """From `Connection.open` to the end of the handshake, with credentials, name, TCP and TLS."""
    send_s: float = 10.0
    """The peer takes none of what waits to be sent."""
    idle_s: float = 0.0
    """Nothing at all arrives, not even a pong. With pings it counts only once the peer has answered one: not every gateway does."""
    ping_s: float = 0.0
    """How often to ping."""
    close_s: float = 1.0
    """How long to wait for the peer's half of the closing handshake."""
    outbox_bytes: int = 262_144
    """What may wait to be sent; `send_text` and `send_binary` refuse more."""
    message_bytes: int = 4_194_304
    """The largest message the peer may send."""
    greetings: int = 0
    """How many texts the peer says by itself on a new connection: they answer nothing."""


EMPTY_A_SECOND = 500
"""Frames that tell nothing (pings, pongs, empty messages) which a peer may send in a second. A proper one sends one in some seconds; one
that sends them without end would take the thread of all connections."""


class Timers:
    """The bounds of an open connection as moments."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._heard_at = self._sent_at = self._ping_at = 0.0
        self._ponged = False
        self._empty, self._empty_since = 0, 0.0
        self.closing_at = 0.0

    def begin(self, now: float) -> None:
        self._heard_at = self._sent_at = now
        self._ping_at = now + self._bounds.ping_s if self._bounds.ping_s else 0.0

    def heard(self, now: float, pong: bool, tells: bool = True) -> bool:
        """A frame came. Returns whether there were too many that tell nothing."""
        self._heard_at = now
        self._ponged = self._ponged or pong
        if tells:
            return False
        if now >= self._empty_since + 1:
            self._empty, self._empty_since = 0, now
        self._empty += 1
        return self._empty > EMPTY_A_SECOND

    def _idle_at(self) -> float:
        counts = self._bounds.idle_s and (self._ponged or not self._bounds.ping_s)
        return self._heard_at + self._bounds.idle_s if counts else 0.0

    def due(self, now: float, went: bool, sending: bool) -> str:
        """What is due now: "ping", "closed", or what the peer failed to do. `went`: some bytes were sent; `sending`: more wait."""
        if went or not sending:
            self._sent_at = now
        if self.closing_at and now >= self.closing_at:
            return "closed"
        if self._bounds.send_s and sending and now >= self._sent_at + self._bounds.send_s:
            return "takes no more data"
        idle = self._idle_at()
        if idle and now >= idle:
            return "has gone silent"
        if self._ping_at and now >= self._ping_at and not self.closing_at:
            self._ping_at = now + self._bounds.ping_s
            return "ping"
        return ""

    def next_at(self, sending: bool) -> float:
        send = self._sent_at + self._bounds.send_s if sending and self._bounds.send_s else 0.0
        moments = [at for at in (self.closing_at, send, self._idle_at(), self._ping_at) if at]
        return min(moments) if moments else 0.0
