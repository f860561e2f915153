"""The reference of all settings, as Markdown, from the declarations themselves. ``docs/configuration.md`` holds what this prints."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..call.profile import Profile
from ..call.tools.http_tool import HttpToolSettings
from ..options import bounds
from ..providers import registry
from .settings import Common, General


def markdown() -> str:
    """A table per section."""
    sections: list[tuple[str, type]] = [("settings", General), ("profile", Profile), ("tool", HttpToolSettings)]
    sections += [("service, whatever its vendor", Common)]
    sections += [
        (f'service does="{kind}" vendor="{vendor}"', registry.settings_class(kind, vendor))
        for kind, vendor in registry.known()
    ]
    return "\n".join(f"### {title}\n\n" + "\n".join(_table(section)) + "\n" for title, section in sections)


def _table(section: type) -> Iterable[str]:
    yield "| name | default | takes | meaning |"
    yield "|---|---|---|---|"
    for field in dataclasses.fields(section):
        meaning = field.metadata["help"].replace("|", "\\|")
        yield f"| `{field.name.replace('_', '-')}` | {_default(field)} | {_takes(field)} | {meaning} |"


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING:
        return "(required)"
    if isinstance(field.default, tuple):
        joined = " \\| ".join(field.default)
        return f"`{joined}`" if joined else ""
    text = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    return f"`{text}`" if text else ""


def _takes(field: dataclasses.Field[Any]) -> str:
    meta = field.metadata
    if meta["choices"]:
        return ", ".join(f"`{choice}`" for choice in meta["choices"])
    if meta["low"] is not None or meta["high"] is not None:
        return bounds(meta["low"], meta["high"])
    if meta["secret"]:
        return "`env:NAME` or `file:PATH`"
    return "true, false" if field.type in ("bool", bool, "bool | None") else "text"


def main(path: str) -> None:
    """Put the tables into the page at `path`, between its two marks."""
    page = Path(path)
    before, _, rest = page.read_text().partition("<!-- settings -->\n")
    _, _, after = rest.partition("<!-- /settings -->")
    page.write_text(f"{before}<!-- settings -->\n{markdown()}\n<!-- /settings -->{after}")


if __name__ == "__main__":
    main(sys.argv[1])
