"""Markup within a line of Markdown: emphasis, code, pictures and arrows. For `markup`. [pure]"""

from __future__ import annotations

from .markup_asides import LONGEST_ASIDE, is_direction
from .markup_keys import key_at
from .scan import NOT_MINE, WAIT, Rule, Scan, between, is_word, keep, run_of, skip

MOST_CODE = 300
"""Characters of code within a line, after which a backtick that opened it counts for nothing."""
_MAY_BE_UNDERLINED = "“\"'‘《「『（([`*~<$"


def stars(scan: Scan, text: str, at: int, last: bool) -> int:
    """``*`` and ``**``; a * b, 2**10, 138****5678 and 按*键 are none."""
    count = run_of(text, at, "*", 4)
    if at + count == len(text) and count < 4 and not last:
        return WAIT
    if count == 4:
        return keep(scan, "****") if is_word(scan.before) else skip(scan, 4)
    following = text[at + count : at + count + 1]
    opens, closes = bool(following.strip()), bool(scan.before.strip())
    between_ascii = is_word(scan.before) and is_word(following)
    if count == 1 and opens and not scan.italic and not between_ascii and scan.reading.stage_directions == "skip":
        taken = between(scan, text, at, last, "*", LONGEST_ASIDE, is_direction)
        if taken:
            return taken
    if count == 1 and not scan.italic:
        key = key_at(text, at, scan.before, last)
        if key:
            return WAIT if key == WAIT else keep(scan, text[at : at + key])
    bold, italic = count >= 2, count != 2
    if closes and ((bold and scan.bold) or (italic and scan.italic)):
        scan.bold, scan.italic = scan.bold and not bold, scan.italic and not italic
        return skip(scan, count)
    if opens and not between_ascii:
        scan.bold, scan.italic = scan.bold or bold, scan.italic or italic
        return skip(scan, count)
    return keep(scan, "*" * count)


def underscores(scan: Scan, text: str, at: int, last: bool) -> int:
    """``_`` and ``__`` beside a word, not within: snake_case stays."""
    count = run_of(text, at, "_", 4)
    if at + count == len(text) and count < 4 and not last:
        return WAIT
    following = text[at + count : at + count + 1]
    if count == 4 or (scan.before.isalnum() and following.isalnum()):
        return keep(scan, "_" * count)
    if scan.underlined and scan.before.strip() and not following.isalnum():
        scan.underlined = False
        return skip(scan, count)
    if (following.isalnum() or following in _MAY_BE_UNDERLINED) and following and not scan.before.isalnum():
        scan.underlined = True
        return skip(scan, count)
    return keep(scan, "_" * count)


def waves(scan: Scan, text: str, at: int, last: bool) -> int:
    """``~~``: 3~5 stays."""
    if at + 1 == len(text) and not last:
        return WAIT
    return skip(scan, 2) if text.startswith("~~", at) else NOT_MINE


def backticks(scan: Scan, text: str, at: int, last: bool) -> int:
    """Code in a line: it is spoken as it is written, without the ticks."""
    count = run_of(text, at, "`", 8)
    if at + count == len(text) and count < 8 and not last:
        return WAIT
    if not scan.ticks:
        scan.ticks = count
        scan.mode = _Code(count).rest
    return skip(scan, count)


class _Code:
    """A mode: to the ticks that close it, the line's end, or `MOST_CODE`."""

    def __init__(self, ticks: int) -> None:
        self._ticks = ticks
        self._taken = 0

    def rest(self, scan: Scan, text: str, at: int, last: bool) -> int:
        character = text[at]
        if character == "`":
            count = run_of(text, at, "`", 8)
            if at + count == len(text) and count < 8 and not last:
                return WAIT
            if count == self._ticks:
                self._end(scan)
                return skip(scan, count)
            return keep(scan, text[at : at + count])
        if character == "\n" or self._taken >= MOST_CODE:
            self._end(scan)
            return NOT_MINE
        end = at + 1
        while end < len(text) and end - at < MOST_CODE - self._taken and text[end] not in "`\n":
            end += 1
        self._taken += end - at
        scan.plain(text[at:end])
        return end - at

    @staticmethod
    def _end(scan: Scan) -> None:
        scan.mode, scan.ticks = None, 0


def unspoken(scan: Scan, text: str, at: int, last: bool) -> int:
    """A picture, a mark without width, a sign of control."""
    return skip(scan, 1)


def arrow(scan: Scan, text: str, at: int, last: bool) -> int:
    scan.pause(1, whole=False)
    return 1


RULES: dict[str, tuple[Rule, ...]] = {
    "*": (stars,),
    "_": (underscores,),
    "~": (waves,),
    "`": (backticks,),
}
