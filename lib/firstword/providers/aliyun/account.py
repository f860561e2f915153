"""What recogniser and synthesiser have in common: where NLS is, who asks, and what its failures mean."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from ...clock import Clock, Deadline
from ...errors import Kind, ProviderError
from ...net import allowed
from ...net.redact import redact
from ...net.spares import Spares
from ...net.timers import Bounds
from ...net.wait import Wait
from ...net.websocket import Closed, Connection, ConnectionListener, Lender
from ...options import option
from .status import task_failure
from .token import TokenCache, give_back, lease
from .wire import Malformed, Task, TaskFailed

PING_S = 5.0
"""The python SDK pings recognition each 8 s, the node SDK each 6 s; by the C++ header, pings stretch the idle limit of 10 s to 23 s."""
REFRESH_S, USABLE_S = 12.0, 18.0
"""How long a connected spare is kept: the C++ SDK's pool keeps them for 18 s, and its header lets nobody go beyond 23 s."""
SILENT_S = 15.0
"""A peer that has answered pings and then sends nothing, not even a pong, for so long is gone."""


@dataclass(frozen=True)
class AccessSettings:
    """Who asks. Either a token, or the access key it is made from."""

    appkey: str = option("env:NLS_APPKEY", help="the project's Appkey in the NLS console", secret=True)
    token: str = option("", help="a fixed access token; empty: made from the access key and renewed", secret=True)
    access_key_id: str = option("env:ALIYUN_AK_ID", help="access key id; unused with a token", secret=True)
    access_key_secret: str = option("env:ALIYUN_AK_SECRET", help="access key secret; unused with a token", secret=True)
    token_url: str = option(
        "https://nls-meta.cn-shanghai.aliyuncs.com", help="where tokens are made", schemes=allowed.HTTP
    )
    allowed_hosts: tuple[str, ...] = option((), help=allowed.HELP)
    connect_ms: int = option(5000, help="from the start until the service is ready, ms", low=100, high=60_000)


def without_key(values: Mapping[str, str]) -> dict[str, str]:
    """`values`, made complete: with a fixed token the access key's environment variables need not exist."""
    made = dict(values)
    if made.get("token"):
        made.setdefault("access_key_id", "")
        made.setdefault("access_key_secret", "")
    return made


class Account:
    """The NLS service at `url` as one provider uses it, with at most `spares` connected spares. Any thread may call any method."""

    def __init__(
        self, provider: str, url: str, settings: AccessSettings, clock: Clock, *, job: str, spares: int
    ) -> None:
        self.provider = provider
        self.clock = clock
        self._url = url
        self._settings = settings
        self._tokens = (
            None
            if settings.token
            else lease(settings.token_url, settings.access_key_id, settings.access_key_secret, clock)
        )
        self.spares = Spares(
            provider,
            self._connection,
            job=job,
            most=spares,
            refresh_s=REFRESH_S,
            usable_s=USABLE_S,
            clock=clock,
        )

    def task(self, namespace: str) -> Task:
        return Task(namespace, self._settings.appkey, new_id())

    @property
    def _secrets(self) -> tuple[str, ...]:
        settings, tokens = self._settings, self._tokens
        given = (settings.token, settings.access_key_secret, settings.access_key_id, settings.appkey)
        return given if tokens is None else (*given, *tokens.secrets)

    def connection(self, listener: ConnectionListener, job: str, label: str) -> Connection:
        """A connection to NLS, not yet open: `Connection.open` takes a spare if there is one."""
        return self.spares.take(listener, job, label)

    def _connection(
        self, listener: ConnectionListener, job: str, label: str, lender: Lender | None = None
    ) -> Connection:
        bounds = Bounds(connect_s=self._settings.connect_ms / 1000, ping_s=PING_S, idle_s=SILENT_S)
        door = _Door(self._settings.token, self._tokens)
        return Connection(
            self._url,
            listener,
            job=job,
            label=label,
            headers=door.headers,
            refused=door.refused,
            bounds=bounds,
            lender=lender,
            clock=self.clock,
        )

    def task_failed(self, event: TaskFailed, connection: Connection) -> ProviderError:
        error = task_failure(self.provider, event.status, event.text, self._secrets)
        if event.status == 40000001 and error.kind == "credentials":
            if self._tokens is None:
                error.retry = False  # a fixed token stays refused
            elif any([self._tokens.forget(word) for word in connection.secrets]):
                self.spares.renew()
        return error

    def malformed(self, event: Malformed) -> ProviderError:
        return self.failure(f"the service sent something that is no NLS message: {event.why}")

    def connection_closed(self, closed: Closed) -> ProviderError:
        """The error for a connection that ended before the work did."""
        if closed.error is not None:
            text, code = str(closed.error.args[0]), closed.error.code
            return ProviderError(text, provider=self.provider, code=code, retry=closed.error.retry, kind=closed.about)
        if closed.kind == "refused" and closed.code in (401, 403):
            fault = (
                "the token"
                if self._tokens is None
                else "the token that the access key got: check appkey and access key"
            )
            return self.failure(
                f"the service refused {fault} (HTTP {closed.code})",
                code=f"HTTP {closed.code}",
                retry=self._tokens is not None,
                kind=closed.about,
            )
        code = f"HTTP {closed.code}" if closed.kind == "refused" else ""
        return self.failure(closed.text, code=code, retry=closed.retry, kind=closed.about)

    def failure(self, text: str, *, code: str = "", retry: bool = True, kind: Kind = "server") -> ProviderError:
        return ProviderError(redact(text, self._secrets), provider=self.provider, code=code, retry=retry, kind=kind)

    def close(self) -> None:
        """Idempotent."""
        self.spares.close()
        tokens, self._tokens = self._tokens, None
        if tokens is not None:
            give_back(tokens)


class _Door:
    """The upgrades of one connection. A token that was kept may have been ended meanwhile (the gateway was restarted, the key's other users
    had too many made): its refusal is no failure before a new one was refused too."""

    def __init__(self, fixed: str, tokens: TokenCache | None) -> None:
        self._fixed = fixed
        self._tokens = tokens
        self._token = ""
        self._was_kept = False

    def headers(self, wait: Wait, deadline: Deadline) -> Mapping[str, str]:
        if self._tokens is None:
            return {"X-NLS-Token": self._fixed}
        kept = self._tokens.held()
        self._token = self._tokens.get(wait, deadline)
        self._was_kept = self._token == kept
        return {"X-NLS-Token": self._token}

    def refused(self, status: int) -> bool:
        """Whether to try once more, with another token."""
        if status not in (401, 403) or self._tokens is None:
            return False
        self._tokens.forget(self._token)
        return self._was_kept and self._tokens.held() != self._token


def new_id() -> str:
    """An id as NLS wants it: 32 lowercase hexadecimal digits. Unique, not secret: so not by the system's random numbers, for each of
    which the interpreter's lock is given up."""
    return f"{random.getrandbits(128):032x}"
