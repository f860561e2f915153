"""The call record: one JSON object per call, appended to a ``.jsonl``. The shape is fixed; others read it."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARKS = ("endpoint", "final", "first_token", "first_piece", "first_audio", "first_word")
"""The moments of a turn, in their order; milliseconds since the last frame of the caller's speech."""


@dataclass(eq=False)
class TurnRecord:
    """One exchange. Marks may be set from any thread, each once: the first time counts (`dict.setdefault` is one step under the GIL)."""

    last_speech: float
    """The zero of its milliseconds, in the clock's seconds; for a phrase of the bot's own, when it was begun."""
    caller: str
    reply: str = ""
    heard: str = ""
    interrupted: bool = False
    barge_in_ms: float | None = None
    """If the caller's voice interrupted it: from the first frame judged to be speech to the last frame of the reply that was handed
    to the switch. The profile's ``min_speech_ms`` is in it."""
    tools: list[dict[str, Any]] = field(default_factory=list)
    """What the model used: name, arguments (masked), outcome, ms."""
    at: dict[str, float] = field(default_factory=dict)
    """When each of `MARKS` happened, in the clock's seconds."""

    def mark(self, name: str, now: float) -> None:
        self.at.setdefault(name, now)

    def ms(self) -> dict[str, float | None]:
        """Every mark in milliseconds after the caller's last speech; None for one that did not happen. Words that were sure before
        the caller fell silent count as 0."""
        return {
            name: round(max(0.0, self.at[name] - self.last_speech) * 1000, 1) if name in self.at else None
            for name in MARKS
        }

    def as_dict(self, number: int, answered_at: float) -> dict[str, Any]:
        return {
            "n": number,
            "at_ms": round((self.last_speech - answered_at) * 1000, 1),
            "caller": self.caller,
            "reply": self.reply,
            "heard": self.heard,
            "interrupted": self.interrupted,
            "barge_in_ms": self.barge_in_ms,
            "ms": self.ms(),
            "tools": self.tools,
        }


@dataclass
class Ahead:
    """What was thought before the caller's turn was over, and what came of it. The call thread writes it."""

    begun: int = 0
    """Answers."""
    used: int = 0
    tokens_used: int = 0
    """Of all answers that were released, thought ahead or not; in the pieces in which the service sent them."""
    tokens_wasted: int = 0
    """Of those that were not: the words had changed."""
    gained_ms: float = 0.0
    """By how much earlier the answers that were used had been begun, all together."""


@dataclass
class CallRecord:
    """What is known of one call. The call thread writes it; `as_dict` is read when the call is over."""

    call: str
    profile: str
    started: datetime.datetime
    """With its zone."""
    answered_ms: float = 0.0
    answered_at: float = 0.0
    """In the clock's seconds: the zero of every ``at_ms``."""
    lasted_ms: float = 0.0
    """From the answer to the end; 0 for a call that was not answered."""
    ended_by: str = ""
    result: str = ""
    error: str = ""
    destination: str = ""
    """The name of the destination that the caller was connected to by the bot."""
    summary: str = ""
    """What whoever answers there is told."""
    turns: list[TurnRecord] = field(default_factory=list)
    phrases: list[TurnRecord] = field(default_factory=list)
    """What the bot said on its own account: the greeting, reminders, apologies, the goodbye."""
    ahead: Ahead = field(default_factory=Ahead)
    resumed: int = 0
    """How often a reply went on after a sound of the caller's that was no interruption."""
    audio: dict[str, int] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    """The services that were used, by kind; several of a list in the order of their first use."""
    switches: dict[str, int] = field(default_factory=dict)
    """How often, by kind, another service took over what one had begun; only of those where it happened."""

    def first_word_ms(self) -> float | None:
        """The median first-word latency of the turns that were answered."""
        known = sorted(ms for turn in self.turns if (ms := turn.ms()["first_word"]) is not None)
        if not known:
            return None
        middle = len(known) // 2
        return known[middle] if len(known) % 2 else round((known[middle - 1] + known[middle]) / 2, 1)

    def as_dict(self) -> dict[str, Any]:
        return {
            "call": self.call,
            "profile": self.profile,
            "started": self.started.isoformat(timespec="milliseconds"),
            "answered_ms": round(self.answered_ms, 1),
            "answered_at": round(self.answered_at, 4),
            "lasted_ms": self.lasted_ms,
            "ended_by": self.ended_by,
            "result": self.result,
            "error": self.error,
            "destination": self.destination,
            "summary": self.summary,
            "turns": [turn.as_dict(number, self.answered_at) for number, turn in enumerate(self.turns, 1)],
            "phrases": [
                {
                    "at_ms": round((phrase.last_speech - self.answered_at) * 1000, 1),
                    "text": phrase.reply,
                    "heard": phrase.heard,
                    "interrupted": phrase.interrupted,
                    "first_word_ms": phrase.ms()["first_word"],
                }
                for phrase in self.phrases
            ],
            "ahead": {**vars(self.ahead), "gained_ms": round(self.ahead.gained_ms, 1)},
            "resumed": self.resumed,
            "audio": self.audio,
            "providers": self.providers,
            "switches": self.switches,
        }


def not_begun(call: str, profile: str, result: str, error: str) -> CallRecord:
    """Of a call that was refused before it was answered: for those who count. It goes into no file."""
    return CallRecord(call, profile, datetime.datetime.now().astimezone(), result=result, error=error)


def append(record: CallRecord, path: Path) -> None:
    """Add a line to `path`, whole or not at all beside other writers: one write to a file opened for appending. Mode 0640: it holds
    what callers said.

    Raises:
        OSError: the file can not be written.
    """
    line = (json.dumps(record.as_dict(), ensure_ascii=False) + "\n").encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
