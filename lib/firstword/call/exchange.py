"""An exchange: what the caller said, and all that followed until the caller spoke again. For `history`. [pure]

It is told, and dropped, as a whole: services refuse a tool's answer without the call it answers, and a call without its answer. Many also
refuse two messages of one side in a row: hence one message where we spoke twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ..speech.llm import Message, ToolCall
from ..text.tokens import estimate

NO_ANSWER = "（还没有结果）"
"""What a tool answered that has not answered yet. The call itself must be told, or the model would make it again."""
MESSAGE_TOKENS = 4
"""What a message costs beside its text: who speaks, where it begins and ends."""


@dataclass(frozen=True, slots=True)
class Part:
    """What we said, and the tools that the model called with it."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    answers: tuple[str | None, ...] = ()
    """As many as there are calls; None for one that has not come."""

    def saying(self, text: str) -> Part:
        return replace(self, text=f"{self.text}\n{text}" if self.text else text)

    def messages(self) -> Iterator[Message]:
        if self.text or self.calls:
            yield Message("assistant", self.text, self.calls)
        for call, answer in zip(self.calls, self.answers, strict=True):
            yield Message("tool", NO_ANSWER if answer is None else answer, answers=call.id)

    def answered(self, call_id: str, answer: str) -> Part | None:
        """With that answer, or None if no such call waits."""
        for at, (call, known) in enumerate(zip(self.calls, self.answers, strict=True)):
            if call.id == call_id and known is None:
                return replace(self, answers=(*self.answers[:at], answer, *self.answers[at + 1 :]))
        return None


@dataclass(frozen=True)
class Exchange:
    """A question and what followed it. Without a question: what we said before the caller said anything."""

    question: str = ""
    """As it is told."""
    words: str = ""
    """As it was asked: with those of `earlier`."""
    earlier: str = ""
    """The words of the exchanges before that were not audibly answered either."""
    parts: tuple[Part, ...] = ()

    @property
    def open(self) -> bool:
        """Nothing at all has come of it."""
        return bool(self.question) and not self.parts

    @property
    def unheard(self) -> bool:
        """The caller has heard nothing of an answer."""
        return bool(self.question) and not any(part.text for part in self.parts)

    def answered(self, call_id: str, answer: str) -> Exchange | None:
        """With the answer of a tool, or None if no such call waits."""
        for at in reversed(range(len(self.parts))):
            part = self.parts[at].answered(call_id, answer)
            if part is not None:
                return replace(self, parts=(*self.parts[:at], part, *self.parts[at + 1 :]))
        return None

    @property
    def unfinished(self) -> bool:
        """It ends with a tool's answer, which we have not told the caller."""
        told = [part for part in self.parts if part.calls or part.text]
        return bool(told) and bool(told[-1].calls)

    @cached_property
    def tokens(self) -> int:
        """Of its messages, without a closing one."""
        return sum(map(size_of, self.messages()))

    def messages(self, closing: str = "") -> Iterator[Message]:
        """`closing`, unless it is empty, ends one that is unfinished: the caller did not wait, and has spoken again."""
        if self.question:
            yield Message("user", self.question)
        for part in self.parts:
            yield from part.messages()
        if closing and self.unfinished:
            yield Message("assistant", closing)


def size_of(message: Message) -> int:
    """About how many tokens."""
    calls = sum(MESSAGE_TOKENS + estimate(f"{call.name} {call.arguments}") for call in message.calls)
    return MESSAGE_TOKENS + estimate(message.content) + calls
