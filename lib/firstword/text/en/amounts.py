"""Ordinals, decades, shares and ranges, in English. [pure]"""

from __future__ import annotations

from ..kinds import FIGURE, NUMBER, Found, kind
from ..reading import Reading
from ..units import PER_EN
from .context import is_code, is_pressure, is_serial
from .measures import PER, SEP, UNIT, WAITED, name_of
from .numbers import amount, ordinal, plural, year

_CENTURIES = ("18", "19", "20", "21")


def _ordinal(found: Found, reading: Reading) -> str:
    """121st; of 13rd the letters are said as they are."""
    figures, suffix = found["figures"], found["suffix"]
    value = int(figures.replace(",", ""))
    right = "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return ordinal(figures) if suffix.lower() == right else f"{amount(figures)} {suffix}"


def _ordinals(found: Found, reading: Reading) -> str:
    """1st-3rd."""
    return f"{ordinal(found['low'])} to {ordinal(found['high'])}"


def _decade(found: Found, reading: Reading) -> str | None:
    """1990s, the 80s; "wait 30s" are seconds."""
    text, begin = found.string, found.start()
    if (
        (len(found["year"]) == 2 or " " in found[0])
        and "'" not in found[0]
        and WAITED.search(text, max(0, begin - 8), begin)
    ):
        return None
    return _years(found["year"])


def _decades(found: Found, reading: Reading) -> str:
    return f"{_years(found['first'])} to {_years(found['last'])}"


def _years(figures: str) -> str:
    return plural(year(figures) if len(figures) == 4 else amount(figures))


# -- shares, ranges ------------------------------------------------------------------------------------------------------


def _fraction(found: Found, reading: Reading) -> str | None:
    above, below, whole = found["above"], found["below"], found["whole"]
    if (above, below) == ("24", "7"):
        return "twenty four seven"
    if is_pressure(found.string, found.start()):
        return f"{amount(above)} over {amount(below)}"
    if above == below and not whole:
        return f"{amount(above)} {amount(below)}"  # fifty fifty
    if len(above) == 4 and above[:2] in _CENTURIES and len(below) == 2 and int(below) == (int(above) + 1) % 100:
        return f"{year(above)} {year(below)}"  # the season of 2019/20
    if int(below) == 0 or above[0] == "0" or len(above) > 6 or len(below) > 6:
        return None
    unit = name_of(found["unit"]) if found["unit"] else None
    if whole:
        said = "a half" if (above, below) == ("1", "2") else _parts(above, below)
        return f"{amount(whole)} and {said}" + (f" {unit[1]}" if unit else "")
    said = _parts(above, below)
    if unit:
        said += f" {unit[0]}" if below == "2" else f" of {'an' if unit[0][0] in _VOWELS else 'a'} {unit[0]}"
    return said


_MIXED = {"½": "a half", "¼": "a quarter", "¾": "three quarters", "⅓": "a third", "⅔": "two thirds"}


def _mixed(found: Found, reading: Reading) -> str:
    """3½."""
    return f"{amount(found['whole'])} and {_MIXED[found['part']]}"


def _parts(above: str, below: str) -> str:
    """Two quarters, one half, five over one."""
    one = int(above) == 1
    if int(below) == 1:
        return f"{amount(above)} over one"
    if int(below) == 2:
        return f"{amount(above)} {'half' if one else 'halves'}"
    name = "quarter" if int(below) == 4 else ordinal(below)
    return f"{amount(above)} {name if one else plural(name)}"


def _rating(found: Found, reading: Reading) -> str:
    """4.7/5."""
    return f"{amount(found['reached'])} out of {amount(found['best'])}"


def _ratio(found: Found, reading: Reading) -> str:
    """3:2, which is no time."""
    return " to ".join(map(amount, found[0].split(":")))


def _percent(found: Found, reading: Reading) -> str:
    name = "percent" if found["sign"] == "%" else "per mille"
    low, high = found["low"], found["high"]
    said = f"{amount(low)} to {amount(high)} {name}" if high else f"{amount(low)} {name}"
    return f"{said} per {PER_EN[found['per']]}" if found["per"] else said


def _year_and(low: str, high: str) -> bool:
    """1914-18."""
    return len(low) == 4 and low[:2] in _CENTURIES and len(high) == 2


def _range(found: Found, reading: Reading) -> str | None:
    low, high = found["low"], found["high"]
    long = found["dash"].strip() == "-" and (len(low) > 4 or len(high) > 4)
    if long or is_code(found.string, found.start()) or is_serial(found.string, found.start(), found.end()):
        return None
    if low == high:
        return f"{amount(low)} {amount(high)}"  # fifty fifty
    if (
        len(low) > len(high) + 1
        and low.isdecimal()
        and high.isdecimal()
        and found["dash"] == "-"
        and not _year_and(low, high)
    ):
        return f"{amount(low, joined=True)}, {amount(high)}"  # 978-0 goes from nowhere to nowhere
    if len(low) == 4 and low[:2] in _CENTURIES and (len(high) == 2 or (len(high) == 4 and high[:2] in _CENTURIES)):
        return f"{year(low)} to {year(high)}"
    return f"{amount(low)} to {amount(high)}"


_VOWELS = frozenset("aeioh")
"""An inch, an hour."""
_SUFFIX = "(?:st|nd|rd|th)"

KINDS = (
    kind("fraction", FIGURE, r"(?P<whole>\d{1,4}) ?(?P<part>[½¼¾⅓⅔])", _mixed),
    kind("score", FIGURE, r"(?P<reached>\d{1,2}\.\d) ?/ ?(?P<best>5|10|100)(?![\d/.])", _rating),
    kind("score", FIGURE, r"\d+(?:\.\d+)?(?::\d+(?:\.\d+)?){1,3}", _ratio),
    kind("date", FIGURE, r"(?P<first>\d{4})'?s ?[-–] ?(?P<last>\d{4}|\d0)'?s(?![A-Za-z])", _decades),
    kind("date", FIGURE, r"(?P<year>[12]\d\d0|[2-9]0)(?:'|(?<=1[89]\d0|20\d0) )?s(?![A-Za-z])", _decade),
    kind("percent", FIGURE, rf"(?P<low>{NUMBER}) ?%?(?:{SEP}(?P<high>{NUMBER}))? ?(?P<sign>[%‰]){PER}", _percent),
    kind(
        "fraction",
        FIGURE,
        r"(?:(?P<whole>\d+) )?(?P<above>\d+) ?/ ?(?P<below>\d+)(?![\d/])(?:(?:th|rd|nd|st|TH|RD|ND|ST)s?)?(?![A-Za-z]|/\d)"
        rf"(?: (?![ANJst](?![a-z]))(?P<unit>{UNIT})(?![A-Za-z0-9²³'/]))?",
        _fraction,
    ),
    kind("ordinal", FIGURE, rf"(?P<low>\d{{1,4}}){_SUFFIX} ?[-–] ?(?P<high>\d{{1,4}}){_SUFFIX}(?![A-Za-z])", _ordinals),
    kind(
        "ordinal",
        FIGURE,
        r"(?P<figures>\d{1,3}(?:,\d{3})+|\d+)(?P<suffix>st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z])",
        _ordinal,
    ),
)
RANGES = (
    kind("range", FIGURE, rf"(?P<low>{NUMBER})(?P<dash>{SEP})(?P<high>{NUMBER})(?! ?=|[-–:/.]?\d|[A-Za-z])", _range),
)
"""Behind the measures, of which there are ranges too."""
