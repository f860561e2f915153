"""A call record with everything a record can have."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def record() -> dict[str, Any]:
    """A greeting, a turn that was heard whole, one that was interrupted, one that never became audible."""

    def turn(n: int, at_ms: float, caller: str, reply: str, heard: str, first_word: float | None) -> dict[str, Any]:
        ms = {"endpoint": 500.0, "final": 241.4, "first_token": 700.0, "first_piece": 701.0, "first_audio": first_word}
        return {
            "n": n,
            "at_ms": at_ms,
            "caller": caller,
            "reply": reply,
            "heard": heard,
            "interrupted": reply != heard,
            "ms": {**ms, "first_word": first_word},
        }

    def phrase(at_ms: float, text: str) -> dict[str, Any]:
        return {"at_ms": at_ms, "text": text, "heard": text, "interrupted": False, "first_word_ms": 150.0}

    return {
        "call": "0f3c",
        "profile": "default",
        "started": "2026-01-02T03:04:05.678+08:00",
        "answered_ms": 12.0,
        "answered_at": 100.0,
        "ended_by": "bot",
        "result": "completed",
        "error": "",
        "turns": [
            turn(1, 3000.0, "<b>多少钱</b>", "一共 30 元。", "一共 30 元。", 820.5),
            turn(2, 8000.0, "周末送吗", "周末也送的，请放心。", "周末也送", 900.0),
            turn(3, 11000.0, "喂", "", "", None),
        ],
        "phrases": [phrase(20.0, "您好。"), phrase(12000.0, "再见。")],
        "audio": {"frames_out": 640, "underruns": 0, "late": 2, "dropped_in": 0},
        "providers": {"asr": "aliyun asr", "llm": "openai qwen", "tts": "aliyun tts"},
    }
