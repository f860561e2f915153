"""Runs the official DashScope SDK's ``Generation`` against a gateway, and writes what it was told as JSON. A process of its own: the SDK
keeps its key and its address for the whole process. Usage: ``generation_driver.py FILE RESULT [blocked]``, where FILE is what
``firstword gateway --json`` writes. Not a test."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dashscope
from dashscope import Generation

USER = [{"role": "user", "content": "你好"}]
ORDER = [{"role": "user", "content": "我的订单呢"}]
TOOLS = [
    {"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("order", "note")
]  # fmt: skip


def plain(answer: Any) -> dict[str, Any]:
    """An answer of the SDK as JSON."""
    value: dict[str, Any] = json.loads(str(answer))
    return value


def streamed(**asked: Any) -> list[dict[str, Any]]:
    wanted = {"model": "qwen-plus", "messages": USER, "result_format": "message", "incremental_output": True}
    return [plain(answer) for answer in Generation.call(**(wanted | asked), stream=True)]


def whole(**asked: Any) -> dict[str, Any]:
    return plain(Generation.call(**({"model": "qwen-plus", "messages": USER, "result_format": "message"} | asked)))


def main() -> None:
    at = json.loads(Path(sys.argv[1]).read_text())
    dashscope.base_http_api_url = at["dashscope_url"]
    dashscope.api_key = at["api_key"]
    got: Any
    if sys.argv[3:] == ["blocked"]:
        got = streamed()
    else:
        called = whole(messages=ORDER, tools=TOOLS)
        asked = called["output"]["choices"][0]["message"]
        answers = [
            {"role": "tool", "content": text, "tool_call_id": call["id"]}
            for call, text in zip(asked["tool_calls"], ["shipped", "noted"], strict=True)
        ]
        got = {
            "stream": streamed(enable_thinking=False),
            "repeating": streamed(incremental_output=False),
            "thinking": streamed(messages=[{"role": "user", "content": "想一想"}], enable_thinking=True),
            "tools": streamed(messages=ORDER, tools=TOOLS),
            "whole with tools": called,
            "after the tools": whole(messages=[*ORDER, asked, *answers], tools=TOOLS),
            "wrong key": whole(api_key="sk-wrong"),
            "wrong model": whole(model="gpt-0"),
            "wrong model, streamed": streamed(model="gpt-0")[0],
            "wrong messages": whole(messages=[{"role": "tool", "content": "x", "tool_call_id": "?"}]),
        }
    Path(sys.argv[2]).write_text(json.dumps(got))


main()
