"""Chat completions as a `speech.llm.Model`: DashScope's compatible mode, Ollama, llama-server, vLLM, OpenAI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...clock import SYSTEM, Clock, Deadline
from ...errors import ConfigError, ProviderError
from ...net.http import Client, Exchange, HttpBounds, RefusedError
from ...net.redact import redact
from ...net.wait import Cancelled
from ...options import bind, option
from ...speech.gate import Gate
from ...speech.llm import Completion, GenerationListener, Message, Tool
from ...threads import spawn
from . import wire
from .status import meaning

TAIL_S = 0.5  # after the finish_reason: the chunk with the token counts follows at once, or is not waited for
DRAIN_S = 0.2  # after [DONE]: the end of the body, so that the connection can be used again


@dataclass(frozen=True)
class ChatSettings:
    """A chat-completions service. Locally: ``http://127.0.0.1:11434/v1`` (Ollama), ``http://127.0.0.1:8080/v1`` (llama-server)."""

    base_url: str = option(
        "https://dashscope.aliyuncs.com/compatible-mode/v1", help="the address before /chat/completions"
    )
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
    if not settings.base_url.startswith(("http://", "https://")):
        raise ConfigError(f"{where}: base_url must begin with https:// or http://, not {settings.base_url!r}")
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
    ) -> ChatGeneration:
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
        work = ChatGeneration(self, exchange, listener)
        spawn("llm", work.run, label)
        return work

    def close(self) -> None:
        self._client.close()


class ChatGeneration:
    """One answer being written, on a thread of its own."""

    def __init__(self, model: ChatModel, exchange: Exchange, listener: GenerationListener) -> None:
        self._model = model
        self._exchange = exchange
        self._listener = listener
        self._gate = Gate()
        self._sse = wire.SseReader()
        self._surrogates = wire.Surrogates()
        self._calls = wire.Calls()
        self._reason = ""
        self._usage = (0, 0)
        self._began = False
        self._tail: Deadline | None = None
        self._overall = model.clock.deadline(model.settings.total_ms / 1000)

    def cancel(self) -> None:
        self._gate.close()
        self._exchange.cancel()

    def run(self) -> None:
        """The thread."""
        try:
            self._read()
        except Cancelled:
            self._gate.close()
        except RefusedError as error:
            self._gate.last(self._listener.failed, self._refusal(error))
        except ProviderError as error:
            self._gate.last(self._listener.failed, error)
        finally:
            self._exchange.close()

    def _read(self) -> None:
        self._open()
        while True:
            try:
                self._bound()
                chunk = self._exchange.read()
            except ProviderError as error:
                if not self._reason:
                    raise self._late(error) from error
                chunk = b""  # everything was said; only the token counts are missing
            done = self._take(chunk)
            if done or not chunk:
                break
        if not done and not self._reason:
            raise self._failure("the stream ended in the middle of the answer")
        self._finish()
        if done:
            self._drain()

    def _open(self) -> None:
        try:
            self._exchange.open()
        except RefusedError:
            raise
        except ProviderError as error:
            raise self._late(error) from error

    def _first_by(self) -> float:
        return self._exchange.asked_at + self._model.settings.first_token_ms / 1000

    def _late(self, error: ProviderError) -> ProviderError:
        """The same in better words, if a bound of the whole answer has passed."""
        asked = self._exchange.asked_at
        return (self._overdue() if asked else None) or error

    def _overdue(self) -> ProviderError | None:
        settings = self._model.settings
        if self._began and self._overall.passed():
            return self._failure(f"the answer took more than {settings.total_ms} ms", retry=False)
        if not self._began and self._model.clock.now() >= self._first_by():
            return self._failure(f"no word to speak came within {settings.first_token_ms} ms")
        return None

    def _bound(self) -> None:
        """What the next read may wait for, by what has been read. Comments and reasoning do not prolong the wait for the first word."""
        clock = self._model.clock
        if self._reason:
            self._tail = self._tail or clock.deadline(TAIL_S)
            self._exchange.limit = self._tail
            if self._tail.passed():
                raise self._failure("the stream has no end")
            return
        self._exchange.limit = self._overall if self._began else Deadline(clock, self._first_by())
        if error := self._overdue():
            raise error

    def _take(self, chunk: bytes) -> bool:
        """Tell what `chunk` says. Returns whether the stream said that it is done."""
        try:
            events = self._sse.feed(chunk, final=not chunk)
        except ValueError as error:
            raise self._failure(str(error)) from error
        for data in events:
            event = wire.parse(data)
            match event:
                case wire.Done():
                    return True
                case wire.Fault():
                    raise self._fault(event)
                case wire.Malformed():
                    raise self._failure(event.why)
                case wire.Chunk():
                    self._tell(event)
        return False

    def _tell(self, chunk: wire.Chunk) -> None:
        text = self._surrogates.feed(chunk.text)
        if text:
            self._began = True
            if not self._gate.call(self._listener.token, text):
                raise Cancelled
        if chunk.calls:
            self._began = True
            self._collect(chunk.calls)
        self._reason = chunk.finish_reason or self._reason
        self._usage = chunk.usage or self._usage

    def _collect(self, parts: Sequence[wire.CallPart]) -> None:
        try:
            self._calls.feed(parts)
        except ValueError as error:
            raise self._failure(str(error), retry=False) from error

    def _finish(self) -> None:
        try:
            calls = self._calls.finish()
        except ValueError as error:
            raise self._failure(str(error)) from error
        reason = self._reason or ("tool_calls" if calls else "stop")
        self._gate.last(self._listener.finished, Completion(reason, *self._usage, calls))

    def _drain(self) -> None:
        """Read the body's end, so that the connection stays warm; if it does not come it is closed instead."""
        self._exchange.limit = self._model.clock.deadline(DRAIN_S)
        try:
            while self._exchange.read():
                pass
        except ProviderError:
            pass

    def _refusal(self, error: RefusedError) -> ProviderError:
        return self._fault(wire.parse_refusal(error.body), error.status)

    def _fault(self, fault: wire.Fault, status: int = 0) -> ProviderError:
        """What the service says of itself, in an HTTP answer of `status` or inside the stream."""
        what = meaning(fault.code, status)
        said = redact(fault.text, (self._model.settings.api_key,), limit=200)
        code = f"HTTP {status} {fault.code}".strip() if status else fault.code
        text = f"{what.text} ({said})" if said else what.text
        return ProviderError(text, provider=self._model.name, code=code, retry=what.retry, kind=what.kind)

    def _failure(self, text: str, *, retry: bool = True) -> ProviderError:
        text = redact(text, (self._model.settings.api_key,))
        return ProviderError(text, provider=self._model.name, retry=retry)
