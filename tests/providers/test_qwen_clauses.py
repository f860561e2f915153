from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.providers.dashscope.qwen_clauses import LONG_CHARS, speakable, whole

LONG = "好" * LONG_CHARS


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", 0),
        ("您好", 0),
        ("您好，", 3),
        ("您好，请问", 3),
        ("您好，请问。好", 6),
        ("真的？！好", 4),
        ("他说：“好。”然后", 7),
        ("……", 0),
        ("……好，", 4),
        ("圆周率是3.", 0),
        ("圆周率是3.14", 0),
        ("一共1,000元", 0),
        ("现在12:30", 0),
        ("Hello.", 0),
        ("Hello. How", 6),
        ("Well, yes", 5),
        ("see www.example.com for", 0),
        ("Really?", 0),
        ("Really? 好", 7),
        ("ok.好", 3),
        ("北京、上海、", 0),
        ("一行\n二行", 3),
        (LONG, LONG_CHARS),
        (LONG + "、好", LONG_CHARS + 1),
        ("a" * 60 + " " + "b" * 60, 61),
        ("。" * LONG_CHARS, 0),
    ],
)
def test_what_may_be_spoken_are_whole_clauses(text: str, end: int) -> None:
    assert whole(text) == end


@given(st.text("好a1。，.,:?!“” \n、", max_size=3 * LONG_CHARS))
def test_it_is_never_more_than_there_is_and_never_marks_alone(text: str) -> None:
    end = whole(text)
    assert 0 <= end <= len(text) and (not end or speakable(text[:end]))


@given(st.text("好a1。，.,:?!“” \n、", max_size=60))
def test_a_clause_that_is_whole_stays_whole_when_more_is_written(text: str) -> None:
    ends = [whole(text[:at]) for at in range(len(text) + 1)]
    assert ends == sorted(ends)
