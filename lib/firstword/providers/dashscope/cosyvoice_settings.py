"""What an operator may say about CosyVoice, and what becomes of it in ``run-task``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ...errors import ConfigError
from ...options import did_you_mean, option
from .account import AccessSettings

RATES = (8000, 16000, 22050, 24000, 44100, 48000)
MODELS = (
    "cosyvoice-v1",
    "cosyvoice-v2",
    "cosyvoice-v3-flash",
    "cosyvoice-v3-plus",
    "cosyvoice-v3.5-flash",
    "cosyvoice-v3.5-plus",
    "qwen-audio-3.0-tts-flash",
)
"""Those of the pages. Another of the same families is let through: the service knows best what it has."""
FAMILIES = ("cosyvoice-", "qwen-audio-")
HOT_FIXES = ("pronunciation", "replace")


@dataclass(frozen=True)
class CosyVoiceSettings(AccessSettings):
    """Alibaba Cloud CosyVoice and qwen-audio synthesis on DashScope."""

    model: str = option("cosyvoice-v3-flash", help="cosyvoice-v1 v2 v3-flash v3-plus v3.5-..., qwen-audio-3.0-tts-...")
    voice: str = option("longanyang", help="a voice of this very model, in the console's list or cloned for it")
    sample_rate: int = option(8000, help="Hz; 8000 16000 22050 24000 44100 or 48000", low=8000, high=48000)
    volume: int = option(50, help="loudness", low=0, high=100)
    rate: float = option(1.0, help="speed", low=0.5, high=2.0)
    pitch: float = option(1.0, help="pitch", low=0.5, high=2.0)
    seed: int = option(0, help="the same text sounds the same with the same seed; not cosyvoice-v1", low=0, high=65535)
    language_hints: str = option(
        "", help="the language of the text, such as zh or en; the service reads one only; empty: it finds out"
    )
    instruction: str = option("", help="how to speak, such as 请用广东话表达。; as the voice allows")
    word_timestamp_enabled: bool = option(
        False,
        help="ask when each word is spoken, so that the record tells exactly what was heard inside a clause; as the voice allows",
    )
    hot_fix: str = option(
        "",
        help='JSON of words to say otherwise: {"pronunciation": [{"天气": "tian1 qi4"}], "replace": [{"CEO": "总裁"}]}; '
        "not cosyvoice-v1, v2, qwen-audio",
    )
    enable_ssml: bool = option(
        False,
        help="texts may hold SSML; a reply is then spoken only when it is complete, for the service takes one message",
    )
    enable_markdown_filter: bool = option(
        False, help="have the service leave Markdown out; cloned voices of cosyvoice-v3-flash only"
    )
    flush: bool = option(
        True,
        help="ask for speech at once where a sentence is not finished (known from the SDK only; given up if refused)",
    )
    first_audio_ms: int = option(
        5000, help="from text that must be spoken to its first audio, ms", low=100, high=60_000
    )
    idle_ms: int = option(
        8000, help="silence of the service while it owes the rest of the audio, ms", low=100, high=60_000
    )
    spares: int = option(
        8,
        help="connected spares while there are calls, at most: a reply then waits for no handshake; one call has one; 0 for none",
        low=0,
        high=64,
    )


def check(settings: CosyVoiceSettings, where: str) -> None:
    """Raises ConfigError for what the pages say the service would refuse."""
    model = settings.model
    if not model.startswith(FAMILIES):
        raise ConfigError(f"{where}: no model {model!r}{did_you_mean(model, MODELS)}; known: {', '.join(MODELS)}")
    if settings.sample_rate not in RATES:
        raise ConfigError(f"{where}: sample_rate takes one of {', '.join(map(str, RATES))}, not {settings.sample_rate}")
    if settings.seed and model == "cosyvoice-v1":
        raise ConfigError(f"{where}: seed does not work with cosyvoice-v1")
    if settings.hot_fix and not takes_hot_fix(model):
        raise ConfigError(f"{where}: hot_fix does not work with {model}")
    if settings.enable_markdown_filter and model != "cosyvoice-v3-flash":
        raise ConfigError(f"{where}: enable_markdown_filter works with cosyvoice-v3-flash only, not {model}")
    if not settings.voice:
        raise ConfigError(f"{where}: voice is missing")
    hot_fix(settings.hot_fix, where)


def takes_hot_fix(model: str) -> bool:
    """Whether it takes the syllables of single words."""
    return model not in ("cosyvoice-v1", "cosyvoice-v2") and not model.startswith("qwen-audio-")


def hot_fix(text: str, where: str) -> dict[str, list[dict[str, str]]]:
    """The setting as the service wants it, {} for an empty one. Raises ConfigError."""
    if not text:
        return {}
    try:
        made = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: hot_fix is no JSON: {error}") from None
    if not isinstance(made, dict) or not made:
        raise ConfigError(f'{where}: hot_fix must be like {{"pronunciation": [{{"天气": "tian1 qi4"}}]}}')
    for key, pairs in made.items():
        if key not in HOT_FIXES:
            raise ConfigError(
                f"{where}: hot_fix has no {key!r}{did_you_mean(key, HOT_FIXES)}; known: pronunciation, replace"
            )
        if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
            raise ConfigError(f'{where}: hot_fix {key} must be a list of pairs such as {{"天气": "tian1 qi4"}}')
    return made


def parameters(settings: CosyVoiceSettings) -> dict[str, Any]:
    """What ``run-task`` says. What is not asked for is left out: not every model knows every name."""
    made: dict[str, Any] = {
        "text_type": "PlainText",
        "voice": settings.voice,
        "format": "pcm",
        "sample_rate": settings.sample_rate,
        "volume": settings.volume,
        "rate": settings.rate,
        "pitch": settings.pitch,
    }
    asked: dict[str, Any] = {
        "seed": settings.seed,
        "language_hints": [settings.language_hints] if settings.language_hints else [],
        "instruction": settings.instruction,
        "word_timestamp_enabled": settings.word_timestamp_enabled,
        "hot_fix": hot_fix(settings.hot_fix, "hot_fix"),
        "enable_ssml": settings.enable_ssml,
        "enable_markdown_filter": settings.enable_markdown_filter,
    }
    return made | {name: value for name, value in asked.items() if value}


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, dict) and len(pair) == 1 and all(a and isinstance(b, str) and b for a, b in pair.items())
