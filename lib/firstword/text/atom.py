"""What the stages between a model's tokens and a synthesiser hand on: what is spoken, and for which characters of the reply. [pure]"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Atom:
    """The smallest unit of speech that knows where it came from."""

    text: str
    """What is spoken; empty for what is written and not spoken (markup, a picture)."""
    source: int
    """How many characters of the reply, as the model wrote them, it stands for. Those of all atoms of a reply add up to its length; 0 for
    what only we say (the pause of a line's end)."""
    fixed: bool = False
    """It is as it is to be spoken already (a replacement of the lexicon, an announced table): later stages leave it alone."""


@lru_cache(maxsize=4096)
def plain(character: str) -> Atom:
    """The atom of a character that is spoken as it is written: one for all replies, for most atoms are such."""
    return Atom(character, 1)


def spoken(atoms: list[Atom]) -> str:
    """What is said."""
    return "".join(atom.text for atom in atoms)


def sources(atoms: list[Atom]) -> int:
    """How many characters of the reply it stands for."""
    return sum(atom.source for atom in atoms)
