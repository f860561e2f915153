"""How much may be thought ahead of the caller's end, and what came of it. [pure]"""

from __future__ import annotations

MOST_A_TURN = 3
FREE = 2
"""So many may come to nothing whatever the share."""


class Budget:
    """Counts the answers begun before the caller's turn was over.

    Args:
        waste_percent: so many may be in vain for a hundred answers of the call; one in vain is seldom written to its end. 0 for no thinking
            ahead.
    """

    def __init__(self, waste_percent: int) -> None:
        self._share = waste_percent / 100
        self._a_turn = 0
        self._answers = 0
        self.begun = 0
        self.used = 0

    def may_begin(self) -> bool:
        """Whether another one may."""
        wasted = self.begun - self.used
        return self._share > 0 and self._a_turn < MOST_A_TURN and wasted + 1 <= FREE + self._share * self._answers

    def begin(self) -> None:
        """One is begun."""
        self.begun += 1
        self._a_turn += 1

    def use(self) -> None:
        """It was the answer."""
        self.used += 1

    def turn_over(self) -> None:
        """The caller's turn has been answered."""
        self._a_turn = 0
        self._answers += 1
