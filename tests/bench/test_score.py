"""The scorer on timelines made by hand: two seconds of this, then that, and what a caller would say of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.audio.tone import DAMAGED
from firstword.bench.score import NEVER_MS, Reply, Score, Timeline, score, whole
from firstword.sim.caller import Character, Sound, Spoken

STORY = "从前有一座山，山上有一座庙，庙里有一位老和尚。"
CHARACTER_S = 0.2


def turn(*parts: tuple[float, float], text: str = "查订单") -> Sound:
    return Sound("turn", tuple(Spoken(text, begin, end) for begin, end in parts))


def backchannel(at: float) -> Sound:
    return Sound("backchannel", (Spoken("嗯", at, at + 0.2),))


def cough(at: float) -> Sound:
    return Sound("noise", (Spoken("cough", at, at + 0.15),))


def answer(judged: float, first_word: float | None, text: str = STORY) -> Reply:
    return Reply("answer", text, judged, first_word, recorded_ms=500.0)


def phrase(at: float, first_word: float, text: str = "您好。") -> Reply:
    return Reply("phrase", text, at, first_word)


def unheard(at: float, first_word: float | None) -> Reply:
    return Reply("unheard", "没听清。", at, first_word)


def heard(at: float, text: str) -> list[Character]:
    return [
        Character(one, at + number * CHARACTER_S, at + (number + 0.9) * CHARACTER_S) for number, one in enumerate(text)
    ]


def judge(
    sounds: Sequence[Sound], replies: Sequence[Reply], *ears: list[Character], ended: float = 60.0, **line: bool
) -> Score:
    """Each of `ears` is heard without a pause."""
    spells = [(ear[0].begin, ear[-1].end) for ear in ears if ear]
    return score(Timeline(sounds, replies, [one for ear in ears for one in ear], spells, ended, **line))


# -- turns ---------------------------------------------------------------------------------------------------------------


def test_a_turn_that_was_heard_out_and_answered_has_its_wait_and_its_first_word() -> None:
    got = judge([turn((1.0, 2.0))], [answer(2.6, 3.2)], heard(3.25, STORY))
    assert (got.turns, got.answered, got.cut_off, got.unanswered, got.unasked) == (1, 1, 0, 0, 0)
    assert got.waits_ms == pytest.approx([600])
    assert got.recorded_waits_ms == [500]
    assert got.first_words_ms == pytest.approx([1200])
    assert (got.undisturbed, got.heard_whole) == (1, 1)
    assert got.faults == []


def test_a_turn_whose_pause_was_taken_for_its_end_is_cut_off() -> None:
    parts = turn((1.0, 2.0), (3.5, 4.5))
    got = judge([parts], [answer(2.6, 3.2), answer(5.1, 5.7)], heard(3.2, STORY[:3]), heard(5.7, STORY))
    assert (got.turns, got.paused_turns, got.cut_off, got.cut_in_pause, got.answered) == (1, 1, 1, 1, 1)
    assert got.waits_ms == pytest.approx([600]), "what comes after the cut is waited for like any turn"
    assert got.unasked == 0
    assert (got.interruptions, got.undisturbed) == (0, 1), "the caller only went on"


def test_a_turn_that_was_judged_to_be_over_in_its_last_word_is_cut_off() -> None:
    got = judge([turn((1.0, 2.0), (3.0, 4.0))], [answer(3.1, 3.7)], heard(3.7, STORY))
    assert (got.cut_off, got.unanswered) == (1, 1)


def test_asking_early_is_no_cut_if_nobody_heard_the_answer() -> None:
    got = judge([turn((1.0, 2.0), (3.0, 4.0))], [answer(2.6, None), answer(4.6, 5.2)], heard(5.2, STORY))
    assert (got.cut_off, got.answered, got.unasked) == (0, 1, 0)


def test_to_be_asked_to_say_it_again_in_a_pause_is_a_cut_and_a_filler_is_none() -> None:
    parts = turn((1.0, 2.0), (3.5, 4.5))
    assert judge([parts], [unheard(2.6, 2.8), answer(5.0, 5.5)], heard(2.8, "没")).cut_off == 1
    assert judge([parts], [phrase(2.6, 2.8), answer(5.0, 5.5)], heard(2.8, "您")).cut_off == 0


def test_a_turn_that_was_never_answered_waits_long() -> None:
    got = judge([turn((1.0, 2.0)), turn((9.0, 10.0))], [answer(10.6, 11.2)], heard(11.2, STORY))
    assert (got.turns, got.answered, got.unanswered) == (2, 1, 1)
    assert got.waits_ms[0] == NEVER_MS
    assert got.faults == ["'查订单' was not answered"]


def test_a_caller_who_goes_on_within_a_second_has_not_waited() -> None:
    got = judge([turn((1.0, 2.0)), turn((2.8, 3.5))], [answer(4.1, 4.7)], heard(4.7, STORY))
    assert (got.turns, got.answered, got.unanswered) == (2, 1, 0)
    assert got.waits_ms == pytest.approx([600])


def test_a_turn_that_was_not_said_to_its_end_counts_for_nothing() -> None:
    assert judge([turn((1.0, float("inf")))], []).turns == 0


def test_a_wait_of_more_than_a_second_is_a_fault() -> None:
    got = judge([turn((1.0, 2.0))], [answer(3.3, 3.9)], heard(3.9, STORY))
    assert got.faults == ["'查订单' waited 1300 ms"]


def test_answers_that_nobody_asked_for_are_counted_wherever_they_come() -> None:
    got = judge(
        [turn((5.0, 6.0)), backchannel(8.0)],
        [phrase(0.0, 0.1), answer(2.0, 2.5), answer(6.6, 7.0), answer(8.7, 9.0), unheard(20.0, 20.2)],
        heard(0.1, "您好。"),
    )
    assert (got.answered, got.unasked) == (1, 3)


# -- what is no turn -----------------------------------------------------------------------------------------------------

ASKED = turn((1.0, 2.0))


def test_a_backchannel_that_left_the_reply_alone_lost_nothing() -> None:
    got = judge([ASKED, backchannel(4.0)], [answer(2.6, 3.0)], heard(3.0, STORY))
    assert (got.false, got.lost) == ({"backchannel": 1}, {})
    assert got.undisturbed == 0


def test_a_reply_that_was_held_and_goes_on_a_syllable_earlier_lost_nothing() -> None:
    ears = (heard(3.0, STORY[:6] + DAMAGED), heard(5.5, STORY[4:]))
    got = judge([ASKED, backchannel(4.0)], [answer(2.6, 3.0)], *ears)
    assert (got.false, got.lost, got.faults) == ({"backchannel": 1}, {}, [])


@pytest.mark.parametrize(
    "again", ["", STORY[7:], STORY[:3]], ids=["never", "too late", "from the beginning, and no end"]
)
def test_a_reply_that_did_not_go_on_where_it_was_stopped_lost_words(again: str) -> None:
    got = judge([ASKED, cough(4.0)], [answer(2.6, 3.0)], heard(3.0, STORY[:6]), heard(6.0, again))
    assert (got.false, got.lost) == ({"noise": 1}, {"noise": 1})


def test_another_reply_in_its_place_does_not_make_it_whole() -> None:
    got = judge(
        [ASKED, backchannel(4.0)],
        [answer(2.6, 3.0), answer(4.9, 5.5, "嗯什么？")],
        heard(3.0, STORY[:6]),
        heard(5.5, STORY),
    )
    assert (got.lost, got.unasked) == ({"backchannel": 1}, 1)


def test_what_is_done_in_the_bots_silence_interrupts_nothing() -> None:
    got = judge([cough(0.5), ASKED, cough(2.2), backchannel(20.0)], [answer(2.6, 3.0)], heard(3.0, STORY))
    assert got.false == {}


def test_a_reply_that_was_interrupted_in_earnest_after_a_cough_lost_nothing_by_the_cough() -> None:
    stop = turn((6.0, 6.5))
    replies = [answer(2.6, 3.0), answer(7.0, 7.6, "好。")]
    got = judge([ASKED, cough(4.0), stop], replies, heard(3.0, STORY[:16]), heard(7.6, "好。"))
    assert (got.false, got.lost) == ({"noise": 1}, {})
    fallen_silent = judge([ASKED, cough(4.0), stop], replies, heard(3.0, STORY[:6]), heard(7.6, "好。"))
    assert fallen_silent.lost == {"noise": 1}, "at the cough, not at the word"


def test_on_a_line_with_an_echo_each_reply_may_be_put_off() -> None:
    replies = [phrase(0.0, 0.1), answer(2.6, 3.0)]
    whole_one = judge([ASKED], replies, heard(0.1, "您好。"), heard(3.0, STORY), echo=True)
    assert (whole_one.false, whole_one.lost, whole_one.undisturbed) == ({"echo": 2}, {}, 0)
    put_off = judge([ASKED], replies, heard(0.1, "您"), heard(3.0, STORY), echo=True)
    assert (put_off.false, put_off.lost) == ({"echo": 2}, {"echo": 1})
    noisy = judge([ASKED], replies, heard(0.1, "您"), heard(3.0, STORY), line_noise=True)
    assert (noisy.false, noisy.lost) == ({"noise": 2}, {"noise": 1})


def test_a_bot_that_answers_its_own_echo_is_not_counted_by_the_echoes_of_that() -> None:
    replies = [answer(2.6, 3.0), answer(4.0, 4.5), answer(5.5, 6.0)]
    got = judge([ASKED], replies, heard(3.0, STORY[:2]), heard(4.5, STORY[:2]), heard(6.0, STORY[:2]), echo=True)
    assert (got.false, got.lost, got.unasked) == ({"echo": 1}, {"echo": 1}, 2)


def test_the_callers_hanging_up_takes_no_words_from_anybody() -> None:
    got = judge([ASKED, backchannel(4.0)], [answer(2.6, 3.0)], heard(3.0, STORY[:10]), ended=5.1)
    assert (got.false, got.lost, got.undisturbed) == ({}, {}, 0)


# -- interruptions -------------------------------------------------------------------------------------------------------


def test_a_reply_that_stops_for_the_caller_has_its_time() -> None:
    replies = [answer(2.6, 3.0), answer(7.0, 7.6, "好。")]
    got = judge([ASKED, turn((6.0, 6.5))], replies, heard(3.0, STORY[:16]), heard(7.6, "好。"))
    assert (got.interruptions, got.missed) == (1, 0)
    assert got.stops_ms == pytest.approx([180])
    assert got.undisturbed == got.heard_whole == 1, "the second reply"


def test_a_reply_that_goes_on_is_a_missed_interruption() -> None:
    got = judge(
        [ASKED, turn((4.0, 4.5))], [answer(2.6, 3.0), answer(9.0, 9.6, "好。")], heard(3.0, STORY), heard(9.6, "好。")
    )
    assert (got.interruptions, got.missed) == (1, 1)
    assert got.faults == ["'查订单' waited 4500 ms", "'查订单' did not stop the bot"]


def test_a_reply_that_stops_and_comes_back_is_a_missed_interruption() -> None:
    got = judge([ASKED, turn((4.0, 4.5))], [answer(2.6, 3.0)], heard(3.0, STORY[:6]), heard(5.6, STORY[5:]))
    assert (got.interruptions, got.missed) == (1, 1)
    assert got.stops_ms == pytest.approx([180])


def test_the_answer_to_an_interruption_is_not_the_reply_going_on() -> None:
    replies = [answer(2.6, 3.0), answer(4.6, 5.2)]
    got = judge([ASKED, turn((4.0, 4.3))], replies, heard(3.0, STORY[:6]), heard(5.2, STORY))
    assert (got.interruptions, got.missed) == (1, 0)


def test_a_turn_after_the_reply_is_no_interruption() -> None:
    got = judge([ASKED, turn((20.0, 21.0))], [answer(2.6, 3.0)], heard(3.0, STORY))
    assert got.interruptions == 0


# -- by ear --------------------------------------------------------------------------------------------------------------


@given(
    st.text("山上有庙", min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 12)), max_size=4),
)
def test_whatever_is_said_again_the_whole_is_whole(text: str, holds: list[tuple[int, int]]) -> None:
    """Stopped anywhere, resumed up to twelve characters earlier, any number of times."""
    said, at = "", 0
    for ahead, back in holds:
        stop = min(len(text), at + ahead)
        said += text[at:stop] + DAMAGED
        at = max(0, stop - back)
    assert whole(text, said + text[at:])


@given(st.integers(0, 19), st.integers(1, 20))
def test_a_text_with_a_hole_is_not_whole(begin: int, length: int) -> None:
    text = "一二三四五六七八九十百千万亿甲乙丙丁戊己"
    assert not whole(text, text[:begin] + text[begin + length :])


@pytest.mark.parametrize("heard_text", ["", DAMAGED, f"你{DAMAGED}", "你好吗", "好你好", "你你"])
def test_what_is_not_the_text_is_not_whole(heard_text: str) -> None:
    assert not whole("你好", heard_text)


def test_scores_add_up() -> None:
    one = judge([ASKED, backchannel(4.0)], [answer(2.6, 3.0)], heard(3.0, STORY))
    other = judge([ASKED, cough(4.0)], [answer(2.8, 3.0)], heard(3.0, STORY[:6]))
    total = one + other
    assert (total.turns, total.false, total.lost) == (2, {"backchannel": 1, "noise": 1}, {"noise": 1})
    assert total.waits_ms == pytest.approx([600, 800])
    assert total.faults == other.faults
