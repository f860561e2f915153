"""Roman numerals in letters: XIV as 14. [pure]"""

from __future__ import annotations

import re

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
NUMERAL = r"(?=[IVXLC])C{0,3}(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})(?![A-Za-z0-9'’])"
"""What may be one, up to 399. Beyond it nobody counts chapters and kings."""
STARTS = "".join(_VALUES)
_LETTERS = frozenset(("C", "L", "CC", "XX", "XXX"))
"""What is more often a letter, a size, or what stands for a number that is left out: 第XX回."""
_SUBTRACTED = re.compile(r"I(?=[VX])|X(?=[LC])")


def value(numeral: str) -> int | None:
    """``XIV`` as 14; None for what is more often no numeral."""
    if numeral in _LETTERS:
        return None
    less = sum(_VALUES[found[0]] for found in _SUBTRACTED.finditer(numeral))
    return sum(_VALUES[letter] for letter in numeral) - 2 * less
