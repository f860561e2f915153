"""DashScope's native generation, ``/api/v1/services/aigc/text-generation/generation``: streamed and whole."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from aiohttp import web

from .. import messages as rules
from ..answering import Answering, BlockedError, CallPiece, Piece
from ..engines import Thought, Wish
from ..faults import Armed
from ..journal import Record
from ..kit import Kit
from ..line import CutError, drop, reset
from ..workshop import EngineError
from . import wire
from .access import authorised, refusal
from .generation_wire import Form
from .wire import TaskError

log = logging.getLogger("firstword.gateway")

SERVICE = "generation"
INSPECTION = 451
"""The `Fault.value` that stands for the inspection of the content, whose HTTP status is 400."""
STATUSES = {"InvalidParameter": 400, "InvalidApiKey": 401, "ModelNotFound": 404, "DataInspectionFailed": 400, "Arrearage": 400,
            "AccessDenied.Unpurchased": 403, "Throttling.RateQuota": 429}  # fmt: skip


class GenerationDoor:
    """Serves the native generation requests of a gateway."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kit = self._kit
        record = kit.journal.open(SERVICE)
        try:
            asked = kit.clock.now()
            await kit.until(asked + kit.pace.connect_s)
            armed = kit.faults.arm(SERVICE)
            fault = armed.at_the_door()
            if fault and fault.kind == "refused":
                reset(request)
                record.end("refused")
                return web.Response()
            raw = await request.text()
            record.note("in", "request", raw, len(raw))
            status = fault.value if fault else 200 if authorised(kit, request) else 401
            most = kit.options.most_llm
            if status == 200 and most and kit.journal.now(SERVICE) > most:
                status = 429
            if status != 200:
                record.end(f"HTTP {status}")
                return refusal(status)
            return await self._answer(request, record, armed, raw, asked + kit.pace.connect_s)
        except CutError:
            await drop(request)
            record.end("cut")
            return web.Response()
        except ConnectionError:
            record.end("client left")
            return web.Response()
        finally:
            record.end(kit.gone())

    async def _answer(
        self, request: web.Request, record: Record, armed: Armed, raw: str, asked: float
    ) -> web.StreamResponse:
        streams = request.headers.get("X-DashScope-SSE", "").lower() == "enable"
        try:
            body = _read(raw, streams, self._kit.options.models)
        except TaskError as error:
            return await self._refuse(request, record, error, streams)
        work = _Generating(self._kit, record, armed, body, asked)
        return await (work.stream(request) if streams else work.whole())

    async def _refuse(
        self, request: web.Request, record: Record, error: TaskError, streams: bool
    ) -> web.StreamResponse:
        """What is wrong with a streamed request stands in its stream, whose HTTP status is 200."""
        status = _status(error)
        record.end(f"failed {error.code}")
        form = Form(incremental=True, as_message=True)
        if not streams:
            return _whole_error(form, status, error)
        response = await _begin(request)
        await response.write(form.error(status, error.code, error.text))
        return response


class _Generating:
    """One request being answered."""

    def __init__(self, kit: Kit, record: Record, armed: Armed, body: Mapping[str, Any], asked: float) -> None:
        parameters = body["parameters"]
        limit = parameters.get("max_tokens")
        wish = Wish(
            body["model"], limit if isinstance(limit, int) else None, parameters.get("temperature"), dict(parameters)
        )
        self._record = record
        self._armed = armed
        self._form = Form(
            incremental=bool(parameters.get("incremental_output")),
            as_message=parameters.get("result_format") == "message",
        )
        self._answering = Answering(kit, record, armed, body["messages"], wish, asked)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The answer as events."""
        response = await _begin(request)
        try:
            await self._stream(response)
            self._record.end("completed")
        except (BlockedError, EngineError) as error:
            failure = self._failure(error)
            self._record.end(f"failed {failure.code}")
            blocked = isinstance(error, BlockedError)
            await response.write(self._form.error(_status(failure), failure.code, failure.text, instead=blocked))
        return response

    async def whole(self) -> web.StreamResponse:
        """The answer as one body, when its last token is due."""
        work = self._answering
        try:
            said = await work.whole()
            body = self._form.whole(work.calls, said, work.reason, self._counts())
            return await work.send_whole(json.dumps(body, ensure_ascii=False), said[0])
        except (BlockedError, EngineError) as error:
            failure = self._failure(error)
            self._record.end(f"failed {failure.code}")
            return _whole_error(self._form, _status(failure), failure)

    async def _stream(self, response: web.StreamResponse) -> None:
        work = self._answering
        async with aclosing(work.paced()) as pieces:
            async for piece in pieces:
                await work.write(response, *self._event(piece))
        await work.write(response, self._form.finish(work.reason, work.calls, self._counts()), "finish", work.reason)

    def _event(self, piece: Piece) -> tuple[bytes, str, str]:
        """The event of a piece, and what the journal calls it."""
        match piece:
            case Thought():
                return self._form.thought(piece.text, self._counts()), "thought", piece.text
            case CallPiece():
                told = (piece.id, piece.name, piece.arguments)
                event = self._form.call(piece.index, told, self._answering.calls, self._counts())
                return event, *(("call", piece.name) if piece.name else ("arguments", piece.arguments))
            case str():
                return self._form.token(piece, self._counts()), "token", piece

    def _counts(self) -> tuple[int, int]:
        return self._answering.prompt_tokens(), self._answering.count

    def _failure(self, error: Exception) -> TaskError:
        if isinstance(error, EngineError):
            log.error("the mind failed: %s", error)
            return wire.broken()
        assert self._armed.fault is not None
        return wire.asked_failure(self._armed.fault.value or INSPECTION)


def _read(raw: str, streams: bool, models: Sequence[str]) -> dict[str, Any]:
    """The request: its ``model``, ``messages`` and ``parameters``.

    Raises:
        TaskError: it is not in order.
    """
    try:
        body = json.loads(raw)
    except ValueError:
        raise wire.invalid("Request body is not valid json.") from None
    given = body.get("input") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise wire.invalid("Field required: input")
    model, parameters, messages = body.get("model"), body.get("parameters") or {}, given.get("messages")
    if messages is None and isinstance(given.get("prompt"), str):
        messages = [{"role": "user", "content": given["prompt"]}]
    if not isinstance(model, str) or not model:
        raise wire.invalid("Model is required!")
    if models and model not in models:
        raise wire.no_model(model)
    if not isinstance(parameters, dict):
        raise wire.invalid("Input should be a valid dictionary: parameters")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise wire.invalid("Input should be a valid list: input.messages")
    if wrong := rules.fault(messages):
        raise wire.invalid(wrong)
    if parameters.get("enable_thinking") and not streams:
        raise wire.invalid("parameter.enable_thinking must be set to false for non-streaming calls")
    return {"model": model, "messages": messages, "parameters": parameters}


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream;charset=UTF-8"})
    await response.prepare(request)
    return response


def _status(error: TaskError) -> int:
    return STATUSES.get(error.code, 500)


def _whole_error(form: Form, status: int, error: TaskError) -> web.Response:
    body = {"code": error.code, "message": error.text, "request_id": form.request_id}
    return web.json_response(body, status=status)
