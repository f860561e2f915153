"""The recordings of official SDKs: what they really send (``c2s``), byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TRACES = Path(__file__).parent.parent / "recordings" / "traces"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TRACES / f"{name}.jsonl").read_text().splitlines()]


def sent(name: str) -> list[dict[str, Any]]:
    """The JSON messages the SDK sent, in order."""
    return [json.loads(row["text"]) for row in rows(name) if row.get("dir") == "c2s" and row.get("op") == "text"]


def message(name: str, directive: str) -> dict[str, Any]:
    return next(one for one in sent(name) if one["header"]["name"] == directive)


def received(name: str) -> list[str]:
    """The text messages the scripted server sent, in order."""
    return [row["text"] for row in rows(name) if row.get("dir") == "s2c" and row.get("op") == "text"]


def request(name: str) -> tuple[str, dict[str, str], str]:
    """The request line, headers and body of the first HTTP request."""
    row = next(row for row in rows(name) if row.get("dir") == "c2s" and row["kind"] == "http")
    line, *headers = row["raw"].rstrip().split("\r\n")
    return (
        line,
        {key.lower(): value for key, value in (header.split(": ", 1) for header in headers)},
        row.get("body", ""),
    )


def differences(ours: Any, theirs: Any, at: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two JSON values differ: path to (ours, theirs); what is absent is ``...``."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key in ours.keys() | theirs.keys():
            found |= differences(ours.get(key, ...), theirs.get(key, ...), f"{at}.{key}".lstrip("."))
        return found
    return {} if ours == theirs else {at: (ours, theirs)}
