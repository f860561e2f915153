"""How a profile has text spoken that was written for the eye. [pure]"""

from __future__ import annotations

from dataclasses import dataclass

from ..options import option


@dataclass(frozen=True)
class Reading:
    """How a profile has text spoken that was written for the eye. Replies and phrases go the same way."""

    reading: bool = option(
        True, help="turn what is written for the eye into words; false: all is spoken as it is written"
    )
    language: str = option(
        "zh", help="the language numbers, signs and announcements are spoken in", choices=("zh", "en")
    )
    tables: str = option(
        "announce",
        help="a table: one sentence for it, or nothing, or its cells one after the other",
        choices=("announce", "skip", "read"),
    )
    table_sentence: str = option("", help="what is said for a table; empty: a sentence of ours in the language")
    code: str = option(
        "announce",
        help="a block of code: one sentence for it, or nothing, or as it is written",
        choices=("announce", "skip", "read"),
    )
    code_sentence: str = option("", help="what is said for a block of code; empty: a sentence of ours in the language")
    formulas: str = option(
        "read",
        help="LaTeX: in words as far as it is simple, or one sentence for it, or nothing",
        choices=("read", "announce", "skip"),
    )
    formula_sentence: str = option("", help="what is said for a formula; empty: a sentence of ours in the language")
    lists: str = option(
        "ordinals",
        help="a numbered list: 第一，… (first, ...), or its numbers as they are written",
        choices=("ordinals", "numbers"),
    )
    images: str = option("skip", help="a picture's description: said or not", choices=("skip", "say"))
    stage_directions: str = option(
        "skip",
        help="（笑）, *smiles*, [pause], kaomoji: what describes a manner, not said or said",
        choices=("skip", "say"),
    )
    lexicon: tuple[str, ...] = option(
        (),
        help="how words are said, split at |: word=what is said (CEO=首席执行官), or word=its syllables with tones (重庆=chong2 qing4), "
        "with what is said by services that take no syllables after a slash (重庆=chong2 qing4/虫庆)",
    )
    one: str = option(
        "yao",
        help="1 in numbers of telephones, orders and the like: 幺 or 一 (Chinese)",
        choices=("yao", "yi"),
    )
    groups: bool = option(True, help="a pause between the groups of a number of a telephone, a card, an order")
    codes: str = option(
        "digits",
        help="numbers of orders, cards, rooms: figure by figure, or as amounts",
        choices=("digits", "amount"),
    )
    years: str = option(
        "digits", help="a year: figure by figure, or as an amount (Chinese)", choices=("digits", "amount")
    )
    clock: str = option(
        "24", help="14:30: 十四点三十分 (fourteen thirty), or 下午两点三十分 (two thirty PM)", choices=("24", "12")
    )
    dates: str = option(
        "month-first", help="what 10/06/2005 begins with (English)", choices=("month-first", "day-first")
    )
    emails: str = option(
        "say", help="an e-mail address: spelled, one sentence for it, or nothing", choices=("say", "announce", "skip")
    )
    links: str = option(
        "say",
        help="a link: its host and path, all of it to the last sign, one sentence for it, or nothing",
        choices=("say", "full", "announce", "skip"),
    )
    email_sentence: str = option(
        "", help="what is said for an e-mail address; empty: a sentence of ours in the language"
    )
    link_sentence: str = option("", help="what is said for a link; empty: a sentence of ours in the language")
