"""Who holds the floor. Pure: events in, commands out, `now` is an argument, a timer is a command.

A telephone conversation is a floor that passes between two. Seven states say who has it:

* ``READY``      the channel is not answered yet.
* ``LISTENING``  nobody has it. Whoever speaks first takes it; if nobody does, the idle timer asks.
* ``HEARING``    the caller has it: voice activity says so, not words. Bounded by ``hear_ms``, for noise that never ends.
* ``SETTLING``   the caller has fallen silent (the endpoint), the words are not yet sure. Bounded by ``final_ms``.
* ``THINKING``   it is ours, and not yet audible: a reply was begun. Bounded by ``think_ms``.
* ``SPEAKING``   it is ours, and the caller hears us.
* ``CLOSING``    ours for the last time: the goodbye or the apology is on its way, uninterruptible. Bounded by ``closing_ms``.
* ``OVER``       nothing matters any more.

Four ideas carry the rest.

**A reply has a number.** Each `Think` and `Say` takes the next one; `Silence` ends it. What arrives with another number than the
current one is about a reply that is over, and `handle` drops it before the table is asked. So an interruption can not be
overtaken.

**The caller's words stay ours to answer until an answer is audible.** A caller who goes on ("...and to Beijing?") while we think, or
whose last words the recogniser gives late, has not begun a new turn: the silent reply is dropped and the model is asked again with
all the words. Once the answer is audible, the words are spent.

**Voice activity moves the floor, words fill it.** Words without voice activity (a syllable shorter than ``min_speech_ms``) are
answered when the floor is free; while we speak they are a listener's 嗯 and do not interrupt.

**No dead ends.** Each state in which we wait for somebody else has a timer, and a failure leads to an apology, two in a row to the
end of the call.

The table is the whole policy: a row per event, a column per state, in each cell the method that acts, or ``-`` where the event
means nothing there. `tests/test_turn.py` walks each cell, plays the stories, and runs any order of events.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from . import events as ev
from .commands import Command, EndedBy, Finish, Listen, Result, Say, Silence, StartTimer, StopTimer, Think
from .errors import ProviderError, one_line
from .options import option

State = enum.Enum("State", "READY LISTENING HEARING SETTLING THINKING SPEAKING CLOSING OVER")

TABLE = """
                    READY      LISTENING   HEARING    SETTLING   THINKING   SPEAKING   CLOSING    OVER
Answered            greet      -           -          -          -          -          -          -
CallerBegan         -          hear        -          hear       overtake   barge_in   -          -
CallerStopped       -          settle      settle     -          -          -          -          -
CallerPartlyHeard   -          note        note       note       note       -          -          -
CallerHeard         -          unprompted  note       settled    rethink    -          -          -
RecogniserFailed    deaf       deaf        deaf       deaf       deaf       deaf       -          -
ReplyBegan          -          -           -          -          speak      -          -          -
ReplyDrained        -          -           -          -          nothing    yield      linger     -
ReplyFailed         -          -           -          -          failed     failed     finish     -
KeyPressed          -          attend      -          -          interrupt  interrupt  -          -
SpeechAsked         -          obey        obey       obey       obey       obey       -          -
HangUpAsked         dismiss    dismiss     dismiss    dismiss    dismiss    dismiss    dismiss    -
HungUp              gone       gone        gone       gone       gone       gone       gone       -
Broke               broke      broke       broke      broke      broke      broke      broke      -
TimerFired:idle     -          remind      -          -          -          -          -          -
TimerFired:hear     -          -           endless    -          -          -          -          -
TimerFired:final    -          -           -          give_up    -          -          -          -
TimerFired:think    -          -           -          -          stalled    -          -          -
TimerFired:closing  -          -           -          -          -          -          finish     -
TimerFired:call     dismiss    expire      expire     expire     expire     expire     -          -
"""


@dataclass(frozen=True)
class Manners:
    """How a profile wants a conversation to go. Texts may be empty: then nothing is said there."""

    greeting: str = option("您好，请问有什么可以帮您？", help="said when the call is answered")
    goodbye: str = option("感谢您的来电，再见。", help="said when the call ends by the bot")
    apology: str = option(
        "抱歉，系统出了一点问题，请您再说一遍。", help="said when a service failed and the call goes on"
    )
    regret: str = option("抱歉，系统暂时不可用，请稍后再来电。", help="said when a service failed and the call ends")
    unheard: str = option("不好意思，我没有听清，请您再说一遍。", help="said when an interruption held no words")
    reminder: str = option("您好，您还在吗？", help="said when the caller is silent for idle_ms")
    farewells: tuple[str, ...] = option(
        ("再见", "拜拜", "goodbye", "bye", "bye bye"),
        help="what a caller says, alone or last, to end the call; split at |",
    )
    hear_ms: int = option(
        60_000,
        help="how long a caller may speak, or noise go on, before what was said is answered",
        low=1_000,
        high=600_000,
    )
    final_ms: int = option(
        1200, help="how long to wait for the recogniser's last words after the endpoint", low=0, high=10_000
    )
    think_ms: int = option(20_000, help="how long a reply may take to become audible", low=100, high=120_000)
    idle_ms: int = option(10_000, help="how long both may be silent before the reminder", low=500, high=600_000)
    reminders: int = option(2, help="how many reminders before the goodbye", low=0, high=20)
    closing_ms: int = option(15_000, help="how long the last words may take", low=100, high=60_000)
    linger_ms: int = option(
        200,
        help="silence after the last words: what the codec and the caller's jitter buffer hold would be cut off by the hang-up",
        low=0,
        high=5_000,
    )
    call_ms: int = option(1_800_000, help="the longest call", low=1_000, high=86_400_000)


class Turn:
    """The machine of one call. One thread calls `handle`; nobody else touches it.

    Next: carry out the commands that `handle` returned, in order, before the next event.
    """

    def __init__(self, manners: Manners) -> None:
        self.state = State.READY
        self.reply = 0
        """The number of the latest reply."""
        self._manners = manners
        self._out: list[Command] = []
        self._words = _Words()
        self._last_speech: float | None = None
        self._endpoint = 0.0
        self._cut = False  # whether the caller's turn under way interrupted a reply
        self._answer_number = 0  # the latest reply that was an answer, and not a phrase of the profile
        self._reminded = 0
        self._failures = 0  # answers failed in a row
        self._deafness = 0  # recognisers failed in a row
        self._outcome = Finish("error", "error", "the call ended without a reason")

    def __repr__(self) -> str:
        return f"<Turn {self.state.name} reply {self.reply}>"

    def handle(self, event: ev.Event, now: float) -> list[Command]:
        """What to do about `event`, which happened at `now` (the clock's seconds, never falling)."""
        number = getattr(event, "reply", None)
        if number is not None and number != self.reply:
            return []
        act = RULES[_row(event), self.state]
        self._out = []
        if act is not None:
            act(self, event, now)
        return self._out

    # -- the caller has the floor ------------------------------------------------------------------------------------

    def _greet(self, event: ev.Event, now: float) -> None:
        self._out += [Listen(), StartTimer("call", self._manners.call_ms)]
        self._say(self._manners.greeting)

    def _hear(self, event: ev.Event, now: float) -> None:
        self._out += [StopTimer("idle"), StopTimer("final")]
        self._hear_caller()

    def _barge_in(self, event: ev.Event, now: float) -> None:
        self._out.append(Silence(self.reply))
        self._cut = True
        self._hear_caller()

    def _overtake(self, event: ev.Event, now: float) -> None:
        self._out += [Silence(self.reply), StopTimer("think")]
        self._hear_caller()

    def _note(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, (ev.CallerPartlyHeard, ev.CallerHeard))
        if self._words.note(event, now):
            self._deafness = 0

    def _settle(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.CallerStopped)
        self._end_turn(event.last_speech, now)

    def _endless(self, event: ev.Event, now: float) -> None:
        self._end_turn(now, now)

    def _end_turn(self, last_speech: float, now: float) -> None:
        self._last_speech, self._endpoint = last_speech, now
        self._out += [StopTimer("idle"), StopTimer("hear")]
        if self._words.sure:
            self._answer(now)
        else:
            self._out.append(StartTimer("final", self._manners.final_ms))
            self.state = State.SETTLING

    def _settled(self, event: ev.Event, now: float) -> None:
        self._note(event, now)
        if self._words.sure:
            self._answer(now)

    def _unprompted(self, event: ev.Event, now: float) -> None:
        self._note(event, now)
        if self._words.sure:
            if self._last_speech is None:
                self._last_speech = self._endpoint = now
            self._answer(now)

    def _rethink(self, event: ev.Event, now: float) -> None:
        before = self._words.text
        self._note(event, now)
        if self._words.sure and self._words.text != before:
            self._out += [Silence(self.reply), StopTimer("think")]
            self._answer(now)

    def _give_up(self, event: ev.Event, now: float) -> None:
        if self._words.text:
            self._answer(now)
        elif self._cut:
            self._say(self._manners.unheard)
        else:
            self._listen()

    # -- the floor is ours -------------------------------------------------------------------------------------------

    def _answer(self, now: float) -> None:
        text = self._words.text
        self._words.ask()
        self._reminded = 0
        self._cut = False
        self._out += [StopTimer("final"), StopTimer("idle")]
        if self._is_farewell(text):
            self._close(self._manners.goodbye, "completed", "bot")
            return
        last_speech = now if self._last_speech is None else self._last_speech
        self.reply += 1
        self._answer_number = self.reply
        self._out.append(Think(self.reply, text, last_speech, max(self._endpoint, last_speech), self._words.final_at))
        self._out.append(StartTimer("think", self._manners.think_ms))
        self.state = State.THINKING

    def _speak(self, event: ev.Event, now: float) -> None:
        self._spend()
        self._out.append(StopTimer("think"))
        self.state = State.SPEAKING

    def _yield(self, event: ev.Event, now: float) -> None:
        if self.reply == self._answer_number:  # an apology that was heard mends nothing
            self._failures = 0
        self._listen()

    def _nothing(self, event: ev.Event, now: float) -> None:
        """A reply without any speech is a failure like any other: silence is no answer."""
        assert isinstance(event, ev.ReplyDrained)
        error = ProviderError("the reply held nothing that can be spoken", provider="model", retry=True)
        self._fail(error, now)

    def _failed(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyFailed)
        self._fail(event.error, now)

    def _stalled(self, event: ev.Event, now: float) -> None:
        self._out.append(Silence(self.reply))
        error = ProviderError(
            f"no reply became audible within {self._manners.think_ms} ms", provider="reply", retry=True
        )
        self._fail(error, now)

    def _fail(self, error: ProviderError, now: float) -> None:
        self._spend()
        self._failures += 1
        self._out.append(StopTimer("think"))
        if error.retry and self._failures < 2:
            self._say(self._manners.apology)
        else:
            self._close(self._manners.regret, "error", "error", one_line(error))

    def _deaf(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.RecogniserFailed)
        self._deafness += 1
        if event.error.retry and self._deafness < 3:
            self._out.append(Listen())
        else:
            self._hush()
            self._close(self._manners.regret, "error", "error", one_line(event.error))

    # -- keys, operators, timers -------------------------------------------------------------------------------------

    def _attend(self, event: ev.Event, now: float) -> None:
        self._out.append(StartTimer("idle", self._manners.idle_ms))

    def _interrupt(self, event: ev.Event, now: float) -> None:
        self._out += [Silence(self.reply), StopTimer("think")]
        self._spend()
        self._listen()

    def _obey(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.SpeechAsked)
        self._hush()
        self._say(event.text)

    def _remind(self, event: ev.Event, now: float) -> None:
        self._reminded += 1
        if self._reminded > self._manners.reminders:
            self._close(self._manners.goodbye, "timeout", "timeout")
        else:
            self._say(self._manners.reminder)

    def _expire(self, event: ev.Event, now: float) -> None:
        self._hush()
        self._close(self._manners.goodbye, "timeout", "timeout")

    # -- the end -----------------------------------------------------------------------------------------------------

    def _close(self, text: str, result: Result, by: EndedBy, error: str = "") -> None:
        """Say one last thing, then finish."""
        self._outcome = Finish(result, by, error)
        if not text:
            self._finish_with(self._outcome)
            return
        self.reply += 1
        self._out += [Say(self.reply, text), StartTimer("closing", self._manners.closing_ms)]
        self.state = State.CLOSING

    def _linger(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyDrained)
        if event.empty:
            self._finish(event, now)
        else:
            self._out.append(StartTimer("closing", self._manners.linger_ms))

    def _finish(self, event: ev.Event, now: float) -> None:
        self._finish_with(self._outcome)

    def _dismiss(self, event: ev.Event, now: float) -> None:
        self._finish_with(Finish("completed", "bot", hang_up=True))

    def _gone(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.HungUp)
        self._finish_with(Finish("transfer", "transfer") if event.by == "transfer" else Finish("hangup", "caller"))

    def _broke(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.Broke)
        self._finish_with(Finish("error", "error", event.why))

    def _finish_with(self, outcome: Finish) -> None:
        self._out.append(outcome)
        self.state = State.OVER

    # -- small things ------------------------------------------------------------------------------------------------

    def _hear_caller(self) -> None:
        self._out.append(StartTimer("hear", self._manners.hear_ms))
        self.state = State.HEARING

    def _say(self, text: str) -> None:
        """Speak a phrase of the profile, or, where it is empty, give the floor away."""
        self._cut = False
        if not text:
            self._listen()
            return
        self.reply += 1
        self._out += [Say(self.reply, text), StartTimer("think", self._manners.think_ms)]
        self.state = State.THINKING

    def _hush(self) -> None:
        """End the reply under way, if there is one, and every wait of this turn."""
        if self.state in (State.THINKING, State.SPEAKING):
            self._out.append(Silence(self.reply))
        self._out += [StopTimer(name) for name in ("think", "idle", "final", "hear")]

    def _listen(self) -> None:
        self._cut = False
        self._out.append(StartTimer("idle", self._manners.idle_ms))
        self.state = State.LISTENING

    def _spend(self) -> None:
        """The words are answered."""
        self._words.spend()
        self._last_speech = None

    def _is_farewell(self, text: str) -> bool:
        """Whether the caller's turn ends in a farewell: 那就谢谢，再见了。 does, 再见面的时候要带什么？ and "standby" do not."""
        bare = text.lower().rstrip("。！？!?.,，~～ 了啦吧哈喽")
        for word in self._manners.farewells:
            before = bare.removesuffix(word.lower())
            if before != bare and not (word[0].isascii() and before[-1:].isascii() and before[-1:].isalnum()):
                return True
        return False


class _Words:
    """What the caller has said and we have not audibly answered."""

    def __init__(self) -> None:
        self._finals: list[str] = []
        self._partial = ""
        self._latest = 0  # the newest utterance noted
        self._asked = 0  # utterances up to here were given to the model
        self.final_at = 0.0

    def note(self, event: ev.CallerPartlyHeard | ev.CallerHeard, now: float) -> bool:
        """Take words. Returns whether they were new: not when their utterance was already answered from its partial words."""
        if event.utterance <= self._asked:
            return False
        self._latest = max(self._latest, event.utterance)
        if isinstance(event, ev.CallerPartlyHeard):
            self._partial = event.text
            return True
        self._partial = ""
        self.final_at = now
        if event.text.strip():
            self._finals.append(event.text.strip())
        return True

    @property
    def sure(self) -> bool:
        """There are words, and no utterance is half recognised."""
        return bool(self._finals) and not self._partial

    @property
    def text(self) -> str:
        return join([*self._finals, self._partial.strip()])

    def ask(self) -> None:
        """All words so far are being answered; a partial one counts as said, and its final will be late."""
        if self._partial.strip():
            self._finals.append(self._partial.strip())
        self._partial = ""
        self._asked = max(self._asked, self._latest)

    def spend(self) -> None:
        """The answer is audible: forget the words that were asked, keep what came after."""
        self._finals.clear()
        if self._latest <= self._asked:
            self._partial = ""


def join(parts: list[str]) -> str:
    """Utterances as one text: with a blank between Latin ones, without between Chinese."""
    text = ""
    for part in filter(None, parts):
        blank = text and text[-1].isascii() and part[0].isascii()
        text += (" " if blank else "") + part
    return text


Rule = Callable[[Turn, ev.Event, float], None]


def _read(table: str) -> dict[tuple[str, State], Rule | None]:
    header, *rows = (line.split() for line in table.strip().splitlines())
    methods: dict[str, Rule | None] = {"-": None}
    for name in {cell for row in rows for cell in row[1:]} - {"-"}:
        methods[name] = getattr(Turn, f"_{name}")
    return {
        (row[0], State[column]): methods[cell] for row in rows for column, cell in zip(header, row[1:], strict=True)
    }


def _row(event: ev.Event) -> str:
    name = type(event).__name__
    return f"{name}:{event.name}" if isinstance(event, ev.TimerFired) else name


RULES = _read(TABLE)
