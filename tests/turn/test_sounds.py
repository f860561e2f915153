"""Sounds of the caller while we speak: stories of the turn machine."""

from __future__ import annotations

import dataclasses

import pytest

from firstword import events as ev
from firstword.commands import Hold, Listen, Resume, Say, Silence
from firstword.turn import State
from firstword.turn.sounds import DEAF

from .playbook import MANNERS, Playbook, speaking


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


def test_words_that_come_when_the_reply_had_gone_on_into_the_caller_s_speech_end_it_and_are_answered_without_another_sound() -> (
    None
):
    """A recogniser may take longer for the first words than a reply is held."""
    play = speaking().begins() << Hold(2)
    play.fires("held") << Resume(2)
    play >> ev.CallerPaused(play.now)
    play.silent() >> ev.CallerHeard("停一下", 2) << Silence(2) << State.HEARING
    play.fires("endpoint") << ("think", 3, "停一下")


def test_a_caller_who_was_taken_for_noise_is_answered_when_his_words_come_though_he_is_silent_by_then() -> None:
    play = speaking()
    for _ in range(DEAF):
        play.begins() >> ev.CallerPaused(play.now)
        if "held" in play.timers:
            play.fires("held")
    play.begins()
    play.silent() >> ev.CallerPaused(play.now) >> ev.CallerHeard("停一下", 2) << Silence(2)
    play.fires("endpoint") << ("think", 3, "停一下")


def test_a_caller_who_is_too_quiet_for_voice_activity_interrupts_by_words_and_is_answered() -> None:
    play = speaking() >> ev.CallerPartlyHeard("停", 2) << Silence(2)
    play >> ev.CallerHeard("停一下", 2)
    play.fires("endpoint") << ("think", 3, "停一下")


def test_a_caller_who_interrupts_and_goes_on_is_heard_out() -> None:
    play = speaking().begins() << Hold(2)
    play >> ev.CallerPartlyHeard("停一下我", 2) << Silence(2) << State.HEARING
    assert "endpoint" not in play.timers


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
