"""Whole replies as models write them, with their markup, and what is said of them."""

from __future__ import annotations

from firstword.bench.readings import cases, wrong
from firstword.text.atom import spoken
from firstword.text.reader import Reader
from firstword.text.reading import Reading

from .spoken_cases import OURS


def said(text: str) -> str:
    """`text` with \\n for the ends of its lines."""
    reader = Reader(Reading())
    return spoken(reader.feed(text.replace("\\n", "\n")) + reader.finish())


def test_each_reply_is_said_to_the_character() -> None:
    some = cases(OURS / "replies.tsv")
    assert len(some) >= 150
    assert wrong(some, said, exact=True) == []
