"""Transcripts compared and counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.transcript import beyond, count_words, same

ANY = st.text(st.characters())
SPOKEN = st.text(st.sampled_from("我要查一下订单二三十百千万零幺两,。，？ 0123456789.-:%百分之嗯uhokONE "), max_size=30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("帮我查一下订单", "帮我查一下订单。"),
        ("帮我查一下订单", "帮我，查一下订单？"),
        ("帮我 查一下 订单", "帮我查一下订单"),
        ("嗯，帮我查一下", "帮我查一下"),
        ("帮我查一下啊", "嗯帮我查一下嗯"),
        ("订单一二三", "订单123"),
        ("幺三八一二三四五六七八", "13812345678"),
        ("138 1234 5678", "幺三八，幺二三四，五六七八"),
        ("两个", "二个"),
        ("两个", "2个"),
        ("二十三", "23"),
        ("十五", "15"),
        ("一百零五块", "105块"),
        ("三百五", "350"),
        ("两千零五", "2005"),
        ("三万五", "35000"),
        ("3万", "三万"),
        ("1,000块", "一千块"),
        ("百分之二十", "20%"),
        ("三点五", "3.5"),
        ("三点三十", "3:30"),
        ("１２３", "123"),
        ("ＯＫ", "ok"),
        ("iPhone 15", "iphone15"),
        ("Hello, world!", "hello world"),
        ("um I want a refund", "i want a refund"),
        ("I don’t know", "i don't know."),
        ("my number is one two three", "My number is 123."),
        ("one double three oh five", "13305"),
        ("uh-huh", "uh huh"),
        ("uh um well, a refund uh, um", "well a refund"),
        ("嗯 um 退货 uh 啊", "退货"),
        ("", "。"),
    ],
)
def test_the_same_words_may_be_written_in_many_ways(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("帮我查一下订单", "帮我查一下订单号"),
        ("帮我查一下订单", "帮我查一下"),
        ("我要退货", "我不要退货"),
        ("订单123", "订单1234"),
        ("二三", "二十三"),
        ("2、3", "二十三"),
        ("一百五", "105"),
        ("20", "20%"),
        ("35", "3.5"),
        (".5", "5"),
        ("5度", "-5度"),
        ("1-2点", "12点"),
        ("嗯", ""),
        ("嗯", "啊"),
        ("嗯，不", "不用"),
        ("nowhere", "now here"),
        ("uh-huh", "huh"),
        ("a hum", "a h"),
        ("i want", "i want it"),
        ("no one", "no 12"),
        ("a+b", "ab"),
        ("零五", "5"),
    ],
)
def test_further_words_and_other_numbers_are_never_the_same(one: str, other: str) -> None:
    assert not same(one, other)
    assert not same(other, one)


@given(SPOKEN, SPOKEN)
def test_it_does_not_matter_which_came_first(one: str, other: str) -> None:
    assert same(one, one)
    assert same(one, other) == same(other, one)


@given(SPOKEN, st.sampled_from(["订", "好", "我要", "z", "ok"]))
def test_one_that_goes_on_is_another(text: str, more: str) -> None:
    assert not same(text, text + more)


@given(ANY, ANY)
def test_no_text_is_too_odd(one: str, other: str) -> None:
    assert same(one, one + " ")
    same(one, other)
    assert 0 <= count_words(one) <= 40 * len(one)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("。，！ ", 0),
        ("嗯", 1),
        ("帮我查一下", 5),
        ("帮我，查一下。", 5),
        ("hello world", 2),
        ("don't", 1),
        ("I don’t know.", 3),
        ("uh-huh", 2),
        ("13812345678", 11),
        ("１２", 2),
        ("iPhone 15好", 4),
        ("订单A1", 4),
        ("3.5", 2),
        ("你好 ok", 3),
        ("你好🙂", 2),
        ("naïve café", 2),
    ],
)
def test_a_character_a_latin_word_and_a_digit_are_one_word_each(text: str, words: int) -> None:
    assert count_words(text) == words


@given(
    st.text(st.sampled_from("我好一在word ok 12,。"), max_size=20), st.text(st.sampled_from("，。？!, "), max_size=5)
)
def test_punctuation_is_no_word(text: str, marks: str) -> None:
    assert count_words(text + marks) == count_words(text)


@pytest.mark.parametrize(
    ("text", "before", "more"),
    [
        ("寄到北京多少钱，还有上海呢？", "寄到北京多少钱", "还有上海呢？"),
        ("What does it cost? And to Beijing.", "what does it cost", "And to Beijing."),
        ("寄到背景多少钱还有上海", "寄到北京多少钱", "还有上海"),
        ("查账单还有订单", "查订单", "还有订单"),
        ("what does it cost to send", "what is it cost", "to send"),
        ("好的，那我想问运费", "好的", "那我想问运费"),
        ("对对", "对", "对"),
        ("寄到北京多少钱。", "寄到北京多少钱", ""),
        ("寄到背景", "寄到北京", ""),
        ("还有上海", "寄到北京", "还有上海"),
        ("号", "好", ""),
        ("寄到", "寄到北京", ""),
        ("", "寄到北京", ""),
        ("停一下", "", "停一下"),
    ],
)
def test_what_a_transcript_says_beyond_its_beginning_is_told_though_the_beginning_was_mended(
    text: str, before: str, more: str
) -> None:
    assert beyond(text, before) == more


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_goes_beyond_is_an_end_of_the_text(text: str, before: str) -> None:
    assert text.strip().endswith(beyond(text, before))
