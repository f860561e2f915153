"""A table of kinds, and how a run is read by one. [pure]

A *kind* is a pattern, and a reader that says what the match is called, or None if, where it stands, it is something else. Kinds are
tried in the order of their table, at each place of a run, among those that may begin with its first character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from .alphabet import DIGITS, LETTERS
from .reading import Reading

Found = re.Match[str]
Reader = Callable[[Found, Reading], "str | None"]
"""From a match to its words. ``found.string`` has what stands before it, at most `BEFORE` characters, and behind it."""

_WORDS = DIGITS | LETTERS
BEFORE = 32
"""Characters of what was written before a run that its readers see."""


FIGURE = "".join(sorted(DIGITS))
LETTER = "".join(sorted(LETTERS))
NUMBER = r"(?>\d{1,3}(?:,\d{3})++(?!,?\d)|\d++)(?:\.\d++)?+"
"""A number, with or without commas between thousands, as patterns have it. Possessive: a run of a hundred figures is looked at once, not a
hundred times."""


TYRE = r"(?P<width>[1-3]\d5)/(?P<height>[2-8][05]) ?(?P<built>Z?R) ?(?P<rim>1\d|2[0-4])(?![A-Za-z0-9])"
"""225/55R17: millimeters, percent of them, inches."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of a table."""

    name: str
    first: str
    """Its first characters."""
    pattern: re.Pattern[str]
    read: Reader


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a run: what is said for it, and as what; `said` is None where it is said as it is written."""

    begin: int
    end: int
    kind: str
    said: str | None


def kind(name: str, first: str, pattern: str, reader: Reader, flags: int = 0) -> Kind:
    """A line of a table, from a pattern's text. Its characters are ASCII's where it says so: a figure is 0 to 9."""
    return Kind(name, first, re.compile(pattern, flags | re.ASCII), reader)


def cut(text: str, places: Iterable[int]) -> list[str]:
    """`text` in parts, cut at `places`."""
    return [text[begin:end] for begin, end in pairwise((0, *places, len(text)))]


def after(found: Found) -> str:
    """What stands behind a match, blanks left out."""
    return found.string[found.end() :].lstrip(" ")


Table = Mapping[str, tuple[Kind, ...]]


def table(kinds: Iterable[Kind]) -> Table:
    """The kinds by their first character."""
    made: dict[str, tuple[Kind, ...]] = {}
    for kind in kinds:
        for character in kind.first:
            made[character] = (*made.get(character, ()), kind)
    return made


def read(kinds: Table, text: str, begin: int, end: int, reading: Reading) -> list[Span]:
    """What is said for the run ``text[begin:end]``. The last span may reach behind it over Chinese (1.5 万), not into the next number."""
    spans: list[Span] = []
    at = begin
    while at < end:
        span = _span(kinds.get(text[at], ()), text, at, end, reading)
        if span is None:
            stop = at + 1
            while text[at] in LETTERS and stop < end and text[stop] in LETTERS:
                stop += 1
            span = Span(at, stop, "", None)
        spans.append(span)
        at = span.end
    return spans


def _span(kinds: Iterable[Kind], text: str, at: int, end: int, reading: Reading) -> Span | None:
    for kind in kinds:
        found = kind.pattern.match(text, at)
        if found is not None and found.end() > at and _WORDS.isdisjoint(text[end : found.end()]):
            said = kind.read(found, reading)
            if said is not None:
                return Span(at, found.end(), kind.name, said)
    return None
