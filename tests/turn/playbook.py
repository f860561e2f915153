"""How the stories of the turn machine are told."""

from __future__ import annotations

import dataclasses

from firstword import events as ev
from firstword.commands import Listen, Release, Say, StartTimer, StopTimer, Think
from firstword.errors import ProviderError
from firstword.turn import Manners, State, Turn

MANNERS = Manners(
    greeting="hello", goodbye="bye now", apology="sorry", regret="no service", unheard="pardon", reminder=("still there?",),
    filler=("one moment", "just a second"), ahead_waste=0, stable_ms=0,
)  # fmt: skip
AHEAD = dataclasses.replace(MANNERS, ahead_waste=40)
BUSY = ProviderError("busy", provider="test", retry=True)
WRONG_KEY = ProviderError("wrong key", provider="test", retry=False)


class Playbook:
    """Plays events and expects commands, timers left out: a story reads as who spoke when."""

    def __init__(self, manners: Manners = MANNERS) -> None:
        self.turn = Turn(manners)
        self.now = 100.0
        self.timers: dict[str, int] = {}

    def __rshift__(self, event: ev.Event) -> Playbook:
        self.now += 0.1
        self.said = []
        for command in self.turn.handle(event, self.now):
            if isinstance(command, StartTimer):
                self.timers[command.name] = command.ms
            elif isinstance(command, StopTimer):
                self.timers.pop(command.name, None)
            else:
                self.said.append(command)
        return self

    def __lshift__(self, expected: object) -> Playbook:
        if isinstance(expected, State):
            assert self.turn.state is expected
            return self
        assert self.said, f"nothing was asked for; expected {expected}"
        got: object = self.said.pop(0)
        match got:
            case Think(reply, text) if self.said and isinstance(self.said[0], Release):
                got = ("think", reply, text)  # and let it be heard: nearly always so
                released = self.said.pop(0)
                assert (released.reply, released.text) == (reply, text)
            case Think(reply, text):
                got = ("think ahead", reply, text)
            case Release(reply, text):
                got = ("release", reply, text)
        assert got == expected
        return self

    def fires(self, name: str) -> Playbook:
        """The timer runs, and is due."""
        self.now += self.timers.pop(name) / 1000
        return self >> ev.TimerFired(name)

    def stops(self) -> Playbook:
        """The caller falls silent, and has been long enough to have finished."""
        last = self.now
        self.now += 0.2
        self >> ev.CallerPaused(last)
        return self if "endpoint" not in self.timers else self.fires("endpoint")

    def begins(self) -> Playbook:
        """The caller makes a sound, and it is speech."""
        self >> ev.CallerStirred(self.now)
        before = self.said
        self >> ev.CallerBegan(self.now)
        self.said = before + self.said
        return self

    def silent(self) -> Playbook:
        assert self.said == []
        return self


def greeted(manners: Manners = MANNERS) -> Playbook:
    play = Playbook(manners)
    play >> ev.Answered() << Listen() << Say(1, "hello")
    play >> ev.ReplyBegan(1) << State.SPEAKING
    play >> ev.ReplyDrained(1) << State.LISTENING
    return play


def asked(play: Playbook, text: str = "what does it cost", utterance: int = 1) -> Playbook:
    play.begins() >> ev.CallerHeard(text, utterance)
    return play.stops()


def speaking(manners: Manners = MANNERS) -> Playbook:
    return asked(greeted(manners)) >> ev.ReplyBegan(2) << State.SPEAKING
