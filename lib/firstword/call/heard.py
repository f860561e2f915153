"""How much of a reply's text the caller has heard, from how much of its audio was sent. Pure.

The synthesiser's marks say it exactly where it gives timestamps. Where it gives none, the reply's own pace says it: what is known of
text and audio so far, with a Latin letter counted as a third of a Chinese character.
"""

from __future__ import annotations

from ..speech.tts import Mark

PACE_MS = 220.0
"""How long one Chinese character takes, until the reply itself has told: 4.5 a second, the usual pace of the telephone voices."""


class Heard:
    """The text of one reply against its audio. Not locked: whoever owns the reply calls it under its own lock."""

    def __init__(self) -> None:
        self.text = ""
        self._marks: list[Mark] = [Mark(0, 0.0)]
        self._whole_ms: float | None = None

    def said(self, text: str) -> None:
        """`text` was given to the synthesiser."""
        self.text += text

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
        """The text that the first `audio_ms` of the audio hold: whole characters only."""
        if self._whole_ms is not None and audio_ms >= self._whole_ms:
            return self.text
        before = max((mark for mark in self._marks if mark.audio_ms <= audio_ms), key=lambda mark: mark.chars)
        after = next((mark for mark in self._marks if mark.chars > before.chars), None)
        if after is not None and after.exact and before.exact and after.chars - before.chars <= 1:
            return self.text[: before.chars]
        return self.text[: self._paced(before, after, audio_ms)]

    def _paced(self, before: Mark, after: Mark | None, audio_ms: float) -> int:
        """Between two marks, or after the last: as many characters as the time holds at the pace known there."""
        if after is not None:
            span, ms = self.text[before.chars : after.chars], after.audio_ms - before.audio_ms
        elif self._whole_ms is not None:
            span, ms = self.text[before.chars :], self._whole_ms - before.audio_ms
        else:
            span = self.text[before.chars :]
            known = sum(map(_weight, self.text[: before.chars]))
            pace = before.audio_ms / known if known else PACE_MS
            ms = pace * sum(map(_weight, span))
        total = sum(map(_weight, span))
        budget = total * (audio_ms - before.audio_ms) / ms if ms > 0 else 0.0
        chars = before.chars
        for character in span:
            budget -= _weight(character)
            if budget < -1e-6:
                break
            chars += 1
        return chars


def _weight(character: str) -> float:
    """The time a character takes, in Chinese characters."""
    if character.isspace():
        return 0.0
    if character.isascii():
        return 1.0 if character.isdigit() else 0.33
    return 1.0 if character.isalnum() else 0.5
