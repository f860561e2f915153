"""CreateToken over HTTP: GET or POST on ``/``, parameters in the query or in the body."""

from __future__ import annotations

import asyncio
import json
import uuid

from aiohttp import web

from .kit import Kit
from .line import drop, reset
from .tokens import RefusedError


class TokenDoor:
    """Serves the CreateToken requests of a gateway."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kit = self._kit
        record = kit.journal.open("token")
        try:
            await kit.until(kit.clock.now() + kit.pace.connect_s)
            armed = kit.faults.arm("token")
            if fault := armed.at_the_door():
                if fault.kind == "refused":
                    reset(request)
                    record.end("refused")
                    return web.Response()
                record.end(f"HTTP {fault.value}")
                return web.json_response(_error(f"Fault{fault.value}", "A fault on purpose."), status=fault.value)
            await asyncio.sleep(kit.clock.real(armed.slow_ms / 1000))
            parameters = dict(request.query)
            if request.method == "POST":
                parameters |= {key: str(value) for key, value in (await request.post()).items()}
            record.note("in", "CreateToken", request.method)
            verdict = armed.judge(0)
            if verdict.act == "silent":
                await asyncio.Event().wait()  # until the client leaves
            if verdict.act == "cut":
                await drop(request)
                record.end("cut")
                return web.Response()
            if verdict.act == "failed":
                code = armed.fault.value if armed.fault and armed.fault.value else 40020503
                record.end(f"failed {code}")
                return web.json_response({"ErrMsg": "No permission!", "ErrCode": code, "RequestId": _id()})
            try:
                body = json.dumps(kit.tokens.answer(request.method, parameters))
            except RefusedError as refused:
                record.end(f"HTTP {refused.status}")
                return web.json_response(_error(refused.code, refused.message), status=refused.status)
            record.end("completed")
            if verdict.act == "malformed":
                body = body[: len(body) // 2]
            return web.Response(text=body, content_type="application/json")
        finally:
            record.end(kit.gone())


def _error(code: str, message: str) -> dict[str, str]:
    return {"RequestId": _id(), "HostId": "nls-meta.cn-shanghai.aliyuncs.com", "Code": code, "Message": message}


def _id() -> str:
    return str(uuid.uuid4()).upper()
