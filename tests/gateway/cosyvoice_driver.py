"""Runs the official DashScope SDK's synthesiser through what it can do against a gateway, and prints what it was told as JSON.

A process of its own: the SDK's pool leaves threads, and its other modules bring warnings. Usage: ``cosyvoice_driver.py FILE GOT``, where
FILE is what ``firstword gateway --json`` writes. Not a test.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import dashscope
from dashscope.audio.tts_v2 import AudioFormat, ResultCallback, SpeechSynthesizer, SpeechSynthesizerObjectPool

from firstword.audio import tone

PIECES = ("您好，这里是", "云呼叫中心，", "请问有什么可以帮您？", "再见")
PCM = AudioFormat.PCM_8000HZ_MONO_16BIT
MODEL, VOICE = "cosyvoice-v3-flash", "longanyang"


class Told(ResultCallback):  # type: ignore[misc]
    """Every callback of the SDK, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.outputs: list[Any] = []
        self.pcm = b""
        self.spoke = threading.Event()

    def on_open(self) -> None:
        self.names.append("open")

    def on_complete(self) -> None:
        self.names.append("complete")

    def on_error(self, message: Any) -> None:
        self.names.append("error")
        self.outputs.append(json.loads(message))

    def on_close(self) -> None:
        self.names.append("close")

    def on_event(self, message: str) -> None:
        self.outputs.append(json.loads(message)["payload"])

    def on_data(self, data: bytes) -> None:
        self.pcm += data
        self.spoke.set()

    def value(self) -> dict[str, Any]:
        return {"names": self.names, "outputs": self.outputs, "heard": tone.hear(self.pcm, 8000)}


def synthesizer(told: Told | None, model: str = MODEL, voice: str = VOICE, **other: Any) -> Any:
    return SpeechSynthesizer(model=model, voice=voice, format=other.pop("format", PCM), callback=told, **other)


def streaming(made: Any, told: Told) -> dict[str, Any]:
    for piece in PIECES:
        made.streaming_call(piece)
    made.streaming_complete(10_000)
    return told.value()


def flush() -> dict[str, Any]:
    told = Told()
    made = synthesizer(
        told, additional_params={"word_timestamp_enabled": True}, instruction="请用广东话表达。", language_hints=["zh"]
    )
    made.streaming_call("尾巴")
    before = told.spoke.is_set()
    made.streaming_flush()
    flushed = told.spoke.wait(5)
    made.streaming_complete(10_000)
    return {**told.value(), "before": before, "flushed": flushed}


def cancel() -> dict[str, Any]:
    told = Told()
    made = synthesizer(told)
    made.streaming_call("您好，" * 50)
    told.spoke.wait(5)
    made.streaming_cancel(5_000)
    return told.value()


def failed(**settings: Any) -> str:
    try:
        synthesizer(None, **settings).call("您好。", 5_000)
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the answer
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def failed_with_a_callback() -> dict[str, Any]:
    told = Told()
    made = synthesizer(told, voice="longxiaochun_v2")
    try:
        made.streaming_call("您好。")
        made.streaming_complete(5_000)
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the answer
        told.names.append(type(error).__name__)
    return told.value()


def twice_on_one_connection(url: str) -> list[dict[str, Any]]:
    pool = SpeechSynthesizerObjectPool(max_size=1, url=url)
    values = []
    for _ in range(2):
        told = Told()
        made = pool.borrow_synthesizer(model=MODEL, voice=VOICE, format=PCM, callback=told)
        values.append(streaming(made, told))
        pool.return_synthesizer(made)
    return values


def main() -> None:
    at = json.loads(Path(sys.argv[1]).read_text())
    dashscope.base_websocket_api_url = at["inference_url"]
    dashscope.api_key = at["api_key"]
    got: dict[str, Any] = {}
    bad_key = {"Authorization": "Bearer sk-wrong"}

    def refused() -> None:  # the SDK takes 5 s to say it
        got["bad key"] = failed(headers=bad_key)

    waiting = threading.Thread(target=refused)
    waiting.start()
    told = Told()
    got["streaming"] = streaming(synthesizer(told), told)
    got["call"] = tone.hear(synthesizer(None).call("".join(PIECES), 10_000), 8000)
    default = synthesizer(None, model="cosyvoice-v2", voice="longxiaochun_v2", format=AudioFormat.DEFAULT)
    try:
        got["default format"] = default.call("您好。", 10_000)[:2].hex()
    except Exception as error:  # noqa: BLE001 - a gateway without PyAV has no mp3, and says so
        got["default format"] = str(error)
    got["flush"] = flush()
    got["cancel"] = cancel()
    got["bad voice"] = failed(voice="nosuchvoice")
    got["bad model"] = failed(model="cosyvoice-of-tomorrow")
    got["failed"] = failed_with_a_callback()
    got["pool"] = twice_on_one_connection(at["inference_url"])
    waiting.join()
    Path(sys.argv[2]).write_text(json.dumps(got))
    os._exit(0)  # the pool's thread would keep the process


main()
