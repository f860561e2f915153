"""The realtime door, ``/api-ws/v1/realtime?model=…``: the key, the upgrade, and who serves the session."""

from __future__ import annotations

import logging
from typing import Protocol

from aiohttp import WSMsgType, web

from ..faults import Armed
from ..journal import Record
from ..kit import Kit
from ..line import CutError, drop, reset
from ..nls import CLOSE_S, ClientLeftError
from ..workshop import EngineError
from . import realtime_wire as wire
from .access import authorised, refusal
from .realtime_hearing import HearingSession
from .realtime_line import RealtimeLine
from .realtime_speech import SpeechSession
from .realtime_wire import RealtimeError

log = logging.getLogger("firstword.gateway")

MESSAGE_BYTES = 16 * 1024 * 1024
"""The pages allow 15 MiB of base64 in one message."""


class Session(Protocol):
    """What a connection is: a `SpeechSession` or a `HearingSession`."""

    async def begin(self) -> None:
        """The first message, unasked."""

    async def take(self, event: wire.ClientEvent) -> None:
        """A message of the client. Raises RealtimeError if it is not in order."""

    def close(self) -> None:
        """The connection is over."""


class RealtimeDoor:
    """Serves the realtime sessions of a gateway. A model with ``asr`` in its name hears, any other speaks."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kit = self._kit
        record = kit.journal.open("realtime")
        try:
            await kit.until(kit.clock.now() + kit.pace.connect_s)
            service = "qwen-asr" if "asr" in request.query.get("model", "") else "qwen-tts"
            at_door, armed = kit.faults.arm("realtime"), kit.faults.arm(service)
            fault = at_door.at_the_door() or armed.at_the_door()
            if fault and fault.kind == "refused":
                reset(request)
                record.end("refused")
                return web.Response()
            status = fault.value if fault else 200 if authorised(kit, request) else 401
            if status != 200:
                record.end(f"HTTP {status}")
                return refusal(status)
            record.serves(service)
            return await self._serve(request, record, armed)
        except ConnectionError:  # before the upgrade was answered
            record.end("client left")
            return web.Response()
        finally:
            record.end(kit.gone())

    async def _serve(self, request: web.Request, record: Record, armed: Armed) -> web.StreamResponse:
        ws = web.WebSocketResponse(timeout=CLOSE_S, compress=False, max_msg_size=MESSAGE_BYTES)
        await ws.prepare(request)
        line = RealtimeLine(ws, record, armed, self._kit.options, self._kit.clock)
        session = self._session(request.query.get("model", ""), record.service, line)
        line.work(_read(line, session))
        try:
            await line.over()
            record.end("completed")
        except RealtimeError as failure:
            await _fail(line, failure)
        except EngineError as error:
            log.error("an engine failed a session: %s", error)
            await _fail(line, RealtimeError("An internal error has occurred.", "InternalError", fatal=True))
        except CutError:
            await drop(request)
            record.end("cut")
            return ws
        except (ClientLeftError, ConnectionError):
            record.end("client left")
        finally:
            session.close()
        await ws.close()
        return ws

    def _session(self, model: str, service: str, line: RealtimeLine) -> Session:
        if service == "qwen-asr":
            line.full_errors = True
            return HearingSession(line, self._kit, model)
        return SpeechSession(line, self._kit, model)


async def _read(line: RealtimeLine, session: Session) -> None:
    await session.begin()
    async for message in line.ws:
        if message.type is WSMsgType.BINARY:
            await line.tell_failure(RealtimeError("Invalid payload: binary messages are not supported."))
        elif message.type is WSMsgType.TEXT:
            await _take(line, session, message.data)
    raise ClientLeftError


async def _take(line: RealtimeLine, session: Session, text: str) -> None:
    event_id = ""
    try:
        event = wire.read(text)
        event_id = event.event_id
        if event.type == "input_audio_buffer.append":
            line.record.heard(len(text))
        else:
            line.record.note("in", event.type, str(event.body.get("text", "")), len(text))
        await session.take(event)
    except RealtimeError as failure:
        failure.event_id = event_id
        if failure.fatal:
            raise
        await line.tell_failure(failure)


async def _fail(line: RealtimeLine, failure: RealtimeError) -> None:
    try:
        await line.tell_failure(failure)
    except ConnectionError:
        log.info("the client left before it was told: %s", failure)
    line.record.end(f"failed {failure.code}")
