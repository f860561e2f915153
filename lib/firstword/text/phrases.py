"""Whether a text is made of nothing but short phrases: 嗯, 对对对, 哦好的, uh-huh yeah. [pure]"""

from __future__ import annotations

from collections.abc import Iterable

from .transcript import WORD, fold

LONGEST = 24
"""Words. Who says more says something."""
LONGEST_TEXT = 400
"""Characters."""


class Phrases:
    """A set of phrases, in either language. Immutable: any thread may ask."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(filter(None, (_words(phrase) for phrase in phrases)))
        self._lengths = sorted({len(phrase) for phrase in self._phrases}, reverse=True)

    def make_up(self, text: str) -> bool:
        """Whether `text` is made of these, in any order, each as often as one likes, whatever the punctuation. No words: no."""
        words = _words(text) if len(text) <= LONGEST_TEXT else ()
        if not 0 < len(words) <= LONGEST:
            return False
        ends = {0}
        for at in range(len(words)):
            if at in ends:
                ends.update(at + n for n in self._lengths if words[at : at + n] in self._phrases)
        return len(words) in ends


def listed(table: str) -> tuple[str, ...]:
    """The phrases of a table, split at ``|``."""
    return tuple(phrase.strip() for phrase in table.split("|"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(fold(text)))
