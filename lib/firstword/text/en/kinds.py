"""Plain numbers, and the table of all kinds, in English. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, NUMBER, Found, after, kind, table
from ..reading import Reading
from . import amounts, codes, dates, letters, measures, signs, times
from .codes import grouped
from .context import is_amount, is_code, is_serial
from .numbers import amount, digits, year

_QUARTER = re.compile(r"\b[QH][1-4] $")
_THINGS = re.compile(r" (?:[a-z]+ )?[a-z]{2,}s\b")
"""Behind a number of four figures, what makes it no year."""


def _number(found: Found, reading: Reading) -> str:
    """A code where one is named; by one also what has more than four figures and no commas, for that is how people write codes.

    But 20000 in a sentence is an amount.
    """
    text, begin, figures = found.string, found.start(), found[0]
    if "." in figures:
        return amount(figures, joined=True)
    if "," in figures:
        return amount(figures, joined=True)
    padded = len(figures) > 1 and figures[0] == "0"
    counted = is_amount(text, begin)
    if not counted and (len(figures) > 2 or padded) and (is_code(text, begin) or text[begin - 1 : begin] == "#"):
        return grouped(figures, reading) if reading.codes == "digits" or padded else amount(figures, joined=True)
    if padded or figures == "911":
        return digits(figures)
    quarter = _QUARTER.search(text, max(0, begin - 4), begin)
    if counted or len(figures) < 4 or (_THINGS.match(text, found.end()) and not quarter):
        return amount(figures, joined=not is_serial(text, begin, found.end()))
    if len(figures) == 4:
        return year(figures)
    minus = text[begin - 1 : begin] in ("-", "−") and not text[max(0, begin - 2) : begin - 1].isalnum()
    if minus:
        return amount(figures, joined=True)
    alone = not text[:begin].strip() and not after(found)
    return amount(figures, joined=True) if figures.endswith("000") and not alone else grouped(figures, reading)


TABLE = table(
    (
        *letters.ADDRESSES,
        *dates.KINDS,
        *times.KINDS,
        *codes.TELEPHONES,
        *measures.AREAS,
        *codes.CODES,
        *amounts.KINDS,
        *measures.KINDS,
        *amounts.RANGES,
        *codes.TAILS,
        kind("number", FIGURE, NUMBER, _number),
        kind("number", ".", r"(?<![A-Za-z0-9)])\.\d++", lambda found, reading: amount(found[0])),
        *letters.KINDS,
        *signs.KINDS,
    )
)
"""In the order in which they are tried."""
