"""The bodies of the chat API: chunks of a stream, whole answers, errors. [pure]

The shapes are those of DashScope's compatible mode, quirks kept: the keys inside ``choices[0]`` change their order after the first
chunk, the usage comes in a chunk whose ``choices`` is empty, an error carries ``request_id`` beside ``error``, the id of a tool call is ""
after its first chunk.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int

    def value(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
        }


@dataclass(frozen=True)
class Answer:
    """One answer's identity, and its chunks."""

    model: str
    created: int
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4()}")

    def role(self) -> bytes:
        """The first chunk."""
        choice = {"delta": {"content": "", "role": "assistant"}, "index": 0, "logprobs": None, "finish_reason": None}
        return self._chunk([choice])

    def token(self, text: str) -> bytes:
        return self._chunk([{"finish_reason": None, "delta": {"content": text}, "index": 0, "logprobs": None}])

    def thought(self, text: str) -> bytes:
        delta = {"content": None, "reasoning_content": text}
        return self._chunk([{"finish_reason": None, "delta": delta, "index": 0, "logprobs": None}])

    def call(self, index: int, id: str, name: str) -> bytes:
        """The first chunk of tool call number `index`."""
        part = {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}
        delta = {"content": None, "tool_calls": [part]}
        return self._chunk([{"finish_reason": None, "delta": delta, "index": 0, "logprobs": None}])

    def arguments(self, index: int, arguments: str) -> bytes:
        """A later one."""
        part = {"function": {"arguments": arguments}, "index": index, "id": "", "type": "function"}
        delta = {"content": None, "tool_calls": [part]}
        return self._chunk([{"finish_reason": None, "delta": delta, "index": 0, "logprobs": None}])

    def finish(self, reason: str) -> bytes:
        return self._chunk([{"finish_reason": reason, "delta": {"content": ""}, "index": 0, "logprobs": None}])

    def usage(self, usage: Usage) -> bytes:
        return self._chunk([], usage)

    def whole(
        self, text: str, thinking: str, calls: Sequence[tuple[str, str, str]], reason: str, usage: Usage
    ) -> dict[str, Any]:
        """The body of an answer that is not streamed. `calls` are (id, name, arguments)."""
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thinking:
            message["reasoning_content"] = thinking
        if calls:
            message["tool_calls"] = [
                {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
                for index, (id, name, arguments) in enumerate(calls)
            ]
        return {
            "choices": [{"message": message, "finish_reason": reason, "index": 0, "logprobs": None}],
            "object": "chat.completion",
            "usage": usage.value(),
            "created": self.created,
            "system_fingerprint": None,
            "model": self.model,
            "id": self.id,
        }

    def _chunk(self, choices: list[dict[str, Any]], usage: Usage | None = None) -> bytes:
        return data(
            {
                "choices": choices,
                "object": "chat.completion.chunk",
                "usage": usage.value() if usage else None,
                "created": self.created,
                "system_fingerprint": None,
                "model": self.model,
                "id": self.id,
            }
        )


def answer(model: str) -> Answer:
    return Answer(model, int(time.time()))


def call_id() -> str:
    return f"call_{uuid.uuid4().hex[:22]}"


def data(value: Mapping[str, Any]) -> bytes:
    """One SSE event."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return b"data: " + text.encode("utf-8", "replace") + b"\n\n"


def error(status: int, message: str = "") -> dict[str, Any]:
    """The body of an error of HTTP `status`, in the words the service uses for it."""
    known = {
        400: ("invalid_request_error", "invalid_parameter_error", "The request is malformed."),
        401: (
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided. For details, see: "
            "https://help.aliyun.com/zh/model-studio/error-code#apikey-error",
        ),
        403: ("access_denied", "access_denied", "Access denied."),
        404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
        429: (
            "limit_requests",
            "limit_requests",
            "You have exceeded your current request limit. For details, see: "
            "https://help.aliyun.com/zh/model-studio/error-code#rate-limit",
        ),
        503: ("server_error", "ModelServingError", "The model is overloaded, please try again later."),
    }
    kind, code, text = known.get(status, ("server_error", "internal_error", "An internal error has occurred."))
    return {
        "error": {"message": message or text, "type": kind, "param": None, "code": code},
        "request_id": str(uuid.uuid4()),
    }


def blocked() -> dict[str, Any]:
    """What a stream says when its output is blocked in the middle; no [DONE] follows."""
    code = "data_inspection_failed"
    message = "Output data may contain inappropriate content."
    return {"error": {"message": message, "type": code, "param": None, "code": code}}
