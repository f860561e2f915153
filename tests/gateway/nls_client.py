"""A bare NLS client for the tests of the gateway: it says what it is told to say, also what is wrong, and keeps what comes."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import websocket

from firstword.gateway.server import Gateway

FLOWING, WHOLE, LONG, ASR = (
    "FlowingSpeechSynthesizer",
    "SpeechSynthesizer",
    "SpeechLongSynthesizer",
    "SpeechTranscriber",
)
WAIT_S = 5.0


@dataclass
class Received:
    """What came until the end: events in order (``audio`` for a binary message), and how the connection ended."""

    events: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    ended: str = ""

    @property
    def pcm(self) -> bytes:
        return b"".join(self.frames)

    def payloads(self, name: str) -> list[dict[str, Any]]:
        return [event.get("payload") for event in self.events if event["header"]["name"] == name]

    @property
    def failure(self) -> tuple[int, str]:
        header = self.events[-1]["header"]
        assert header["name"] == "TaskFailed", self.names
        return header["status"], header["status_text"]


class NlsClient:
    """One connection. Use as a context manager."""

    def __init__(self, gateway: Gateway, namespace: str = FLOWING, url: str = "", token: str | None = None) -> None:
        header = [f"X-NLS-Token: {gateway.token() if token is None else token}"]
        self.ws = websocket.create_connection(url or gateway.ws_url, header=header, timeout=WAIT_S)
        self.namespace = namespace
        self.appkey = gateway.appkey
        self.task = uuid.uuid4().hex
        self.received = Received()

    def __enter__(self) -> NlsClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.ws.close(timeout=1)
        self.ws.shutdown()

    def say(self, name: str, payload: dict[str, Any] | None = None, **header: Any) -> None:
        """Send a directive; `header` replaces keys of its header, None leaves one out."""
        head = {
            "message_id": uuid.uuid4().hex,
            "task_id": self.task,
            "namespace": self.namespace,
            "name": name,
            "appkey": self.appkey,
        } | header
        message: dict[str, Any] = {"header": {key: value for key, value in head.items() if value is not None}}
        if payload is not None:
            message["payload"] = payload
        self.ws.send(json.dumps(message))

    def start(self, **payload: Any) -> dict[str, Any]:
        """Start the task and wait until it has started. Returns that event."""
        if self.namespace == ASR:
            self.say("StartTranscription", {"format": "pcm", "sample_rate": 8000} | payload)
        else:
            self.say("StartSynthesis", {"voice": "xiaoyun", "format": "pcm", "sample_rate": 8000} | payload)
        return self.until("SynthesisStarted", "TranscriptionStarted")

    def audio(self, pcm: bytes, size: int = 320) -> None:
        for at in range(0, len(pcm), size):
            self.ws.send_binary(pcm[at : at + size])

    def speak(self, *texts: str, **payload: Any) -> Received:
        """A whole flowing task."""
        self.start(**payload)
        for text in texts:
            self.say("RunSynthesis", {"text": text})
        self.say("StopSynthesis")
        return self.rest()

    def step(self) -> dict[str, Any] | bytes | None:
        """The next message; None if the connection has ended."""
        try:
            message = self.ws.recv()
        except (websocket.WebSocketConnectionClosedException, ConnectionError) as error:
            self.received.ended = type(error).__name__
            return None
        if message in ("", b""):
            self.received.ended = "closed"
            return None
        if isinstance(message, bytes):
            self.received.names.append("audio")
            self.received.frames.append(message)
            return message
        event: dict[str, Any] = json.loads(message)
        self.received.events.append(event)
        self.received.names.append(event["header"]["name"])
        return event

    def until(self, *names: str) -> dict[str, Any]:
        """Read up to an event of one of these names."""
        while (message := self.step()) is not None:
            if isinstance(message, dict) and message["header"]["name"] in names:
                return message
        raise AssertionError(f"{names} did not come: {self.received.names}, {self.received.ended}")

    def rest(self) -> Received:
        """Read until the connection ends."""
        while self.step() is not None:
            pass
        return self.received
