"""The XML of ``firstword.conf``: sections, their entries, names and texts. What it means is for `settings`. [pure]

Whatever would be lost in silence is refused: an entry or a name that is there twice, an attribute that nobody reads, a text outside of any
element.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from ..errors import ConfigError
from ..options import did_you_mean

Element = ElementTree.Element


def sections(xml: str, tags: tuple[str, ...]) -> dict[str, Element]:
    """The sections of the file that there are, by their tags. Raises ConfigError."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise ConfigError(f"firstword.conf is no well-formed XML: {error}") from error
    except UnicodeEncodeError as error:  # the switch hands on what it can not decode as lone surrogates
        line = xml.count("\n", 0, error.start) + 1
        raise ConfigError(f"firstword.conf is not text in UTF-8: line {line} of what the switch has read") from error
    _only(root, tags, "firstword.conf")
    found: dict[str, Element] = {}
    for section in root:
        if section.tag in found:
            raise ConfigError(f"firstword.conf: <{section.tag}> is there twice: put both into one")
        found[section.tag] = section
    return found


def check_encoding(content: bytes, name: str) -> None:
    """Whether the switch reads a file as it was written. Of one in GBK it makes other characters and loses some, and says nothing: callers
    would hear them. Raises ConfigError."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return  # UTF-16, which it knows
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{name}, line {line}: this is not UTF-8, and the switch reads other characters than were written: save the file as "
            "UTF-8 and say reloadxml in fs_cli"
        ) from None


def entries(section: Element | None, tag: str, where: str, attributes: tuple[str, ...]) -> dict[str, Element]:
    """The entries of a section by their names, which come first among `attributes`. Raises ConfigError."""
    found: dict[str, Element] = {}
    for element in _children(section, tag, where):
        name = element.get("name", "")
        if not name:
            raise ConfigError(f"a <{tag}> has no name")
        if name in found:
            raise ConfigError(f"{where}: there are two <{tag}> named {name!r}")
        _attributes(element, attributes, f"{tag} {name!r}")
        found[name] = element
    return found


def params(element: Element | None, where: str) -> dict[str, str]:
    """The ``<param>``s of an entry that has nothing else. Names with ``_``. Raises ConfigError."""
    return values(_children(element, "param", where), where)


def params_and_headers(element: Element, where: str) -> tuple[dict[str, str], dict[str, str]]:
    """The ``<param>``s and the ``<header>``s of a tool. Raises ConfigError."""
    _only(element, ("param", "header"), where)
    headers: dict[str, str] = {}
    for child in element.findall("header"):
        name = child.get("name", "")
        if name.lower() in map(str.lower, headers):
            raise ConfigError(f"{where}: the header {name!r} is there twice")
        headers[name] = _text(child, f"{where}: header {name!r}")
    return values(element.findall("param"), where), headers


def values(found: Iterable[Element], where: str) -> dict[str, str]:
    """The texts of ``<param>``s by their names. Raises ConfigError."""
    texts: dict[str, str] = {}
    for child in found:
        name = child.get("name", "").replace("-", "_")
        if not name:
            raise ConfigError(f"{where}: a <param> has no name")
        if name in texts:
            raise ConfigError(f"{where}: {name!r} is there twice")
        texts[name] = _text(child, f"{where}: {name!r}")
    return texts


def _text(element: Element, where: str) -> str:
    _attributes(element, ("name", "value"), where)
    text = element.get("value", element.text)
    if text is None:
        raise ConfigError(f'{where} has no value; value="" leaves it empty')
    return text


def _attributes(element: Element, known: tuple[str, ...], where: str) -> None:
    for name in element.keys():  # noqa: SIM118  (iterating an element yields its children)
        if name not in known:
            raise ConfigError(f"{where}: unknown attribute {name!r}{did_you_mean(name, known)}")


def _children(element: Element | None, tag: str, where: str) -> list[Element]:
    if element is None:
        return []
    _only(element, (tag,), where)
    return list(element)


def _only(element: Element, tags: tuple[str, ...], where: str) -> None:
    for child in element:
        if child.tag not in tags:
            raise ConfigError(f"{where}: unknown element <{child.tag}>{did_you_mean(str(child.tag), tags)}")
    for text in (element.text, *(child.tail for child in element)):
        if text and text.strip():
            raise ConfigError(f"{where}: this stands outside of any element: {text.split()[0][:40]!r}")
