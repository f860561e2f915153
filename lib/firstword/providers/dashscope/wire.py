"""The envelope of DashScope's task protocol: what synthesis (CosyVoice) and recognition (Paraformer, Fun-ASR, Gummy) have in common. [pure]

A connection carries tasks one after another. A task is ``run-task``, ``task-started``, any number of ``continue-task`` or of binary
messages up, ``result-generated`` and binary messages down, ``finish-task``, ``task-finished``; or ``task-failed``, after which the service
closes. Binary messages carry no task id. What is inside ``output`` is the business of each service's own file.

Sources: Alibaba's pages of client and server events, and its SDK on the wire (tests/recordings/traces). Where they disagree, what is sent
follows the pages and what is accepted follows both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PAUSE_S = 23.0
"""A task whose client sends nothing for so long fails ("request timeout after 23 seconds."); it can not be changed."""
BETWEEN_S = 60.0
"""The service closes a connection that had no task for so long."""


# What is sent


@dataclass(frozen=True, slots=True)
class Task:
    """One task. `task_id` is 32 hexadecimal digits, never used twice on a connection."""

    task_id: str
    model: str
    task: str
    """``tts`` or ``asr``."""
    function: str
    """``SpeechSynthesizer`` or ``recognition``."""

    def message(self, action: str, payload: Mapping[str, Any]) -> str:
        """A message as JSON text. Escaped to ASCII, so that even half a surrogate pair of a model's making can be sent."""
        header = {"action": action, "task_id": self.task_id, "streaming": "duplex"}
        return json.dumps({"header": header, "payload": dict(payload)})


def run_task(task: Task, parameters: Mapping[str, Any], resources: Mapping[str, Any] | None = None) -> str:
    """Next: ``task-started``; neither ``continue-task`` nor audio before it. The empty ``input`` must be there."""
    payload: dict[str, Any] = {
        "model": task.model,
        "task_group": "audio",
        "task": task.task,
        "function": task.function,
        "input": {},
        "parameters": dict(parameters),
    }
    return task.message("run-task", payload | (dict(resources) if resources else {}))


def continue_task(task: Task, given: Mapping[str, Any]) -> str:
    """The next ``input``, such as ``{"text": ...}``."""
    return task.message("continue-task", {"input": dict(given)})


def flush(task: Task) -> str:
    """Synthesis: speak what was sent without waiting for the end of a sentence. Only the SDK knows it; its answer is not documented."""
    return continue_task(task, {"flush": True})


def finish_task(task: Task) -> str:
    """Next: the rest, and ``task-finished``. Without it an unfinished sentence is not spoken."""
    return task.message("finish-task", {"input": {}})


def cancel(task: Task) -> str:
    """Synthesis: end early. Only the SDK knows it: ``task-finished`` comes, then the service closes. Nothing here sends it, for closing
    the connection is what the pages name, and is quicker; the gateway understands it."""
    return task.message("finish-task", {"input": {"directive": "cancel"}})


# What is understood


@dataclass(frozen=True, slots=True)
class TaskStarted:
    task_id: str


@dataclass(frozen=True, slots=True)
class ResultGenerated:
    """`output` and `usage` as they came, {} if they did not; see each service's own file."""

    task_id: str
    output: Mapping[str, Any]
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskFinished:
    task_id: str
    output: Mapping[str, Any]
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """Next: the service closes the connection."""

    task_id: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a name that is not needed, or not known yet. Not an error."""

    name: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not a message of this protocol. `why` quotes nothing of it."""

    why: str


Event = TaskStarted | ResultGenerated | TaskFinished | TaskFailed | Unknown | Malformed


def parse(text: str) -> Event:
    """One text message. Never raises: what can not be understood is `Malformed`."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    if not isinstance(message, dict) or not isinstance(message.get("header"), dict):
        return Malformed("no header")
    header: dict[str, Any] = message["header"]
    name, task_id = header.get("event"), header.get("task_id")
    if not isinstance(name, str):
        return Malformed("no event in the header")
    task_id = task_id if isinstance(task_id, str) else ""
    payload = mapping(message.get("payload"))
    match name:
        case "task-started":
            return TaskStarted(task_id)
        case "result-generated":
            return ResultGenerated(task_id, mapping(payload.get("output")), mapping(payload.get("usage")))
        case "task-finished":
            return TaskFinished(task_id, mapping(payload.get("output")), mapping(payload.get("usage")))
        case "task-failed":
            return TaskFailed(task_id, _text(header.get("error_code")), _text(header.get("error_message")))
        case _:
            return Unknown(name)


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` if it is a JSON object, else an empty one: the service writes null where it has nothing to say."""
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
