"""What both services of the realtime protocol have in common: where it is, and what its failures mean."""

from __future__ import annotations

import random
from urllib.parse import quote

from ...clock import Clock
from ...errors import ProviderError
from ...net.failures import Meaning
from ...net.redact import redact
from ...net.websocket import Connection, ConnectionListener
from . import realtime_wire as wire
from .account import AccessSettings, Account
from .status import MEANINGS, meaning

REFRESH_S, USABLE_S = 12.0, 18.0
"""How long a connected spare is kept. After how long the service ends a session that says nothing is not documented; its strictest
neighbour (NLS) allows so much."""
REALTIME = "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"
"""The realtime protocol in Beijing; a key belongs to one region."""

_VOICE = Meaning(
    "settings", "the service does not speak with this voice: check that voice exists, and belongs to model", "voice"
)
_REFUSED = Meaning(
    "settings", "the service refused a setting or a message: check model and the other settings", "settings"
)


class Realtime:
    """The service of one model, as one provider uses it. Any thread may call any method."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.clock = account.clock

    def connection(self, listener: ConnectionListener, job: str, label: str) -> Connection:
        """A connection to the model, not yet open: it carries one session."""
        return self.account.connection(listener, job, label)

    def failed(self, event: wire.Failed) -> ProviderError:
        """The error for an ``error``, or for an utterance that failed."""
        what = _meaning(event)
        quoted = redact(event.message, self.account.secrets, limit=200)
        text = f"{what.text} ({quoted})" if quoted else what.text
        return self.account.failure(text, code=event.code, retry=what.retry, kind=what.kind)

    def malformed(self, event: wire.Malformed) -> ProviderError:
        return self.account.failure(f"the service sent something that is no realtime message: {event.why}")


def session_account(
    provider: str, settings: AccessSettings, clock: Clock, *, model: str, job: str, spares: int
) -> Account:
    """The account of a model's sessions: a connection carries one, and is greeted with ``session.created``."""
    return Account(
        provider,
        settings,
        clock,
        job=job,
        spares=spares,
        url=f"{settings.url}?model={quote(model, safe='')}",
        greetings=1,
        kept_s=(REFRESH_S, USABLE_S),
    )


def new_event_id() -> str:
    """An event's id as the SDK makes it. Unique, not secret: so not by the system's random numbers, for each of which the interpreter's
    lock is given up."""
    return f"event_{random.getrandbits(128):032x}"


def _meaning(event: wire.Failed) -> Meaning:
    """OpenAI's shape has codes of its own beside the service's: ``invalid_value`` is whatever the client got wrong."""
    if "requested voice" in event.message.lower():
        return _VOICE
    if event.code not in MEANINGS and (event.code == "invalid_value" or event.type == "invalid_request_error"):
        said = meaning("", event.message)  # throttling, a text that is not taken: whatever it is called
        return said if said.kind != "server" else _REFUSED
    return meaning(event.code, event.message)
