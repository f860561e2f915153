"""What the service demands of the messages of a chat request where tools are in them. [pure]

A conversation that breaks one of these rules is refused as a whole with HTTP 400, in the middle of a call; the local gateway refuses it
too, so that it is found before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def fault(messages: Sequence[Mapping[str, Any]]) -> str:
    """The first rule that `messages` break, in the service's words; "" if there is none."""
    asked: list[str] = []  # calls of the last assistant that wait for an answer
    for message in messages:
        if message.get("role") == "tool":
            answered = message.get("tool_call_id")
            if answered not in asked:
                return "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'"
            asked.remove(answered)
            continue
        if asked:
            return (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
                f"The following tool_call_ids did not have response messages: {', '.join(asked)}"
            )
        calls = message.get("tool_calls") or []
        if wrong := _fault_of_calls(calls):
            return wrong
        asked = [call["id"] for call in calls]
    return f"tool_call_ids did not have response messages: {', '.join(asked)}" if asked else ""


def _fault_of_calls(calls: Any) -> str:
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        return "'tool_calls' must be an array of objects"
    for call in calls:
        function = call.get("function")
        if not isinstance(call.get("id"), str) or not isinstance(function, dict) or not function.get("name"):
            return "each of 'tool_calls' must have an 'id' and a 'function' with a 'name'"
        try:
            arguments = json.loads(function.get("arguments", ""))
        except (TypeError, ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            return 'The "function.arguments" parameter of the code model must be in JSON format.'
    return ""
