"""One request for an answer of the mind: its tokens, each when it is due, and its calls of tools in pieces; in no protocol's form yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import sse
from .engines import Pause, Thought, Wanted, Wish
from .faults import Armed
from .journal import Record
from .kit import Kit
from .line import CutError
from .minds import content


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A piece of tool call number `index`; the first one has its id and name, and no arguments."""

    index: int
    arguments: str
    id: str = ""
    name: str = ""


Piece = str | Thought | CallPiece


class RefusalError(Exception):
    """The request is answered with this HTTP status."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class BlockedError(Exception):
    """A fault wants an error in the middle of the stream."""


class Answering:
    """A request being answered.

    Args:
        asked: when it was, in the clock's seconds.
    """

    def __init__(
        self, kit: Kit, record: Record, armed: Armed, messages: Sequence[Mapping[str, Any]], wish: Wish, asked: float
    ) -> None:
        self.kit = kit
        self.record = record
        self.armed = armed
        self.count = 0
        self.calls: list[tuple[str, str, str]] = []
        """Identity, name and arguments of each so far."""
        self.reason = "stop"
        self._messages = messages
        self._wish = wish
        self._limit = wish.max_tokens
        self._asked = asked

    async def write(self, response: web.StreamResponse, event: bytes, what: str, detail: str = "") -> None:
        """Send an event, as far as the fault lets it.

        Raises:
            BlockedError, CutError: the fault's.
        """
        await self.slowed()
        verdict = self.armed.judge(len(event))
        if verdict.act == "silent":
            await asyncio.Event().wait()  # until the client leaves
        if verdict.act == "failed":
            raise BlockedError
        if verdict.act == "cut":
            if verdict.keep:
                await response.write(event[: verdict.keep])
            raise CutError
        if verdict.act == "malformed":
            event = event[: len(event) // 2].rstrip() + b"\n\n"
        await response.write(event)
        self.record.note("out", what, detail, len(event))

    async def paced(self) -> AsyncGenerator[Piece, None]:
        """The mind's tokens, each when it is due; a call of a tool is as many as it has pieces."""
        kit, mind = self.kit, self.kit.mind
        paused_ms = 0.0
        steps = kit.workshop.steps("gateway-mind", mind.quick, lambda: mind.answer(self._messages, self._wish))
        async with aclosing(steps):
            async for said in steps:
                if isinstance(said, Pause):
                    paused_ms += said.ms
                    continue
                for piece in self._pieces(said):
                    if self._limit is not None and self.count >= self._limit:
                        self.reason = "length"
                        return
                    await kit.until(kit.pace.token(self._asked, self.count, paused_ms))
                    self.count += 1
                    self._note_call(piece)
                    yield piece

    def _pieces(self, said: str | Thought | Wanted) -> Sequence[Piece]:
        if not isinstance(said, Wanted):
            return (said,)
        index, size = len(self.calls), said.piece_chars
        cut = [said.arguments[at : at + size] for at in range(0, len(said.arguments), size)]
        return (CallPiece(index, "", sse.call_id(), said.name), *(CallPiece(index, piece) for piece in cut))

    def _note_call(self, piece: Piece) -> None:
        if not isinstance(piece, CallPiece):
            return
        if piece.name:
            self.reason = "tool_calls"
            self.calls.append((piece.id, piece.name, ""))
        else:
            id, name, arguments = self.calls[-1]
            self.calls[-1] = id, name, arguments + piece.arguments

    async def slowed(self) -> None:
        """Wait what a fault makes every message late."""
        if self.armed.slow_ms:
            await asyncio.sleep(self.kit.clock.real(self.armed.slow_ms / 1000))

    async def whole(self) -> tuple[str, str]:
        """All that is said, and all that was thought, when the last of it is due."""
        said = thought = ""
        async with aclosing(self.paced()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Thought):
                    thought += piece.text
                elif isinstance(piece, str):
                    said += piece
        return said, thought

    async def send_whole(self, body: str, said: str) -> web.Response:
        """The one body of an answer that is not streamed, as far as the fault lets it.

        Raises:
            BlockedError, CutError: the fault's.
        """
        await self.slowed()
        verdict = self.armed.judge(len(body))
        if verdict.act == "cut":
            raise CutError
        if verdict.act == "failed":
            raise BlockedError
        if verdict.act == "silent":
            await asyncio.Event().wait()  # until the client leaves
        if verdict.act == "malformed":
            body = body[: len(body) // 2]
        self.record.note("out", "answer", said, len(body))
        self.record.end("completed")
        return web.Response(text=body, content_type="application/json")

    def prompt_tokens(self) -> int:
        """Counted as two characters each: the gateway has no tokenizer."""
        return (sum(len(content(message)) for message in self._messages) + 1) // 2
