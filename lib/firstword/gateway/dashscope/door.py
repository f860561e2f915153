"""The door of DashScope's task protocol, ``/api-ws/v1/inference``: the key, the upgrade, and one task after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from ..journal import Record
from ..kit import Kit
from ..line import CutError, drop, reset
from ..nls import CLOSE_S, ClientLeftError
from ..workshop import EngineError
from . import wire
from .access import authorised, refusal
from .cosyvoice import CosyVoiceTask
from .line import TaskLine
from .recognition import RecognitionTask
from .wire import Directive, TaskError

log = logging.getLogger("firstword.gateway")


class Task(Protocol):
    """What a ``run-task`` asked for; made by an `Opener`, which may raise TaskError. It calls `TaskLine.begin_task` when it is ready and
    `TaskLine.end_task` when all is said. Its methods are called between those two, `close` at any time."""

    async def more(self, given: Mapping[str, Any]) -> None:
        """A ``continue-task`` with this ``input``. Raises TaskError if it is not in order."""

    async def audio(self, data: bytes) -> None:
        """A binary message. Raises TaskError if it is not in order."""

    async def finish(self, given: Mapping[str, Any]) -> None:
        """The ``finish-task``; ``end_task`` follows, at once if the input's ``directive`` is ``cancel``."""

    def close(self) -> None:
        """The task is over, or is to be: end what works for it. Idempotent."""


Opener = Callable[[TaskLine, Kit, Mapping[str, Any]], Task]

SERVICES: dict[str, tuple[str, Opener]] = {"tts": ("cosyvoice", CosyVoiceTask), "asr": ("paraformer", RecognitionTask)}
"""``payload.task`` -> the service's name in the journal and among the faults, and what serves it."""


class TaskDoor:
    """Serves the connections of the task protocol of a gateway."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._lines: set[TaskLine] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kit = self._kit
        record = kit.journal.open("dashscope")
        try:
            await kit.until(kit.clock.now() + kit.pace.connect_s)
            fault = kit.faults.arm("dashscope").at_the_door()
            if fault and fault.kind == "refused":
                reset(request)
                record.end("refused")
                return web.Response()
            status = fault.value if fault else 200 if authorised(kit, request) else 401
            if status != 200:
                record.end(f"HTTP {status}")
                return refusal(status)
            return await self._serve(request, record)
        except ConnectionError:  # before the upgrade was answered
            record.end("client left")
            return web.Response()
        finally:
            record.end(kit.gone())

    async def _serve(self, request: web.Request, record: Record) -> web.StreamResponse:
        ws = web.WebSocketResponse(timeout=CLOSE_S, autoping=False, compress=False)
        await ws.prepare(request)
        line = TaskLine(ws, record, self._kit.options, self._kit.clock)
        self._lines.add(line)
        talk = _Talk(self._kit, line, self._busy)
        line.work(talk.read())
        line.work(line.watch())
        close = 1000
        try:
            await line.over()
            record.end("completed" if line.completed else "never started")
        except TaskError as error:
            close = error.close
            await self._fail(line, error)
        except EngineError as error:
            log.error("an engine failed a task: %s", error)
            await self._fail(line, wire.broken())
        except CutError:
            await drop(request)
            record.end("cut")
            return ws
        except (ClientLeftError, ConnectionError):
            log.debug("the client of a task door's connection left")
        finally:  # a cancelled handler too: the client closes after its last task, that is how a visit ends well
            record.end("completed" if line.state == "idle" and line.completed else self._kit.gone())
            talk.close()
            self._lines.remove(line)
        await ws.close(code=close)
        return ws

    def _busy(self, service: str) -> int:
        """How many tasks of a service are under way."""
        return sum(line.service == service and line.state != "idle" for line in self._lines)

    async def _fail(self, line: TaskLine, error: TaskError) -> None:
        try:
            await line.send_task_failed(error)
        except ConnectionError:
            log.info("the client left before it was told: %s", error)
        line.record.end(f"failed {error.code}")


class _Talk:
    """Reads one connection and hands what comes to its task."""

    def __init__(self, kit: Kit, line: TaskLine, busy: Callable[[str], int]) -> None:
        self._kit = kit
        self._line = line
        self._busy = busy
        self._task: Task | None = None

    async def read(self) -> None:
        line = self._line
        async for message in line.ws:
            if message.type is WSMsgType.BINARY:
                line.spoke()
                line.record.heard(len(message.data))
                await self._audio(message.data)
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
            self._task = None

    async def _audio(self, data: bytes) -> None:
        state = self._line.state
        if self._task is None or state in ("idle", "starting"):
            raise wire.invalid("Invalid binary message: the task is not started!")
        if state == "started":
            await self._task.audio(data)

    async def _directive(self, text: str) -> None:
        line = self._line
        directive = wire.read(text)
        line.last = directive.action
        line.record.note("in", directive.action, str(directive.given.get("text", "")), len(text))
        if directive.action == wire.RUN:
            await self._run(directive)
            return
        if line.state in ("idle", "starting") or self._task is None:
            raise wire.invalid(f"Invalid action '{directive.action}': the task is not started!")
        if directive.task_id != line.task:
            raise wire.invalid(f"Invalid action '{directive.action}': task_id does not match!")
        if line.state == "stopping":
            raise wire.invalid(f"Invalid action '{directive.action}': the task is finishing!")
        if directive.action == wire.CONTINUE:
            await self._task.more(directive.given)
        else:
            line.state = "stopping"
            await self._task.finish(directive.given)

    async def _run(self, directive: Directive) -> None:
        kit, line = self._kit, self._line
        running = line.state != "idle"
        self.close()
        if running:  # the pages: the service ends the task under way by itself
            await line.end_task({})
        line.task = directive.task_id
        known = SERVICES.get(str(directive.payload["task"]))
        if known is None:
            raise wire.invalid(f"Invalid task '{directive.payload['task'][:40]}'!")
        service, opener = known
        line.record.serves(service)
        line.service, line.armed = service, kit.faults.arm(service)
        if fault := line.armed.at_the_door():
            raise CutError if fault.kind == "refused" else wire.asked_failure(fault.value)
        most = kit.options.most_asr if directive.payload["task"] == "asr" else kit.options.most_tts
        if most and self._busy(service) >= most:
            raise wire.too_many()
        line.state = "starting"
        self._task = opener(line, kit, directive.payload)
