"""JSON pointers (RFC 6901): a place in a JSON value. [pure]"""

from __future__ import annotations

from typing import Any


def find(value: Any, pointer: str) -> Any:
    """What stands at `pointer`, such as ``/data/0/status``; "" is the whole.

    Raises:
        LookupError: nothing does.
    """
    if not pointer:
        return value
    if not pointer.startswith("/"):
        raise LookupError(pointer)
    for token in pointer[1:].split("/"):
        value = _step(value, token.replace("~1", "/").replace("~0", "~"))
    return value


def _step(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        return value[token]
    if isinstance(value, list) and token.isascii() and token.isdigit() and (token == "0" or token[0] != "0"):
        return value[int(token)] if len(token) < 10 else value[len(value)]
    raise LookupError(token)
