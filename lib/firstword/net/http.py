"""Streaming HTTP over requests, with a bound on every wait and a cancel that ends any of them.

requests and urllib3 do the protocol and keep connections warm; underneath, their sockets are `line.Line`s, so that connecting, TLS,
waiting for the headers and every read poll two descriptors: the socket, and the eventfd that `Exchange.cancel` writes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import requests.adapters
import urllib3
import urllib3.exceptions
from urllib3.connection import HTTPConnection

from .. import __version__
from ..clock import SYSTEM, Clock, Deadline
from ..errors import Kind, ProviderError
from .dial import dial
from .failures import kind_of_status, worth_retrying
from .line import Line
from .redact import redact
from .wait import Cancelled, NetError, Wait

CHUNK_BYTES = 65_536
ERROR_BYTES = 4_096
ERROR_BODY_S = 1.0  # how long the body of a refusal may take


@dataclass(frozen=True, slots=True)
class HttpBounds:
    """Seconds of the clock."""

    connect_s: float = 5.0
    """Name, TCP and TLS together. A warm connection needs none."""
    first_byte_s: float = 15.0
    """From there to the end of the response's headers."""
    idle_s: float = 10.0
    """Between two chunks of the body."""


class RefusedError(ProviderError):
    """The service answered with an HTTP status that is no success. `body` is what it said, redacted, at most `ERROR_BYTES`."""

    def __init__(self, text: str, *, provider: str, status: int, body: str) -> None:
        super().__init__(
            text,
            provider=provider,
            code=f"HTTP {status}",
            retry=worth_retrying(status),
            kind=kind_of_status(status),
        )
        self.status = status
        self.body = body


class Client:
    """The HTTP side of one service. Connections are kept and used again, also by other threads.

    Args:
        provider: for the errors.
        secrets: texts that never appear in an error.
        warm: how many idle connections are kept: a hundred calls have one each, and some more.
        public: connect only to public addresses; see `dial`.

    Any thread may call any method. Proxies, netrc and cookies are not used.
    """

    def __init__(
        self,
        provider: str,
        *,
        secrets: Sequence[str] = (),
        clock: Clock = SYSTEM,
        warm: int = 128,
        public: bool = False,
    ) -> None:
        self.provider = provider
        self.public = public
        self.secrets = tuple(secrets)
        self.clock = clock
        self._session = requests.Session()
        self._session.trust_env = False  # else a netrc would replace our Authorization
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers = requests.structures.CaseInsensitiveDict(
            # A compressed stream of small events is held back by the compressor until a block is full.
            {"User-Agent": f"firstword/{__version__}", "Accept-Encoding": "identity"}
        )
        self._adapter = _Adapter(pool_connections=4, pool_maxsize=warm)
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)

    def post(self, url: str, *, headers: Mapping[str, str], body: bytes, bounds: HttpBounds | None = None) -> Exchange:
        """Prepare a POST. Nothing is sent. Next: `Exchange.open` on the thread that will read, and `Exchange.close`, whatever happens."""
        return self.request("POST", url, headers=headers, body=body, bounds=bounds)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        bounds: HttpBounds | None = None,
    ) -> Exchange:
        """The same for any method.

        A request that meets a warm connection just closed by the service is sent once more; one that must not be done twice needs a
        client of its own, which has none.
        """
        return Exchange(self, self._session, method, url, dict(headers), body, bounds or HttpBounds())

    def close(self) -> None:
        """Close the idle connections; exchanges under way go on. Idempotent."""
        # urllib3's own clear() leaves them open for as long as anything (a response somebody kept) refers to their pool.
        pools = self._adapter.poolmanager.pools
        for key in pools.keys():  # noqa: SIM118 - urllib3's container refuses to be iterated, for the sake of threads
            pool = pools.get(key)
            if pool is not None:
                pool.close()
        self._session.close()


class Exchange:
    """One request and its answer. `cancel` may be called by any thread, everything else by one."""

    def __init__(
        self,
        client: Client,
        session: requests.Session,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        bounds: HttpBounds,
    ) -> None:
        self.wait = Wait(client.clock)
        self.deadline = client.clock.deadline(bounds.connect_s)
        self.limit: Deadline | None = None
        """Neither headers nor body are waited for beyond this moment, whatever `HttpBounds` says. The reader may set it at any time."""
        self.asked_at = 0.0
        """When the request began to be sent: connected, in the clock's seconds; 0 before."""
        self.public = client.public
        self._client = client
        self._session = session
        self._request = (method, url, headers, body)
        self._bounds = bounds
        self._response: requests.Response | None = None
        self._line: Line | None = None
        self._received_before = 0

    def open(self) -> None:
        """Send the request and wait for the answer's headers.

        Raises:
            Cancelled: `cancel` was called.
            RefusedError: the status is no success.
            ProviderError: the network or the service failed.
        """
        try:
            self._response = self._ask()
        except (NetError, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(error, "before it answered") from error
        if not 200 <= self._response.status_code < 300:
            raise self._refused(self._response.status_code)

    def read(self) -> bytes:
        """The next bytes of the body, as soon as there are any; b"" at its proper end.

        Raises:
            Cancelled: `cancel` was called.
            ProviderError: the connection broke, or nothing came within the bounds.
        """
        assert self._response is not None and self._line is not None
        self._line.deadline = self._sooner(self._bounds.idle_s)
        self.wait.check()
        try:
            return self._response.raw.read1(CHUNK_BYTES) or b""
        except (NetError, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(error, "in the middle of its answer") from error

    @property
    def content_type(self) -> str:
        """What the answer says that it is; "" before `open`."""
        return self._response.headers.get("Content-Type", "") if self._response is not None else ""

    def cancel(self) -> None:
        """End it, in whatever phase: the reading thread gets `Cancelled` at once. Any thread; idempotent; never waits."""
        self.wait.cancel()

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else close it. Idempotent."""
        if self._response is not None:
            self._response.close()
        self.wait.close()

    def attach(self, line: Line) -> None:
        """For the connection that serves this exchange: from here on its waits are ours."""
        self._line = line
        self._received_before = line.received
        self.asked_at = self._client.clock.now()
        line.wait = self.wait
        line.deadline = self._sooner(self._bounds.first_byte_s)

    def _sooner(self, seconds: float) -> Deadline:
        """A deadline in `seconds`, or the limit if that is sooner."""
        deadline = self._client.clock.deadline(seconds)
        return deadline if self.limit is None or deadline.at < self.limit.at else self.limit

    def _ask(self) -> requests.Response:
        method, url, headers, body = self._request
        _serving.exchange = self
        try:
            for again in (True, False):
                self.wait.check()
                try:
                    return self._session.request(
                        method, url, data=body, headers=headers, stream=True, allow_redirects=False
                    )
                except requests.ConnectionError:
                    line = self._line
                    # A warm connection that the service closed just as we wrote: it never saw the request, so it is sent once more.
                    stale = line is not None and line.received and line.received == self._received_before
                    if not (again and stale):
                        raise
                    self._line = None
                    self.deadline = self._sooner(self._bounds.connect_s)
            raise AssertionError("unreachable")
        finally:
            _serving.exchange = None

    def _refused(self, status: int) -> RefusedError:
        body = b""
        self.limit = self._client.clock.deadline(ERROR_BODY_S)
        try:
            while len(body) < ERROR_BYTES and (more := self.read()):
                body += more
        except ProviderError:
            pass  # the status says enough
        said = redact(body.decode("utf-8", "replace"), self._client.secrets, limit=ERROR_BYTES)
        text = f"it answered HTTP {status}" + (f": {redact(said, limit=200)}" if said else "")
        return RefusedError(text, provider=self._client.provider, status=status, body=said)

    def _failure(self, error: Exception, when: str) -> ProviderError:
        provider, retry = self._client.provider, True
        kind: Kind = "network"
        if isinstance(error, NetError):
            text, retry = str(error), error.retry
        elif isinstance(
            error,
            (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema),
        ):
            text, retry, kind = "its address is no http:// or https:// URL", False, "settings"
        elif isinstance(error, requests.exceptions.InvalidHeader):
            text, retry, kind = "the key holds characters that no header may", False, "credentials"
        elif isinstance(error, OSError) and not isinstance(error, requests.RequestException) and error.strerror:
            text = f"the connection broke {when} ({error.strerror})"
        else:
            text = f"the connection broke {when}"
        return ProviderError(redact(text, self._client.secrets), provider=provider, retry=retry, kind=kind)


# Underneath requests:

_serving = (
    threading.local()
)  # the exchange whose request this thread is sending: urllib3 has no way to hand it to a connection


class _Connection(HTTPConnection):
    """Dials by `dial`, and lets the exchange at work bound its waits."""

    tls = False
    is_verified = True  # `dial` does the TLS, and verifies

    def __init__(self, host: str, port: int | None = None, **options: Any) -> None:
        known = {name: options[name] for name in ("timeout", "blocksize") if name in options}
        super().__init__(host, port, **known)

    def _new_conn(self) -> Any:
        exchange: Exchange = _serving.exchange
        port = self.port or self.default_port
        wait, deadline, public = exchange.wait, exchange.deadline, exchange.public
        return _Socket(dial(self.host, port, tls=self.tls, wait=wait, deadline=deadline, public=public))

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        _serving.exchange.attach(self.sock.line)  # type: ignore[union-attr]
        super().request(*args, **options)


class _TlsConnection(_Connection):
    tls = True
    default_port = 443  # type: ignore[misc]


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection  # type: ignore[assignment]


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Socket:
    """A `Line` as the socket that `http.client` expects. Closed when it and the answer that is read from it are."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._closed = False
        self._readers = 0

    def makefile(self, mode: str = "rb", *_: Any) -> io.BufferedReader:
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def reader_closed(self) -> None:
        self._readers -= 1
        self._settle()

    def sendall(self, data: bytes) -> None:
        self.line.send_all(data, f"sending to {self.line.place}")

    def settimeout(self, seconds: float | None) -> None:
        """The exchange's bounds count."""

    def fileno(self) -> int:
        return self.line.fileno()

    def close(self) -> None:
        self._closed = True
        self._settle()

    def _settle(self) -> None:
        if self._closed and not self._readers:
            self.line.close()


class _Reader(io.RawIOBase):
    def __init__(self, sock: _Socket) -> None:
        super().__init__()
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = self._sock.line
        data = line.receive_some(len(buffer), f"waiting for {line.place}")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._sock.reader_closed()


__all__ = ["Cancelled", "Client", "Exchange", "HttpBounds", "RefusedError"]
