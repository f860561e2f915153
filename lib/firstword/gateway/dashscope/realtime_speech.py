"""Qwen-TTS-Realtime: text comes in, audio leaves response by response."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from ..engines import Voice
from ..kit import Kit
from ..split import Splitter
from ..voicing import Voicing
from . import realtime_wire as wire
from .realtime_line import RealtimeLine
from .realtime_wire import RealtimeError

MOST_CHARACTERS = 100_000
"""In one session. How much the service takes is not documented; this bounds the gateway's memory."""
RANGES = {"speech_rate": (0.5, 2), "pitch_rate": (0.5, 2), "volume": (0, 100), "bit_rate": (6, 510)}
LANGUAGES = (
    "Auto", "Chinese", "English", "German", "Italian", "Portuguese", "Spanish", "Japanese", "Korean", "French", "Russian",
)  # fmt: skip


class SpeechSession:
    """One session. In the mode ``commit`` nothing is spoken before a commit, which makes one response of all that was appended; in
    ``server_commit`` each unit (`split`) is a response, and a commit makes one of the rest. Responses follow each other.

    The documented defaults hold until a ``session.update``, which is refused once there is text.
    """

    def __init__(self, line: RealtimeLine, kit: Kit, model: str) -> None:
        self._line = line
        self._kit = kit
        self._config: dict[str, Any] = {
            "object": "realtime.session",
            "mode": "server_commit",
            "model": model,
            "voice": "Cherry",
            "response_format": "pcm",
            "sample_rate": 24000,
            "id": wire.new_id("sess"),
        }
        self._splitter = Splitter(kit.options.split if kit.options.split != "none" else "sentence")
        self._held = ""
        self._uncommitted = False  # text came since the last commit
        self._characters = 0
        self._state = "new"  # -> started -> finishing
        self._units: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()  # bounded by MOST_CHARACTERS
        self._speaking: asyncio.Task[str] | None = None

    async def begin(self) -> None:
        most = self._kit.options.most_tts
        if most and self._kit.journal.now("qwen-tts") > most:
            raise RealtimeError(
                "Requests rate limit exceeded, please try again later.", "Throttling.RateQuota", fatal=True
            )
        await self._line.send(wire.event("session.created", session=self._config))

    async def take(self, event: wire.ClientEvent) -> None:
        if self._state == "finishing":
            raise RealtimeError(f"Got '{event.type}' after 'session.finish'.")
        if "tts" not in self._config["model"]:
            raise RealtimeError(f"The model '{self._config['model']}' does not exist.", "ModelNotFound", fatal=True)
        match event.type:
            case "session.update":
                await self._update(event.session())
            case "input_text_buffer.append":
                self._append(event.text())
            case "input_text_buffer.commit":
                await self._commit()
            case "input_text_buffer.clear":
                self._rest()
                self._uncommitted = False
                await self._line.send(wire.event("input_text_buffer.cleared"))
            case "response.cancel":
                if self._speaking is not None:
                    self._speaking.cancel()
            case "session.finish":
                self._finish()
            case _:
                raise RealtimeError(f"Invalid value: '{event.type}'.", param="type")

    def close(self) -> None:
        """Nothing to release: the line cancels the work, and with it the response."""

    async def _update(self, session: Mapping[str, Any]) -> None:
        if self._state != "new":
            raise RealtimeError(wire.STARTED)
        config = {**self._config, **session, "id": self._config["id"], "model": self._config["model"]}
        _check(config)
        self._voice(config["voice"])
        self._config = config
        await self._line.send(wire.event("session.updated", session=config))

    def _voice(self, name: str) -> Voice:
        voice = self._kit.voice(name)
        if voice is None:
            raise RealtimeError(f"The requested voice '{name}' is not supported.", param="session.voice")
        return voice

    def _append(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > MOST_CHARACTERS:
            raise RealtimeError(f"More than {MOST_CHARACTERS} characters.", fatal=True)
        self._start()
        self._uncommitted = True
        if self._config["mode"] == "commit":
            self._held += text
        else:
            self._put(self._splitter.add(text))

    async def _commit(self) -> None:
        if not self._uncommitted:
            raise RealtimeError("Error committing input text buffer: the buffer is empty.")
        await self._line.send(wire.event("input_text_buffer.committed", item_id=""))
        self._uncommitted = False
        self._put(self._rest())

    def _finish(self) -> None:
        self._start()
        self._put(self._rest())
        self._state = "finishing"
        self._units.put_nowait(None)

    def _rest(self) -> list[str]:
        held, self._held = self._held, ""
        return [held] if held else self._splitter.flush()

    def _put(self, units: list[str]) -> None:
        now = self._kit.clock.now()
        for unit in units:
            self._units.put_nowait((unit, now))

    def _start(self) -> None:
        if self._state == "new":
            voice = self._voice(self._config["voice"])
            self._state = "started"
            self._line.work(self._serve(voice))

    async def _serve(self, voice: Voice) -> None:
        voicing = Voicing(self._kit, voice, self._config["sample_rate"], self._config["response_format"] == "wav")
        while (unit := await self._units.get()) is not None:
            await self._respond(voicing, *unit)
        await self._line.send(wire.event("session.finished"))
        self._line.complete()

    async def _respond(self, voicing: Voicing, text: str, complete: float) -> None:
        response = wire.Response(self._config["voice"])
        for message in response.begin():
            await self._line.send(message)
        self._speaking = asyncio.get_running_loop().create_task(self._speak(voicing, response, text, complete))
        try:
            status = await self._speaking
        except asyncio.CancelledError:
            mine = asyncio.current_task()
            if mine is not None and mine.cancelling():  # the connection is over, not the response alone
                self._speaking.cancel()
                raise
            status = "cancelled"
        finally:
            self._speaking = None
        for message in response.end(status, len(text)):
            await self._line.send(message)

    async def _speak(self, voicing: Voicing, response: wire.Response, text: str, complete: float) -> str:
        frames = voicing.speak(text, complete)
        async with aclosing(frames):
            async for frame in frames:
                await self._line.send_response_audio(response, frame.audio)
        return "completed"


def _check(config: Mapping[str, Any]) -> None:
    """Raises RealtimeError: a setting is none of the documented ones, or one that this gateway can not serve."""
    old = str(config["model"]).startswith("qwen-tts-realtime")
    rates = (24000,) if old else wire.TTS_RATES
    allowed = {
        "mode": ("server_commit", "commit"),
        "response_format": ("pcm",) if old else ("pcm", "wav"),
        "sample_rate": rates,
        "language_type": LANGUAGES,
    }
    for name, values in allowed.items():
        if name in config and config[name] not in values:
            known = ", ".join(map(str, values))
            raise RealtimeError(
                f"Invalid value: '{config[name]}'. Supported values are: {known}.", param=f"session.{name}"
            )
    for name, (low, high) in RANGES.items():
        value = config.get(name, low)
        if old and name in config:
            raise RealtimeError(f"The model does not support '{name}'.", param=f"session.{name}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise RealtimeError(f"Invalid value: '{value}'. {name} takes {low} to {high}.", param=f"session.{name}")
    if not isinstance(config["voice"], str):
        raise RealtimeError("Invalid value: 'voice' must be a string.", param="session.voice")
