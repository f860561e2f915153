"""The turn machine: its stories as playbooks, each cell of its table, and any order of events."""

from __future__ import annotations

import dataclasses
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword import events as ev
from firstword.commands import Finish, Listen, Say, Silence, StartTimer, StopTimer, Think
from firstword.errors import ProviderError
from firstword.turn import RULES, Manners, State, Turn, join

MANNERS = Manners(
    greeting="hello", goodbye="bye now", apology="sorry", regret="no service", unheard="pardon", reminder="still there?"
)
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
        got = self.said.pop(0)
        if isinstance(got, Think):
            got = ("think", got.reply, got.text)
        assert got == expected
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
    play >> ev.CallerBegan(play.now)
    play >> ev.CallerHeard(text, utterance)
    play >> ev.CallerStopped(play.now)
    return play


def test_a_question_is_answered_as_soon_as_the_caller_falls_silent() -> None:
    play = asked(greeted()) << ("think", 2, "what does it cost") << State.THINKING
    play >> ev.ReplyBegan(2) << State.SPEAKING
    play >> ev.ReplyDrained(2) << State.LISTENING
    assert play.timers == {"call": MANNERS.call_ms, "idle": MANNERS.idle_ms}


def test_words_that_come_after_the_endpoint_are_waited_for() -> None:
    play = greeted()
    play >> ev.CallerBegan(100.0) >> ev.CallerPartlyHeard("what does", 1) >> ev.CallerStopped(101.0) << State.SETTLING
    assert play.timers["final"] == MANNERS.final_ms
    play >> ev.CallerHeard("what does it cost", 1) << ("think", 2, "what does it cost")
    assert "final" not in play.timers


def test_a_recogniser_that_never_gets_sure_is_answered_from_what_it_thought() -> None:
    play = greeted()
    play >> ev.CallerBegan(100.0) >> ev.CallerPartlyHeard("what does it", 1) >> ev.CallerStopped(101.0)
    play >> ev.TimerFired("final") << ("think", 2, "what does it")
    play >> ev.CallerHeard("what does it cost", 1)
    play.silent()  # late: it was answered


def test_noise_without_words_gives_the_floor_back() -> None:
    play = greeted()
    play >> ev.CallerBegan(100.0) >> ev.CallerStopped(101.0) >> ev.TimerFired("final")
    play.silent() << State.LISTENING


def test_noise_that_cut_a_reply_is_asked_about() -> None:
    play = asked(greeted())
    play >> ev.ReplyBegan(2) >> ev.CallerBegan(103.0) << Silence(2)
    play >> ev.CallerStopped(103.3) >> ev.TimerFired("final") << Say(3, "pardon")


def test_noise_that_never_ends_does_not_hold_the_floor_for_ever() -> None:
    play = greeted()
    play >> ev.CallerBegan(100.0)
    assert play.timers["hear"] == MANNERS.hear_ms
    play >> ev.TimerFired("hear") << State.SETTLING


def test_a_barge_in_silences_the_reply_and_its_late_events_mean_nothing() -> None:
    play = asked(greeted())
    play >> ev.ReplyBegan(2) >> ev.CallerBegan(103.0) << Silence(2) << State.HEARING
    play >> ev.ReplyDrained(2) << State.HEARING
    play >> ev.CallerHeard("no, the other one", 2) >> ev.CallerStopped(104.0) << ("think", 3, "no, the other one")
    play >> ev.ReplyBegan(2)
    play.silent() << State.THINKING


def test_a_caller_who_goes_on_while_we_think_is_answered_once_with_all_the_words() -> None:
    play = asked(greeted(), "what does it cost")
    play >> ev.CallerBegan(103.0) << Silence(2) << State.HEARING
    play >> ev.CallerHeard("to Beijing", 2) >> ev.CallerStopped(104.0) << ("think", 3, "what does it cost to Beijing")


def test_a_sentence_that_comes_late_while_we_think_is_added() -> None:
    play = asked(greeted(), "寄到北京")
    play >> ev.CallerHeard("多少钱？", 2) << Silence(2) << ("think", 3, "寄到北京多少钱？")


def test_words_are_spent_once_the_answer_is_audible() -> None:
    play = asked(greeted(), "one")
    play >> ev.ReplyBegan(2) >> ev.ReplyDrained(2)
    asked(play, "two", 2) << ("think", 3, "two")


def test_words_without_voice_activity_are_answered_when_the_floor_is_free() -> None:
    play = greeted()
    play >> ev.CallerHeard("好", 1) << ("think", 2, "好")


def test_words_without_voice_activity_do_not_interrupt() -> None:
    play = asked(greeted())
    play >> ev.ReplyBegan(2) >> ev.CallerHeard("嗯", 2)
    play.silent() << State.SPEAKING


@pytest.mark.parametrize("text", ["再见", "好的，谢谢，再见。", "Goodbye!", "ok. bye", "OK bye", "那就再见了。"])
def test_a_farewell_is_answered_with_the_goodbye_and_ends_the_call(text: str) -> None:
    play = asked(greeted(), text) << Say(2, "bye now") << State.CLOSING
    play >> ev.CallerBegan(105.0)
    play.silent()
    play >> ev.ReplyDrained(2)
    play.silent()  # the codec and the caller's jitter buffer still hold the last of it
    assert play.timers["closing"] == Manners().linger_ms
    play >> ev.TimerFired("closing") << Finish("completed", "bot")


@pytest.mark.parametrize("text", ["再见面的时候要带什么？", "standby", "bye-laws"])
def test_a_word_that_only_looks_like_a_farewell_is_answered(text: str) -> None:
    asked(greeted(), text) << ("think", 2, text)


def test_a_goodbye_that_never_ends_is_bounded() -> None:
    play = asked(greeted(), "bye")
    play >> ev.TimerFired("closing")
    assert isinstance(play.said[-1], Finish)


def test_a_failed_reply_is_apologised_for_once_and_the_second_time_ends_the_call() -> None:
    play = asked(greeted())
    play >> ev.ReplyFailed(2, BUSY) << Say(3, "sorry")
    play >> ev.ReplyFailed(3, BUSY) << Say(4, "no service") << State.CLOSING
    play >> ev.ReplyFailed(4, BUSY) << Finish("error", "error", "test: busy")


def test_an_apology_that_was_heard_does_not_make_the_next_failure_the_first() -> None:
    play = asked(greeted())
    play >> ev.ReplyFailed(2, BUSY) << Say(3, "sorry")
    play >> ev.ReplyBegan(3) >> ev.ReplyDrained(3) << State.LISTENING
    asked(play, "again", 2)
    play >> ev.ReplyFailed(4, BUSY) << Say(5, "no service") << State.CLOSING


def test_an_answer_that_was_heard_forgives_the_failure_before() -> None:
    play = asked(greeted())
    play >> ev.ReplyFailed(2, BUSY) >> ev.ReplyBegan(3) >> ev.ReplyDrained(3)
    asked(play, "again", 2)
    play >> ev.ReplyBegan(4) >> ev.ReplyDrained(4)
    asked(play, "and again", 3)
    play >> ev.ReplyFailed(5, BUSY) << Say(6, "sorry")


def test_a_reply_that_failed_for_good_ends_the_call() -> None:
    play = asked(greeted())
    play >> ev.ReplyFailed(2, WRONG_KEY) << Say(3, "no service")
    play >> ev.ReplyDrained(3) >> ev.TimerFired("closing") << Finish("error", "error", "test: wrong key")


def test_an_empty_reply_is_no_answer() -> None:
    play = asked(greeted())
    play >> ev.ReplyDrained(2, empty=True) << Say(3, "sorry")


def test_a_model_that_never_says_a_word_is_given_up() -> None:
    play = asked(greeted())
    assert play.timers["think"] == MANNERS.think_ms
    play >> ev.TimerFired("think") << Silence(2) << Say(3, "sorry")


def test_a_lost_recogniser_is_started_again_until_it_is_hopeless() -> None:
    play = greeted()
    play >> ev.RecogniserFailed(BUSY) << Listen()
    play >> ev.RecogniserFailed(BUSY) << Listen()
    play >> ev.RecogniserFailed(BUSY) << Say(2, "no service")
    play >> ev.ReplyDrained(2) >> ev.TimerFired("closing") << Finish("error", "error", "test: busy")


def test_a_silent_caller_is_reminded_and_then_said_goodbye_to() -> None:
    play = greeted(dataclasses.replace(MANNERS, reminders=1))
    play >> ev.TimerFired("idle") << Say(2, "still there?")
    play >> ev.ReplyBegan(2) >> ev.ReplyDrained(2) >> ev.TimerFired("idle") << Say(3, "bye now")
    play >> ev.ReplyDrained(3) >> ev.TimerFired("closing") << Finish("timeout", "timeout")


def test_the_longest_call_ends_with_a_goodbye_in_mid_reply() -> None:
    play = asked(greeted())
    play >> ev.ReplyBegan(2) >> ev.TimerFired("call") << Silence(2) << Say(3, "bye now")


def test_a_key_stops_what_is_being_said() -> None:
    play = asked(greeted())
    play >> ev.ReplyBegan(2) >> ev.KeyPressed("1") << Silence(2) << State.LISTENING


def test_the_operator_speaks_over_everything() -> None:
    play = asked(greeted())
    play >> ev.SpeechAsked("please hold") << Silence(2) << Say(3, "please hold")


def test_a_profile_without_phrases_says_nothing_of_its_own() -> None:
    mute = Manners(greeting="", goodbye="", apology="", regret="", unheard="", reminder="")
    play = Playbook(mute)
    play >> ev.Answered() << Listen() << State.LISTENING
    asked(play, "bye") << Finish("completed", "bot")


@pytest.mark.parametrize("state", [state for state in State if state is not State.OVER])
def test_a_hang_up_ends_the_call_in_every_state(state: State) -> None:
    turn = Turn(MANNERS)
    turn.state = state
    assert turn.handle(ev.HungUp("caller"), 1.0)[-1] == Finish("hangup", "caller")
    assert turn.state is State.OVER


TIMERS = ("idle", "hear", "final", "think", "closing", "call")


def some(kind: type, reply: int) -> ev.Event:
    """An event of `kind` about `reply`."""
    values = {
        "at": 1.0, "last_speech": 1.0, "text": "words", "utterance": 1, "error": BUSY, "reply": reply,
        "empty": False, "key": "1", "name": "idle", "by": "caller", "why": "broken",
    }  # fmt: skip
    return kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})


def test_every_cell_of_the_table_leads_to_a_known_state_or_nothing() -> None:
    kinds = [kind for kind in typing.get_args(ev.Event) if kind is not ev.TimerFired]
    every = [some(kind, 3) for kind in kinds] + [ev.TimerFired(name) for name in TIMERS]
    assert len(RULES) == len(every) * len(State), "a row is missing from the table, or is about no event"
    for event in every:
        for state in State:
            turn = Turn(MANNERS)
            turn.state, turn.reply = state, 3
            commands = turn.handle(event, 2.0)
            assert turn.state in State
            assert (turn.state is State.OVER) == (state is State.OVER or any(isinstance(c, Finish) for c in commands))
            if state is State.OVER:
                assert commands == []


_events = st.one_of(
    st.sampled_from(
        [ev.CallerBegan(0.0), ev.CallerStopped(0.0), ev.RecogniserFailed(BUSY), ev.KeyPressed("5"), ev.SpeechAsked("x")]
    ),
    st.builds(ev.CallerPartlyHeard, st.text(max_size=3), st.integers(1, 5)),
    st.builds(ev.CallerHeard, st.text(max_size=3), st.integers(1, 5)),
    st.builds(ev.ReplyBegan, st.integers(1, 9)),
    st.builds(ev.ReplyDrained, st.integers(1, 9), st.booleans()),
    st.builds(ev.ReplyFailed, st.integers(1, 9), st.sampled_from([BUSY, WRONG_KEY])),
    st.builds(ev.TimerFired, st.sampled_from(TIMERS)),
    st.sampled_from([ev.HungUp("caller"), ev.HangUpAsked(), ev.Broke("x")]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_events, max_size=60))
def test_in_any_order_of_events_replies_are_numbered_and_no_state_is_a_dead_end(story: list[ev.Event]) -> None:
    turn, timers, numbers, open_reply, finished = Turn(MANNERS), set(), [], None, 0
    for at, event in enumerate([ev.Answered(), *story]):
        if isinstance(event, ev.TimerFired):
            if event.name not in timers:
                continue  # a timer fires only if it was started
            timers.discard(event.name)
        for command in turn.handle(event, float(at)):
            match command:
                case StartTimer(name):
                    timers.add(name)
                case StopTimer(name):
                    timers.discard(name)
                case Think() | Say():
                    numbers.append(command.reply)
                    open_reply = command.reply
                    assert command.text
                case Silence(reply):
                    assert reply == open_reply, "only the reply that was begun last can be silenced"
                case Finish():
                    finished += 1
        waits_for = {
            State.LISTENING: "idle", State.HEARING: "hear", State.SETTLING: "final", State.THINKING: "think", State.CLOSING: "closing",
        }.get(turn.state)  # fmt: skip
        assert waits_for is None or waits_for in timers, f"{turn.state} has no timer after {event}"
    assert numbers == list(range(1, len(numbers) + 1))
    assert finished == (turn.state is State.OVER)


def test_utterances_are_joined_as_each_script_is_written() -> None:
    assert join(["我想寄快递", "到北京"]) == "我想寄快递到北京"
    assert join(["hello", "", "there"]) == "hello there"
