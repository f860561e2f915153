"""What is written in figures, signs and letters, as words: 订单 138 as 订单幺三八, 138 元 as 一百三十八元. [pure]

Atoms go through one by one, so it is all the same how a reply was cut. Chinese goes straight through; figures, Latin words and signs are
held until what follows can not change how they are read: a few characters, `HELD_MOST` at the most.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import kinds
from .alphabet import CORE, LETTERS, PERHAPS
from .atom import Atom
from .en.kinds import TABLE as ENGLISH
from .kinds import BEFORE, Span
from .reading import Reading
from .runs import LONGEST, Run
from .zh.kinds import TABLE as MANDARIN

AHEAD = 2
"""Chinese characters behind a run that its readers see: 2 年级 is no 2 年."""
SHORT_WORD = 4
"""Letters. VIII is a number before some words; longer ones mean the same before all."""
HELD_MOST = LONGEST + AHEAD + 2
"""Characters that are held back, at most."""
WALL = "\ufffc"
"""What a run can not see through: an atom that is fixed."""

_FOLDED = {
    chr(code): chr(code - 0xFEE0) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_FOLDED |= dict(zip("％＋－．／＝＜＞＠＃＄＆＊＿～￥￡－\u00a0\u2011", "%+-./=<>@#$&*_~¥£- -", strict=True))
_FOLDED |= {"µ": "μ", "℃": "℃", "º": "°", "：": ":", "（": "(", "）": ")"}
_STARTS = CORE | PERHAPS | {wide for wide, narrow in _FOLDED.items() if narrow in CORE | PERHAPS} | {"㎡"}

_APART = ("", " ", "(", '"', "“")
_TABLES = {"zh": MANDARIN, "en": ENGLISH}

Told = Callable[[str, str, str], None]
"""``told(kind, written, said)``, for each that is not said as it is written."""


class Words:
    """The words of one reply. One thread."""

    def __init__(self, reading: Reading | None = None, told: Told | None = None) -> None:
        self._reading = reading or Reading()
        self._told = told
        self._before = ""
        self._cells: list[
            list[Atom]
        ] = []  # what is held: an atom for each character of _text, and those without a text behind it
        self._text = ""
        self._run: Run | None = None
        self._link = False

    def feed(self, atoms: list[Atom]) -> list[Atom]:
        """What of the reply can be said now. The sources of what comes out are those of what went in."""
        said: list[Atom] = []
        for atom in atoms:
            text = atom.text
            if self._cells:
                if not text:
                    self._cells[-1].append(atom)
                    continue
            elif not text:
                said.append(atom)
                continue
            elif not self._link and (
                atom.fixed or (text not in _STARTS and len(text) == 1 and (text != "." or not self._may_begin(text)))
            ):
                said.append(atom)
                self._passed(_FOLDED.get(text, text))
                continue
            self._take(atom)
            self._say(said, final=False)
        return said

    def finish(self) -> list[Atom]:
        """The rest."""
        said: list[Atom] = []
        self._say(said, final=True)
        return said

    def _may_begin(self, text: str) -> bool:
        """Whether a run may begin with `text`. A point ends what is before it, but for one that stands apart: .5."""
        return text in _STARTS or (text == "." and self._before[-1:] in _APART)

    def _take(self, atom: Atom) -> None:
        if atom.fixed:
            self._hold(atom, WALL)
        elif len(atom.text) == 1:
            self._hold(atom, _FOLDED.get(atom.text, atom.text))
        else:
            for at, character in enumerate(atom.text):
                source = atom.source if at == 0 else 0
                self._hold(Atom(character, source), _FOLDED.get(character, character))

    def _hold(self, atom: Atom, character: str) -> None:
        self._cells.append([atom])
        self._text += character

    def _passed(self, text: str) -> None:
        self._before += text
        if len(self._before) > 4 * BEFORE:
            self._before = self._before[-BEFORE:]

    def _say(self, said: list[Atom], final: bool) -> None:
        """Say what of the held is decided."""
        while self._cells:
            if self._link and self._swallow(said):
                continue
            end = 0
            if self._may_begin(self._text[0]):
                self._run = self._run or Run()
                known = self._run.end(self._text, final)
                if known is None:
                    return
                end = known
            ahead = _ahead(self._text, end, final) if end else 1
            if ahead is None:
                return
            if end:
                self._say_run(said, end, ahead)
            else:
                self._drop(said, 1)
            self._run = None

    def _say_run(self, said: list[Atom], end: int, ahead: int) -> None:
        before = self._before[-BEFORE:]
        text = before + self._text[:ahead]
        shift = len(before)
        self._link = end == LONGEST and self._run is not None and self._run.is_link
        gone = 0
        language = _language(text, shift, shift + end, self._reading.language)
        table = _TABLES[language]
        for span in kinds.read(table, text, shift, shift + end, self._reading):
            gone = span.end - shift
            self._say_span(said, span, shift)
        self._passed(self._text[:gone])
        del self._cells[:gone]
        self._text = self._text[gone:]

    def _say_span(self, said: list[Atom], span: Span, shift: int) -> None:
        cells = self._cells[span.begin - shift : span.end - shift]
        if span.said is None:
            said.extend(_narrow(atom) for cell in cells for atom in cell)
            return
        said.append(Atom(span.said, sum(atom.source for cell in cells for atom in cell)))
        if self._told:
            self._told(span.kind, "".join(atom.text for cell in cells for atom in cell), span.said)

    def _drop(self, said: list[Atom], count: int) -> None:
        """Say the first as they are written."""
        for cell in self._cells[:count]:
            said.extend(cell)
            self._passed(_FOLDED.get(cell[0].text, cell[0].text))
        del self._cells[:count]
        self._text = self._text[count:]

    def _swallow(self, said: list[Atom]) -> bool:
        """Of a link that was longer than a run, the rest is not said."""
        self._link = self._text[0] in CORE or self._text[0] in ".,:;!?()"
        if self._link:
            said.extend(Atom("", atom.source) for atom in self._cells.pop(0))
            self._text = self._text[1:]
        return self._link


def _narrow(atom: Atom) -> Atom:
    """ＯＫ as OK."""
    return Atom(_FOLDED[atom.text], atom.source) if "\uff10" <= atom.text <= "\uff5a" and not atom.fixed else atom


def _ahead(text: str, end: int, final: bool) -> int | None:
    """How far behind a run its readers see: over one blank, `AHEAD` Chinese characters. None if that is not yet there.

    Nothing of what stands behind a word is needed, but for short ones: II 型.
    """
    at = end
    if end == LONGEST or (end > SHORT_WORD and text[:end].isalpha()):
        return end
    if text[at : at + 1] == " ":
        at += 1
    stop = at + AHEAD
    while at < stop:
        if at >= len(text):
            return at if final else None
        if not "\u4e00" <= text[at] <= "\u9fff":
            return at + 1
        at += 1
    return at


def _language(text: str, begin: int, stop: int, own: str) -> str:
    """The language a run is read in: a profile's own, but among words of the other the other.

    Chinese beside a number makes it Chinese. A run behind three Latin words, or two and nothing else, with no Chinese behind it is English.
    """
    apart = text[stop - 1] in LETTERS  # 331 to 中山路: the words between are English
    if (_HAN if apart else _HAN_BEHIND).match(text, stop) or _HAN_BEFORE.search(text, max(0, begin - 2), begin):
        return "zh"
    if own == "zh" and _ENGLISH_BEFORE.search(text, 0, begin):
        return "en"
    return own


_HAN = re.compile(r"[\u4e00-\u9fff]")
_HAN_BEHIND = re.compile(r" ?[\u4e00-\u9fff]")
_HAN_BEFORE = re.compile(r"[\u4e00-\u9fff，。] ?$")
_ENGLISH_BEFORE = re.compile(r"(?:^|[A-Za-z]{2,20}[ ,]{1,2})[A-Za-z]{1,20}[ ,]{1,2}[A-Za-z]{1,20}[.,:]? $")
