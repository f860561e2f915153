"""Numbers that are dictated, in English: of telephones, cards, orders; addresses of machines and of houses, versions. [pure]"""

from __future__ import annotations

import re

from .context_en import is_code
from .kinds import Found, Kind
from .numbers_en import amount, digits, ordinal, year
from .reading import Reading
from .runs import DIGITS, LETTERS

_FIGURE = "".join(sorted(DIGITS))
_LETTER = "".join(sorted(LETTERS))


def by_one(figures: str) -> str:
    return digits(figures)


def in_groups(groups: list[str], reading: Reading) -> str:
    return (", " if reading.groups else " ").join(by_one(group) for group in groups if group)


def grouped(figures: str, reading: Reading) -> str:
    """Figure by figure, with a pause after each four of a long one."""
    size = len(figures)
    cuts = [at for at in range(4, size, 4) if size - at > 1] if size > 8 else []
    if size == 10:
        cuts = [3, 6]
    ends = [0, *cuts, size]
    return in_groups([figures[begin:end] for begin, end in zip(ends, ends[1:], strict=False)], reading)


def _telephone(found: Found, reading: Reading) -> str:
    groups = re.findall(r"\d+", found[0])
    gap = ", " if reading.groups else " "
    said = gap.join("eight hundred" if group == "800" else by_one(group) for group in groups)
    return f"plus {said}" if found[0][0] == "+" else said


def _vanity(found: Found, reading: Reading) -> str:
    """1-800-GO-U-HAUL."""
    gap = ", " if reading.groups else " "
    return gap.join([by_one(found["one"]), "eight hundred" if found["area"] == "800" else by_one(found["area"]), found["name"].replace("-", " ")])


def _spaced(found: Found, reading: Reading) -> str | None:
    groups = found[0].split()
    if sum(map(len, groups)) < 7 and not is_code(found.string, found.start()):
        return None
    return in_groups(groups, reading)


def _machine(found: Found, reading: Reading) -> str:
    said = " dot ".join(digits(part) for part in found["host"].split("."))
    if found["port"]:
        said += f" colon {digits(found['port'])}"
    return said + (f" slash {amount(found['mask'])}" if found["mask"] else "")


def _version(found: Found, reading: Reading) -> str:
    parts = found["parts"].split(".")
    said = " point ".join(digits(part) if part[0] == "0" or len(part) > 2 else amount(part) for part in parts)
    return f"{found['v'].upper()} {said}" if found["v"] else said


def _masked(found: Found, reading: Reading) -> str:
    parts = re.findall(r"\d+|\*+", found[0])
    said = [by_one(part) if part[0] != "*" else f"{amount(str(len(part)))} stars" for part in parts]
    return ", ".join(said)


_MODEL = re.compile(r"[A-Za-z]+|\d+")


def _code(found: Found, reading: Reading) -> str | None:
    """A1B2C3, C24, COVID-19, MIG-25/235212-asdg: letters as they are, figures as amounts, or one by one where a code is named."""
    text, begin, whole = found.string, found.start(), found[0]
    if not any(map(str.isdecimal, whole)) or not any(map(str.isalpha, whole)):
        return None
    named = is_code(text, begin)
    mixed = len(re.findall(r"\d+", whole)) > 1 and len(re.findall("[A-Za-z]+", whole)) > 1
    if whole[0].isdecimal() and not named and re.fullmatch(r"\d+[a-zA-Z]+", whole) and not text[begin + len(whole) :].startswith("-"):
        figures = re.match(r"\d+", whole)
        assert figures is not None
        return f"{_figures(figures[0], False)} {whole[figures.end() :]}"
    said = ""
    for part in re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]", whole):
        if part[0].isdecimal():
            part = grouped(part, reading) if named else _figures(part, mixed)
        elif named and part.isupper() and len(part) <= 4:
            part = " ".join(part)
        if part in "-_/":
            said += (" " if named else part) if part != "_" else " underscore "
        else:
            said += f" {part}" if said and said[-1] not in " -/" else part
    return said


def _figures(figures: str, mixed: bool) -> str:
    if len(figures) > 4 or (len(figures) > 1 and figures[0] == "0"):
        return digits(figures)
    return year(figures) if len(figures) == 4 and not mixed else amount(figures)


_STREETS = {
    "st": "Street", "ave": "Avenue", "av": "Avenue", "blvd": "Boulevard", "rd": "Road", "ct": "Court", "dr": "Drive", "ln": "Lane", "hwy": "Highway", "pkwy": "Parkway",
    "pl": "Place", "sq": "Square", "ter": "Terrace", "way": "Way", "street": "Street", "avenue": "Avenue", "road": "Road", "lane": "Lane", "drive": "Drive", "court": "Court",
    "boulevard": "Boulevard", "highway": "Highway",
}  # fmt: skip
_SIDES = {"N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast", "SW": "Southwest"}
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "CA": "California", "CO": "Colorado", "CT": "Connecticut", "DC": "D C", "FL": "Florida", "GA": "Georgia", "IL": "Illinois",
    "KS": "Kansas", "KY": "Kentucky", "MA": "Massachusetts", "MD": "Maryland", "MI": "Michigan", "MN": "Minnesota", "MO": "Missouri", "NC": "North Carolina", "NJ": "New Jersey",
    "NM": "New Mexico", "NV": "Nevada", "NY": "New York", "PA": "Pennsylvania", "SC": "South Carolina", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VA": "Virginia", "WA": "Washington",
    "WI": "Wisconsin",
}  # fmt: skip


def _street(found: Found, reading: Reading) -> str | None:
    """123 Laguna Ct, 1211 E Arques Ave."""
    suffix = _STREETS.get(found["suffix"].lower().rstrip("."))
    if suffix is None:
        return None
    words = [house(found["house"])]
    words += [_SIDES[found["side"].rstrip(".")]] if found["side"] else []
    for name in found["names"].split():
        figures = re.match(r"\d+", name)
        words.append(ordinal(figures[0]) if figures else name)
    return " ".join([*words, suffix])


def house(figures: str) -> str:
    """``123`` as one twenty three, ``1211`` as twelve eleven."""
    size = len(figures)
    if size == 3 and figures[1:] != "00":
        rest = figures[1:]
        return f"{amount(figures[0])} {f'oh {amount(rest)}' if rest[0] == '0' else amount(rest)}"
    return year(figures) if size == 4 else amount(figures) if size < 4 else digits(figures)


def _state(found: Found, reading: Reading) -> str | None:
    """Santa, FL."""
    return _STATES.get(found[0]) if re.search(r"[A-Za-z], $", found.string[max(0, found.start() - 4) : found.start()]) else None


def _retirement(found: Found, reading: Reading) -> str:
    """401(k)."""
    return f"{amount(found['a'])} oh {amount(found['b'])} {found['k']}"


def _numeral(found: Found, reading: Reading) -> str | None:
    """World War II, Chapter IV; Henry VIII is the eighth."""
    before = found.string[: found.start()]
    value = {"II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9", "XI": "11", "XII": "12", "V": "5", "X": "10", "I": "1"}[found[0]]
    last = re.search(r"([A-Za-z]+) $", before[-20:])
    if last is None:
        return None
    if last[1].lower() in ("war", "chapter", "part", "phase", "type", "class", "level", "volume", "section", "stage", "act", "grade", "tier", "book", "model", "mark", "bowl"):
        return amount(value)
    if last[1].lower() in ("henry", "elizabeth", "george", "louis", "charles", "edward", "william", "james", "john", "paul", "pope", "richard", "napoleon", "philip", "nicholas", "alexander") and len(found[0]) > 0:
        return f"the {ordinal(value)}"
    return None


def _kind(name: str, first: str, pattern: str, reader: object) -> Kind:
    return Kind(name, first, re.compile(pattern), reader)  # type: ignore[arg-type]


_END = r"(?![\dA-Za-z]|[-.]\d)"

KINDS = (
    _kind("house", _FIGURE, r"(?P<house>\d{1,5}) (?:(?P<side>[NSEW][EW]?)\.? )?(?P<names>(?:[A-Z][A-Za-z]+|\d+(?:st|nd|rd|th))(?: [A-Z][A-Za-z]+){0,2}) (?P<suffix>[A-Za-z]{2,9})(?![A-Za-z])", _street),
    _kind("house", "ACDFGIKMNPSTUVW", r"[A-Z]{2}(?![A-Za-z])", _state),
    _kind("address", _FIGURE, r"(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?![\d.])(?::(?P<port>\d{1,5}))?(?:/(?P<mask>\d{1,2}))?", _machine),
    _kind("masked", _FIGURE + "*", r"(?=[\d*]{0,20}\*\*)(?:\d+|\*+)(?:[ -]?(?:\d+|\*+))*(?<=\d)", _masked),
    _kind("telephone", _FIGURE + "+(", rf"(?:\+\d{{1,3}}[- ]?)?(?:\(\d{{3}}\)[- ]?|\d{{3}}[- .])\d{{3}}[-. ]\d{{4}}(?:-\d{{1,6}})?{_END}", _telephone),
    _kind("telephone", "+", rf"\+\d{{1,3}}(?:[- ]?\(?\d{{1,5}}\)?){{2,5}}{_END}", _telephone),
    _kind("telephone", _FIGURE, rf"1-\d{{3}}-\d{{3}}-\d{{4}}{_END}|\d{{3}}-\d{{2}}-\d{{4}}{_END}|\d{{3}}-\d{{4}}{_END}|\d{{4}}(?:-\d{{4}}){{2,3}}{_END}", _telephone),
    _kind("telephone", _FIGURE, r"(?P<one>1)-(?P<area>\d{3})-(?P<name>[A-Z]+(?:-[A-Z]+)*)(?![A-Za-z\d-])", _vanity),
    _kind("code", _FIGURE, r"\d+(?: \d+)+(?![\d.:/%]|-\d)", _spaced),
    _kind("version", _FIGURE + "vV", r"(?P<v>[vV])(?P<parts>\d+(?:\.\d+){1,4})(?![\d%]|\.\d)|(?P<w>)(?P<q>\d+(?:\.\d+){2,4})(?![\d%]|\.\d)", lambda found, reading: _version_of(found)),
    _kind("code", _FIGURE, r"(?P<a>\d)0(?P<b>\d)\((?P<k>[a-z])\)", _retirement),
    _kind("code", "IVX", r"(?:VIII|VII|III|XII|II|IV|VI|IX|XI|I|V|X)(?![A-Za-z0-9'’])", _numeral),
    _kind("code", _LETTER, r"[A-Za-z]+(?:[-_/]?\d+[A-Za-z]*)+(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9])", _code),
    _kind("code", _FIGURE, r"\d+[A-Za-z]+\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9])", _code),
)


def _version_of(found: Found) -> str:
    parts = (found["parts"] or found["q"]).split(".")
    said = " point ".join(digits(part) if part[0] == "0" or len(part) > 2 else amount(part) for part in parts)
    return f"version {said}" if found["v"] else said
