"""The NLS door, ``/ws/v1``: the token, the upgrade, and who serves the connection."""

from __future__ import annotations

import hmac
import logging
from typing import Protocol

from aiohttp import WSMsgType, web

from . import wire
from .faults import Armed
from .flowing import FlowingTask
from .journal import Record
from .kit import Kit
from .line import CutError, Line, drop, reset
from .transcriber import TranscriberTask
from .whole import WholeTask
from .wire import NlsError
from .workshop import EngineError

log = logging.getLogger("firstword.gateway")

CLOSE_S = 1.0
"""How long a client may take to answer a close."""

SERVICES = {wire.FLOWING: "tts", wire.WHOLE: "tts", wire.LONG: "tts", wire.TRANSCRIBER: "asr"}


class Task(Protocol):
    """What a client asked for on a connection: `FlowingTask`, `WholeTask` or `TranscriberTask`."""

    async def directive(self, directive: wire.Directive) -> None:
        """A text message of the task's own namespace. Raises NlsError if it is not in order."""

    async def audio(self, pcm: bytes) -> None:
        """A binary message. Raises NlsError if it is not in order."""

    def close(self) -> None:
        """The connection is over."""


class ClientLeftError(Exception):
    """The client closed the connection, or it broke."""


class NlsDoor:
    """Serves the NLS connections of a gateway.

    Args:
        service: ``tts`` or ``asr`` for the URLs that name one, "" for ``/ws/v1``.
    """

    def __init__(self, kit: Kit, service: str = "") -> None:
        self._kit = kit
        self._service = service

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kit = self._kit
        record = kit.journal.open(self._service or "nls")
        try:
            await kit.until(kit.clock.now() + kit.pace.connect_s)
            at_door = kit.faults.arm("nls")
            armed = kit.faults.arm(self._service) if self._service else Armed()
            fault = at_door.at_the_door() or armed.at_the_door()
            if fault and fault.kind == "refused":
                reset(request)
                record.end("refused")
                return web.Response()
            status = fault.value if fault else 200 if self._authorised(request) else 403
            if status != 200:
                record.end(f"HTTP {status}")
                return web.Response(status=status)
            return await self._serve(request, record, armed)
        except ConnectionError:  # before the upgrade was answered
            record.end("client left")
            return web.Response()
        finally:
            record.end(kit.gone())

    def _authorised(self, request: web.Request) -> bool:
        token = request.headers.get("X-NLS-Token") or request.query.get("token", "")
        return self._kit.tokens.good(token)

    async def _serve(self, request: web.Request, record: Record, armed: Armed) -> web.StreamResponse:
        # the doubled Sec-WebSocket-Key of the python SDK: aiohttp answers the first, which is what that SDK checks
        ws = web.WebSocketResponse(timeout=CLOSE_S, autoping=False, compress=False)
        await ws.prepare(request)
        line = Line(ws, record, armed, self._kit.options, self._kit.clock)
        talk = _Talk(self._kit, line, named=bool(self._service))
        line.work(talk.read())
        line.work(line.watch())
        try:
            await line.over()
            record.end("completed" if line.started else "never started")
        except NlsError as failure:
            await self._fail(line, failure)
        except EngineError as error:
            log.error("an engine failed a task: %s", error)
            await self._fail(line, NlsError(50000000, "Gateway:SERVER_ERROR:Server error!"))
        except CutError:
            await drop(request)
            record.end("cut")
            return ws
        except (ClientLeftError, ConnectionError):
            record.end("client left")
        finally:
            talk.close()
        await ws.close()
        return ws

    async def _fail(self, line: Line, failure: NlsError) -> None:
        try:
            await line.send_failure(failure)
        except ConnectionError:
            log.info("the client left before it was told: %s", failure)
        line.record.end(f"failed {failure.code}")


class _Talk:
    """Reads one connection and hands what comes to its task."""

    def __init__(self, kit: Kit, line: Line, named: bool) -> None:
        self._kit = kit
        self._line = line
        self._named = named
        self._task: Task | None = None
        self._namespace = ""

    async def read(self) -> None:
        line = self._line
        async for message in line.ws:
            if message.type is WSMsgType.BINARY:
                line.spoke()
                line.record.heard(len(message.data))
                if self._task is None:
                    raise wire.routing("binary")
                await self._task.audio(message.data)
            elif message.type is WSMsgType.TEXT:
                line.spoke()
                await self._directive(message.data)
            elif message.type is WSMsgType.PING:
                line.pinged()
                await line.ws.pong(message.data)
        raise ClientLeftError

    def close(self) -> None:
        if self._task is not None:
            self._task.close()

    async def _directive(self, text: str) -> None:
        line = self._line
        directive = wire.read(text)
        line.last = directive.name
        line.record.note("in", directive.name, str(directive.payload.get("text", "")), len(text))
        if self._task is None:
            line.task = directive.task
            self._task = self._begin(directive)
        elif directive.namespace != self._namespace:
            raise NlsError(40000000, "Invalid namespace")
        await self._task.directive(directive)

    def _begin(self, directive: wire.Directive) -> Task:
        kit, line = self._kit, self._line
        service = SERVICES.get(directive.namespace)
        if service is None:
            raise NlsError(40010001, f"Gateway:NAMESPACE_NOT_FOUND:Namespace '{directive.namespace}' not found!")
        line.record.serves(service)
        if not self._named:
            line.armed = kit.faults.arm(service)
            if fault := line.armed.at_the_door():
                raise CutError if fault.kind == "refused" else wire.refusal(fault.value)
        if not directive.appkey:
            raise NlsError(40000003, "Gateway:PARAMETER_INVALID:appkey not set")
        if not hmac.compare_digest(directive.appkey.encode(), kit.options.appkey.encode()):
            raise NlsError(40020105, "Meta:APPKEY_NOT_EXIST:Appkey not exist!")
        most = kit.options.most_asr if service == "asr" else kit.options.most_tts
        if most and kit.journal.asked(service) > most:
            raise wire.too_many()
        self._namespace = directive.namespace
        if directive.namespace == wire.FLOWING:
            return FlowingTask(line, kit)
        if directive.namespace == wire.TRANSCRIBER:
            return TranscriberTask(line, kit)
        return WholeTask(line, kit, directive.namespace)
