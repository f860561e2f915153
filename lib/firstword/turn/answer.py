"""The latest reply that answers the caller: to which words, and whether it is let be heard yet. [pure]"""

from __future__ import annotations

from ..text.transcript import same
from .ahead import Budget


class Answer:
    """Of one call, one answer after the other.

    Args:
        waste_percent: see `Budget`.
    Next: `begin` for each; then `release` or `drop`.
    """

    def __init__(self, waste_percent: int) -> None:
        self.budget = Budget(waste_percent)
        self.number = 0
        """Its reply's."""
        self.text = ""
        """The words that it answers."""
        self.held = False
        """It is not heard before the caller's turn is over with the same words."""
        self.repeatable = False
        """It was thought ahead and has done nothing yet: one that fails may be asked for again, for nobody has waited for it."""
        self._counts = False  # it was thought ahead, and the budget does not know yet what came of it

    def begin(self, number: int, text: str, ahead_at: float | None = None) -> None:
        """Reply `number` is begun, as the answer to `text`; thought ahead if `ahead_at` says when."""
        self.number, self.text = number, text
        self.held = self.repeatable = self._counts = ahead_at is not None
        if ahead_at is not None:
            self.budget.begin(ahead_at)

    def fits(self, text: str) -> bool:
        """Whether it answers `text`."""
        return same(self.text, text)

    def hold(self) -> None:
        """The caller goes on while it is thought: it waits for whether they say more."""
        self.held = True

    def release(self, text: str) -> None:
        """It is let be heard, as the answer to `text`, which is what it was begun with, perhaps otherwise written."""
        self.held, self.text = False, text
        if self._counts:
            self._counts = False
            self.budget.use()

    def drop(self, now: float) -> None:
        """It is in vain."""
        self.held = False
        if self._counts:
            self._counts = False
            self.budget.drop(now)
