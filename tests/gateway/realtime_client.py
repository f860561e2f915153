"""A bare client of the realtime door: it says what it is told to say, also what is wrong, and keeps what comes."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import websocket

from firstword.gateway.server import Gateway

WAIT_S = 5.0
SPEAKS, HEARS = "qwen3-tts-flash-realtime", "qwen3-asr-flash-realtime"


class RealtimeClient:
    """One session. Use as a context manager. `events` are in order; `ended` says how the connection did."""

    def __init__(self, gateway: Gateway, model: str = SPEAKS, key: str | None = None) -> None:
        header = [f"Authorization: Bearer {gateway.api_key if key is None else key}"]
        self.ws = websocket.create_connection(f"{gateway.realtime_url}?model={model}", header=header, timeout=WAIT_S)
        self.events: list[dict[str, Any]] = []
        self.ended = ""

    def __enter__(self) -> RealtimeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.ws.close(timeout=1)
        self.ws.shutdown()

    def say(self, type_: str, **fields: Any) -> str:
        """Send an event. Returns its id."""
        event_id = f"event_{uuid.uuid4().hex}"
        self.ws.send(json.dumps({"event_id": event_id, "type": type_, **fields}))
        return event_id

    def update(self, **session: Any) -> dict[str, Any]:
        """Set the session up and wait for the answer: ``session.updated`` or an error."""
        self.say("session.update", session=session)
        return self.until("session.updated", "error")

    def append(self, text: str) -> None:
        self.say("input_text_buffer.append", text=text)

    def audio(self, pcm: bytes, size: int = 960) -> None:
        for at in range(0, len(pcm), size):
            self.say("input_audio_buffer.append", audio=base64.b64encode(pcm[at : at + size]).decode())

    def step(self) -> dict[str, Any] | None:
        """The next event; None if the connection has ended."""
        try:
            message = self.ws.recv()
        except (websocket.WebSocketConnectionClosedException, ConnectionError) as error:
            self.ended = type(error).__name__
            return None
        if message in ("", b""):
            self.ended = "closed"
            return None
        event: dict[str, Any] = json.loads(message)
        self.events.append(event)
        return event

    def until(self, *types: str) -> dict[str, Any]:
        """Read up to an event of one of these types."""
        while (event := self.step()) is not None:
            if event["type"] in types:
                return event
        raise AssertionError(f"{types} did not come: {self.types}, {self.ended}")

    def rest(self) -> None:
        """Finish the session and read until the connection ends."""
        self.say("session.finish")
        while self.step() is not None:
            pass

    def all(self, type_: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == type_]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def deltas(self) -> list[bytes]:
        return [base64.b64decode(event["delta"]) for event in self.all("response.audio.delta")]

    @property
    def pcm(self) -> bytes:
        return b"".join(self.deltas)
