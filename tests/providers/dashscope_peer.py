"""The service's side of DashScope's task protocol, played by a test: whatever it says, in whatever order."""

from __future__ import annotations

import json
from typing import Any

from net.loopback import BINARY, CLOSE, TEXT, Peer

KEY = "sk-my-key-0123456789abcdef"


class Tasks:
    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.head = peer.upgrade()
        self.audio = b""
        self.audio_messages: list[int] = []
        self.texts: list[str] = []
        self.task_id = ""

    def read(self) -> dict[str, Any] | None:
        """The next JSON message; audio on the way is kept in `audio`. None at a close frame."""
        while True:
            opcode, data = self.peer.read_frame()
            if opcode == CLOSE:
                return None
            if opcode == BINARY:
                self.audio += data
                self.audio_messages.append(len(data))
            if opcode == TEXT:
                message: dict[str, Any] = json.loads(data)
                self.task_id = message["header"]["task_id"]
                if text := message["payload"]["input"].get("text"):
                    self.texts.append(text)
                return message

    def expect(self, action: str) -> dict[str, Any]:
        message = self.read()
        assert message is not None and message["header"]["action"] == action, message
        return message

    def read_until(self, action: str) -> list[dict[str, Any]]:
        """The messages up to and with `action`."""
        messages: list[dict[str, Any]] = []
        while not messages or messages[-1]["header"]["action"] != action:
            message = self.read()
            assert message is not None, messages
            messages.append(message)
        return messages

    def tell(self, event: str, payload: Any = None, **header: Any) -> None:
        head = {"task_id": self.task_id, "event": event, "attributes": {}} | header
        self.peer.send_frame(TEXT, json.dumps({"header": head, "payload": payload or {}}))

    def start(self) -> dict[str, Any]:
        """Take a run-task, and be ready. Returns its payload."""
        payload: dict[str, Any] = self.expect("run-task")["payload"]
        self.tell("task-started")
        return payload

    def result(self, kind: str, text: str = "", words: list[dict[str, Any]] | None = None) -> None:
        output: dict[str, Any] = {"type": kind, "sentence": {"index": 0, "words": words or []}}
        self.tell("result-generated", {"output": output | ({"original_text": text} if text else {})})

    def sound(self, pcm: bytes) -> None:
        self.peer.send_frame(BINARY, pcm)

    def sentence(self, text: str, pcm: bytes, words: list[dict[str, Any]] | None = None) -> None:
        """A whole sentence as the pages show it."""
        self.result("sentence-begin", text)
        self.result("sentence-synthesis")
        self.sound(pcm)
        self.result("sentence-end", text, words)

    def fail(self, code: str, text: str) -> None:
        self.tell("task-failed", None, error_code=code, error_message=text)
        self.peer.send_frame(CLOSE, b"\x03\xef")
