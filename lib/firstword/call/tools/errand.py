"""HTTP tools at work: each on a thread of its own, with one bound for all of it, and a cancel that ends any wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ...clock import SYSTEM, Clock
from ...errors import ProviderError
from ...net.http import Client, Exchange, HttpBounds, RefusedError
from ...net.redact import redact
from ...net.wait import Cancelled, NetError
from ...speech.gate import Gate
from ...threads import spawn
from . import told
from .actions import Answer, Outcome, Request

log = logging.getLogger("firstword.tools")

POINTER_BYTES = 1_048_576
"""Of an answer of which only a part counts: it must be read whole to be understood."""
SLACK_BYTES = 4096
"""Read beyond what is told, for the character or the secret that the end would cut in two."""
REFUSAL_BYTES = 500
"""Of what a service says with a status 4xx: the model may mend its arguments by it."""

Done = Callable[[Answer], None]


class Errands:
    """The HTTP side of the tools of one configuration: connections stay warm for all calls. Any thread may call any method."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, bool, tuple[str, ...]], Client] = {}

    def start(self, label: str, request: Request, done: Done) -> Errand:
        """Make `request`; returns at once. `done` is told the answer, once, on the errand's own thread, and must return at once: it
        may put an event into an inbox. After `Errand.cancel` it is not told any more.

        Args:
            label: the thread is named ``tool-<label>``; the call's, and whatever tells its errands apart.
        """
        client = self._make(request) if request.once else self._kept(request)
        errand = Errand(label, request, client, self._clock, done)
        spawn("tool", errand.run, label)
        return errand

    def close(self) -> None:
        """Close the idle connections; errands under way go on. Idempotent."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _kept(self, request: Request) -> Client:
        # One for each tool: a connection of a tool that may reach private addresses never serves one that may not.
        key = (request.tool, request.public, request.secrets)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(request)
            return self._clients[key]

    def _make(self, request: Request) -> Client:
        provider = f"tool {request.tool}"
        return Client(provider, secrets=request.secrets, clock=self._clock, warm=8, public=request.public)


class Errand:
    """One request being made. Next: nothing, or `cancel`."""

    def __init__(self, label: str, request: Request, client: Client, clock: Clock, done: Done) -> None:
        self._label = label
        self._request = request
        self._client = client
        self._clock = clock
        self._done = done
        self._gate = Gate()
        self._began = clock.now()
        seconds = request.timeout_ms / 1000
        self._overall = clock.deadline(seconds)
        self._exchange: Exchange = client.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            body=request.body,
            bounds=HttpBounds(seconds, seconds, seconds),
        )
        self._exchange.limit = self._overall

    def cancel(self) -> None:
        """The answer is not wanted any more: `done` is not called after this has returned. Any thread, but never while holding a lock
        that `done` needs; idempotent."""
        self._gate.close()
        self._exchange.cancel()

    def run(self) -> None:
        """The thread."""
        try:
            text, outcome = self._ask()
        except Cancelled:
            self._gate.close()
            return
        except ProviderError as error:
            text, outcome = self._failed(error)
        except Exception:  # the door: whatever a service sends, somebody waits for the answer
            log.exception("%s: the tool %s broke", self._label, self._request.tool)
            text, outcome = "The tool failed.", "failed"
        finally:
            self._exchange.close()
            if self._request.once:  # no other request is to find its connection warm: see `Client.request`
                self._client.close()
        ms = round((self._clock.now() - self._began) * 1000)
        self._gate.last(self._done, Answer(text, outcome, ms))

    def _ask(self) -> tuple[str, Outcome]:
        request = self._request
        self._exchange.open()
        body, cut = self._read(POINTER_BYTES if request.pointer else request.most_bytes + SLACK_BYTES)
        text = told.decoded(body, self._exchange.content_type, cut=cut)
        if request.pointer:
            if cut:
                return self._useless(f"its answer is longer than {POINTER_BYTES} bytes")
            try:
                text = told.part(text, request.pointer)
            except LookupError as error:
                return self._useless(str(error.args[0]))
        text = told.without(request.secrets, text, cut=cut)
        if not text.strip():
            return "It is done; the service answered nothing.", "done"
        return told.shortened(text, request.most_bytes, cut=cut), "done"

    def _read(self, most: int) -> tuple[bytes, bool]:
        """The body, or its first `most` bytes; and whether there is more."""
        chunks: list[bytes] = []
        size = 0
        while size <= most:
            chunk = self._exchange.read()
            if not chunk:
                return b"".join(chunks), False
            chunks.append(chunk)
            size += len(chunk)
        return b"".join(chunks)[:most], True

    def _useless(self, why: str) -> tuple[str, Outcome]:
        self._warn(why)
        return f"The service failed: {why}.", "failed"

    def _failed(self, error: ProviderError) -> tuple[str, Outcome]:
        if isinstance(error, RefusedError):
            return self._refused(error)
        kind = error.__cause__.kind if isinstance(error.__cause__, NetError) else ""
        remedy = "; say allow-private in the <tool> if it is yours" if kind == "forbidden" else ""
        self._warn(redact(str(error.args[0]), self._request.secrets) + remedy)
        if kind == "forbidden":
            return "The service is at an address that is not allowed; do not try again.", "refused"
        if kind == "timeout" or self._overall.passed():
            return f"The service did not answer within {self._request.timeout_ms / 1000:g} seconds.", "timeout"
        return "The service could not be reached.", "failed"

    def _refused(self, error: RefusedError) -> tuple[str, Outcome]:
        self._warn(f"HTTP {error.status}")  # its words may hold what the caller said
        if 300 <= error.status < 400:
            return f"The service failed (HTTP {error.status}, a redirect, which is not followed).", "failed"
        said = told.without(self._request.secrets, error.body, cut=True).strip()
        if not 400 <= error.status < 500 or not said:  # what a broken service says is not for callers
            return f"The service failed (HTTP {error.status}).", "failed"
        said = told.shortened(said, REFUSAL_BYTES, cut=False)
        return f"The service refused it (HTTP {error.status}): {said}", "failed"

    def _warn(self, why: str) -> None:
        log.warning("%s: the tool %s failed: %s", self._label, self._request.tool, why)
