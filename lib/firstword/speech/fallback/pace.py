"""How long a voice takes for a text, learnt from what it has spoken. [pure]

A least-squares fit over whole texts: so long for a Chinese character, a Latin letter, a digit, a mark of punctuation (its pause is in it),
and once for each text. It leans on the usual proportions of the telephone voices, at the tempo of this one, where the texts do not tell.
"""

from __future__ import annotations

import numpy as np

USUAL_MS = np.array([220.0, 73.0, 220.0, 110.0, 0.0])
"""4.5 Chinese characters a second; the others by `call.heard`."""
LEAN = 0.0003
"""How much: as a text of so few characters would say; a sentence says a hundred thousand times more."""
LEAN_TEXT = 3.0
"""And how much on a text taking no longer than its characters: as much as three texts would say."""
FADE = 0.98
"""What was learnt counts so much less with every further text: a voice whose speed was changed is known again after fifty."""
LEAST_MS = 1.0
MOST_MS = 3000.0
"""No voice takes longer for each: that is no measurement, and would spoil all others."""


class Pace:
    """Of one voice. Not locked: `member.Member` does that."""

    def __init__(self) -> None:
        self.texts = 0
        """How many were learnt from."""
        self._seen = np.zeros((5, 5))
        self._lasted = np.zeros(5)
        self._tempo = [0.0, 0.0]  # how long the texts took, and would usually take
        self._ms = USUAL_MS

    def learn(self, text: str, audio_ms: float) -> None:
        """`text`, all of it, took `audio_ms`."""
        kinds = [_kind(character) for character in text if not character.isspace()]
        if not kinds or not 0 < audio_ms <= MOST_MS * len(kinds):
            return
        counts = np.bincount([*kinds, _TEXT], minlength=5).astype(float)
        self.texts += 1
        self._seen = self._seen * FADE + np.outer(counts, counts)
        self._lasted = self._lasted * FADE + counts * audio_ms
        self._tempo = [self._tempo[0] * FADE + audio_ms, self._tempo[1] * FADE + float(counts @ USUAL_MS)]
        usual = USUAL_MS * (self._tempo[0] / self._tempo[1])
        lean = np.diag([LEAN, LEAN, LEAN, LEAN, LEAN_TEXT])
        self._ms = np.linalg.solve(self._seen + lean, self._lasted + lean @ usual)

    def of(self, character: str) -> float:
        """How long one character takes, in ms."""
        if character.isspace():
            return 0.0
        return max(LEAST_MS, float(self._ms[_kind(character)]))

    def lasts_ms(self, text: str) -> float:
        """How long `text` takes."""
        return sum(map(self.of, text))


_CHARACTER, _LETTER, _DIGIT, _PUNCTUATION, _TEXT = range(5)


def _kind(character: str) -> int:
    if not character.isalnum():
        return _PUNCTUATION
    if not character.isascii():
        return _CHARACTER
    return _DIGIT if character.isdigit() else _LETTER
