"""DashScope's native generation: the request of a streamed answer, and its events. [pure]

Sources: Alibaba's page on streaming, and its SDK on the wire (tests/recordings/traces/dashscope_generation_sse*.jsonl). The status of an
event stands in an SSE comment (``:HTTP_STATUS/400``), an error is an event of that name inside an answer of HTTP 200, ``finish_reason`` is
the text "null" until the end, every event holds the token counts so far, and nothing but the end of the body says that the stream is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...net.sse import SseEvent
from ...speech.answer import AnswerEvent, Chunk, Malformed, call_parts, fault
from ...speech.chat_form import message_value, tool_value
from ...speech.llm import Message, Tool

PATH = "/services/aigc/text-generation/generation"
HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream", "X-DashScope-SSE": "enable"}
_STATUS = "HTTP_STATUS/"


def request_body(
    model: str, messages: Sequence[Message], tools: Sequence[Tool], parameters: Mapping[str, Any]
) -> bytes:
    """The body of a streaming request. `parameters` that are None are not sent. Without ``incremental_output`` every event would repeat
    all that was said before it."""
    asked = {"result_format": "message", "incremental_output": True}
    asked |= {name: value for name, value in parameters.items() if value is not None}
    if tools:
        asked["tools"] = [tool_value(tool) for tool in tools]
    body = {
        "model": model,
        "input": {"messages": [message_value(message) for message in messages]},
        "parameters": asked,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse(event: SseEvent) -> AnswerEvent:
    """One event. Never raises."""
    status = _status(event.comments)
    try:
        message = json.loads(event.data)
    except (ValueError, RecursionError):
        return Malformed("an event of the stream is no JSON")
    if not isinstance(message, dict):
        return Malformed("an event of the stream is no JSON object")
    output = message.get("output")
    if event.name == "error" or status >= 400 or (not isinstance(output, dict) and message.get("code")):
        return fault(message, status)
    choices = output.get("choices") if isinstance(output, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    said = choice.get("message")
    said = said if isinstance(said, dict) else {}
    reason = choice.get("finish_reason")
    reason = reason if isinstance(reason, str) and reason != "null" else ""
    return Chunk(
        _content(said.get("content")),
        reason,
        _usage(message.get("usage")),
        call_parts(said.get("tool_calls")),
        last=bool(reason),
    )


def _status(comments: Sequence[str]) -> int:
    """The HTTP status of an event; 0 if it has none."""
    for comment in comments:
        number = comment.strip().removeprefix(_STATUS)
        if number != comment.strip() and number.isdecimal() and len(number) == 3:
            return int(number)
    return 0


def _content(content: object) -> str:
    """To be spoken. Models that see or hear too write a list of parts."""
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _usage(usage: object) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    asked, written = (usage.get(name) for name in ("input_tokens", "output_tokens"))
    return asked if isinstance(asked, int) else 0, written if isinstance(written, int) else 0
