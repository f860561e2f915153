"""A conversation and its tools as JSON values, in the form that chat services share. [pure]"""

from __future__ import annotations

import json
import re
from typing import Any

from .llm import Message, Tool

_NO_NAME = re.compile(
    r"[^A-Za-z0-9_-]"
)  # a model may invent a name; services refuse a conversation with one that can not be


def message_value(message: Message) -> dict[str, Any]:
    """One turn."""
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


def tool_value(tool: Tool) -> dict[str, Any]:
    """A tool, as it is offered."""
    parameters = dict(tool.parameters) or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


def _arguments(written: str) -> str:
    """Of a call that is told to the model again. Several services refuse the whole request if they can not read what the
    model itself once wrote; the tool's answer tells the model that it was no JSON object."""
    try:
        sound = isinstance(json.loads(written), dict)
    except (ValueError, RecursionError):
        sound = False
    return written if sound else "{}"
