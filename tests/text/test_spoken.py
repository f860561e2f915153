"""Words as they stream: the same however a reply is cut, nothing lost, nothing held longer than it must be."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import firstword
from firstword.bench.readings import cases
from firstword.text import kinds
from firstword.text.atom import Atom, plain, sources, spoken
from firstword.text.reading import Reading
from firstword.text.spoken import HELD_MOST, Words

from .spoken_cases import OURS, atoms, say

LANGUAGES = ("zh", "en")
REAL = [case.text for language in LANGUAGES for case in cases(OURS / f"{language}.tsv")]
ALPHABET = (
    "0123456789" * 2 + ".,:-~/%+=()@#*& '’" * 2 + "年月日号点分元个第第京A万亿两至订单是，。：—～￥$°℃²ⅢaApPmMkgVx\n"
)
TEXTS = st.one_of(st.sampled_from(REAL), st.text(st.sampled_from(ALPHABET), max_size=40), st.text(max_size=20))
ATOMS = st.lists(
    st.one_of(
        st.sampled_from(ALPHABET).map(plain),
        st.just(Atom("", 2)),
        st.sampled_from(
            [Atom("重庆", 2, fixed=True), Atom("&", 5), Atom("12", 2), Atom("，", 0), Atom("5", 1, fixed=True)]
        ),
    ),
    max_size=60,
)


def fed(parts: list[list[Atom]], language: str) -> list[Atom]:
    words = Words(Reading(language=language))
    return [atom for part in parts for atom in words.feed(part)] + words.finish()


def cut(whole: list[Atom], places: list[int]) -> list[list[Atom]]:
    ends = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[begin:end] for begin, end in pairwise(ends)]


@given(TEXTS, st.lists(st.integers(0, 1000), max_size=6), st.sampled_from(LANGUAGES))
def test_the_words_are_the_same_however_a_reply_is_cut(text: str, places: list[int], language: str) -> None:
    whole = atoms(text)
    at_once = fed([whole], language)
    assert fed([[atom] for atom in whole], language) == at_once
    assert fed(cut(whole, places), language) == at_once


@given(ATOMS, st.lists(st.integers(0, 1000), max_size=6), st.sampled_from(LANGUAGES))
def test_atoms_of_any_kind_are_read_the_same_however_they_are_cut_and_their_sources_add_up(
    whole: list[Atom], places: list[int], language: str
) -> None:
    at_once = fed([whole], language)
    assert fed(cut(whole, places), language) == at_once
    assert sources(at_once) == sources(whole)
    assert [atom for atom in at_once if atom.fixed] == [atom for atom in whole if atom.fixed]


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_nothing_is_lost_or_said_twice_and_little_is_held(text: str, language: str) -> None:
    words, told = Words(Reading(language=language)), 0
    for written, character in enumerate(text, start=1):
        told += sources(words.feed([plain(character)]))
        assert 0 <= written - told <= HELD_MOST
    assert told + sources(words.finish()) == len(text)


@given(st.text(st.characters(categories=["L"], min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_chinese_goes_straight_through_each_atom_the_very_one_that_came(text: str) -> None:
    words = Words()
    for character in f"{text}，。！？、“”":
        atom = Atom(character, 1)
        (out,) = words.feed([atom])
        assert out is atom
    assert words.finish() == []


@pytest.mark.parametrize(
    ("tokens", "told"),
    [
        (["共3", "个", "人"], ["共", "", "三个人"]),  # 3 个 might be 3 个月
        (["共3", "，", "好"], ["共", "三，", "好"]),
        (["共1", "38", "1", "元。"], ["共", "", "", "一千三百八十一元。"]),
        (["3-", "5", "天", "内"], ["", "", "", "三到五天内"]),
        (["Hel", "lo ", "all", "."], ["", "Hello ", "", "all."]),
        (["好", "OK", "，"], ["好", "", "OK，"]),
        (["it is 20", "°", "C ", "now"], ["it is ", "", "", "twenty degrees Celsius now"]),
    ],
)
def test_what_is_held_is_what_more_text_could_change(tokens: list[str], told: list[str]) -> None:
    words = Words(Reading(language="en" if tokens[0].isascii() and "°" in tokens else "zh"))
    got = [spoken(words.feed(atoms(token))) for token in tokens]
    got[-1] += spoken(words.finish())
    assert got == told


def test_a_number_is_one_atom_for_the_characters_it_was_written_with() -> None:
    words = Words()
    assert words.feed(atoms("共138")) == [plain("共")]
    assert words.feed([Atom("", 2), *atoms("元。")])[:1] == [Atom("一百三十八", 5)]


def test_markup_in_a_number_or_before_what_is_counted_is_not_in_its_way() -> None:
    bold = [*atoms("共"), Atom("", 2), *atoms("2"), Atom("", 2), *atoms("个，1"), Atom("", 1), *atoms("5天。")]
    told = fed([bold], "zh")
    assert spoken(told) == "共两个，十五天。"
    assert sources(told) == sources(bold)


def test_what_is_fixed_is_left_alone_and_read_across_by_nothing() -> None:
    whole = [*atoms("1"), Atom("2", 1, fixed=True), *atoms("3个，")]
    assert fed([whole], "zh") == [Atom("一", 1), Atom("2", 1, fixed=True), Atom("三", 1), plain("个"), plain("，")]


def test_it_is_told_what_was_read_as_what() -> None:
    told: list[tuple[str, str, str]] = []
    words = Words(told=lambda kind, written, said: told.append((kind, written, said)))
    words.feed(atoms("14:30 到，订单是 1381，网址 a.com。"))
    words.finish()
    assert told == [("time", "14:30", "十四点三十分"), ("number", "1381", "幺三八幺"), ("link", "a.com", "a点com")]


def test_no_kind_reaches_into_the_next_run_but_over_chinese() -> None:
    greedy = kinds.table((kinds.kind("greedy", "1", "1(?:2|万)", lambda found, reading: "x"),))
    assert kinds.read(greedy, "12", 0, 1, Reading()) == [kinds.Span(0, 1, "", None)]
    assert kinds.read(greedy, "1万", 0, 1, Reading()) == [kinds.Span(0, 2, "greedy", "x")]


# -- settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "text", "said"),
    [
        ({"one": "yi"}, "电话13812345678", "电话一三八，一二三四，五六七八"),
        ({"groups": False}, "电话13812345678", "电话幺三八幺二三四五六七八"),
        ({"codes": "amount"}, "订单 1381234", "订单 一百三十八万一千二百三十四"),
        ({"codes": "amount"}, "工号 007", "工号 零零七"),
        ({"years": "amount"}, "2024年", "两千零二十四年"),
        ({"clock": "12"}, "14:30", "下午两点三十分"),
        ({"clock": "12"}, "上午9:05", "上午九点零五分"),
        ({"clock": "12"}, "0:05", "凌晨零点零五分"),
        ({"emails": "announce"}, "写到a@b.com。", "写到一个电子邮箱地址。"),
        ({"emails": "announce", "email_sentence": "短信里的邮箱"}, "写到a@b.com。", "写到短信里的邮箱。"),
        ({"emails": "skip"}, "写到a@b.com。", "写到。"),
        ({"links": "announce"}, "打开https://a.com/b?c=1。", "打开一个链接。"),
        ({"links": "skip"}, "打开https://a.com/b?c=1。", "打开。"),
        ({"links": "full"}, "https://a.com/b", "https冒号斜杠斜杠a点com斜杠b"),
        ({"language": "en", "clock": "12"}, "at 14:30", "at two thirty PM"),
        ({"language": "en", "dates": "day-first"}, "10/06/2005", "the tenth of june two thousand five"),
        ({"language": "en", "groups": False}, "555-0123", "five five five zero one two three"),
        ({"language": "en", "links": "announce"}, "see https://a.com/b now", "see a link now"),
        ({"language": "en", "emails": "skip"}, "to a@b.com now", "to  now"),
        ({"language": "en", "codes": "amount"}, "order 1234", "order one thousand two hundred and thirty four"),
    ],
)
def test_a_profile_says_how_a_kind_is_read(settings: dict[str, object], text: str, said: str) -> None:
    language = str(settings.pop("language", "zh"))
    assert say(text, language, **settings) == said


# -- what it costs -------------------------------------------------------------------------------------------------------

HOSTILE = [
    "(",
    "a",
    "1",
    "1-",
    "1*",
    "*",
    "1 ",
    "1/",
    "a@",
    "a.",
    "1:",
    "A1-",
    "may ",
    "$",
    "1,111",
    "http://a/",
    "~",
    "1.1.",
]


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_text_costs_no_more_per_character_the_longer_it_is(pattern: str, language: str) -> None:
    def cost_s(size: int) -> float:
        whole = atoms((pattern * size)[:size])
        words, before = Words(Reading(language=language)), time.process_time()
        words.feed(whole)
        words.finish()
        return time.process_time() - before

    short = min(cost_s(500) for _ in range(3))
    assert (
        min(cost_s(5000) for _ in range(3)) < 40 * short + 0.05
    )  # 10 times, if it is linear; a square would be 100 times
    assert short < 0.1


def test_a_link_longer_than_what_is_held_is_said_as_far_as_it_was_held_and_not_read_as_something_else() -> None:
    link = "https://www.example.com/" + "track/" * 40 + "?id=" + "1" * 40
    told = fed([atoms(f"打开{link}，谢谢")], "zh")
    assert spoken(told).startswith("打开www点example点com斜杠track")
    assert spoken(told).endswith("，谢谢")
    assert len(spoken(told)) < 80
    assert sources(told) == len(link) + 5


def test_it_runs_where_the_switch_runs_it_with_a_small_stack_and_few_frames() -> None:
    script = """
import sys, threading
def work():
    from firstword.text.spoken import Words
    from firstword.text.atom import Atom
    for text in ("共138元，14:30，a@b.com。" * 20, "(" * 5000, "1-" * 3000):
        words = Words()
        words.feed([Atom(one, 1) for one in text])
        words.finish()
    done.append(True)
done = []
threading.stack_size(240 * 1024)
sys.setrecursionlimit(240)
thread = threading.Thread(target=work)
thread.start()
thread.join()
sys.exit(not done)
"""
    lib = str(Path(firstword.__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": lib}, capture_output=True, text=True, timeout=50, check=False
    )
    assert run.returncode == 0, run.stderr
