"""The end of a demonstration, as text for a terminal: what was said, answered and heard, and the milliseconds. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from ..call.record import MARKS

LABEL = 10
"""Columns of the word before a text."""


def table(record: Mapping[str, Any], width: int = 100) -> str:
    """The turns of a call record, with the phrases of the bot's own; lines of at most `width` columns where words allow it."""
    heads = ["turn", *(name.replace("_", " ") for name in MARKS)]
    lines = ["  ".join(f"{head:>{len(head)}}" for head in heads) + "   (ms after the caller's last speech)"]
    lines.append("-" * width)
    for turn in record["turns"]:
        cells = [str(turn["n"]), *(_ms(turn["ms"][name]) for name in MARKS)]
        lines.append("  ".join(f"{cell:>{len(head)}}" for head, cell in zip(heads, cells, strict=True)))
        lines += _text("said", turn["caller"], width)
        lines += _text("answered", turn["reply"], width)
        lines += _text("heard", _heard(turn), width)
    lines.append("-" * width)
    for phrase in record["phrases"]:
        lines += _text("bot", f"{_heard(phrase)}  [first word {_ms(phrase['first_word_ms'])} ms]", width)
    return "\n".join(lines)


def _heard(entry: Mapping[str, Any]) -> str:
    cut = "  [interrupted]" if entry["interrupted"] else ""
    return f"{entry['heard']}{cut}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _text(label: str, text: str, width: int) -> Iterator[str]:
    indent = " " * (6 + LABEL)
    for number, line in enumerate(wrapped(text, width - len(indent)) or [""]):
        yield f"      {label:<{LABEL}}{line}" if number == 0 else indent + line


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns; a Chinese character takes two and may end a line."""
    lines: list[str] = []
    for part in _words(text):
        if lines and columns(lines[-1] + part) <= width:
            lines[-1] += part
        else:
            lines.append(part.lstrip() if lines else part)
    return lines


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _words(text: str) -> Iterator[str]:
    """What may not be broken: a word of an alphabet with the space after it, or a single wide character."""
    word = ""
    for char in text:
        wide = columns(char) == 2
        if wide and word:
            yield word
            word = ""
        if wide:
            yield char
            continue
        word += char
        if char == " ":
            yield word
            word = ""
    if word:
        yield word
