"""The contract of a language model. The common rules are in `firstword.speech`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..errors import ProviderError


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool to be used. Everything in it was written by the model: data, not orders."""

    id: str
    name: str
    arguments: str
    """JSON as the model wrote it, perhaps none."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What the model may ask for, as it is told of it."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """A JSON schema of an object."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as a model reads it."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    """Of an assistant: the tools it wanted."""
    answers: str = ""
    """Of a tool: the `ToolCall.id` that it answers."""


@dataclass(frozen=True, slots=True)
class Completion:
    """How a generation ended. `reason` is the service's ``finish_reason`` ("stop", "length", "tool_calls"); token counts are 0 where it
    told none."""

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: tuple[ToolCall, ...] = ()
    """The tools that the model wants to be used, in its order; text may have come before."""


class GenerationListener(Protocol):
    """Order: any number of ``token``, then one of ``finished`` and ``failed``."""

    def token(self, text: str) -> None:
        """The next characters of the answer, at least one, as they came. Only what is to be said: never reasoning."""

    def finished(self, completion: Completion) -> None:
        """The answer is whole. It may be empty: then no ``token`` came."""

    def failed(self, error: ProviderError) -> None:
        """The answer ends here; tokens already told stay true."""


class Generation(Protocol):
    """One answer being written."""

    def cancel(self) -> None:
        """Stop now; see `firstword.speech`. The service stops writing: the connection is closed, not drained."""


class Model(Protocol):
    """A language-model service."""

    name: str
    """For the record and the errors, such as ``openai qwen-plus``."""

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> Generation:
        """Begin an answer to `messages`, which may use `tools`."""

    def close(self) -> None:
        """The process ends or the configuration was replaced: release what calls share. Idempotent."""
