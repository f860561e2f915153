"""What CosyVoice says inside ``output``. [pure]

The pages: ``type`` is sentence-begin, sentence-synthesis or sentence-end; ``original_text`` is the sentence as it was given; one binary
message of audio follows each sentence-synthesis; ``sentence.words`` come with sentence-end where they were asked for (an older edition of
the pages: with ``task-finished``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .wire import mapping


@dataclass(frozen=True, slots=True)
class Word:
    """Some characters and when they are spoken. Whether milliseconds count from the sentence or from the task is not documented;
    `cosyvoice_marks` finds out."""

    text: str
    begin_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class SentenceBegan:
    """What follows is the audio of another sentence."""


@dataclass(frozen=True, slots=True)
class SentenceEnded:
    text: str
    """"" where the service does not say it."""
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """sentence-synthesis, which only announces audio, or something not needed."""


Result = SentenceBegan | SentenceEnded | Other


def parse(output: Mapping[str, Any]) -> Result:
    """The output of a ``result-generated``. Never raises; words that make no sense are left out."""
    match output.get("type"):
        case "sentence-begin":
            return SentenceBegan()
        case "sentence-end":
            text = output.get("original_text")
            return SentenceEnded(text if isinstance(text, str) else "", words(output))
        case _:
            return Other()


def words(output: Mapping[str, Any]) -> tuple[Word, ...]:
    """Also of a ``task-finished``."""
    items = mapping(output.get("sentence")).get("words")
    return tuple(word for item in items if (word := _word(item))) if isinstance(items, list) else ()


def _word(item: Any) -> Word | None:
    if not isinstance(item, dict):
        return None
    text, begin, end = item.get("text"), _ms(item.get("begin_time")), _ms(item.get("end_time"))
    if not isinstance(text, str) or not text or begin is None or end is None or end < begin:
        return None
    return Word(text, begin, end)


def _ms(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if good else None
