"""Chat completions as OpenAI, DashScope's compatible mode, Ollama, llama-server and vLLM write them. [pure]

Sources: DashScope's page on streaming, a recording of the openai client (tests/recordings/traces/openai_compat_chat_sse.jsonl), and
published captures of refusals. What differs from server to server is tolerated: key order, ``choices: []``, ``content: null``, a last
content in the chunk of the finish_reason, an error in the middle of a stream of status 200, an error body framed as SSE, no ``[DONE]``,
and the many ways in which the pieces of a tool call say to which call they belong (`speech.answer.Calls`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...speech.answer import AnswerEvent, Chunk, Done, Malformed, call_parts, fault
from ...speech.chat_form import message_value, tool_value
from ...speech.llm import Message, Tool


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
        "messages": [message_value(message) for message in messages],
        "stream_options": {"include_usage": True},
    }
    if tools:
        body["tools"] = [tool_value(tool) for tool in tools]
    if temperature is not None:
        body["temperature"] = temperature
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if enable_thinking is not None:
        body["enable_thinking"] = enable_thinking
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse(data: str) -> AnswerEvent:
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
        return fault(message)
    choices = message.get("choices")
    if choices is None and message.get("code") and message.get("message"):  # DashScope's own form, without an envelope
        return fault(message)
    choice = choices[0] if isinstance(choices, list) and choices else {}
    delta = choice.get("delta") if isinstance(choice, dict) else None
    text = delta.get("content") if isinstance(delta, dict) else None
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    return Chunk(
        text if isinstance(text, str) else "",
        reason if isinstance(reason, str) else "",
        _usage(message.get("usage")),
        call_parts(delta.get("tool_calls")) if isinstance(delta, dict) else (),
    )


def _usage(usage: object) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
    return prompt, completion
