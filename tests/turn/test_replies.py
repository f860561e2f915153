"""Replies, failures and silence: stories of the turn machine."""

from __future__ import annotations

import dataclasses

import pytest

from firstword import events as ev
from firstword.commands import Fill, Finish, Hold, Listen, Release, Resume, Say, Silence
from firstword.turn import Manners, State, Turn

from .playbook import BUSY, MANNERS, WRONG_KEY, Playbook, asked, greeted, speaking


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


def test_an_answer_that_was_silenced_in_the_moment_in_which_it_became_audible_has_answered_nothing() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300)).begins() >> ev.CallerHeard("寄到北京", 1)
    play >> ev.CallerPartlyHeard("多少", 2)
    play.stops() << ("think", 2, "寄到北京多少")
    play >> ev.CallerPartlyHeard("多少钱", 2) << Silence(2) << State.SETTLING
    play >> ev.ReplyBegan(2) >> ev.CallerHeard("多少钱？", 2) << ("think", 3, "寄到北京多少钱？")


@pytest.mark.parametrize("ended", [ev.ReplyFailed(2, BUSY), ev.ReplyDrained(2, empty=True)])
def test_an_answer_that_ended_just_when_the_caller_went_on_is_asked_for_again(ended: ev.Event) -> None:
    play = asked(greeted(), "what does it cost").begins() << Hold(2) >> ended
    play.silent() << State.HEARING
    play.stops() << ("think", 3, "what does it cost")


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


def test_words_that_were_answered_before_are_answered_again_when_they_come_while_a_reminder_is_on_its_way() -> None:
    play = asked(greeted(), "喂") >> ev.ReplyBegan(2) >> ev.ReplyDrained(2)
    play.fires("idle") << Say(3, "still there?")
    play >> ev.CallerHeard("喂", 2) << Silence(3) << ("think", 4, "喂")


def test_the_time_of_a_listener_s_word_is_not_that_of_a_later_turn() -> None:
    play = speaking().begins() >> ev.CallerPartlyHeard("嗯", 2) >> ev.CallerPaused(103.5) << Resume(2)
    play >> ev.ReplyDrained(2, text="ten yuan.") << State.LISTENING
    play.now += 8
    play >> ev.CallerHeard("how long", 3)
    _, released = play.said
    assert isinstance(released, Release) and released.last_speech == play.now


def test_a_question_before_the_reply_that_a_key_ended_is_not_what_the_caller_answers() -> None:
    play = speaking() >> ev.ReplyDrained(2, text="how many?")
    asked(play, "two", 2) >> ev.ReplyBegan(3) >> ev.KeyPressed("1")
    assert play.turn.floor.question == ""


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


def test_nobody_is_asked_whether_they_are_there_while_they_speak() -> None:
    """A recogniser whose first words come late: the reply went on into the caller's speech, and ended."""
    play = speaking().begins() << Hold(2)
    play.fires("held") >> ev.ReplyDrained(2) << State.LISTENING
    play.now += 4.0
    play >> ev.CallerPartlyHeard("我想查一下", 2)
    play.timers["idle"] -= 4200  # are over
    play.fires("idle").silent() << State.LISTENING
    assert 0 < play.timers["idle"] < 5000, "and if nothing more comes they are asked"
    play.fires("idle") << Say(3, "still there?")


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


def test_a_slow_tool_is_covered_once_nothing_is_to_be_heard_any_more() -> None:
    manners = dataclasses.replace(MANNERS, tool_filler_ms=1500)
    play = asked(greeted(manners)) >> ev.ToolsBegan(2)
    assert play.timers["filler"] == 1500, "nothing was said before"
    play >> ev.ReplyBegan(2)
    assert play.timers["filler"] == 1500, "something was, and the tool is still waited for"
    play >> ev.ToolsBegan(2, 800)
    assert play.timers["filler"] == 2300, "and is to be heard first"
    play >> ev.CallerStirred(play.now)
    play.fires("filler").silent() << State.HELD
    assert play.timers["filler"] == 1500
    play >> ev.CallerPaused(play.now) << Resume(2)
    play.fires("filler") << Fill(2, "one moment") << State.SPEAKING


def test_a_slow_tool_is_covered_also_when_a_sound_held_its_reply_before_it_was_heard() -> None:
    play = asked(greeted()) >> ev.ToolsBegan(2)
    play.begins() << Hold(2)
    play.stops() << ("release", 2, "what does it cost")
    play.fires("filler") << Fill(2, "one moment")


def test_a_quick_tool_is_not_covered() -> None:
    play = asked(greeted()) >> ev.ToolsBegan(2) >> ev.ToolsAnswered(2) >> ev.ReplyBegan(2)
    assert "filler" not in play.timers
    play = asked(greeted(dataclasses.replace(MANNERS, tool_filler_ms=0))) >> ev.ToolsBegan(2)
    assert "filler" not in play.timers


def test_a_filler_for_a_tool_of_one_reply_is_not_said_in_the_next() -> None:
    play = speaking() >> ev.ToolsBegan(2, 5000) >> ev.ToolsAnswered(2)
    assert play.timers["filler"] == 6500, "a long sentence is to be heard first"
    play >> ev.ReplyDrained(2) << State.LISTENING
    assert "filler" not in play.timers
    for more in (("停一下", 2), ("嗯", 2)):
        play = speaking() >> ev.ToolsBegan(2, 5000)
        play.begins() >> ev.CallerHeard(*more) >> ev.ReplyDrained(2) << State.HEARING
        assert "filler" not in play.timers
    play = greeted() >> ev.KeyPressed("1") >> ev.CallerHeard("查一下", 1) >> ev.ToolsBegan(2)
    play.fires("keys") << Silence(2)
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


def test_keys_that_are_pressed_before_the_answer_is_heard_are_told_with_what_was_asked() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300)).begins() >> ev.CallerPartlyHeard("my extension is", 1)
    play.stops() >> ev.KeyPressed("8") << Silence(2) << State.LISTENING
    play >> ev.CallerHeard("My extension is", 1)
    play.silent() >> ev.KeyPressed("#") << ("think", 3, "my extension is（按键：8）")
    play >> ev.ReplyBegan(3) >> ev.CallerHeard("嗯", 2) >> ev.KeyPressed("1") >> ev.KeyPressed("#")
    play << ("think", 4, "（按键：1）")


def test_an_end_key_alone_takes_no_question_back() -> None:
    asked(greeted()) >> ev.KeyPressed("#") << Silence(2) << ("think", 3, "what does it cost")


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


def test_what_the_caller_had_asked_is_answered_when_the_operator_has_spoken() -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300)).begins() >> ev.CallerPartlyHeard("what does it cost", 1)
    play.stops() >> ev.SpeechAsked("please hold") << Silence(2) << Say(3, "please hold")
    play >> ev.CallerPartlyHeard("What does it cost?", 1)
    play.silent() >> ev.ReplyBegan(3) >> ev.CallerHeard("What does it cost?", 1)
    play.silent() << State.SPEAKING
    play >> ev.ReplyDrained(3) << ("think", 4, "what does it cost")


def test_a_profile_without_phrases_says_nothing_of_its_own() -> None:
    mute = Manners(greeting="", goodbye="", apology="", regret="", unheard="", reminder=())
    play = Playbook(mute)
    play >> ev.Answered() << Listen() << State.LISTENING
    asked(play, "bye") << Finish("completed", "bot")


@pytest.mark.parametrize("state", [state for state in State if state is not State.OVER])
def test_a_hang_up_ends_the_call_in_every_state(state: State) -> None:
    turn = Turn(MANNERS)
    turn.floor.state = state
    assert turn.handle(ev.HungUp("caller"), 1.0)[-1] == Finish("hangup", "caller")
    assert turn.state is State.OVER


# Opening, deeds, a person.
