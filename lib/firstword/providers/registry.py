"""From a vendor's name and strings to a service. The vendor's module is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, cast

from ..clock import SYSTEM, Clock
from ..errors import ConfigError
from ..net import allowed
from ..net.failures import Row
from ..options import bind, did_you_mean
from ..speech.asr import Recogniser
from ..speech.llm import Model
from ..speech.tts import Synthesiser

Kind = Literal["asr", "llm", "tts"]

VENDORS: dict[Kind, dict[str, tuple[str, str]]] = {
    "asr": {
        "aliyun": (".aliyun.asr", "TranscriberSettings"),
        "dashscope": (".dashscope.asr", "RecognitionSettings"),
        "qwen": (".dashscope.qwen_asr", "RecogniserSettings"),
    },
    "llm": {
        "openai": (".openai.chat", "ChatSettings"),
        "dashscope": (".dashscope.generation", "GenerationSettings"),
    },
    "tts": {
        "aliyun": (".aliyun.tts", "SynthesiserSettings"),
        "cosyvoice": (".dashscope.cosyvoice", "CosyVoiceSettings"),
        "qwen": (".dashscope.qwen_tts", "SynthesiserSettings"),
    },
}
"""Kind -> vendor -> module (which has a ``make``; as seen from here, for the library may be imported under another name) and settings
class. A vendor of somebody else's is one line more."""

FAILURES = {
    "Aliyun NLS": ".aliyun.status",
    "DashScope": ".dashscope.status",
    "Chat completions": ".openai.status",
}
"""Whose failures -> the module that says what they mean (which has ``rows``)."""


def make_asr(vendor: str, values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> Recogniser:
    """A recogniser from settings as they stand in the file; `where` names the place in errors. Raises ConfigError."""
    return cast(Recogniser, _make("asr", vendor, values, where, clock))


def make_llm(vendor: str, values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> Model:
    """A language model; see `make_asr`."""
    return cast(Model, _make("llm", vendor, values, where, clock))


def make_tts(vendor: str, values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> Synthesiser:
    """A synthesiser; see `make_asr`."""
    return cast(Synthesiser, _make("tts", vendor, values, where, clock))


def known() -> list[tuple[Kind, str]]:
    """Every kind and vendor there is."""
    return [(kind, vendor) for kind, vendors in VENDORS.items() for vendor in vendors]


def check(kind: Kind, vendor: str, values: Mapping[str, str], where: str) -> None:
    """Whether a service could be made of this, its secrets aside: they may come later. Raises ConfigError, also for an address that its
    keys may not be sent to."""
    _known(kind, vendor, where)
    allowed.check(bind(settings_class(kind, vendor), values, where, secrets=False), where)


def settings_class(kind: Kind, vendor: str) -> type[Any]:
    """The dataclass of a vendor's settings, made of `options.option`: for the reference in the documentation. Raises ConfigError."""
    module, name = _known(kind, vendor, kind)
    return cast("type[Any]", getattr(import_module(module, __package__), name))


def failures(title: str) -> list[Row]:
    """One of `FAILURES` as a table, for the documentation."""
    return list(import_module(FAILURES[title], __package__).rows())


def _make(kind: Kind, vendor: str, values: Mapping[str, str], where: str, clock: Clock) -> object:
    module, _ = _known(kind, vendor, where)
    check(kind, vendor, values, where)  # here, where no vendor can forget it: no key leaves for where it may not go
    return import_module(module, __package__).make(values, where, clock)


def _known(kind: Kind, vendor: str, where: str) -> tuple[str, str]:
    vendors = VENDORS[kind]
    if vendor not in vendors:
        raise ConfigError(
            f"{where}: no vendor {vendor!r} for {kind}{did_you_mean(vendor, vendors)}; known: {', '.join(sorted(vendors))}"
        )
    return vendors[vendor]
