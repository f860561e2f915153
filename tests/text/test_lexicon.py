"""How a profile has single words spoken."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import ConfigError
from firstword.text.atom import Atom, plain, sources, spoken
from firstword.text.lexicon import SSML, SYLLABLES, Lexicon, entries, syllables
from firstword.text.scan import SILENT

from .cutting import streamed

KNOWN = (
    "银行=银航",
    "银=银子",
    "行=行走",
    "重庆=chong2 qing4/虫庆",
    "重量=zhong4 liang4",
    "CEO=首席执行官",
    "北京=<sub alias='首都'>北京</sub>/首都",
    "SF-1=*",
)


def said(text: str, reads: frozenset[str] = frozenset()) -> str:
    atoms = [plain(character) for character in text]
    whole = streamed(lambda: Lexicon(entries(KNOWN), reads), [atoms])
    assert streamed(lambda: Lexicon(entries(KNOWN), reads), [[atom] for atom in atoms]) == whole
    assert sources(whole) == len(text)
    return spoken(whole)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("去银行，银行走", "去银航，银航走"),
        ("银", "银子"),
        ("行行", "行走行走"),
        ("重庆的重量很重", "虫庆的重量很重"),
        ("CEO，CEOs，aCEO，CEO好", "首席执行官，CEOs，aCEO，首席执行官好"),
        ("北京和SF-1", "首都和SF-1"),
        ("重", "重"),
    ],
)
def test_the_longest_word_is_found_and_latin_ones_only_whole(text: str, expected: str) -> None:
    assert said(text) == expected


def test_a_service_that_takes_syllables_or_ssml_is_given_the_word_or_the_tag() -> None:
    assert said("重庆，北京", frozenset((SYLLABLES,))) == "重庆，首都"
    assert said("重庆，北京", frozenset((SSML,))) == "虫庆，<sub alias='首都'>北京</sub>"
    assert syllables(entries(KNOWN)) == {"重庆": "chong2 qing4", "重量": "zhong4 liang4"}


def test_a_word_is_one_atom_that_stands_for_its_characters_and_the_markup_within() -> None:
    atoms = [plain("去"), plain("重"), SILENT, SILENT, plain("庆"), SILENT]
    given = streamed(lambda: Lexicon(entries(KNOWN)), [atoms])
    assert given == [plain("去"), Atom("虫庆", 4, fixed=True), SILENT]


def test_a_word_that_is_sure_does_not_wait_for_what_follows() -> None:
    lexicon = Lexicon(entries(KNOWN))
    assert spoken(lexicon.feed([plain("重"), plain("庆")])) == "虫庆"


def test_what_is_fixed_already_is_left_alone() -> None:
    atoms = [Atom("重庆", 9, fixed=True), Atom("行", 1, fixed=True)]
    assert streamed(lambda: Lexicon(entries(KNOWN)), [atoms]) == atoms


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("重庆", "'重庆' is not word=how it is said"),
        ("=虫庆", "'=虫庆' is not word=how it is said"),
        ("重庆=", "'重庆=' is not word=how it is said"),
        ("重庆=chong2", "'重庆' has 2 characters, and 1 syllables are given"),
        ("重庆=chong2 qing7", "'重庆': 'qing7' is no syllable with its tone, such as chong2 (tones 1 to 5)"),
        ("重庆=chong2 qing4/", "'重庆': nothing follows the slash"),
        ("重庆=<sub>虫庆</sub> 虫", "'重庆': SSML ends with >, what others say follows a slash"),
        ("重" * 33 + "=x", "is longer than 32 characters"),
        ("行=航", "'行' is there twice"),
    ],
)
def test_a_mistake_is_one_line(entry: str, line: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(line)) as error:
        entries((*KNOWN, entry), "profile 'x': lexicon")
    assert str(error.value).startswith("profile 'x': lexicon: ") and "\n" not in str(error.value)


WORDS = st.sampled_from(["a", "ab", "abc", "aab", "bca", "重", "重庆", "庆重庆", "c-a"])


@given(st.lists(WORDS, unique=True, max_size=6), st.text("abc重庆-", max_size=30), st.sets(st.integers(0, 30)))
def test_where_the_atoms_are_cut_changes_nothing_and_no_character_is_lost(
    words: list[str], text: str, places: set[int]
) -> None:
    known = entries(tuple(f"{word}=<{word}>" for word in words))
    atoms = [SILENT if character == "-" else plain(character) for character in text]
    bounds = sorted(place for place in places if place <= len(atoms))
    parts = [atoms[a:b] for a, b in zip([0, *bounds], [*bounds, len(atoms)], strict=True)]
    whole = streamed(lambda: Lexicon(known), [atoms])
    assert streamed(lambda: Lexicon(known), parts) == whole
    assert sources(whole) == len(text)
