"""A model's answer as it is streamed: what one event of it may say, and how calls of tools are put together from pieces. [pure]

Every service of this kind has the same parts, whatever its events look like; a vendor's ``wire`` makes them, `net.streamed` reads them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .llm import ToolCall

CALLS = 16
"""Tool calls in one answer. A model that wants more has lost its way."""
ARGUMENTS_BYTES = 65_536
"""The arguments of one call, as UTF-8."""


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
    last: bool = False
    """Nothing follows: no event with the token counts, no mark of the end."""


@dataclass(frozen=True, slots=True)
class Done:
    """The stream says that it is over."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The service says that it failed. `code` and `text` are its own, `status` that of HTTP (0: it did not say), `request` is what its
    support asks for."""

    code: str
    text: str
    status: int = 0
    request: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not an event of this protocol. `why` quotes nothing of it."""

    why: str


AnswerEvent = Chunk | Done | Fault | Malformed


def fault(message: Mapping[str, Any], status: int = 0) -> Fault:
    """The error in `message`, in an envelope called ``error`` or not."""
    error = message.get("error", message)
    if isinstance(error, str):  # {"error": "model 'x' not found"}
        return Fault("", error, status)
    if not isinstance(error, dict):
        return Fault("", "", status)
    code = error.get("code") or error.get("type") or ""
    text = error.get("message") or ""
    request = message.get("request_id")
    return Fault(str(code), str(text), status, request if isinstance(request, str) else "")


def refusal(body: str, status: int = 0) -> Fault:
    """The body of an HTTP error: JSON with or without an envelope, perhaps framed as SSE, perhaps nothing of it. Never raises."""
    text = body.strip()
    if text.startswith("data:"):
        text = text.splitlines()[0][5:].strip()
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Fault("", text, status)
    return fault(message, status) if isinstance(message, dict) else Fault("", text, status)


def call_parts(listed: object) -> tuple[CallPart, ...]:
    """What an event's list of tool calls says; whatever is no call is passed over."""
    if not isinstance(listed, list):
        return ()
    return tuple(_call_part(entry) for entry in listed if isinstance(entry, dict))


def _call_part(entry: Mapping[str, Any]) -> CallPart:
    index, function = entry.get("index"), entry.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):  # an older form, let through by some
        arguments = json.dumps(arguments, ensure_ascii=False)
    return CallPart(
        index if isinstance(index, int) and not isinstance(index, bool) else None,
        _text(entry.get("id")),
        _text(function.get("name")),
        _text(arguments),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


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
    the id again, or ``""``, in every piece; the whole call at once; several calls under index 0, each with an id of its
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
