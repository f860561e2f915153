"""One realtime websocket: what it says, its fault, its entry in the journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from ..faults import Verdict
from ..line import CutError, Line
from . import realtime_wire as wire
from .realtime_wire import RealtimeError


class RealtimeLine(Line):
    """A `Line` that speaks the realtime protocol. Whether an idle session is ended, and when, is not documented: here none is.

    `full_errors`: see `realtime_wire.error`.
    """

    full_errors = False

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send an event, as far as the fault lets it.

        Raises:
            CutError, RealtimeError: the fault's. ConnectionError: the client is gone.
        """
        await self._deliver(message, await self._verdict(0))

    async def send_response_audio(self, response: wire.Response, audio: bytes) -> None:
        """Send audio of `response`; otherwise like `send`. A cut that falls inside it lets the part before go out."""
        verdict = await self._verdict(len(audio))
        if verdict.act == "cut" and audio[: verdict.keep]:
            await self._deliver(response.audio(audio[: verdict.keep]), Verdict(), verdict.keep)
        await self._deliver(response.audio(audio), verdict, len(audio))

    async def tell_failure(self, failure: RealtimeError) -> None:
        """An ``error``; a mute line says not even this, and no fault strikes it."""
        if not self.armed.mute and not self.ws.closed:
            message = wire.error(failure, full=self.full_errors)
            await self.ws.send_str(json.dumps(message, ensure_ascii=False))
            self.record.note("out", "error", f"{failure.code} {failure.message}")

    async def _deliver(self, message: Mapping[str, Any], verdict: Verdict, audio_bytes: int = 0) -> None:
        if verdict.act == "silent":
            return
        if verdict.act == "cut":
            raise CutError
        text = json.dumps(message, ensure_ascii=False)
        if verdict.act == "malformed":
            text = text[: len(text) // 2]
        await self.ws.send_str(text)
        if audio_bytes:
            self.record.note("out", "audio", size=audio_bytes)
        else:
            self.record.note("out", message["type"], text)

    async def _verdict(self, size: int) -> Verdict:
        if self.armed.slow_ms:
            await asyncio.sleep(self.clock.real(self.armed.slow_ms / 1000))
        verdict = self.armed.judge(size)
        if verdict.act == "failed":
            assert self.armed.fault is not None
            raise asked_failure(self.armed.fault.value)
        return verdict


def asked_failure(status: int) -> RealtimeError:
    """The failure a `Fault` asks for by an HTTP status or an engine's code (418), in the words the service is known to use."""
    texts = {
        400: ("InvalidParameter", "Please ensure input text is valid."),
        402: ("Arrearage", "Access denied, please make sure your account is in good standing."),
        418: ("InvalidParameter", "The requested voice 'xxx' is not supported."),
        429: ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        451: ("DataInspectionFailed", "Input or output data may contain inappropriate content."),
    }
    code, text = texts.get(status, ("InternalError", "An internal error has occurred, please try again later."))
    return RealtimeError(text, code, fatal=True)
