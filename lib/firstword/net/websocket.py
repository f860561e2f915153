"""A WebSocket client connection whose socket one thread at a time touches.

A thread of its own resolves, connects and shakes hands; then the one thread of all open connections (`loop`) waits for the socket, and is
roused by other threads after they have put something into the outbox. So a sender never waits, reads and writes of
TLS never meet, and every wait has a bound and an end. websocket-client does the protocol (handshake, frames, masks, fragments);
`pipe.Pipe` stands between it and the socket, so that its many small reads cost no system call and its writes never block.

An open socket can pass from one connection to another (`Connection.pass_on`): what `spares` keeps ready is taken that way, and what a
piece of work has done with is given back. Each connection keeps its own outbox, listener and thread's name, so neither knows of the other.
"""

from __future__ import annotations

import logging
import re
import struct
import threading
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import websocket
from websocket import ABNF

from ..clock import SYSTEM, Clock, Deadline
from ..errors import ProviderError
from ..threads import spawn
from .dial import dial
from .failures import worth_retrying
from .fragments import Fragments
from .listener import NOBODY, Closed, ConnectionListener
from .loop import LOOP, Pause, Work
from .masks import Masks
from .outbox import Outbox
from .pipe import Pipe
from .redact import redact
from .timers import Bounds, Timers
from .wait import Cancelled, NetError, Wait

log = logging.getLogger("firstword.net")

__all__ = ["Bounds", "Closed", "Connection", "ConnectionListener", "Headers", "Lender"]

_SECRET = re.compile("auth|token|key", re.IGNORECASE)
"""Headers whose words nobody is told."""
FRAMES_A_TURN = 64  # then the outbox gets its turn, even if the peer never pauses
LAST_TURNS = 64  # so many frames times so many turns is more than a socket's buffer holds of what says anything
AGAIN = ("lost", "peer", "timeout")
"""The endings of a socket that was taken over, and never answered, after which another is dialled."""

Headers = Callable[[Wait, Deadline], Mapping[str, str]]
Refused = Callable[[int], bool]
Act = Callable[[], None]
_CLOSE = object()


class Lender(Protocol):
    """Who may have an open socket for a connection; see `spares.Spares`. Any thread; all return at once."""

    def lend(self, borrower: Connection) -> bool:
        """Have an open socket passed on to `borrower`, now or in a moment. Returns False if it must dial."""

    def opened(self, borrower: Connection) -> None:
        """It is open, by whichever way."""

    def ended(self, borrower: Connection) -> None:
        """It is over."""


class _Socket(NamedTuple):
    """An open socket on its way from one connection to another."""

    ws: websocket.WebSocket
    pipe: Pipe
    secrets: tuple[str, ...]
    said: tuple[str, ...]


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
        lender: asked for an open socket before it dials. A socket so had that turns out to be dead before the peer has said anything on it
            is replaced, once: another is dialled, and what was sent goes again. Nobody is told.

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
        lender: Lender | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.url = url
        self.label = label
        self.bounds = bounds or Bounds()
        self._listener = listener
        self._lender = lender
        self._job = job
        self._headers = headers
        self._refusal = refused
        self._clock = clock
        self._wait = Wait(clock)
        self._outbox = Outbox(self.bounds.outbox_bytes, self._wait)
        self._ws = _protocol()
        self._pipe: Pipe | None = None
        self._secrets: tuple[str, ...] = ()
        self._alarm_at = 0.0
        self._timers = Timers(self.bounds)
        self._open_by = 0.0
        self._told_open = False
        self._heir: Connection | None = None
        self._said: tuple[str, ...] = ()
        self._greeted = 0
        self._unanswered: list[Any] | None = None  # what was sent on a socket taken over that has said nothing yet

    def open(self) -> None:
        """Connect, or take a socket of the lender's. Returns at once; ``on_open`` or ``on_closed`` follows within ``connect_s``, or twice
        that if a socket of the lender's turns out to be dead."""
        if self._lender is None or not self._lender.lend(self):
            self.dial()

    def dial(self) -> None:
        """The same, without asking the lender.

        Raises:
            RuntimeError: this machine has no thread left; it is over, and nobody is told.
        """
        self._open_by = self._clock.now() + (self.bounds.connect_s or 3600)
        try:
            spawn(self._job, self._connect, self.label)
        except RuntimeError:
            lender = self._lender
            self._outbox.close()
            self._wait.close()
            self._let_go(passed=False)
            if lender is not None:
                lender.ended(self)
            raise

    def pass_on(self, heir: Connection, said: Callable[[], tuple[str, ...]] = tuple) -> bool:
        """Give the socket, once it is open and what was given before is in its buffer, to `heir`, which has never been opened: it is told
        ``on_open``, then the texts `said`, as if they had just come; our listener is told ``on_closed`` of the kind ``passed``. Any thread;
        never waits.

        Returns:
            False if the connection is over. After True it may still end otherwise; then its listener is told how, and nobody opens `heir`.
        """

        def leave() -> None:
            self._heir, self._said = heir, said()

        return self._outbox.put(leave)

    def discard(self) -> None:
        """It was never opened, and will not be."""
        self._wait.close()

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

    @property
    def full(self) -> bool:
        """Whether half of all that may wait does: who has more to send does so by `run`, which comes after it."""
        return self.waiting_bytes * 2 > self.bounds.outbox_bytes

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the handshake of its socket said that nobody is told, such as the token; none before."""
        return self._secrets

    # On the connection's thread: its own until it is open, then the one of all open connections.

    def _connect(self, taken: _Socket | None = None) -> None:
        work = self._live(taken)
        pause = next(work, None)
        if pause is not None:
            try:
                LOOP.adopt(work, self._wait.wake, pause)
            except BaseException:
                work.close()
                raise

    def _live(self, taken: _Socket | None) -> Work:
        closed = Closed("broken", "an error of our own; see the log")
        self._outbox.reader = threading.get_ident()
        try:
            if taken is None:
                self._shake_hands()
            else:
                self._take_over(taken)
            self._begin(taken.said if taken is not None else ())
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
            if not self._begins_again(closed):
                self._end(closed)

    def _end(self, closed: Closed) -> None:
        passed = closed.kind == "passed"
        self._outbox.close()
        if self._pipe is not None and not passed:
            self._pipe.close()
        self._wait.close()
        if self._timers.closing_at and closed.kind == "lost":
            closed = Closed("closed", "closed")  # many a peer answers our close frame by just hanging up
        lender, heir = self._lender, self._heir
        try:
            self._listener.on_closed(closed)
        finally:
            try:
                if passed and heir is not None and self._pipe is not None:
                    heir._connect(_Socket(self._ws, self._pipe, self._secrets, self._said))
            finally:
                self._let_go(passed)
                if lender is not None:
                    lender.ended(self)

    def _let_go(self, passed: bool) -> None:
        """Let the buffers go now (20 KB), and what refers to itself here: the collector comes by after hundreds of calls."""
        if not passed:
            self._ws.sock = None
            self._ws.frame_buffer.recv = bytes  # anything that does not refer to it
        self._pipe = self._heir = self._lender = self._unanswered = None
        self._listener, self._headers, self._refusal = NOBODY, None, None

    def _begins_again(self, closed: Closed) -> bool:
        """After the end of a socket that was taken over and has never answered: what was sent on it goes again, on one of our own."""
        unanswered, self._unanswered = self._unanswered, None
        if unanswered is None or closed.kind not in AGAIN or self._timers.closing_at or self._wait.cancelled:
            return False
        log.debug("%s-%s: %s before it said anything: dialled anew", self._job, self.label, closed.briefly)
        if self._pipe is not None:
            self._pipe.close()
        self._ws.frame_buffer.recv = bytes
        self._pipe, self._ws, self._timers = None, _protocol(), Timers(self.bounds)
        self._wait.wake.relay(None)
        self._outbox.reader = 0
        self._outbox.put_back([(item, len(item[1]) or 1) for item in unanswered])
        self.dial()
        return True

    def _take_over(self, taken: _Socket) -> None:
        """Goes on with a socket that another has opened."""
        self._ws, self._pipe, self._secrets = taken.ws, taken.pipe, taken.secrets
        taken.pipe.check_size = self._check_size
        taken.pipe.line.wait = self._wait
        self._unanswered, self._greeted = [], len(taken.said)
        self._wait.check()

    def _begin(self, said: tuple[str, ...]) -> None:
        if not self._told_open:
            self._told_open = True
            self._listener.on_open()
            if self._lender is not None:
                self._lender.opened(self)
        for text in said:
            self._wait.check()
            self._listener.on_text(text)

    def _shake_hands(self) -> None:
        deadline = Deadline(self._clock, self._open_by)
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
            try:
                pipe.flush()
                self._send_outbox(
                    pipe
                )  # after it the outbox is empty or the socket full, so the poll below misses nothing
            except OSError:
                closed = self._last_words(pipe)
                if closed is None:
                    raise
                return closed
            if self._heir is not None:
                return Closed("passed", "passed on")
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
                if self._heir is not None:
                    return
                continue
            else:
                opcode, data = item
                if self._unanswered is not None:
                    self._unanswered.append(item)
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
            tells = bool(frame.data) and opcode in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY)
            if self._timers.heard(self._clock.now(), pong=opcode == ABNF.OPCODE_PONG, tells=tells):
                raise NetError(f"{self._place} sends nothing but empty frames and pings, without end", kind="protocol")
            if opcode == ABNF.OPCODE_CLOSE:
                return self._peer_closed(frame.data)
            if self._timers.closing_at:
                continue  # the owner has said that nothing more is wanted
            if tells and self._greeted < self.bounds.greetings:
                self._greeted += 1
            elif tells:
                self._unanswered = None
            if opcode == ABNF.OPCODE_TEXT:
                self._listener.on_text(frame.data.decode())
            elif opcode == ABNF.OPCODE_BINARY:
                self._listener.on_binary(frame.data)
            self._wait.check()
            if pipe.drained:
                pipe.dry = True
                return None
        return None

    def _last_words(self, pipe: Pipe) -> Closed | None:
        """The peer has hung up and takes no more. What it had said before has come all the same, and says why."""
        for _ in range(LAST_TURNS):
            closed = self._read(pipe)
            if closed is not None or pipe.dry:
                return closed
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


def _protocol() -> websocket.WebSocket:
    """websocket-client, ready for one socket."""
    ws = websocket.WebSocket(enable_multithread=False, skip_utf8_validation=True)
    ws.set_mask_key(Masks())  # type: ignore[no-untyped-call]
    ws.cont_frame = Fragments()
    return ws
