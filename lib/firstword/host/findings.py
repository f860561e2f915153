"""What an examination finds: lines that say ok, or what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of it. `text` holds no secret."""

    what: str
    ok: bool
    text: str
    """What was found; if it is not ok, what to do."""

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.what:<26} {self.text}"


def text_of(findings: Iterable[Finding]) -> str:
    """A line each."""
    return "".join(f"{finding}\n" for finding in findings)
