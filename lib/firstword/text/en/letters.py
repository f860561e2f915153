"""Abbreviations, initials, Roman numerals, addresses of houses, e-mail and links, in English. [pure]"""

from __future__ import annotations

import re

from .. import roman
from ..alphabet import CIRCLED, ROMAN
from ..electronic import Spelling, addresses
from ..kinds import FIGURE, LETTER, Found, after, kind
from ..phrases import listed
from ..reading import Reading
from .numbers import amount, digits, house, ordinal

_SAID = {
    "dr": "doctor", "mr": "mister", "mrs": "misses", "ms": "miss", "prof": "professor", "st": "saint", "jr": "junior",
    "sr": "senior", "no": "number",
    "vol": "volume", "ext": "extension", "dept": "department", "inc": "incorporated", "ltd": "limited", "vs": "versus",
    "approx": "approximately",
    "tel": "telephone", "fig": "figure", "gen": "general", "capt": "captain", "sgt": "sergeant", "rev": "reverend", "hon": "honorable",
    "gov": "governor", "mt": "mount", "maj": "major", "col": "colonel", "lt": "lieutenant", "apt": "apartment", "etc": "et cetera",
    "ch": "chapter", "pg": "page",
}  # fmt: skip
_TITLES = frozenset(
    listed("""
    dr | mr | mrs | ms | mt | maj | col | lt | prof | st | gen | capt | sgt | rev | hon | gov
""")
)
_DAYS = {
    day[:cut]: day
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    for cut in (2, 3, 4, 5)
    if cut == 3 or day[:cut] in ("Tu", "Th", "Tues", "Thur", "Thurs")
}
_DAY = f"(?:{'|'.join(sorted(_DAYS, key=len, reverse=True))})"
_ABBREVIATED_DAY = "(?:Mon|Tues?|Wed|Thu|Thurs?|Fri|Sat)(?![A-Za-z])"
"""In a sentence. Sun may be the star."""
_BEFORE_A_BRACKET = rf"(?!S[au]|Mon){_DAY}"
"""Sun (our star) is none."""


def _days(found: Found, reading: Reading) -> str:
    """Mon-Fri, Sat 10-4."""
    last = f" to {_DAYS[found['last']]}" if found["last"] else ""
    return _DAYS[found["first"]] + last


_NUMBERED = frozenset(["no", "fig", "vol", "ext", "apt", "ch", "pg"])
_BEFORE_SMALL = frozenset(["mr", "mrs", "ms", "dr", "prof"])
"""mr. smith, as who writes all small has it."""
_ROAD_BEFORE = re.compile(r"[A-Z][a-z]+ $")
"""Elm Dr. is closed."""


def _abbreviation(found: Found, reading: Reading) -> str | None:
    """Dr. Evil and No. 5, but Main St. and "No."."""
    word, behind = found["word"].lower(), found.string[found.end() :]
    if word in _NUMBERED and not behind.lstrip(" ")[:1].isdecimal():
        return None
    road = word == "dr" and _ROAD_BEFORE.search(found.string, max(0, found.start() - 12), found.start())
    named = behind[:1] == " " and (behind[1:2].isupper() or (word in _BEFORE_SMALL and not road))
    if word in _TITLES and behind and not named:
        return None
    if word == "st" and not behind:
        return None
    return _SAID.get(word)


_LATIN = {"e.g.": "for example", "i.e.": "that is"}


def _initials(found: Found, reading: Reading) -> str:
    """U.S.A. and C. S."""
    if found[0].lower() in _LATIN:
        return _LATIN[found[0].lower()]
    return re.sub(r"[. ]", "", found[0]).upper()


# -- Roman numerals ------------------------------------------------------------------------------------------------------

_NUMBERED_THINGS = frozenset(
    listed("""
    war | chapter | part | phase | type | class | level | volume | section | stage | act | grade | tier | book | model | mark |
    bowl | category | appendix | article
""")
)
_KINGS = frozenset(
    listed("""
    henry | elizabeth | george | louis | charles | edward | william | james | john | paul | pope | richard | napoleon | philip |
    nicholas | alexander | francis | frederick | peter | catherine | mary | benedict | pius | gregory | leo | clement |
    innocent | ferdinand | leopold | philippe | otto | alfonso | victoria | margaret | anne | stephen | robert
""")
)
_GIVEN = frozenset(
    listed("""
    thomas | david | michael | joseph | samuel | sam | frank | daniel | martin | andrew | anthony | arthur | walter | harold | henry |
    albert | benjamin | ben | christopher | donald | eric | ernest | gary | harry | jack | jacob | jeff | jim | joe | ken |
    kevin | larry | lawrence | lewis | mark | matthew | max | nathan | oliver | oscar | patrick | ralph | ray | raymond |
    ronald | roy | russell | scott | simon | steve | steven | ted | tim | timothy | tom | tony | victor | vincent
""")
)
"""Also of people who are no kings: Thomas III. Before a word I is one: Sam I am."""
_LAST_WORD = re.compile(r"([A-Za-z]{2,12}) $")


def _numeral(found: Found, reading: Reading) -> str | None:
    """World War II, Chapter IV, Henry VIII; after another word it is letters."""
    last = _LAST_WORD.search(found.string, max(0, found.start() - 13), found.start())
    value = roman.value(found[0])
    if last is None or value is None:
        return None
    if last[1].lower() in _NUMBERED_THINGS:
        return amount(str(value))
    first = value == 1 and not after(found)[:1].isalpha()
    king = last[1].lower() in _KINGS or (last[1].lower() in _GIVEN and (first or 1 < value < 6))
    return f"the {ordinal(str(value))}" if king and last[1][0].isupper() else None


def _roman(found: Found, reading: Reading) -> str:
    code = ord(found[0])
    return amount(str(code - (0x215F if code < 0x2170 else 0x216F)))


def _circled(found: Found, reading: Reading) -> str:
    return amount(str(ord(found[0]) - 0x245F))


# -- where one lives -----------------------------------------------------------------------------------------------------

_STREETS = {
    "st": "Street", "ave": "Avenue", "av": "Avenue", "blvd": "Boulevard", "rd": "Road", "ct": "Court", "dr": "Drive",
    "ln": "Lane", "hwy": "Highway",
    "pkwy": "Parkway", "expy": "Expressway", "fwy": "Freeway", "cir": "Circle", "trl": "Trail", "plz": "Plaza",
    "pl": "Place", "sq": "Square", "ter": "Terrace", "way": "Way", "street": "Street",
    "avenue": "Avenue", "road": "Road",
    "lane": "Lane", "drive": "Drive", "court": "Court", "boulevard": "Boulevard", "highway": "Highway",
}  # fmt: skip
_SIDES = {
    "N": "North",
    "S": "South",
    "E": "East",
    "W": "West",
    "NE": "Northeast",
    "NW": "Northwest",
    "SE": "Southeast",
    "SW": "Southwest",
}
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "CA": "California", "CO": "Colorado", "CT": "Connecticut",
    "DC": "D C", "FL": "Florida",
    "GA": "Georgia", "IL": "Illinois", "KS": "Kansas", "KY": "Kentucky", "MA": "Massachusetts", "MD": "Maryland",
    "MI": "Michigan", "MN": "Minnesota",
    "MO": "Missouri", "NC": "North Carolina", "NJ": "New Jersey", "NM": "New Mexico", "NV": "Nevada", "NY": "New York",
    "PA": "Pennsylvania",
    "SC": "South Carolina", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VA": "Virginia", "WA": "Washington", "WI": "Wisconsin",
}  # fmt: skip
"""Those that are no words."""
_BEHIND_A_TOWN = re.compile(r"[A-Za-z], $")


def _street(found: Found, reading: Reading) -> str:
    """123 Laguna Ct, 1211 E Arques Ave."""
    said = [house(found["house"])]
    said += [_SIDES[found["side"]]] if found["side"] else []
    for word in found["names"].split():
        figures = re.match(r"[0-9]+", word)
        said.append(ordinal(figures[0]) if figures else word)
    return " ".join([*said, _STREETS[found["suffix"].lower()]])


def _state(found: Found, reading: Reading) -> str | None:
    """Austin, TX."""
    town = _BEHIND_A_TOWN.search(found.string, max(0, found.start() - 3), found.start())
    return _STATES.get(found[0]) if town else None


# -- e-mail and links ----------------------------------------------------------------------------------------------------

SPELLING = Spelling(
    {
        ".": "dot",
        "@": "at",
        "-": "dash",
        "_": "underscore",
        "/": "slash",
        ":": "colon",
        "+": "plus",
        "&": "ampersand",
        "=": "equals",
        "?": "question mark",
        "#": "hash",
        "%": "percent",
        "~": "tilde",
    },
    digits,
    " ",
    {"www": "WWW", "http": "HTTP", "https": "HTTPS", "ftp": "FTP"},
    email="an e-mail address",
    link="a link",
)


_NAMES = r"(?P<names>(?:[A-Z][A-Za-z]+|\d+(?:st|nd|rd|th))(?: [A-Z][A-Za-z]+){0,2}?)"
ADDRESSES = (
    *addresses(SPELLING),
    kind(
        "house",
        FIGURE,
        r"(?P<house>\d{1,5}) (?:(?P<side>[NS][EW]?|[EW])\.? )?"
        + _NAMES
        + rf" (?P<suffix>(?i:{'|'.join(sorted(_STREETS, key=len, reverse=True))}))(?![A-Za-z])(?:\.(?= [a-z]|,))?",
        _street,
    ),
    kind("house", "ACDFGIKMNPSTUVW", r"[A-Z]{2}(?![A-Za-z0-9])", _state),
)
KINDS = (
    kind("roman", roman.STARTS, roman.NUMERAL, _numeral),
    kind(
        "letters", "wW", r"[wW]/o?(?![A-Za-z0-9])", lambda found, reading: "without" if found[0][-1] == "o" else "with"
    ),
    kind("date", "MTWFS", rf"(?P<first>{_DAY})\.? ?[-–] ?(?P<last>{_DAY})(?![A-Za-z])(?:\.(?= [a-z\d]))?", _days),
    kind("date", "MTWFS", rf"(?P<first>{_DAY})(?P<last>)\.?(?= \d)", _days),
    kind("date", "MTWFS", rf"(?P<first>{_ABBREVIATED_DAY})(?P<last>)(?:\.(?= [a-z]|,)|(?=[.,]))", _days),
    kind("date", "TWF", rf"(?P<first>{_BEFORE_A_BRACKET})(?P<last>)(?= \()", _days),
    kind("letters", "N", r"(?:No|NO)\.(?=\d)", lambda found, reading: "number "),
    kind("letters", LETTER, r"(?P<word>[A-Za-z]{2,6})\.(?!\w)", _abbreviation),
    kind("letters", LETTER, r"(?:[A-Za-z]\. ?)+[A-Za-z]\.(?!\w)|(?:[A-Z]\.){1,6}[A-Z](?![A-Za-z])", _initials),
    kind("roman", "".join(sorted(ROMAN)), ".", _roman),
    kind("number", "".join(sorted(CIRCLED)), ".", _circled),
)
