"""The task protocol's messages as the server reads and writes them. [pure]

Sources: Alibaba's pages of client and server events. Where nobody has published what the service answers, the nearest published answer is
taken.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RUN, CONTINUE, FINISH = "run-task", "continue-task", "finish-task"
INVALID_PAYLOAD = 1007


class TaskError(Exception):
    """The task fails: becomes a ``task-failed`` with this code and text; then the connection is closed with `close`."""

    def __init__(self, code: str, text: str, close: int = 1000) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.close = close


@dataclass(frozen=True, slots=True)
class Directive:
    """A text message of a client, its envelope checked."""

    action: str
    task_id: str
    payload: Mapping[str, Any]
    given: Mapping[str, Any]
    """The payload's ``input``."""


def read(text: str) -> Directive:
    """Read a client's message. Unknown keys are fine, and so are those of ``run-task`` in the others.

    Raises:
        TaskError: it is no message of this protocol, or a ``run-task`` that does not say what it wants.
    """
    try:
        message = json.loads(text)
        if "\\ud" in text.lower():  # half of a surrogate pair can be escaped, but not be sent back
            message = json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise invalid("Invalid payload data", INVALID_PAYLOAD) from None
    header = message.get("header") if isinstance(message, dict) else None
    if not isinstance(header, dict):
        raise invalid("Missing required parameter 'header'! Please follow the protocol!", INVALID_PAYLOAD)
    action, task_id = header.get("action"), header.get("task_id")
    if action not in (RUN, CONTINUE, FINISH):
        raise invalid(f"Invalid action '{str(action)[:40]}'! Please follow the protocol!")
    if not isinstance(task_id, str) or not task_id:
        raise _missing("header.task_id")
    if header.get("streaming") != "duplex":
        raise _missing("header.streaming")
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("input"), dict):
        raise invalid("task can not be null", INVALID_PAYLOAD)
    if action == RUN:
        for key in ("model", "task_group", "task", "function"):
            if not isinstance(payload.get(key), str) or not payload[key]:
                raise _missing(f"payload.{key}")
    return Directive(action, task_id, payload, payload["input"])


def started(task_id: str) -> dict[str, Any]:
    return _event("task-started", task_id, {})


def result(task_id: str, output: Mapping[str, Any], usage: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A ``result-generated``; without `usage` the key is left out."""
    payload: dict[str, Any] = {"output": dict(output)}
    if usage is not None:
        payload["usage"] = dict(usage)
    return _event("result-generated", task_id, payload)


def finished(task_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    return _event("task-finished", task_id, payload, {"request_uuid": str(uuid.uuid4())})


def failed(task_id: str, error: TaskError) -> dict[str, Any]:
    header = {
        "task_id": task_id,
        "event": "task-failed",
        "error_code": error.code,
        "error_message": error.text,
        "attributes": {},
    }
    return {"header": header, "payload": {}}


def invalid(text: str, close: int = 1000) -> TaskError:
    return TaskError("InvalidParameter", text, close)


def too_slow() -> TaskError:
    """A client that said nothing in its task for too long. The text is the service's own, whatever the gateway's bound."""
    return TaskError("CLIENT_ERROR", "request timeout after 23 seconds.")


def too_many() -> TaskError:
    return TaskError("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")


def no_model(model: str) -> TaskError:
    return TaskError("ModelNotFound", f"Model can not be found: {model[:60]}")


def broken() -> TaskError:
    return TaskError("InternalError.Algo", "An internal error has occured during execution, please try again later.")


def asked_failure(value: int) -> TaskError:
    """The failure a `Fault` asks for: by an HTTP status or an engine's code, with the text the service is known to use."""
    errors = {
        23: too_slow(),
        400: invalid("Please ensure input text is valid."),
        401: TaskError("InvalidApiKey", "Invalid API-key provided."),
        402: TaskError("Arrearage", "Access denied, please make sure your account is in good standing."),
        403: TaskError("AccessDenied.Unpurchased", "Access to model denied."),
        404: no_model("asked for"),
        411: invalid("[tts:]Engine return error code: 411"),
        418: invalid("[tts:]Engine return error code: 418"),
        428: invalid("[tts:]Engine return error code: 428"),
        429: too_many(),
        451: TaskError("DataInspectionFailed", "Input or output data may contain inappropriate content."),
    }
    return errors.get(value) or broken()


def _missing(what: str) -> TaskError:
    return invalid(f"Missing required parameter '{what}'! Please follow the protocol!")


def _event(
    name: str, task_id: str, payload: Mapping[str, Any], attributes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    header = {"task_id": task_id, "event": name, "attributes": dict(attributes or {})}
    return {"header": header, "payload": dict(payload)}
