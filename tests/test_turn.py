"""The turn machine: its stories as playbooks, each cell of its table, and any order of events."""

from __future__ import annotations

import dataclasses
import random
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword import events as ev
from firstword.commands import Fill, Finish, Hold, Listen, Release, Resume, Say, Silence, StartTimer, StopTimer, Think
from firstword.errors import ProviderError
from firstword.turn import RULES, Manners, State, Turn, join
from firstword.turn.machine import HELD_MOST_S

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


def test_a_question_is_answered_as_soon_as_the_caller_falls_silent() -> None:
    play = asked(greeted()) << ("think", 2, "what does it cost") << State.THINKING
    play >> ev.ReplyBegan(2) << State.SPEAKING
    play >> ev.ReplyDrained(2) << State.LISTENING
    assert play.timers == {"call": MANNERS.call_ms, "idle": MANNERS.idle_ms}


def test_words_that_come_after_the_endpoint_are_waited_for() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=5000))
    play.begins() >> ev.CallerPartlyHeard("what does", 1)
    play.stops() << State.SETTLING
    assert 0 < play.timers["final"] < 5000, "if it does not change meanwhile"
    play >> ev.CallerHeard("what does it cost", 1) << ("think", 2, "what does it cost")
    assert "final" not in play.timers


def test_an_endpoint_without_words_waits_for_the_recogniser() -> None:
    play = greeted().begins().stops() << State.SETTLING
    assert play.timers["final"] == MANNERS.final_ms
    play >> ev.CallerHeard("what does it cost", 1) << ("think", 2, "what does it cost")


def test_words_that_do_not_change_any_more_are_answered_without_the_recogniser_s_last_word() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300))
    play.begins() >> ev.CallerPartlyHeard("what does it cost", 1)
    play.stops() << ("think", 2, "what does it cost")
    play >> ev.CallerHeard("What does it cost?", 1)
    play.silent() << State.THINKING


def test_a_last_word_that_comes_late_is_added_before_the_answer_is_heard() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300))
    play.begins() >> ev.CallerPartlyHeard("what does it cost", 1)
    play.stops() << ("think", 2, "what does it cost")
    (
        play
        >> ev.CallerHeard("what does it cost to Beijing", 1)
        << Silence(2)
        << ("think", 3, "what does it cost to Beijing")
    )
    play >> ev.ReplyBegan(3) >> ev.CallerHeard("what does it cost to Beijing", 1)
    play.silent() << State.SPEAKING


def test_partial_words_that_grow_while_we_think_are_waited_for_again() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300))
    play.begins() >> ev.CallerPartlyHeard("what does", 1)
    play.stops() << ("think", 2, "what does")
    play >> ev.CallerPartlyHeard("what does it", 1) << Silence(2) << State.SETTLING
    play >> ev.CallerPartlyHeard("what does it cost", 1)
    play.fires("final") << ("think", 3, "what does it cost")


def test_a_recogniser_that_never_gets_sure_is_answered_from_what_it_thought() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=2000))
    play.begins() >> ev.CallerPartlyHeard("what does it", 1)
    play.stops().fires("final") << ("think", 2, "what does it")
    play >> ev.ReplyBegan(2) >> ev.CallerHeard("what does it cost", 1)
    play.silent()  # late: it is being answered


def test_noise_without_words_gives_the_floor_back() -> None:
    play = greeted().begins().stops() >> ev.TimerFired("final")
    play.silent() << State.LISTENING


def test_noise_that_never_ends_does_not_hold_the_floor_for_ever() -> None:
    play = greeted().begins()
    assert play.timers["hear"] == MANNERS.hear_ms
    play >> ev.TimerFired("hear") << State.SETTLING


# When the caller has finished.


@pytest.mark.parametrize(
    ("said", "wait_ms"),
    [
        ("请问明天会下雨吗？", MANNERS.finished_ms),
        ("我想查订单", MANNERS.endpoint_ms),
        ("我想寄一个快递，然后", MANNERS.unfinished_ms),
        ("我的手机号是138", MANNERS.dictation_ms),
        ("", MANNERS.endpoint_ms),
    ],
)
def test_how_long_a_pause_may_last_is_a_matter_of_what_was_said(said: str, wait_ms: int) -> None:
    play = greeted().begins()
    if said:
        play >> ev.CallerPartlyHeard(said, 1)
    last = play.now
    play.now += 0.1
    play >> ev.CallerPaused(last)
    assert play.timers["endpoint"] == pytest.approx(wait_ms - 200, abs=1), "200 ms of it are over"


def test_words_that_come_in_the_pause_change_how_long_it_may_last() -> None:
    play = greeted().begins() >> ev.CallerPartlyHeard("请问明天会下雨吗？", 1)
    last = play.now
    play >> ev.CallerPaused(last) >> ev.CallerHeard("请问明天会下雨吗，因为", 1)
    assert play.timers["endpoint"] == pytest.approx(MANNERS.unfinished_ms - 200, abs=1)


def test_a_caller_who_goes_on_after_a_pause_has_not_finished() -> None:
    play = greeted().begins() >> ev.CallerPartlyHeard("我想查一下", 1)
    play >> ev.CallerPaused(play.now) >> ev.CallerStirred(play.now)
    assert "endpoint" not in play.timers
    play >> ev.CallerHeard("我想查一下订单", 1)
    play.stops() << ("think", 2, "我想查一下订单")


def test_a_caller_who_often_pauses_is_given_more_time_and_one_who_never_does_less() -> None:
    def endpoint_ms(pauses_s: list[float]) -> int:
        play = greeted().begins() >> ev.CallerPartlyHeard("我想查订单", 1)
        for pause_s in pauses_s:
            play >> ev.CallerPaused(play.now)
            play.now += pause_s
            play >> ev.CallerStirred(play.now)
        play >> ev.CallerPaused(play.now)
        return play.timers["endpoint"] + 100

    assert endpoint_ms([]) == MANNERS.endpoint_ms
    assert endpoint_ms([0.4]) == pytest.approx(700, abs=100)
    assert endpoint_ms([0.4, 5.0]) == MANNERS.endpoint_most_ms
    play = greeted()
    for number in range(1, 9):
        asked(play, "订单", number) >> ev.ReplyBegan(play.turn.reply) >> ev.ReplyDrained(play.turn.reply)
    play.begins() >> ev.CallerHeard("我想查订单", 99) >> ev.CallerPaused(play.now)
    assert play.timers["endpoint"] + 100 == MANNERS.endpoint_least_ms


# Thinking ahead.


def test_the_answer_is_thought_in_the_pause_and_released_when_the_turn_is_over() -> None:
    play = greeted(AHEAD).begins() >> ev.CallerPartlyHeard("what does it cost", 1)
    play >> ev.CallerPaused(play.now) << ("think ahead", 2, "what does it cost") << State.HEARING
    play >> ev.CallerHeard("What does it cost?", 1)
    play.silent()
    play.fires("endpoint") << ("release", 2, "What does it cost?") << State.THINKING
    assert (play.turn.budget.begun, play.turn.budget.used) == (1, 1)


def test_the_answer_to_words_that_are_complete_is_thought_before_there_is_a_pause() -> None:
    play = greeted(AHEAD)
    play.begins() >> ev.CallerPartlyHeard("你们几点", 1)
    play.silent() >> ev.CallerPartlyHeard("你们几点关门吗", 1) << ("think ahead", 2, "你们几点关门吗")
    play >> ev.CallerPartlyHeard("你们几点关门吗，还有", 1) << Silence(2)
    play.silent() << State.HEARING


def test_an_answer_to_other_words_was_thought_in_vain() -> None:
    play = greeted(AHEAD).begins() >> ev.CallerPartlyHeard("what does it", 1)
    play >> ev.CallerPaused(play.now) << ("think ahead", 2, "what does it")
    play >> ev.CallerStirred(play.now)
    play.silent()  # perhaps it is only a noise
    play >> ev.CallerPartlyHeard("what does it cost", 1) << Silence(2)
    play >> ev.CallerPaused(play.now) << ("think ahead", 3, "what does it cost")
    play.fires("endpoint") << ("release", 3, "what does it cost")
    assert (play.turn.budget.begun, play.turn.budget.used) == (2, 1)


def test_nothing_is_thought_ahead_of_what_is_visibly_unfinished_or_a_farewell() -> None:
    for said in ("我想寄快递，然后", "我的手机号是138", "再见"):
        play = greeted(AHEAD).begins() >> ev.CallerPartlyHeard(said, 1)
        play >> ev.CallerPaused(play.now)
        play.silent()


def test_thinking_in_vain_has_a_budget() -> None:
    def wasted(after_s: float) -> int:
        play = greeted(AHEAD)
        for number in range(1, 31):
            play.begins() >> ev.CallerPartlyHeard("我想查天气", number)
            play >> ev.CallerPaused(play.now) >> ev.CallerStirred(play.now)
            play.now += after_s
            play >> ev.CallerHeard("我想查航班", number) >> ev.CallerPaused(play.now)
            play.fires("endpoint") >> ev.ReplyBegan(play.turn.reply) >> ev.ReplyDrained(play.turn.reply)
        return play.turn.budget.begun - play.turn.budget.used

    assert 10 <= wasted(2.0) <= 2 + 1 + 30 * 0.4
    assert wasted(0.1) == 30, "what is dropped before a model sends a token costs next to nothing"


def test_an_answer_that_was_thought_ahead_and_failed_is_asked_for_again() -> None:
    play = greeted(AHEAD).begins() >> ev.CallerHeard("what does it cost", 1)
    play >> ev.CallerPaused(play.now) << ("think ahead", 2, "what does it cost")
    play.fires("endpoint") << ("release", 2, "what does it cost")
    play >> ev.ReplyFailed(2, BUSY) << ("think", 3, "what does it cost") << State.THINKING
    play >> ev.ReplyFailed(3, BUSY) << Say(4, "sorry")


# When the caller interrupts.


def speaking(manners: Manners = MANNERS) -> Playbook:
    return asked(greeted(manners)) >> ev.ReplyBegan(2) << State.SPEAKING


def test_a_sound_holds_the_reply_and_words_end_it() -> None:
    play = speaking() >> ev.CallerStirred(103.0) << Hold(2) << State.HELD
    play >> ev.CallerBegan(103.0)
    play.silent()
    play >> ev.CallerPartlyHeard("no, the", 2) << Silence(2) << State.HEARING
    play >> ev.ReplyDrained(2) << State.HEARING
    play >> ev.CallerHeard("no, the other one", 2)
    play.stops() << ("think", 3, "no, the other one")
    play >> ev.ReplyBegan(2)
    play.silent() << State.THINKING


def test_a_cough_lets_it_go_on() -> None:
    play = speaking() >> ev.CallerStirred(103.0) << Hold(2)
    play >> ev.CallerPaused(103.2) << Resume(2) << State.SPEAKING
    assert "held" not in play.timers
    assert play.turn.resumed == 1


def test_a_sound_as_long_as_speech_waits_for_its_words_and_then_lets_it_go_on() -> None:
    play = speaking().begins() << Hold(2)
    play >> ev.CallerPaused(103.2)
    play.silent() << State.HELD
    play.fires("held") << Resume(2) << State.SPEAKING


def test_noise_that_does_not_end_lets_it_go_on_too() -> None:
    play = speaking().begins() << Hold(2)
    assert play.timers["held"] == MANNERS.hold_ms
    play.fires("held") << Resume(2)


def test_however_many_sounds_follow_each_other_a_reply_is_not_held_for_ever() -> None:
    play = speaking().begins() << Hold(2)
    began = play.now
    while play.turn.state is State.HELD:
        play >> ev.CallerPaused(play.now) >> ev.CallerStirred(play.now)
        play.now += 0.3
        if play.timers["held"] == 0:
            play.fires("held")
        assert play.now - began < 5
    play << Resume(2)


@pytest.mark.parametrize("text", ["嗯", "嗯。", "对对对", "好的", "ok", "Uh-huh"])
def test_a_listener_s_word_does_not_end_a_reply(text: str) -> None:
    play = speaking().begins() << Hold(2)
    play >> ev.CallerPartlyHeard(text, 2)
    play.silent()
    play >> ev.CallerPaused(103.4) << Resume(2)
    play >> ev.CallerHeard(text, 2) >> ev.ReplyDrained(2, text="it costs ten yuan.") << State.LISTENING
    play >> ev.CallerHeard(text, 2)
    play.silent()  # it was no answer to anything


@pytest.mark.parametrize(
    ("before", "partial", "ends"),
    [
        ("mhm", "m", False),
        ("对", "对 o", False),
        ("嗯", "嗯停", True),
        ("好的", "好的 w", True),
        ("ok", "ok wait", True),
    ],
)
def test_the_beginning_of_another_listener_s_word_ends_nothing(before: str, partial: str, ends: bool) -> None:
    play = speaking().begins() >> ev.CallerHeard(before, 2) >> ev.CallerPaused(103.4) << Resume(2)
    play.begins() << Hold(2)
    play >> ev.CallerPartlyHeard(partial.removeprefix(before), 3)
    assert (play.turn.state is State.HEARING) == ends


def test_a_listener_s_word_that_goes_on_is_an_interruption() -> None:
    play = speaking().begins() << Hold(2)
    play >> ev.CallerPartlyHeard("好", 2) >> ev.CallerPartlyHeard("好的", 2)
    play.silent()
    play >> ev.CallerPartlyHeard("好的我想", 2) << Silence(2) << State.HEARING


def test_a_listener_s_word_at_the_end_of_a_question_is_the_answer_to_it() -> None:
    play = speaking().begins() >> ev.CallerPartlyHeard("对", 2) >> ev.CallerPaused(103.0) >> ev.CallerHeard("对。", 2)
    play >> ev.ReplyDrained(2, text="是寄到北京吗？") << ("think", 3, "对。")


def test_words_that_come_after_the_reply_went_on_end_it_all_the_same() -> None:
    play = speaking() >> ev.CallerStirred(103.0) >> ev.CallerPaused(103.1) << Resume(2)
    play >> ev.CallerHeard("停一下", 2) << Silence(2) << State.HEARING
    play.stops() << ("think", 3, "停一下")


def test_a_caller_who_makes_noises_all_the_time_is_asked_for_more_and_more() -> None:
    play = speaking()
    for _ in range(2):
        play >> ev.CallerStirred(play.now) << Hold(2)
        play >> ev.CallerPaused(play.now) << Resume(2)
    for _ in range(2):
        play >> ev.CallerStirred(play.now)
        play.silent()
        play >> ev.CallerBegan(play.now) << Hold(2)
        play >> ev.CallerPaused(play.now)
        play.fires("held") << Resume(2)
    play.begins()
    play.silent() << State.SPEAKING
    play >> ev.CallerPartlyHeard("停一下", 2) << Silence(2)


def test_a_reply_that_was_over_when_it_was_held_gives_the_floor_to_whoever_makes_the_sound() -> None:
    play = speaking().begins() << Hold(2)
    play >> ev.ReplyDrained(2, text="done.") << State.HEARING
    assert "hear" in play.timers and "held" not in play.timers
    play = speaking() >> ev.CallerStirred(103.0) << Hold(2)
    play >> ev.CallerPartlyHeard("嗯", 2) >> ev.ReplyDrained(2, text="done.") << State.HEARING


def test_a_profile_may_want_replies_cut_at_once() -> None:
    play = speaking(dataclasses.replace(MANNERS, hold_ms=0))
    play >> ev.CallerStirred(103.0)
    play.silent()
    play >> ev.CallerBegan(103.0) << Silence(2) << State.HEARING
    play.stops() >> ev.TimerFired("final") << Say(3, "pardon")


def test_a_legal_notice_is_heard_to_its_end_whatever_the_caller_says_and_then_greeted() -> None:
    play = Playbook(dataclasses.replace(MANNERS, notice="this call is recorded"))
    play >> ev.Answered() << Listen() << Say(1, "this call is recorded")
    play.begins()
    play.silent() << State.THINKING
    play >> ev.ReplyBegan(1)
    play.begins() >> ev.CallerPartlyHeard("hello? who is there", 1)
    play.silent() << State.SPEAKING
    play >> ev.CallerHeard("hello? who is there", 1) >> ev.ReplyDrained(1)
    play << ("think", 2, "hello? who is there")
    play >> ev.ReplyBegan(2) >> ev.ReplyDrained(2) << Say(3, "hello")


def test_a_key_ends_even_a_legal_notice() -> None:
    play = Playbook(dataclasses.replace(MANNERS, notice="this call is recorded"))
    play >> ev.Answered() >> ev.ReplyBegan(1) >> ev.KeyPressed("1") << Silence(1) << Say(2, "hello")


def test_a_caller_who_goes_on_while_we_think_is_answered_once_with_all_the_words() -> None:
    play = asked(greeted(), "what does it cost")
    play.begins() << Hold(2) << State.HEARING
    play >> ev.CallerHeard("to Beijing", 2) << Silence(2)
    play.stops() << ("think", 3, "what does it cost to Beijing")


def test_a_noise_while_we_think_costs_the_answer_nothing() -> None:
    play = asked(greeted(), "what does it cost")
    play.begins() << Hold(2) << State.HEARING
    play.stops() << ("release", 2, "what does it cost") << State.THINKING


def test_an_answer_that_became_audible_just_when_the_caller_went_on_was_interrupted() -> None:
    play = asked(greeted(), "what does it cost").begins() << Hold(2)
    play >> ev.ReplyBegan(2) << Silence(2) << State.HEARING
    play >> ev.CallerHeard("to Beijing", 2)
    play.stops() << ("think", 3, "to Beijing")


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


def test_a_listener_s_word_without_voice_activity_does_not_interrupt() -> None:
    play = speaking() >> ev.CallerHeard("嗯", 2)
    play.silent() << State.SPEAKING


@pytest.mark.parametrize("text", ["再见", "好的，谢谢，再见。", "Goodbye!", "ok. bye", "OK bye", "那就再见了。"])
def test_a_farewell_is_answered_with_the_goodbye_and_ends_the_call(text: str) -> None:
    play = asked(greeted(), text) << Say(2, "bye now") << State.CLOSING
    play.begins()
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


def test_reminders_are_worded_differently() -> None:
    play = greeted(dataclasses.replace(MANNERS, reminder=("are you there?", "can you hear me?"), reminders=3))
    for number, text in ((2, "are you there?"), (3, "can you hear me?"), (4, "are you there?")):
        play >> ev.TimerFired("idle") << Say(number, text)
        play >> ev.ReplyBegan(number) >> ev.ReplyDrained(number)


def test_the_longest_call_is_told_before_it_is_over_when_nobody_speaks() -> None:
    manners = dataclasses.replace(MANNERS, warning="one more minute", call_ms=300_000, warning_ms=60_000)
    play = greeted(manners)
    assert play.timers["warn"] == 240_000
    play >> ev.TimerFired("warn") << Say(2, "one more minute")
    play = speaking(manners) >> ev.TimerFired("warn")
    play.silent()
    play >> ev.ReplyDrained(2) << Say(3, "one more minute")


def test_a_slow_answer_is_filled_never_twice_in_the_same_words() -> None:
    play = greeted(dataclasses.replace(MANNERS, filler_ms=1500))
    for number, filler in ((1, "one moment"), (2, "just a second"), (3, "one moment")):
        asked(play, "what", number)
        assert play.timers["filler"] == 1500
        reply = play.turn.reply
        play.fires("filler") << Fill(reply, filler) << State.THINKING
        play >> ev.ReplyBegan(reply) >> ev.ReplyDrained(reply)


def test_an_answer_in_time_is_not_filled() -> None:
    play = asked(greeted(dataclasses.replace(MANNERS, filler_ms=1500))) >> ev.ReplyBegan(2)
    assert "filler" not in play.timers


def test_a_key_stops_what_is_being_said() -> None:
    speaking() >> ev.KeyPressed("1") << Silence(2) << State.LISTENING


def test_keys_are_said_to_the_model_in_groups_at_the_end_key_or_after_a_while() -> None:
    play = greeted()
    for key in "138":
        play >> ev.KeyPressed(key)
        play.silent()
    assert "idle" not in play.timers
    play >> ev.KeyPressed("#") << ("think", 2, "（按键：138）")
    play >> ev.ReplyBegan(2) >> ev.ReplyDrained(2) >> ev.KeyPressed("0")
    play.fires("keys") << ("think", 3, "（按键：0）")


def test_a_group_of_keys_has_a_bound_and_an_end_key_alone_says_nothing() -> None:
    play = greeted(dataclasses.replace(MANNERS, keys_most=3))
    play >> ev.KeyPressed("#")
    play.silent() << State.LISTENING
    assert "idle" in play.timers
    play >> ev.KeyPressed("1") >> ev.KeyPressed("2") >> ev.KeyPressed("3") << ("think", 2, "（按键：123）")


def test_keys_and_words_are_one_turn() -> None:
    play = greeted().begins() >> ev.CallerHeard("我的分机是", 1) >> ev.KeyPressed("8") >> ev.KeyPressed("#")
    play.silent()
    play.stops() << ("think", 2, "我的分机是（按键：8）")


def test_the_operator_speaks_over_everything() -> None:
    play = asked(greeted())
    play >> ev.SpeechAsked("please hold") << Silence(2) << Say(3, "please hold")


def test_a_profile_without_phrases_says_nothing_of_its_own() -> None:
    mute = Manners(greeting="", goodbye="", apology="", regret="", unheard="", reminder=())
    play = Playbook(mute)
    play >> ev.Answered() << Listen() << State.LISTENING
    asked(play, "bye") << Finish("completed", "bot")


@pytest.mark.parametrize("state", [state for state in State if state is not State.OVER])
def test_a_hang_up_ends_the_call_in_every_state(state: State) -> None:
    turn = Turn(MANNERS)
    turn.state = state
    assert turn.handle(ev.HungUp("caller"), 1.0)[-1] == Finish("hangup", "caller")
    assert turn.state is State.OVER


# Opening, deeds, a person.

CALLING = dataclasses.replace(MANNERS, wait_first_ms=4000)


def test_of_a_call_that_we_made_the_callee_speaks_first_and_is_greeted_not_answered() -> None:
    play = Playbook(CALLING)
    play >> ev.Answered() << Listen() << State.LISTENING
    assert play.timers["idle"] == 4000
    asked(play, "喂？") << Say(1, "hello")
    play >> ev.ReplyBegan(1) >> ev.ReplyDrained(1)
    asked(play, "what is it", 2) << ("think", 2, "what is it")


def test_a_callee_who_says_nothing_is_greeted_after_a_while() -> None:
    play = Playbook(dataclasses.replace(CALLING, notice="this call is recorded"))
    play >> ev.Answered() << Listen()
    play.fires("idle") << Say(1, "this call is recorded")
    play >> ev.ReplyBegan(1) >> ev.ReplyDrained(1) << Say(2, "hello")


@pytest.mark.parametrize("text", ["您好，请在提示音后留言", "Please leave a message after the tone", "您" * 41])
def test_a_machine_that_answers_ends_the_call(text: str) -> None:
    play = Playbook(CALLING)
    play >> ev.Answered() << Listen()
    asked(play, text) << Finish("completed", "bot", "voicemail", hang_up=True)


def test_the_model_ends_the_call_when_its_goodbye_was_heard() -> None:
    play = speaking() >> ev.ReplyDrained(2, text="bye", then=ev.EndCall()) << State.CLOSING
    assert play.timers["closing"] == MANNERS.linger_ms
    play.fires("closing") << Finish("completed", "bot", hang_up=True)


def test_the_model_hands_over_when_what_it_said_was_heard() -> None:
    play = speaking() >> ev.ReplyDrained(2, text="one moment", then=ev.HandOver("sales", "wants a price"))
    play.fires("closing") << Finish("transfer", "transfer", destination="sales", summary="wants a price")


def test_a_deed_without_words_is_announced() -> None:
    play = asked(greeted()) >> ev.ReplyDrained(2, empty=True, then=ev.HandOver("sales"))
    play << Say(3, MANNERS.handover) << State.CLOSING
    play >> ev.ReplyDrained(3)
    play.fires("closing") << Finish("transfer", "transfer", destination="sales")
    asked(greeted()) >> ev.ReplyDrained(2, empty=True, then=ev.EndCall()) << Say(3, "bye now")


def test_one_key_always_reaches_a_person() -> None:
    manners = dataclasses.replace(MANNERS, person_key="0", person="desk", notice="this call is recorded")
    play = Playbook(manners)
    play >> ev.Answered() >> ev.ReplyBegan(1) >> ev.KeyPressed("0") << Silence(1) << Say(2, MANNERS.handover)
    play >> ev.ReplyDrained(2)
    play.fires("closing") << Finish("transfer", "transfer", destination="desk")
    play = Playbook(manners)
    play >> ev.Answered() >> ev.ReplyBegan(1) >> ev.KeyPressed("1") << Silence(1)


TIMERS = ("idle", "endpoint", "hear", "final", "think", "filler", "held", "keys", "warn", "closing", "call")


def some(kind: type, reply: int) -> ev.Event:
    """An event of `kind` about `reply`."""
    values = {
        "at": 1.0, "last_speech": 1.0, "text": "words", "utterance": 1, "error": BUSY, "reply": reply,
        "empty": False, "then": None, "key": "1", "name": "idle", "by": "caller", "why": "broken",
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
        [
            ev.CallerStirred(0.0),
            ev.CallerBegan(0.0),
            ev.CallerPaused(0.0),
            ev.RecogniserFailed(BUSY),
            ev.KeyPressed("5"),
            ev.SpeechAsked("x"),
        ]
    ),
    st.builds(ev.CallerPartlyHeard, st.text(max_size=3), st.integers(1, 5)),
    st.builds(ev.CallerHeard, st.text(max_size=3), st.integers(1, 5)),
    st.builds(ev.ReplyBegan, st.integers(1, 9)),
    st.builds(
        ev.ReplyDrained,
        st.integers(1, 9),
        st.booleans(),
        then=st.sampled_from([None, None, ev.EndCall(), ev.HandOver("x")]),
    ),
    st.builds(ev.ReplyFailed, st.integers(1, 9), st.sampled_from([BUSY, WRONG_KEY])),
    st.builds(ev.TimerFired, st.sampled_from(TIMERS)),
    st.sampled_from([ev.HungUp("caller"), ev.HangUpAsked(), ev.Broke("x")]),
)


EVERYTHING = dataclasses.replace(
    MANNERS, ahead_waste=40, filler_ms=1000, notice="notice", warning="warning", backchannels=("a", "b"), wait_first_ms=10,
    person_key="9", person="desk",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(_events, max_size=250), st.sampled_from([MANNERS, EVERYTHING, dataclasses.replace(EVERYTHING, hold_ms=0)])
)
def test_in_any_order_of_events_replies_are_numbered_and_no_state_is_a_dead_end(
    story: list[ev.Event], manners: Manners
) -> None:
    """100,000 events in a run."""
    turn, timers, numbers, open_reply, held, finished = Turn(manners), set(), [], None, False, 0
    for at, event in enumerate([ev.Answered(), *story]):
        if isinstance(event, ev.TimerFired):
            if event.name not in timers:
                continue  # a timer fires only if it was started
            timers.discard(event.name)
        for command in turn.handle(event, float(at)):
            match command:
                case StartTimer(name, ms):
                    assert ms >= 0
                    timers.add(name)
                case StopTimer(name):
                    timers.discard(name)
                case Think() | Say():
                    numbers.append(command.reply)
                    open_reply, held = command.reply, isinstance(command, Think)
                    assert command.text
                case Silence(reply):
                    assert reply == open_reply, "only the reply that was begun last can be silenced"
                    open_reply = None
                case Release(reply) | Resume(reply):
                    assert reply == open_reply and held, "only what is held goes on, and nothing that was silenced"
                    held = False
                case Hold(reply):
                    assert reply == open_reply and not held
                    held = True
                case Fill(reply):
                    assert reply == open_reply and not held
                case Finish():
                    finished += 1
        waits_for = {
            State.LISTENING: {"idle", "keys"}, State.HEARING: {"hear"}, State.SETTLING: {"final"}, State.THINKING: {"think"},
            State.HELD: {"held"}, State.CLOSING: {"closing"},
        }.get(turn.state)  # fmt: skip
        assert waits_for is None or waits_for & timers, f"{turn.state} has no timer after {event}"
        if turn.state in (State.THINKING, State.SPEAKING):
            assert not held, "the floor is ours: then we are heard"
    assert numbers == list(range(1, len(numbers) + 1))
    assert finished == (turn.state is State.OVER)


def test_utterances_are_joined_as_each_script_is_written() -> None:
    assert join(["我想寄快递", "到北京"]) == "我想寄快递到北京"
    assert join(["hello", "", "there"]) == "hello there"


# A long life in simulated time: timers fire when they are due, services and callers do what they like.

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
        state = self.turn.state
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
            kind = self.random.choice([ev.CallerStirred, ev.CallerBegan, ev.CallerPaused])
            return kind(max(0.0, self.now - 0.2))
        number = reply - self.random.choice([0, 0, 0, 1])
        then = self.random.choice([None] * 30 + [ev.EndCall(), ev.HandOver("x")])
        return self.random.choice(
            [
                ev.ReplyBegan(number),
                ev.ReplyDrained(number, self.random.random() < 0.1, self.random.choice(["", "是吗？"]), then),
                *([ev.ReplyFailed(number, BUSY)] if self.random.random() < 0.2 else []),
            ]
        )


def test_in_a_hundred_thousand_steps_of_life_no_floor_is_held_too_long_and_every_call_ends() -> None:
    life = Life(seed=20)
    while life.steps < 100_000:
        life.step()
    assert life.calls > 300
