"""How a profile has single words spoken: replaced, by their syllables, or as the service itself knows them. [pure]

Longest first, so that a phrase decides how its characters are read (银行, 行走), and across the borders of tokens. What is found is one
atom that later stages leave alone and nobody cuts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..errors import ConfigError
from .atom import Atom

LONGEST_WORD = 32
AS_IT_IS = "*"
"""Says of a word: whole, and as it is written; the service's own settings know how."""
SYLLABLES, SSML = "syllables", "ssml"
"""What a synthesiser may take of a word beside text to speak: `speech.tts.Synthesiser.reads`."""
_MOST_SILENT = 16
"""Atoms of markup within a word."""

_LIKE_SYLLABLES = re.compile(r"[a-zü:]+[0-9](?: +[a-zü:]+[0-9])*")
_SYLLABLE = re.compile(r"[a-zü]{1,6}:?[a-z]{0,3}[1-5]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word and how it is said."""

    word: str
    said: str = ""
    """What is spoken in its place; the word itself, if it is empty."""
    syllables: str = ""
    """Its syllables with tones, ``chong2 qing4``, for services that take them."""
    ssml: str = ""

    def text(self, reads: frozenset[str]) -> str:
        """What a synthesiser is given that `reads` such things."""
        if self.syllables and SYLLABLES in reads:
            return self.word
        if self.ssml and SSML in reads:
            return self.ssml
        return self.said or self.word


@lru_cache(maxsize=64)
def entries(lexicon: tuple[str, ...], where: str = "lexicon") -> tuple[Entry, ...]:
    """Those of a setting: ``word=said``, ``word=chong2 qing4``, ``word=chong2 qing4/said elsewhere``, ``word=<ssml>/said elsewhere``,
    ``word=*``.

    Raises:
        ConfigError: one line with the entry that is wrong.
    """
    found: dict[str, Entry] = {}
    for text in lexicon:
        entry = _entry(text, where)
        if entry.word in found:
            raise ConfigError(f"{where}: {entry.word!r} is there twice")
        found[entry.word] = entry
    return tuple(found.values())


def syllables(known: Iterable[Entry]) -> dict[str, str]:
    """Word -> its syllables, for a service that takes them."""
    return {entry.word: entry.syllables for entry in known if entry.syllables}


def _entry(text: str, where: str) -> Entry:
    word, equals, said = (part.strip() for part in text.partition("="))
    if not equals or not word or not said:
        raise ConfigError(f"{where}: {text!r} is not word=how it is said")
    if len(word) > LONGEST_WORD:
        raise ConfigError(f"{where}: {word!r} is longer than {LONGEST_WORD} characters")
    if said == AS_IT_IS:
        return Entry(word)
    if said.startswith("<"):
        end = said.rfind(">") + 1
        if not end or (said[end:] and not said[end:].lstrip().startswith("/")):
            raise ConfigError(f"{where}: {word!r}: SSML ends with >, what others say follows a slash")
        return Entry(word, said[end:].lstrip().removeprefix("/").strip(), ssml=said[:end])
    first, slash, rest = (part.strip() for part in said.partition("/"))
    if not _LIKE_SYLLABLES.fullmatch(first):
        return Entry(word, said)
    _check_syllables(word, first, where)
    if slash and not rest:
        raise ConfigError(f"{where}: {word!r}: nothing follows the slash")
    return Entry(word, rest, syllables=" ".join(first.split()))


def _check_syllables(word: str, said: str, where: str) -> None:
    for syllable in said.split():
        if not _SYLLABLE.fullmatch(syllable):
            raise ConfigError(
                f"{where}: {word!r}: {syllable!r} is no syllable with its tone, such as chong2 (tones 1 to 5)"
            )
    spoken, given = len(_CHINESE.findall(word)), len(said.split())
    if spoken == len(word) and spoken != given:
        raise ConfigError(f"{where}: {word!r} has {spoken} characters, and {given} syllables are given")


class Lexicon:
    """Reads one reply. One thread at a time. Next: `feed` with the atoms of `markup`, then `finish`.

    Args:
        known: the words; none: everything passes.
        reads: what the synthesiser takes beside text.
    """

    def __init__(self, known: tuple[Entry, ...], reads: frozenset[str] = frozenset()) -> None:
        self._said, self._prefixes, self._longer = _tables(known, reads)
        self._held: list[Atom] = []
        self._before = ""

    def feed(self, atoms: list[Atom]) -> list[Atom]:
        """The atoms that are decided."""
        if not self._said:
            return atoms
        return self._read(self._held + atoms, last=False)

    def finish(self) -> list[Atom]:
        """The rest; from here it begins afresh."""
        atoms = self._read(self._held, last=True)
        self._held, self._before = [], ""
        return atoms

    def _read(self, atoms: list[Atom], *, last: bool) -> list[Atom]:
        given: list[Atom] = []
        at = 0
        while at < len(atoms):
            atom = atoms[at]
            if atom.text not in self._prefixes or atom.fixed or (_is_word(self._before) and _is_word(atom.text)):
                given.append(atom)
                at += 1
            else:
                word, end = self._longest(atoms, at, last)
                if end < 0:
                    break
                if word:
                    given.append(Atom(self._said[word], sum(one.source for one in atoms[at:end]), fixed=True))
                    self._before = word[-1]
                    at = end
                    continue
                given.append(atom)
                at += 1
            if atom.text:
                self._before = atom.text[-1]
        self._held = atoms[at:]
        return given

    def _longest(self, atoms: list[Atom], at: int, last: bool) -> tuple[str, int]:
        """The longest word that begins at `at`, and where it ends; an end of -1 where more must be known."""
        text, found, end, silent = "", "", at, 0
        for position in range(at, len(atoms)):
            atom = atoms[position]
            if not atom.text:
                silent += 1
                if silent > _MOST_SILENT:
                    return found, end
                continue
            if found and end == position - silent and _is_word(found[-1]) and _is_word(atom.text[0]):
                found, end = "", at  # CEO is not in CEOs
            silent = 0
            text += atom.text
            if atom.fixed or text not in self._prefixes:
                return found, end
            if text in self._said:
                found, end = text, position + 1
                if text not in self._longer and not _is_word(text):
                    return found, end  # nothing that follows can change it
        return (found, end) if last else ("", -1)


def _is_word(text: str) -> bool:
    return text[-1:].isascii() and text[-1:].isalnum()


@lru_cache(maxsize=64)
def _tables(known: tuple[Entry, ...], reads: frozenset[str]) -> tuple[dict[str, str], frozenset[str], frozenset[str]]:
    """Word -> what is said; all beginnings of words; all beginnings that are shorter than their word."""
    said = {entry.word: entry.text(reads) for entry in known}
    longer = frozenset(word[:end] for word in said for end in range(1, len(word)))
    return said, longer | said.keys(), longer
