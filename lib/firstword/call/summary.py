"""What a long call was about, once the history is too short for all of it: the model itself says so, while the call goes on.

What the history drops is kept here, and the model is asked for a line about it and the line before. One request at a time; what is dropped
meanwhile waits for the next. If it fails, the line before stays, and what it was asked about waits too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import ProviderError
from ..speech.llm import Completion, Generation, Message, Model

log = logging.getLogger("firstword.call")

KEPT_CHARS = 4000
"""Of what waits to be summarised; the oldest goes first."""
MOST_CHARS = 2000
"""A line that is longer is cut: the model is not stopped, for it counts no characters."""
SIDES = {"user": "客户", "assistant": "我们", "tool": "查询结果"}


@dataclass(frozen=True, slots=True)
class Summarised:
    """What was dropped from the history so far, in a line; empty if the model has failed."""

    text: str


class Summary:
    """Of one call. Call thread, but for what `post` is given from the model's. Next: `drop`, again and again; `close`.

    Args:
        instruction: the system message of the request.
        post: takes what comes. Next: `take` with it.
    """

    def __init__(self, label: str, model: Model, instruction: str, post: Callable[[Summarised], object]) -> None:
        self._label = f"{label}-summary"
        self._model = model
        self._instruction = instruction
        self._post = post
        self._waiting = ""
        self._asked = ""
        self._line = ""
        self._generation: Generation | None = None

    def drop(self, messages: Sequence[Message]) -> None:
        """The history has dropped `messages`."""
        lines = (f"{SIDES[message.role]}：{message.content}" for message in messages if message.role in SIDES)
        self._waiting = (self._waiting + "\n".join(line for line in lines if line) + "\n")[-KEPT_CHARS:]
        if self._generation is None and SIDES["user"] in self._waiting:  # our greeting alone is worth no request
            self._ask()

    def take(self, summarised: Summarised) -> str:
        """What was posted. Returns the line as it is now."""
        self._generation = None
        if not summarised.text:
            self._waiting = (self._asked + self._waiting)[-KEPT_CHARS:]  # it is asked for with what is dropped next
            return self._line
        self._line = summarised.text
        if self._waiting:
            self._ask()
        return self._line

    def close(self) -> None:
        """The call is over. Idempotent."""
        generation, self._generation = self._generation, None
        if generation is not None:
            generation.cancel()

    def _ask(self) -> None:
        self._asked, self._waiting = self._waiting, ""
        before = f"此前的摘要：{self._line}\n" if self._line else ""
        messages = [Message("system", self._instruction), Message("user", before + self._asked)]
        self._generation = self._model.start(self._label, messages, _Writing(self._label, self._post))


class _Writing:
    """The model's listener."""

    def __init__(self, label: str, post: Callable[[Summarised], object]) -> None:
        self._label = label
        self._post = post
        self._text = ""

    def token(self, text: str) -> None:
        self._text = (self._text + text)[:MOST_CHARS]

    def finished(self, completion: Completion) -> None:
        self._post(Summarised(self._text.strip()))

    def failed(self, error: ProviderError) -> None:
        log.info("%s: the history goes without a summary: %s", self._label, error)
        self._post(Summarised(""))
