"""Texts with what is said for them, and whether something else comes to the same. [pure]"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = "kind\ttext\tspoken"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a set."""

    row: int
    """Its line in the file, the first behind the heading is 2."""
    kind: str
    text: str
    spoken: str


def cases(path: Path) -> list[Case]:
    """The rows of a file of tab separated values. Raises ValueError for one that is none."""
    head, *lines = path.read_text(encoding="utf-8").split("\n")
    if head.strip() != HEAD:
        raise ValueError(f"{path} does not begin with {HEAD!r}")
    found = []
    for row, line in enumerate(lines, start=2):
        if line.strip():
            kind, text, spoken = line.split("\t")
            found.append(Case(row, kind, text, spoken))
    return found


def words(text: str) -> str:
    """What a caller hears of `text`: no punctuation, no blanks, no capital letters, and wide letters as narrow ones."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).lower() if one.isalnum())


def wrong(some: Iterable[Case], say: Callable[[str], str], *, exact: bool = False) -> list[tuple[Case, str]]:
    """The cases that are said otherwise, and how."""
    told = [(case, say(case.text)) for case in some]
    return [
        (case, said) for case, said in told if (said != case.spoken if exact else words(said) != words(case.spoken))
    ]


def by_kind(some: Sequence[Case]) -> dict[str, list[Case]]:
    """In the order of the file."""
    kinds: dict[str, list[Case]] = {}
    for case in some:
        kinds.setdefault(case.kind, []).append(case)
    return kinds
