"""How long a caller's pause may last before it ends their turn. [pure]

By what was said: a complete utterance waits less, a visibly unfinished one longer, a number being dictated longest. Where it can not be
told, by the caller's own pauses: who has gone on after a pause of 600 ms is given 780 the next time; who never pauses is given a little
less with every turn. Both within the profile's bounds. A pause that the words foretold ("因为", "my number is") teaches nothing of those
that they do not: who makes only such would else wait a second for each answer.
"""

from __future__ import annotations

from ..text.utterance import Ending, ending
from .manners import Manners

MARGIN = 1.3
"""So much longer than the longest pause of theirs after which they went on."""
EAGER = 0.9
"""After each turn in which no pause came near the end of our patience."""
NEAR = 0.6


class Patience:
    """Of one call, for one caller."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._open_ms = float(manners.endpoint_ms)
        self._longest_ms = 0.0  # pause of the turn under way
        self._foretold = False  # whether the words so far said that more would follow

    def wait_ms(self, text: str, question: str) -> float:
        """How much silence ends the turn, after `text` was said to `question` (what the bot said last)."""
        manners = self._manners
        how = ending(text, question) if text else None
        self._foretold = how in (Ending.UNFINISHED, Ending.DICTATING)
        if how is None:
            return max(self._open_ms, manners.endpoint_ms)
        match how:
            case Ending.FINISHED:
                return manners.finished_ms
            case Ending.UNFINISHED:
                return max(manners.unfinished_ms, self._open_ms)
            case Ending.DICTATING:
                return max(manners.dictation_ms, self._open_ms)
        return self._open_ms

    def went_on(self, pause_ms: float) -> None:
        """The caller has gone on after `pause_ms`, in which `wait_ms` was asked last."""
        if self._foretold:
            return
        self._longest_ms = max(self._longest_ms, pause_ms)
        self._open_ms = min(
            max(self._open_ms, pause_ms * MARGIN), max(self._manners.endpoint_most_ms, self._manners.endpoint_ms)
        )

    def turn_over(self) -> None:
        """A turn has ended."""
        if self._longest_ms < self._open_ms * NEAR:
            self._open_ms = max(self._open_ms * EAGER, min(self._manners.endpoint_least_ms, self._manners.endpoint_ms))
        self._longest_ms = 0.0
