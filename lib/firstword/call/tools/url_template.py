"""An address with places for arguments: ``https://shop.example/orders/{order}?lang={lang}``. [pure]

An argument fills one segment of the path, or one value of the query, and nothing else: it can not change the host, add a segment or a
parameter, or climb out of the path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from ...errors import ConfigError

VALUE_CHARS = 1000
URL_CHARS = 8000
"""What servers take: 8 KiB is the usual bound of a request line."""

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class UrlTemplate:
    """Args:
        written: as it stands in the configuration.

    Raises:
        ConfigError: it is no such address, or has a place where an argument could do harm.
    """

    def __init__(self, written: str, where: str) -> None:
        if any(not 32 < ord(char) < 127 or char in '\\"<>^`|' for char in written):
            raise ConfigError(f"{where}: url holds a space or a character that no address has; write it as %XX")
        scheme, host, path, query = _parts(written, where)
        self._base = f"{scheme}://{host}"
        self._segments = (path or "/").split("/")
        self._pairs = [pair.partition("=") for pair in query.split("&")] if query else []
        for segment in self._segments:
            if _PLACE.search(segment) is None and unquote(segment) in (".", ".."):
                raise ConfigError(f"{where}: url has a path with {segment!r}; write where it leads")
        self.in_path = frozenset(name for segment in self._segments for name in _PLACE.findall(segment))
        """Arguments that must be there."""
        self.in_query = frozenset(name for _, _, value in self._pairs for name in _PLACE.findall(value))
        """Arguments without which their parameter is left out."""

    def fill(self, arguments: Mapping[str, Any]) -> str:
        """The address with `arguments` in their places.

        Raises:
            ValueError: one can not stand there; the text is a clause that says what may.
        """
        path = "/".join(self._segment(segment, arguments) for segment in self._segments)
        pairs = [self._pair(*pair, arguments) for pair in self._pairs]
        query = "&".join(pair for pair in pairs if pair)
        url = f"{self._base}{path}" + (f"?{query}" if query else "")
        if len(url) > URL_CHARS:
            raise ValueError("together they are too long for an address")
        return url

    def _segment(self, segment: str, arguments: Mapping[str, Any]) -> str:
        names = _PLACE.findall(segment)
        if not names:
            return segment
        texts = {name: _in_path(name, arguments.get(name)) for name in names}
        filled = _PLACE.sub(lambda place: quote(texts[place[1]], safe=""), segment)
        if unquote(unquote(filled)) in (".", ".."):
            raise ValueError(f'"{names[0]}" may not be a dot or two')
        return filled

    def _pair(self, key: str, equals: str, value: str, arguments: Mapping[str, Any]) -> str:
        names = _PLACE.findall(value)
        if any(arguments.get(name) is None for name in names):
            return ""
        texts = {name: _text(name, arguments[name]) for name in names}
        return key + equals + _PLACE.sub(lambda place: quote(texts[place[1]], safe=""), value)


def _parts(written: str, where: str) -> tuple[str, str, str, str]:
    try:
        split = urlsplit(written)
        host, _ = split.hostname, split.port
    except ValueError as error:
        raise ConfigError(f"{where}: url is no address: {error}") from error
    if split.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{where}: url must begin with https:// or http:// and a host")
    if "@" in split.netloc:
        raise ConfigError(f"{where}: url holds a user or a password; use a <header> with env:NAME")
    if "#" in written:
        raise ConfigError(f"{where}: url holds a #, which no server is told")
    values = [pair.partition("=")[2] for pair in split.query.split("&")]
    places = sum(len(_PLACE.findall(text)) for text in (split.path, *values))
    if written.count("{") != places or written.count("}") != places:
        raise ConfigError(
            f"{where}: url takes {{argument}} in a segment of the path, or as a value of the query, and nowhere else"
        )
    return split.scheme, split.netloc, split.path, split.query


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, (str, int, float)):
        raise ValueError(f'"{name}" must be a text or a number')
    text = str(value)
    if len(text) > VALUE_CHARS:
        raise ValueError(f'"{name}" may have at most {VALUE_CHARS} characters')
    return text


def _in_path(name: str, value: Any) -> str:
    text = _text(name, value)
    # Many servers take a path apart after they have decoded it, so that %2F would be a slash after all; some decode it twice.
    if re.search(r"[/\\\x00-\x1f\x7f]", unquote(text)):
        raise ValueError(f'"{name}" may hold no slash, backslash or control character')
    if text.strip() == "":
        raise ValueError(f'"{name}" may not be empty')
    return text
