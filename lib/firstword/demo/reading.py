"""How a text is read: its pieces, what is said otherwise than written, what is not said. In simulated time. [pure]"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..text.lexicon import entries
from ..text.pace import PACE_MS, weight
from ..text.reader import Reader
from ..text.reading import Reading
from ..text.segment import Piece, Segmenter
from .writing import tokens


@dataclass(frozen=True)
class Speeds:
    """Of a model and a synthesiser."""

    tokens_per_s: float = 20.0
    first_packet_ms: float = 150.0
    """From a piece to its first audio."""
    real_time_factor: float = 0.3
    """What a second of audio takes to be synthesised."""


class Ear:
    """What is heard of pieces, by the clock that is told: one after the other, each when its audio is there and those before are over."""

    def __init__(self, speeds: Speeds) -> None:
        self.given_ms = 0.0
        self.dry_ms: list[float] = []
        """Of each piece but the first: how long nothing was heard before it."""
        self._speeds = speeds
        self._free = 0.0
        self._spans: list[tuple[float, float]] = []

    def give(self, text: str, now: float) -> None:
        """A piece is given to the synthesiser, at `now` ms."""
        length = sum(map(weight, text)) * PACE_MS
        first = max(now + self._speeds.first_packet_ms, self._free)
        self._free = first + length * self._speeds.real_time_factor
        begin = first
        if self._spans:
            over = self._spans[-1][1]
            self.dry_ms.append(max(0.0, first - over))
            begin = max(first, over)
        self._spans.append((begin, begin + length))
        self.given_ms += length

    def waiting_ms(self, now: float) -> float:
        """What was given and is not heard yet."""
        return self.given_ms - sum(max(0.0, min(now, end) - begin) for begin, end in self._spans)


@dataclass
class Told:
    """A text that was read."""

    pieces: list[tuple[Piece, str, float]] = field(default_factory=list)
    """Each with the characters it stands for, and when it was given, ms after the first token."""
    written_chars: list[int] = field(default_factory=list)
    """How many characters the model had written when each was given."""
    words: list[tuple[str, str, str]] = field(default_factory=list)
    """What is said otherwise: kind, written, said."""
    dropped: list[str] = field(default_factory=list)
    """What is not said."""
    dry_ms: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "pieces": [
                {"written": written, "spoken": piece.text, "at_ms": round(at), "urgent": piece.urgent}
                for piece, written, at in self.pieces
            ],
            "words": [{"kind": kind, "written": written, "spoken": said} for kind, written, said in self.words],
            "dropped": self.dropped,
        }

    def table(self) -> str:
        """For an operator."""
        lines = []
        for number, (piece, written, at) in enumerate(self.pieces, 1):
            lines.append(f"  piece {number}, {at:.0f} ms{', at once' if piece.urgent else ''}")
            lines.append(f"    written  {_line(written)}")
            lines.append(f"    spoken   {_line(piece.text) if piece.speakable else '(nothing)'}")
        if self.words:
            lines.append("  said otherwise")
            lines += [f"    {_line(written)} -> {_line(said)}  ({kind})" for kind, written, said in self.words]
        if self.dropped:
            lines.append("  not said")
            lines.append("    " + "  ".join(_line(one) for one in dict.fromkeys(self.dropped)))
        return "\n".join(lines)


def read(
    text: str,
    reading: Reading,
    reads: frozenset[str] = frozenset(),
    speeds: Speeds | None = None,
    parts: Sequence[str] = (),
) -> Told:
    """Read `text` as a call does while a model writes it.

    Args:
        parts: its tokens; as `writing` cuts them, if there are none.
    """
    speeds = speeds or Speeds()
    told, kinds = Told(), list[tuple[str, str, str]]()
    reader = Reader(reading, reads, told=lambda kind, written, said: kinds.append((kind, written, said)))
    segmenter, ear, now, fed, at = Segmenter(), Ear(speeds), 0.0, 0, 0

    def take(pieces: list[Piece]) -> None:
        nonlocal at
        for piece in pieces:
            size = sum(atom.source for atom in piece.atoms)
            told.pieces.append((piece, text[at : at + size], now))
            told.written_chars.append(fed)
            at += size
            if piece.speakable:
                ear.give(piece.text, now)

    for number, token in enumerate(parts or tokens(text)):
        now, fed = number * 1000 / speeds.tokens_per_s, fed + len(token)
        take(segmenter.feed(reader.feed(token), ear.waiting_ms(now)))
    take(segmenter.feed(reader.finish(), ear.waiting_ms(now)) + segmenter.finish())
    told.dry_ms = ear.dry_ms
    _explain(told, text, kinds, {entry.word for entry in entries(reading.lexicon)})
    return told


def _explain(told: Told, text: str, kinds: list[tuple[str, str, str]], lexicon: set[str]) -> None:
    """What of the atoms is said otherwise, or not."""
    at, gone = 0, ""
    for piece, _, _ in told.pieces:
        for atom in piece.atoms:
            written = text[at : at + atom.source]
            at += atom.source
            if not atom.text:
                gone += written
                continue
            if gone.strip():
                told.dropped.append(gone.strip())
            gone = ""
            if atom.text != written:
                kind = next((kind for kind, _, said in kinds if said == atom.text), "markup")
                told.words.append(("lexicon" if atom.fixed and written in lexicon else kind, written, atom.text))
    if gone.strip():
        told.dropped.append(gone.strip())


def _line(text: str) -> str:
    return text.replace("\n", "\\n")
