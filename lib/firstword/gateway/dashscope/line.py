"""One connection of the task protocol: which task it carries, and how long it may be silent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Literal

from aiohttp import web

from ...clock import Clock
from ..faults import Armed
from ..journal import Record
from ..line import Line
from ..options import GatewayOptions
from . import wire
from .wire import TaskError

State = Literal["idle", "starting", "started", "stopping"]


class TaskLine(Line):
    """A `Line` that carries tasks one after another. `task` is the id of the one under way.

    `state`: ``idle`` -> ``starting`` (run-task came) -> ``started`` -> ``stopping`` (finish-task came) -> ``idle``. The door moves it
    when a message comes, a task when it calls `begin_task` and `end_task`.
    """

    def __init__(self, ws: web.WebSocketResponse, record: Record, options: GatewayOptions, clock: Clock) -> None:
        super().__init__(ws, record, Armed(), options, clock)
        self.state: State = "idle"
        self.service = ""
        self.completed = 0
        """How many tasks have."""

    async def begin_task(self) -> None:
        """The service is ready for what the client sends next."""
        await self.send(wire.started(self.task))
        self.state = "started"

    async def end_task(self, payload: Mapping[str, Any]) -> None:
        """Everything of the task was said; the next may come."""
        await self.send(wire.finished(self.task, payload))
        self.state = "idle"
        self.completed += 1
        self.spoke()

    async def result(self, output: Mapping[str, Any], usage: Mapping[str, Any] | None = None) -> None:
        await self.send(wire.result(self.task, output, usage))

    async def send_task_failed(self, error: TaskError) -> None:
        """The last message. A mute line says not even this."""
        if not self.armed.mute and not self.ws.closed:
            await self.ws.send_str(json.dumps(wire.failed(self.task, error), ensure_ascii=False))
            self.record.note("out", "task-failed", f"{error.code} {error.text}")

    async def watch(self) -> None:
        """Ends a connection whose client says nothing: fails its task, or closes it between two."""
        in_task, between = self._options.task_idle_s, self._options.between_tasks_s
        while not self.armed.mute:
            now = self.clock.now()
            if self.state == "stopping":  # all the client had to say was said
                self._said = now
            due = self._said + (between if self.state == "idle" else in_task)
            if now < due:
                # no longer than either bound, so that a change of state is noticed in time
                await asyncio.sleep(self.clock.real(min(due - now, in_task, between)))
            elif self.state == "idle":
                self.complete()
                return
            else:
                raise wire.too_slow()

    def _name(self, message: Mapping[str, Any]) -> str:
        return str(message["header"]["event"])

    def _asked_failure(self, code: int) -> Exception:
        return wire.asked_failure(code)
