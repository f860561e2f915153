"""Dates, in English. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, Found, after, kind
from ..reading import Reading
from .context import MONTH, MONTHS, NAMES
from .numbers import amount, ordinal, year

_FIRST = "JjFfMmAaSsOoNnDd"
_DAY_BEFORE = re.compile(
    r"\b(?:mon|tue?s?|wed|th|thur?s?|fri|sat|sun)(?:day|nesday|rsday|urday|sday)?\.?,? \(?$", re.IGNORECASE
)
_DATED = re.compile(
    r"\b(?:on|until|till|since|due|dated?|deadline|starting|starts|begins|ends|ending|expires?|through|before|after|born"
    r"|(?:arrives?|ready|deliver(?:ed|y)?|received?|paid|pay|return(?:ed)?|here|back|done|completed?|reply|due) by)"
    r"(?: (?:on|is))? \(?$",
    re.IGNORECASE,
)
_SHARES = frozenset([(1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 5), (1, 8), (1, 10), (24, 7)])
"""Fractions of the kitchen: after 1/2 a cup; and what never closes."""
_SHARED = ("of", "inch", "in.", "cup", "mile", "hour", "day", "lb", "tea", "table", "pint", "gallon", "point")
_THE = re.compile(r"\bthe $", re.IGNORECASE)


def _said(month: str, day: str, years: str, *, day_first: bool) -> str:
    when = f" {year(years)}" if years else ""
    if day_first:
        return f"the {ordinal(day)} of {month}{when}"
    return f"{month} {ordinal(day)}{when}"


def _month(text: str) -> str:
    return MONTHS[text.lower().rstrip(".")]


def _day_month(found: Found, reading: Reading) -> str | None:
    """25 jul 2012, the 25th of July; "at 5 May ..." is one too."""
    if not 1 <= int(found["day"]) <= 31:
        return None
    text, begin = found.string, found.start()
    said = _said(_month(found["month"]), found["day"], "", day_first=True)
    if text[max(0, begin - 4) : begin].lower().endswith("the "):
        said = said.removeprefix("the ")
    return f"{said}{found['comma'] or ' '}{year(found['year'])}" if found["year"] else said


def _month_day(found: Found, reading: Reading) -> str | None:
    if not 1 <= int(found["day"]) <= 31:
        return None
    said = _said(_month(found["month"]), found["day"], "", day_first=False)
    if found["last"]:
        said += f" to {ordinal(found['last'])}"
    return f"{said}{found['comma']}{year(found['year'])}" if found["year"] else said


def _month_year(found: Found, reading: Reading) -> str:
    return f"{_month(found['month'])} {year(found['year'])}"


def _months(found: Found, reading: Reading) -> str | None:
    """Jan-Mar 2024; may-march is none."""
    if not found["month"][0].isupper():
        return None
    said = f"{_month(found['month'])} to {_month(found['last'])}"
    return f"{said} {year(found['year'])}" if found["year"] else said


def _day_first_name(found: Found, reading: Reading) -> str | None:
    """15-Jan-2020."""
    if not 1 <= int(found["day"]) <= 31:
        return None
    return _said(_month(found["month"]), found["day"], found["year"], day_first=True)


def _part_of_year(found: Found, reading: Reading) -> str:
    """2Q22, 1H2023."""
    part = f"{ordinal(found['part'])} {'quarter' if found[0][1] == 'Q' else 'half'} of {year(found['year'])}"
    return part if _THE.search(found.string, max(0, found.start() - 4), found.start()) else f"the {part}"


def _dashed_name(found: Found, reading: Reading) -> str | None:
    """Jan-15-2020."""
    return (
        _said(_month(found["month"]), found["day"], found["year"], day_first=False)
        if 1 <= int(found["day"]) <= 31
        else None
    )


def _year_first(found: Found, reading: Reading) -> str | None:
    month, day = int(found["month"]), int(found["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = _said(NAMES[month], found["day"], found["year"], day_first=False)
    return f"{said} " if found[0].endswith("T") else said


def _year_last(found: Found, reading: Reading) -> str | None:
    first, second = int(found["a"]), int(found["b"])
    month_first = (reading.dates == "month-first" and first <= 12) or second > 12
    month, day = (first, second) if month_first else (second, first)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _said(NAMES[month], str(day), found["year"], day_first=not month_first)


def _year_month(found: Found, reading: Reading) -> str:
    return f"{NAMES[int(found['month'])]} {year(found['year'])}"


def _day_of_month(found: Found, reading: Reading) -> str | None:
    """03/12, with a nought; without one it is a fraction, but behind a day of the week (Fri 3/8) and a word of time (due 3/15)."""
    text, begin = found.string, found.start()
    first, second = int(found["a"]), int(found["b"])
    padded = len(found["a"]) == len(found["b"]) == 2 and "0" in (found["a"][0], found["b"][0])
    dated = _DAY_BEFORE.search(text, max(0, begin - 12), begin) or (
        (first, second) not in _SHARES
        and not after(found).startswith(_SHARED)
        and _DATED.search(text, max(0, begin - 20), begin)
    )
    if not (padded or dated):
        return None
    month_first = (reading.dates == "month-first" and first <= 12) or (not padded and second > 12)
    month, day = (first, second) if month_first else (second, first)
    return _said(NAMES[month], str(day), "", day_first=False) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _days(found: Found, reading: Reading) -> str | None:
    """11/28-11/30; 1/3-1/2 are fractions, of which the second is more and none more than one; 12/30-1/2 are none."""
    a, b, c, d = (int(found[group]) for group in ("a", "b", "c", "d"))
    if not b or not d or (a < b and c < d and a * d < c * b and (a == 1 or b <= 12)):
        return None
    if reading.dates != "month-first":
        a, b, c, d = b, a, d, c
    if not (1 <= a <= 12 and 1 <= c <= 12 and 1 <= b <= 31 and 1 <= d <= 31):
        return None
    return f"{NAMES[a]} {ordinal(str(b))} to {NAMES[c]} {ordinal(str(d))}"


def _era(found: Found, reading: Reading) -> str:
    figures = found["year"]
    said = f"{amount(figures[0])} {year(figures[1:])}" if len(figures) == 3 and figures[1] != "0" else year(figures)
    return f"{said} {re.sub('[. ]', '', found['era']).upper()}"


_YEAR = r"(?P<year>[12]\d{3})(?!\d)"

KINDS = (
    kind(
        "date",
        FIGURE,
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? ?(?:of )?(?P<month>{MONTH})(?:(?P<comma>, ?| )?{_YEAR})?",
        _day_month,
        re.IGNORECASE,
    ),
    kind(
        "date",
        _FIRST,
        rf"(?P<month>{MONTH})(?: ?|-(?!\d{{1,2}}-))(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"
        rf"(?: ?[-–] ?(?P<last>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:A-Za-z]))?(?: ?(?P<comma>, ?| ){_YEAR})?",
        _month_day,
        re.IGNORECASE,
    ),
    kind(
        "date",
        _FIRST,
        rf"(?P<month>{MONTH}) ?[-–] ?(?P<last>{MONTH})(?! ?\d{{1,2}}(?!\d))(?: {_YEAR})?",
        _months,
        re.IGNORECASE,
    ),
    kind("date", _FIRST, rf"(?P<month>{MONTH})(?:,? |-){_YEAR}", _month_year, re.IGNORECASE),
    kind(
        "date",
        FIGURE,
        rf"(?P<day>\d{{1,2}})(?P<sep>[-/])(?P<month>{MONTH})(?P=sep){_YEAR}",
        _day_first_name,
        re.IGNORECASE,
    ),
    kind("date", _FIRST, rf"(?P<month>{MONTH})-(?P<day>\d{{1,2}})-{_YEAR}", _dashed_name, re.IGNORECASE),
    kind(
        "date",
        FIGURE,
        r"(?P<year>[12]\d{3})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?![\d:]|[-/.]\d)(?:T(?=\d))?",
        _year_first,
        re.IGNORECASE,
    ),
    kind(
        "date",
        FIGURE,
        r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<year>(?:19|20)\d{2}|(?<=/)\d{2})(?!\d|[/.]\d|-\d(?!\d?/))",
        _year_last,
        re.IGNORECASE,
    ),
    kind("date", FIGURE, r"(?P<part>[1-4](?=Q)|[12](?=H))[QH](?P<year>20\d\d|\d\d)(?![A-Za-z0-9])", _part_of_year),
    kind("date", FIGURE, r"(?P<year>(?:19|20)\d{2})[-/](?P<month>0[1-9]|1[0-2])(?![\d/-])", _year_month, re.IGNORECASE),
    kind("date", FIGURE, r"(?P<month>0[1-9]|1[0-2])/(?P<year>20\d\d)(?![\d/])", _year_month),
    kind(
        "date",
        FIGURE,
        r"(?P<a>\d{1,2})/(?P<b>\d{1,2}) ?[-~–—] ?(?P<c>\d{1,2})/(?P<d>\d{1,2})(?![\d/%])",
        _days,
    ),
    kind("date", FIGURE, r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/]|(?:st|nd|rd|th)|[-.]\d)", _day_of_month),
    kind("date", FIGURE, r"(?P<year>\d{1,4}) ?(?P<era>a\.?d|b\.?c\.?e?|c\.?e)(?![a-z])\.?", _era, re.IGNORECASE),
)
