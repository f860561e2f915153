"""Chat completions as OpenAI, DashScope's compatible mode, Ollama, llama-server and vLLM write them. [pure]

Sources: DashScope's page on streaming, a recording of the openai client (tests/recordings/traces/openai_compat_chat_sse.jsonl), and
published captures of refusals. What differs from server to server is tolerated: key order, ``choices: []``, ``content: null``, a last
content in the chunk of the finish_reason, an error in the middle of a stream of status 200, an error body framed as SSE, no ``[DONE]``.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LINE_BYTES = 1_048_576


# What is sent


def request_body(
    model: str,
    messages: Sequence[tuple[str, str]],
    *,
    temperature: float | None = None,
    max_tokens: int | None = None,
    enable_thinking: bool | None = None,
) -> bytes:
    """The body of a streaming request. `messages` are (role, content); what is None is not sent, so the server's default counts."""
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "messages": [{"role": role, "content": content} for role, content in messages],
        "stream_options": {"include_usage": True},
    }
    if temperature is not None:
        body["temperature"] = temperature
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if enable_thinking is not None:
        body["enable_thinking"] = enable_thinking
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# What is understood


class SseReader:
    """Server-sent events from bytes in any pieces: LF, CR LF or CR, comments, a character cut in two.

    Only ``data`` is kept: the field ``event`` and the others say nothing in this protocol.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes, final: bool = False) -> list[str]:
        """The ``data`` of every event that `chunk` completes. `final`: nothing follows, so a last event needs no blank line.

        Raises:
            ValueError: a line is longer than `LINE_BYTES`.
        """
        text = self._rest + self._decode(chunk, final)
        if final:
            text += "\n\n"
        elif text.endswith("\r"):  # perhaps half of a CR LF
            text, self._rest = text[:-1], "\r"
        else:
            self._rest = ""
        *lines, last = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = last + ("\r" if self._rest == "\r" else "")
        if len(self._rest) > LINE_BYTES:
            raise ValueError("a line of the stream is too long")
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append("\n".join(self._data))
                    self._data = []
            elif line.startswith("data:"):
                self._data.append(line[6:] if line.startswith("data: ") else line[5:])
        return events


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one event says. Several parts may be there at once."""

    text: str = ""
    """To be spoken. ``reasoning_content`` is not."""
    finish_reason: str = ""
    usage: tuple[int, int] | None = None
    """Prompt and completion tokens."""


@dataclass(frozen=True, slots=True)
class Done:
    """``[DONE]``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The service says that it failed. `text` is its own."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not an event of this protocol. `why` quotes nothing of it."""

    why: str


def parse(data: str) -> Chunk | Done | Fault | Malformed:
    """The ``data`` of one event. Never raises."""
    if data.strip() == "[DONE]":
        return Done()
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return Malformed("an event of the stream is no JSON")
    if not isinstance(message, dict):
        return Malformed("an event of the stream is no JSON object")
    if message.get("error"):
        return _fault(message)
    choices = message.get("choices")
    if choices is None and message.get("code") and message.get("message"):  # DashScope's own form, without an envelope
        return _fault(message)
    choice = choices[0] if isinstance(choices, list) and choices else {}
    delta = choice.get("delta") if isinstance(choice, dict) else None
    text = delta.get("content") if isinstance(delta, dict) else None
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    return Chunk(
        text if isinstance(text, str) else "",
        reason if isinstance(reason, str) else "",
        _usage(message.get("usage")),
    )


def parse_refusal(body: str) -> Fault:
    """The body of an HTTP error: JSON with or without an envelope, perhaps framed as SSE, perhaps nothing of it. Never raises."""
    text = body.strip()
    if text.startswith("data:"):
        text = text.splitlines()[0][5:].strip()
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Fault("", text)
    return _fault(message) if isinstance(message, dict) else Fault("", text)


class Surrogates:
    """Joins the halves of a character that a server cut between two deltas of escaped JSON."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        text = self._held + text
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        if any("\ud800" <= char <= "\udfff" for char in text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text


RETRY_CODES = frozenset(
    (
        "limit_requests",
        "rate_limit_exceeded",
        "insufficient_quota_retry",
        "internal_error",
        "server_error",
        "overloaded",
    )
)


def worth_retrying(code: str) -> bool:
    """Whether the same request may succeed in a moment, by the service's own code of an error inside a stream."""
    folded = code.lower()
    return folded in RETRY_CODES or folded.startswith(("throttling", "internal", "requesttimeout", "modelserving"))


def _fault(message: Mapping[str, Any]) -> Fault:
    error = message.get("error", message)
    if isinstance(error, str):  # Ollama: {"error": "model 'x' not found"}
        return Fault("", error)
    if not isinstance(error, dict):
        return Fault("", "")
    code = error.get("code") or error.get("type") or ""
    text = error.get("message") or ""
    return Fault(str(code), text if isinstance(text, str) else str(text))


def _usage(usage: object) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
    return prompt, completion
