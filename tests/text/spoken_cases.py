"""Where the cases of what is said are, and a reader of whole texts."""

from __future__ import annotations

import os
from pathlib import Path

from firstword.text.atom import Atom, plain, spoken
from firstword.text.reading import Reading
from firstword.text.spoken import Words

OURS = Path(__file__).parent.parent / "data" / "spoken"
CHECKOUT = Path(__file__).parents[2]


def outside() -> Path | None:
    """The folder of the cases from outside: in FIRSTWORD_SHARED, or beside the checkout; None if they are not there."""
    places = [Path(os.environ["FIRSTWORD_SHARED"])] if "FIRSTWORD_SHARED" in os.environ else []
    places += [folder / "shared" for folder in list(CHECKOUT.parents)[:2]]
    return next((place / "data" / "spoken" for place in places if (place / "data" / "spoken").is_dir()), None)


def atoms(text: str) -> list[Atom]:
    return [plain(character) for character in text]


def say(text: str, language: str = "zh", **settings: object) -> str:
    """What is said for a whole text."""
    words = Words(Reading(language=language, **settings))  # type: ignore[arg-type]
    return spoken(words.feed(atoms(text)) + words.finish())
