"""A bare client of DashScope's task protocol for the tests of the gateway: it says what it is told to say, also what is wrong."""

from __future__ import annotations

import json
import struct
import uuid
from dataclasses import dataclass, field
from typing import Any

import websocket

from firstword.gateway.server import Gateway

WAIT_S = 5.0


@dataclass
class Received:
    """What came: names in order (the ``type`` of a result that has one, ``audio`` for a binary message), and how the connection ended."""

    events: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    close: int | None = None

    @property
    def pcm(self) -> bytes:
        return b"".join(self.frames)

    def outputs(self, name: str) -> list[dict[str, Any]]:
        return [event["payload"]["output"] for event in self.events if name_of(event) == name]

    @property
    def failure(self) -> tuple[str, str]:
        header = self.events[-1]["header"]
        assert header["event"] == "task-failed", self.names
        return header["error_code"], header["error_message"]


def name_of(event: dict[str, Any]) -> str:
    name: str = event["header"]["event"]
    return str(event["payload"]["output"].get("type", name)) if name == "result-generated" else name


class TaskClient:
    """One connection. Use as a context manager."""

    def __init__(self, gateway: Gateway, key: str = "") -> None:
        header = [f"Authorization: bearer {key or gateway.api_key}"]
        self.ws = websocket.create_connection(gateway.inference_url, header=header, timeout=WAIT_S)
        self.task = ""
        self.received = Received()

    def __enter__(self) -> TaskClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.ws.close(timeout=1)
        self.ws.shutdown()

    def say(self, action: str, payload: Any = None, **header: Any) -> None:
        """Send a directive; `header` replaces keys of its header, None leaves one out."""
        head = {"action": action, "task_id": self.task, "streaming": "duplex"} | header
        message = {"header": {k: v for k, v in head.items() if v is not None}, "payload": payload or {"input": {}}}
        self.ws.send(json.dumps(message))

    def run(self, model: str, task: str = "tts", function: str = "SpeechSynthesizer", **parameters: Any) -> None:
        """A new task; does not wait for it to start."""
        self.task = uuid.uuid4().hex
        payload = {"model": model, "task_group": "audio", "task": task, "function": function, "input": {}}
        self.say("run-task", payload | {"parameters": parameters})

    def more(self, **given: Any) -> None:
        self.say("continue-task", {"input": given})

    def finish(self, **given: Any) -> None:
        self.say("finish-task", {"input": given})

    def step(self) -> dict[str, Any] | bytes | None:
        """The next message; None if the connection has ended."""
        try:
            opcode, data = self.ws.recv_data(control_frame=False)
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return None
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            self.received.close = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
            return None
        if opcode == websocket.ABNF.OPCODE_BINARY:
            self.received.names.append("audio")
            self.received.frames.append(data)
            return bytes(data)
        event: dict[str, Any] = json.loads(data)
        self.received.events.append(event)
        self.received.names.append(name_of(event))
        return event

    def until(self, *names: str) -> dict[str, Any]:
        """Read up to an event of one of these names."""
        while (message := self.step()) is not None:
            if isinstance(message, dict) and name_of(message) in names:
                return message
        raise AssertionError(f"{names} did not come: {self.received.names}, {self.received.close}")

    def rest(self) -> Received:
        """Read until the connection ends."""
        while self.step() is not None:
            pass
        return self.received
