"""OpenAI chat completions, streamed and whole, at the pace of the gateway."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import messages as rules
from . import sse
from .engines import Pause, Thought, Wanted, Wish
from .faults import Armed
from .journal import Record
from .kit import Kit
from .line import CutError, drop, reset
from .minds import content
from .workshop import EngineError

log = logging.getLogger("firstword.gateway")


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


class ChatDoor:
    """Serves the chat requests of a gateway."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def models(self, request: web.Request) -> web.StreamResponse:
        """``GET /v1/models``."""
        if not self._authorised(request):
            return web.json_response(sse.error(401), status=401)
        names = self._kit.options.models or (self._kit.options.mind,)
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "firstword"} for name in names]
        return web.json_response({"object": "list", "data": models})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """``POST …/chat/completions``."""
        kit = self._kit
        record = kit.journal.open("llm")
        try:
            asked = kit.clock.now()
            await kit.until(asked + kit.pace.connect_s)
            armed = kit.faults.arm("llm")
            streams = False
            try:
                fault = armed.at_the_door()
                if fault and fault.kind == "refused":
                    reset(request)
                    record.end("refused")
                    return web.Response()
                body = await self._body(request, record)
                streams = bool(body.get("stream"))
                self._admit(request, body)
                if fault:
                    raise RefusalError(fault.value)
                work = _Answering(kit, record, armed, request, body, asked + kit.pace.connect_s)
                return await (work.stream() if streams else work.whole())
            except RefusalError as refusal:
                record.end(f"HTTP {refusal.status}")
                return _refuse(refusal, streams)
            except CutError:
                await drop(request)
                record.end("cut")
                return web.Response()
            except ConnectionError:
                record.end("client left")
                return web.Response()
        finally:
            record.end(kit.gone())

    async def _body(self, request: web.Request, record: Record) -> dict[str, Any]:
        raw = await request.text()
        record.note("in", "request", raw, len(raw))
        try:
            body = json.loads(raw)
        except ValueError:
            raise RefusalError(400, "The request body is no JSON.") from None
        if not isinstance(body, dict):
            raise RefusalError(400, "The request body is no JSON object.")
        return body

    def _admit(self, request: web.Request, body: Mapping[str, Any]) -> None:
        options = self._kit.options
        if not self._authorised(request):
            raise RefusalError(401)
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model:
            raise RefusalError(400, "you must provide a model parameter")
        if options.models and model not in options.models:
            raise RefusalError(404, f"The model `{model}` does not exist or you do not have access to it.")
        if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
            raise RefusalError(400, "[] is too short - 'messages'")
        if wrong := rules.fault(messages):
            raise RefusalError(400, wrong)
        if options.most_llm and self._kit.journal.now("llm") > options.most_llm:
            raise RefusalError(429)

    def _authorised(self, request: web.Request) -> bool:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            key.strip().encode(), self._kit.options.api_key.encode()
        )


def _refuse(refusal: RefusalError, streams: bool) -> web.Response:
    body = sse.error(refusal.status, refusal.message)
    if (
        streams and refusal.status == 400
    ):  # a quirk of the service: the error of a streamed request comes as an SSE event
        return web.Response(status=400, body=sse.data(body), content_type="text/event-stream", charset="UTF-8")
    return web.json_response(body, status=refusal.status)


class _Answering:
    """One request being answered."""

    def __init__(
        self, kit: Kit, record: Record, armed: Armed, request: web.Request, body: Mapping[str, Any], asked: float
    ) -> None:
        self._kit = kit
        self._record = record
        self._armed = armed
        self._request = request
        self._asked = asked
        self._messages: Sequence[Mapping[str, Any]] = body["messages"]
        limit = body.get("max_tokens") or body.get("max_completion_tokens")
        self._limit = limit if isinstance(limit, int) else None
        extra = {key: value for key, value in body.items() if key not in ("model", "messages", "stream")}
        self._wish = Wish(body["model"], self._limit, body.get("temperature"), extra)
        options = body.get("stream_options")
        self._with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        self._answer = sse.answer(body["model"])
        self._count = 0
        self._calls: list[tuple[str, str, str]] = []
        """Identity, name and arguments of each so far."""
        self._reason = "stop"

    async def stream(self) -> web.StreamResponse:
        """The answer as SSE."""
        headers = {"Content-Type": "text/event-stream;charset=UTF-8", "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(self._request)
        try:
            await self._stream(response)
            self._record.end("completed")
        except BlockedError:
            await response.write(sse.data(sse.blocked()))
            self._record.end("failed")
        except EngineError as error:
            log.error("the mind failed: %s", error)
            await response.write(sse.data(sse.error(500)))
            self._record.end("failed")
        return response

    async def whole(self) -> web.StreamResponse:
        """The answer as one body, when its last token is due."""
        text = thinking = ""
        try:
            async with aclosing(self._paced()) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Thought):
                        thinking += piece.text
                    elif isinstance(piece, str):
                        text += piece
        except EngineError as error:
            log.error("the mind failed: %s", error)
            raise RefusalError(500) from error
        whole = self._answer.whole(text, thinking, self._calls, self._reason, self._usage())
        body = json.dumps(whole, ensure_ascii=False)
        await self._slowed()
        verdict = self._armed.judge(len(body))
        if verdict.act == "cut":
            raise CutError
        if verdict.act == "failed":
            raise RefusalError(500)
        if verdict.act == "silent":
            await asyncio.Event().wait()  # until the client leaves
        if verdict.act == "malformed":
            body = body[: len(body) // 2]
        self._record.note("out", "answer", text, len(body))
        self._record.end("completed")
        return web.Response(text=body, content_type="application/json")

    async def _stream(self, response: web.StreamResponse) -> None:
        began = False
        async with aclosing(self._paced()) as pieces:
            async for piece in pieces:
                if not began:
                    began = True
                    await self._write(response, self._answer.role(), "role")
                await self._write_piece(response, piece)
        await self._write(response, self._answer.finish(self._reason), "finish", self._reason)
        if self._with_usage:
            await self._write(response, self._answer.usage(self._usage()), "usage")
        await self._write(response, sse.DONE, "done")

    async def _write_piece(self, response: web.StreamResponse, piece: Piece) -> None:
        match piece:
            case Thought():
                await self._write(response, self._answer.thought(piece.text), "thought", piece.text)
            case CallPiece(name=""):
                event = self._answer.arguments(piece.index, piece.arguments)
                await self._write(response, event, "arguments", piece.arguments)
            case CallPiece():
                event = self._answer.call(piece.index, piece.id, piece.name)
                await self._write(response, event, "call", piece.name)
            case str():
                await self._write(response, self._answer.token(piece), "token", piece)

    async def _write(self, response: web.StreamResponse, event: bytes, what: str, detail: str = "") -> None:
        await self._slowed()
        verdict = self._armed.judge(len(event))
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
        self._record.note("out", what, detail, len(event))

    async def _paced(self) -> AsyncGenerator[Piece, None]:
        """The mind's tokens, each when it is due; a call of a tool is as many as it has pieces."""
        kit, mind = self._kit, self._kit.mind
        paused_ms = 0.0
        steps = kit.workshop.steps("gateway-mind", mind.quick, lambda: mind.answer(self._messages, self._wish))
        async with aclosing(steps):
            async for said in steps:
                if isinstance(said, Pause):
                    paused_ms += said.ms
                    continue
                for piece in self._pieces(said):
                    if self._limit is not None and self._count >= self._limit:
                        self._reason = "length"
                        return
                    await kit.until(kit.pace.token(self._asked, self._count, paused_ms))
                    self._count += 1
                    self._note_call(piece)
                    yield piece

    def _pieces(self, said: str | Thought | Wanted) -> Sequence[Piece]:
        if not isinstance(said, Wanted):
            return (said,)
        index, size = len(self._calls), said.piece_chars
        cut = [said.arguments[at : at + size] for at in range(0, len(said.arguments), size)]
        return (CallPiece(index, "", sse.call_id(), said.name), *(CallPiece(index, piece) for piece in cut))

    def _note_call(self, piece: Piece) -> None:
        if not isinstance(piece, CallPiece):
            return
        if piece.name:
            self._reason = "tool_calls"
            self._calls.append((piece.id, piece.name, ""))
        else:
            id, name, arguments = self._calls[-1]
            self._calls[-1] = id, name, arguments + piece.arguments

    async def _slowed(self) -> None:
        if self._armed.slow_ms:
            await asyncio.sleep(self._kit.clock.real(self._armed.slow_ms / 1000))

    def _usage(self) -> sse.Usage:
        """Prompt tokens are counted as two characters each: the gateway has no tokenizer."""
        asked = sum(len(content(message)) for message in self._messages)
        return sse.Usage((asked + 1) // 2, self._count)
