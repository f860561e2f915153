"""What the model is told of the conversation: what the caller said, and what the caller *heard* of the answers."""

from __future__ import annotations

from ..speech.llm import Message


class History:
    """The messages of one call. Used by the call thread only.

    Args:
        system: the instructions; may be empty.
        turns: how many exchanges are kept; the oldest go first, so that a long call neither slows the model nor grows without a bound.
    """

    def __init__(self, system: str, turns: int) -> None:
        self._system = [Message("system", system)] if system else []
        self._turns = turns
        self._said: list[Message] = []

    def ask(self, text: str) -> list[Message]:
        """The caller said `text`; returns what to send. If the last words were not audibly answered, `text` holds them too and
        takes their place: a model takes two messages of one role in a row for two people."""
        if self._said and self._said[-1].role == "user":
            self._said.pop()
        self._said.append(Message("user", text))
        questions = [at for at, message in enumerate(self._said) if message.role == "user"]
        if len(questions) > self._turns:
            del self._said[: questions[-self._turns]]
        return [*self._system, *self._said]

    def heard(self, text: str) -> None:
        """The caller heard `text` of us; nothing if the reply was silenced before it was audible."""
        if text.strip():
            self._said.append(Message("assistant", text))

    @property
    def messages(self) -> tuple[Message, ...]:
        return (*self._system, *self._said)
