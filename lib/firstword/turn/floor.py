"""What the rules of one call share: who has the floor, the caller's words, the reply under way, and the orders that go out. [pure]"""

from __future__ import annotations

from ..commands import Command, Finish, Say, Silence, StartTimer, StopTimer
from ..events import CallerBegan, CallerPaused, CallerStirred, Event
from ..text.backchannel import may_become_backchannel
from ..text.farewell import is_farewell
from .answer import Answer
from .manners import Manners
from .patience import Patience
from .table import State
from .words import Words


class Floor:
    """Read and changed by the rules (`hearing`, `answers`, `speaking`, `asides`), within `Turn.handle`.

    Next: `take_orders`, after each event.
    """

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self.state = State.READY
        self.outcome = Finish("error", "error", "the call ended without a reason")
        """How the call ends, once it is closing."""
        # What the caller says:
        self.words = Words()
        self.patience = Patience(manners)
        self.last_speech: float | None = None
        """When the caller last spoke in the turn that is not answered yet."""
        self.sounding = False
        """Whether the caller makes a sound, by voice activity."""
        self.pause: float | None = None
        """Since when the caller is silent, in the middle of their turn."""
        self.endpoint = 0.0
        """When their turn was over."""
        self.cut = False
        """Whether their turn under way interrupted a reply."""
        self.opening = False
        """The callee's first words are waited for."""
        self.reminded = 0
        """How often the caller was asked whether they are there, since they last were."""
        # What we say:
        self.reply = 0
        """The number of the latest reply."""
        self.answer = Answer(manners.ahead_waste)
        """The latest reply that is an answer, and not a phrase of the profile."""
        self.firm = False
        """Whether the reply under way can not be interrupted."""
        self.question = ""
        """What we said last, if it was heard to its end."""
        self.later: list[str] = []
        """Phrases to be said when the floor is free."""
        self._orders: list[Command] = []

    # -- orders ------------------------------------------------------------------------------------------------------

    def order(self, *commands: Command) -> None:
        """Have these carried out, behind those before."""
        self._orders += commands

    def start(self, name: str, ms: float) -> None:
        """Start a timer; at once if `ms` is negative."""
        self.order(StartTimer(name, round(max(0.0, ms))))

    def stop(self, *names: str) -> None:
        """Stop timers."""
        self.order(*(StopTimer(name) for name in names))

    def silence(self) -> None:
        """End the reply under way."""
        self.order(Silence(self.reply))

    def take_orders(self) -> list[Command]:
        """All since the last time."""
        orders, self._orders = self._orders, []
        return orders

    def notice(self, event: Event) -> None:
        """What is so in every state."""
        if isinstance(event, CallerStirred | CallerBegan):
            self.sounding = True
        elif isinstance(event, CallerPaused):
            self.sounding = False

    # -- the floor passes --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """The first that we say."""
        self.opening = False
        if self.manners.notice:
            self.later.append(self.manners.greeting)
            self.say(self.manners.notice, firm=True)
        else:
            self.say(self.manners.greeting)

    def say(self, text: str, firm: bool = False) -> None:
        """Speak a phrase of the profile, or, where it is empty, give the floor away."""
        self.cut = self.answer.repeatable = False
        if not text:
            self.listen()
            return
        self.reply += 1
        self.firm = firm
        self.order(Say(self.reply, text))
        self.start("think", self.manners.think_ms)
        self.state = State.THINKING

    def listen(self) -> None:
        """Nobody has the floor, unless there is something that was to be said then."""
        self.cut = False
        if self.later:
            self.say(self.later.pop(0))
            return
        self.start("idle", self.manners.idle_ms)
        self.state = State.LISTENING

    def hear_caller(self) -> None:
        """It is the caller's."""
        self.pause = None
        self.start("hear", self.manners.hear_ms)
        self.state = State.HEARING

    def spend(self) -> None:
        """The caller's words are answered."""
        self.words.spend()
        self.last_speech = None

    def check_answer(self, now: float) -> None:
        """An answer that is held is of no use if the words are others by now."""
        if self.answer.held and not self.answer.fits(self.words.text):
            self.drop_answer(now)

    def drop_answer(self, now: float) -> None:
        """An answer that is held is of no use any more."""
        if self.answer.held:
            self.answer.drop(now)
            self.silence()

    def hush(self, now: float) -> None:
        """End the reply under way, if there is one, and every wait of this turn."""
        if self.state in (State.THINKING, State.SPEAKING, State.HELD):
            self.silence()
        self.drop_answer(now)
        self.stop("think", "filler", "held", "idle", "final", "hear", "endpoint", "ahead")

    def close(self, text: str, outcome: Finish) -> None:
        """Say one last thing, then finish."""
        self.outcome = outcome
        if not text:
            self.finish(outcome)
            return
        self.reply += 1
        self.order(Say(self.reply, text))
        self.start("closing", self.manners.closing_ms)
        self.state = State.CLOSING

    def finish(self, outcome: Finish) -> None:
        """The call is over."""
        self.order(outcome)
        self.state = State.OVER

    # -- what words are ----------------------------------------------------------------------------------------------

    def is_farewell(self, text: str) -> bool:
        """Whether the caller ends the call with it."""
        return is_farewell(text, self.manners.farewells)

    def is_murmur(self, text: str) -> bool:
        """Whether it may be no more than a listener's 嗯."""
        return may_become_backchannel(text, self.manners.backchannels)
