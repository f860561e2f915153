"""What DashScope's recognisers say in a ``result-generated``. [pure]

Sources: Alibaba's pages of Paraformer's, Fun-ASR's and Gummy's events, and its SDK. They differ in what makes a result final: the pages
say ``sentence_end``, and show one with ``end_time`` null; the SDK asks whether there is an ``end_time``. Here either will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .wire import Malformed, mapping


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is understood of a sentence so far, or, if it is `final`, all of it. Milliseconds of the audio the service got."""

    text: str
    begin_ms: int
    end_ms: int
    final: bool
    translations: tuple[tuple[str, str], ...] = ()
    """Language and text; Gummy only."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """A heartbeat, or a result without words."""


Result = Sentence | Nothing | Malformed


def parse(output: Mapping[str, Any]) -> Result:
    """The ``output`` of a result. Never raises."""
    try:
        if "transcription" in output or "translations" in output:
            return _gummy(output)
        return _sentence(mapping(output.get("sentence")), ())
    except (TypeError, ValueError, OverflowError):
        return Malformed("a result holds a value of the wrong kind")


def _gummy(output: Mapping[str, Any]) -> Result:
    translations = output.get("translations") or ()
    if not isinstance(translations, list | tuple):
        raise TypeError("translations")
    told = tuple(
        (item["lang"], _text(item, "text"))
        for item in translations
        if isinstance(item, dict) and isinstance(item.get("lang"), str) and _text(item, "text")
    )
    return _sentence(mapping(output.get("transcription")), told)


def _sentence(sentence: Mapping[str, Any], translations: tuple[tuple[str, str], ...]) -> Result:
    text = _text(sentence, "text")
    if sentence.get("heartbeat") is True or not text:
        return Nothing()
    begin, end = _int(sentence, "begin_time") or 0, _int(sentence, "end_time")
    final = sentence.get("sentence_end") is True or end is not None
    if end is None:
        end = _int(sentence, "current_time")
    if end is None:
        end = _last_word(sentence)
    return Sentence(text, begin, max(begin, end or 0), final, translations)


def _last_word(sentence: Mapping[str, Any]) -> int | None:
    words = sentence.get("words")
    if not isinstance(words, list) or not words:
        return None
    return _int(mapping(words[-1]), "end_time")


def _int(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    return None if value is None else int(value)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(key)
    return value or ""
