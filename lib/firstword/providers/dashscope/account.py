"""What all services of DashScope have in common: where they are, who asks, and what their failures mean."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ... import __version__
from ...clock import Clock, Deadline
from ...errors import Kind, ProviderError
from ...net import allowed
from ...net.redact import CODE_CHARS, redact
from ...net.spares import Spares
from ...net.timers import Bounds
from ...net.wait import Wait
from ...net.websocket import Closed, Connection, ConnectionListener, Lender
from ...options import option
from . import wire
from .status import MEANINGS, task_failure

INFERENCE = "wss://dashscope.aliyuncs.com/api-ws/v1/inference"
"""The task protocol in Beijing; a key belongs to one region."""
PING_S = 10.0
"""The SDK's recogniser pings each 30 s; its synthesiser does not ping at all."""
SILENT_S = 25.0
"""A peer that has answered pings and then sends nothing, not even a pong, for so long is gone."""
REFRESH_S, USABLE_S = 30.0, 45.0
"""How long a connected spare is kept, and one between two tasks: the SDK's pool connects another after 30 s, the service closes one that
had no task for 60 s."""
INVALID_PAYLOAD = 1007
"""The close code for a message that the service does not understand."""

_CODE = re.compile(r'"code"\s*:\s*"([A-Za-z_.]{3,60})"')


@dataclass(frozen=True)
class AccessSettings:
    """Who asks, and where."""

    url: str = option(
        INFERENCE,
        help="the service; Singapore wss://dashscope-intl.aliyuncs.com/..., a workspace wss://ID.cn-beijing.maas.aliyuncs.com/...",
        schemes=allowed.WS,
    )
    allowed_hosts: tuple[str, ...] = option((), help=allowed.HELP)
    api_key: str = option(
        "env:DASHSCOPE_API_KEY", help="the key of Model Studio, of the same region as url", secret=True
    )
    workspace: str = option("", help="the workspace's id; empty: the key's own")
    data_inspection: bool = option(False, help="have the service inspect the content (X-DashScope-DataInspection)")
    connect_ms: int = option(5000, help="from the start until the service is ready, ms", low=100, high=60_000)


class Account:
    """DashScope as one provider uses it. Any thread may call any method."""

    def __init__(
        self,
        provider: str,
        settings: AccessSettings,
        clock: Clock,
        *,
        job: str = "tts",
        spares: int = 0,
        url: str = "",
        greetings: int = 0,
        kept_s: tuple[float, float] = (REFRESH_S, USABLE_S),
    ) -> None:
        self.provider = provider
        self.clock = clock
        self.secrets = (settings.api_key,)
        self._settings = settings
        self._url = url or settings.url
        self._greetings = greetings
        self.spares = Spares(
            provider,
            self._connection,
            job=job,
            most=spares,
            refresh_s=kept_s[0],
            usable_s=kept_s[1],
            clock=clock,
        )

    def headers(self) -> dict[str, str]:
        """What every request and every upgrade carries."""
        settings = self._settings
        headers = {"Authorization": f"Bearer {settings.api_key}", "User-Agent": f"firstword/{__version__}"}
        if settings.workspace:
            headers["X-DashScope-WorkSpace"] = settings.workspace
        if settings.data_inspection:
            headers["X-DashScope-DataInspection"] = "enable"
        return headers

    def connection(self, listener: ConnectionListener, job: str, label: str) -> Connection:
        """A connection to the service, not yet open: `Connection.open` takes a spare if there is one."""
        return self.spares.take(listener, job, label)

    def _connection(
        self, listener: ConnectionListener, job: str, label: str, lender: Lender | None = None
    ) -> Connection:
        bounds = Bounds(
            connect_s=self._settings.connect_ms / 1000, ping_s=PING_S, idle_s=SILENT_S, greetings=self._greetings
        )
        return Connection(
            self._url,
            listener,
            job=job,
            label=label,
            headers=self._upgrade,
            bounds=bounds,
            lender=lender,
            clock=self.clock,
        )

    def give_back(self, connection: Connection) -> None:
        """A task has finished in order on `connection`, which may carry another. Next: its listener is told ``on_closed``."""
        self.spares.give_back(connection)

    def close(self) -> None:
        """Idempotent."""
        self.spares.close()

    def task_failed(self, event: wire.TaskFailed) -> ProviderError:
        return task_failure(self.provider, event.code, event.text, self.secrets)

    def malformed(self, event: wire.Malformed) -> ProviderError:
        return self.failure(f"the service sent something that is no message of its protocol: {event.why}")

    def connection_closed(self, closed: Closed) -> ProviderError:
        """The error for a connection that ended before the work did."""
        if closed.error is not None:
            return ProviderError(
                str(closed.error.args[0]),
                provider=self.provider,
                code=closed.error.code,
                retry=closed.error.retry,
                kind=closed.error.kind,
            )
        if closed.kind == "refused":
            return self._refused(closed)
        kind: Kind = "server" if closed.kind in ("peer", "protocol") else "network"
        if closed.kind == "broken" or (closed.kind == "peer" and closed.code == INVALID_PAYLOAD):
            kind = "ours"
        return self.failure(closed.text, retry=closed.retry, kind=kind)

    def failure(self, text: str, *, code: str = "", retry: bool = True, kind: Kind = "server") -> ProviderError:
        code = redact(code, self.secrets, limit=CODE_CHARS)
        return ProviderError(redact(text, self.secrets), provider=self.provider, code=code, retry=retry, kind=kind)

    def _refused(self, closed: Closed) -> ProviderError:
        code = f"HTTP {closed.code}"
        said = _CODE.search(closed.text)  # {"code":"InvalidApiKey","message":...}
        if said and said[1] in MEANINGS:
            what = MEANINGS[said[1]]
            return self.failure(f"{what.text} ({said[1]})", code=code, retry=what.retry, kind=what.kind)
        if closed.code in (401, 403):
            what = MEANINGS["InvalidApiKey" if closed.code == 401 else "AccessDenied"]
            return self.failure(what.text, code=code, retry=what.retry, kind=what.kind)
        if closed.code == 429:
            return self.failure(MEANINGS["Throttling"].text, code=code, kind="throttled")
        kind: Kind = "server" if closed.code >= 500 or closed.code == 408 else "settings"
        return self.failure(closed.text, code=code, retry=closed.retry, kind=kind)

    def _upgrade(self, wait: Wait, deadline: Deadline) -> Mapping[str, str]:
        return self.headers()


def new_id() -> str:
    """A task's id: 32 lowercase hexadecimal digits. Unique, not secret: so not by the system's random numbers, for each of which the
    interpreter's lock is given up."""
    return f"{random.getrandbits(128):032x}"
