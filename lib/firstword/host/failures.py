"""What services' failures mean, as Markdown, from the vendors' own tables. ``docs/errors.md`` holds what this prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from ..errors import Kind
from ..net.failures import ELSEWHERE, Row
from ..providers import registry

_WHOSE = {
    "settings": "the configuration's",
    "account": "the account's",
    "service": "the service's",
    "firstword": "firstword's own",
}


def markdown() -> str:
    """A table of kinds, then one per vendor."""
    tables = [_kinds(), *(_table(title, registry.failures(title)) for title in registry.FAILURES)]
    return "\n".join("\n".join(table) + "\n" for table in tables)


def _kinds() -> Iterable[str]:
    yield "### Kinds"
    yield ""
    yield "| kind | does another service help? |"
    yield "|---|---|"
    for kind in get_args(Kind):
        yield f"| `{kind}` | {ELSEWHERE[kind]} |"


def _table(title: str, rows: Iterable[Row]) -> Iterable[str]:
    yield f"### {title}"
    yield ""
    yield "| code | whose fault | what it means, what to do | kind | does another try help? |"
    yield "|---|---|---|---|---|"
    for code, says, (whose, text, kind, retry) in rows:
        where = f"`{code}`" + (f" with “{says.strip()}”" if says else "")
        yield f"| {where} | {_WHOSE[whose]} | {text} | `{kind}` | {'yes' if retry else 'no'} |"


def main(path: str) -> None:
    """Put the tables into the page at `path`, between its two marks."""
    page = Path(path)
    before, _, rest = page.read_text().partition("<!-- failures -->\n")
    _, _, after = rest.partition("<!-- /failures -->")
    page.write_text(f"{before}<!-- failures -->\n{markdown()}\n<!-- /failures -->{after}")


if __name__ == "__main__":
    main(sys.argv[1])
