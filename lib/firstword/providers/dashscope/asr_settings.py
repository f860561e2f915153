"""The settings of DashScope's recognisers, and what of them each model takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import ConfigError
from ...options import option
from .account import AccessSettings


@dataclass(frozen=True)
class RecognitionSettings(AccessSettings):
    """Paraformer, Fun-ASR or Gummy, by `model`; the 8k models are made for the telephone."""

    model: str = option(
        "paraformer-realtime-8k-v2",
        help="paraformer-realtime-8k-v2, paraformer-realtime-v2, fun-asr-flash-8k-realtime, fun-asr-realtime, gummy-realtime-v1, "
        "or a dated version of one",
    )
    sample_rate: int = option(
        8000, help="Hz; the 8k models take 8000, gummy 16000 and more, the others any", low=8000, high=48000
    )
    max_sentence_silence: int = option(
        800, help="silence that ends a sentence, ms of audio; not Gummy", low=200, high=6000
    )
    semantic: bool = option(
        False, help="end sentences by their meaning instead of by a silence; answers come later; not Gummy"
    )
    multi_threshold: bool = option(False, help="end a long sentence at a shorter silence; not Gummy")
    punctuation: bool = option(True, help="put punctuation into the text; not Gummy, which always does")
    itn: bool = option(True, help="write numbers as digits; not Gummy")
    heartbeat: bool = option(
        True,
        help="keep the task through more than 60 s of silence, after which the service ends it otherwise; not Gummy",
    )
    disfluency: bool = option(False, help="leave out 嗯 and repetitions; Paraformer only")
    language_hints: tuple[str, ...] = option(
        (), help="languages to expect, split at |, such as zh|en; Fun-ASR reads the first only; not Gummy"
    )
    vocabulary_id: str = option("", help="a list of hot words, by its id")
    special_word_filter: str = option(
        "", help="words that are left out or replaced, as the documentation's JSON object; not Gummy"
    )
    speech_noise_threshold: float | None = option(
        None,
        help="towards 1 more is taken for noise, towards -1 more for speech; not sent unless set; Fun-ASR only",
        low=-1,
        high=1,
    )
    context: tuple[str, ...] = option((), help="what the calls are about, split at |; Fun-ASR only")
    source_language: str = option("", help="the caller's language; empty: found out; Gummy only")
    translate_to: tuple[str, ...] = option((), help="languages to translate to, split at |; Gummy only")
    send_ms: int = option(
        100,
        help="audio is sent in messages of so many ms while the caller makes sounds; of 200 in silence, which the first sound ends",
        low=10,
        high=500,
    )
    finish_ms: int = option(
        5000, help="how long the service may take for the rest after the audio's end, ms", low=100, high=60_000
    )
    spares: int = option(
        1,
        help="connected spares while there are calls, at most: for a recogniser that is begun again, and for the next call; 0 for none",
        low=0,
        high=64,
    )


def family(model: str) -> str:
    """``paraformer``, ``fun-asr`` or ``gummy``; "" for one that is not known here, which is refused nothing."""
    for name in ("paraformer", "fun-asr", "gummy"):
        if model.startswith(name):
            return name
    return ""


_ONLY: tuple[tuple[str, str, Callable[[RecognitionSettings], bool]], ...] = (
    ("disfluency", "paraformer", lambda s: s.disfluency),
    ("speech_noise_threshold", "fun-asr", lambda s: s.speech_noise_threshold is not None),
    ("context", "fun-asr", lambda s: bool(s.context)),
    ("source_language", "gummy", lambda s: bool(s.source_language)),
    ("translate_to", "gummy", lambda s: bool(s.translate_to)),
)
_NOT_GUMMY: tuple[tuple[str, Callable[[RecognitionSettings], bool]], ...] = (
    ("semantic", lambda s: s.semantic),
    ("multi_threshold", lambda s: s.multi_threshold),
    ("language_hints", lambda s: bool(s.language_hints)),
    ("special_word_filter", lambda s: bool(s.special_word_filter)),
    ("punctuation", lambda s: not s.punctuation),
    ("itn", lambda s: not s.itn),
)


def check(settings: RecognitionSettings, where: str) -> None:
    """Refuse what the model has not: when the configuration is read, not in a call. Raises ConfigError."""
    model, rate, kind = settings.model, settings.sample_rate, family(settings.model)
    if "-8k-" in model and rate != 8000:
        raise ConfigError(f"{where}: {model} takes sample_rate 8000, not {rate}")
    if model == "paraformer-realtime-v1" and rate != 16000:
        raise ConfigError(f"{where}: {model} takes sample_rate 16000, not {rate}")
    if kind == "gummy" and rate < 16000:
        raise ConfigError(f"{where}: {model} takes sample_rate 16000 or more, not {rate}")
    for name, only, wanted in _ONLY:
        if kind not in ("", only) and wanted(settings):
            raise ConfigError(f"{where}: {name} is for {only} models, not for {model}")
    for name, wanted in _NOT_GUMMY:
        if kind == "gummy" and wanted(settings):
            raise ConfigError(f"{where}: {name} is not for {model}, which takes no such setting")
    if settings.special_word_filter:
        try:
            sound = isinstance(json.loads(settings.special_word_filter), dict)
        except (ValueError, RecursionError):
            sound = False
        if not sound:
            raise ConfigError(f"{where}: special_word_filter takes a JSON object")


def parameters(settings: RecognitionSettings) -> dict[str, Any]:
    """What ``run-task`` asks for: what differs from the service's defaults, and those that matter aloud."""
    asked: dict[str, Any] = {"format": "pcm", "sample_rate": settings.sample_rate}
    if settings.vocabulary_id:
        asked["vocabulary_id"] = settings.vocabulary_id
    return asked | (_gummy(settings) if family(settings.model) == "gummy" else _others(settings))


def context(settings: RecognitionSettings) -> Mapping[str, Any]:
    """The ``input`` of the ``continue-task`` that tells what the calls are about; {} if there is nothing to tell."""
    turns = [{"role": "user", "content": [{"type": "input_text", "text": text}]} for text in settings.context]
    return {"context": turns} if turns else {}


def _gummy(settings: RecognitionSettings) -> dict[str, Any]:
    asked: dict[str, Any] = {"transcription_enabled": True, "translation_enabled": bool(settings.translate_to)}
    if settings.source_language:
        asked["source_language"] = settings.source_language
    if settings.translate_to:
        asked["translation_target_languages"] = list(settings.translate_to)
    return asked


def _others(settings: RecognitionSettings) -> dict[str, Any]:
    asked: dict[str, Any] = {"heartbeat": settings.heartbeat, "semantic_punctuation_enabled": settings.semantic}
    if not settings.semantic:  # by meaning, no silence counts
        asked["max_sentence_silence"] = settings.max_sentence_silence
    wanted = {
        "multi_threshold_mode_enabled": settings.multi_threshold,
        "disfluency_removal_enabled": settings.disfluency,
        "language_hints": list(settings.language_hints),
        "special_word_filter": settings.special_word_filter,  # a text that holds JSON, unlike NLS's
    }
    asked |= {name: value for name, value in wanted.items() if value}
    for name, value in (
        ("punctuation_prediction_enabled", settings.punctuation),
        ("inverse_text_normalization_enabled", settings.itn),
    ):
        if not value:  # both are on unless they are switched off
            asked[name] = False
    if settings.speech_noise_threshold is not None:
        asked["speech_noise_threshold"] = settings.speech_noise_threshold
    return asked
