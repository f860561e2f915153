"""The services that a gateway offers, as entries of a table: a vendor's more is a line more, and is played by the tests of fallbacks.

Without spares: a fault befalls a connection when it is made, and is to befall the one that a test means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from firstword.gateway.server import Gateway


@dataclass(frozen=True)
class Vendor:
    """A service of a gateway. `fault` is what its faults are called there."""

    vendor: str
    kind: str
    fault: str
    settings: Callable[[Gateway], Mapping[str, object]]
    marks: bool = True
    """Of a synthesiser: whether it says where each character stands. If not, its pace is to be known before it is broken off."""
    door: str = ""
    """What the faults of its upgrade are called, if otherwise."""


def nls(gateway: Gateway, url: str, **settings: object) -> dict[str, object]:
    names = ("token_url", "appkey", "access_key_id", "access_key_secret")
    return {"url": url, "spares": 0, **{name: getattr(gateway, name) for name in names}, **settings}


def task(gateway: Gateway, **settings: object) -> dict[str, object]:
    return {"url": gateway.inference_url, "spares": 0, "api_key": gateway.api_key, **settings}


def realtime(gateway: Gateway, **settings: object) -> dict[str, object]:
    return {"url": gateway.realtime_url, "spares": 0, "api_key": gateway.api_key, **settings}


VENDORS = {
    "nls tts": Vendor("aliyun", "tts", "tts", lambda gateway: nls(gateway, gateway.tts_url)),
    "nls tts, 24 kHz": Vendor("aliyun", "tts", "tts", lambda gateway: nls(gateway, gateway.tts_url, sample_rate=24000)),
    "nls tts, no marks": Vendor(
        "aliyun", "tts", "tts", lambda gateway: nls(gateway, gateway.tts_url, subtitle="false"), marks=False
    ),
    "nls asr": Vendor("aliyun", "asr", "asr", lambda gateway: nls(gateway, gateway.asr_url, max_sentence_silence=350)),
    "nls asr, 16 kHz": Vendor(
        "aliyun",
        "asr",
        "asr",
        lambda gateway: nls(gateway, gateway.asr_url, max_sentence_silence=350, sample_rate=16000),
    ),
    "cosyvoice": Vendor("cosyvoice", "tts", "cosyvoice", task, marks=False, door="dashscope"),
    "cosyvoice, words": Vendor(
        "cosyvoice", "tts", "cosyvoice", lambda gateway: task(gateway, word_timestamp_enabled="true"), door="dashscope"
    ),
    "qwen tts": Vendor("qwen", "tts", "qwen-tts", lambda gateway: realtime(gateway, sample_rate=24000), marks=False),
    "qwen tts, no marks": Vendor(
        "qwen", "tts", "qwen-tts", lambda gateway: realtime(gateway, mode="server_commit"), marks=False
    ),
    "qwen asr": Vendor("qwen", "asr", "qwen-asr", lambda gateway: realtime(gateway, silence_duration_ms=350)),
    "paraformer": Vendor(
        "dashscope", "asr", "paraformer", lambda gateway: task(gateway, max_sentence_silence=350), door="dashscope"
    ),
    "generation": Vendor(
        "dashscope",
        "llm",
        "generation",
        lambda gateway: {"url": gateway.dashscope_url, "api_key": gateway.api_key},
    ),
    "openai": Vendor(
        "openai", "llm", "llm", lambda gateway: {"base_url": gateway.chat_url, "api_key": gateway.api_key}
    ),
}
