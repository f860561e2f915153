"""Qwen-ASR-Realtime: audio comes in, utterances leave as they are heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..engines import HeardText
from ..intake import STEP_MS, Sounds
from ..kit import Kit
from ..transcriber import OUTBOX
from ..workshop import Ears, EngineError
from . import realtime_wire as wire
from .realtime_line import RealtimeLine
from .realtime_wire import RealtimeError, Utterance

SILENCE_MS = 800
UTTERANCE_MS = 60_000
"""The most that may be committed at once where the service does not find the utterances itself, by the pages."""


class HearingSession:
    """One session. With ``turn_detection`` the service finds the utterances and tells of each: that it began, the words so far, its end,
    the words. Without (null) everything is one utterance until a commit. Which partial results there are then is not documented: here none.
    """

    def __init__(self, line: RealtimeLine, kit: Kit, model: str) -> None:
        self._line = line
        self._kit = kit
        self._config: dict[str, Any] = {
            "id": wire.new_id("sess"),
            "object": "realtime.session",
            "model": model,
            "modalities": ["text"],
            "input_audio_format": "pcm",
            "sample_rate": 16000,
            "input_audio_transcription": None,
            "turn_detection": {"type": "server_vad", "threshold": 0.2, "silence_duration_ms": SILENCE_MS},
        }
        self._state = "new"  # -> started -> finishing
        self._ears: Ears | None = None
        self._waiting = bytearray()
        self._sounds = Sounds(kit, line.record)
        self._utterance: Utterance | None = None
        self._before: str | None = None
        self._words: list[str] = []
        self._outbox: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue(OUTBOX)

    async def begin(self) -> None:
        most = self._kit.options.most_asr
        if most and self._kit.journal.now("qwen-asr") > most:
            raise RealtimeError(
                "Requests rate limit exceeded, please try again later.", "Throttling.RateQuota", fatal=True
            )
        await self._line.send(wire.event("session.created", session=self._config))
        self._line.work(self._tell())

    async def take(self, event: wire.ClientEvent) -> None:
        if self._state == "finishing":
            raise RealtimeError(f"Got '{event.type}' after 'session.finish'.")
        match event.type:
            case "session.update":
                self._update(event.session())
            case "input_audio_buffer.append":
                self._append(event.audio())
            case "input_audio_buffer.commit":
                await self._commit()
            case "input_audio_buffer.clear" if not self._finds:
                self._waiting.clear()
                self._post(wire.event("input_audio_buffer.cleared"))
            case "session.finish":
                self._state = "finishing"
                self._line.work(self._finish())
            case _:
                raise RealtimeError(f"Invalid value: '{event.type}'.", param="type")

    def close(self) -> None:
        if self._ears is not None:
            self._ears.cancel()

    @property
    def _finds(self) -> bool:
        """Whether the service finds the utterances itself."""
        return self._config["turn_detection"] is not None

    @property
    def _rate(self) -> int:
        return int(self._config["sample_rate"])

    def _update(self, session: Mapping[str, Any]) -> None:
        if self._state != "new":
            raise RealtimeError(wire.STARTED)
        config = {**self._config, **session, "id": self._config["id"], "model": self._config["model"]}
        _check(config)
        self._config = config
        self._post(wire.event("session.updated", session=config))

    def _append(self, audio: bytes) -> None:
        if self._state == "new":
            self._state = "started"
            self._ears = self._open() if self._finds else None
        self._sounds.look(audio)
        self._waiting += audio
        if self._finds:
            if len(self._waiting) >= self._rate * 2 * STEP_MS // 1000:
                self._feed()
        elif len(self._waiting) > self._rate * 2 * UTTERANCE_MS // 1000:
            self._waiting.clear()
            raise RealtimeError(f"Continuous audio must not exceed {UTTERANCE_MS // 1000} seconds.")

    def _open(self, silence_ms: int | None = None) -> Ears:
        if silence_ms is None:
            silence_ms = min(6000, max(200, int(self._config["turn_detection"].get("silence_duration_ms", SILENCE_MS))))
        hearer = self._kit.hearer
        ears = self._kit.workshop.hearing(hearer.open(self._rate, silence_ms), hearer.quick)
        ears.tell(self._heard, self._broke)
        return ears

    def _feed(self) -> None:
        assert self._ears is not None
        whole = len(self._waiting) & ~1
        pcm = bytes(self._waiting[:whole])
        del self._waiting[:whole]
        step = self._rate // 5 * 2  # 200 ms: what a hearer takes at once
        for at in range(0, whole, step):
            if not self._ears.feed(pcm[at : at + step]):
                raise RealtimeError("The hearer does not keep up with the audio.", "InternalError", fatal=True)

    async def _commit(self) -> None:
        if self._finds:
            raise RealtimeError("'input_audio_buffer.commit' is not available with turn detection.", param="type")
        if len(self._waiting) < 2:
            raise RealtimeError("Error committing input audio buffer: the buffer is empty.")
        await self._hear_all()

    async def _hear_all(self) -> None:
        """What the client has gathered, as one utterance."""
        utterance = self._next()
        for message in utterance.committed():
            self._post(message)
        self._ears = self._open(silence_ms=UTTERANCE_MS)
        self._feed()
        await self._ears.finish()
        self._ears = None
        words, self._words = "".join(self._words), []
        self._post(utterance.final(words), self._kit.pace.final_s)
        self._utterance = None

    async def _finish(self) -> None:
        if not self._finds and len(self._waiting) > 1:
            await self._hear_all()
        elif self._ears is not None:
            self._feed()
            await self._ears.finish()
        self._post(wire.event("session.finished"))

    def _heard(self, heard: list[HeardText]) -> None:
        for text in heard:
            if self._finds:
                self._found(text)
            elif text.final:
                self._words.append(text.text)

    def _found(self, heard: HeardText) -> None:
        if self._utterance is None:
            self._post(self._next().started(round(heard.begin_ms)))
        utterance = self._utterance
        assert utterance is not None
        if not heard.final:
            if heard.text:
                self._post(utterance.partial(heard.text))
            return
        self._utterance = None
        self._post(utterance.stopped(round(heard.end_ms)))
        for message in utterance.committed():
            self._post(message)
        self._post(utterance.final(heard.text), self._kit.pace.final_s)

    def _next(self) -> Utterance:
        language = (self._config["input_audio_transcription"] or {}).get("language", "zh")
        self._utterance = Utterance(language, self._before)
        self._before = self._utterance.id
        return self._utterance

    async def _tell(self) -> None:
        while True:
            due, message = await self._outbox.get()
            await self._kit.until(due)
            await self._line.send(message)
            if message["type"] == "session.finished":
                self._line.complete()
                return

    def _post(self, message: dict[str, Any], after_s: float = 0.0) -> None:
        try:
            self._outbox.put_nowait((self._kit.clock.now() + after_s, message))
        except asyncio.QueueFull:  # the client does not read
            self._line.fail(RealtimeError("The client does not take its results.", "InternalError", fatal=True))

    def _broke(self, error: Exception) -> None:
        self._line.fail(EngineError(f"{type(error).__name__}: {error}"))


def _check(config: Mapping[str, Any]) -> None:
    """Raises RealtimeError: a setting is none of the documented ones, or one that this gateway can not serve."""
    if config["input_audio_format"] not in ("pcm", "pcm16"):  # the SDK's default is the latter
        raise RealtimeError(
            f"This gateway hears pcm, not '{config['input_audio_format']}'.", param="session.input_audio_format"
        )
    if config["sample_rate"] not in wire.ASR_RATES:
        raise RealtimeError(
            f"Invalid value: '{config['sample_rate']}'. Supported values are: 8000, 16000.", param="session.sample_rate"
        )
    for name in ("input_audio_transcription", "turn_detection"):
        if config[name] is not None and not isinstance(config[name], dict):
            raise RealtimeError(f"Invalid value: '{name}' must be an object or null.", param=f"session.{name}")
    found = config["turn_detection"]
    if found is None:
        return
    silence, threshold = found.get("silence_duration_ms", SILENCE_MS), found.get("threshold", 0.2)
    if found.get("type") != "server_vad":
        raise RealtimeError(
            f"Invalid value: '{found.get('type')}'. Supported values are: server_vad.",
            param="session.turn_detection.type",
        )
    if isinstance(silence, bool) or not isinstance(silence, int) or not 200 <= silence <= 6000:
        raise RealtimeError(
            "silence_duration_ms takes 200 to 6000.", param="session.turn_detection.silence_duration_ms"
        )
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not -1 <= threshold <= 1:
        raise RealtimeError("threshold takes -1 to 1.", param="session.turn_detection.threshold")
