"""Numbers as they are called, in Mandarin and in English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text import numerals, roman
from firstword.text.en import numbers as en
from firstword.text.zh import numbers as zh

ZH = {
    "0": "零", "007": "七", "10": "十", "11": "十一", "20": "二十", "100": "一百", "101": "一百零一",
    "110": "一百一十", "115": "一百一十五", "200": "两百",
    "222": "二百二十二", "1001": "一千零一", "1010": "一千零一十", "2000": "两千", "2002": "两千零二", "10000": "一万",
    "10010": "一万零一十", "12000": "一万二千",
    "20000": "两万", "100000": "十万", "100010": "十万零一十", "1001000": "一百万一千", "10000001": "一千万零一",
    "200000000": "两亿",
    "10000100000": "一百亿零十万", "1,234.50": "一千二百三十四点五零", "0.5": "零点五", "2.2": "二点二",
    "12345678901234567": "一二三四五六七八九零一二三四五六七",
}  # fmt: skip
EN = {
    "0": "zero", "13": "thirteen", "20": "twenty", "21": "twenty one", "100": "one hundred", "101": "one hundred one",
    "1000": "one thousand",
    "1,000,001": "one million one", "12345": "twelve thousand three hundred forty five", "0.05": "zero point zero five",
    "1" + "0" * 27: "one" + " zero" * 27,
}  # fmt: skip
ORDINALS = {
    "0": "zeroth", "1": "first", "2": "second", "3": "third", "5": "fifth", "8": "eighth", "9": "ninth",
    "12": "twelfth", "20": "twentieth", "21": "twenty first",
            "100": "one hundredth", "113": "one hundred thirteenth"}  # fmt: skip
YEARS = {
    "1984": "nineteen eighty four", "1900": "nineteen hundred", "1905": "nineteen oh five", "2000": "two thousand",
    "2005": "two thousand five", "2010": "twenty ten",
         "2024": "twenty twenty four", "98": "ninety eight", "05": "zero five", "800": "eight hundred"}  # fmt: skip


@pytest.mark.parametrize(("figures", "said"), ZH.items())
def test_an_amount_in_mandarin(figures: str, said: str) -> None:
    assert zh.amount(figures) == said


@given(st.integers(0, 10**8 - 1))
def test_an_amount_in_mandarin_is_understood_as_the_number_it_was(number: int) -> None:
    assert numerals.amount(zh.amount(str(number))) == number
    assert numerals.amount(zh.ordinal(str(number))) == number


def test_two_is_liang_where_it_counts_and_er_where_it_orders() -> None:
    assert [zh.amount("2"), zh.amount("2", two="两"), zh.ordinal("2")] == ["二", "两", "二"]
    assert [zh.amount("210"), zh.amount("2000000"), zh.amount("2200")] == ["二百一十", "两百万", "两千二百"]
    assert [zh.amount("200"), zh.ordinal("200"), zh.ordinal("2000")] == ["两百", "二百", "二千"]
    assert zh.dictated("2012") == "二零幺二"
    assert zh.digits("2012-1") == "二零一二-一"


@pytest.mark.parametrize(("figures", "said"), EN.items())
def test_an_amount_in_english(figures: str, said: str) -> None:
    assert en.amount(figures) == said


def test_sums_are_joined_by_and() -> None:
    assert en.amount("1050", joined=True) == "one thousand and fifty"
    assert en.amount("1150", joined=True) == "one thousand one hundred and fifty"
    assert en.amount("50", joined=True) == "fifty"
    assert en.amount("1,050,000", joined=True) == "one million fifty thousand"
    assert en.amount("1,000,012", joined=True) == "one million twelve"


@given(st.integers(0, 10**18))
def test_an_amount_in_english_is_understood_as_the_number_it_was(number: int) -> None:
    assert _value(en.amount(str(number))) == number
    assert _value(en.amount(str(number), joined=True)) == number


def _value(said: str) -> int:
    whole, part = 0, 0
    for word in said.split():
        if word == "hundred":
            part *= 100
        elif word in en._SCALES:
            whole, part = whole + part * 1000 ** en._SCALES.index(word), 0
        elif word != "and":
            part += en.ONES.index(word) if word in en.ONES else en.TENS.index(word) * 10
    return whole + part


@pytest.mark.parametrize(("figures", "said"), ORDINALS.items())
def test_an_ordinal(figures: str, said: str) -> None:
    assert en.ordinal(figures) == said


@pytest.mark.parametrize(("figures", "said"), YEARS.items())
def test_a_year(figures: str, said: str) -> None:
    assert en.year(figures) == said


def test_what_there_is_several_of() -> None:
    assert [en.plural(one) for one in ("nineteen eighty", "six", "third")] == ["nineteen eighties", "sixes", "thirds"]


def test_a_roman_numeral() -> None:
    assert [roman.value(one) for one in ("IX", "XIV", "XL", "XCIX", "CXLIV")] == [9, 14, 40, 99, 144]


def test_a_letter_and_what_stands_for_a_number_are_no_roman_numeral() -> None:
    assert [roman.value(one) for one in ("C", "L", "XX")] == [None, None, None]
