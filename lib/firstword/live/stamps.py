"""When a datagram came, by the kernel: what the interpreter does meanwhile is not measured.

The kernel stamps datagrams by the wall clock; `Arrivals` turns that into the clock everything else is measured by.
"""

from __future__ import annotations

import contextlib
import math
import socket
import struct

from ..clock import SYSTEM

SO_TIMESTAMPNS = 35
"""Linux, ``asm-generic/socket.h``; the `socket` module has no name for it."""
TIMESPEC = struct.Struct("@ll")
DATAGRAM_BYTES = 4096
TIGHT_S = 50e-6
"""Two clocks read within this are read at once: a thread that is interrupted between them tries again."""
TRIES = 5
SETTLE_S = 2.0
LOOK_S = 0.002


class StampedSocket:
    """A UDP socket on 127.0.0.1, on an even port as RTP has it, that tells when each datagram came. `close` it."""

    def __init__(self, host: str) -> None:
        self.socket = _on_even_port(host)
        self.port: int = self.socket.getsockname()[1]
        self._offset = math.nan
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._measure()
            self._settle(host)
        except BaseException:
            self.socket.close()
            raise

    def receive(self) -> tuple[bytes, float, tuple[str, int]] | None:
        """The next datagram, its moment in `clock.SYSTEM`'s seconds, and where it came from; None if there is none. Never waits."""
        try:
            datagram, about, _, source = self.socket.recvmsg(DATAGRAM_BYTES, socket.CMSG_SPACE(TIMESPEC.size))
        except BlockingIOError:
            return None
        self._measure()
        for level, kind, data in about:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = TIMESPEC.unpack(data[: TIMESPEC.size])
                return datagram, seconds + nanoseconds / 1e9 + self._offset, source
        return datagram, SYSTEM.now(), source

    def send(self, datagram: bytes, to: tuple[str, int]) -> None:
        """Send without waiting; a full buffer drops it, as a network would."""
        with contextlib.suppress(BlockingIOError):
            self.socket.sendto(datagram, to)

    def close(self) -> None:
        """Let the descriptor go. Idempotent."""
        self.socket.close()

    def _measure(self) -> None:
        """How far `SYSTEM.now` is ahead of the wall: measured each time, for the wall's clock is corrected now and then."""
        for _ in range(TRIES):
            before, wall, after = SYSTEM.now(), SYSTEM.wall(), SYSTEM.now()
            tight = after - before < TIGHT_S
            if tight or math.isnan(self._offset):
                self._offset = (before + after) / 2 - wall
            if tight:
                return

    def _settle(self, host: str) -> None:
        """Wait until the kernel stamps: it begins some moments after the first socket has asked for it, and until then a datagram gets the
        time it is read. Raises OSError if it never does."""
        deadline = SYSTEM.deadline(SETTLE_S)
        while not deadline.passed():
            sent = SYSTEM.now()
            self.socket.sendto(b"", (host, self.port))
            SYSTEM.sleep(LOOK_S)
            received = self.receive()
            if received is not None and received[1] - sent < LOOK_S / 2:
                return
        raise OSError("the kernel does not tell when datagrams came (SO_TIMESTAMPNS)")


def udp_socket(host: str) -> socket.socket:
    """A UDP socket on a free port, which never waits."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        made.bind((host, 0))
    except BaseException:
        made.close()
        raise
    return made


def _on_even_port(host: str) -> socket.socket:
    while True:
        made = udp_socket(host)
        if made.getsockname()[1] % 2 == 0:
            return made
        made.close()
