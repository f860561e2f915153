"""From what a model writes for the eye to what is spoken: Markdown, tags, formulas, pictures and faces are taken out. [pure]

Streaming: what is decided is given at once, held back is a bounded tail whose meaning the next characters decide. Where the tokens were cut
changes nothing. Each rule is a function in one of the files beside this one: `scan` says what a rule is.

What looks like markup and is not (a * b, snake_case, 5 < 6, $5) is spoken as it stands. What is not spoken is silent atoms: their sources
still count, so that the characters of the reply are known at each moment of the speech.
"""

from __future__ import annotations

import re

from . import markup_asides, markup_inline, markup_links, markup_math, markup_tags
from .atom import Atom
from .markup_lines import clause_end, line
from .pictures import ARROWS, UNSPOKEN
from .reading import Reading
from .scan import NOT_MINE, WAIT, Rule, Scan


def _newline(scan: Scan, text: str, at: int, last: bool) -> int:
    """A pause: a sentence's after a heading, an item or a paragraph, else a clause's."""
    if at + 1 == len(text):
        if not last:
            return WAIT
        scan.silent(1)
        return 1
    scan.pause(1, whole=scan.ends_whole or text[at + 1] in "\r\n")
    scan.line_over()
    return 1


def _merged(*tables: dict[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
    merged: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for character, rules in table.items():
            merged[character] = merged.get(character, ()) + rules
    return merged


_RULES = _merged(
    {"\n": (_newline,), **dict.fromkeys("；：。", (clause_end,))},
    markup_math.RULES,
    markup_tags.RULES,
    markup_inline.RULES,
    markup_links.RULES,
    markup_asides.RULES,
)
_PLAIN = re.compile(rf"[^{re.escape(''.join(_RULES))}{UNSPOKEN}{ARROWS}]+")
_ARROW = re.compile(rf"[{ARROWS}]")
_PICTURES = (markup_inline.unspoken,)
_ARROWS = (markup_inline.arrow,)


class Markup:
    """Reads one reply. One thread at a time. Next: `feed` with each token, then `finish`; from there it begins afresh.

    Args:
        reading: what is announced, skipped and read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._scan = Scan(reading)
        self._tail = ""

    def feed(self, token: str) -> list[Atom]:
        """The atoms that `token` decides: plain text one character each. Any length; linear in it."""
        text = self._tail + token
        self._tail = text[self._read(text, last=False) :]
        return self._taken()

    def finish(self) -> list[Atom]:
        """The rest: no more is written."""
        self._read(self._tail, last=True)
        atoms = self._taken()
        self._tail = ""
        self._scan = Scan(self._reading)
        return atoms

    def _taken(self) -> list[Atom]:
        atoms, self._scan.atoms = self._scan.atoms, []
        return atoms

    def _read(self, text: str, *, last: bool) -> int:
        """How much of `text` is decided."""
        scan, at, end = self._scan, 0, len(text)
        while at < end:
            if scan.mode is not None:
                taken = scan.mode(scan, text, at, last)
                if taken == NOT_MINE:
                    continue  # it has ended before this character
            elif scan.line_start:
                taken = line(scan, text, at, last)
                if taken == NOT_MINE:
                    scan.line_start = False
                    continue
            elif plain := _PLAIN.match(text, at):
                scan.plain(plain[0])
                taken = plain.end() - at
            else:
                taken = self._inline(text, at, last)
            if taken == WAIT:
                break
            at += taken
            scan.before = text[at - 1]
        return at

    def _inline(self, text: str, at: int, last: bool) -> int:
        character = text[at]
        rules = _RULES.get(character)
        if rules is None:
            rules = _ARROWS if _ARROW.match(character) else _PICTURES
        for rule in rules:
            taken = rule(self._scan, text, at, last)
            if taken != NOT_MINE:
                return taken
        self._scan.plain(character)
        return 1
