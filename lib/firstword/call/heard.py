"""How much of a reply's text the caller has heard, from how much of its audio was sent. Pure.

The synthesiser's marks say it exactly where it gives timestamps. Where it gives none, the reply's own pace says it: what is known of
text and audio so far, with a Latin letter counted as a third of a Chinese character. Both count in what was spoken; the atoms of the pieces
lead back to the reply as the model wrote it (`text.atom`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from ..speech.tts import Mark
from ..text.atom import Atom, plain
from ..text.pace import PACE_MS, weight

__all__ = ["PACE_MS", "Heard"]


class Heard:
    """The text of one reply against its audio. Not locked: whoever owns the reply calls it under its own lock."""

    def __init__(self) -> None:
        self.text = ""
        """As the model wrote it."""
        self.spoken = ""
        """As it was given to the synthesiser."""
        self.given_ms = 0.0
        """How long that takes, about."""
        self._ends = [0]
        """Of the atoms given: how much is spoken when each has ended, in characters of `spoken`,"""
        self._sources = [0]
        """and how many characters of `text` that is."""
        self._marks: list[Mark] = [Mark(0, 0.0)]
        self._whole_ms: float | None = None

    def wrote(self, text: str) -> None:
        """The model wrote `text`. Next: `said`, when it is given to the synthesiser."""
        self.text += text

    def said(self, atoms: Iterable[Atom], *, aloud: bool = True) -> None:
        """They were given to the synthesiser; without `aloud` they were not, for there is nothing in them to say."""
        parts, end, source = [], self._ends[-1], self._sources[-1]
        for atom in atoms:
            if aloud and atom.text:
                parts.append(atom.text)
                end += len(atom.text)
            source += atom.source
            self._ends.append(end)
            self._sources.append(source)
        spoken = "".join(parts)
        self.spoken += spoken
        self.given_ms += sum(map(weight, spoken)) * PACE_MS

    def as_written(self, text: str) -> None:
        """`text` was given to the synthesiser as it stands."""
        self.wrote(text)
        self.said(map(plain, text))

    def mark(self, mark: Mark) -> None:
        """The synthesiser told where some text stands. One that goes backwards is its mistake and is left out."""
        last = self._marks[-1]
        if mark.chars > last.chars and mark.audio_ms >= last.audio_ms:
            self._marks.append(mark)

    def retract(self, audio_ms: float) -> None:
        """Of the audio only the first `audio_ms` were told after all. Next: the mark that says how much of the text they hold."""
        self._marks = [mark for mark in self._marks if mark.audio_ms <= audio_ms]

    def whole(self, audio_ms: float) -> None:
        """All of the text has become audio, `audio_ms` of it."""
        self._whole_ms = audio_ms

    def until(self, audio_ms: float) -> str:
        """The text, as the model wrote it, that the first `audio_ms` of the audio hold: whole atoms only."""
        if self._whole_ms is not None and audio_ms >= self._whole_ms:
            return self.text
        spoken = self._spoken_until(audio_ms)
        last = bisect_right(self._ends, spoken) - 1
        return self.text[: self._sources[last]] if self._ends[last] else ""  # markup alone is not heard

    def _spoken_until(self, audio_ms: float) -> int:
        """How many characters of what was spoken."""
        before = max((mark for mark in self._marks if mark.audio_ms <= audio_ms), key=lambda mark: mark.chars)
        after = next((mark for mark in self._marks if mark.chars > before.chars), None)
        if after is not None and after.exact and before.exact and after.chars - before.chars <= 1:
            return before.chars
        return self._paced(before, after, audio_ms)

    def _paced(self, before: Mark, after: Mark | None, audio_ms: float) -> int:
        """Between two marks, or after the last: as many characters as the time holds at the pace known there."""
        if after is not None:
            span, ms = self.spoken[before.chars : after.chars], after.audio_ms - before.audio_ms
        elif self._whole_ms is not None:
            span, ms = self.spoken[before.chars :], self._whole_ms - before.audio_ms
        else:
            span = self.spoken[before.chars :]
            known = sum(map(weight, self.spoken[: before.chars]))
            pace = before.audio_ms / known if known else PACE_MS
            ms = pace * sum(map(weight, span))
        total = sum(map(weight, span))
        budget = total * (audio_ms - before.audio_ms) / ms if ms > 0 else 0.0
        chars = before.chars
        for character in span:
            budget -= weight(character)
            if budget < -1e-6:
                break
            chars += 1
        return chars
