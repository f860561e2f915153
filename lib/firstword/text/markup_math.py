"""Formulas in LaTeX, escapes, and addresses, which are left alone. For `markup`. [pure]"""

from __future__ import annotations

import re

from . import formula
from .atom import plain, spoken
from .formula import command
from .scan import NOT_MINE, WAIT, Rule, Scan
from .spoken import Words

LONGEST_INLINE = 200
"""Characters of a formula within a line."""
LONGEST_COMMAND = 20

_MONEY = re.compile(
    r"\$(?![0-9.,]{1,12}\$(?![0-9]))[ \t]?[0-9][0-9,]{0,20}(?:\.[0-9]{0,4})?(?:[KMBkmb](?![A-Za-z])|(?![0-9A-Za-z\\^_{}=+*/]))"
)
_MONEY_BEGUN = re.compile(r"\$[ \t]?(?:[0-9][0-9,]{0,20}(?:\.[0-9]{0,4})?[KMBkmb]?)?\Z")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?%?", re.ASCII)
"""$0.8$, which is no sum of money."""
_LIKE_A_FORMULA = re.compile(
    r"[\\^_{}=+<>≤≥≠±×÷]|[A-Za-z]\s*[-*/]|[0-9)]\s*[*/]|^[A-Za-z]'?$|^[A-Za-z]\([A-Za-z0-9,^ ]+\)$|^-?\d+$"
)
_COMMAND = re.compile(r"\\([A-Za-z]{1,20})")
_GROUP = r"\{[^{}\n]{0,60}\}"
_BRACED = re.compile(rf"\\(?:[dt]?frac\s?{_GROUP}\s?{_GROUP}|sqrt\s?{_GROUP})")
_BRACED_BEGUN = re.compile(r"\\(?:[dt]?frac|sqrt)[ ]?(?:\{[^{}\n]{0,60}(?:\} ?(?:\{[^{}\n]{0,60})?)?)?\Z")
_ESCAPED = "!\"#$%&'*+,-./:;<=>?@[]^_`{|}~"
_SCHEME = re.compile(r"://")
_ADDRESS_ENDS = re.compile(r"[\s\u2e80-\u9fff\uff00-\uffef<>\"`|]")
_LINK_ENDS = re.compile(_ADDRESS_ENDS.pattern[:-1] + r"\]]")


def dollar(scan: Scan, text: str, at: int, last: bool) -> int:
    """``$x^2$`` and ``$$...$$``; $5 stays."""
    if at + 1 == len(text):
        return NOT_MINE if last else WAIT
    if text[at + 1] == "$":
        return _formula(scan, text, at, last, "$$", "$$", formula.LONGEST)
    money = _MONEY.match(text, at)
    if not last and ((money and money.end() == len(text)) or _MONEY_BEGUN.match(text, at)):
        return WAIT
    if money or text[at + 1].isspace() or (scan.before.isalnum() and scan.before.isascii()):
        return NOT_MINE
    end = text.find("$", at + 1, at + 1 + LONGEST_INLINE)
    line = text.find("\n", at + 1, end if end > 0 else at + 1 + LONGEST_INLINE)
    if line > 0:
        return NOT_MINE
    if end < 0:
        return WAIT if not last and len(text) - at <= LONGEST_INLINE else NOT_MINE
    if end + 1 == len(text) and not last:
        return WAIT
    inside = text[at + 1 : end]
    formula_like = _LIKE_A_FORMULA.search(inside) or _NUMBER.fullmatch(inside)
    if inside[-1].isspace() or text[end + 1 : end + 2].isdigit() or not formula_like:
        return NOT_MINE
    return _speak(scan, inside, end + 1 - at)


def backslash(scan: Scan, text: str, at: int, last: bool) -> int:
    r"""``\(...\)``, ``\[...\]``, ``\begin``, ``\frac{1}{2}``, ``\times``, ``\*``; C:\new stays."""
    following = text[at + 1 : at + 2]
    if not following:
        return NOT_MINE if last else WAIT
    if following == "(":
        return _formula(scan, text, at, last, "\\(", "\\)", LONGEST_INLINE)
    if following == "[":
        return _formula(scan, text, at, last, "\\[", "\\]", formula.LONGEST)
    if following in _ESCAPED:
        scan.say(following, 2)
        return 2
    found = _COMMAND.match(text, at)
    if not found or scan.before in ":\\" or (scan.before.isascii() and scan.before.isalpha()):
        return NOT_MINE
    if found.end() == len(text) and not last and found.end() - at <= LONGEST_COMMAND:
        return WAIT
    if found[1] == "begin":
        return _environment(scan, text, at, last)
    if found[1] in ("frac", "dfrac", "tfrac", "sqrt"):
        if whole := _BRACED.match(text, at):
            return _speak(scan, whole[0], len(whole[0]))
        return WAIT if not last and _BRACED_BEGUN.match(text, at) else NOT_MINE
    if found[1] == "n" or not (said := command(found[1], scan.chinese)):
        if found[1] != "n" or text[at + 2 : at + 3].isalpha():
            return NOT_MINE
        scan.silent(1)  # a line's end that was written as \n
        scan.pause(1, whole=False)
        scan.line_over()
        return 2
    scan.say(said if scan.chinese else f" {said} ", len(found[0]), fixed=True)
    return len(found[0])


def _environment(scan: Scan, text: str, at: int, last: bool) -> int:
    opened = re.compile(r"\\begin\{([A-Za-z]{1,15})\*?\}").match(text, at)
    if not opened:
        begun = re.compile(r"\\begin(?:\{[A-Za-z]{0,15}\*?)?\Z").match(text, at)
        return WAIT if begun and not last else NOT_MINE
    closed = opened[0].replace("\\begin", "\\end")
    return _formula(scan, text, at, last, opened[0], closed, formula.LONGEST)


def _formula(scan: Scan, text: str, at: int, last: bool, opened: str, closed: str, longest: int) -> int:
    begin = at + len(opened)
    end = text.find(closed, begin, begin + longest)
    if end < 0:
        return WAIT if not last and len(text) - begin < longest else NOT_MINE
    return _speak(scan, text[begin:end], end + len(closed) - at)


def _speak(scan: Scan, inside: str, characters: int) -> int:
    how = scan.reading.formulas
    if how == "skip" or not inside.strip():
        scan.silent(characters)
        return characters
    if how == "announce":
        said = scan.formula_sentence()
    else:
        said = formula.read(inside, scan.chinese)
        if scan.chinese == (scan.reading.language == "zh"):
            words = Words(scan.reading)
            said = spoken(words.feed([plain(character) for character in said]) + words.finish())
    scan.say(said, characters, fixed=True)
    return characters


def address(scan: Scan, text: str, at: int, last: bool) -> int:
    """The ``://`` of an address: nothing in it is markup."""
    if not (scan.before.isascii() and scan.before.isalpha()):
        return NOT_MINE
    if not _SCHEME.match(text, at):
        return WAIT if not last and "://".startswith(text[at : at + 3]) else NOT_MINE
    scan.mode = _to_address_end
    scan.plain("://")
    return 3


def _to_address_end(scan: Scan, text: str, at: int, last: bool) -> int:
    """A mode."""
    ends = _LINK_ENDS if scan.links else _ADDRESS_ENDS  # [https://...](https://...): the bracket is the link's
    found = ends.search(text, at)
    end = found.start() if found else len(text)
    if found:
        scan.mode = None
    scan.plain(text[at:end])
    return end - at


RULES: dict[str, tuple[Rule, ...]] = {"$": (dollar,), "\\": (backslash,), ":": (address,)}
