"""A WebSocket client connection whose socket one thread at a time touches.

A thread of its own resolves, connects and shakes hands; then the one thread of all open connections (`loop`) waits for the socket, and is
roused by other threads after they have put something into the outbox. So a sender never waits, reads and writes of
TLS never meet, and every wait has a bound and an end. websocket-client does the protocol (handshake, frames, masks, fragments);
`pipe.Pipe` stands between it and the socket, so that its many small reads cost no system call and its writes never block.
"""

from __future__ import annotations

import re
import struct
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import websocket
from websocket import ABNF

from ..clock import SYSTEM, Clock, Deadline
from ..errors import Kind, ProviderError
from ..threads import spawn
from .dial import dial
from .failures import kind_of_status, worth_retrying
from .loop import LOOP, Pause, Work
from .masks import Masks
from .outbox import Outbox
from .pipe import Pipe
from .redact import redact
from .timers import Bounds, Timers
from .wait import Cancelled, NetError, Wait

_SECRET = re.compile("auth|token|key", re.IGNORECASE)
"""Headers whose words nobody is told."""
FRAMES_A_TURN = 64  # then the outbox gets its turn, even if the peer never pauses


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a connection ended."""

    kind: str
    """``closed`` or ``aborted`` (by us), ``peer`` (its close frame), ``lost`` (TCP ended without one), ``refused`` (an HTTP status instead
    of the upgrade), ``credentials`` (`error` says more), ``unresolved unreachable tls timeout protocol broken``."""
    text: str
    code: int = 0
    """The HTTP status of a refusal, or the code of the peer's close frame."""
    retry: bool = True
    error: ProviderError | None = None

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


class _Nobody:
    """Who listens to a connection that is over."""

    def on_open(self) -> None: ...

    def on_text(self, text: str) -> None: ...

    def on_binary(self, data: bytes) -> None: ...

    def on_alarm(self) -> None: ...

    def on_closed(self, closed: Closed) -> None: ...


_NOBODY = _Nobody()
Headers = Callable[[Wait, Deadline], Mapping[str, str]]
Refused = Callable[[int], bool]
Act = Callable[[], None]
_CLOSE = object()


class Connection:
    """One WebSocket connection.

    Args:
        url: ``ws://`` or ``wss://``. Must hold no secret: it appears in errors.
        listener: is told everything, on the connection's thread.
        job, label: the thread is named ``<job>-<label>``.
        headers: called on the connection's thread before it dials; may wait, within the deadline; may raise ProviderError. What they say
            is taken out of whatever the peer says, for some say it again.
        refused: called on that thread with the HTTP status instead of an upgrade; True: ask for other headers and try once more, within
            the same bound, so that the listener hears of the second answer only.

    Next: `open`, once. After that any thread may call `send_text`, `send_binary`, `run`, `close` and `abort`.
    """

    def __init__(
        self,
        url: str,
        listener: ConnectionListener,
        *,
        job: str,
        label: str,
        headers: Headers | None = None,
        refused: Refused | None = None,
        bounds: Bounds | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.url = url
        self.bounds = bounds or Bounds()
        self._listener = listener
        self._job, self._label = job, label
        self._headers = headers
        self._refusal = refused
        self._clock = clock
        self._wait = Wait(clock)
        self._outbox = Outbox(self.bounds.outbox_bytes, self._wait)
        self._ws = websocket.WebSocket(enable_multithread=False, skip_utf8_validation=True)
        self._ws.set_mask_key(Masks())  # type: ignore[no-untyped-call]
        self._pipe: Pipe | None = None
        self._secrets: tuple[str, ...] = ()
        self._alarm_at = 0.0
        self._timers = Timers(self.bounds)

    def open(self) -> None:
        """Start the thread. Returns at once; ``on_open`` or ``on_closed`` follows within ``connect_s``."""
        spawn(self._job, self._connect, self._label)

    def send_text(self, text: str) -> bool:
        """Send a text message, after everything given before; kept until the connection is open. Any thread; never waits.

        Returns:
            False if it was not taken: the outbox is full or the connection over.
        """
        data = text.encode()
        return self._outbox.put((ABNF.OPCODE_TEXT, data), len(data) or 1)

    def send_binary(self, data: bytes) -> bool:
        """Like `send_text`, for a binary message."""
        return self._outbox.put((ABNF.OPCODE_BINARY, data), len(data) or 1)

    def run(self, act: Act) -> bool:
        """Call `act` on the connection's thread, after everything given before has been handed to the socket's buffer, once it is open.
        Any thread; never waits. Returns False if the connection is over."""
        return self._outbox.put(act)

    def alarm(self, at: float) -> None:
        """Have ``on_alarm`` called at `at` (the clock's seconds; 0 for never). Replaces the one before. Only the connection's thread."""
        self._alarm_at = at

    def close(self) -> None:
        """Close in order: what was given before is sent, then the closing handshake. Any thread; idempotent; never waits."""
        self._outbox.put(_CLOSE)

    def abort(self) -> None:
        """End now, in whatever phase. Any thread; idempotent; never waits."""
        self._wait.cancel()

    @property
    def waiting_bytes(self) -> int:
        """How much was taken and has not been handed to the kernel."""
        return self._outbox.bytes

    # On the connection's thread: its own until it is open, then the one of all open connections.

    def _connect(self) -> None:
        work = self._live()
        pause = next(work, None)
        if pause is not None:
            try:
                LOOP.adopt(work, self._wait.wake, pause)
            except BaseException:
                work.close()
                raise

    def _live(self) -> Work:
        closed = Closed("broken", "an error of our own; see the log")
        self._outbox.reader = threading.get_ident()
        try:
            self._shake_hands()
            self._listener.on_open()
            closed = yield from self._serve()
        except Cancelled:
            closed = Closed("aborted", "aborted")
        except ProviderError as error:
            closed = Closed("credentials", str(error), retry=error.retry, error=error)
        except NetError as error:
            closed = Closed(error.kind, str(error), retry=error.retry)
        except websocket.WebSocketBadStatusException as error:
            closed = self._refused(error.status_code, error.resp_body)
        except websocket.WebSocketConnectionClosedException:
            closed = Closed("lost", f"{self._place} dropped the connection")
        except (websocket.WebSocketException, UnicodeDecodeError, struct.error) as error:
            closed = self._misspoken(error)
        except OSError as error:
            closed = Closed("lost", f"the connection to {self._place} broke ({error.strerror or type(error).__name__})")
        finally:
            self._outbox.close()
            if self._pipe is not None:
                self._pipe.close()
            self._wait.close()
            if self._timers.closing_at and closed.kind == "lost":
                closed = Closed("closed", "closed")  # many a peer answers our close frame by just hanging up
            try:
                self._listener.on_closed(closed)
            finally:
                self._let_go()

    def _let_go(self) -> None:
        """Let the buffers go now (20 KB), and what refers to itself here: the collector comes by after hundreds of calls."""
        self._pipe = self._ws.sock = None
        self._ws.frame_buffer.recv = bytes  # anything that does not refer to it
        self._listener, self._headers, self._refusal = _NOBODY, None, None

    def _shake_hands(self) -> None:
        deadline = self._clock.deadline(self.bounds.connect_s or 3600)
        try:
            self._upgrade(deadline)
        except websocket.WebSocketBadStatusException as error:
            if self._refusal is None or not self._refusal(error.status_code):
                raise
            self._upgrade(deadline)

    def _upgrade(self, deadline: Deadline) -> None:
        if self._pipe is not None:
            self._pipe.close()
        headers = dict(self._headers(self._wait, deadline)) if self._headers else {}
        if any(c in text for pair in headers.items() for text in pair for c in "\r\n\0"):
            raise NetError("a header may not hold line breaks", kind="protocol", retry=False)
        secret = (value for name, value in headers.items() if _SECRET.search(name))
        self._secrets = tuple(word for value in secret for word in value.split())
        parts = urlsplit(self.url)
        tls = parts.scheme == "wss"
        line = dial(
            parts.hostname or "", parts.port or (443 if tls else 80), tls=tls, wait=self._wait, deadline=deadline
        )
        self._pipe = pipe = Pipe(line, self._check_size)
        line.deadline = deadline
        self._ws.connect(  # type: ignore[no-untyped-call]
            self.url, socket=pipe, header=[f"{name}: {value}" for name, value in headers.items()], redirect_limit=0
        )
        if self._ws.getstatus() != 101:  # an older websocket-client takes a redirect for an open connection
            raise websocket.WebSocketException("redirected")
        pipe.blocking = False

    def _refused(self, status: int, body: bytes | None) -> Closed:
        said = redact((body or b"").decode("utf-8", "replace"), self._secrets, limit=160)
        text = f"{self._place} refused the connection with HTTP {status}" + (f": {said}" if said else "")
        return Closed("refused", text, code=status, retry=worth_retrying(status))

    def _misspoken(self, error: Exception) -> Closed:
        status = self._ws.getstatus()
        if (
            status is not None and status != 101
        ):  # a redirect: it could lead our credentials anywhere, so none is followed
            return self._refused(status, None)
        why = redact(str(error), self._secrets, limit=120)
        return Closed("protocol", f"{self._place} does not speak WebSocket properly ({why})")

    def _serve(self) -> Generator[Pause, bool, Closed]:
        """From the open connection to its end."""
        pipe = self._pipe
        assert pipe is not None
        timers = self._timers
        timers.begin(self._clock.now())
        readable = True
        while True:
            self._wait.check()
            sent = pipe.sent
            pipe.flush()
            self._send_outbox(pipe)  # after it the outbox is empty or the socket full, so the poll below misses nothing
            closed = self._read(pipe) if readable else None
            if closed is not None:
                pipe.flush()
                return closed
            now = self._clock.now()
            due = timers.due(now, pipe.sent > sent, bool(pipe.outgoing))
            if due == "ping":
                self._ws.ping()
                continue
            if due == "closed":
                return Closed("closed", "closed")
            if due:
                raise NetError(f"{self._place} {due}", kind="timeout")
            if self._alarm_at and now >= self._alarm_at:
                self._alarm_at = 0.0
                self._listener.on_alarm()
                continue
            readable = not pipe.dry
            if self._outbox.empty or pipe.outgoing or readable:
                self._outbox.reader = 0
                ready = yield self._pause(pipe, now)
                self._outbox.reader = threading.get_ident()
                readable = readable or ready

    def _pause(self, pipe: Pipe, now: float) -> Pause:
        """What to wait for: the socket, a word of another thread, or a moment; nothing if there is more to read, but the others get
        their turn."""
        moments = [at for at in (self._alarm_at, self._timers.next_at(bool(pipe.outgoing))) if at]
        left = max(0.0, min(moments) - now) + 0.0005 if moments else 60.0
        mask = pipe.line.poll_mask(bool(pipe.outgoing))
        return Pause(pipe.fileno(), mask, self._clock.real(left) if pipe.dry else 0.0)

    def _send_outbox(self, pipe: Pipe) -> None:
        """Into the pipe, as long as the socket takes it; the rest stays countable in the outbox."""
        while not pipe.outgoing:
            item = self._outbox.take()
            if item is None:
                return
            if item is _CLOSE:
                self._ws.send_close()
                self._timers.closing_at = self._clock.now() + self.bounds.close_s
                self._outbox.close()
            elif callable(item):
                item()
                continue
            else:
                opcode, data = item
                self._ws.send(data, opcode)
                self._outbox.sent(len(data) or 1)
            pipe.flush()

    def _read(self, pipe: Pipe) -> Closed | None:
        pipe.dry = False
        for _ in range(FRAMES_A_TURN):
            try:
                opcode, frame = self._ws.recv_data_frame(control_frame=True)
            except BlockingIOError:
                return None
            self._timers.heard(self._clock.now(), pong=opcode == ABNF.OPCODE_PONG)
            if opcode == ABNF.OPCODE_CLOSE:
                return self._peer_closed(frame.data)
            if self._timers.closing_at:
                continue  # the owner has said that nothing more is wanted
            if opcode == ABNF.OPCODE_TEXT:
                self._listener.on_text(frame.data.decode())
            elif opcode == ABNF.OPCODE_BINARY:
                self._listener.on_binary(frame.data)
            self._wait.check()
            if pipe.drained:
                pipe.dry = True
                return None
        return None

    def _check_size(self) -> None:
        """Before each read: a message may not grow without bound."""
        held = self._ws.cont_frame.cont_data
        size = (self._ws.frame_buffer.length or 0) + (len(held[1]) if held else 0)
        if size > self.bounds.message_bytes:
            raise NetError(f"{self._place} sends a message of {size} bytes", kind="protocol")

    def _peer_closed(self, data: bytes) -> Closed:
        if self._timers.closing_at:
            if self._pipe is not None:
                self._pipe.outgoing.clear()  # websocket-client has answered; ours was sent already
            return Closed("closed", "closed")
        code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
        reason = redact(data[2:].decode("utf-8", "replace"), self._secrets, limit=120)
        text = f"{self._place} closed the connection (code {code}{': ' + reason if reason else ''})"
        return Closed("peer", text, code=code)

    @property
    def _place(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
