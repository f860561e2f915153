"""Paraformer, Fun-ASR and Gummy: audio comes in, sentences leave as they are heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..engines import HeardText
from ..intake import Intake
from ..kit import Kit
from ..workshop import EngineError
from . import wire
from .line import TaskLine
from .recognition_wire import Asked, gummy, read, sentence

OUTBOX = 1000
HEARTBEAT_MS = 5_000
"""After so much silence, and each time again, a task with a heartbeat says that it lives: how often the service does is not documented."""


class RecognitionTask:
    """One task: audio, perhaps a context, then its end.

    Sentences are cut in audio time: a client that sends nothing hears nothing. A task without a heartbeat that hears nothing but silence
    for `silent_task_s` of audio is closed.
    """

    def __init__(self, line: TaskLine, kit: Kit, payload: Mapping[str, Any]) -> None:
        self._line = line
        self._kit = kit
        self._asked: Asked = read(payload)
        self._intake = Intake(kit, line.record, self._asked.rate, self._asked.silence_ms, self._heard, self._broke)
        self._begun_ms: int | None = None  # of the sentence under way
        self._index = 0
        self._beats = 0
        self._outbox: asyncio.Queue[tuple[float, dict[str, Any] | None]] = asyncio.Queue(OUTBOX)
        self._work = line.work(self._serve())

    async def more(self, given: Mapping[str, Any]) -> None:
        context = given.get("context")
        if not self._asked.takes_context or not isinstance(context, list) or not context:
            raise wire.invalid("Please ensure input context is valid.")

    async def audio(self, data: bytes) -> None:
        if not self._intake.add(data):
            raise wire.broken()
        silent = self._intake.silent_ms
        if self._asked.heartbeat:
            self._beat(silent)
        elif silent > self._kit.options.silent_task_s * 1000:
            self._line.record.end("silent for too long")
            self._line.complete()

    async def finish(self, given: Mapping[str, Any]) -> None:
        self._line.work(self._finish())

    def close(self) -> None:
        self._work.cancel()
        self._intake.close()

    async def _serve(self) -> None:
        await self._kit.until(self._kit.clock.now() + self._kit.pace.start_s)
        await self._line.begin_task()
        while True:
            due, payload = await self._outbox.get()
            await self._kit.until(due)
            if payload is None:
                await self._line.end_task({"output": {}, "usage": None})
                return
            await self._line.send(wire.result(self._line.task, payload["output"]) | {"payload": payload})

    async def _finish(self) -> None:
        if not await self._intake.finish():
            raise wire.broken()
        self._post(None)

    def _beat(self, silent_ms: float) -> None:
        beats = int(silent_ms // HEARTBEAT_MS)
        if beats > self._beats:
            self._post(sentence(self._asked, HeardText("", 0.0, 0.0, final=False), 0, heartbeat=True))
        self._beats = beats

    def _heard(self, heard: list[HeardText]) -> None:
        for text in heard:
            if self._begun_ms is None:
                self._begun_ms = round(text.begin_ms)
            if text.text:
                self._tell(text)
            if text.final:
                self._begun_ms = None
                self._index += 1

    def _tell(self, heard: HeardText) -> None:
        output = gummy if self._asked.gummy else sentence
        payload = output(self._asked, heard, self._index)
        if heard.final:
            payload["usage"] = {"duration": -(-self._intake.heard_ms // 1000)}
        self._post(payload, self._kit.pace.final_s if heard.final else 0.0)

    def _post(self, payload: dict[str, Any] | None, after_s: float = 0.0) -> None:
        try:
            self._outbox.put_nowait((self._kit.clock.now() + after_s, payload))
        except asyncio.QueueFull:  # the client does not read
            self._line.fail(wire.broken())

    def _broke(self, error: Exception) -> None:
        self._line.fail(EngineError(f"{type(error).__name__}: {error}"))
