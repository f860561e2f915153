"""Tokens to pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.segment import LONGEST_TAIL, Segmenter


def pieces(*tokens: str) -> list[str]:
    segmenter = Segmenter()
    return [piece for token in tokens for piece in segmenter.feed(token)] + segmenter.finish()


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["您好", "，", "请问"], ["您好", "，", "请问"]),
        (["Hello", " ", "there"], ["Hello", " there"]),
        (["好的", "\n\n", "第一"], ["好的", "\n\n第一"]),
        (["👩", "\u200d", "💻", "好"], ["👩\u200d💻好"]),
        (["🇨", "🇳", "!"], ["🇨🇳!"]),
        (["ok", " "], ["ok", " "]),
        ([""], []),
    ],
)
def test_each_token_goes_on_as_it_comes_but_blanks_and_pictures_wait_for_their_neighbour(
    tokens: list[str], expected: list[str]
) -> None:
    assert pieces(*tokens) == expected


@given(st.lists(st.text(st.sampled_from("你好 \n,。a1🙂👩\u200d💻🇨🇳\ufe0f"), max_size=6), max_size=20))
def test_nothing_is_lost_or_said_twice_however_the_tokens_are_cut(tokens: list[str]) -> None:
    got = pieces(*tokens)
    assert "".join(got) == "".join(tokens)
    assert all(got)


def test_a_tail_does_not_grow_without_a_bound() -> None:
    segmenter = Segmenter()
    assert segmenter.feed(" " * (LONGEST_TAIL + 1)) == [" " * (LONGEST_TAIL + 1)]
