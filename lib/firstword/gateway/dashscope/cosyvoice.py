"""CosyVoice and qwen-audio: text comes in pieces, audio leaves clause by clause."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from ..engines import Voice
from ..kit import Kit
from ..split import Splitter
from ..voicing import Character, Voicing, subtitles
from . import wire
from .encoding import DEFAULT_RATE, encoder
from .line import TaskLine

MODELS = re.compile(r"cosyvoice-(v[0-9.]+)(-flash|-plus)?(-[0-9-]+)?|qwen-audio-[0-9.]+-tts(-[a-z]+)?(-[0-9-]+)?")
RATES = (8000, 16000, 22050, 24000, 44100, 48000)
MOST_AT_ONCE, MOST = 20_000, 200_000
"""Characters in one continue-task and in one task; a Chinese one counts as two."""

_VERSIONED = re.compile(r".*_v([0-9.]+)")
_TAGS = re.compile(r"<[^>]*>")


class CosyVoiceTask:
    """One task: any number of texts and flushes, then its end.

    Text is kept until a unit is complete (`split`), and the rest until a flush or the end. Each unit is a sentence to the client:
    sentence-begin, then sentence-synthesis and one binary message each time, then sentence-end. ``index`` counts from 0.
    """

    def __init__(self, line: TaskLine, kit: Kit, payload: Mapping[str, Any]) -> None:
        self._line = line
        self._kit = kit
        given = payload.get("parameters")
        parameters: Mapping[str, Any] = given if isinstance(given, dict) else {}
        voice, rate, form = _checked(kit, str(payload["model"]), parameters)
        self._encoder = encoder(form, rate)
        self._voicing = Voicing(kit, voice, rate)
        self._ssml = parameters.get("enable_ssml") is True
        self._with_words = parameters.get("word_timestamp_enabled") is True
        self._splitter = Splitter(kit.options.split)
        self._units: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()  # bounded by MOST
        self._texts = self._characters = self._spoken = 0
        self._index = 0
        self._work = line.work(self._serve())

    async def more(self, given: Mapping[str, Any]) -> None:
        if given.get("flush") is True:
            self._put(self._splitter.flush())
            if "text" not in given:
                return
        text = given.get("text")
        if not isinstance(text, str) or not text:
            raise wire.invalid("Please ensure input text is valid.")
        self._texts += 1
        if self._ssml and self._texts > 1:
            raise wire.invalid("Text request limit violated, expected 1.")
        size = sum(2 if ord(char) >= 0x2E80 else 1 for char in text)
        self._characters += size
        if size > MOST_AT_ONCE or self._characters > MOST:
            raise wire.invalid("Please ensure input text is valid.")
        self._put(self._splitter.add(_TAGS.sub("", text) if self._ssml else text))

    async def audio(self, data: bytes) -> None:
        raise wire.invalid("Invalid binary message: the task takes text!")

    async def finish(self, given: Mapping[str, Any]) -> None:
        if given.get("directive") == "cancel":
            self.close()
            await self._line.end_task({"usage": {"characters": self._spoken}})
            self._line.complete()
            return
        self._put(self._splitter.flush())
        self._units.put_nowait(None)

    def close(self) -> None:
        self._work.cancel()

    def _put(self, units: list[str]) -> None:
        now = self._kit.clock.now()
        for unit in units:
            self._units.put_nowait((unit, now))

    async def _serve(self) -> None:
        await self._kit.until(self._kit.clock.now() + self._kit.pace.start_s)
        await self._line.begin_task()
        while (unit := await self._units.get()) is not None:
            await self._speak(*unit)
        if rest := self._encoder.end():
            self._index = max(0, self._index - 1)
            await self._send_audio(rest)
        await self._line.end_task({"usage": {"characters": self._spoken}})

    async def _speak(self, text: str, complete: float) -> None:
        await self._line.result(self._output("sentence-begin", text))
        told: list[Character] = []
        frames = self._voicing.speak(text, complete)
        async with aclosing(frames):
            async for frame in frames:
                told += frame.characters
                if audio := self._encoder.feed(frame.audio):
                    await self._send_audio(audio)
        self._spoken += len(text)
        words = subtitles(text, told) if self._with_words else []
        await self._line.result(self._output("sentence-end", text, words), {"characters": self._spoken})
        self._index += 1

    async def _send_audio(self, audio: bytes) -> None:
        await self._line.result(self._output("sentence-synthesis"))
        await self._line.send_audio(audio)

    def _output(self, kind: str, text: str = "", words: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        output: dict[str, Any] = {"sentence": {"index": self._index, "words": words or []}, "type": kind}
        return output | ({"original_text": text} if text else {})


def _checked(kit: Kit, model: str, parameters: Mapping[str, Any]) -> tuple[Voice, int, str]:
    """Voice, rate and format of a task. Raises TaskError for what the service would refuse."""
    if not MODELS.fullmatch(model):
        raise wire.no_model(model)
    name = parameters.get("voice")
    if not isinstance(name, str) or not name:
        raise wire.invalid("Request voice is invalid!")
    voice = kit.voice(name)
    if voice is None or not _belongs(name, model):
        engine = 411 if model.startswith("qwen-audio-") and voice is not None else 418
        raise wire.invalid(f"[tts:]Engine return error code: {engine}")
    form, rate = parameters.get("format", "mp3"), parameters.get("sample_rate", DEFAULT_RATE)
    if form == "Default":  # what the SDK says for a caller who says nothing
        form = "mp3"
    if rate == 0:
        rate = DEFAULT_RATE
    if not isinstance(form, str) or rate not in RATES:
        raise wire.invalid("Invalid format or sample_rate!")
    for key, low, high in (("volume", 0, 100), ("rate", 0.5, 2), ("pitch", 0.5, 2)):
        value = parameters.get(key, low)
        if not isinstance(value, int | float) or not low <= value <= high:
            raise wire.invalid(f"Invalid {key}!")
    return voice, int(rate), form


def _belongs(voice: str, model: str) -> bool:
    """Whether a voice is one of the model's, as far as its name tells: it ends in the model's version, or, if it was cloned, begins with
    the model it was cloned for."""
    if voice.startswith(("cosyvoice-", "qwen-audio-")):
        return voice.startswith(f"{model}-")
    version = _VERSIONED.fullmatch(voice)
    return version is None or model.startswith(f"cosyvoice-v{version[1]}")
