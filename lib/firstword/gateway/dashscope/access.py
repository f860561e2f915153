"""Whether a request to DashScope carries the key, and what one that does not is told."""

from __future__ import annotations

import hmac
import json
import uuid

from aiohttp import web

from ..kit import Kit

REFUSALS = {
    401: ("InvalidApiKey", "Invalid API-key provided."),
    403: ("AccessDenied", "Access denied."),
    404: ("ModelNotFound", "Model can not be found."),
    429: ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
}


def authorised(kit: Kit, request: web.Request) -> bool:
    """Whether the bearer key is the gateway's own; some pages write the scheme in lower case."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), kit.options.api_key.encode())


def refusal(status: int) -> web.Response:
    """The answer instead of an upgrade or a result, in the service's form."""
    code, message = REFUSALS.get(status, ("InternalError", "An internal error has occured, please try again later."))
    body = {"code": code, "message": message, "request_id": str(uuid.uuid4())}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")
