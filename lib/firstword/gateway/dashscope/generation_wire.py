"""The bodies of DashScope's native generation: events of a stream, whole answers, errors. [pure]

The shapes are the service's own: no space after a field's colon, the status in a comment, ``finish_reason`` the text "null" until the end,
the counts of tokens so far in every event, and no mark of the end.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

Call = tuple[str, str, str]
"""Identity, name and arguments."""


class Form:
    """One answer's events.

    Args:
        incremental: each event has what is new; else everything so far.
        as_message: ``result_format`` is ``message``; else the bare text.
    """

    def __init__(self, incremental: bool, as_message: bool) -> None:
        self.request_id = str(uuid.uuid4())
        self._incremental = incremental
        self._as_message = as_message
        self._number = 0
        self._text = ""
        self._thought = ""

    def token(self, text: str, counts: tuple[int, int]) -> bytes:
        """`counts` are those of the prompt's tokens and of the answer's so far."""
        self._text += text
        return self._event(text, "", [], "null", counts)

    def thought(self, text: str, counts: tuple[int, int]) -> bytes:
        self._thought += text
        return self._event("", text, [], "null", counts)

    def call(self, index: int, piece: Call, so_far: Sequence[Call], counts: tuple[int, int]) -> bytes:
        """A piece of tool call number `index`; its id and name stand in the first one."""
        news = [_call(index, piece)] if self._incremental else _calls(so_far)
        return self._event("", "", news, "null", counts)

    def finish(self, reason: str, so_far: Sequence[Call], counts: tuple[int, int]) -> bytes:
        return self._event("", "", [] if self._incremental else _calls(so_far), reason, counts)

    def whole(
        self, calls: Sequence[Call], said: tuple[str, str], reason: str, counts: tuple[int, int]
    ) -> dict[str, Any]:
        """The body of an answer that is not streamed. `said` is the text, and what was thought."""
        return self._body(*said, _calls(calls), reason, counts)

    def _event(
        self, text: str, thought: str, calls: list[dict[str, Any]], reason: str, counts: tuple[int, int]
    ) -> bytes:
        if not self._incremental:
            text, thought = self._text, self._thought
        self._number += 1
        return event(self._number, "result", 200, self._body(text, thought, calls, reason, counts))

    def error(self, status: int, code: str, message: str, *, instead: bool = False) -> bytes:
        """The last event; `instead` of the latest that was made."""
        self._number = max(1, self._number + (not instead))
        return event(self._number, "error", status, {"code": code, "message": message, "request_id": self.request_id})

    def _body(
        self, text: str, thought: str, calls: list[dict[str, Any]], reason: str, counts: tuple[int, int]
    ) -> dict[str, Any]:
        output: dict[str, Any] = {"text": text, "finish_reason": reason}
        if self._as_message:
            message: dict[str, Any] = {"content": text, "role": "assistant"}
            if thought:
                message["reasoning_content"] = thought
            if calls:
                message["tool_calls"] = calls
            output = {"choices": [{"message": message, "finish_reason": reason}]}
        asked, written = counts
        usage = {
            "total_tokens": asked + written,
            "output_tokens": written,
            "input_tokens": asked,
            "prompt_tokens_details": {"cached_tokens": 0},
        }
        return {"output": output, "usage": usage, "request_id": self.request_id}


def event(number: int, name: str, status: int, value: Mapping[str, Any]) -> bytes:
    """One event of the stream."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"id:{number}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode("utf-8", "replace")


def _calls(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [_call(index, call) for index, call in enumerate(calls)]


def _call(index: int, call: Call) -> dict[str, Any]:
    id, name, arguments = call
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": index, "id": id, "type": "function", "function": function}
