"""What is kept of the use of tools: how many, against a bound, and a line each for the call record. [pure]"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from .actions import Outcome, Refusal

HIDDEN = "***"
VALUE_CHARS = 200
"""Of a text in the record."""
VALUES = 50
"""Of an object or a list in the record."""
DEPTH = 8


class Budget:
    """How often tools may be used. The call thread alone.

    A model that gets no further asks for tools again and again while the caller waits: `rounds` bounds that, in each turn. `calls`
    bounds what one caller can make us do.
    """

    def __init__(self, rounds: int, calls: int) -> None:
        self._rounds, self._calls = rounds, calls
        self.rounds_used = 0
        """Of this turn."""
        self.calls_used = 0

    def begin_turn(self) -> None:
        """The caller has spoken."""
        self.rounds_used = 0

    def begin_round(self) -> bool:
        """The model wants tools, one or several. Returns whether it may be asked again, with tools, when they have answered; if
        not, each of them is refused by `admit`, and it is asked for words alone."""
        self.rounds_used += 1
        return self.rounds_used < self._rounds and self.calls_used < self._calls

    @property
    def exceeded(self) -> bool:
        """Whether it has wanted tools again after it was told that it can use no more."""
        return self.rounds_used > self._rounds + 1

    def admit(self) -> Refusal | None:
        """Before each call of a tool. None: it may be used, and counts."""
        if self.rounds_used > self._rounds:
            return Refusal("No more tools can be used now: answer the caller with what you know.")
        if self.calls_used >= self._calls:
            return Refusal("No more tools can be used in this call: answer the caller with what you know.")
        self.calls_used += 1
        return None


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One use, for the call record."""

    name: str
    arguments: Any
    """As the model wrote them, masked; a text if they were no JSON."""
    outcome: Outcome
    ms: int

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "arguments": self.arguments, "outcome": self.outcome, "ms": self.ms}


def masked(written: str, private: Collection[str], secrets: Iterable[str]) -> Any:
    """The arguments as they may be kept: without the values of the `private` names, at any depth, and without `secrets`; long texts cut."""
    try:
        value = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return f"no JSON, {len(written)} characters"
    return _mask(value, frozenset(private), tuple(secrets), DEPTH)


def _mask(value: Any, private: frozenset[str], secrets: tuple[str, ...], depth: int) -> Any:
    if isinstance(value, (dict, list)) and not depth:
        return "…"
    if isinstance(value, dict):
        return {
            _text(key, secrets): HIDDEN if key in private else _mask(inner, private, secrets, depth - 1)
            for key, inner in list(value.items())[:VALUES]
        }
    if isinstance(value, list):
        return [_mask(inner, private, secrets, depth - 1) for inner in value[:VALUES]]
    return _text(value, secrets) if isinstance(value, str) else value


def _text(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= VALUE_CHARS else text[: VALUE_CHARS - 1] + "…"
