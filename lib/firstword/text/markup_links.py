"""Square brackets in a line of Markdown: links, images, citations, directions. For `markup`. [pure]"""

from __future__ import annotations

import re

from .markup_asides import CITED, is_direction
from .scan import NOT_MINE, WAIT, Rule, Scan, is_word, skip

LONGEST_LINK = 80
"""Characters of a link's text."""
_MOST_BRACKETS = 16
"""In a link's text."""

_NUMBERS = re.compile(r"\^?[1-9][0-9]{0,2}(?:\s?[,，、\-–]\s?\^?[1-9][0-9]{0,2}){0,9}\^?")
_BRACKETS = re.compile(r"[\[\]\n。！？]")
_NAME = re.compile(r"\[[A-Za-z0-9_\-]{0,30}\]")
_NAME_BEGUN = re.compile(r"\[[A-Za-z0-9_\-]{0,30}\Z")


def bracket(scan: Scan, text: str, at: int, last: bool) -> int:
    """``[text](address)``, ``[1]``, ``[pause]``; anything else in brackets stays."""
    close = _matching(text, at)
    if close == WAIT:
        return NOT_MINE if last else WAIT
    if close == NOT_MINE:
        return NOT_MINE
    inside = text[at + 1 : close]
    if close + 1 == len(text) and not last:
        return WAIT
    following = text[close + 1 : close + 2]
    if following == "(":
        scan.links += 1
        return skip(scan, 1)
    if _NUMBERS.fullmatch(inside) or CITED.fullmatch(inside):
        return skip(scan, close + 1 - at)
    if following == "[" and inside:
        if _NAME.match(text, close + 1):
            scan.links += 1
            return skip(scan, 1)
        if not last and _NAME_BEGUN.match(text, close + 1):
            return WAIT
    if scan.reading.stage_directions == "skip" and is_direction(inside):
        return skip(scan, close + 1 - at)
    return NOT_MINE


def _matching(text: str, at: int) -> int:
    """Where the bracket is closed that opens at `at`."""
    depth, position = 0, at
    for _ in range(_MOST_BRACKETS):
        found = _BRACKETS.search(text, position, at + LONGEST_LINK)
        if not found:
            return WAIT if len(text) - at < LONGEST_LINK else NOT_MINE
        if found[0] not in "[]":
            return NOT_MINE
        depth += 1 if found[0] == "[" else -1
        position = found.end()
        if depth == 0:
            return found.start()
        if depth > 3:
            return NOT_MINE
    return NOT_MINE


def bracket_closed(scan: Scan, text: str, at: int, last: bool) -> int:
    """The ``](address)`` or ``][name]`` of a link."""
    if not scan.links:
        return NOT_MINE
    if at + 1 == len(text) and not last:
        return WAIT
    following = text[at + 1 : at + 2]
    if following not in ("(", "["):
        return NOT_MINE
    scan.links -= 1
    scan.mode = _Address(following, ")" if following == "(" else "]").rest
    return skip(scan, 2)


class _Address:
    """A mode: to the bracket that closes the address, or the line's end."""

    def __init__(self, opened: str, closed: str) -> None:
        self._signs = re.compile(rf"[{re.escape(opened + closed)}\n]")
        self._opened = opened
        self._depth = 1

    def rest(self, scan: Scan, text: str, at: int, last: bool) -> int:
        position = at
        while found := self._signs.search(text, position):
            position = found.end()
            if found[0] == "\n":
                scan.mode = None
                return skip(scan, found.start() - at)
            self._depth += 1 if found[0] == self._opened else -1
            if self._depth == 0:
                scan.mode = None
                return skip(scan, position - at)
        return skip(scan, len(text) - at)


def picture(scan: Scan, text: str, at: int, last: bool) -> int:
    """``![description](address)``."""
    if is_word(scan.before):
        return NOT_MINE  # the end of a sentence, whatever follows: it must not wait
    if at + 1 == len(text):
        return NOT_MINE if last else WAIT
    if text[at + 1] != "[":
        return NOT_MINE
    close = _matching(text, at + 1)
    if (close == WAIT or close + 1 == len(text)) and not last:
        return WAIT
    if close in (WAIT, NOT_MINE) or text[close + 1 : close + 2] != "(":
        return NOT_MINE
    if scan.reading.images == "say":
        return skip(scan, 1)
    scan.mode = _Address("(", ")").rest
    return skip(scan, close + 2 - at)


RULES: dict[str, tuple[Rule, ...]] = {"[": (bracket,), "]": (bracket_closed,), "!": (picture,)}
