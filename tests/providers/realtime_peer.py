"""The service's side of the realtime protocol, played by a test: whatever it says, in whatever order."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from net.loopback import CLOSE, TEXT, Peer

KEY = "sk-mykey0123456789abcdef"


class RealtimePeer:
    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.head = peer.upgrade()
        self.session: dict[str, Any] = {}
        self.texts: list[str] = []
        self.audio = b""
        self.audio_messages: list[int] = []
        self.ids: list[str] = []

    def read(self) -> dict[str, Any] | None:
        """The next message; None at a close frame. Text, audio and settings are kept."""
        opcode, data = self.peer.read_frame()
        while opcode not in (TEXT, CLOSE):
            opcode, data = self.peer.read_frame()
        if opcode == CLOSE:
            return None
        message: dict[str, Any] = json.loads(data)
        self.ids.append(message["event_id"])
        match message["type"]:
            case "session.update":
                self.session = message["session"]
            case "input_text_buffer.append":
                self.texts.append(message["text"])
            case "input_audio_buffer.append":
                pcm = base64.b64decode(message["audio"])
                self.audio += pcm
                self.audio_messages.append(len(pcm))
        return message

    def expect(self, *types: str) -> dict[str, Any]:
        """The next messages are of these types. Returns the last."""
        message: dict[str, Any] | None = None
        for type_ in types:
            message = self.read()
            assert message is not None and message["type"] == type_, (message, type_)
        assert message is not None
        return message

    def read_until(self, type_: str) -> list[str]:
        """The types of the messages up to and with `type_`."""
        types: list[str] = []
        while not types or types[-1] != type_:
            message = self.read()
            assert message is not None, types
            types.append(message["type"])
        return types

    def tell(self, type_: str, **fields: Any) -> None:
        self.peer.send_frame(TEXT, json.dumps({"event_id": "event_s", "type": type_, **fields}))

    def begin(self) -> None:
        """What a service says before anything else, and to the settings."""
        self.tell("session.created", session={})
        self.expect("session.update")
        self.tell("session.updated", session=self.session)

    def delta(self, audio: bytes) -> None:
        self.tell("response.audio.delta", delta=base64.b64encode(audio).decode())

    def respond(self, audio: bytes, status: str = "completed") -> None:
        """A whole response."""
        self.tell("response.created", response={"id": "resp_1"})
        if audio:
            self.delta(audio)
        self.tell("response.audio.done")
        self.tell("response.done", response={"id": "resp_1", "status": status})

    def fail(self, code: str, message: str, **more: str) -> None:
        self.tell("error", error={"code": code, "message": message, **more})

    def finished(self) -> None:
        self.tell("session.finished")
        self.peer.send_frame(CLOSE, b"\x03\xe8")


def play(script: Callable[[RealtimePeer], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(RealtimePeer(peer))
