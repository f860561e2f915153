"""A tool that a service on the network does: as the configuration declares it, and what a model's call of it becomes. [pure]"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigError
from ...options import bind, option, reveal
from ...speech.llm import Tool
from .actions import Refusal, Request
from .parameters import Parameters, read_schema
from .url_template import UrlTemplate

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What chat services take as the name of a function."""
READING = ("GET", "DELETE")
"""Methods without a body."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = ("host", "content-length", "transfer-encoding", "connection", "content-type")
_SECRET_NAMES = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)


@dataclass(frozen=True)
class HttpToolSettings:
    """A tool of the configuration. Its headers stand beside it, as ``<header>`` elements."""

    description: str = option(help="what it does and when to use it, for the model")
    url: str = option(help="the address; {argument} takes one segment of the path or one value of the query")
    method: str = option("GET", help="the HTTP method", choices=("GET", "POST", "PUT", "PATCH", "DELETE"))
    parameters: str = option(
        '{"type": "object", "properties": {}}',
        help="the JSON schema of its arguments, an object; those that the address does not hold are sent as a JSON body",
    )
    timeout_ms: int = option(5000, help="for all of it: name, connection and answer", low=100, high=60_000)
    most_bytes: int = option(
        8192, help="the longest answer; the rest is cut, and the model is told so", low=64, high=262_144
    )
    pointer: str = option(
        "", help="which part of a JSON answer the model is told, as a JSON pointer such as /data/0; all of it if empty"
    )
    allow_private: bool = option(
        False, help="may be at an address of this machine or of the private network; refused otherwise"
    )


@dataclass(frozen=True)
class HttpTool:
    """Made by `make`, once for all calls. Values only."""

    tool: Tool
    settings: HttpToolSettings
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    template: UrlTemplate = field(repr=False)
    parameters: Parameters = field(repr=False)

    def act(self, arguments: Mapping[str, Any]) -> Request | Refusal:
        """What to ask, of arguments that fit the schema."""
        settings, body = self.settings, None
        try:
            url = self.template.fill(arguments)
        except ValueError as error:
            return Refusal(f"The arguments of {self.tool.name} do not fit: {error}.")
        headers = self.headers
        if settings.method not in READING:
            placed = self.template.in_path | self.template.in_query
            rest = {name: value for name, value in arguments.items() if name not in placed}
            body = json.dumps(rest, ensure_ascii=False).encode()
            headers += (("Content-Type", "application/json"),)
        once = settings.method in ("POST", "PATCH")
        if once:  # its connection serves nothing else
            headers += (("Connection", "close"),)
        return Request(
            self.tool.name,
            settings.method,
            url,
            headers,
            body,
            settings.timeout_ms,
            settings.most_bytes,
            settings.pointer,
            not settings.allow_private,
            once,
            self.secrets,
        )


def make(
    name: str, values: Mapping[str, str], headers: Mapping[str, str], where: str, *, secrets: bool = True
) -> HttpTool:
    """A tool from texts as they stand in the file.

    Args:
        headers: by name; a value, or its last word, may be ``env:NAME`` or ``file:PATH``.
        secrets: whether to look those up; without, everything else is checked.

    Raises:
        ConfigError: one line that names the place.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"{where}: a tool's name has letters, digits, _ and - only, 64 at most")
    settings = bind(HttpToolSettings, values, where)
    template = UrlTemplate(settings.url, where)
    parameters = Parameters(
        read_schema(settings.parameters, f"{where}: parameters"), f"{where}: parameters", strict=True
    )
    _check_places(template, parameters, settings, where)
    if settings.pointer and not settings.pointer.startswith("/"):
        raise ConfigError(f"{where}: pointer begins with a slash, such as /data/0, not {settings.pointer!r}")
    sent, hidden = _headers(headers, where, secrets)
    tool = Tool(name, settings.description, parameters.schema)
    return HttpTool(tool, settings, sent, hidden, template, parameters)


def in_clear(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that look like secrets and stand in the file as they are: name to value."""
    return {
        name: value
        for name, value in headers.items()
        if _SECRET_NAMES.search(name) and not _elsewhere(value.rpartition(" ")[2])
    }


def _elsewhere(word: str) -> bool:
    return word.startswith(("env:", "file:"))


def _headers(
    headers: Mapping[str, str], where: str, secrets: bool
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What is sent, and which texts of it nobody may see."""
    sent, hidden = [], []
    for name, written in headers.items():
        place = f"{where}: header {name!r}"
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"{place} is no header's name")
        if name.lower() in _OURS:
            raise ConfigError(f"{place} is set by the request itself")
        scheme, space, value = written.strip().rpartition(" ")
        elsewhere = _elsewhere(value)
        if elsewhere and secrets:
            value = reveal(value, place)
        whole = scheme + space + value
        if any(not 32 <= ord(char) < 127 for char in whole):
            raise ConfigError(f"{place} holds a character that no header may")
        if elsewhere or _SECRET_NAMES.search(name):
            hidden.append(value)
        sent.append((name, whole))
    return tuple(sent), tuple(hidden)


def _check_places(template: UrlTemplate, parameters: Parameters, settings: HttpToolSettings, where: str) -> None:
    properties = parameters.schema.get("properties", {})
    required = parameters.schema.get("required", [])
    for name in sorted(template.in_path | template.in_query):
        if name not in properties:
            raise ConfigError(f"{where}: url has a place for {name!r}, which parameters does not declare")
        if properties[name] is not True and properties[name].get("type") in ("object", "array", "null"):
            raise ConfigError(f"{where}: {name!r} stands in the url, so its type must be a text or a number")
    for name in sorted(template.in_path):
        if name not in required:
            raise ConfigError(f"{where}: {name!r} stands in the path of the url, so parameters must require it")
    lost = sorted(set(properties) - template.in_path - template.in_query)
    if settings.method in READING and lost:
        raise ConfigError(
            f"{where}: {lost[0]!r} has no place in the url, and {settings.method} has no body: write {lost[0]}={{{lost[0]}}}"
        )
