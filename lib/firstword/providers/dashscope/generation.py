"""DashScope's native generation as a `speech.llm.Model`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError, ProviderError
from ...net import allowed
from ...net.failures import Meaning, kind_of_status, worth_retrying
from ...net.http import Client, HttpBounds
from ...net.streamed import Limits, StreamedAnswer, told
from ...options import bind, option
from ...speech.answer import Fault
from ...speech.llm import GenerationListener, Message, Tool
from . import generation_wire as wire
from .account import AccessSettings, Account
from .status import meaning


@dataclass(frozen=True)
class GenerationSettings(AccessSettings):
    """A Qwen model by Model Studio's native protocol. The compatible mode (vendor ``openai``) reaches the same models."""

    url: str = option(
        "https://dashscope.aliyuncs.com/api/v1",
        help="the address before /services/aigc/...; Singapore https://dashscope-intl.aliyuncs.com/api/v1",
        schemes=allowed.HTTP,
    )
    model: str = option("qwen-plus", help="the model's name")
    enable_thinking: bool = option(
        False,
        help="let a hybrid model think before it speaks; nothing is heard meanwhile. true for models that only think",
    )
    temperature: float | None = option(None, help="randomness; not sent unless set", low=0, high=2)
    top_p: float | None = option(
        None, help="the share of likely words to choose from; not sent unless set", low=0, high=1
    )
    max_tokens: int | None = option(
        None, help="the longest answer in tokens; not sent unless set", low=1, high=1_000_000
    )
    enable_search: bool | None = option(None, help="let the model search the web; not sent unless set")
    first_token_ms: int = option(
        10_000, help="from the request to the first token that can be spoken, ms", low=100, high=120_000
    )
    idle_ms: int = option(8000, help="between two tokens, ms", low=100, high=120_000)
    total_ms: int = option(120_000, help="the whole answer, ms", low=1000, high=3_600_000)


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> GenerationModel:
    """Raises ConfigError."""
    settings = bind(GenerationSettings, values, where)
    if any(not 32 < ord(char) < 127 for char in settings.api_key):
        raise ConfigError(f"{where}: api_key holds a space or a character that no key has")
    return GenerationModel(settings, clock)


class GenerationModel:
    """See `speech.llm.Model`."""

    def __init__(self, settings: GenerationSettings, clock: Clock = SYSTEM) -> None:
        self.name = f"dashscope {settings.model}"
        self.settings = settings
        self.clock = clock
        self._account = Account(self.name, settings, clock)
        self._client = Client(self.name, secrets=self._account.secrets, clock=clock)
        self._headers = {**self._account.headers(), **wire.HEADERS}

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> StreamedAnswer:
        settings = self.settings
        body = wire.request_body(settings.model, messages, tools, parameters(settings))
        bounds = HttpBounds(settings.connect_ms / 1000, settings.first_token_ms / 1000, settings.idle_ms / 1000)
        url = f"{settings.url.rstrip('/')}{wire.PATH}"
        work = StreamedAnswer(
            self.name,
            self._client.post(url, headers=self._headers, body=body, bounds=bounds),
            listener,
            parse=wire.parse,
            failure=self.failure,
            limits=Limits(settings.first_token_ms, settings.total_ms),
            clock=self.clock,
            secrets=self._account.secrets,
        )
        work.start(label)
        return work

    def failure(self, fault: Fault) -> ProviderError:
        """The error for what the service says of itself, in an HTTP answer or inside the stream."""
        code = fault.code or _BY_STATUS.get(fault.status, "")
        return told(self.name, what(code, fault), fault, self._account.secrets)

    def close(self) -> None:
        self._client.close()


_BY_STATUS = {
    400: "InvalidParameter",
    401: "InvalidApiKey",
    403: "AccessDenied",
    404: "ModelNotFound",
    408: "RequestTimeOut",
    429: "Throttling",
    503: "ModelServingError",
}
"""What an answer without a code of its own means: a workspace's address may answer ``{}``."""


def what(code: str, fault: Fault) -> Meaning:
    """By its code and its words; without a code that is known, by the HTTP status."""
    if not code and fault.status:
        retry = worth_retrying(fault.status)
        return Meaning("service", "the service refused the request", kind_of_status(fault.status), retry)
    return meaning(code, fault.text)


def parameters(settings: GenerationSettings) -> dict[str, object]:
    """What the settings ask for."""
    return {
        "enable_thinking": settings.enable_thinking,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
        "enable_search": settings.enable_search,
    }
