"""OpenAI chat completions, streamed and whole, at the pace of the gateway."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from aiohttp import web

from . import messages as rules
from . import sse
from .answering import Answering, BlockedError, CallPiece, Piece, RefusalError
from .engines import Thought, Wish
from .faults import Armed
from .journal import Record
from .kit import Kit
from .line import CutError, drop, reset
from .workshop import EngineError

log = logging.getLogger("firstword.gateway")


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
                work = _Chat(kit, record, armed, request, body, asked + kit.pace.connect_s)
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


class _Chat:
    """One request being answered."""

    def __init__(
        self, kit: Kit, record: Record, armed: Armed, request: web.Request, body: Mapping[str, Any], asked: float
    ) -> None:
        limit = body.get("max_tokens") or body.get("max_completion_tokens")
        extra = {key: value for key, value in body.items() if key not in ("model", "messages", "stream")}
        wish = Wish(body["model"], limit if isinstance(limit, int) else None, body.get("temperature"), extra)
        options = body.get("stream_options")
        self._request = request
        self._record = record
        self._with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        self._form = sse.answer(body["model"])
        self._answering = Answering(kit, record, armed, body["messages"], wish, asked)

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
        try:
            text, thinking = await self._answering.whole()
        except EngineError as error:
            log.error("the mind failed: %s", error)
            raise RefusalError(500) from error
        whole = self._form.whole(text, thinking, self._answering.calls, self._answering.reason, self._usage())
        try:
            return await self._answering.send_whole(json.dumps(whole, ensure_ascii=False), text)
        except BlockedError:
            raise RefusalError(500) from None

    async def _stream(self, response: web.StreamResponse) -> None:
        began = False
        async with aclosing(self._answering.paced()) as pieces:
            async for piece in pieces:
                if not began:
                    began = True
                    await self._answering.write(response, self._form.role(), "role")
                await self._write_piece(response, piece)
        await self._answering.write(
            response, self._form.finish(self._answering.reason), "finish", self._answering.reason
        )
        if self._with_usage:
            await self._answering.write(response, self._form.usage(self._usage()), "usage")
        await self._answering.write(response, sse.DONE, "done")

    async def _write_piece(self, response: web.StreamResponse, piece: Piece) -> None:
        match piece:
            case Thought():
                await self._answering.write(response, self._form.thought(piece.text), "thought", piece.text)
            case CallPiece(name=""):
                event = self._form.arguments(piece.index, piece.arguments)
                await self._answering.write(response, event, "arguments", piece.arguments)
            case CallPiece():
                event = self._form.call(piece.index, piece.id, piece.name)
                await self._answering.write(response, event, "call", piece.name)
            case str():
                await self._answering.write(response, self._form.token(piece), "token", piece)

    def _usage(self) -> sse.Usage:
        return sse.Usage(self._answering.prompt_tokens(), self._answering.count)
