"""A client of FreeSWITCH's event socket: commands, and events as they come."""

from __future__ import annotations

import socket
from collections import deque
from types import TracebackType
from urllib.parse import unquote

from ..clock import SYSTEM, Clock
from ..errors import HostError

RECEIVE_BYTES = 65_536
EVENTS_BOUND = 10_000
"""Events that wait to be asked for; older ones are dropped."""


class EventSocket:
    """One connection. A context manager; one thread at a time.

    Raises:
        HostError: when made, or by any method: nobody listens, the password is wrong, the switch went, no answer in time.
    """

    def __init__(self, port: int, password: str, host: str = "127.0.0.1", clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._buffer = b""
        self._events: deque[dict[str, str]] = deque(maxlen=EVENTS_BOUND)
        try:
            self._socket = socket.create_connection((host, port), timeout=5)
        except OSError as error:
            raise HostError(f"no event socket at {host}:{port}: {error.strerror or error}") from error
        try:
            self._next("auth/request", 5)
            reply = self._command(f"auth {password}")
            if not reply.startswith("+OK"):
                raise HostError(f"the event socket at {host}:{port} refused the password")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> EventSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up on the switch. Idempotent."""
        self._socket.close()

    def api(self, command: str, seconds: float = 30) -> str:
        """What the switch answers to a command of fs_cli."""
        self._send(f"api {command}\n\n")
        return self._next("api/response", seconds)[1]

    def begin(self, command: str) -> str:
        """Begin a command as a job; it goes on while this returns. Returns the job's name: the
        ``Job-UUID`` of its ``BACKGROUND_JOB``."""
        return self._command(f"bgapi {command}").rpartition(" ")[2]

    def subscribe(self, events: str) -> None:
        """Ask for events, such as ``CHANNEL_HANGUP CUSTOM firstword::turn``. Next: `event`."""
        self._command(f"event plain {events}")

    def event(self, seconds: float = 10) -> dict[str, str]:
        """The next event: its headers, and its body as ``_body``."""
        if self._events:
            return self._events.popleft()
        headers, body = self._next("text/event-plain", seconds)
        return _event(body) if headers else {}

    def _command(self, line: str) -> str:
        self._send(f"{line}\n\n")
        return self._next("command/reply", 10)[0].get("Reply-Text", "")

    def _send(self, text: str) -> None:
        try:
            self._socket.sendall(text.encode())
        except OSError as error:
            raise HostError(f"the event socket is gone: {error.strerror or error}") from error

    def _next(self, wanted: str, seconds: float) -> tuple[dict[str, str], str]:
        """Headers and body of the next message of this kind; events that come meanwhile are kept."""
        deadline = self._clock.deadline(seconds)
        while True:
            headers = _headers(self._until(b"\n\n", deadline.left()).decode())
            body = self._exactly(int(headers.get("Content-Length", "0")), deadline.left()).decode(errors="replace")
            kind = headers.get("Content-Type", "")
            if kind == wanted:
                return headers, body
            if kind == "text/event-plain":
                self._events.append(_event(body))
            elif kind == "text/disconnect-notice":
                raise HostError("the switch closed the event socket")

    def _until(self, end: bytes, seconds: float) -> bytes:
        deadline = self._clock.deadline(seconds)
        while end not in self._buffer:
            self._receive(deadline.left())
        found, _, self._buffer = self._buffer.partition(end)
        return found.lstrip(b"\n")

    def _exactly(self, size: int, seconds: float) -> bytes:
        deadline = self._clock.deadline(seconds)
        while len(self._buffer) < size:
            self._receive(deadline.left())
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _receive(self, seconds: float) -> None:
        self._socket.settimeout(max(0.001, seconds))
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except TimeoutError as error:
            raise HostError("the switch did not answer on its event socket in time") from error
        except OSError as error:
            raise HostError(f"the event socket is gone: {error.strerror or error}") from error
        if not data:
            raise HostError("the switch closed the event socket")
        self._buffer += data


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in text.splitlines() if ": " in line)
    return {name: unquote(value) for name, _, value in pairs}


def _event(text: str) -> dict[str, str]:
    head, _, body = text.partition("\n\n")
    return {**_headers(head), "_body": body}
