"""NLS FlowingSpeechSynthesizer: text comes in pieces, audio leaves clause by clause."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Literal

from . import wire
from .engines import Voice
from .kit import Kit
from .line import Line
from .split import Splitter
from .voicing import Character, Voicing, subtitles
from .wire import NlsError

MOST_CHARACTERS = 100_000
"""In one task, as the C++ SDK has it."""

State = Literal["new", "starting", "started", "stopping"]


class FlowingTask:
    """One task on one connection: StartSynthesis, any number of RunSynthesis and FlushText, StopSynthesis.

    Text is kept until a unit is complete (`split`), and the rest until StopSynthesis. Each unit is a sentence to the client:
    SentenceBegin, then audio and SentenceSynthesis, then SentenceEnd. ``index`` counts from 0.
    """

    def __init__(self, line: Line, kit: Kit) -> None:
        self._line = line
        self._kit = kit
        self._state: State = "new"
        self._splitter = Splitter(kit.options.split)
        self._units: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()  # bounded by MOST_CHARACTERS
        self._characters = 0

    async def directive(self, directive: wire.Directive) -> None:
        name = directive.name
        if name not in ("StartSynthesis", "RunSynthesis", "FlushText", "StopSynthesis"):
            raise NlsError(40010002, f"Gateway:DIRECTIVE_NOT_SUPPORTED:Directive '{name}' isn't supported!")
        if name == "StartSynthesis":
            self._start(directive)
            return
        if self._state in ("new", "starting"):
            raise wire.routing(name)
        if directive.task != self._line.task:
            raise NlsError(40000000, f"[{name}] Task ID not match")
        if self._state == "stopping":
            raise NlsError(40010005, f"Gateway:TASK_STATE_ERROR:Got {name} directive while task is stopping!")
        if name == "RunSynthesis":
            self._run(directive)
        else:
            self._put(self._splitter.flush())
        if name == "StopSynthesis":
            self._state = "stopping"
            self._line.stopping = True
            self._units.put_nowait(None)

    async def audio(self, pcm: bytes) -> None:
        raise NlsError(40000002, "Gateway:MESSAGE_INVALID:Invalid binary message while server state is 'TTS'!")

    def close(self) -> None:
        """Nothing to release: the line cancels the work."""

    def _start(self, directive: wire.Directive) -> None:
        if self._state != "new":
            raise NlsError(40000000, "[StartSynthesis] Connection already started")
        payload = directive.payload
        rate = wire.sample_rate(payload, wire.TTS_RATES)
        wav = wire.audio_format(payload, ("pcm", "wav")) == "wav"
        name = str(payload.get("voice") or "")
        voice = self._kit.voice(name)
        if voice is None:
            raise NlsError(40000003, f"Gateway:PARAMETER_INVALID:Invalid voice name '{name}'!")
        self._state = "starting"
        self._line.work(self._serve(voice, rate, wav, bool(payload.get("enable_subtitle"))))

    def _run(self, directive: wire.Directive) -> None:
        text = directive.payload.get("text")
        if not isinstance(text, str) or not text:
            raise NlsError(40010003, "Gateway:DIRECTIVE_INVALID:No text specified!")
        self._characters += len(text)
        if self._characters > MOST_CHARACTERS:
            raise NlsError(40000003, f"Gateway:PARAMETER_INVALID:More than {MOST_CHARACTERS} characters!")
        self._put(self._splitter.add(text))

    def _put(self, units: list[str]) -> None:
        now = self._kit.clock.now()
        for unit in units:
            self._units.put_nowait((unit, now))

    async def _serve(self, voice: Voice, rate: int, wav: bool, with_subtitles: bool) -> None:
        await self._kit.until(self._kit.clock.now() + self._kit.pace.start_s)
        await self._send("SynthesisStarted")
        self._state = "started"
        self._line.started = True
        voicing = Voicing(self._kit, voice, rate, wav)
        index = 0
        while (unit := await self._units.get()) is not None:
            await self._speak(voicing, index, *unit, with_subtitles)
            index += 1
        await self._send("SynthesisCompleted")
        self._line.complete()

    async def _speak(self, voicing: Voicing, index: int, text: str, complete: float, with_subtitles: bool) -> None:
        await self._send("SentenceBegin", {"index": index})
        told: list[Character] = []
        frames = voicing.speak(text, complete)
        async with aclosing(frames):
            async for frame in frames:
                await self._line.send_audio(frame.audio)
                told += frame.characters
                news = _subtitles(text, frame.characters) if with_subtitles else []
                await self._send("SentenceSynthesis", {"subtitles": news})
        whole = _subtitles(text, told) if with_subtitles else []
        await self._send("SentenceEnd", {"subtitles": whole})

    async def _send(self, name: str, payload: dict[str, Any] | None = None) -> None:
        await self._line.send(wire.event(wire.FLOWING, name, self._line.task, payload))


def _subtitles(text: str, characters: list[Character] | tuple[Character, ...]) -> list[dict[str, Any]]:
    """One item that stands for the sentence (or for what is new of it), then one per character."""
    items = subtitles(text, characters)
    sentence = {
        "text": "",
        "begin_time": items[0]["begin_time"] if items else 0,
        "end_time": items[-1]["end_time"] if items else 0,
        "begin_index": items[0]["begin_index"] if items else 0,
        "end_index": items[-1]["end_index"] if items else 0,
    }
    return [
        {**sentence, "sentence": True, "phoneme_list": []},
        *({**item, "sentence": False, "phoneme_list": []} for item in items),
    ]
