"""Whether what the caller heard is what was said: the tone voice, read back at the caller's end, against the call record. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..audio.tone import DAMAGED
from ..text.atom import Atom
from ..text.reader import phrase
from ..text.reading import Reading

AS_WRITTEN = Reading(reading=False)


def by_ear(record: Mapping[str, Any], heard: str, reading: Reading = AS_WRITTEN) -> str:
    """Give each turn and phrase of `record` that became audible its ``ear``: the text the ear understood there.

    A reply that was not interrupted must have been heard to the character. One that was: within one character of what the record says,
    and the character in which it was cut off may be damaged. The record holds what the model wrote, the ear what was spoken of it: a word
    of which a part was heard is not in the record.

    Args:
        record: a call record, changed in place.
        heard: everything the ear understood in the call, in order.
        reading: how the call's profile has text spoken.

    Returns:
        Where the two part, in one line, or "".
    """
    entries = _in_order(record)
    patterns = [_pattern(entry, reading) for _, entry in entries]
    known = len(patterns)
    while (found := re.match("".join(f"({pattern})" for pattern in patterns[:known]), heard, re.DOTALL)) is None:
        known -= 1
    for (_, entry), text in zip(entries, found.groups(), strict=False):
        entry["ear"] = text.rstrip(DAMAGED)
    rest = heard[found.end() :]
    if known < len(entries):
        name, entry = entries[known]
        entry["ear"] = rest
        return f"{name}: {_said(entry)!r} was said and {entry['heard']!r} recorded as heard, but the ear goes on with {rest[:60]!r}"
    return f"after everything that was said the ear also heard {rest[:60]!r}" if rest else ""


def _in_order(record: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Turns and phrases in the order in which they became audible."""
    turns = [(f"turn {turn['n']}", turn, turn["ms"]["first_word"]) for turn in record["turns"]]
    phrases = [(f"phrase {n}", phrase, phrase["first_word_ms"]) for n, phrase in enumerate(record["phrases"], 1)]
    audible = [(entry["at_ms"] + first, name, entry) for name, entry, first in turns + phrases if first is not None]
    return [(name, entry) for _, name, entry in sorted(audible, key=lambda one: one[0])]


def _pattern(entry: Mapping[str, Any], reading: Reading) -> str:
    said, atoms = phrase(_said(entry), reading)
    if not entry["interrupted"]:
        return re.escape(said)
    size, begun = _recorded(atoms, len(entry["heard"]))
    ends = [said[:end] for end in range(min(begun, len(said)), max(size - 2, -1), -1)]
    return f"(?:{'|'.join(map(re.escape, ends))}){DAMAGED}?"


def _recorded(atoms: list[Atom], source: int) -> tuple[int, int]:
    """How much is spoken of the first `source` characters; and how much at most where one more has begun."""
    size = 0
    for atom in atoms:
        if source < atom.source or (source <= 0 and atom.text):
            return size, size + max(1, len(atom.text))
        source -= atom.source
        size += len(atom.text)
    return size, size


def _said(entry: Mapping[str, Any]) -> str:
    return str(entry["reply"] if "reply" in entry else entry["text"])
