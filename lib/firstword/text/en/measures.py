"""Sums of money and measures, in English. [pure]"""

from __future__ import annotations

import re

from ..alphabet import CURRENCY
from ..kinds import FIGURE, NUMBER, Found, kind
from ..reading import Reading
from ..units import CURRENCY_EN, PER_EN, UNITS, signs
from .context import is_code
from .numbers import amount

_SCALES = {"k": "thousand", "m": "million", "b": "billion", "mn": "million", "bn": "billion"}
WAITED = re.compile(r"\b(?:wait|hold|for|in|within|after|every|about|last|than|to|takes?) $")
"""Before what is waited: 30s are seconds there."""


def name_of(sign: str) -> tuple[str, str]:
    """Of one and of several."""
    _, one, several = UNITS[sign]
    return one, several


def _money(found: Found, reading: Reading) -> str | None:
    """$128.50, $1.2 billion, $20-30, $399/night; of $20-$30 the dollars are said twice, as they are written."""
    names = CURRENCY_EN.get(found["sign"].upper())
    if names is None:
        return None
    scale, per = found["scale"] or "", found["per"]
    low, high = found["low"], found["high"]
    said = ("minus " if found["minus"] else "") + _sum(high or low, names, _SCALES.get(scale.lower(), scale.lower()))
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
    name = scale if scale in ("K", "M", "B") else _SCALES.get(scale.lower(), scale.lower())
    return f"{amount(found['low'], joined=True)} {name}"


def _scaled_measure(found: Found, reading: Reading) -> str:
    """2 million kg."""
    return f"{amount(found['low'], joined=True)} {found['scale']} {UNITS[found['unit']][2]}"


def _measure(found: Found, reading: Reading) -> str | None:
    low, high, sign, per, across = found["low"], found["high"], found["unit"], found["per"], found["across"]
    glued = found.string[found.end("unit") - len(sign) - 1] != " "
    # wait 10s, but iPhone 5s
    waited = sign == "s" and WAITED.search(found.string, max(0, found.start() - 8), found.start()) is not None
    if (sign in "ANJst" and not per and not waited) or (sign == "V" and glued):
        return None  # letters, more often than units
    _, one, several = UNITS[sign]
    if sign == "m" and _HOURS_BEFORE.search(found.string, max(0, found.start() - 8), found.start()):
        one, several = "minute", "minutes"
    single = low == "1" or _ONE_BEFORE.search(found.string, max(0, found.start() - 4), found.start())
    name = one if single and not high and not across else several
    if across:
        number = " by ".join(map(amount, _ACROSS.split(f"{low}{across}")))
    else:
        number = f"{amount(low, joined=True)} to {amount(high, joined=True)}" if high else amount(low, joined=True)
    return f"{number} {name} per {PER_EN[per]}" if per else f"{number} {name}"


def _inches(found: Found, reading: Reading) -> str | None:
    """5 ft 6 in; behind anything else "in" is the word."""
    feet = _FEET_BEFORE.search(found.string, max(0, found.start() - 6), found.start())
    inches = found["inches"]
    return f"{amount(inches)} inch{'' if inches == '1' else 'es'}" if feet else None


def _feet(found: Found, reading: Reading) -> str:
    """6'2": how tall."""
    feet, inches = found["feet"], found["inches"]
    return f"{amount(feet)} {'foot' if feet == '1' else 'feet'} {amount(inches)} inch{'' if inches == '1' else 'es'}"


def _rate(found: Found, reading: Reading) -> str:
    """12/kg; of a single letter only what is mostly a unit there."""
    return f"{amount(found['low'], joined=True)} per {PER_EN[found['per']]}"


_RATES = [sign for sign in PER_EN if len(sign) > 1 or sign in "hsgL"]


def _of_a_measure(found: Found, reading: Reading) -> str:
    """A 5-kg bag."""
    return f"{amount(found['low'], joined=True)}-{UNITS[found['unit']][1]}"


_LONG_UNITS = [sign for sign in UNITS if len(sign) > 1]
_FEET_BEFORE = re.compile(r"\b(?:ft\.?|feet|foot) $")
_HOURS_BEFORE = re.compile(r"\d ?h(?:rs?|ours?)? ?$")
"""3h 15m."""
_ONE_BEFORE = re.compile(r"\ban? $")
_ACROSS = re.compile(r" ?[xX×] ?")
UNIT = signs(UNITS)
PER = f"(?: ?/ ?(?P<per>{signs(PER_EN)}))?(?![A-Za-z])"
_SIGNS_OF_MONEY = r"(?:JPY?|CNY|RMB)¥|US\$|HK\$|A\$|C\$|S\$|[$€£₩₽₹฿¥]"
_CODES_OF_MONEY = "USD|CNY|RMB|HKD|EUR|GBP|JPY|KRW|AUD|CAD|SGD|THB|CHF"
_SCALE = r" ?(?P<scale>[tT]housand|[mM]illion|[bB]illion|[tT]rillion|[kK]|[mMbB]n?)(?![A-Za-z0-9])"
SEP = r" ?[-–—~−] ?"
_NUMBER = rf"(?:{NUMBER}|(?<![A-Za-z0-9)])\.\d++)"
"""Also .5, which nothing stands before."""

AREAS = (
    kind(
        "measure",
        FIGURE,
        rf"(?P<low>{NUMBER})(?P<across>(?: ?[xX×] ?{NUMBER}){{1,2}})(?P<high>) ?(?P<unit>{UNIT})(?![A-Za-z0-9²³']){PER}",
        _measure,
    ),
)
KINDS = (
    kind("measure", FIGURE, r"(?P<inches>\d|1[01]) ?in\.?(?![A-Za-z])", _inches),
    kind("measure", FIGURE, r"(?P<feet>\d{1,2})['’′](?P<inches>\d|1[01])(?:[\"”″]|'')", _feet),
    kind("measure", FIGURE, rf"(?P<low>{NUMBER}) ?/ ?(?P<per>{signs(_RATES)})(?![A-Za-z0-9²³'])", _rate),
    kind(
        "money",
        FIGURE,
        rf"(?P<low>{NUMBER}) ?(?P<sign>{_SIGNS_OF_MONEY}|¢|{_CODES_OF_MONEY})(?![A-Za-z\d])",
        _money_behind,
    ),
    kind(
        "measure",
        FIGURE + ".",
        rf"(?P<low>{_NUMBER})(?P<across>)(?:(?: ?(?:{UNIT}))?{SEP}(?P<high>{NUMBER}))? ?(?P<unit>{UNIT})"
        rf"(?![A-Za-z0-9²³'])(?:\.(?= [a-z]))?{PER}",
        _measure,
    ),
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
        "ACEGHJKRSTU" + "".join(CURRENCY),
        rf"(?P<sign>{_SIGNS_OF_MONEY}|(?:{_CODES_OF_MONEY})(?=[ \d])) ?(?P<minus>[-−])?(?P<low>{NUMBER}|\.\d+)(?![\d@])"
        rf"(?:{SEP}(?P<again>{_SIGNS_OF_MONEY})?(?P<high>{NUMBER})(?! ?=))?(?:{_SCALE})?{PER}",
        _money,
    ),
)
