"""Figures as they are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.gateway.engines.clauses import spelled
from firstword.gateway.engines.zhnumbers import FIGURES, amount, figures


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("50元到100元", "五十元到一百元"),
        ("2-3天", "二到三天"),
        ("2个", "两个"),
        ("第2次", "第二次"),
        ("2月", "二月"),
        ("12个", "十二个"),
        ("3:30", "三点半"),
        ("2:00", "两点"),
        ("14:05", "十四点零五分"),
        ("2026年5月1日", "二零二六年五月一日"),
        ("25%", "百分之二十五"),
        ("￥25.5", "二十五点五元"),
        ("¥8元", "八元"),
        ("1,050.5元", "一千零五十点五元"),
        ("3.14", "三点一四"),
        ("13812345678", "一三八一二三四五六七八"),
        ("400-123-4567", "四零零一二三四五六七"),
        ("007", "零零七"),
        ("订单20251122", "订单二零二五一一二二"),
        ("共105000元", "共十万五千元"),
    ],
)
def test_figures_are_read_as_a_speaker_reads_them(text: str, said: str) -> None:
    assert "".join(character for character, _ in spelled(text)) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0", "零"), ("10", "十"), ("11", "十一"), ("20", "二十"), ("101", "一百零一"), ("110", "一百一十"), ("1001", "一千零一"),
        ("1010", "一千零一十"), ("10000", "一万"), ("10001", "一万零一"), ("10500", "一万零五百"), ("100000", "十万"),
        ("1000000", "一百万"), ("10000001", "一千万零一"), ("100000000", "一亿"), ("100050000", "一亿零五万"),
        ("000", "零"), ("0.5", "零点五"),
    ],
)  # fmt: skip
def test_amounts_have_their_units_and_their_zeros(number: str, said: str) -> None:
    assert amount(number) == said


def value(said: str) -> int:
    """An amount read back: an inverse written another way than the thing it judges."""
    total = section = digit = 0
    for character in said:
        if character in FIGURES:
            digit = FIGURES.index(character)
        elif character in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        else:
            total = (total + section + digit) * 10_000 if character == "万" else (total + section + digit) * 100_000_000
            section = digit = 0
    return total + section + digit


@given(st.integers(0, 9_999_9999))
def test_an_amount_read_back_is_itself(number: int) -> None:
    assert value(amount(str(number))) == number


@given(st.text(alphabet="0123456789:：.,-~%￥¥+年月元个第 "))
def test_every_figure_of_a_text_is_in_one_number_and_no_text_breaks_it(text: str) -> None:
    at = 0
    covered = ""
    for begin, end, said in figures(text):
        assert begin >= at and said
        covered += text[begin:end]
        at = end
    assert [c for c in covered if c.isdecimal()] == [c for c in text if c.isdecimal()]
