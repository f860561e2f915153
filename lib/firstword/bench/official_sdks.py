"""Alibaba Cloud's own python SDKs, asked to speak at the local gateway: what ``firstword bench providers`` compares with.

A process of its own, for they leave threads and sockets behind: ``python -m firstword.bench.official_sdks NAME TIMES``, with the gateway's
addresses as JSON on standard input. Prints a JSON list: for each reply its text, and the moment (of the machine's monotonic clock) at
which it was asked for, as a model's first token would ask.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ..clock import SYSTEM

PACKAGES = {"nls tts": "nls", "cosyvoice": "dashscope", "qwen-tts": "dashscope"}
"""Service -> the package its SDK is in."""
NAMES = {"nls": "ali-nls", "dashscope": "dashscope"}
"""Package -> its name in the registry."""


def installed(service: str) -> bool:
    return find_spec(PACKAGES[service]) is not None


def text(number: int) -> str:
    """What reply `number` of an SDK says: told from everything else in the gateway's journal."""
    return f"官方第{number}句。"


def nls_tts(at: Mapping[str, str], say: str) -> None:
    nls: Any = import_module("nls")
    sdk = nls.NlsStreamInputTtsSynthesizer(url=at["ws_url"], token=at["token"], appkey=at["appkey"])
    sdk.startStreamInputTts(voice="longxiaochun", aformat="pcm", sample_rate=8000)
    sdk.sendStreamInputTts(say)
    sdk.stopStreamInputTts()


def cosyvoice(at: Mapping[str, str], say: str) -> None:
    dashscope: Any = import_module("dashscope")
    tts: Any = import_module("dashscope.audio.tts_v2")
    dashscope.api_key = at["api_key"]
    dashscope.base_websocket_api_url = at["inference_url"]
    pcm = tts.AudioFormat.PCM_8000HZ_MONO_16BIT
    sdk = tts.SpeechSynthesizer("cosyvoice-v3-flash", "longanyang", format=pcm, callback=tts.ResultCallback())
    sdk.streaming_call(say)
    sdk.streaming_complete(5_000)


def qwen_tts(at: Mapping[str, str], say: str) -> None:
    dashscope: Any = import_module("dashscope")
    tts: Any = import_module("dashscope.audio.qwen_tts_realtime")
    over = threading.Event()

    def on_event(_: Any, message: Mapping[str, str]) -> None:
        if message.get("type") == "session.finished":
            over.set()

    dashscope.api_key = at["api_key"]
    told = type("Told", (tts.QwenTtsRealtimeCallback,), {"on_event": on_event})()
    sdk = tts.QwenTtsRealtime(model="qwen3-tts-flash-realtime", callback=told, url=at["realtime_url"])
    sdk.connect()
    sdk.update_session(voice="Cherry", mode="server_commit")
    sdk.append_text(say)
    sdk.finish()
    SYSTEM.wait(over, 5)


SPEAK: dict[str, Callable[[Mapping[str, str], str], None]] = {
    "nls tts": nls_tts,
    "cosyvoice": cosyvoice,
    "qwen-tts": qwen_tts,
}


def main(name: str, times: int) -> None:
    at = json.load(sys.stdin)
    speak = SPEAK[name]
    speak(at, "先说一句。")  # what is loaded once does not count
    asked = []
    for number in range(times):
        asked.append((text(number), SYSTEM.now()))
        speak(at, text(number))
    print(json.dumps(asked))
    sys.stdout.flush()
    os._exit(0)  # their threads would keep the process


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
