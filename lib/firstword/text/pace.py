"""How long text takes to be spoken, about. [pure]"""

from __future__ import annotations

PACE_MS = 220.0
"""How long one Chinese character takes, until a reply itself has told: 4.5 a second, the usual pace of the telephone voices."""


def weight(character: str) -> float:
    """The time a character takes, in Chinese characters."""
    if character.isspace():
        return 0.0
    if character.isascii():
        return 1.0 if character.isdigit() else 0.33
    return 1.0 if character.isalnum() else 0.5
