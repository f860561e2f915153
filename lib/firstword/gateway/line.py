"""One websocket: its idle rule (of NLS), its fault, its entry in the journal, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Coroutine, Mapping
from typing import Any

from aiohttp import web

from ..clock import Clock
from .faults import Armed, Verdict
from .journal import Record
from .options import GatewayOptions
from .wire import NlsError, asked_failure, idle, task_failed


class CutError(Exception):
    """A fault wants the connection to end now, without a word."""


class Line:
    """A connection from the upgrade to its end. Of the gateway's loop.

    Whatever works for the connection is started with `work`; the first that raises, or `complete`, ends it for all. `over`
    waits for that and says how.
    """

    def __init__(
        self, ws: web.WebSocketResponse, record: Record, armed: Armed, options: GatewayOptions, clock: Clock
    ) -> None:
        self.ws = ws
        self.record = record
        self.armed = armed
        self.clock = clock
        self.task = ""
        self.last = ""
        """The last directive of the client."""
        self.started = False
        self.stopping = False
        """The client has said all it will: now only the service's own silence counts as idle."""
        self._options = options
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._works: set[asyncio.Task[None]] = set()
        self._said = self._pinged = clock.now()

    def work(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` until it ends or the connection does; an exception of it ends the connection. Returns what cancels it."""
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._worked)
        return task

    def complete(self) -> None:
        """Everything was said: end well. A mute line does not even end."""
        if not self._over.done() and not self.armed.mute:
            self._over.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End with `error`, unless the connection has ended already."""
        if not self._over.done():
            self._over.set_exception(error)

    async def over(self) -> None:
        """Returns when the connection has completed; raises what ended it otherwise. All work is cancelled then."""
        try:
            await self._over
        finally:
            works = tuple(self._works)
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    def spoke(self) -> None:
        """The client sent a message."""
        self._said = self.clock.now()

    def pinged(self) -> None:
        self._pinged = self.clock.now()

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send an event, as far as the fault lets it.

        Raises:
            CutError, NlsError: the fault's. ConnectionError: the client is gone.
        """
        name = self._name(message)
        text = json.dumps(message, ensure_ascii=False)
        verdict = await self._judge(0)
        if verdict.act == "silent":
            return
        if verdict.act == "malformed":
            text = text[: len(text) // 2]
        await self.ws.send_str(text)
        self.record.note("out", name, text)
        self._heed_stop()

    async def send_audio(self, audio: bytes) -> None:
        """Send a binary message; otherwise like `send`."""
        verdict = await self._judge(len(audio), audio)
        if verdict.act == "silent":
            return
        if verdict.act == "malformed":
            await self.ws.send_str('{"header": {"namespace": "FlowingSpeech')
            return
        await self.ws.send_bytes(audio)
        self.record.note("out", "audio", size=len(audio))
        self._heed_stop()

    async def send_failure(self, failure: NlsError) -> None:
        """The last message. A mute line says not even this."""
        if not self.armed.mute and not self.ws.closed:
            await self.ws.send_str(json.dumps(task_failed(self.task, failure)))
            self.record.note("out", "TaskFailed", f"{failure.code} {failure.text}")

    async def watch(self) -> None:
        """Ends a connection whose client says nothing: 10 s after the start; 23 s if it pings meanwhile, or has not started."""
        idle_s, ping_idle_s = self._options.idle_s, max(self._options.ping_idle_s, self._options.idle_s)
        while not self.armed.mute:
            now = self.clock.now()
            due = self._said + ping_idle_s
            if self.started:
                due = min(due, max(self._said, self._pinged) + idle_s)
            if now < due:
                # no longer than idle_s, so that a start in the meantime is noticed in time
                await asyncio.sleep(self.clock.real(min(due - now, idle_s)))
            elif self.started:
                raise idle(self.last)
            else:  # what the service says to one who never starts is not known; it closes
                self.complete()
                return

    async def _judge(self, size: int, audio: bytes = b"") -> Verdict:
        if self.armed.slow_ms:
            await asyncio.sleep(self.clock.real(self.armed.slow_ms / 1000))
        verdict = self.armed.judge(size)
        if verdict.act == "cut":
            if audio[: verdict.keep]:
                await self.ws.send_bytes(audio[: verdict.keep])
                self.record.note("out", "audio", size=verdict.keep)
            raise CutError
        if verdict.act == "failed":
            assert self.armed.fault is not None
            raise self._asked_failure(self.armed.fault.value)
        return verdict

    def _asked_failure(self, code: int) -> Exception:
        return asked_failure(code)

    def _name(self, message: Mapping[str, Any]) -> str:
        return str(message["header"]["name"])

    def _heed_stop(self) -> None:
        if self.stopping:
            self._said = self.clock.now()

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._works.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)


async def drop(request: web.BaseRequest) -> None:
    """End the connection without a word; all that was sent before arrives."""
    transport = request.transport
    if transport is None:
        return
    for _ in range(200):  # at most a second: the client may not be reading
        if isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size():
            await asyncio.sleep(0.005)
    peer = transport.get_extra_info("socket")
    if peer is not None:
        # close() alone would discard what the kernel has not sent yet if something of the client's is unread
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_WR)
    transport.abort()


def reset(request: web.BaseRequest) -> None:
    """Tear the connection down with a TCP reset, nothing flushed."""
    transport = request.transport
    if transport is None:
        return
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
