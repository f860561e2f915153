"""What the caller's sounds during a reply have come to: how much one must be to hold it, and until when it is held. [pure]"""

from __future__ import annotations

SHY, DEAF = 2, 4
"""After so many sounds without words a reply is held only for one as long as speech; after so many only words end it."""
WORDS_MS = 600
"""After a sound as long as speech its words are waited for, at most."""
HELD_MOST_S = 4.0
"""So long is a reply held, whatever the caller's sounds."""


class Sounds:
    """Of one reply after the other. `now` is in the clock's seconds.

    Next: `reply_began` for each reply; `hold` for a sound that `hold_for` lets through; `vain` if it was no interruption.
    """

    def __init__(self) -> None:
        self.loud = False
        """Whether the sound that holds the reply was as long as speech."""
        self.held_at = 0.0
        """Since when it is held."""
        self._vain = 0  # without words, since the reply began

    def reply_began(self) -> None:
        """Nothing has been said into it yet."""
        self._vain = 0

    def hold_for(self, *, loud: bool) -> bool:
        """Whether the reply is to be held for a sound, which is as long as speech or not yet."""
        return self._vain < (DEAF if loud else SHY)

    def hold(self, now: float, *, loud: bool) -> None:
        """It is held from now on."""
        self.loud, self.held_at = loud, now

    def bounded_ms(self, ms: float, now: float) -> int:
        """How much longer it may be held, of the `ms` that are wanted."""
        return round(max(0.0, min(ms, (self.held_at + HELD_MOST_S - now) * 1000)))

    def vain(self, *, words: bool) -> None:
        """The sound was no interruption. A listener's `words` do not count: who says 嗯 is no noise."""
        self._vain += not words
