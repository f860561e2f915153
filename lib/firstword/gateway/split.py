"""Where a flowing synthesiser cuts the text it is given into the units it speaks. [pure]

Aliyun says that it "splits into sentences" and that an unfinished tail waits for ``StopSynthesis``; which marks end a sentence is not
documented. The choice here: sentence marks and clause marks both end a unit (`split` = ``clause``), or sentence marks only.
A mark that people also write inside numbers and names (``3.14``, ``1,000``, ``12:30``, ``www.example.com``) ends a unit only if the
next character shows it: so it waits for that character.
"""

from __future__ import annotations

SENTENCE_MARKS = "。！？!?…\n"
CLAUSE_MARKS = "，、；：;"
INNER_SENTENCE_MARKS = "."
INNER_CLAUSE_MARKS = ",:"
CLOSERS = "”’」』）》】)]}\"'"
"""What closes a quotation or a bracket right after a mark belongs to the unit the mark ends, if it is there already."""


class Splitter:
    """Collects text and gives back whole units, nothing lost: the units concatenated are the text.

    Args:
        split: ``clause``, ``sentence``, ``run`` (every call of `add` is a unit) or ``none`` (only `flush` gives).
    """

    def __init__(self, split: str) -> None:
        self._split = split
        self._text = ""
        clauses = split == "clause"
        self._marks = SENTENCE_MARKS + (CLAUSE_MARKS if clauses else "")
        self._inner = INNER_SENTENCE_MARKS + (INNER_CLAUSE_MARKS if clauses else "")

    def add(self, text: str) -> list[str]:
        """More text. Returns the units it completes."""
        self._text += text
        if self._split == "none":
            return []
        if self._split == "run":
            return self.flush()
        units, begin, at = [], 0, 0
        while at < len(self._text):
            at += 1
            if self._ends(at - 1):
                while at < len(self._text) and self._text[at] in self._marks + CLOSERS:
                    at += 1
                units.append(self._text[begin:at])
                begin = at
        self._text = self._text[begin:]
        return units

    def flush(self) -> list[str]:
        """The rest, as one unit or none."""
        rest, self._text = self._text, ""
        return [rest] if rest else []

    def _ends(self, at: int) -> bool:
        mark, next_character = self._text[at], self._text[at + 1 : at + 2]
        if mark in self._marks:
            return True
        if mark in self._inner and next_character:
            return next_character.isspace() or next_character in CLOSERS or ord(next_character) >= 0x2E80
        return False


def units(text: str) -> list[str]:
    """A whole text as units of clauses."""
    splitter = Splitter("clause")
    return splitter.add(text) + splitter.flush()
