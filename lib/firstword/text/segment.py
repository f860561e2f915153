"""From a model's tokens to pieces for the synthesiser. Pure, streaming, nothing lost.

A piece is what the synthesiser is handed at once. The streaming services cut their own sentences, so the earliest piece is the best
one: each token goes on as it comes. Held back is only a tail that should not go alone: white space (an NLS ``RunSynthesis`` of blanks
is answered "text is empty") and pictures, which the next token may change (a joiner, a skin tone, the second half of a flag).
"""

from __future__ import annotations

import unicodedata

LONGEST_TAIL = 64
"""Characters. A longer tail of blanks and pictures goes as it is: nothing may grow without a bound."""


class Segmenter:
    """Cuts one reply. All pieces, concatenated, are the tokens, concatenated; how the tokens were cut may change the pieces only."""

    def __init__(self) -> None:
        self._tail = ""

    def feed(self, token: str) -> list[str]:
        """The pieces that `token` completes: none or one."""
        text = self._tail + token
        end = len(text)
        while end and _is_open(text[end - 1]):
            end -= 1
        if len(text) - end > LONGEST_TAIL:
            end = len(text)
        self._tail = text[end:]
        return [text[:end]] if end else []

    def finish(self) -> list[str]:
        """The rest: none or one piece. White space at the very end is given too, for it was written."""
        rest, self._tail = self._tail, ""
        return [rest] if rest else []


def _is_open(character: str) -> bool:
    return (
        character.isspace()
        or character >= "\U0001f000"
        or unicodedata.category(character) in ("So", "Sk", "Mn", "Me", "Cf")
    )
