"""Chat completions as OpenAI, DashScope's compatible mode, Ollama, llama-server and vLLM write them. [pure]

Sources: DashScope's page on streaming, a recording of the openai client (tests/recordings/traces/openai_compat_chat_sse.jsonl), and
published captures of refusals. What differs from server to server is tolerated: key order, ``choices: []``, ``content: null``, a last
content in the chunk of the finish_reason, an error in the middle of a stream of status 200, an error body framed as SSE, no ``[DONE]``,
and the many ways in which the pieces of a tool call say to which call they belong (`Calls`).
"""

from __future__ import annotations

import codecs
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...speech.llm import Message, Tool, ToolCall

LINE_BYTES = 1_048_576
CALLS = 16
"""Tool calls in one answer. A model that wants more has lost its way."""
ARGUMENTS_BYTES = 65_536
"""The arguments of one call, as UTF-8."""


# What is sent

_NO_NAME = re.compile(
    r"[^A-Za-z0-9_-]"
)  # a model may invent a name; services refuse a conversation with one that can not be


def request_body(
    model: str,
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    *,
    temperature: float | None = None,
    max_tokens: int | None = None,
    enable_thinking: bool | None = None,
) -> bytes:
    """The body of a streaming request. What is None is not sent, so the server's default counts; neither is an empty list of tools,
    which some refuse."""
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "messages": [_message(message) for message in messages],
        "stream_options": {"include_usage": True},
    }
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
    if temperature is not None:
        body["temperature"] = temperature
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if enable_thinking is not None:
        body["enable_thinking"] = enable_thinking
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _message(message: Message) -> dict[str, Any]:
    value: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        value["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": _NO_NAME.sub("_", call.name)[:64], "arguments": _arguments(call.arguments)},
            }
            for call in message.calls
        ]
    if message.role == "tool":
        value["tool_call_id"] = message.answers
    return value


def _arguments(written: str) -> str:
    """Of a call that is told to the model again. DashScope, vLLM and llama-server refuse the whole request if they can not read what the
    model itself once wrote; the tool's answer tells the model that it was no JSON object."""
    try:
        sound = isinstance(json.loads(written), dict)
    except (ValueError, RecursionError):
        sound = False
    return written if sound else "{}"


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = dict(tool.parameters) or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


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
class CallPart:
    """A piece of a tool call, as one event tells it: to which call it belongs is for `Calls` to say."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one event says. Several parts may be there at once."""

    text: str = ""
    """To be spoken. ``reasoning_content`` is not."""
    finish_reason: str = ""
    usage: tuple[int, int] | None = None
    """Prompt and completion tokens."""
    calls: tuple[CallPart, ...] = ()


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
        _call_parts(delta.get("tool_calls")) if isinstance(delta, dict) else (),
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


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex}"


class _Growing:
    """One call of which pieces come."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments = ""
        self._bytes = 0
        self._surrogates = Surrogates()

    def take(self, part: CallPart) -> None:
        self.id = self.id or part.id
        if not self.arguments and part.name != self.name:  # a name in pieces; some tell the whole name with every piece
            self.name += part.name
        text = self._surrogates.feed(part.arguments)
        self._bytes += len(part.name) + len(text.encode("utf-8", "replace"))
        if self._bytes > ARGUMENTS_BYTES:
            raise ValueError(f"the arguments of a tool call are longer than {ARGUMENTS_BYTES} bytes")
        self.arguments += text


class Calls:
    """The tool calls of one answer, put together from pieces.

    The rule is: a piece belongs to the call of its ``index``; its id and name stand in the first one. What servers do otherwise:
    the id again, or ``""``, in every piece (DashScope); the whole call at once; several calls under index 0, each with an id of its
    own; no index, or no id, anywhere.

    Args:
        new_id: makes the id of a call that came without one, or with that of another.
    """

    def __init__(self, new_id: Callable[[], str] = _new_id) -> None:
        self._new_id = new_id
        self._growing: list[_Growing] = []

    def feed(self, parts: Sequence[CallPart]) -> None:
        """Take the pieces of one event.

        Raises:
            ValueError: more than `CALLS` calls, or more than `ARGUMENTS_BYTES` of arguments.
        """
        for part in parts:
            self._of(part).take(part)

    def finish(self) -> tuple[ToolCall, ...]:
        """The calls, in the order in which they began.

        Raises:
            ValueError: one has no name.
        """
        calls: list[ToolCall] = []
        for growing in self._growing:
            if not (growing.name or growing.arguments or growing.id):
                continue  # an empty piece in an empty answer
            if not growing.name:
                raise ValueError("a tool call has no name")
            taken = {call.id for call in calls}
            unique = growing.id if growing.id and growing.id not in taken else self._new_id()
            calls.append(ToolCall(unique, growing.name, growing.arguments))
        return tuple(calls)

    def _of(self, part: CallPart) -> _Growing:
        found = self._by_id(part) if part.index is None else self._by_index(part)
        if found is None:
            if len(self._growing) >= CALLS:
                raise ValueError(f"the model wants more than {CALLS} tools at once")
            found = _Growing(part.index)
            self._growing.append(found)
        return found

    def _by_index(self, part: CallPart) -> _Growing | None:
        same = [growing for growing in self._growing if growing.index == part.index]
        known = [growing for growing in same if part.id and growing.id == part.id]
        if known or not same:
            return known[-1] if known else None
        last = same[-1]
        if part.name and ((part.id and last.id) or (last.arguments and part.name != last.name)):
            return None  # another call under the same index
        return last

    def _by_id(self, part: CallPart) -> _Growing | None:
        known = [growing for growing in self._growing if part.id and growing.id == part.id]
        if known or part.name or not self._growing:
            return known[-1] if known else None
        return self._growing[-1]


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


def _fault(message: Mapping[str, Any]) -> Fault:
    error = message.get("error", message)
    if isinstance(error, str):  # Ollama: {"error": "model 'x' not found"}
        return Fault("", error)
    if not isinstance(error, dict):
        return Fault("", "")
    code = error.get("code") or error.get("type") or ""
    text = error.get("message") or ""
    return Fault(str(code), text if isinstance(text, str) else str(text))


def _call_parts(listed: object) -> tuple[CallPart, ...]:
    if not isinstance(listed, list):
        return ()
    return tuple(_call_part(entry) for entry in listed if isinstance(entry, dict))


def _call_part(entry: Mapping[str, Any]) -> CallPart:
    index, function = entry.get("index"), entry.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):  # Ollama's own form, let through by some
        arguments = json.dumps(arguments, ensure_ascii=False)
    return CallPart(
        index if isinstance(index, int) and not isinstance(index, bool) else None,
        _text(entry.get("id")),
        _text(function.get("name")),
        _text(arguments),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _usage(usage: object) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
    return prompt, completion
