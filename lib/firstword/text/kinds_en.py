"""The kinds of what is written in figures, signs and letters, and how English reads each. [pure]

One table, at the end. A reader that answers None leaves its match to the kinds below it.
"""

from __future__ import annotations

import re

from . import codes_en, dates_en, symbols_en
from .codes_en import by_one
from .context_en import is_amount, is_code
from .electronic import EMAIL, LINK, Spelling, link, spell
from .kinds import Found, Kind, table
from .numbers_en import amount, digits, ordinal, plural, year
from .reading import Reading
from .runs import CURRENCY, DIGITS, LETTERS
from .units import CURRENCY_EN, PER_EN, UNITS, signs

_NUM = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?"
_FIGURE = "".join(sorted(DIGITS))
_LETTER = "".join(sorted(LETTERS))
_SCALE = r"(?: ?(?P<scale>thousand|million|billion|trillion|[kKmMbB]n?)(?![A-Za-z]))?"
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "mn": "million", "bn": "billion", "kn": "thousand"}
_DECIMAL_ENDS = re.compile(r"(\.\d*?)0+$")


def _ordinal(found: Found, reading: Reading) -> str:
    figures, suffix = found["figures"], found["suffix"].lower()
    value = int(figures.replace(",", ""))
    right = "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return ordinal(figures) if suffix == right else f"{amount(figures)} {found['suffix']}"


def _decade(found: Found, reading: Reading) -> str:
    return plural(year(found["year"])) if len(found["year"]) == 4 else plural(amount(found["year"]))


def _decades(found: Found, reading: Reading) -> str:
    last = found["last"]
    return f"{plural(year(found['first']))} to {plural(year(last) if len(last) == 4 else amount(last))}"


# -- shares, ranges ------------------------------------------------------------------------------------------------------


def _parts(above: str, below: str) -> str:
    """Two quarters, a half, over one."""
    if int(below) <= 1:
        return f"{amount(above)} over {amount(below)}"
    one = int(above) == 1
    if int(below) == 2:
        return f"{amount(above)} {'half' if one else 'halves'}"
    name = "quarter" if int(below) == 4 else _long_ordinal(below)
    return f"{amount(above)} {name if one else plural(name)}"


def _long_ordinal(figures: str) -> str:
    return ordinal(figures)


def _fraction(found: Found, reading: Reading) -> str | None:
    above, below, whole = found["above"], found["below"], found["whole"]
    if (above, below) == ("24", "7"):
        return "twenty four seven"
    if int(below) == 0 or above[0] == "0" or len(above) > 6 or len(below) > 6:
        return None
    said = _parts(above, below)
    return f"{amount(whole)} and {said}" if whole else said


def _percent(found: Found, reading: Reading) -> str:
    low, high = found["low"], found["high"]
    name = "percent" if found["sign"] == "%" else "per mille"
    return f"{amount(low)} to {amount(high)} {name}" if high else f"{amount(low)} {name}"


def _range(found: Found, reading: Reading) -> str | None:
    text, begin = found.string, found.start()
    low, high = found["low"], found["high"]
    if is_code(text, begin) or (found["dash"].strip() == "-" and (len(low) > 4 or len(high) > 4)):
        return None
    years = all(len(one) == 4 and one[:2] in ("18", "19", "20", "21") for one in (low, high))
    if years or (len(low) == 4 and low[:2] in ("19", "20") and len(high) == 2):
        return f"{year(low)} to {year(high)}"
    return f"{amount(low)} to {amount(high)}"


# -- money and measures --------------------------------------------------------------------------------------------------


def _money(found: Found, reading: Reading) -> str | None:
    names = CURRENCY_EN.get(found["sign"].upper())
    if names is None:
        return None
    low, high, scale = found["low"], found["high"], found["scale"] or ""
    scale = _SCALES.get(scale.lower(), scale)
    said = _sum(low, names, scale)
    if high:
        said = f"{amount(low, joined=True)} to {_sum(high, names, scale)}"
    per = found["per"]
    return f"{said} per {PER_EN[per]}" if per else said


def _sum(figures: str, names: tuple[str, str, str, str], scale: str) -> str:
    """$20.5 with this scale, or with cents."""
    one, several, hundredth, hundredths = names
    if scale:
        return f"{amount(figures, joined=True)} {scale} {several}"
    whole, _, part = figures.partition(".")
    part = part.rstrip("0")
    value = int(whole.replace(",", "") or "0")
    if len(part) > 2 or (part and not hundredth):
        return f"{amount(f'{whole or 0}.{part}', joined=True)} {several}"
    said = [f"{amount(str(value), joined=True)} {one if value == 1 else several}"] if value or not part else []
    if part:
        cents = int(part.ljust(2, "0"))
        said.append(f"{amount(str(cents))} {hundredth if cents == 1 else hundredths}")
    return " ".join(said)


def _money_behind(found: Found, reading: Reading) -> str | None:
    names = CURRENCY_EN.get(found["sign"].upper())
    return None if names is None else _sum(found["low"], names, "")


def _scaled(found: Found, reading: Reading) -> str | None:
    scale = found["scale"]
    if scale[0].isupper() and len(scale) == 1:
        return f"{amount(found['low'], joined=True)} {scale}"
    return f"{amount(found['low'], joined=True)} {_SCALES.get(scale.lower(), scale)}"


def _measure(found: Found, reading: Reading) -> str | None:
    low, high, sign, per = found["low"], found["high"], found["unit"], found["per"]
    glued = found.string[found.end("unit") - len(sign) - 1] != " "
    if sign in ("A", "N", "J", "V", "W", "t", "s", "in", "g", "l", "L", "m", "h", "c") and glued and len(sign) == 1 and sign in "ANJVts":
        return None
    if sign in ("A", "s", "t", "N", "J") and not per:
        return None
    _, one, several = UNITS[sign]
    number = f"{amount(low)} to {amount(high)}" if high else amount(low, joined=True)
    name = one if low == "1" and not high else several
    across = found["across"]
    if across:
        number = f"{amount(low)} by {amount(across)}"
        name = several
    return f"{number} {name} per {PER_EN[per]}" if per else f"{number} {name}"


# -- plain numbers -------------------------------------------------------------------------------------------------------

_THINGS = re.compile(r" (?:[a-z]+ )?[a-z]{2,}s\b")


def _number(found: Found, reading: Reading) -> str:
    text, begin, figures = found.string, found.start(), found[0]
    whole = figures.partition(".")[0]
    if "." in figures:
        return amount(figures, joined=True)
    if "," in figures:
        return amount(figures)
    if begin and text[begin - 1] == "#":
        return by_one(figures) if len(figures) > 3 else amount(figures)
    counted = is_amount(text, begin) or (_THINGS.match(text, found.end()) is not None and whole[0] != "0")
    if is_code(text, begin) and not counted and (len(figures) > 2 or figures[0] == "0"):
        return by_one(figures) if reading.codes == "digits" else amount(figures)
    if len(figures) > 1 and figures[0] == "0":
        return digits(figures)
    if counted:
        return amount(figures)
    if len(figures) > 4:
        return by_one(figures)
    return year(figures) if len(figures) == 4 else amount(figures)


# -- letters -------------------------------------------------------------------------------------------------------------

_SAID = {
    "dr": "doctor", "mr": "mister", "mrs": "misses", "ms": "miss", "prof": "professor", "st": "saint", "jr": "junior", "sr": "senior", "no": "number", "vol": "volume",
    "ext": "extension", "dept": "department", "inc": "incorporated", "ltd": "limited", "vs": "versus", "approx": "approximately", "tel": "telephone", "fig": "figure",
    "gen": "general", "capt": "captain", "sgt": "sergeant", "rev": "reverend", "hon": "honorable", "gov": "governor", "apt": "apartment", "etc": "et cetera",
}  # fmt: skip


def _abbreviation(found: Found, reading: Reading) -> str | None:
    """Dr. Evil, No. 5, but Main St. and "No."; at the end of a text a point is a full stop."""
    word = found["word"].lower()
    after = found.string[found.end() :]
    if word in ("no", "fig", "vol") and not after.lstrip(" ")[:1].isdecimal():
        return None
    if word in ("st", "gen", "hon", "rev", "ms", "gov") and not (after[:1] == " " and after[1:2].isupper()):
        return None
    return _SAID.get(word)


def _initials(found: Found, reading: Reading) -> str:
    return re.sub(r"[. ]", "", found[0]).upper()


SPELLING = Spelling(
    {".": "dot", "@": "at", "-": "dash", "_": "underscore", "/": "slash", ":": "colon", "+": "plus", "&": "ampersand", "=": "equals", "?": "question mark", "#": "hash", "%": "percent", "~": "tilde"},
    digits,
    " ",
    {"www": "WWW", "http": "HTTP", "https": "HTTPS"},
)
_EMAIL_SENTENCE, _LINK_SENTENCE = "an e-mail address", "a link"


def _email(found: Found, reading: Reading) -> str:
    if reading.emails == "say":
        return spell(found[0], SPELLING)
    return (reading.email_sentence or _EMAIL_SENTENCE) if reading.emails == "announce" else ""


def _email_path(found: Found, reading: Reading) -> str | None:
    return spell(found[0], SPELLING) if reading.emails == "say" else None


def _link(found: Found, reading: Reading) -> str:
    if reading.links in ("say", "full"):
        return link(found, reading.links, SPELLING)
    return (reading.link_sentence or _LINK_SENTENCE) if reading.links == "announce" else ""


def _kind(name: str, first: str, pattern: str, reader: object, flags: int = 0) -> Kind:
    return Kind(name, first, re.compile(pattern, flags), reader)  # type: ignore[arg-type]


_UNIT = signs(dict(UNITS))
_PER = f"(?: ?/ ?(?P<per>{signs(dict(PER_EN))}))?(?![A-Za-z])"
_SIGNS_OF_MONEY = r"US\$|HK\$|A\$|C\$|S\$|[$€£₩₽₹฿¥]"
_CODES_OF_MONEY = "USD|CNY|RMB|HKD|EUR|GBP|JPY|KRW|AUD|CAD|SGD|THB|CHF"
_SEP = r" ?[-–—~−] ?"

TABLE = table(
    (
        Kind("email", _FIGURE + _LETTER, EMAIL, _email),
        Kind("link", _FIGURE + _LETTER, LINK, _link),
        *dates_en.KINDS,
        *codes_en.KINDS,
        _kind("date", _FIGURE, r"(?P<first>\d{4})'?s ?[-–] ?(?P<last>\d{4}|\d0)'?s(?![A-Za-z])", _decades),
        _kind("date", _FIGURE, r"(?P<year>[12]\d\d0|[2-9]0)'?s(?![A-Za-z])", _decade),
        _kind("percent", _FIGURE, rf"(?P<low>{_NUM}) ?%?(?:{_SEP}(?P<high>{_NUM}))? ?(?P<sign>[%‰])", _percent),
        _kind("fraction", _FIGURE, r"(?:(?P<whole>\d+) )?(?P<above>\d+) ?/ ?(?P<below>\d+)(?![\d/])(?:th|rd|nd|st|TH|RD|ND|ST)?(?![A-Za-z])", _fraction),
        _kind("ordinal", _FIGURE, r"(?P<figures>\d{1,3}(?:,\d{3})+|\d+)(?P<suffix>st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z])", _ordinal),
        _kind("money", _FIGURE, rf"(?P<low>{_NUM}) ?(?P<sign>{_SIGNS_OF_MONEY}|{_CODES_OF_MONEY})(?![A-Za-z\d])", _money_behind),
        _kind("measure", _FIGURE, rf"(?P<low>{_NUM})(?: ?[xX×] ?(?P<across>{_NUM}))?(?:{_SEP}(?P<high>{_NUM}))? ?(?P<unit>{_UNIT})(?![A-Za-z0-9²³']){_PER}", _measure),
        _kind("range", _FIGURE, rf"(?P<low>{_NUM})(?P<dash>{_SEP})(?P<high>{_NUM})(?! ?=|[-–:/.]?\d|[A-Za-z])", _range),
        _kind("amount", _FIGURE, rf"(?P<low>{_NUM}){_SCALE.removesuffix('?')}", _scaled),
        _kind("number", _FIGURE, _NUM, _number),
        _kind("money", _LETTER + "".join(CURRENCY), rf"(?P<sign>{_SIGNS_OF_MONEY}|(?:{_CODES_OF_MONEY})(?=[ \d])) ?(?P<low>{_NUM}|\.\d+)(?![\d@])(?:{_SEP}(?:{_SIGNS_OF_MONEY})?(?P<high>{_NUM}))?{_SCALE}{_PER}", _money),
        _kind("letters", _LETTER, r"(?P<word>[A-Za-z]{2,6})\.(?!\w)", _abbreviation),
        _kind("letters", _LETTER, r"(?:[A-Za-z]\. ?)+[A-Za-z]\.(?!\w)|(?:[A-Z]\.){1,6}[A-Z](?![A-Za-z])", _initials),
        *symbols_en.KINDS,
    )
)
