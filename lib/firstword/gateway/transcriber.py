"""NLS SpeechTranscriber: audio comes in, sentences leave as they are heard."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Literal

from . import wire
from .engines import HeardText
from .intake import Intake
from .kit import Kit
from .line import Line
from .wire import NlsError
from .workshop import EngineError

SILENCE_MS = 800
OUTBOX = 1000


class TranscriberTask:
    """One task on one connection: StartTranscription, audio, StopTranscription.

    Sentences are cut in audio time: a client that sends nothing hears nothing. ``index`` counts from 1, ``time`` is the audio taken so far.
    """

    def __init__(self, line: Line, kit: Kit) -> None:
        self._line = line
        self._kit = kit
        self._state: Literal["new", "starting", "started", "stopping"] = "new"
        self._intake: Intake | None = None
        self._partials = False
        self._sentence: tuple[int, int] | None = None  # index and begin of the one under way
        self._index = 0
        self._outbox: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue(OUTBOX)

    async def directive(self, directive: wire.Directive) -> None:
        name = directive.name
        if name not in ("StartTranscription", "ControlTranscriber", "StopTranscription"):
            raise NlsError(40010002, f"Gateway:DIRECTIVE_NOT_SUPPORTED:Directive '{name}' isn't supported!")
        if name == "StartTranscription":
            self._start(directive)
            return
        if self._state in ("new", "starting"):
            raise wire.routing(name)
        if directive.task != self._line.task:
            raise NlsError(40000000, f"[{name}] Task ID not match")
        if self._state == "stopping":
            raise NlsError(40010005, "Gateway:TASK_STATE_ERROR:Got stop directive while task is stopping!")
        if name == "StopTranscription":
            self._state = "stopping"
            self._line.stopping = True
            self._line.work(self._finish())

    async def audio(self, pcm: bytes) -> None:
        if self._state in ("new", "starting"):
            raise wire.routing("binary")
        if self._state == "stopping":
            return
        assert self._intake is not None
        if not self._intake.add(pcm):
            raise _behind()

    def close(self) -> None:
        if self._intake is not None:
            self._intake.close()

    def _start(self, directive: wire.Directive) -> None:
        if self._state != "new":
            raise NlsError(40000000, "[StartTranscription] Connection already started")
        payload = directive.payload
        rate = wire.sample_rate(payload, wire.ASR_RATES)
        wire.audio_format(payload, ("pcm",))
        silence = payload.get("max_sentence_silence", SILENCE_MS)
        silence_ms = min(6000, max(200, silence)) if isinstance(silence, int) else SILENCE_MS
        self._partials = bool(payload.get("enable_intermediate_result"))
        self._intake = Intake(self._kit, self._line.record, rate, silence_ms, self._heard, self._broke)
        self._state = "starting"
        session = payload.get("session_id")
        self._line.work(self._serve({"session_id": session} if session else None))

    async def _serve(self, payload: dict[str, Any] | None) -> None:
        await self._kit.until(self._kit.clock.now() + self._kit.pace.start_s)
        await self._line.send(self._event("TranscriptionStarted", payload))
        self._state = "started"
        self._line.started = True
        while True:
            due, message = await self._outbox.get()
            await self._kit.until(due)
            await self._line.send(message)
            if message["header"]["name"] == "TranscriptionCompleted":
                self._line.complete()
                return

    async def _finish(self) -> None:
        assert self._intake is not None
        if not await self._intake.finish():
            raise _behind()
        self._post("TranscriptionCompleted")

    def _heard(self, heard: list[HeardText]) -> None:
        for text in heard:
            self._tell(text)

    def _tell(self, heard: HeardText) -> None:
        if self._sentence is None:
            self._index += 1
            self._sentence = (self._index, round(heard.begin_ms))
            self._post("SentenceBegin", {"index": self._index, "time": self._sentence[1]})
        index, begin = self._sentence
        if heard.final:
            self._sentence = None
            self._post("SentenceEnd", self._sentence_end(index, begin, heard), self._kit.pace.final_s)
        elif heard.text and self._partials:
            payload = {
                "index": index,
                "time": self._time_ms(),
                "result": heard.text,
                "confidence": 0.0,
                "words": [],
                "status": 0,
            }
            self._post("TranscriptionResultChanged", payload)

    def _sentence_end(self, index: int, begin: int, heard: HeardText) -> dict[str, Any]:
        time = self._time_ms()
        return {
            "index": index,
            "time": time,
            "result": heard.text,
            "confidence": 0.9 if heard.text else 0.0,
            "words": [],
            "status": 0,
            "gender": "",
            "begin_time": begin,
            "fixed_result": "",
            "unfixed_result": "",
            "stash_result": {
                "sentenceId": index + 1,
                "beginTime": time,
                "text": "",
                "fixedText": "",
                "unfixedText": "",
                "currentTime": time,
                "words": [],
            },
            "audio_extra_info": "",
            "sentence_id": uuid.uuid4().hex,
            "gender_score": 0.0,
        }

    def _time_ms(self) -> int:
        assert self._intake is not None
        return self._intake.heard_ms

    def _post(self, name: str, payload: dict[str, Any] | None = None, after_s: float = 0.0) -> None:
        try:
            self._outbox.put_nowait((self._kit.clock.now() + after_s, self._event(name, payload)))
        except asyncio.QueueFull:  # the client does not read
            self._line.fail(NlsError(50000000, "Gateway:SERVER_ERROR:The client does not take its results!"))

    def _broke(self, error: Exception) -> None:
        self._line.fail(EngineError(f"{type(error).__name__}: {error}"))

    def _event(self, name: str, payload: dict[str, Any] | None) -> dict[str, Any]:
        return wire.event(wire.TRANSCRIBER, name, self._line.task, payload)


def _behind() -> NlsError:
    return NlsError(50000000, "Gateway:SERVER_ERROR:The hearer does not keep up with the audio!")
