"""Chat completions as a `speech.llm.Model`: DashScope's compatible mode, Ollama, llama-server, vLLM, OpenAI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError, ProviderError
from ...net import allowed
from ...net.http import Client, HttpBounds
from ...net.streamed import Limits, StreamedAnswer, told
from ...options import bind, option
from ...speech.answer import Fault
from ...speech.llm import GenerationListener, Message, Tool
from . import wire
from .status import meaning


@dataclass(frozen=True)
class ChatSettings:
    """A chat-completions service. Locally: ``http://127.0.0.1:11434/v1`` (Ollama), ``http://127.0.0.1:8080/v1`` (llama-server)."""

    base_url: str = option(
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        help="the address before /chat/completions",
        schemes=allowed.HTTP,
    )
    allowed_hosts: tuple[str, ...] = option((), help=allowed.HELP)
    api_key: str = option(
        "env:DASHSCOPE_API_KEY", help="the key; set it empty for a local service without one", secret=True
    )
    model: str = option("qwen-plus", help="the model's name")
    temperature: float | None = option(None, help="randomness; not sent unless set", low=0, high=2)
    max_tokens: int | None = option(
        None, help="the longest answer in tokens; not sent unless set", low=1, high=1_000_000
    )
    enable_thinking: bool | None = option(
        None,
        help="not sent unless set; false keeps Qwen's hybrid models from thinking before they speak; other services may refuse the name",
    )
    connect_ms: int = option(5000, help="to connect, ms", low=100, high=60_000)
    first_token_ms: int = option(
        10_000, help="from there to the first token that can be spoken, ms", low=100, high=120_000
    )
    idle_ms: int = option(8000, help="between two tokens, ms", low=100, high=120_000)
    total_ms: int = option(120_000, help="the whole answer, ms", low=1000, high=3_600_000)


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> ChatModel:
    """Raises ConfigError."""
    settings = bind(ChatSettings, values, where)
    if any(not 32 < ord(char) < 127 for char in settings.api_key):
        raise ConfigError(f"{where}: api_key holds a space or a character that no key has")
    return ChatModel(settings, clock)


class ChatModel:
    """See `speech.llm.Model`."""

    def __init__(self, settings: ChatSettings, clock: Clock = SYSTEM) -> None:
        self.name = f"openai {settings.model}"
        self.settings = settings
        self.clock = clock
        self._client = Client(self.name, secrets=(settings.api_key,), clock=clock)
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if settings.api_key:
            self._headers["Authorization"] = f"Bearer {settings.api_key}"

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> StreamedAnswer:
        settings = self.settings
        body = wire.request_body(
            settings.model,
            messages,
            tools,
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            enable_thinking=settings.enable_thinking,
        )
        bounds = HttpBounds(settings.connect_ms / 1000, settings.first_token_ms / 1000, settings.idle_ms / 1000)
        url = f"{settings.base_url.rstrip('/')}/chat/completions"
        exchange = self._client.post(url, headers=self._headers, body=body, bounds=bounds)
        work = StreamedAnswer(
            self.name,
            exchange,
            listener,
            parse=lambda event: wire.parse(event.data),
            failure=self.failure,
            limits=Limits(settings.first_token_ms, settings.total_ms),
            clock=self.clock,
            secrets=(settings.api_key,),
        )
        work.start(label)
        return work

    def close(self) -> None:
        self._client.close()

    def failure(self, fault: Fault) -> ProviderError:
        """The error for what the service says of itself, in an HTTP answer or inside the stream."""
        return told(self.name, meaning(fault.code, fault.status), fault, (self.settings.api_key,))
