"""What a caller has said so far, taken apart once: the words, the mark after them, the clauses. [pure]"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from .transcript import fold

LOOK_BACK = 200
"""Characters: an end is judged by the end, and the cost is bounded."""

Mark = enum.Enum("Mark", "NONE STOP QUESTION PAUSE")
"""What the recogniser wrote after the last word. ``PAUSE``: a comma, a colon, dots; the sentence goes on."""

Ending = enum.Enum("Ending", "FINISHED OPEN UNFINISHED DICTATING")
"""How a text ends.

* ``FINISHED``    a complete utterance: wait less.
* ``OPEN``        can not be told: wait as usual.
* ``UNFINISHED``  visibly goes on: wait longer.
* ``DICTATING``   a number is being dictated, and there may be more of it: breaths are no ends.
"""

_MARKS = " \t\r\n,。?!;、:.…—-~\"'“”‘’()《》「」"
_BETWEEN = re.compile(r"[,。?!;、:]+|\.\s+")
_BLANK = re.compile(r"(?<![a-z0-9']) +| +(?![a-z0-9'])")


@dataclass(frozen=True, slots=True)
class Said:
    """What was said, folded: half width, small letters, no blanks around Chinese, no punctuation at the end."""

    body: str
    mark: Mark
    clauses: tuple[str, ...]
    """None is empty; the last is the one that may go on."""

    @property
    def clause(self) -> str:
        return self.clauses[-1]

    @property
    def english(self) -> bool:
        """Whether it ends in English."""
        return self.body.rstrip("0123456789 -")[-1:].isascii()


def take_apart(text: str) -> Said | None:
    """None if there are no words."""
    folded = _BLANK.sub("", fold(text[-LOOK_BACK:]))
    body = folded.strip(_MARKS)
    clauses = tuple(clause for part in _BETWEEN.split(body) if (clause := part.strip(_MARKS)))
    if not clauses:
        return None
    return Said(body, _mark(body, folded[folded.rfind(body) + len(body) :].rstrip(" \t\r\n\"'”’)》」")), clauses)


def _mark(body: str, after: str) -> Mark:
    if not after:
        return Mark.NONE
    if after[-1] == "?":
        return Mark.QUESTION
    if after == "." and body[-1].isdigit():
        return Mark.NONE  # 4. may become 4.5
    if after[-1] in "。!" or after == ".":
        return Mark.STOP
    return Mark.PAUSE
