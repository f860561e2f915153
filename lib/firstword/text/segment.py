"""From what is spoken to pieces for the synthesiser. [pure]

A piece is what a synthesiser is handed at once. The first is short and goes at the first place where a voice may stop: the caller waits
for it. The later ones are clauses or sentences, the longer the more is still to be heard, so that no pause and no change of tone is bought;
they are cut earlier only where the caller would hear nothing else.

`boundary` says where a cut is possible and how good it is; here it is decided which of them is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from .atom import Atom, spoken
from .boundary import ANY, CLAUSE, PHRASE, SENTENCE, WORD, Context
from .pace import PACE_MS, weight

# Sizes are in Chinese characters, a Latin letter a third of one (`pace.weight`).
FIRST = {PHRASE: 6.0, WORD: 7.0, ANY: 12.0}
"""Where no clause ends, the first piece ends at such a place from so much on: after a group of words, between words, anywhere. Chinese
has no blanks between words: 12 characters without a good place are rare."""
SHORT = 8.0
"""A sentence shorter than that waits for the next, if enough is to be heard."""
LONG = 20.0
"""Clauses are joined to so much."""
LONGEST = 60.0
"""A piece without a clause's end is cut between words there,"""
FORCED = 150.0
"""and anywhere here: a word of a megabyte, a bracket that is never closed."""
AMPLE_MS = 4000.0
LOW_MS = 2500.0
"""With less to be heard, each clause goes at once."""
LAST_RESORT = {PHRASE: 3.0, WORD: 3.5, ANY: 6.0}
"""Of a later piece where the caller would hear nothing else."""
DRY_MS = 350.0
"""With less to be heard, what there is goes: a synthesiser needs some 200 ms to begin, and a model some to write on."""
MOST_ATOMS = 2000
"""Atoms that are held at most, spoken or not."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is handed to a synthesiser at once."""

    text: str
    """May hold nothing that can be spoken: then it is only where its characters went."""
    atoms: tuple[Atom, ...]
    urgent: bool = False
    """The caller hears nothing until it is spoken, or will soon, and it ends no sentence: a service that waits for the end of one must be
    told to begin (`flush`)."""

    @property
    def speakable(self) -> bool:
        """Whether there is anything in it to say."""
        return any(character.isalnum() for character in self.text)


class Segmenter:
    """Cuts one reply. One thread at a time. All atoms of all pieces are the atoms that were fed, in their order.

    Next: `feed` with each batch of atoms, `stalled` if none came for a while, then `finish`.
    """

    def __init__(self) -> None:
        self._held: list[Atom] = []
        self._size = 0.0
        self._speakable = False
        self._context = Context()
        self._begun = False
        self._place = 0
        """How many of the atoms held a later piece may take: to the last clause's end, or 0."""
        self._phrase = 0
        """The same to the last place between words."""
        self._sentence = False
        """Whether a sentence ends at `_place`."""

    def feed(self, atoms: list[Atom], waiting_ms: float = 0.0) -> list[Piece]:
        """The pieces that `atoms` complete.

        Args:
            waiting_ms: how much of what was given is still to be heard, about.
        """
        pieces: list[Piece] = []
        for atom in atoms:
            if atom.text:
                rank = self._context.before(atom)
                if rank and self._held:
                    waiting_ms = self._at_place(rank, waiting_ms, pieces)
                self._held.append(atom)
                self._measure(atom.text)
                rank = self._context.after(atom)
                if rank:
                    waiting_ms = self._at_place(rank, waiting_ms, pieces)
            else:
                self._held.append(atom)
            if self._size >= FORCED or len(self._held) >= MOST_ATOMS:
                waiting_ms += self._give(len(self._held), pieces)
        if self._place and self._begun and waiting_ms < LOW_MS:
            self._give(self._place, pieces, urgent=not self._sentence)
        if self._begun and waiting_ms < DRY_MS and self._size >= LAST_RESORT[ANY]:
            pieces += self.stalled(waiting_ms)  # what was read is at its end for now: more is held back before us
        return pieces

    def stalled(self, waiting_ms: float = 0.0) -> list[Piece]:
        """Nothing came for a while: what can be given of the tail, unless there is enough to be heard."""
        pieces: list[Piece] = []
        if waiting_ms < LOW_MS and self._speakable:
            at = len(self._held) if self._context.closed else max(self._place, self._phrase)
            if at:
                self._give(at, pieces, urgent=True)
        return pieces

    def finish(self) -> list[Piece]:
        """The rest: none or one piece."""
        pieces: list[Piece] = []
        if self._held:
            self._give(len(self._held), pieces)
        self._context = Context()
        return pieces

    @property
    def holds(self) -> bool:
        """Whether there is anything to say that was not given."""
        return self._speakable

    def _measure(self, text: str) -> None:
        for character in text:
            self._size += weight(character)
            if not self._speakable and character.isalnum():
                self._speakable = True

    def _at_place(self, rank: int, waiting_ms: float, pieces: list[Piece]) -> float:
        """A cut is possible after all that is held. Returns what waits from here on."""
        if not self._speakable:
            return waiting_ms
        urgent = not self._begun
        if not self._begun:
            now = rank >= CLAUSE or self._size >= FIRST[rank]
        elif rank == SENTENCE:
            now = self._size >= SHORT or waiting_ms < AMPLE_MS
        elif rank == CLAUSE:
            urgent = waiting_ms < LOW_MS
            now = self._size >= LONG or urgent
        else:
            urgent = waiting_ms < DRY_MS
            now = self._size >= LONGEST or (urgent and self._size >= LAST_RESORT[rank])
        if not now:
            if rank >= CLAUSE:
                self._place, self._sentence = len(self._held), rank == SENTENCE
            self._phrase = len(self._held)
            return waiting_ms
        at = self._place if rank < CLAUSE and self._place else len(self._held)
        return waiting_ms + self._give(at, pieces, urgent=urgent)

    def _give(self, at: int, pieces: list[Piece], *, urgent: bool = False) -> float:
        """The first `at` atoms are a piece. Returns how long it takes to be spoken, ms."""
        given, self._held = self._held[:at], self._held[at:]
        size, self._size, self._speakable = self._size, 0.0, False
        for atom in self._held:
            self._measure(atom.text)
        self._place = 0
        self._phrase = max(0, self._phrase - at)
        self._begun = True
        pieces.append(Piece(spoken(given), tuple(given), urgent))
        return (size - self._size) * PACE_MS
