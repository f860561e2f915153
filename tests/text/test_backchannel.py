"""What a listener says without taking the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.backchannel import DEFAULT_BACKCHANNELS, is_backchannel
from firstword.text.phrases import LONGEST, Phrases

LISTENING = """
    嗯 嗯。 嗯嗯 嗯嗯嗯 嗯，嗯 对 对对对 对的 对，对 好 好的 好好好 好的好的 哦 哦哦 哦好的 嗯对 嗯，是的 是 是的是的 行
    明白 明白了 知道了 没错 嗯哼 ok OK Okay. yeah Yeah, mm-hmm Mhm uh-huh UH-HUH hmm right 嗯ok ok好的 ＯＫ
"""
INTERRUPTING = """
    不 不是 不对 停 停停停 等一下 等等 对不起 好了 好了好了 行了 可以了 别说了 喂 你好 谢谢 嗯？ 好的？ 是吗 对吗 啊 啊？ 什么 嗯我想
    好的我想 对但是 好的谢谢 嗯不 是不是 好不好 知道 是我 一 1 转人工 no No. stop wait um uh but okaybut rightly yes? okay?
"""


@pytest.mark.parametrize("text", LISTENING.split())
def test_a_listeners_word_is_one_alone_repeated_or_combined(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize(
    "text", ["uh huh", "yeah yeah", "ok, I see.", "yeah right", "oh okay", "all right", "Got it!", "嗯 好的 ok"]
)
def test_so_are_words_with_blanks_between_them(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", INTERRUPTING.split())
def test_what_takes_the_floor_is_none(text: str) -> None:
    assert not is_backchannel(text)


@pytest.mark.parametrize("text", ["", " ", "。", "ok wait", "yeah but no", "I see it", "right now", "好的 我 知道"])
def test_nor_is_silence_or_a_sentence(text: str) -> None:
    assert not is_backchannel(text)


def test_a_profile_may_have_its_own_words() -> None:
    assert is_backchannel("中，中", ["中"])
    assert not is_backchannel("嗯", ["中"])
    assert not is_backchannel("嗯", [])
    assert is_backchannel("Jawohl! ja", ["ja", "jawohl", "", "。"])


def test_who_says_a_great_deal_says_something() -> None:
    assert is_backchannel("嗯" * LONGEST)
    assert not is_backchannel("嗯" * (LONGEST + 1))
    assert not is_backchannel("嗯" + " " * 1000 + "停")


@given(
    st.lists(st.sampled_from(DEFAULT_BACKCHANNELS), min_size=1, max_size=5), st.sampled_from(["，", " ", "。 ", ", "])
)
def test_any_few_of_the_words_are_one(words: list[str], between: str) -> None:
    assert is_backchannel(between.join(words))
    assert not is_backchannel(between.join([*words, "停"]))
    assert not is_backchannel(between.join(["wait", *words]))


@given(st.text(st.characters()), st.lists(st.text(st.characters(), max_size=4), max_size=4))
def test_no_text_and_no_word_is_too_odd(text: str, words: list[str]) -> None:
    is_backchannel(text, words)


def test_words_that_begin_alike_do_not_hide_each_other() -> None:
    assert Phrases(["嗯", "嗯嗯好"]).make_up("嗯嗯嗯好")
    assert not Phrases(["嗯嗯"]).make_up("嗯嗯嗯")
