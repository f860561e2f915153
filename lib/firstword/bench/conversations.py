"""The annotated callers that `firstword bench turns` plays: where they are, and what their files say besides the caller's steps.

A file is a script (`sim.script`) whose steps tell the truth: ``say`` is a turn of the caller, ``backchannel`` and ``noise`` are none, nor
is the echo of his line. Under ``about`` stands the rest:

    about:
      tags: [dictation, en]         # kinds, for --only
      held_out: true                # never tuned on
      greeting: 您好。               # the bot begins with it
      model: [好的。, 再见。]         # what it answers: by the turn, or as the scripted mind of the gateway takes it
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ScriptError
from ..options import did_you_mean
from ..sim.script import Script, load

KNOWN = ("tags", "held_out", "greeting", "model")
PLACES = (
    Path(__file__).parents[3] / "tests" / "conversations",
    Path(sys.prefix) / "share" / "firstword" / "conversations",
)


@dataclass(frozen=True)
class Annotated:
    """One caller, and what is true of him."""

    name: str
    script: Script
    tags: frozenset[str]
    held_out: bool
    greeting: str
    model: Mapping[str, Any]
    """``replies``, ``match``, ``otherwise``, as `gateway.minds` takes them."""

    def answers(self) -> list[str]:
        """Every text that the model may answer."""
        return list(_texts(self.model))


def find() -> Path:
    """Where the set is: in the checkout, or where pip put it. Raises ConfigError."""
    found = next((place for place in PLACES if any(place.glob("*.yaml"))), None)
    if found is None:
        raise ConfigError(
            f"there are no conversations in {' or '.join(map(str, PLACES))}; name their folder with --set"
        )
    return found


def read(folder: Path) -> list[Annotated]:
    """All of a folder, by name.

    Raises:
        ConfigError: there are none.
        ScriptError: one of them is not understood.
    """
    found = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    if not found:
        raise ConfigError(f"there are no conversations (*.yaml) in {folder}")
    return found


def _read(path: Path) -> Annotated:
    script = load(path)
    about = script.about
    for name in about:
        if name not in KNOWN:
            raise ScriptError(f"{path}: unknown setting of about {name!r}{did_you_mean(str(name), KNOWN)}")
    tags, held_out, model = about.get("tags") or [], about.get("held_out", False), about.get("model") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ScriptError(f"{path}: tags takes a list of words, not {tags!r}")
    if not isinstance(held_out, bool):
        raise ScriptError(f"{path}: held_out takes true or false, not {held_out!r}")
    if isinstance(model, list):
        model = {"replies": model}
    if not isinstance(model, dict) or not any(_texts(model)):
        raise ScriptError(f"{path}: model takes a list of replies, or a mapping with replies, match and otherwise")
    return Annotated(path.stem, script, frozenset(tags), held_out, str(about.get("greeting") or ""), model)


def _texts(model: Any) -> Iterator[str]:
    if isinstance(model, str):
        yield model
    elif isinstance(model, dict):
        for name, value in model.items():
            if name not in ("when", "thinking"):
                yield from _texts(value)
    elif isinstance(model, list):
        for value in model:
            yield from _texts(value)
