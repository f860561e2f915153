"""The gateway's side of NLS, played by a test: whatever it says, in whatever order."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from firstword.errors import ProviderError
from firstword.speech.watch import Watch
from net.loopback import BINARY, CLOSE, PING, TEXT, Peer

FIXED = {"appkey": "my-appkey", "token": "my-fixed-token-0123456789", "spares": "0"}
"""Without spares: a script is what one connection does, and connections are counted."""


class Nls:
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
                if message["header"]["name"] == "RunSynthesis":
                    self.texts.append(message["payload"]["text"])
                return message

    def expect(self, name: str) -> dict[str, Any]:
        message = self.read()
        assert message is not None and message["header"]["name"] == name, message
        return message

    def read_until(self, name: str) -> list[str]:
        """The names of the messages up to and with `name`."""
        names = []
        while not names or names[-1] != name:
            message = self.read()
            assert message is not None, names
            names.append(message["header"]["name"])
        return names

    def tell(
        self, name: str, payload: Any = None, status: int = 20000000, text: str = "Gateway:SUCCESS:Success."
    ) -> None:
        header = {"namespace": "Default", "name": name, "status": status, "task_id": self.task_id, "status_text": text}
        self.peer.send_frame(TEXT, json.dumps({"header": header, **({} if payload is None else {"payload": payload})}))

    def sound(self, pcm: bytes) -> None:
        self.peer.send_frame(BINARY, pcm)

    def fail(self, status: int, text: str) -> None:
        self.tell("TaskFailed", None, status, text)
        self.peer.send_frame(CLOSE, b"\x03\xe8")


def ended(watch: Watch, within_s: float = 5.0) -> ProviderError | None:
    """Wait for the end; the error, if it failed."""
    assert watch.over.wait(within_s), watch.names()
    watch.judge()
    name, args = watch.events[-1]
    return args[0] if name == "failed" else None


def waited(event: threading.Event) -> None:
    assert event.wait(5)


def until(what: Any, within_s: float = 3.0) -> None:
    end = time.monotonic() + within_s
    while not what() and time.monotonic() < end:
        time.sleep(0.002)
    assert what()


__all__ = ["FIXED", "PING", "Nls", "ended", "until", "waited"]
