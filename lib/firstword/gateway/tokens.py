"""NLS CreateToken: checks who asks by the POP signature, gives tokens, knows which are good."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from calendar import timegm
from collections import OrderedDict
from collections.abc import Callable, Mapping
from time import strptime
from typing import Any
from urllib.parse import quote

from .options import GatewayOptions

SKEW_S = 900
"""How far a request's Timestamp may lie from now: the usual quarter of an hour of this kind of API."""
REMEMBERED = 10_000
"""How many nonces and tokens are kept; the oldest are forgotten."""


def sign(method: str, parameters: Mapping[str, str], secret: str) -> str:
    """The POP signature (HMAC-SHA1, version 1.0) over all `parameters` but ``Signature``."""
    pairs = sorted((key, value) for key, value in parameters.items() if key != "Signature")
    canonical = "&".join(f"{_escape(key)}={_escape(value)}" for key, value in pairs)
    message = f"{method}&{_escape('/')}&{_escape(canonical)}"
    digest = hmac.new(f"{secret}&".encode(), message.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class RefusedError(Exception):
    """A CreateToken request is not in order: the HTTP status and the API's Code and Message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Tokens:
    """The tokens of one gateway. Of its loop's thread; `grant` of any.

    Args:
        wall: seconds since 1970, for ``ExpireTime`` and ``Timestamp``.
    """

    def __init__(self, options: GatewayOptions, wall: Callable[[], float]) -> None:
        self._options = options
        self._wall = wall
        self._tokens: OrderedDict[str, float] = OrderedDict()
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def grant(self) -> tuple[str, float]:
        """A new token and when it expires, in seconds since 1970. Older ones stay good."""
        token, expires = secrets.token_hex(16), self._wall() + self._options.token_lifetime_s
        self._tokens[token] = expires
        while len(self._tokens) > REMEMBERED:
            self._tokens.popitem(last=False)
        return token, expires

    def good(self, token: str) -> bool:
        """Whether `token` was granted here and has not expired."""
        return self._tokens.get(token, 0.0) > self._wall()

    def revoke(self) -> None:
        """Every token granted so far is bad from now on."""
        self._tokens.clear()

    def answer(self, method: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body that answers a CreateToken request.

        Raises:
            RefusedError: the request is not in order.
        """
        self._check(method, parameters)
        token, expires = self.grant()
        return {
            "NlsRequestId": uuid.uuid4().hex,
            "RequestId": str(uuid.uuid4()).upper(),
            "Token": {"ExpireTime": int(expires), "Id": token, "UserId": "1000000000000001"},
        }

    def _check(self, method: str, parameters: Mapping[str, str]) -> None:
        for key in ("Action", "Version", "AccessKeyId", "Timestamp", "SignatureMethod", "SignatureNonce", "Signature"):
            if not parameters.get(key):
                raise RefusedError(400, f"Missing{key}", f"{key} is mandatory for this action.")
        if parameters["Action"] != "CreateToken" or parameters["Version"] != "2019-02-28":
            raise RefusedError(
                404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
            )
        if parameters["SignatureMethod"].upper() != "HMAC-SHA1":
            raise RefusedError(400, "InvalidSignatureMethod", "Specified signature method is not supported.")
        try:
            asked = timegm(strptime(parameters["Timestamp"], "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            raise RefusedError(
                400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
            ) from None
        if abs(asked - self._wall()) > SKEW_S:
            raise RefusedError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        if parameters["AccessKeyId"] != self._options.access_key_id:
            raise RefusedError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        signature = sign(method, parameters, self._options.access_key_secret)
        if not hmac.compare_digest(signature, parameters["Signature"]):
            raise RefusedError(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
        nonce = parameters["SignatureNonce"]
        if nonce in self._nonces:
            raise RefusedError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = None
        while len(self._nonces) > REMEMBERED:
            self._nonces.popitem(last=False)


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")
