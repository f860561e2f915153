"""How many tools may be used; and texts made safe for a dialplan."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.call.tools import Budget, Refusal
from firstword.call.tools.dialplan import plain


def test_in_a_turn_the_model_may_ask_for_tools_so_often_and_then_must_answer() -> None:
    budget = Budget(rounds=2, calls=100)
    assert budget.begin_round() and budget.admit() is None and budget.admit() is None
    assert not budget.begin_round()  # these are still used, but after them it is asked for words alone
    assert budget.admit() is None
    assert not budget.begin_round()  # it asks all the same
    assert budget.admit() == Refusal("No more tools can be used now: answer the caller with what you know.")
    budget.begin_turn()
    assert budget.begin_round() and budget.admit() is None
    assert (budget.rounds_used, budget.calls_used) == (1, 4)


def test_in_a_call_so_many_tools_may_be_used_whatever_the_turns() -> None:
    budget = Budget(rounds=5, calls=3)
    for _ in range(3):
        budget.begin_turn()
        assert budget.begin_round() and budget.admit() is None
    budget.begin_turn()
    assert not budget.begin_round()
    refusal = budget.admit()
    assert refusal is not None and "in this call" in refusal.answer
    assert budget.calls_used == 3


@given(st.integers(1, 5), st.integers(1, 9), st.lists(st.sampled_from(["turn", "round", "call"]), max_size=80))
def test_no_order_of_events_goes_beyond_the_bounds(rounds: int, calls: int, events: list[str]) -> None:
    budget = Budget(rounds, calls)
    admitted = turns = asked = 0
    for event in events:
        if event == "turn":
            budget.begin_turn()
            turns, asked = turns + 1, 0
        elif event == "round":
            asked += budget.begin_round()
        elif budget.admit() is None:
            admitted += 1
    assert admitted <= calls and asked < rounds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("客户要退货，很急。", "客户要退货，很急。"),
        ("a\n b\t\tc\x00d\x1b[31m ", "a b c d ［31m"),
        ("${system(rm -rf /)}", "＄｛system(rm -rf /)｝"),
        ("x,sip_h_X=1", "x，sip_h_X=1"),
        ('it\'s "so"', "it＇s ＂so＂"),
        ("[leg=1]<sip:a@b>|^^:", "［leg=1］＜sip:a@b＞｜＾＾:"),
        ("a\u202eb\u200bc\u2028d", "a b c d"),
        ("\ud83dx", "x"),
        ("", ""),
        ("长" * 501, "长" * 499 + "…"),
    ],
)
def test_a_text_is_made_one_line_that_means_nothing_to_a_dialplan(text: str, line: str) -> None:
    assert plain(text) == line


@given(st.text())
def test_whatever_was_written_is_safe_and_short(text: str) -> None:
    line = plain(text)
    assert len(line) <= 500 and not set(line) & set("$,;'\"`\\{}[]<>^|\n\r")
    assert not any(unicodedata.category(char)[0] == "C" for char in line)
