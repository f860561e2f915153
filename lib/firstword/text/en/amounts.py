"""Shares, ranges, sums of money and measures, in English. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, LETTER, NUMBER, Found, kind
from ..reading import Reading
from ..runs import CURRENCY
from ..units import CURRENCY_EN, PER_EN, UNITS, signs
from .context import is_code, is_pressure, is_serial
from .numbers import amount, ordinal, plural, year

_SCALES = {"k": "thousand", "m": "million", "b": "billion", "mn": "million", "bn": "billion"}
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


_WAITED = re.compile(r"\b(?:wait|hold|for|in|within|after|every|about|last|than|to|takes?) $")


def _decade(found: Found, reading: Reading) -> str | None:
    """1990s, the 80s; "wait 30s" are seconds."""
    text, begin = found.string, found.start()
    if (
        (len(found["year"]) == 2 or " " in found[0])
        and "'" not in found[0]
        and _WAITED.search(text, max(0, begin - 8), begin)
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
    unit = _name_of(found["unit"]) if found["unit"] else None
    if whole:
        said = "a half" if (above, below) == ("1", "2") else _parts(above, below)
        return f"{amount(whole)} and {said}" + (f" {unit[1]}" if unit else "")
    said = _parts(above, below)
    if unit:
        said += f" {unit[0]}" if below == "2" else f" of {'an' if unit[0][0] in _VOWELS else 'a'} {unit[0]}"
    return said


def _name_of(sign: str) -> tuple[str, str]:
    """Of one and of several."""
    _, one, several = UNITS[sign]
    return one, several


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


# -- money and measures --------------------------------------------------------------------------------------------------


def _money(found: Found, reading: Reading) -> str | None:
    """$128.50, $1.2 billion, $20-30, $399/night; of $20-$30 the dollars are said twice, as they are written."""
    names = CURRENCY_EN.get(found["sign"].upper())
    if names is None:
        return None
    scale, per = found["scale"] or "", found["per"]
    low, high = found["low"], found["high"]
    said = ("minus " if found["minus"] else "") + _sum(high or low, names, _SCALES.get(scale.lower(), scale))
    if high:
        whole = not scale and (found["again"] or "." in low)
        said = f"{_sum(low, names, '') if whole else amount(low, joined=True)} to {said}"
    return f"{said} per {PER_EN[per]}" if per else said


def _money_behind(found: Found, reading: Reading) -> str | None:
    names = CURRENCY_EN.get(found["sign"].upper())
    return None if names is None else _sum(found["low"], names, "")


def _sum(figures: str, names: tuple[str, str, str, str], scale: str) -> str:
    one, several, hundredth, hundredths = names
    if scale:
        return f"{amount(figures)} {scale} {several}"
    whole, _, part = figures.partition(".")
    part = part.rstrip("0")
    if len(part) > 2 or (part and not hundredth):
        return f"{amount(f'{whole}.{part}', joined=True)} {several}"
    value = int(whole.replace(",", "") or "0")
    said = [f"{amount(str(value), joined=True)} {one if value == 1 else several}"] if value or not part else []
    if part:
        cents = int(part.ljust(2, "0"))
        said.append(f"{amount(str(cents))} {hundredth if cents == 1 else hundredths}")
    return " ".join(said)


def _scaled(found: Found, reading: Reading) -> str | None:
    """0.1 billion, 30k; a capital letter is said as it is. Room 204B is none."""
    scale = found["scale"]
    if len(scale) == 1 and is_code(found.string, found.start()):
        return None
    name = scale if scale in ("K", "M", "B") else _SCALES.get(scale.lower(), scale)
    return f"{amount(found['low'], joined=True)} {name}"


def _scaled_measure(found: Found, reading: Reading) -> str:
    """2 million kg."""
    return f"{amount(found['low'], joined=True)} {found['scale']} {UNITS[found['unit']][2]}"


def _measure(found: Found, reading: Reading) -> str | None:
    low, high, sign, per, across = found["low"], found["high"], found["unit"], found["per"], found["across"]
    glued = found.string[found.end("unit") - len(sign) - 1] != " "
    # wait 10s, but iPhone 5s
    waited = sign == "s" and _WAITED.search(found.string, max(0, found.start() - 8), found.start()) is not None
    if (sign in "ANJst" and not per and not waited) or (sign == "V" and glued):
        return None  # letters, more often than units
    _, one, several = UNITS[sign]
    single = low == "1" or _ONE_BEFORE.search(found.string, max(0, found.start() - 4), found.start())
    name = one if single and not high and not across else several
    if across:
        number = " by ".join(map(amount, _ACROSS.split(f"{low}{across}")))
    else:
        number = f"{amount(low, joined=True)} to {amount(high, joined=True)}" if high else amount(low, joined=True)
    return f"{number} {name} per {PER_EN[per]}" if per else f"{number} {name}"


def _rate(found: Found, reading: Reading) -> str:
    """12/kg; of a single letter only what is mostly a unit there."""
    return f"{amount(found['low'], joined=True)} per {PER_EN[found['per']]}"


_RATES = [sign for sign in PER_EN if len(sign) > 1 or sign in "hsgL"]


def _of_a_measure(found: Found, reading: Reading) -> str:
    """A 5-kg bag."""
    return f"{amount(found['low'], joined=True)}-{UNITS[found['unit']][1]}"


_LONG_UNITS = [sign for sign in UNITS if len(sign) > 1]
_ONE_BEFORE = re.compile(r"\ban? $")
_ACROSS = re.compile(r" ?[xX×] ?")
_UNIT = signs(UNITS)
_PER = f"(?: ?/ ?(?P<per>{signs(PER_EN)}))?(?![A-Za-z])"
_SIGNS_OF_MONEY = r"US\$|HK\$|A\$|C\$|S\$|[$€£₩₽₹฿¥]"
_CODES_OF_MONEY = "USD|CNY|RMB|HKD|EUR|GBP|JPY|KRW|AUD|CAD|SGD|THB|CHF"
_SCALE = r" ?(?P<scale>thousand|million|billion|trillion|[kK]|[mMbB]n?)(?![A-Za-z0-9])"
_SUFFIX = "(?:st|nd|rd|th)"
_SEP = r" ?[-–—~−] ?"
_NUMBER = rf"(?:{NUMBER}|(?<![A-Za-z0-9)])\.\d++)"
"""Also .5, which nothing stands before."""
_VOWELS = frozenset("aeioh")
"""An inch, an hour."""

AREAS = (
    kind(
        "measure",
        FIGURE,
        rf"(?P<low>{NUMBER})(?P<across>(?: ?[xX×] ?{NUMBER}){{1,2}})(?P<high>) ?(?P<unit>{_UNIT})(?![A-Za-z0-9²³']){_PER}",
        _measure,
    ),
)
KINDS = (
    kind("measure", FIGURE, rf"(?P<low>{NUMBER}) ?/ ?(?P<per>{signs(_RATES)})(?![A-Za-z0-9²³'])", _rate),
    kind("score", FIGURE, r"(?P<reached>\d{1,2}\.\d) ?/ ?(?P<best>5|10|100)(?![\d/.])", _rating),
    kind("score", FIGURE, r"\d+(?:\.\d+)?(?::\d+(?:\.\d+)?){1,3}", _ratio),
    kind("date", FIGURE, r"(?P<first>\d{4})'?s ?[-–] ?(?P<last>\d{4}|\d0)'?s(?![A-Za-z])", _decades),
    kind("date", FIGURE, r"(?P<year>[12]\d\d0|[2-9]0)(?:'|(?<=1[89]\d0|20\d0) )?s(?![A-Za-z])", _decade),
    kind("percent", FIGURE, rf"(?P<low>{NUMBER}) ?%?(?:{_SEP}(?P<high>{NUMBER}))? ?(?P<sign>[%‰]){_PER}", _percent),
    kind(
        "fraction",
        FIGURE,
        r"(?:(?P<whole>\d+) )?(?P<above>\d+) ?/ ?(?P<below>\d+)(?![\d/])(?:(?:th|rd|nd|st|TH|RD|ND|ST)s?)?(?![A-Za-z]|/\d)"
        rf"(?: (?![ANJst](?![a-z]))(?P<unit>{_UNIT})(?![A-Za-z0-9²³'/]))?",
        _fraction,
    ),
    kind("ordinal", FIGURE, rf"(?P<low>\d{{1,4}}){_SUFFIX} ?[-–] ?(?P<high>\d{{1,4}}){_SUFFIX}(?![A-Za-z])", _ordinals),
    kind(
        "ordinal",
        FIGURE,
        r"(?P<figures>\d{1,3}(?:,\d{3})+|\d+)(?P<suffix>st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z])",
        _ordinal,
    ),
    kind(
        "money",
        FIGURE,
        rf"(?P<low>{NUMBER}) ?(?P<sign>{_SIGNS_OF_MONEY}|¢|{_CODES_OF_MONEY})(?![A-Za-z\d])",
        _money_behind,
    ),
    kind(
        "measure",
        FIGURE + ".",
        rf"(?P<low>{_NUMBER})(?P<across>)(?:(?: ?(?:{_UNIT}))?{_SEP}(?P<high>{NUMBER}))? ?(?P<unit>{_UNIT})(?![A-Za-z0-9²³']){_PER}",
        _measure,
    ),
    kind("range", FIGURE, rf"(?P<low>{NUMBER})(?P<dash>{_SEP})(?P<high>{NUMBER})(?! ?=|[-–:/.]?\d|[A-Za-z])", _range),
    kind("measure", FIGURE, rf"(?P<low>{NUMBER})-(?P<unit>{signs(_LONG_UNITS)})(?![A-Za-z0-9²³'])", _of_a_measure),
    kind(
        "measure",
        FIGURE,
        rf"(?P<low>{NUMBER}) (?P<scale>thousand|million|billion|trillion) (?P<unit>{signs(_LONG_UNITS)})(?![A-Za-z0-9²³'/])",
        _scaled_measure,
    ),
    kind("amount", FIGURE + ".", rf"(?P<low>{_NUMBER}){_SCALE}", _scaled),
    kind(
        "money",
        LETTER + "".join(CURRENCY),
        rf"(?P<sign>{_SIGNS_OF_MONEY}|(?:{_CODES_OF_MONEY})(?=[ \d])) ?(?P<minus>[-−])?(?P<low>{NUMBER}|\.\d+)(?![\d@])"
        rf"(?:{_SEP}(?P<again>{_SIGNS_OF_MONEY})?(?P<high>{NUMBER})(?! ?=))?(?:{_SCALE})?{_PER}",
        _money,
    ),
)
