"""Stands between websocket-client and the socket: its many small reads cost no system call, and its writes never block."""

from __future__ import annotations

from collections.abc import Callable

from .line import Line
from .wait import NetError

READ_BYTES = 65_536
HANDSHAKE_BYTES = 65_536


class Pipe:
    """The socket as websocket-client sees it: reads come from a buffer, writes go into one.

    While `blocking` (the handshake) a read waits, within the line's deadline; later it raises BlockingIOError, after which
    websocket-client's frame buffer goes on where it was.
    """

    def __init__(self, line: Line, check_size: Callable[[], None]) -> None:
        self.line = line
        self.check_size = check_size
        self.blocking = True
        self.dry = True
        self.outgoing = bytearray()
        self.sent = 0
        self._incoming = b""
        self._at = 0

    def recv(self, size: int) -> bytes:
        if size and self._at >= len(self._incoming):
            self._fill()
        data = self._incoming[self._at : self._at + size]
        self._at += len(data)
        return data

    def _fill(self) -> None:
        if self.blocking:
            if self.line.received > HANDSHAKE_BYTES:
                raise NetError(f"{self.line.place} answers the handshake with too much", kind="protocol", retry=False)
            data: bytes | None = self.line.receive_some(4096, f"waiting for the handshake of {self.line.place}")
        else:
            self.check_size()
            data = self.line.receive(READ_BYTES)
            if data is None:
                self.dry = True
                raise BlockingIOError
        self._incoming, self._at = data or b"", 0

    @property
    def drained(self) -> bool:
        """Whether everything received has been read, and reading on would most likely be in vain."""
        return self._at >= len(self._incoming) and self.line.drained

    def send(self, data: bytes) -> int:
        if self.blocking:
            self.line.send_all(data, f"sending the handshake to {self.line.place}")
        else:
            self.outgoing += data
        return len(data)

    def flush(self) -> None:
        """Send what the socket takes."""
        while self.outgoing:
            sent = self.line.send(self.outgoing)
            if not sent:
                return
            del self.outgoing[:sent]
            self.sent += sent

    # What else websocket-client asks of a socket:

    def gettimeout(self) -> float:
        return 0.0  # "non-blocking": it then reads once and leaves the waiting to us

    def settimeout(self, seconds: float | None) -> None:
        """The line's deadline bounds."""

    def fileno(self) -> int:
        return self.line.fileno()

    def close(self) -> None:
        self.line.close()
