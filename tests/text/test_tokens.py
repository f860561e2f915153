"""How many tokens a text has, about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.tokens import estimate


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n\t", 0),
        ("您好", 2),
        ("您好，再见。", 6),
        ("hello", 1),
        ("goodbye", 2),
        ("hello  world", 2),
        ("café", 1),
        ("13800138000", 11),
        ('{"a":{', 3),
        ("заказ", 5),
        ("🙂", 2),
        ("查 SF1381 吗？", 1 + 1 + 4 + 2),
    ],
)
def test_characters_words_digits_and_signs_are_counted_by_the_rule(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


@given(st.text(), st.text())
def test_more_text_is_never_less_and_two_texts_are_at_most_their_sum(one: str, other: str) -> None:
    assert max(estimate(one), estimate(other)) <= estimate(one + other) <= estimate(one) + estimate(other)
    assert estimate(one) <= 2 * len(one)
