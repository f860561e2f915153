"""Numbers as a recogniser may write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.gateway.engines import zhnumbers
from firstword.text.numerals import LONGEST_AMOUNT, amount, english_figures, figures


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("零", 0),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("二十三", 23),
        ("一百十五", 115),
        ("一百零五", 105),
        ("三百五", 350),
        ("两百五十", 250),
        ("两千五", 2500),
        ("两千零五", 2005),
        ("三千零五十", 3050),
        ("三万", 30_000),
        ("三万五", 35_000),
        ("三万零五", 30_005),
        ("十万", 100_000),
        ("一百万", 1_000_000),
        ("一亿两千万", 120_000_000),
        ("3万", 30_000),
        ("3万5", 35_000),
        ("3万500", 30_500),
        ("12万", 120_000),
    ],
)
def test_an_amount_that_is_said_has_a_value(said: str, number: int) -> None:
    assert amount(said) == number


@pytest.mark.parametrize(
    "said", ["", "百", "一二", "二三十", "三百零", "一百零零", "零五", "十十", "一百千", "万", "一万亿亿", "你"]
)
def test_what_is_no_whole_amount_has_none(said: str) -> None:
    assert amount(said) is None


@given(st.integers(0, 10**10))
def test_what_our_own_voice_says_of_a_number_is_understood(number: int) -> None:
    assert amount(zhnumbers.amount(str(number))) == number


@given(st.text(st.sampled_from("零一二两三九幺十百千万亿0159点订"), max_size=30))
def test_no_run_of_numerals_is_too_odd(said: str) -> None:
    number = amount(said)
    assert number is None or 0 <= number < 10 ** (LONGEST_AMOUNT + 12)


def test_digits_are_read_one_by_one() -> None:
    assert figures("幺三八〇零两二") == "1380022"
    assert english_figures("one double three oh five, this one's mine") == "1 33 0 5, this one's mine"
