"""E-mail addresses and links: what of them is said. [pure]"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .kinds import FIGURE, LETTER, Found, Kind
from .reading import Reading

_LABEL = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}"
_HOST = rf"(?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,12}}"
_PATH = r"(?::\d{1,5})?(?:[/?#][A-Za-z0-9_\-.~:/?#@!$&'()*+,;=%]*(?<![.,:;!?]))?"
_USUAL = "com|cn|net|org|edu|gov|io|ai|cc|tv|top|xyz|vip|hk|tw|uk|de|fr|jp|kr|eu|ru|au|ca"
EMAIL = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._%+&\-]{{0,63}}@{_HOST}(?:/[A-Za-z0-9_\-./]*)?", re.ASCII)
LINK = re.compile(
    rf"(?P<scheme>(?:https?|ftp)://|file://(?=[/A-Za-z0-9]))(?P<host>[A-Za-z0-9\-.]{{1,100}}|(?<=file://))(?P<path>{_PATH})"
    rf"|(?P<bare>(?:(?=[0-9-]{{0,20}}[A-Za-z])[A-Za-z0-9][A-Za-z0-9-]{{1,62}}(?:\.{_LABEL}){{0,5}}\.[a-z]{{2,6}}"
    rf"|(?:{_LABEL}\.){{1,6}}(?:{_USUAL}|{_USUAL.upper()})))(?![A-Za-z0-9_@-])(?P<rest>{_PATH})",
    re.ASCII,
)
"""With a scheme, or a host or a file's name by its look."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a language spells."""

    signs: dict[str, str]
    digits: Callable[[str], str]
    gap: str
    """Between what is said."""
    known: dict[str, str]
    """Whole parts, in small letters, that are said otherwise."""
    email: str
    """Said instead of an address, where a profile names nothing of its own."""
    link: str


_PART = re.compile(r"\d+|[A-Za-z]+|[^\dA-Za-z]")


def spell(text: str, spelling: Spelling) -> str:
    """Part by part: a word as it is, figures one by one, signs by their names."""
    said = []
    for part in _PART.findall(text):
        if part.isdecimal():
            said.append(spelling.digits(part))
        elif part in spelling.signs:
            said.append(spelling.signs[part])
        else:
            said.append(spelling.known.get(part.lower(), part))
    return spelling.gap.join(said)


def link(found: re.Match[str], way: str, spelling: Spelling) -> str:
    """A match of `LINK`: all of it (``full``), or without a browser's own scheme, query and a last stroke."""
    if way == "full":
        return spell(found[0], spelling)
    host, path = (found["host"], found["path"]) if found["scheme"] else (found["bare"], found["rest"])
    scheme = "" if (found["scheme"] or "http").startswith("http") else found["scheme"]
    path = re.split(r"[?#]", path or "", maxsplit=1)[0].rstrip("/.,:;!")
    return spell(scheme + host.rstrip(".") + path, spelling)


def addresses(spelling: Spelling) -> tuple[Kind, ...]:
    """The kinds of a language that spells so: said, announced or left out, as a profile wants."""

    def email(found: Found, reading: Reading) -> str:
        if reading.emails == "say":
            return spell(found[0], spelling)
        return (reading.email_sentence or spelling.email) if reading.emails == "announce" else ""

    def linked(found: Found, reading: Reading) -> str:
        if reading.links in ("say", "full"):
            return link(found, reading.links, spelling)
        return (reading.link_sentence or spelling.link) if reading.links == "announce" else ""

    return Kind("email", FIGURE + LETTER, EMAIL, email), Kind("link", FIGURE + LETTER, LINK, linked)
