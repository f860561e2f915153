"""A model's answer as a stream of server-sent events, read on a thread of its own: every wait has a bound, and a cancel ends any."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..clock import Clock, Deadline
from ..errors import ProviderError
from ..speech.answer import AnswerEvent, CallPart, Calls, Chunk, Done, Fault, Malformed, Surrogates, refusal
from ..speech.gate import Gate
from ..speech.llm import Completion, GenerationListener
from ..threads import spawn
from .failures import Meaning
from .http import Exchange, RefusedError
from .redact import CODE_CHARS, redact
from .sse import SseEvent, SseReader
from .wait import Cancelled

log = logging.getLogger("firstword.net")

TAIL_S = 0.5  # after the finish_reason: the chunk with the token counts follows at once, or is not waited for
ANSWER_CHARS = 200_000  # far more than can be spoken in a call: the model, or the service, has lost its way
DRAIN_S = 0.2  # after the end of the answer: the end of the body, so that the connection can be used again


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one answer; connecting and the time between two tokens are the exchange's own bounds."""

    first_token_ms: int
    """From the request to the first token that can be spoken."""
    total_ms: int
    """The whole answer."""


class StreamedAnswer:
    """One answer being written, on a thread of its own: `run` is its whole life. Next: `start`.

    Args:
        provider: for the errors.
        exchange: the request, not yet sent.
        parse: what one event says. Never raises.
        failure: the error for what the service says of itself.
        limits: how long it may take.
        secrets: texts that never appear in an error.
    """

    def __init__(
        self,
        provider: str,
        exchange: Exchange,
        listener: GenerationListener,
        *,
        parse: Callable[[SseEvent], AnswerEvent],
        failure: Callable[[Fault], ProviderError],
        limits: Limits,
        clock: Clock,
        secrets: Sequence[str] = (),
    ) -> None:
        self._provider = provider
        self._exchange = exchange
        self._listener = listener
        self._parse = parse
        self._said_failure = failure
        self._limits = limits
        self._clock = clock
        self._secrets = tuple(secrets)
        self._gate = Gate()
        self._sse = SseReader()
        self._surrogates = Surrogates()
        self._calls = Calls()
        self._reason = ""
        self._usage = (0, 0)
        self._began = False
        self._chars = 0
        self._tail: Deadline | None = None
        self._overall = clock.deadline(limits.total_ms / 1000)

    def start(self, label: str) -> None:
        """Have it written. Raises RuntimeError if this machine has no thread left; then it is over, and nobody is told."""
        try:
            spawn("llm", self.run, label)
        except RuntimeError:
            self._exchange.close()
            raise

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
            self._gate.last(self._listener.failed, self._said_failure(refusal(error.body, error.status)))
        except ProviderError as error:
            self._gate.last(self._listener.failed, error)
        except (
            Exception
        ):  # the door of this thread: a fault of ours, or of who listens, leaves nobody waiting for the end
            log.exception("an answer broke")
            broken = ProviderError("an error of our own; see the log", provider=self._provider, retry=True, kind="ours")
            self._gate.last(self._listener.failed, broken)
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
        return self._exchange.asked_at + self._limits.first_token_ms / 1000

    def _late(self, error: ProviderError) -> ProviderError:
        """The same in better words, if a bound of the whole answer has passed."""
        asked = self._exchange.asked_at
        return (self._overdue() if asked else None) or error

    def _overdue(self) -> ProviderError | None:
        limits = self._limits
        if self._began and self._overall.passed():
            return self._failure(f"the answer took more than {limits.total_ms} ms", retry=False)
        if not self._began and self._clock.now() >= self._first_by():
            return self._failure(f"no word to speak came within {limits.first_token_ms} ms")
        return None

    def _bound(self) -> None:
        """What the next read may wait for, by what has been read. Comments and reasoning do not prolong the wait for the first word."""
        clock = self._clock
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
            event = self._parse(data)
            match event:
                case Done():
                    return True
                case Fault():
                    raise self._said_failure(event)
                case Malformed():
                    raise self._failure(event.why)
                case Chunk():
                    self._tell(event)
                    if event.last:
                        return True
        return False

    def _tell(self, chunk: Chunk) -> None:
        text = self._surrogates.feed(chunk.text)
        if text:
            self._began = True
            self._chars += len(text)
            if self._chars > ANSWER_CHARS:
                raise self._failure(f"an answer of more than {ANSWER_CHARS} characters", retry=False)
            if not self._gate.call(self._listener.token, text):
                raise Cancelled
        if chunk.calls:
            self._began = True
            self._collect(chunk.calls)
        self._reason = chunk.finish_reason or self._reason
        self._usage = chunk.usage or self._usage

    def _collect(self, parts: Sequence[CallPart]) -> None:
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
        self._exchange.limit = self._clock.deadline(DRAIN_S)
        try:
            while self._exchange.read():
                pass
        except ProviderError:
            pass

    def _failure(self, text: str, *, retry: bool = True) -> ProviderError:
        return ProviderError(redact(text, self._secrets), provider=self._provider, retry=retry)


def told(provider: str, what: Meaning, fault: Fault, secrets: Sequence[str]) -> ProviderError:
    """The error for what a service said of itself: the meaning, its own words, and what its support asks for."""
    said = redact(fault.text, secrets, limit=200)
    if fault.request:
        said = f"{said}; request {redact(fault.request, secrets, limit=64)}".removeprefix("; ")
    text = f"{what.text} ({said})" if said else what.text
    code = f"HTTP {fault.status} {fault.code}".strip() if fault.status else fault.code
    return ProviderError(
        text, provider=provider, code=redact(code, secrets, limit=CODE_CHARS), retry=what.retry, kind=what.kind
    )
