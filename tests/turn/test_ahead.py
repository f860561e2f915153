"""Thinking ahead: stories of the turn machine."""

from __future__ import annotations

from firstword import events as ev
from firstword.commands import Say, Silence
from firstword.turn import State
from firstword.turn.hearing import LEAD_MS

from .playbook import AHEAD, BUSY, Playbook, greeted


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


def test_words_that_come_when_the_caller_has_just_fallen_silent_are_answered_ahead_though_more_could_follow() -> None:
    play = greeted(AHEAD)
    play.begins() >> ev.CallerPartlyHeard("我想订房", 1)
    play.silent() >> ev.CallerHushed(play.now)
    play.now -= 0.08  # the recogniser is quick
    play.silent() >> ev.CallerPartlyHeard("我想订房间", 1) << ("think ahead", 2, "我想订房间")
    play = greeted(AHEAD)
    play.begins() >> ev.CallerHushed(play.now)
    play.now += 0.1
    play >> ev.CallerPartlyHeard("我想订房间", 1)
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


def test_nothing_is_thought_ahead_of_a_farewell_or_in_a_pause_of_what_is_visibly_unfinished() -> None:
    for said in ("我想寄快递，然后", "我的手机号是138", "再见"):
        play = greeted(AHEAD).begins() >> ev.CallerPartlyHeard(said, 1)
        play >> ev.CallerPaused(play.now)
        play.silent()


def test_what_is_visibly_unfinished_is_answered_ahead_when_the_turn_will_soon_be_over_all_the_same() -> None:
    play = greeted(AHEAD).begins() >> ev.CallerPartlyHeard("我想寄快递，然后", 1)
    play >> ev.CallerPaused(play.now)
    assert play.timers["endpoint"] - play.timers["ahead"] == LEAD_MS
    play.fires("ahead") << ("think ahead", 2, "我想寄快递，然后") << State.HEARING
    play.timers["endpoint"] = LEAD_MS
    play.fires("endpoint") << ("release", 2, "我想寄快递，然后")


def test_a_caller_who_goes_on_before_that_is_not_answered_ahead() -> None:
    play = greeted(AHEAD).begins() >> ev.CallerPartlyHeard("我想寄快递，然后", 1)
    play >> ev.CallerPaused(play.now) >> ev.CallerStirred(play.now)
    assert "ahead" not in play.timers
    play >> ev.TimerFired("ahead")  # it was on its way
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


def thought_ahead() -> Playbook:
    play = greeted(AHEAD).begins() >> ev.CallerHeard("what does it cost", 1)
    play >> ev.CallerPaused(play.now)
    return play.fires("endpoint")


def test_a_phrase_that_fails_after_such_an_answer_does_not_ask_the_old_question_again() -> None:
    play = thought_ahead() >> ev.ReplyBegan(2) >> ev.ReplyDrained(2)
    play.fires("idle") << Say(3, "still there?")
    play >> ev.ReplyFailed(3, BUSY) << Say(4, "sorry")


def test_an_answer_that_the_caller_s_cough_held_for_a_moment_was_thought_ahead_once() -> None:
    play = thought_ahead().begins().stops() << ("release", 2, "what does it cost")
    assert (play.turn.budget.begun, play.turn.budget.used) == (1, 1)


def test_an_answer_that_failed_before_the_turn_was_over_was_in_vain_and_no_later_one_counts_for_it() -> None:
    play = greeted(AHEAD).begins() >> ev.CallerHeard("what does it cost", 1)
    play >> ev.CallerPaused(play.now) << ("think ahead", 2, "what does it cost")
    play >> ev.ReplyFailed(2, BUSY)
    play.silent() << State.HEARING
    play.fires("endpoint") << ("think", 3, "what does it cost")
    play.begins().stops()  # a cough holds the answer that was not thought ahead
    assert (play.turn.budget.begun, play.turn.budget.used) == (1, 0)


def test_an_answer_that_fails_after_it_has_done_something_is_not_asked_for_again() -> None:
    play = thought_ahead() >> ev.ToolsAnswered(2) >> ev.ReplyFailed(2, BUSY) << Say(3, "sorry")
    play.silent()


# When the caller interrupts.
