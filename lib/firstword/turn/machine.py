"""The machine of one call: events in, commands out, `now` is an argument, a timer is a command. [pure]

What it does is in `table`, with the theory above it. A name there is a rule: a method of one of the four parts, of which each knows those
before it, and all know the `floor`.
"""

from __future__ import annotations

from collections.abc import Callable

from .. import events as ev
from ..commands import Command
from .ahead import Budget
from .answers import Answers
from .asides import Asides
from .floor import Floor
from .hearing import Hearing
from .manners import Manners
from .speaking import Speaking
from .table import State, read, row


class Turn:
    """The machine of one call. One thread calls `handle`; nobody else touches it.

    Next: carry out the commands that `handle` returned, in order, before the next event.
    """

    def __init__(self, manners: Manners) -> None:
        self.floor = Floor(manners)
        self.answers = Answers(self.floor)
        self.hearing = Hearing(self.floor, self.answers)
        self.speaking = Speaking(self.floor, self.answers, self.hearing)
        self.asides = Asides(self.floor, self.answers)

    def __repr__(self) -> str:
        return f"<Turn {self.state.name} reply {self.reply}>"

    @property
    def state(self) -> State:
        """Who has the floor."""
        return self.floor.state

    @property
    def reply(self) -> int:
        """The number of the latest reply."""
        return self.floor.reply

    @property
    def budget(self) -> Budget:
        """What was thought ahead."""
        return self.floor.answer.budget

    @property
    def resumed(self) -> int:
        """How often a reply went on after a sound that was no interruption."""
        return self.speaking.resumed

    def handle(self, event: ev.Event, now: float) -> list[Command]:
        """What to do about `event`, which happened at `now` (the clock's seconds, never falling)."""
        number = getattr(event, "reply", None)
        if number is not None and number != self.reply:
            return []
        self.floor.notice(event)
        act = RULES[row(event), self.state]
        if act is not None:
            act(self, event, now)
        return self.floor.take_orders()

    def collect(self, most: int, end: str, ms: int) -> None:
        """From here on keys are collected so, until a group of them is complete."""
        self.asides.keys.collect(most, end, ms)


Rule = Callable[[Turn, ev.Event, float], None]
PARTS: dict[str, type] = {"answers": Answers, "hearing": Hearing, "speaking": Speaking, "asides": Asides}


def _rule(name: str) -> Rule:
    """The rule that the table calls so. It is in one part."""
    (part,) = (part for part, kind in PARTS.items() if hasattr(kind, name))

    def act(turn: Turn, event: ev.Event, now: float) -> None:
        getattr(getattr(turn, part), name)(event, now)

    return act


RULES = read(_rule)
