"""A connected TCP or TLS socket that never blocks by itself."""

from __future__ import annotations

import select
import socket
import ssl

from .. import syscalls
from ..clock import Deadline
from .wait import NetError, Wait

BUFFER_BYTES = 16_384


class Line:
    """One thread uses it. `receive` and `send` return at once; `receive_some` and `send_all` wait, bounded and cancellable.

    `wait` and `deadline` may be replaced between uses: a connection that is kept warm serves one piece of work after the other.
    """

    def __init__(self, sock: socket.socket, wait: Wait, place: str) -> None:
        self.sock = sock
        self.wait = wait
        self.deadline: Deadline = wait.clock.deadline(0)
        self.place = place
        self.received = 0
        self.drained = False
        """The last `receive` got all there was: better poll before the next. (TLS hands over a record at a time, and knows of its rest.)"""
        self._tls = isinstance(sock, ssl.SSLSocket)
        self._buffer = syscalls.buffer(0 if self._tls else BUFFER_BYTES)
        self._receive_needs = select.POLLIN
        self._send_needs = select.POLLOUT

    def fileno(self) -> int:
        return self.sock.fileno()

    def receive(self, size: int) -> bytes | None:
        """Up to `size` bytes; b"" at the end; None if there is nothing now. Raises OSError if the connection broke."""
        size = size if self._tls else min(size, BUFFER_BYTES)
        data = self._receive_tls(size) if self._tls else syscalls.read(self.fileno(), self._buffer, size)
        if data:
            self.received += len(data)
            self.drained = len(data) < size and not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending())
        return data

    def _receive_tls(self, size: int) -> bytes | None:
        try:
            data = self.sock.recv(size)
        except (BlockingIOError, ssl.SSLWantReadError):
            self._receive_needs = select.POLLIN
            return None
        except ssl.SSLWantWriteError:  # a TLS key update may have to be answered first
            self._receive_needs = select.POLLOUT
            return None
        except ssl.SSLZeroReturnError:
            return b""
        self._receive_needs = select.POLLIN
        return data

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Send what fits; 0 if nothing does now: the next call must then begin with the same bytes, for TLS. Raises OSError."""
        if not self._tls:
            return syscalls.write(self.fileno(), bytes(data)) or 0
        try:
            return self.sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            self._send_needs = select.POLLOUT
        except ssl.SSLWantReadError:
            self._send_needs = select.POLLIN
        return 0

    def poll_mask(self, sending: bool) -> int:
        """What to poll for until `receive`, and `send` if there is something to send, can go on."""
        return self._receive_needs | (self._send_needs if sending else 0)

    def receive_some(self, size: int, doing: str) -> bytes:
        """Like `receive`, but waits. Raises Cancelled, NetError (timeout) or OSError."""
        while True:
            self.wait.check()
            if self.deadline.passed():  # also while there is always more: nothing that is to come has an end by itself
                raise NetError(f"timed out {doing}", kind="timeout")
            data = self.receive(size)
            if data is not None:
                return data
            self.wait.until({self.fileno(): self._receive_needs}, self.deadline, doing)

    def send_all(self, data: bytes | bytearray | memoryview, doing: str) -> None:
        """Send everything. Raises Cancelled, NetError (timeout) or OSError."""
        left = memoryview(data)
        while left:
            self.wait.check()
            sent = self.send(left)
            left = left[sent:]
            if left and not sent:
                self.wait.until({self.fileno(): self._send_needs}, self.deadline, doing)

    def close(self) -> None:
        """Idempotent."""
        self.sock.close()
