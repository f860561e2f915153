"""CreateToken: the signed form that asks for a token, and its answer. [pure]

Source: Alibaba Cloud, "Obtain an access token over HTTP or HTTPS" (RPC signature version 1.0): the parameters are the body of a POST. The
python SDK has the same ones in the query of a POST with an empty body (tests/recordings/traces/nls_create_token.jsonl), where whoever logs
addresses, such as urllib3 and every proxy, writes the key's id and the signature down.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


def signature(method: str, parameters: Mapping[str, str], access_key_secret: str) -> str:
    """HMAC-SHA1 over the method and the sorted parameters, in base64."""
    message = f"{method}&{_percent('/')}&{_percent(canonical(parameters))}"
    digest = hmac.new(f"{access_key_secret}&".encode(), message.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def canonical(parameters: Mapping[str, str]) -> str:
    """``k=v&k=v``, sorted by name, percent-encoded by RFC 3986."""
    return "&".join(f"{_percent(name)}={_percent(value)}" for name, value in sorted(parameters.items()))


def create_token_form(access_key_id: str, access_key_secret: str, *, nonce: str, timestamp: str) -> str:
    """The body of a ``POST /``, as ``application/x-www-form-urlencoded``.

    Args:
        nonce: never used before; a UUID.
        timestamp: UTC, ``YYYY-MM-DDThh:mm:ssZ``; the service refuses one that is off by more than 15 minutes.
    """
    parameters = {
        "AccessKeyId": access_key_id,
        "Action": "CreateToken",
        "Format": "JSON",
        "RegionId": "cn-shanghai",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce,
        "SignatureVersion": "1.0",
        "Timestamp": timestamp,
        "Version": "2019-02-28",
    }
    return f"{canonical(parameters)}&Signature={_percent(signature('POST', parameters, access_key_secret))}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A token; `expires` in seconds since 1970."""

    token: str
    expires: float

    def __repr__(self) -> str:
        return f"Grant(token=***, expires={self.expires})"


@dataclass(frozen=True, slots=True)
class Denial:
    """What the service says instead. `code` is its own ("SignatureDoesNotMatch", "40020503"), or ""."""

    code: str
    text: str


def parse_token(body: str) -> Grant | Denial:
    """The body of an answer, of whatever status. Never raises."""
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Denial("", "its answer is no JSON")
    if not isinstance(answer, dict):
        return Denial("", "its answer is no JSON object")
    token = answer.get("Token")
    if isinstance(token, dict) and isinstance(token.get("Id"), str) and token["Id"]:
        try:
            return Grant(token["Id"], float(token.get("ExpireTime") or 0))
        except (TypeError, ValueError):
            return Denial("", "its answer has an ExpireTime that is no number")
    code = answer.get("Code") or answer.get("ErrCode") or ""
    text = answer.get("Message") or answer.get("ErrMsg") or "its answer holds no token"
    return Denial(str(code), str(text))


def _percent(text: str) -> str:
    return quote(text, safe="-_.~")
