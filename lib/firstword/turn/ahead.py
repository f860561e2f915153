"""How much may be thought ahead of the caller's end, and what came of it. [pure]"""

from __future__ import annotations

MOST_A_TURN = 8
FREE = 2.0
"""So many may come to nothing whatever the share."""
WHOLE_S = 1.5
"""An answer that is dropped after so long counts as one in vain; one that is dropped sooner as a part: most are, before the model has sent
a token."""


class Budget:
    """Counts the answers begun before the caller's turn was over.

    Args:
        waste_percent: so many may be in vain for a hundred answers of the call. 0 for no thinking ahead.
    """

    def __init__(self, waste_percent: int) -> None:
        self._share = waste_percent / 100
        self._a_turn = 0
        self._answers = 0
        self._wasted = 0.0
        self._began_at = 0.0
        self.begun = 0
        self.used = 0

    def may_begin(self) -> bool:
        """Whether another one may."""
        return self._share > 0 and self._a_turn < MOST_A_TURN and self._wasted < FREE + self._share * self._answers

    def begin(self, now: float) -> None:
        """One is begun."""
        self.begun += 1
        self._a_turn += 1
        self._began_at = now

    def drop(self, now: float) -> None:
        """It was in vain."""
        self._wasted += min(1.0, (now - self._began_at) / WHOLE_S)

    def use(self) -> None:
        """It was the answer."""
        self.used += 1

    def turn_over(self) -> None:
        """The caller's turn has been answered."""
        self._a_turn = 0
        self._answers += 1
