"""Runs the official DashScope SDK's realtime clients against a gateway, and prints what they were told as JSON.

A process of its own: the SDK leaks sockets and threads. Usage: ``dashscope_realtime_driver.py FILE OUT``, where FILE is what
``firstword gateway --json`` writes. Not a test.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import dashscope
from dashscope.audio.qwen_omni.omni_realtime import (
    MultiModality,
    OmniRealtimeCallback,
    OmniRealtimeConversation,
    TranscriptionParams,
)
from dashscope.audio.qwen_tts_realtime.qwen_tts_realtime import QwenTtsRealtime, QwenTtsRealtimeCallback

from firstword.audio import tone

ASKED = "今天北京天气怎么样？"
PIECES = ("您好，这里是", "云呼叫中心，", "请问有什么可以帮您？", "再见")
MODEL, EARS = "qwen3-tts-flash-realtime", "qwen3-asr-flash-realtime"


class Told:
    """Every callback, in order. One class serves both clients: their callbacks are the same."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.pcm = b""
        self.changed = threading.Condition()

    def on_open(self) -> None:
        self._note("open")

    def on_close(self, code: Any, message: Any) -> None:
        self._note(f"close {code}")

    def on_event(self, event: Any) -> None:
        if event["type"] == "response.audio.delta":
            self.pcm += base64.b64decode(event["delta"])
        else:
            self.events.append(event)
        self._note(event["type"])

    def wait(self, name: str, count: int = 1) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.names.count(name) >= count, 10), (name, self.names)

    def _note(self, name: str) -> None:
        with self.changed:
            self.names.append(name)
            self.changed.notify_all()

    def value(self, rate: int = 8000) -> dict[str, Any]:
        return {"names": self.names, "events": self.events, "heard": tone.hear(self.pcm, rate)}


class Speech(Told, QwenTtsRealtimeCallback):
    pass


class Ears(Told, OmniRealtimeCallback):
    pass


def speech(url: str, mode: str, rate: int) -> dict[str, Any]:
    told = Speech()
    sdk = QwenTtsRealtime(model=MODEL, callback=told, url=url)
    sdk.connect()
    sdk.update_session(voice="Cherry", mode=mode, sample_rate=rate, language_type="Chinese", volume=50, enable_tn=True)
    for number, piece in enumerate(PIECES, 1):
        sdk.append_text(piece)
        if mode == "commit":
            sdk.commit()
            told.wait("response.done", number)
    sdk.finish()
    told.wait("session.finished")
    told.wait("close 1000")
    return told.value(rate) | {"session": sdk.get_session_id(), "delay": sdk.get_first_audio_delay()}


def corrected(url: str) -> dict[str, Any]:
    """Clears, cancels, updates too late and commits nothing."""
    told = Speech()
    sdk = QwenTtsRealtime(model=MODEL, callback=told, url=url)
    sdk.connect()
    sdk.update_session(voice="Cherry", mode="commit", sample_rate=8000)
    sdk.append_text("你好")
    sdk.clear_appended_text()
    sdk.cancel_response()
    sdk.commit()
    sdk.update_session(voice="Cherry", mode="commit", sample_rate=8000)
    told.wait("error", 2)
    sdk.append_text("再见。")
    sdk.finish()
    told.wait("close 1000")
    return told.value()


def ears(url: str, finds: bool) -> dict[str, Any]:
    told = Ears()
    sdk = OmniRealtimeConversation(model=EARS, callback=told, url=url)
    sdk.connect()
    sdk.update_session(
        output_modalities=[MultiModality.TEXT],
        enable_turn_detection=finds,
        turn_detection_silence_duration_ms=400,
        transcription_params=TranscriptionParams(language="zh", sample_rate=8000, corpus_text="天气"),
    )
    audio = tone.speak(ASKED, 8000) + bytes(16 * 800)
    for begin in range(0, len(audio), 1600):
        sdk.append_audio(base64.b64encode(audio[begin : begin + 1600]).decode())
    if not finds:
        sdk.commit()
    sdk.end_session()
    told.wait("close 1000")
    return told.value()


def bad_key(url: str) -> list[str]:
    """The SDK waits 5 s for a connection that was refused at once; what its callback is told need not be waited for."""
    told = Speech()
    dashscope.api_key = "sk-wrong"
    sdk = QwenTtsRealtime(model=MODEL, callback=told, url=url)
    threading.Thread(target=sdk.connect, daemon=True).start()
    told.wait("close None")
    return told.names


def main() -> None:
    at = json.loads(Path(sys.argv[1]).read_text())
    url, dashscope.api_key = at["realtime_url"], at["api_key"]
    got: dict[str, Any] = {
        "commit": speech(url, "commit", 8000),
        "server_commit": speech(url, "server_commit", 24000),
        "corrected": corrected(url),
        "server_vad": ears(url, finds=True),
        "manual": ears(url, finds=False),
        "bad key": bad_key(url),
    }
    Path(sys.argv[2]).write_text(json.dumps(got))
    os._exit(0)  # the SDK's threads would keep the process


main()
