"""What a recogniser's task asks for, and its results, in the service's own shapes. [pure]

What no source shows: Gummy's translation is the same words behind the language's code, for this gateway translates nothing; the words of a
sentence are its characters, evenly spread over it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..engines import HeardText
from . import wire

MODELS = re.compile(
    r"paraformer-realtime-(8k-)?v[12]|fun-asr-(flash-8k-)?realtime(-[0-9-]+)?|gummy-realtime-v1"
    r"|qwen-audio-[0-9.]+-asr-flash-streaming(-[0-9-]+)?"
)
SILENCE_MS = 1300
"""The service's default of ``max_sentence_silence``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A ``run-task``, checked."""

    model: str
    rate: int
    silence_ms: int
    heartbeat: bool
    transcribes: bool
    translates_to: tuple[str, ...]

    @property
    def gummy(self) -> bool:
        return self.model.startswith("gummy")

    @property
    def takes_context(self) -> bool:
        return self.model.startswith(("fun-asr", "qwen-audio"))

    @property
    def emotional(self) -> bool:
        return self.model == "paraformer-realtime-8k-v2"


def read(payload: Mapping[str, Any]) -> Asked:
    """Raises TaskError for what the service would refuse."""
    model, given = str(payload["model"]), payload.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, dict) else {}
    if not MODELS.fullmatch(model):
        raise wire.no_model(model)
    rate = parameters.get("sample_rate")
    if not isinstance(rate, int) or isinstance(rate, bool):
        raise wire.invalid("Missing required parameter 'sample_rate'! Please follow the protocol!")
    if not _takes(model, rate):
        raise wire.invalid(f"sample_rate {rate} is not supported by {model}!")
    form = parameters.get("format")
    if form != "pcm":
        raise wire.invalid(f"This gateway has pcm, not {str(form)[:20]!r}!")
    silence = parameters.get("max_sentence_silence", SILENCE_MS)
    if not isinstance(silence, int) or not 200 <= silence <= 6000:
        raise wire.invalid("max_sentence_silence must be in [200, 6000]!")
    languages = parameters.get("translation_target_languages")
    translates = parameters.get("translation_enabled") is True and isinstance(languages, list)
    return Asked(
        model,
        rate,
        silence,
        heartbeat=parameters.get("heartbeat") is True,
        transcribes=parameters.get("transcription_enabled", True) is not False,
        translates_to=tuple(str(language) for language in languages or ()) if translates else (),
    )


def _takes(model: str, rate: int) -> bool:
    if "-8k-" in model:
        return rate == 8000
    if model == "paraformer-realtime-v1":
        return rate == 16000
    return rate >= (16000 if model.startswith("gummy") else 8000)


def sentence(asked: Asked, heard: HeardText, index: int, *, heartbeat: bool = False) -> dict[str, Any]:
    """The payload of a result of Paraformer or Fun-ASR."""
    value: dict[str, Any] = {
        "begin_time": round(heard.begin_ms),
        "end_time": round(heard.end_ms) if heard.final else None,
        "text": heard.text,
        "heartbeat": heartbeat,
        "sentence_end": heard.final,
        "words": [{**times, "punctuation": mark} for times, mark in _words(heard)],
    }
    if heard.final and asked.emotional:
        value |= {"emo_tag": "neutral", "emo_confidence": 0.9}
    return {"output": {"sentence": value}, "usage": None}


def gummy(asked: Asked, heard: HeardText, index: int) -> dict[str, Any]:
    """The payload of a result of Gummy's. ``current_time`` stands where there is no ``end_time`` yet: its SDK wants one of them."""
    output: dict[str, Any] = {
        "translations": [
            {**_gummy(heard, index, f"{language}: {heard.text}"), "lang": language} for language in asked.translates_to
        ]
    }
    if asked.transcribes:
        output["transcription"] = _gummy(heard, index, heard.text)
    return {"output": output, "usage": None}


def _gummy(heard: HeardText, index: int, text: str) -> dict[str, Any]:
    end = round(heard.end_ms)
    words = [{**times, "punctuation": mark, "fixed": heard.final, "speaker_id": None} for times, mark in _words(heard)]
    value: dict[str, Any] = {
        "sentence_id": index,
        "begin_time": round(heard.begin_ms),
        "end_time": end if heard.final else None,
        "text": text,
        "words": words,
        "sentence_end": heard.final,
    }
    return value if heard.final else value | {"current_time": end}


def _words(heard: HeardText) -> list[tuple[dict[str, Any], str]]:
    """The characters of a sentence as words, with the marks that follow each."""
    words: list[tuple[dict[str, Any], str]] = []
    each_ms = (heard.end_ms - heard.begin_ms) / max(1, len(heard.text))
    for at, char in enumerate(heard.text):
        if words and not char.isalnum():
            words[-1] = words[-1][0], words[-1][1] + char
            continue
        begin = heard.begin_ms + at * each_ms
        words.append(({"begin_time": round(begin), "end_time": round(begin + each_ms), "text": char}, ""))
    return words
