"""The machine of one call: events in, commands out, `now` is an argument, a timer is a command. [pure]

What it does is in `table`, with the theory above it; here is how, a method for each name in the table.
"""

from __future__ import annotations

from collections.abc import Callable

from .. import events as ev
from ..commands import (
    Command,
    Fill,
    Finish,
    Hold,
    Listen,
    Release,
    Resume,
    Say,
    Silence,
    StartTimer,
    StopTimer,
    Think,
)
from ..errors import ProviderError, one_line
from ..text.backchannel import may_become_backchannel
from ..text.farewell import is_farewell
from ..text.question import asks
from ..text.transcript import same
from .ahead import Budget
from .keys import Keys
from .manners import Manners
from .patience import Patience
from .sounds import WORDS_MS, Sounds
from .table import State, read, row
from .words import Words

HUSH_S = 0.1
"""Words that come so soon after the caller has fallen silent are taken for the last. A pause is longer, and known later."""


class Turn:
    """The machine of one call. One thread calls `handle`; nobody else touches it.

    Next: carry out the commands that `handle` returned, in order, before the next event.
    """

    def __init__(self, manners: Manners) -> None:
        self.state = State.READY
        self.reply = 0
        """The number of the latest reply."""
        self.budget = Budget(manners.ahead_waste)
        """What was thought ahead."""
        self.resumed = 0
        """How often a reply went on after a sound that was no interruption."""
        self._manners = manners
        self._out: list[Command] = []
        self._words = Words()
        self._patience = Patience(manners)
        self._question = ""  # what we said last, if it was heard to its end
        self._last_speech: float | None = None
        self._hushed_at = -1.0  # when the caller last fell silent, perhaps only within a word
        self._pause: float | None = None  # since when the caller is silent, in the middle of their turn
        self._endpoint = 0.0
        self._settled_by = 0.0  # the words of the turn are not waited for longer
        self._prepared: str | None = None  # the words that the current reply answers, which is not released
        self._answer_text = ""  # the same of one that is
        self._thought_ahead = False  # whether that was thought ahead, and may be asked for again
        self._uncounted = False  # whether it was, and the budget does not know yet what came of it
        self._cut = False  # whether the caller's turn under way interrupted a reply
        self._firm = False  # whether the current reply can not be interrupted
        self._opening = False  # the callee's first words are waited for
        self._later: list[str] = []  # phrases to be said when the floor is free
        self._keys = Keys(manners.keys_most, manners.keys_end, manners.keys_ms)
        self._sounds = Sounds()  # of the caller, during the current reply
        self._answer_number = 0  # the latest reply that was an answer, and not a phrase of the profile
        self._filled = 0
        self._asking = False  # a tool is waited for
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
        act = RULES[row(event), self.state]
        self._out = []
        if act is not None:
            act(self, event, now)
        return self._out

    def collect(self, most: int, end: str, ms: int) -> None:
        """From here on keys are collected so, until a group of them is complete."""
        self._keys.collect(most, end, ms)

    # -- the caller has the floor ------------------------------------------------------------------------------------

    def _greet(self, event: ev.Event, now: float) -> None:
        manners = self._manners
        self._out += [Listen(), StartTimer("call", manners.call_ms)]
        if manners.warning and manners.call_ms > manners.warning_ms:
            self._out.append(StartTimer("warn", manners.call_ms - manners.warning_ms))
        if manners.wait_first_ms:
            self._opening = True
            self._out.append(StartTimer("idle", manners.wait_first_ms))
            self.state = State.LISTENING
        else:
            self._open()

    def _open(self) -> None:
        """The first that we say."""
        self._opening = False
        if self._manners.notice:
            self._later.append(self._manners.greeting)
            self._say(self._manners.notice, firm=True)
        else:
            self._say(self._manners.greeting)

    def _hear(self, event: ev.Event, now: float) -> None:
        self._out.append(StopTimer("idle"))
        self._hear_caller()

    def _take_back(self, event: ev.Event, now: float) -> None:
        """The turn was not over."""
        assert isinstance(event, ev.CallerBegan)
        self._went_on(event.at)
        self._out.append(StopTimer("final"))
        self._hear_caller()

    def _overtake(self, event: ev.Event, now: float) -> None:
        """The caller goes on while we think: the answer waits for whether they say more."""
        assert isinstance(event, ev.CallerBegan)
        if self._firm:
            return
        self._out += [StopTimer("think"), StopTimer("filler")]
        if self.reply == self._answer_number:
            self._went_on(event.at)
            self._out.append(Hold(self.reply))
            self._prepared = self._answer_text
        else:
            self._out.append(Silence(self.reply))
        self._hear_caller()

    def _go_on(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.CallerStirred)
        if self._pause is not None:
            self._went_on(event.at)
            self._pause = None
            self._out.append(StopTimer("endpoint"))

    def _note(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, (ev.CallerPartlyHeard, ev.CallerHeard))
        if not self._words.note(event, now):
            return
        self._deafness = 0
        self._check_prepared(now)
        if self.state is State.HEARING:
            self._weigh(now)

    def _silent(self, event: ev.Event, now: float) -> None:
        self._hushed_at = now

    def _pause_(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.CallerPaused)
        self._pause = self._last_speech = event.last_speech
        self._weigh(now)

    def _pause_late(self, event: ev.Event, now: float) -> None:
        """The end of a sound that began before the floor was free: a turn if it had words."""
        if self._words.text:
            self._hear(event, now)
            self._pause_(event, now)

    def _weigh(self, now: float) -> None:
        """How long the caller's pause may last; and whether the answer is thought meanwhile: before there is a pause, to words that are
        complete, and to those that come when the caller has just fallen silent."""
        text = self._words.text
        wait_ms = self._patience.wait_ms(text, self._question)
        likely = text and not self._is_farewell(text)
        if self._pause is None:
            hushed = now - self._hushed_at < HUSH_S
            likely = likely and (
                wait_ms < self._manners.unfinished_ms if hushed else wait_ms <= self._manners.finished_ms
            )
        else:
            self._out.append(StartTimer("endpoint", round(max(0.0, wait_ms - (now - self._pause) * 1000))))
            likely = likely and wait_ms < self._manners.unfinished_ms
        if likely and not self._opening and self._prepared is None and self.budget.may_begin():
            self.budget.begin(now)
            self._think(text)
            self._prepared = text
            self._thought_ahead = self._uncounted = True

    def _end_turn(self, event: ev.Event, now: float) -> None:
        if self._last_speech is None:
            self._last_speech = now
        self._endpoint, self._pause = now, None
        self._out += [StopTimer(name) for name in ("idle", "hear", "endpoint")]
        text = self._words.text
        stable_ms = self._manners.stable_ms - (now - self._words.changed_at) * 1000
        if self._words.sure or (text and stable_ms <= 0):
            self._answer(now)
        else:
            self._settle(stable_ms if text else self._manners.final_ms, now)

    def _settle(self, ms: float, now: float) -> None:
        """Wait for the last words, `ms` at first, unless others come."""
        self._settled_by = now + self._manners.final_ms / 1000
        self._wait_for_words(ms, now)
        self.state = State.SETTLING

    def _wait_for_words(self, ms: float, now: float) -> None:
        self._out.append(StartTimer("final", round(max(0.0, min(ms, (self._settled_by - now) * 1000)))))

    def _endless(self, event: ev.Event, now: float) -> None:
        self._last_speech = now
        self._end_turn(event, now)

    def _settled(self, event: ev.Event, now: float) -> None:
        self._note(event, now)
        if self._words.sure:
            self._answer(now)
        elif self._words.text:  # a recogniser that says the same again and again changes nothing
            self._wait_for_words(self._manners.stable_ms - (now - self._words.changed_at) * 1000, now)

    def _unprompted(self, event: ev.Event, now: float) -> None:
        self._note(event, now)
        if self._words.sure:
            if self._last_speech is None:
                self._last_speech = self._endpoint = now
            self._answer(now)

    def _rethink(self, event: ev.Event, now: float) -> None:
        """More words while we think: those of the turn that is answered, or other ones of an utterance that was asked half recognised."""
        assert isinstance(event, (ev.CallerPartlyHeard, ev.CallerHeard))
        if self._firm:  # not audible yet, and not to be missed
            self._words.note(event, now)
            return
        amended = self._words.amend(event, now)
        if not amended:
            self._words.note(event, now)
        if not (amended or self._words.sure) or same(self._words.text, self._answer_text):
            return
        self._out += [Silence(self.reply), StopTimer("think"), StopTimer("filler")]
        if self._words.sure:
            self._answer(now)
        else:  # and perhaps still more
            self._settle(self._manners.stable_ms, now)

    def _give_up(self, event: ev.Event, now: float) -> None:
        if self._words.text:
            self._answer(now)
        elif self._opening:
            self._open()
        elif self._cut:
            self._say(self._manners.unheard)
        else:
            self._listen()

    # -- the floor is ours -------------------------------------------------------------------------------------------

    def _answer(self, now: float) -> None:
        text = self._words.text
        final = self._words.final_at if self._words.sure else now
        self._words.ask()
        self._patience.turn_over()
        self.budget.turn_over()
        self._reminded = 0
        self._cut = self._firm = False
        self._out += [StopTimer("final"), StopTimer("idle")]
        if self._opening:
            self._greet_back(text)
            return
        if self._is_farewell(text):
            self._drop_prepared(now)
            self._close(self._manners.goodbye, Finish("completed", "bot"))
            return
        self._check_prepared(now)
        if self._prepared is None:
            self._think(text)
            self._thought_ahead = False
        elif self._uncounted:
            self._uncounted = False
            self.budget.use()
        self._prepared, self._answer_text = None, text
        self._release(now, final)

    def _greet_back(self, text: str) -> None:
        """The callee's first words: they are greeted, not answered; a machine's end the call."""
        said, most = text.lower(), self._manners.voicemail_chars
        if any(word.lower() in said for word in self._manners.voicemail) or 0 < most < len(text):
            self._finish_with(Finish("completed", "bot", "voicemail", hang_up=True))
            return
        self._spend()
        self._open()

    def _release(self, now: float, final: float) -> None:
        last_speech = now if self._last_speech is None else self._last_speech
        endpoint = max(self._endpoint, last_speech)
        self._out.append(Release(self.reply, self._answer_text, last_speech, endpoint, final))
        self._await_reply()

    def _think(self, text: str) -> None:
        self.reply += 1
        self._asking = False
        self._answer_number = self.reply
        self._out.append(Think(self.reply, text))

    def _await_reply(self) -> None:
        self._out.append(StartTimer("think", self._manners.think_ms))
        if self._manners.filler_ms and self._manners.filler:
            self._out.append(StartTimer("filler", self._manners.filler_ms))
        self.state = State.THINKING

    def _fill(self, event: ev.Event, now: float) -> None:
        if self.reply == self._answer_number:
            fillers = self._manners.filler
            self._out.append(Fill(self.reply, fillers[self._filled % len(fillers)]))
            self._filled += 1

    def _wait_tools(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ToolsBegan)
        self._asking = True
        if self.state is State.SPEAKING or not self._manners.filler_ms:
            self._cover_tools(event.heard_in_ms)

    def _cover_tools(self, heard_in_ms: int = 0) -> None:
        if self._manners.tool_filler_ms and self._manners.filler:
            self._out.append(StartTimer("filler", max(0, heard_in_ms + self._manners.tool_filler_ms)))

    def _tools_done(self, event: ev.Event, now: float) -> None:
        self._asking = self._thought_ahead = False  # who asks the same again does the same deeds again

    def _fill_later(self, event: ev.Event, now: float) -> None:
        self._cover_tools()

    def _speak(self, event: ev.Event, now: float) -> None:
        self._spend()
        self._sounds.reply_began()
        self._pause = None
        self._out += [StopTimer("think"), StopTimer("filler")]
        self.state = State.SPEAKING
        if self._asking:
            self._cover_tools()

    def _too_late(self, event: ev.Event, now: float) -> None:
        """A reply became audible in the moment in which the caller went on: they have interrupted it."""
        self._drop_prepared(now)
        self._spend()
        self._cut = True

    def _lost(self, event: ev.Event, now: float) -> None:
        """The answer that we hold had ended in the moment in which the caller went on, without a sound: there is nothing to release."""
        self._prepared = None

    def _yield(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyDrained)
        self._heard_out(event)
        if event.then is not None:
            self._outcome = self._sequel(event.then)
            self._out.append(StartTimer("closing", self._manners.linger_ms))
            self.state = State.CLOSING
        else:
            self._take_turns(now)

    def _heard_out(self, event: ev.ReplyDrained) -> None:
        """The caller has heard all of the reply."""
        if self.reply == self._answer_number:  # an apology that was heard mends nothing
            self._failures = 0
        self._question, self._firm = event.text, False
        self._out.append(StopTimer("filler"))

    def _sequel(self, then: ev.Sequel) -> Finish:
        if isinstance(then, ev.HandOver):
            return Finish("transfer", "transfer", destination=then.destination, summary=then.summary)
        return Finish("completed", "bot", hang_up=True)

    def _take_turns(self, now: float) -> None:
        """We have said everything. What the caller has said meanwhile is an answer if we had asked, or if it is more than 嗯."""
        text = self._words.text
        if not text or (self._is_murmur(text) and not asks(self._question)):
            self._words.forget()
            self._listen()
            return
        if self._last_speech is None:
            self._last_speech = now
        self._end_turn(ev.TimerFired("endpoint"), now)

    def _nothing(self, event: ev.Event, now: float) -> None:
        """A reply without any speech is a failure like any other: silence is no answer. Unless it is a deed."""
        assert isinstance(event, ev.ReplyDrained)
        if event.then is not None:
            self._spend()
            self._out += [StopTimer("think"), StopTimer("filler")]
            phrase = self._manners.handover if isinstance(event.then, ev.HandOver) else self._manners.goodbye
            self._close(phrase, self._sequel(event.then))
            return
        error = ProviderError("the reply held nothing that can be spoken", provider="model", retry=True)
        self._fail(error, now)

    def _failed(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyFailed)
        if self.state is State.THINKING and self._thought_ahead and event.error.retry:
            self._thought_ahead = False  # nobody has waited for it yet: ask again
            self._think(self._answer_text)
            self._release(now, now)
        else:
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
        self._out += [StopTimer(name) for name in ("think", "filler", "held")]
        if error.retry and self._failures < 2:
            self._say(self._manners.apology)
        else:
            self._close(self._manners.regret, Finish("error", "error", one_line(error)))

    def _deaf(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.RecogniserFailed)
        self._deafness += 1
        if event.error.retry and self._deafness < 3:
            self._out.append(Listen())
        else:
            self._hush(now)
            self._close(self._manners.regret, Finish("error", "error", one_line(event.error)))

    # -- a sound of the caller while we speak ------------------------------------------------------------------------

    def _doubt(self, event: ev.Event, now: float) -> None:
        if self._manners.hold_ms and self._sounds.hold_for(loud=False):
            self._hold(now, loud=False)

    def _insist(self, event: ev.Event, now: float) -> None:
        """The sound is as long as speech."""
        if self.state is State.HELD:
            self._sounds.loud = True
        elif not self._manners.hold_ms and not self._firm:
            self._cut_in(now)
        elif self._sounds.hold_for(loud=True):
            self._hold(now, loud=True)

    def _hold(self, now: float, loud: bool) -> None:
        if self._firm:
            return
        self._pause = None
        self._sounds.hold(now, loud=loud)
        self._out += [Hold(self.reply), StartTimer("held", self._manners.hold_ms)]
        self.state = State.HELD

    def _doubt_on(self, event: ev.Event, now: float) -> None:
        """Another sound before the first was understood."""
        self._pause = None
        self._wait_held(self._manners.hold_ms, now)

    def _weigh_up(self, event: ev.Event, now: float) -> None:
        """The sound is over."""
        assert isinstance(event, ev.CallerPaused)
        self._pause = self._last_speech = event.last_speech
        if self._words.changed_at >= self._sounds.held_at or not self._sounds.loud:
            self._resume(event, now)
        else:
            self._wait_held(WORDS_MS, now)

    def _wait_held(self, ms: float, now: float) -> None:
        self._out.append(StartTimer("held", self._sounds.bounded_ms(ms, now)))

    def _words_(self, event: ev.Event, now: float) -> None:
        self._note(event, now)
        if self._words.text and not self._is_murmur(self._words.text):
            self._cut_in(now)
        elif self._words.text and self._pause is not None:
            self._resume(event, now)

    def _murmur(self, event: ev.Event, now: float) -> None:
        """Words while we speak that no sound announced, or that come after it was given up."""
        self._note(event, now)
        if self._manners.hold_ms and not self._firm and self._words.text and not self._is_murmur(self._words.text):
            self._cut_in(now)

    def _resume(self, event: ev.Event, now: float) -> None:
        self._sounds.vain(words=bool(self._words.text))
        self.resumed += 1
        self._out += [Resume(self.reply), StopTimer("held")]
        self.state = State.SPEAKING

    def _yield_held(self, event: ev.Event, now: float) -> None:
        """There was nothing left to hold."""
        assert isinstance(event, ev.ReplyDrained)
        self._out.append(StopTimer("held"))
        if self._pause is not None or event.then is not None:
            self._yield(event, now)
        else:
            self._heard_out(event)
            self._hear_caller()

    def _cut_in(self, now: float) -> None:
        self._out += [Silence(self.reply), StopTimer("held"), StopTimer("filler")]
        self._cut = True
        self._question = ""
        pause = self._pause
        self._hear_caller()
        if pause is not None:
            self._pause = pause
            self._weigh(now)

    def _is_murmur(self, text: str) -> bool:
        return may_become_backchannel(text, self._manners.backchannels)

    # -- keys, operators, timers -------------------------------------------------------------------------------------

    def _press(self, event: ev.Event, now: float) -> None:
        """A key ends a reply, whatever it is; a group of them is what the caller has to say."""
        assert isinstance(event, ev.KeyPressed)
        if self._is_for_a_person(event.key):
            self._hush(now)
            self._close(self._manners.handover, self._to_a_person())
            return
        if self.state in (State.THINKING, State.SPEAKING, State.HELD):
            self._out += [Silence(self.reply), *(StopTimer(name) for name in ("think", "filler", "held"))]
            self._firm = False
            self._spend()
            self._listen()
        if self._keys.press(event.key):
            self._typed(event, now)
        else:
            self._out += [StartTimer("keys", self._keys.ms), StopTimer("idle")]

    def _press_last(self, event: ev.Event, now: float) -> None:
        """The key that reaches a person does so also while we say our last words, and within the same bound."""
        assert isinstance(event, ev.KeyPressed)
        if self._is_for_a_person(event.key) and self._outcome.destination != self._manners.person:
            self._outcome = self._to_a_person()
            if self._manners.handover:
                self.reply += 1
                self._out.append(Say(self.reply, self._manners.handover))

    def _is_for_a_person(self, key: str) -> bool:
        return bool(self._manners.person) and key == self._manners.person_key

    def _to_a_person(self) -> Finish:
        return Finish("transfer", "transfer", destination=self._manners.person)

    def _typed(self, event: ev.Event, now: float) -> None:
        self._out.append(StopTimer("keys"))
        keys = self._keys.take()
        if keys:
            self._words.type(f"（按键：{keys}）", now)
        if self.state is State.LISTENING:
            if keys:
                self._last_speech = self._endpoint = now
                self._answer(now)
            else:
                self._out.append(StartTimer("idle", self._manners.idle_ms))
        elif keys and self.state is State.THINKING:
            self._out += [Silence(self.reply), StopTimer("think"), StopTimer("filler")]
            self._answer(now)

    def _obey(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.SpeechAsked)
        self._hush(now)
        self._say(event.text)

    def _remind(self, event: ev.Event, now: float) -> None:
        if self._opening:
            self._open()
            return
        self._reminded += 1
        texts = self._manners.reminder
        if self._reminded > self._manners.reminders:
            self._close(self._manners.goodbye, Finish("timeout", "timeout"))
        else:
            self._say(texts[(self._reminded - 1) % len(texts)] if texts else "")

    def _warn(self, event: ev.Event, now: float) -> None:
        if self.state is State.LISTENING:
            self._out.append(StopTimer("idle"))
            self._say(self._manners.warning)
        else:
            self._later.append(self._manners.warning)

    def _expire(self, event: ev.Event, now: float) -> None:
        self._hush(now)
        self._close(self._manners.goodbye, Finish("timeout", "timeout"))

    # -- the end -----------------------------------------------------------------------------------------------------

    def _close(self, text: str, outcome: Finish) -> None:
        """Say one last thing, then finish."""
        self._outcome = outcome
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
        self._pause = None
        self._out.append(StartTimer("hear", self._manners.hear_ms))
        self.state = State.HEARING

    def _went_on(self, at: float) -> None:
        if self._last_speech is not None:
            self._patience.went_on((at - self._last_speech) * 1000)

    def _check_prepared(self, now: float) -> None:
        if self._prepared is not None and not same(self._prepared, self._words.text):
            self._drop_prepared(now)

    def _drop_prepared(self, now: float) -> None:
        if self._prepared is not None:
            self._prepared = None
            if self._uncounted:
                self._uncounted = False
                self.budget.drop(now)
            self._out.append(Silence(self.reply))

    def _say(self, text: str, firm: bool = False) -> None:
        """Speak a phrase of the profile, or, where it is empty, give the floor away."""
        self._cut = self._thought_ahead = False
        if not text:
            self._listen()
            return
        self.reply += 1
        self._firm = firm
        self._out += [Say(self.reply, text), StartTimer("think", self._manners.think_ms)]
        self.state = State.THINKING

    def _hush(self, now: float) -> None:
        """End the reply under way, if there is one, and every wait of this turn."""
        if self.state in (State.THINKING, State.SPEAKING, State.HELD):
            self._out.append(Silence(self.reply))
        self._drop_prepared(now)
        names = ("think", "filler", "held", "idle", "final", "hear", "endpoint")
        self._out += [StopTimer(name) for name in names]

    def _listen(self) -> None:
        self._cut = False
        if self._later:
            self._say(self._later.pop(0))
            return
        self._out.append(StartTimer("idle", self._manners.idle_ms))
        self.state = State.LISTENING

    def _spend(self) -> None:
        """The words are answered."""
        self._words.spend()
        self._last_speech = None

    def _is_farewell(self, text: str) -> bool:
        return is_farewell(text, self._manners.farewells)


Rule = Callable[[Turn, ev.Event, float], None]
METHODS = {"pause": "_pause_", "words": "_words_", "endpoint": "_end_turn"}
"""Where a method is not called as in the table."""


def _method(name: str) -> Rule:
    rule: Rule = getattr(Turn, METHODS.get(name, f"_{name}"))
    return rule


RULES = read(_method)
