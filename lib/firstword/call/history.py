"""What the model is told of the conversation: what the caller said, what the caller *heard* of the answers, what tools answered. [pure]

It is bounded. What goes, goes by whole exchanges, the oldest first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ..speech.llm import Message, Tool, ToolCall
from ..text.tokens import estimate
from ..turn import join
from .exchange import MESSAGE_TOKENS, Exchange, Part, size_of

TOKENS = 6000
MARK = "……"
"""An answer that breaks off. Words would say it better, but a small model says them after us: one told a caller （客户在这里打断了）."""
SUMMARY_CHARS = 500


class History:
    """The messages of one call. Used by the call thread only.

    In whatever order the methods are called, `messages` are a sequence that services take: the instructions, then the caller and we by
    turns, each call of a tool followed by its answer.

    Args:
        system: the instructions; may be empty.
        turns: how many exchanges are kept; the oldest go first, so that a long call neither slows the model nor grows without a bound.
        tokens: how many tokens (`text.tokens`) all of it may have. The instructions, the tools and the last exchange stay, however large.
        tools_tokens: what the model is told of its tools has so many (`tokens_of`).
        mark: is put behind what was heard of an answer that was interrupted.
        dropped: is told the messages that go, exchange by exchange; must return at once. Next: perhaps `summarised`.
    """

    def __init__(
        self,
        system: str,
        turns: int,
        *,
        tokens: int = TOKENS,
        tools_tokens: int = 0,
        mark: str = MARK,
        dropped: Callable[[Sequence[Message]], None] = lambda messages: None,
    ) -> None:
        self._system = [Message("system", system)] if system else []
        self._turns = turns
        self._tokens = tokens - tools_tokens - sum(map(size_of, self._system))
        self._mark = mark
        self._dropped = dropped
        self._summary = ""
        self._exchanges: list[Exchange] = []

    # -- the caller --------------------------------------------------------------------------------------------------

    def ask(self, text: str) -> list[Message]:
        """The caller said `text`; returns what to send.

        Words that were not audibly answered are told as one message with these, whether `text` holds them too or not.
        """
        self._change(self._asked(text))
        return list(self.messages)

    def if_asked(self, text: str) -> list[Message]:
        """What `ask` would return. Nothing is written down: for a model that begins before the words are sure."""
        return self._render(self._fitting(self._asked(text)))

    # -- we ----------------------------------------------------------------------------------------------------------

    def heard(self, text: str, interrupted: bool = False) -> None:
        """The caller heard `text` of us; nothing if the reply was silenced before it was audible: then the question is open still.

        Between `called` and `go_on` it belongs to the message that calls: it was said before, or to pass the time.
        """
        if not text.strip():
            return
        exchange = self._last()
        *before, part = exchange.parts or (Part(),)
        part = part.saying(text + (self._mark if interrupted else ""))
        self._replace_last(replace(exchange, parts=(*before, part)))

    def called(self, text: str, calls: Sequence[ToolCall]) -> None:
        """The model wants `calls`; the caller has heard `text` of what it said before. Next: `answered` for each, then `go_on`."""
        self.heard(text)
        if not calls:
            return
        exchange = self._last()
        *before, part = exchange.parts or (Part(),)
        if part.calls:
            before, part = [*before, part], Part()
        part = replace(part, calls=tuple(calls), answers=(None,) * len(calls))
        self._replace_last(replace(exchange, parts=(*before, part)))

    def answered(self, call_id: str, answer: str) -> bool:
        """A tool answered, however late. Returns whether that call was waiting for it; not if its exchange was dropped."""
        for at in reversed(range(len(self._exchanges))):
            changed = self._exchanges[at].answered(call_id, answer)
            if changed is not None:
                self._change([*self._exchanges[:at], changed, *self._exchanges[at + 1 :]])
                return True
        return False

    def go_on(self) -> list[Message]:
        """The tools have answered: what to send for the model to go on. What is heard from here on is its answer."""
        if self._exchanges:
            exchange = self._exchanges[-1]
            if exchange.parts and exchange.parts[-1].calls:
                self._replace_last(replace(exchange, parts=(*exchange.parts, Part())))
        return list(self.messages)

    def summarised(self, text: str) -> None:
        """What was dropped so far, in a line. It is told in the caller's first message, as no instruction of ours: callers may have
        written it. Replaces the one before."""
        self._summary = " ".join(text.split())[:SUMMARY_CHARS]
        self._change(self._exchanges)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the model is told as things stand."""
        return tuple(self._render(self._exchanges))

    # -- small things ------------------------------------------------------------------------------------------------

    def _asked(self, text: str) -> list[Exchange]:
        if not text.strip():
            return self._exchanges
        before, earlier = self._exchanges, ""
        last = before[-1] if before else Exchange()
        if last.open:
            before, earlier = before[:-1], last.earlier
            if not text.startswith(last.words):
                text = join([last.words, text])
        elif last.unheard:  # only tools have answered it: it stays where it was, and is not told twice
            earlier = last.words
        return [*before, Exchange(text.removeprefix(earlier).strip() or text, text, earlier)]

    def _last(self) -> Exchange:
        """The one under way, perhaps before the caller has said anything."""
        return self._exchanges[-1] if self._exchanges else Exchange()

    def _replace_last(self, exchange: Exchange) -> None:
        self._change([*self._exchanges[:-1], exchange])

    def _change(self, exchanges: list[Exchange]) -> None:
        self._exchanges = self._fitting(exchanges)
        for gone in exchanges[: len(exchanges) - len(self._exchanges)]:
            self._dropped(tuple(gone.messages(self._closing)))

    def _fitting(self, exchanges: list[Exchange]) -> list[Exchange]:
        """Without the oldest, until they fit."""
        closing = size_of(Message("assistant", self._closing))
        sizes = [exchange.tokens + closing * exchange.unfinished for exchange in exchanges]
        size = sum(sizes) + sum(map(size_of, self._told_summary()))
        turns = sum(exchange.question != "" for exchange in exchanges)
        at = 0
        while at < len(exchanges) - 1 and (size > self._tokens or turns > self._turns):
            size -= sizes[at]
            turns -= exchanges[at].question != ""
            at += 1
        return exchanges[at:]

    def _render(self, exchanges: list[Exchange]) -> list[Message]:
        told = [
            message
            for at, exchange in enumerate(exchanges, 1)
            for message in exchange.messages(self._closing if at < len(exchanges) else "")
        ]
        for note in self._told_summary():
            if told and told[0].role == "user":
                told[0] = Message("user", f"{note.content}\n{told[0].content}")
            else:
                told.insert(0, note)
        return [*self._system, *told]

    def _told_summary(self) -> list[Message]:
        return [Message("user", f"（此前通话的摘要：{self._summary}）")] if self._summary else []

    @property
    def _closing(self) -> str:
        """What stands for an answer that the caller did not stay for."""
        return self._mark.strip() or "……"


def tokens_of(tools: Iterable[Tool]) -> int:
    """About how many tokens the model is told of `tools`."""
    return sum(
        MESSAGE_TOKENS
        + estimate(tool.name + " " + tool.description)
        + estimate(json.dumps(dict(tool.parameters), ensure_ascii=False))
        for tool in tools
    )
