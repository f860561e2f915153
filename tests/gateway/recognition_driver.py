"""Runs the official DashScope SDK's recognisers against a gateway, and writes what they were told as JSON.

A process of its own: the SDK starts threads and timers of 23 s. Usage: ``recognition_driver.py FILE GOT [MODEL]``, where FILE is what
``firstword gateway --json`` writes; with MODEL one recognition of it that is to fail. Not a test.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import dashscope
from dashscope.audio.asr import (
    Recognition,
    RecognitionCallback,
    TranslationRecognizerCallback,
    TranslationRecognizerRealtime,
)

from firstword.audio import tone

ASKED = ("今天北京天气怎么样？", "再见。")


class Told(RecognitionCallback, TranslationRecognizerCallback):  # type: ignore[misc]
    """Every callback of the SDK, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.finals: list[str] = []
        self.partials = 0
        self.translations: list[tuple[str, str]] = []
        self.error: dict[str, Any] = {}
        self.over = threading.Event()

    def on_open(self) -> None:
        self.names.append("open")

    def on_complete(self) -> None:
        self.names.append("complete")

    def on_close(self) -> None:
        self.names.append("close")
        self.over.set()

    def on_error(self, *told: Any) -> None:
        self.names.append("error")
        (result,) = told
        self.error = {
            "status": getattr(result, "status_code", 0),
            "code": str(result.code),
            "message": str(result.message),
        }

    def on_event(self, *told: Any) -> None:
        if len(told) == 1:  # a Recognition's
            sentence = told[0].get_sentence()
            self._sentence(sentence["text"], told[0].is_sentence_end(sentence))
            return
        _, transcription, translation, _ = told
        if transcription is not None:
            self._sentence(transcription.text, transcription.is_sentence_end)
        if translation is not None and translation.is_sentence_end:
            self.translations += [
                (language, translation.get_translation(language).text) for language in translation.get_language_list()
            ]

    def _sentence(self, text: str, final: bool) -> None:
        if final:
            self.finals.append(text)
        else:
            self.partials += 1

    def value(self) -> dict[str, Any]:
        return {
            "names": self.names,
            "finals": self.finals,
            "partials": self.partials,
            "translations": self.translations,
            "error": self.error,
        }


def hear(sdk: Any, told: Told, rate: int, **start: Any) -> dict[str, Any]:
    audio = b"".join(tone.speak(text, rate) + bytes(rate * 3) for text in ASKED)  # 1.5 s apart: two sentences
    size = rate // 10 * 2
    try:
        sdk.start(**start)  # which may find that its own loop has failed already
        for at in range(0, len(audio), size):
            sdk.send_audio_frame(audio[at : at + size])
            time.sleep(0.002)  # without any pause the SDK's own loop is starved until the end
        sdk.stop()
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the answer
        told.names.append(f"{type(error).__name__}: {error}")
        told.over.wait(5)
    return told.value()


def recognition(model: str, rate: int, **other: Any) -> dict[str, Any]:
    told = Told()
    sdk = Recognition(model=model, callback=told, format="pcm", sample_rate=rate, max_sentence_silence=500, **other)
    return hear(sdk, told, rate)


def translation() -> dict[str, Any]:
    told = Told()
    sdk = TranslationRecognizerRealtime(
        model="gummy-realtime-v1", format="pcm", sample_rate=16000, callback=told, transcription_enabled=True,
        translation_enabled=True, translation_target_languages=["en", "ja"],
    )  # fmt: skip
    return hear(sdk, told, 16000)


def main() -> None:
    at = json.loads(Path(sys.argv[1]).read_text())
    dashscope.base_websocket_api_url = at["inference_url"]
    dashscope.api_key = at["api_key"]
    got: Any
    if len(sys.argv) > 3:
        got = recognition(sys.argv[3], 8000)
    else:
        got = {
            "paraformer-realtime-8k-v2": recognition("paraformer-realtime-8k-v2", 8000, heartbeat=True),
            "paraformer-realtime-v2": recognition("paraformer-realtime-v2", 16000, language_hints=["zh", "en"]),
            "fun-asr-realtime": recognition("fun-asr-realtime", 16000, vocabulary_id="vocab-test-0001"),
            "fun-asr-flash-8k-realtime": recognition("fun-asr-flash-8k-realtime", 8000),
            "gummy-realtime-v1": translation(),
            "wrong model": recognition("paraformer-realtime-v9", 8000),
            "wrong rate": recognition("paraformer-realtime-8k-v2", 16000),
        }
        dashscope.api_key = "sk-wrong"
        got["wrong key"] = recognition("paraformer-realtime-8k-v2", 8000)
    Path(sys.argv[2]).write_text(json.dumps(got))
    os._exit(0)  # the SDK's timers would keep the process for 23 s


main()
