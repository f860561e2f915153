"""A long life of calls in simulated time: timers fire when they are due, services and callers do what they like."""

from __future__ import annotations

import dataclasses
import math
import random

from firstword import events as ev
from firstword.commands import Fill, Hold, Release, Resume, Say, Silence, StartTimer, StopTimer
from firstword.turn import State, Turn
from firstword.turn.sounds import HELD_MOST_S

from .playbook import BUSY, WRONG_KEY
from .test_table import EVERYTHING

SHORT_LIFE = dataclasses.replace(
    EVERYTHING, call_ms=120_000, hear_ms=8000, think_ms=4000, idle_ms=3000, warning_ms=20_000
)
BOUNDS_S = {
    State.HEARING: (("hear",), 8.0), State.SETTLING: (("final",), 1.2), State.THINKING: (("think",), 4.0),
    State.HELD: (("held",), HELD_MOST_S), State.LISTENING: (("idle", "keys"), 3.0), State.CLOSING: (("closing",), 15.0),
}  # fmt: skip
"""How long each state may last, by which timers, unless something happens."""


class Life:
    """One call after another, with a clock of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.calls = self.steps = 0
        self.begin()

    def begin(self) -> None:
        self.calls += 1
        self.turn, self.now, self.due = Turn(SHORT_LIFE), 0.0, dict[str, float]()
        self.silenced: set[int] = set()
        self.heard: int | None = None
        self.utterance = 1
        self.sounding = False
        self.do(ev.Answered())

    def step(self) -> None:
        """The next timer, or something else before it."""
        self.steps += 1
        at = self.now + self.random.expovariate(3.0)
        name = min(self.due, key=self.due.__getitem__, default=None)
        if name is not None and self.due[name] <= at:
            self.now = max(self.now, self.due.pop(name))
            self.do(ev.TimerFired(name))
        else:
            self.now = at
            self.do(self.anything())
        if self.turn.state is State.OVER:
            assert self.now <= SHORT_LIFE.call_ms / 1000 + SHORT_LIFE.closing_ms / 1000 + 1, "the call always ends"
            self.begin()

    def do(self, event: ev.Event) -> None:
        for command in self.turn.handle(event, self.now):
            match command:
                case StartTimer(name, ms):
                    self.due[name] = self.now + ms / 1000
                case StopTimer(name):
                    self.due.pop(name, None)
                case Silence(reply):
                    self.silenced.add(reply)
                    self.heard = None
                case Say(reply) | Release(reply) | Resume(reply) | Fill(reply):
                    assert reply not in self.silenced, "a cancelled reply is never heard again"
                    self.heard = reply
                case Hold():
                    self.heard = None
        if isinstance(event, ev.CallerStirred | ev.CallerBegan | ev.CallerPaused):
            self.sounding = not isinstance(event, ev.CallerPaused)
        state = self.turn.state
        if state is State.HEARING and not self.sounding:
            left = self.due.get("endpoint", math.inf) - self.now
            assert left <= SHORT_LIFE.dictation_ms / 1000 + 0.001, "a caller who is silent has soon finished"
        if state in BOUNDS_S:
            names, bound_s = BOUNDS_S[state]
            left = min(self.due[name] for name in names if name in self.due) - self.now
            assert left <= bound_s + 0.001, f"{state.name} may last {left:.1f} s"

    def anything(self) -> ev.Event:
        pick, reply = self.random.random(), self.turn.reply
        if pick < 0.003:
            return self.random.choice(
                [ev.HungUp("caller"), ev.HangUpAsked(), ev.Broke("x"), ev.RecogniserFailed(WRONG_KEY)]
            )
        if pick < 0.03:
            return self.random.choice(
                [ev.RecogniserFailed(BUSY), ev.SpeechAsked("x"), ev.KeyPressed("9"), ev.KeyPressed("#")]
            )
        if pick < 0.08:
            return ev.KeyPressed(self.random.choice("123"))
        if pick < 0.3:
            self.utterance += self.random.random() < 0.3
            text = self.random.choice(
                ["a", "b", "a b", "嗯", "停", "查订单", "我的手机号是138", "因为", "再见", "", "明天下雨吗？"]
            )
            return self.random.choice([ev.CallerPartlyHeard, ev.CallerHeard])(text, self.utterance)
        if pick < 0.7:
            kind = self.random.choice([ev.CallerStirred, ev.CallerBegan, ev.CallerHushed, ev.CallerPaused])
            return kind(max(0.0, self.now - 0.2))
        number = reply - self.random.choice([0, 0, 0, 1])
        then = self.random.choice([None] * 30 + [ev.EndCall(), ev.HandOver("x")])
        return self.random.choice(
            [
                ev.ReplyBegan(number),
                ev.ToolsBegan(number, self.random.randrange(-1000, 1000)),
                ev.ToolsAnswered(number),
                ev.ReplyDrained(number, self.random.random() < 0.1, self.random.choice(["", "是吗？"]), then),
                *([ev.ReplyFailed(number, BUSY)] if self.random.random() < 0.2 else []),
            ]
        )


def test_in_a_hundred_thousand_steps_of_life_no_floor_is_held_too_long_and_every_call_ends() -> None:
    life = Life(seed=20)
    while life.steps < 100_000:
        life.step()
    assert life.calls > 300
