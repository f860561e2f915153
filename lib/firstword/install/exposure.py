"""Secrets of the configuration that others than the switch could read, and the environment variables it expects them in.

The names of the secret settings stand here once more, for the services that declare them need packages that are not installed yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ..privacy import readable_by_all
from . import contents
from .layout import Folders

SECRETS = frozenset({"appkey", "token", "access_key_id", "access_key_secret", "api_key"})


def secrets(configuration: Path) -> list[tuple[str, str]]:
    """Place and value of each secret setting in a ``firstword.conf.xml``. Values are never shown.

    Raises:
        ElementTree.ParseError: it is no well-formed XML.
    """
    text = contents.uncommented(configuration)
    if not text.strip():
        return []
    return [
        (
            f"service {service.get('name', '')!r}: {param.get('name', '')!r}",
            param.get("value", param.text or "").strip(),
        )
        for service in ElementTree.fromstring(text).iter("service")
        for param in service.iter("param")
        if param.get("name", "").replace("-", "_") in SECRETS
    ]


def variables(found: list[tuple[str, str]]) -> list[str]:
    """The environment variables that the secrets are expected in."""
    return sorted({value.removeprefix("env:") for _, value in found if value.startswith("env:")})


def exposed(folders: Folders, found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What is open to others, with the settings it is about, and the line that closes it."""
    about: dict[tuple[str, str], list[str]] = {}
    for place, value in found:
        for fact in _exposed(folders, value):
            about.setdefault(fact, []).append(place)
    for (text, remedy), places in about.items():
        yield f"{text}: {', '.join(places)}", remedy


def _exposed(folders: Folders, value: str) -> Iterator[tuple[str, str]]:
    if not value or value.startswith("env:"):
        return
    if value.startswith("file:"):
        path = Path(value.removeprefix("file:"))
        if path.exists() and path.stat().st_mode & 0o077:
            yield f"{path} can be read by others", f"chmod 600 {path}"
        return
    # What the switch has read, with every variable replaced, it writes at its start and with every reloadxml.
    expanded = folders.log / "freeswitch.xml.fsxml"
    if readable_by_all(expanded):
        yield f"{expanded}, which everyone can read, holds secrets in clear", f"chmod o-rwx {folders.log}"
    name = re.fullmatch(r"\$?\$\{(.+)\}", value)
    configuration = folders.autoload / "firstword.conf.xml"
    if not name and readable_by_all(configuration):
        yield f"{configuration}, which everyone can read, holds secrets in clear", f"chmod 640 {configuration}"
    for path in _setting(folders, name[1]) if name else ():
        if readable_by_all(path):
            yield f"{path}, which everyone can read, sets a secret", f"chmod o-rwx {path}"


def _setting(folders: Folders, name: str) -> list[Path]:
    """The files that set the switch's variable `name`."""
    pattern = re.compile(rf"""data\s*=\s*["']{re.escape(name)}\s*=""")
    return [path for path in sorted(folders.conf.rglob("*.xml")) if pattern.search(contents.uncommented(path))]
