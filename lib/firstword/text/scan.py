"""What a reader of markup knows of the text before it, and where it puts what is spoken. For `markup` and its rules. [pure]

A rule is a function ``(scan, text, at, last) -> int``: it looks at ``text[at:]`` and tells how many characters it took, having told `Scan`
what is spoken for them; `NOT_MINE`; or `WAIT` where the next characters decide: never if `last`, for then none come. What it decides must
not depend on where the text was cut into tokens. So it looks back by `Scan` only, and waits a bounded number of characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .atom import Atom, plain
from .reading import Reading

NOT_MINE = 0
WAIT = -1

SILENT = Atom("", 1)
PUNCTUATION = "。！？；：，、…—.!?;:,~～"
"""After these no pause needs to be added at a line's end."""
_ENGLISH_AFTER = 12
"""Letters without a Chinese character, from which on a reply counts as English."""
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_TABLE_SENTENCES = ("这里有一张表格。", "There is a table here. ")
_CODE_SENTENCES = ("这里有一段代码。", "There is some code here. ")
_FORMULA_SENTENCES = ("这里有一个公式", "a formula")

Rule = Callable[["Scan", str, int, bool], int]


class Scan:
    """The state of one reply's reading."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.atoms: list[Atom] = []
        """What is spoken, not yet handed on."""
        self.mode: Rule | None = None
        """Takes everything until it ends itself: a block of code, a table, an address."""
        self.line_start = True
        """Nothing but blanks and markers stands before, in this line."""
        self.ends_whole = False
        """The line is a heading, an item or a row: its end is a sentence's."""
        self.before = "\n"
        """The last character that was read."""
        self.said = ""
        """The last that is spoken and no blank; empty at the beginning."""
        self.bold = self.italic = self.underlined = False
        """What emphasis is open in this line."""
        self.ticks = 0
        """How many backticks close the code we are in; 0 outside."""
        self.links = 0
        """How many links' texts are open."""
        self.after_face = False
        """A face was the last that was read."""
        self._blank = False  # the last that is spoken is one
        self._seen_chinese = False
        self._letters = 0

    @property
    def chinese(self) -> bool:
        """Which language our own words are in: that of the reply, as far as it is known."""
        if self._seen_chinese:
            return True
        return self.reading.language == "zh" and self._letters < _ENGLISH_AFTER

    def silent(self, characters: int) -> None:
        """They are not spoken. One atom each: then the atoms do not depend on how the text was cut."""
        self.atoms.extend([SILENT] * characters)

    def plain(self, text: str) -> None:
        """It is spoken as it is written."""
        self.atoms.extend(map(plain, text))
        self._notice(text)

    def say(self, text: str, source: int, *, fixed: bool = False) -> None:
        """`text` is spoken for the next `source` characters."""
        self.atoms.append(Atom(text, source, fixed))
        self._notice(text)

    def pause(self, source: int, *, whole: bool) -> None:
        """A line ends: what is heard of it. `whole`: as after a sentence."""
        if not self.said:
            self.silent(source)
        elif self.said in PUNCTUATION:
            self.say("" if self._blank or not self.said.isascii() else " ", source)
        elif self.said.isascii():
            self.say(". " if whole else ", ", source)
        else:
            self.say("。" if whole else "，", source)

    def table_sentence(self) -> str:
        return self.reading.table_sentence or _TABLE_SENTENCES[not self.chinese]

    def code_sentence(self) -> str:
        return self.reading.code_sentence or _CODE_SENTENCES[not self.chinese]

    def formula_sentence(self) -> str:
        return self.reading.formula_sentence or _FORMULA_SENTENCES[not self.chinese]

    def line_over(self) -> None:
        """What ends with the line."""
        self.line_start = True
        self.ends_whole = self.bold = self.italic = self.underlined = False
        self.ticks = self.links = 0

    def _notice(self, text: str) -> None:
        self.after_face = False
        stripped = text.rstrip()
        if stripped:
            self.said = stripped[-1]
        if text:
            self._blank = len(stripped) < len(text)
        if not self._seen_chinese:
            self._letters += len(text)
            self._seen_chinese = not text.isascii() and _CHINESE.search(text) is not None


# -- what rules are made of ----------------------------------------------------------------------------------------------


def skip(scan: Scan, characters: int) -> int:
    """A rule's answer for what is not spoken."""
    scan.silent(characters)
    return characters


def keep(scan: Scan, text: str) -> int:
    """A rule's answer for what is spoken as it stands."""
    scan.plain(text)
    return len(text)


def between(
    scan: Scan, text: str, at: int, last: bool, closed: str, longest: int, skipped: Callable[[str], bool]
) -> int:
    """What stands between the character at `at` and `closed`, if it is `skipped`: all of it is silent."""
    end = text.find(closed, at + 1, at + 1 + longest)
    line = text.find("\n", at + 1, end if end > 0 else at + 1 + longest)
    if line > 0:
        return NOT_MINE
    if end < 0:
        return WAIT if not last and len(text) - at <= longest else NOT_MINE
    return skip(scan, end + 1 - at) if skipped(text[at + 1 : end]) else NOT_MINE


def run_of(text: str, at: int, character: str, most: int) -> int:
    """How many of `character` stand from `at` on, counted up to `most`."""
    end = at
    while end < len(text) and end - at < most and text[end] == character:
        end += 1
    return end - at


def is_word(character: str) -> bool:
    """Whether it is a Latin letter or a figure. Not of "": that is the end."""
    return character.isascii() and character.isalnum()


def silent_until(end: re.Pattern[str], longest_end: int) -> Rule:
    """A mode in which nothing is spoken, up to and with what `end` finds, which is at most `longest_end` characters."""

    def mode(scan: Scan, text: str, at: int, last: bool) -> int:
        found = end.search(text, at)
        if found:
            scan.mode = None
            scan.silent(found.end() - at)
            return found.end() - at
        take = len(text) - at if last else len(text) - at - longest_end + 1
        if take <= 0:
            return WAIT
        scan.silent(take)
        return take

    return mode
