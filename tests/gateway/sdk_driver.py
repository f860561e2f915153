"""Runs the official NLS SDK through everything it can do against a gateway, and prints what it was told as JSON.

A process of its own: the SDK leaks sockets and threads, and its source raises SyntaxWarnings. Usage: ``sdk_driver.py FILE``,
where FILE is what ``firstword gateway --json`` writes, with a token added. Not a test.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import nls
import nls.token

from firstword.audio import tone

ASKED = "今天北京天气怎么样？"
PIECES = ("您好，这里是", "云呼叫中心，", "请问有什么可以帮您？", "再见")


class Told:
    """Every callback of the SDK, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.messages: list[Any] = []
        self.pcm = b""
        self.over = threading.Event()

    def __call__(self, name: str) -> Any:
        def told(*args: Any) -> None:
            if name == "data":
                self.pcm += args[0]
            else:
                self.names.append(name)
                self.messages.append(
                    json.loads(args[0]) if args and isinstance(args[0], str) and args[0][:1] == "{" else None
                )
            if name in ("completed", "error", "close"):
                self.over.set()

        return told

    def value(self, rate: int = 8000) -> dict[str, Any]:
        return {"names": self.names, "messages": self.messages, "heard": tone.hear(self.pcm, rate)}


def flowing(at: dict[str, str], **start: Any) -> dict[str, Any]:
    told = Told()
    sdk = nls.NlsStreamInputTtsSynthesizer(
        url=at["ws_url"],
        token=at["token"],
        appkey=at["appkey"],
        on_data=told("data"),
        on_sentence_begin=told("sentence_begin"),
        on_sentence_synthesis=told("sentence_synthesis"),
        on_sentence_end=told("sentence_end"),
        on_completed=told("completed"),
        on_error=told("error"),
        on_close=told("close"),
        callback_args=[],
    )
    sdk.startStreamInputTts(aformat="pcm", **start)
    for piece in PIECES:
        sdk.sendStreamInputTts(piece)
    sdk.stopStreamInputTts()
    return told.value(start["sample_rate"])


def whole(at: dict[str, str], long_tts: bool) -> dict[str, Any]:
    told = Told()
    sdk = nls.NlsSpeechSynthesizer(
        url=at["ws_url"],
        token=at["token"],
        appkey=at["appkey"],
        long_tts=long_tts,
        on_metainfo=told("metainfo"),
        on_data=told("data"),
        on_completed=told("completed"),
        on_error=told("error"),
        on_close=told("close"),
    )
    sdk.start(text="".join(PIECES), voice="aixia", aformat="pcm", sample_rate=8000, ex={"enable_subtitle": True})
    return told.value()


def transcriber(at: dict[str, str]) -> dict[str, Any]:
    told = Told()
    sdk = nls.NlsSpeechTranscriber(
        url=at["ws_url"],
        token=at["token"],
        appkey=at["appkey"],
        on_start=told("start"),
        on_sentence_begin=told("sentence_begin"),
        on_result_changed=told("result_changed"),
        on_sentence_end=told("sentence_end"),
        on_completed=told("completed"),
        on_error=told("error"),
        on_close=told("close"),
    )
    sdk.start(aformat="pcm", sample_rate=8000, enable_intermediate_result=True, ex={"max_sentence_silence": 500})
    audio = tone.speak(ASKED, 8000) + bytes(16 * 800)
    for begin in range(0, len(audio), 640):
        sdk.send_audio(audio[begin : begin + 640])
    sdk.stop()
    return told.value()


def bad_token(at: dict[str, str]) -> str:
    try:
        flowing(at | {"token": "0" * 32}, voice="x", sample_rate=8000)
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the answer
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def main() -> None:
    at = json.loads(Path(sys.argv[1]).read_text())
    got = {
        "token": nls.token.getToken(
            at["access_key_id"], at["access_key_secret"], url=at["url"].removeprefix("http://")
        ),
    }
    at["token"] = got["token"]
    got["flowing 8000"] = flowing(at, voice="longxiaochun", sample_rate=8000)
    got["flowing 24000"] = flowing(at, voice="longxiaochun", sample_rate=24000)
    got["whole"] = whole(at, long_tts=False)
    got["long"] = whole(at, long_tts=True)
    got["transcriber"] = transcriber(at)
    got["bad token"] = bad_token(at)
    Path(sys.argv[2]).write_text(json.dumps(got))
    os._exit(0)  # the SDK's threads would keep the process


main()
