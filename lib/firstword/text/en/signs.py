"""Signs, in English. [pure]"""

from __future__ import annotations

import re

from ..kinds import Found, kind
from ..reading import Reading
from .context import MONTH, is_serial
from .numbers import amount, ordinal

_OPERATORS = {
    "+": "plus", "-": "minus", "−": "minus", "×": "times", "*": "times", "÷": "divided by", "/": "over", "=": "equals",
    "<": "less than", ">": "greater than",
    "≤": "less than or equal to", "≥": "greater than or equal to", "<=": "less than or equal to",
    ">=": "greater than or equal to", "≠": "is not equal to",
    "≈": "approximately equals", "==": "equals", "±": "plus or minus", "~": "to", "–": "to", "—": "to", "→": "to", "x": "x",
}  # fmt: skip
_NAMES = {
    "%": "percent", "‰": "per mille", "$": "dollar", "€": "euro", "£": "pound", "¥": "yuan",
    "₩": "won", "₽": "ruble", "₹": "rupee", "¢": "cent", "§": "section",
    "&": "and", "@": "at",
    "#": "hash", "+": "plus", "=": "equals", "°": "degree", "°C": "degrees Celsius",
    "℃": "degrees Celsius", "°F": "degrees Fahrenheit", "℉": "degrees Fahrenheit", "√": "the square root of", "π": "pi",
    "∞": "infinity", "²": "squared", "³": "cubed", "½": "one half", "¼": "one quarter",
    "¾": "three quarters", "⅓": "one third", "⅔": "two thirds", "№": "number", "_": "underscore", "/": "slash",
    "→": "to", "×": "times", "÷": "divided by", "≈": "approximately", "Ω": "ohms",
}  # fmt: skip


_HALF_BEFORE = re.compile(r"\d ?[ap]\.?m\.? $", re.IGNORECASE)
_TIMED = re.compile(r"(?::[0-5][0-9]|[ap]\.?m\.?)$", re.IGNORECASE)


def _apart(found: Found, said: str) -> str:
    """With blanks where there are none, for words must not run together."""
    text, begin, end = found.string, found.start(), found.end()
    before = " " if begin and (text[begin - 1].isalnum() or text[begin - 1] in _NAMES) else ""
    after = " " if text[end : end + 1].isalnum() else ""
    return f"{before}{said}{after}"


def _between(found: Found, reading: Reading) -> str | None:
    text, begin, sign = found.string, found.start(), found["sign"]
    before = text[:begin].rstrip(" ")[-1:]
    if not before or not (before.isdecimal() or before in ")%x"):
        return None
    if (
        sign in "-−"
        and "=" not in text
        and (" " not in found[0] or _TIMED.search(text[:begin].rstrip(" "), max(0, begin - 6)))
    ):
        return None if _hangs(text, begin) or text[begin + 1 : begin + 2].isalpha() else " to "
    gap = "" if text[begin - 1] == " " and not found[0].startswith(" ") else " "
    return f"{gap}{_OPERATORS[sign]} "


def _hangs(text: str, at: int) -> bool:
    """Whether the dash at `at` only holds a serial number together."""
    begin = at
    while begin and text[begin - 1].isdecimal():
        begin -= 1
    return is_serial(text, begin, at)


def _sign(found: Found, reading: Reading) -> str | None:
    text, begin, sign = found.string, found.start(), found["sign"]
    before = text[begin - 1 : begin]
    if sign in "-−–—" and _TIMED.search(text, max(0, begin - 6), begin):
        return " to "  # 10 a.m.-2 p.m.
    if sign in "-−":
        if before == " " and _HALF_BEFORE.search(text, max(0, begin - 8), begin):
            return "to "
        if before.isalnum():
            if _hangs(text, begin):
                return None
            return (
                " to "
                if re.search(r"[ap]\.?m\.?$", text[max(0, begin - 4) : begin], re.IGNORECASE) or before.isdecimal()
                else None
            )
        return "minus "
    if sign == "~":
        return "about "
    if sign in "–—":
        return " to " if before.isalnum() else None
    return _apart(found, _OPERATORS[sign]) if before.isalnum() else f"{_OPERATORS[sign]} "


_NUMBERED = re.compile(r"[A-Za-z]{0,4}-?\d", re.ASCII)


def _key(found: Found, reading: Reading) -> str | None:
    text, begin, end = found.string, found.start(), found.end()
    before, after = text[max(0, begin - 12) : begin].rstrip(" ").lower(), text[end : end + 5].lstrip(" ")
    pressed = before.endswith(("press", "the", "hit", "by", "or", "enter", "dial")) or after.startswith("k")
    if found[0] == "#":
        if _NUMBERED.match(after) and not pressed and not text[begin - 1 : begin].isalnum():
            return "number "
        return _apart(found, "pound" if pressed else "hash")
    return _apart(found, "star") if pressed else None


def _name(found: Found, reading: Reading) -> str:
    return _apart(found, _NAMES[found[0]])


_EACH = re.compile(r"(?:second|minute|hour|day|night|week|month|year|person|user|customer|call|item)(?![A-Za-z])")
"""7 days/week."""


def _of_words(found: Found, reading: Reading) -> str | None:
    """upgrade/update, also with blanks, and /help; 1/f is "per", and/or is said without its stroke."""
    text, begin, end = found.string, found.start(), found.end()
    before, after = text[:begin], text[end:]
    apart = not before or before[-1] in " ("
    if apart and (after[:1].isalpha() or after[:1] in _NAMES):
        return "slash "
    if apart and before.rstrip(" ")[-1:].isalpha() and re.match(" [A-Za-z]", after):
        return "slash"
    if not before.strip() or not (before[-1].isalnum()):
        return None
    if before.endswith("s") and _EACH.match(after):
        return " per "
    if before.lower().endswith("and") and after[:2].lower() == "or":
        return " "
    if re.search(r"(?<![A-Za-z])[A-Z]$", before) and re.match(r"[A-Z](?![A-Za-z])", after):
        return " "  # N/A
    if before[-1].isdecimal() and re.match(r"[A-Za-z](?![A-Za-z])", after):
        return " per "
    if before[-1].isdecimal() and after[:1].isdecimal():
        return None
    if after[:1].isdecimal() and re.search(r"\d+$", before):
        return None
    return _apart(found, "slash")


def _menu(found: Found, reading: Reading) -> str | None:
    """Settings > Privacy -> Location; not <name>, a > b."""
    text, begin = found.string, found.start()
    before = text[max(0, begin - 24) : begin]
    return ", " if _ENTRY.search(before) and "<" not in before else None


_ENTRY = re.compile(r"[A-Za-z]{2} ?$")


def _raised(found: Found, reading: Reading) -> str:
    power = found["power"]
    if found["minus"]:
        return f" to the minus {amount(power)}"
    named = {"2": " squared", "3": " cubed"}
    return named.get(power) or f" to the {ordinal(power)} power"


def _tag(found: Found, reading: Reading) -> str:
    return found[0]


def _times(found: Found, reading: Reading) -> str:
    """1920x1080, 5 x 7; 5 x 7 = 35 is calculated."""
    said = "times" if "=" in found.string[found.end() : found.end() + 12] else "by"
    return f" {said} " if found.string[found.start() - 1] != " " else said


KINDS = (
    kind("tag", "<", r"</?[A-Za-z][^<>]{0,60}>", _tag),
    kind("sign", "xX", r"[xX](?:(?=\d)(?<=\d[xX])|(?= \d)(?<=\d [xX]))", _times),
    kind("sign", "-=>", r"[-=]?> ?(?=[A-Za-z])", _menu),
    kind("sign", "^", r"\^ ?(?P<minus>[-−])?(?P<power>\d+)", _raised),
    kind(
        "sign",
        " -+−×*÷/=<>≤≥≠≈~–—→",
        r" ?(?P<sign><=|>=|==|[-+−×*÷=<>≤≥≠≈~–—→]|/(?= )) ?(?=[-+−]?[$¥€£]?[\d(])",
        _between,
    ),
    kind("sign", "-+−±<>=≤≥≠≈~–—", r"(?P<sign><=|>=|[-+−±<>=≤≥≠≈~–—]) ?(?=[$¥€£]?\.?\d)", _sign),
    kind("sign", "#", r"(?<![A-Za-z0-9][CF])(?<=[CF])#(?![A-Za-z0-9#])", lambda found, reading: " sharp"),
    kind("sign", "-–", r"(?<=[a-z])[-–](?=[$€£¥]\d)", lambda found, reading: " to "),
    kind("sign", "-–", rf"(?<=[0-9a-z])[-–](?=(?i:{MONTH}) ?\d)", lambda found, reading: " to "),
    kind("sign", "-–", r"(?:(?<=\bnoon)|(?<=\bmidnight))[-–](?=\d)", lambda found, reading: " to "),
    kind("sign", "#*", "[#*]", _key),
    kind("sign", "/", "/", _of_words),
    kind("sign", "+", r"(?<=[A-Za-z])\+\+", lambda found, reading: " plus plus"),
    kind("sign", "%‰$€£¥₩₽₹¢§&@+=°℃℉√π∞²³½¼¾⅓⅔№_→×÷≈Ω", "°[CF]|.", _name),
)
