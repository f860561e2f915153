"""What the model of one call wants done, round by round: judged by the profile's toolbox, carried out, answered. Call thread.

A round is all the tools that one completion wants. The toolbox says what each comes to; what can be done at once is, a service is asked
meanwhile, and when every one has its answer the model goes on. What ends the call or hands it over is not done here: it is kept in `then`,
for nobody is connected elsewhere in the middle of a sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..clock import Clock
from ..errors import HostError, one_line
from ..events import EndCall, HandOver, Sequel
from ..host.api import Host
from ..speech.llm import Tool, ToolCall
from .profile import Profile
from .tools import (
    Answer,
    Budget,
    CollectDigits,
    Errand,
    Errands,
    HangUp,
    Refusal,
    Request,
    SendKeys,
    SetVariable,
    Toolbox,
    ToolUse,
    Transfer,
)

log = logging.getLogger("firstword.call")

DONE = Answer("Done.", "done")
LATER = Answer("It will be done as soon as the caller has heard what you said.", "done")
KEYS = Answer("The caller can press keys now. What they press comes as their next message.", "done")


@dataclass(frozen=True, slots=True)
class ToolsWanted:
    """A completion of reply `reply` ended with calls."""

    reply: int
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """A service has answered what reply `reply` asked."""

    reply: int
    call: ToolCall
    answer: Answer


Told = ToolsWanted | ToolAnswered
"""What the call tells itself; the turn machine knows nothing of tools."""


class Doing:
    """Of one call. The call thread alone; `post` may be called by any thread.

    Args:
        label: what threads are named after.
        post: takes what comes later, for `take`.
        collect: is told how keys are collected from here on: how many at most, the end key, and the ms without another.
    """

    def __init__(
        self,
        label: str,
        host: Host,
        profile: Profile,
        toolbox: Toolbox,
        errands: Errands,
        post: Callable[[Told], object],
        collect: Callable[[int, str, int], None],
        clock: Clock,
    ) -> None:
        self.offered: tuple[Tool, ...] = toolbox.tools
        """What the model may use when it is asked next."""
        self.then: Sequel | None = None
        """What the reply under way leads to."""
        self.uses: list[ToolUse] = []
        """Of the reply under way."""
        self._label = label
        self._host = host
        self._toolbox = toolbox
        self._errands = errands
        self._post = post
        self._collect = collect
        self._clock = clock
        self._budget = Budget(profile.max_tool_rounds, profile.max_tool_calls)
        self._waiting: dict[str, tuple[ToolCall, Errand, float]] = {}  # by the id of the call; and since when
        self._answers: list[tuple[ToolCall, Answer]] = []
        self._number = 0

    def begin_turn(self) -> None:
        """The caller has spoken, and is being answered."""
        self._budget.begin_turn()
        self.offered = self._toolbox.tools
        self.then, self.uses = None, []

    def begin_round(self, wanted: ToolsWanted) -> None:
        """Do what can be done at once, and ask the services. Next: `finished`."""
        self.offered = self._toolbox.tools if self._budget.begin_round() else ()
        self._answers = []
        for call in wanted.calls:
            verdict = self._budget.admit() or self._toolbox.judge(call)
            if isinstance(verdict, Request):
                self._ask(wanted.reply, call, verdict)
            else:
                self._answer(call, self._carry_out(verdict))

    def take(self, answered: ToolAnswered) -> None:
        """A service has answered."""
        if self._waiting.pop(answered.call.id, None) is not None:
            self._answer(answered.call, answered.answer)

    def finished(self) -> list[tuple[ToolCall, Answer]] | None:
        """The answers of the round, once every call has one; None before."""
        return None if self._waiting else self._answers

    @property
    def endless(self) -> bool:
        """Whether the model, asked for words alone, has wanted tools again: it is not to be asked once more."""
        return self._budget.exceeded

    @property
    def waiting(self) -> bool:
        """Whether a service is to answer still."""
        return bool(self._waiting)

    def cancel(self) -> list[ToolUse]:
        """The reply is over: no answer is wanted any more. Returns what it has used. Idempotent."""
        waiting, self._waiting = self._waiting, {}
        for call, errand, began in waiting.values():
            errand.cancel()
            self._answer(call, Answer("", "cancelled", round((self._clock.now() - began) * 1000)))
        self.then = None
        uses, self.uses = self.uses, []
        return uses

    # Inside.

    def _ask(self, reply: int, call: ToolCall, request: Request) -> None:
        def done(answer: Answer) -> None:
            self._post(ToolAnswered(reply, call, answer))

        self._number += 1
        errand = self._errands.start(f"{self._label}-{self._number}", request, done)
        self._waiting[call.id] = call, errand, self._clock.now()

    def _carry_out(self, verdict: object) -> Answer:
        try:
            match verdict:
                case Refusal(answer):
                    return Answer(answer, "refused")
                case Transfer():
                    self.then = HandOver(verdict.name, verdict.summary)
                    return LATER
                case HangUp():
                    self.then = EndCall()
                    return LATER
                case SendKeys(keys):
                    self._host.send_keys(keys)
                case SetVariable(name, value):
                    self._host.set_variable(name, value)
                case CollectDigits():
                    self._collect(verdict.most, verdict.end_key, verdict.timeout_ms)
                    return KEYS
        except HostError as error:
            log.warning("%s: a tool failed: %s", self._label, one_line(error))
            return Answer("The switch refused it.", "failed")
        return DONE

    def _answer(self, call: ToolCall, answer: Answer) -> None:
        self._answers.append((call, answer))
        self.uses.append(self._toolbox.use(call, answer.outcome, answer.ms))
        log.info("%s: tool %s: %s, %d ms", self._label, self.uses[-1].name, answer.outcome, answer.ms)
