"""When the caller has finished: stories of the turn machine."""

from __future__ import annotations

import dataclasses

import pytest

from firstword import events as ev
from firstword.commands import Hold, Resume, Silence
from firstword.turn import State

from .playbook import MANNERS, Playbook, asked, greeted


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


def _answered_in_the_middle_of_an_utterance() -> Playbook:
    """By a recogniser that ends a sentence later than a caller's turn is over, as services do by default."""
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300)).begins() >> ev.CallerPartlyHeard("寄到北京多少钱", 1)
    return play.stops() << ("think", 2, "寄到北京多少钱")


def test_an_utterance_that_goes_on_while_we_think_is_answered_with_all_of_it() -> None:
    play = _answered_in_the_middle_of_an_utterance().begins() << Hold(2)
    play >> ev.CallerPartlyHeard("寄到北京多少钱还有", 1) << Silence(2)
    play >> ev.CallerHeard("寄到北京多少钱，还有上海", 1)
    play.stops() << ("think", 3, "寄到北京多少钱，还有上海")


def test_an_utterance_that_goes_on_over_our_answer_interrupts_it_with_what_was_not_answered() -> None:
    play = _answered_in_the_middle_of_an_utterance() >> ev.ReplyBegan(2)
    play.begins() << Hold(2)
    play >> ev.CallerPartlyHeard("寄到北京多少钱还有上海", 1) << Silence(2) << State.HEARING
    play.stops() << ("think", 3, "还有上海") >> ev.ReplyBegan(3)
    play.begins() >> ev.CallerHeard("寄到背景多少钱，还有上海和天津。", 1) << Silence(3)
    play.stops() << ("think", 4, "和天津。")


def test_an_utterance_that_goes_on_in_the_moment_in_which_its_answer_is_audible_keeps_what_is_new() -> None:
    play = _answered_in_the_middle_of_an_utterance().begins() << Hold(2) >> ev.ReplyBegan(2) << Silence(2)
    play >> ev.CallerHeard("寄到北京多少钱，还有上海", 1)
    play.stops() << ("think", 3, "还有上海")


def test_a_listener_s_word_in_the_utterance_that_is_answered_ends_no_reply() -> None:
    play = _answered_in_the_middle_of_an_utterance() >> ev.ReplyBegan(2)
    play.begins() >> ev.CallerPartlyHeard("寄到北京多少钱嗯", 1)
    play.silent() >> ev.CallerPaused(play.now) << Resume(2)


def test_a_listener_s_word_that_goes_on_when_we_have_finished_is_a_turn() -> None:
    play = asked(greeted()) >> ev.ReplyBegan(2)
    play.begins() >> ev.CallerPartlyHeard("好的", 2) >> ev.CallerPaused(play.now) << Resume(2)
    play >> ev.ReplyDrained(2, text="ten yuan.") << State.LISTENING
    play.begins() >> ev.CallerHeard("好的，那我想问运费", 2)
    play.stops() << ("think", 3, "那我想问运费")


def test_a_filler_at_the_end_of_what_goes_on_changes_nothing() -> None:
    play = _answered_in_the_middle_of_an_utterance() >> ev.ReplyBegan(2)
    play.begins() >> ev.CallerPartlyHeard("寄到北京多少钱还有上海", 1) << Silence(2)
    play.stops() << ("think", 3, "还有上海")
    play >> ev.CallerStirred(play.now) >> ev.CallerPartlyHeard("寄到北京多少钱还有上海嗯", 1)
    play.silent() >> ev.ReplyBegan(3) >> ev.CallerHeard("寄到北京多少钱，还有上海嗯。", 1)
    play.silent() << State.SPEAKING


def test_keys_between_the_words_of_an_utterance_stay_when_it_goes_on() -> None:
    play = _answered_in_the_middle_of_an_utterance().begins() >> ev.KeyPressed("8") >> ev.KeyPressed("#")
    play >> ev.CallerHeard("寄到北京多少钱，还有上海", 1) << Silence(2)
    play.stops() << ("think", 3, "（按键：8）寄到北京多少钱，还有上海")


@pytest.mark.parametrize(("words", "most_s"), [(["a"] * 40, 0.5), ([f"a{at}" for at in range(40)], 1.3)])
def test_a_recogniser_that_goes_on_telling_does_not_hold_the_floor(words: list[str], most_s: float) -> None:
    play = greeted(dataclasses.replace(MANNERS, stable_ms=300)).begins().stops() << State.SETTLING
    began = play.now
    for text in words:
        play >> ev.CallerPartlyHeard(text, 1)
        if play.timers["final"] <= 100:
            play.fires("final") << State.THINKING
            break
    assert play.now - began < most_s


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


@pytest.mark.parametrize(
    ("said", "endpoint_ms"),
    [
        ("我家的洗衣机", MANNERS.endpoint_most_ms),
        ("我想换鞋，因为", MANNERS.endpoint_ms),
        ("my number is", MANNERS.endpoint_ms),
    ],
)
def test_a_pause_that_the_words_foretold_teaches_nothing_of_other_pauses(said: str, endpoint_ms: int) -> None:
    play = greeted().begins() >> ev.CallerPartlyHeard(said, 1)
    play >> ev.CallerPaused(play.now)
    play.now += 0.8
    play >> ev.CallerStirred(play.now) >> ev.CallerPartlyHeard(said + " 今天坏了", 1) >> ev.CallerPaused(play.now)
    assert play.timers["endpoint"] + 100 == pytest.approx(endpoint_ms, abs=1)


def test_who_asks_again_because_the_answer_is_slow_is_no_slow_speaker() -> None:
    def endpoint_ms(slow_s: float) -> int:
        play = asked(greeted(), "我想查订单")
        play.now += slow_s
        play.begins() >> ev.CallerHeard("喂", 2)
        play.stops() >> ev.ReplyBegan(play.turn.reply) >> ev.ReplyDrained(play.turn.reply)
        play.begins() >> ev.CallerHeard("我想查账单", 3) >> ev.CallerPaused(play.now)
        return play.timers["endpoint"] + 100

    assert endpoint_ms(0.1) > MANNERS.endpoint_ms, "a pause that might have been waited for"
    assert endpoint_ms(3.0) <= MANNERS.endpoint_ms


# Thinking ahead.


def test_a_syllable_that_is_too_short_to_take_the_floor_takes_it_with_its_words() -> None:
    play = greeted() >> ev.CallerStirred(100.5)
    play >> ev.CallerPaused(play.now)
    play.silent() >> ev.CallerPartlyHeard("好", 1)
    play.silent() << State.HEARING
    assert "idle" not in play.timers and play.timers["endpoint"] + 200 == pytest.approx(MANNERS.endpoint_ms, abs=1)
    play.fires("endpoint") << ("think", 2, "好")


@pytest.mark.parametrize("how", ["another sound begins", "long ago"])
def test_words_that_need_not_be_of_the_short_sound_do_not_take_the_floor(how: str) -> None:
    play = greeted()
    play >> ev.CallerPaused(play.now)
    if how == "long ago":
        play.now += 2
    else:
        play >> ev.CallerStirred(play.now)
    play >> ev.CallerPartlyHeard("好", 1)
    play.silent() << State.LISTENING
    play >> ev.CallerHeard("好", 1) << ("think", 2, "好")
