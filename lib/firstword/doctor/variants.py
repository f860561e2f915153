"""The services that are worth a try: for each vendor of the registry what it is usually asked for. One line each. [pure]"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..providers import registry

SHANGHAI = "wss://nls-gateway-cn-shanghai.aliyuncs.com/ws/v1"
"""Where the classic voices of NLS speak."""


@dataclass(frozen=True)
class Variant:
    """One service: a vendor, and those of its settings that make it this one."""

    kind: registry.Kind
    vendor: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        chosen = [value for name, value in self.values.items() if name in ("model", "voice")]
        options = [name.replace("_", "-") for name, value in self.values.items() if value == "true"]
        return " ".join((self.kind, self.vendor, *chosen, *options))


VARIANTS: tuple[Variant, ...] = (
    # The synthesisers first: what they say is what the recognisers hear.
    Variant("tts", "aliyun", {"voice": "longxiaochun"}),
    Variant("tts", "aliyun", {"voice": "xiaoyun", "url": SHANGHAI}),
    Variant("tts", "aliyun", {"voice": "aixia", "url": SHANGHAI, "whole_text": "true"}),
    Variant("tts", "cosyvoice", {"model": "cosyvoice-v3-flash", "voice": "longanyang"}),
    Variant("tts", "cosyvoice", {"model": "cosyvoice-v2", "voice": "longxiaochun_v2"}),
    Variant("tts", "qwen", {"model": "qwen3-tts-flash-realtime", "voice": "Cherry"}),
    Variant("asr", "aliyun"),
    Variant("asr", "dashscope", {"model": "paraformer-realtime-8k-v2"}),
    Variant("asr", "dashscope", {"model": "paraformer-realtime-v2"}),
    Variant("asr", "dashscope", {"model": "fun-asr-flash-8k-realtime"}),
    Variant("asr", "dashscope", {"model": "fun-asr-realtime"}),
    Variant("asr", "dashscope", {"model": "gummy-realtime-v1", "sample_rate": "16000"}),
    Variant("asr", "qwen", {"model": "qwen3-asr-flash-realtime"}),
    Variant("llm", "openai", {"model": "qwen-plus", "enable_thinking": "false"}),
    Variant("llm", "dashscope", {"model": "qwen-plus"}),
)


def missing_keys(variant: Variant, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The names of the environment's variables that it needs and that are not set."""
    return [name for name in _keys(variant).values() if not environment.get(name)]


def at_gateway(variant: Variant, url: str, keys: Mapping[str, str]) -> Variant:
    """The same, asked of a local gateway.

    Args:
        url: the gateway's, such as ``http://127.0.0.1:8190``.
        keys: what it takes, by the names of the variables that the real ones would come from (`gateway_keys`).
    """
    place = urlsplit(url)
    values = dict(variant.values)
    for name, default in _addresses(variant).items():
        real = urlsplit(values.get(name, default))
        plain = "ws" if real.scheme.startswith("ws") else "http"
        scheme = f"{plain}s" if place.scheme == "https" else plain
        values[name] = f"{scheme}://{place.netloc}{real.path}"
    for name, variable in _keys(variant).items():
        values[name] = keys[variable]
    if place.hostname:
        values["allowed_hosts"] = place.hostname  # whoever names it here means it
    return dataclasses.replace(variant, values=values)


def _keys(variant: Variant) -> dict[str, str]:
    """Setting -> the variable that it comes from, of those secrets that are needed."""
    fields = dataclasses.fields(registry.settings_class(variant.kind, variant.vendor))
    secret = {field.name: str(field.default) for field in fields if field.metadata["secret"]}
    return {name: text.removeprefix("env:") for name, text in secret.items() if text.startswith("env:")}


def _addresses(variant: Variant) -> dict[str, str]:
    fields = dataclasses.fields(registry.settings_class(variant.kind, variant.vendor))
    return {field.name: str(field.default) for field in fields if field.metadata["schemes"]}
