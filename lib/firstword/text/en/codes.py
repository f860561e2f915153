"""Numbers that are dictated, in English: of telephones, cards, orders; addresses of machines, versions. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, LETTER, TYRE, Found, cut, kind
from ..reading import Reading
from .context import is_code
from .numbers import amount, digits, house, year

_GROUP = re.compile(r"[0-9]+")


def in_groups(groups: list[str], reading: Reading) -> str:
    return (", " if reading.groups else " ").join(
        "eight hundred" if group == "800" else digits(group) for group in groups
    )


def grouped(figures: str, reading: Reading) -> str:
    """Figure by figure, with a pause after each four of a long one; a telephone's ten are 3-3-4."""
    size = len(figures)
    cuts = [at for at in range(4, size, 4) if size - at > 1] if size > 8 else []
    groups = cut(figures, [3, 6] if size == 10 else cuts)
    return (", " if reading.groups else " ").join(map(digits, groups))


def _telephone(found: Found, reading: Reading) -> str | None:
    groups = _GROUP.findall(found[0])
    if sum(map(len, groups)) < 7:
        return None  # +300 minutes
    if len(groups) == 1 and len(groups[0]) > 8:
        one = groups[0][0] == "1" and len(groups[0]) == 11
        groups = cut(groups[0], [1, 4, 7] if one else range(4, len(groups[0]) - 1, 4))
    said = in_groups(groups, reading)
    return f"plus {said}" if found[0][0] == "+" else said


def _vanity(found: Found, reading: Reading) -> str:
    """1-800-GO-U-HAUL."""
    said = in_groups([found["one"], found["area"]], reading)
    return f"{said}{', ' if reading.groups else ' '}{found['name'].replace('-', ' ')}"


def _spaced(found: Found, reading: Reading) -> str | None:
    """6222 0212 3456 7890 in the groups it is written in; but 3 5 are two numbers."""
    groups = found[0].split()
    if sum(map(len, groups)) < 7 and not is_code(found.string, found.start()):
        return None
    return in_groups(groups, reading)


def _dashed(found: Found, reading: Reading) -> str | None:
    """77-1234 where a code is named."""
    return in_groups(found[0].split("-"), reading) if is_code(found.string, found.start()) else None


def _masked(found: Found, reading: Reading) -> str | None:
    """138****5678."""
    if not any(map(str.isdecimal, found[0])):
        return None
    parts = re.findall(r"[0-9]+|\*+", found[0])
    return ", ".join(digits(part) if part[0] != "*" else f"{amount(str(len(part)))} stars" for part in parts)


def _machine(found: Found, reading: Reading) -> str:
    """127.0.0.1, with a port or a mask."""
    said = " dot ".join(digits(part) for part in found["host"].split("."))
    said += f" colon {digits(found['port'])}" if found["port"] else ""
    return said + (f" slash {amount(found['mask'])}" if found["mask"] else "")


def _version(found: Found, reading: Reading) -> str:
    """1.2.3, v2.10."""
    parts = found["parts"].split(".")
    said = " point ".join(digits(part) if part[0] == "0" or len(part) > 2 else amount(part) for part in parts)
    return f"version {said}" if found["v"] else said


def _tyre(found: Found, reading: Reading) -> str:
    """225/55R17."""
    width, height, rim = found["width"], found["height"], found["rim"]
    return f"{amount(width[0])} {amount(width[1:])}, {amount(height)} {found['built'].upper()} {amount(rim)}"


def _retirement(found: Found, reading: Reading) -> str:
    """401(k)."""
    return f"{amount(found['a'])} oh {amount(found['b'])} {found['k']}"


def _strokes(found: Found, reading: Reading) -> str:
    """31/31/100, which is neither a date nor a fraction."""
    return "/".join(_figures(part, mixed=True) for part in found[0].split("/"))


_NAMED = re.compile(r"[a-z]+-[a-z0-9-]+")
"""covid-19: a word, and a number behind it."""
_BUSINESS = re.compile(r"([A-GI-Z])2([A-Z])")
_PARTS = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]")


def _code(found: Found, reading: Reading) -> str | None:
    """A1B2C3, C24, COVID-19: letters as they are, figures as amounts; each by itself where a code is named."""
    text, begin, whole = found.string, found.start(), found[0]
    if not any(map(str.isdecimal, whole)) or not any(map(str.isalpha, whole)):
        return None
    named = is_code(text, begin)
    if not named and (business := _BUSINESS.fullmatch(whole)):
        return f"{business[1]} to {business[2]}"
    if not named and _NAMED.fullmatch(whole):
        return None
    parts = _PARTS.findall(whole)
    said, last = "", ""
    for part in parts:
        if part in "-/":
            said += " " if named else part
        elif part.isdecimal() and last.isdecimal() and len(part) == 3 and said.endswith("-"):
            said = f"{said[:-1]} dash {house(part)}"  # A350-900
        else:
            gap = " " if said and said[-1] not in " -/" else ""
            said += gap + _part(part, named, mixed=len(parts) > 3, reading=reading)
        last = part if part not in "-/" else last
    return said


def _part(part: str, named: bool, *, mixed: bool, reading: Reading) -> str:
    if part.isdecimal():
        return grouped(part, reading) if named else _figures(part, mixed=mixed) if len(part) != 3 else house(part)
    if part == "_":
        return "underscore"
    return " ".join(part) if named and part.isupper() and len(part) <= 4 else part


def _tail(found: Found, reading: Reading) -> str:
    """5G, 16c; Room 204B by one."""
    figures = found["figures"]
    if len(figures) > 2 and "." not in figures and is_code(found.string, found.start()):
        return f"{grouped(figures, reading)} {found['letters']}"
    said = amount(figures, joined=True) if "." in figures else _figures(figures, mixed=False)
    return f"{said} {found['letters']}"


def _figures(figures: str, *, mixed: bool) -> str:
    if len(figures) > 4 or (len(figures) > 1 and figures[0] == "0"):
        return digits(figures)
    return year(figures) if len(figures) == 4 and not mixed else amount(figures)


_END = r"(?![\dA-Za-z]|[-.]\d)"

TELEPHONES = (
    kind(
        "address",
        FIGURE,
        r"(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?![\d.])(?::(?P<port>\d{1,5}))?(?:/(?P<mask>\d{1,2}))?",
        _machine,
    ),
    kind("masked", FIGURE + "*", r"(?=[\d*]{0,20}\*\*)[\d*]++(?:[ -][\d*]++)*+", _masked),
    kind(
        "telephone",
        FIGURE + "+(",
        rf"(?:\+\d{{1,3}}[- ]?)?(?:\(\d{{3}}\)[- ]?|\d{{3}}[- .]|\(\d{{2,4}}\)[- ]?\d?)\d{{3}}[-. ]\d{{4}}(?:-\d{{1,6}})?{_END}",
        _telephone,
    ),
    kind("telephone", "+", rf"\+\d{{1,3}}(?:[- ]?\(?\d{{1,5}}\)?){{2,5}}{_END}", _telephone),
    kind(
        "telephone",
        FIGURE,
        rf"(?:1-\d{{3}}-\d{{3}}-\d{{4}}|\d{{3}}-\d{{2}}-\d{{4}}|\d{{3}}-\d{{4}}|\d{{5}}-\d{{4}}|\d{{4}}(?:-\d{{4}}){{2,3}}){_END}",
        _telephone,
    ),
    kind("telephone", FIGURE, r"(?P<one>1)-(?P<area>\d{3})-(?P<name>[A-Z]+(?:-[A-Z]+)*)(?![A-Za-z\d-])", _vanity),
    kind("code", FIGURE, r"\d+(?: \d+)+(?![\d:/%]|[-.]\d)", _spaced),
)
CODES = (
    kind("version", FIGURE, r"(?P<v>)(?P<parts>\d+(?:\.\d+){2,4})(?![\d%]|\.\d)", _version),
    kind("version", "vV", r"(?P<v>[vV])(?P<parts>\d+(?:\.\d+){0,4})(?![\dA-Za-z%]|\.\d)", _version),
    kind("code", FIGURE, TYRE, _tyre),
    kind("code", FIGURE, r"(?P<a>\d)0(?P<b>\d)\((?P<k>[a-z])\)", _retirement),
    kind("code", FIGURE, r"\d+(?:-\d+)+(?![\dA-Za-z:/%]|\.\d)", _dashed),
    kind("code", FIGURE, r"\d+(?:/\d+){2,5}(?![\d/])", _strokes),
    kind("code", LETTER, r"[A-Za-z]+(?:[-_/]?\d++[A-Za-z]*+)++(?:-[A-Za-z0-9]++)*+(?![A-Za-z0-9])", _code),
    kind("code", FIGURE, r"\d+[A-Za-z]+\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9])", _code),
)
TAILS = (kind("code", FIGURE, r"(?P<figures>\d++(?:\.\d++)?+)(?P<letters>[A-Za-z]+)(?![A-Za-z0-9])", _tail),)
