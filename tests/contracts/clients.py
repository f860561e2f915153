"""Every client there is, as the gateway's guest: how it is made, and whose faults are its service's. For the stories all are held to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firstword.audio import tone
from firstword.gateway.options import LOCAL_API_KEY, LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr, make_llm, make_tts

BOUNDS = {
    "tts": ("connect_ms", "first_audio_ms", "idle_ms"),
    "asr": ("connect_ms", "finish_ms"),
    "llm": ("connect_ms", "first_token_ms", "idle_ms"),
}


@dataclass(frozen=True)
class Client:
    """One client.

    Args:
        does: ``tts``, ``asr`` or ``llm``.
        vendor: whose.
        service: the gateway's name of its service, by which faults are set.
        door: of what stands before that service and refuses connections; that service itself, if it does.
        url: the gateway's attribute that has the address.
        renews: whether a key that is refused may be replaced by the next try: a token.
    """

    does: str
    vendor: str
    service: str
    door: str
    url: str
    renews: bool = False

    @property
    def name(self) -> str:
        """Its errors begin with it; of a model's client, the model's name follows the vendor's."""
        return f"{self.vendor} {self.does}" if self.does != "llm" else self.vendor

    def made(self, gateway: Gateway, bound_ms: int = 250, **values: str) -> Callable[[], Any]:
        """What makes it, with such bounds; 0: with its own."""
        key = {"api_key": LOCAL_API_KEY}
        if self.vendor == "aliyun":
            key = {
                "token_url": gateway.token_url,
                "appkey": LOCAL_APPKEY,
                "access_key_id": LOCAL_KEY_ID,
                "access_key_secret": LOCAL_KEY_SECRET,
            }
        address = "base_url" if self.vendor == "openai" else "url"
        bounds = dict.fromkeys(BOUNDS[self.does], str(bound_ms)) if bound_ms else {}
        settings = {address: getattr(gateway, self.url), **key, **bounds, **values}
        make = {"tts": make_tts, "asr": make_asr, "llm": make_llm}[self.does]
        return lambda: make(self.vendor, settings, "test")


CLIENTS = {
    "aliyun tts": Client("tts", "aliyun", "tts", "tts", "tts_url", renews=True),
    "aliyun asr": Client("asr", "aliyun", "asr", "asr", "asr_url", renews=True),
    "cosyvoice": Client("tts", "cosyvoice", "cosyvoice", "dashscope", "inference_url"),
    "paraformer": Client("asr", "dashscope", "paraformer", "dashscope", "inference_url"),
    "qwen tts": Client("tts", "qwen", "qwen-tts", "qwen-tts", "realtime_url"),
    "qwen asr": Client("asr", "qwen", "qwen-asr", "qwen-asr", "realtime_url"),
    "chat": Client("llm", "openai", "llm", "llm", "chat_url"),
    "generation": Client("llm", "dashscope", "generation", "generation", "dashscope_url"),
}


def work(handle: Any) -> None:
    """Some work for whatever it is, to its end; a model has it already."""
    if hasattr(handle, "say"):
        handle.say("您好。")
    elif hasattr(handle, "feed"):
        handle.feed(tone.speak("您好。", 8000))
    else:
        return
    handle.finish()
