"""DashScope's realtime messages as the server reads and writes them. [pure]

Sources: Alibaba Cloud's pages of client and server events, for the shapes and the order of keys; the SDK on the wire, for what clients
send. Where nobody has published what the service answers (an empty commit, a model that does not exist), the code is that of the
published error and the text is the gateway's own. Of recognition's events the pages were read for names, order and errors; where they
give no more, the fields are those of OpenAI's protocol, after which this one is shaped.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

INVALID = "invalid_value"
INVALID_REQUEST = "invalid_request_error"
SERVER_ERROR = "server_error"
STARTED = "Session update error: session already started or finished or failed."
TTS_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
ASR_RATES = (8000, 16000)


class RealtimeError(Exception):
    """Becomes an ``error`` event. A fault of the client's leaves the session open, a `fatal` one ends it."""

    def __init__(self, message: str, code: str = INVALID, *, param: str = "", fatal: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.fatal = fatal
        self.event_id = ""
        """The client's event it is about; set where that is known."""


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """A message of a client."""

    type: str
    event_id: str
    body: Mapping[str, Any]

    def text(self) -> str:
        """The text to be spoken. Raises RealtimeError."""
        text = self.body.get("text")
        if not isinstance(text, str) or not text:
            raise RealtimeError("Invalid value: 'text' must be a non-empty string.", param="text")
        return text

    def audio(self) -> bytes:
        """The audio to be heard. Raises RealtimeError."""
        try:
            return base64.b64decode(self.body["audio"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise RealtimeError("Invalid value: 'audio' must be base64.", param="audio") from None

    def session(self) -> Mapping[str, Any]:
        """The settings of a ``session.update``. Raises RealtimeError."""
        session = self.body.get("session")
        if not isinstance(session, dict):
            raise RealtimeError("Invalid value: 'session' must be an object.", param="session")
        return session


def read(text: str) -> ClientEvent:
    """Read a client's message. Raises RealtimeError: it is no JSON object with a type and an id."""
    try:
        message = json.loads(text)
        if "\\ud" in text.lower():  # half of a surrogate pair can be escaped, but not be sent back
            message = json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise RealtimeError("Invalid payload: not JSON.") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise RealtimeError("Missing required parameter: 'type'.", param="type")
    event_id = message.get("event_id")
    if not isinstance(event_id, str) or not event_id:
        raise RealtimeError("Missing required parameter: 'event_id'.", param="event_id")
    return ClientEvent(message["type"], event_id, message)


def new_id(kind: str) -> str:
    """``event_``, ``sess_``, ``resp_`` or ``item_`` and 21 characters, as on the pages."""
    return f"{kind}_{uuid.uuid4().hex[:21]}"


def event(type_: str, **fields: Any) -> dict[str, Any]:
    """A message of the server's."""
    return {"event_id": new_id("event"), "type": type_, **fields}


def error(failure: RealtimeError, *, full: bool) -> dict[str, Any]:
    """`full`: as recognition tells it, with type, parameter and the client's event; synthesis tells code and message."""
    told: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if full:
        kind = SERVER_ERROR if failure.fatal else INVALID_REQUEST
        told = {"type": kind, **told, "param": failure.param, "event_id": failure.event_id}
    return event("error", error=told)


@dataclass(frozen=True, slots=True)
class Response:
    """The messages of one response of synthesis, in the order of the methods."""

    voice: str
    id: str = field(default_factory=lambda: new_id("resp"))
    item_id: str = field(default_factory=lambda: new_id("item"))

    def begin(self) -> list[dict[str, Any]]:
        response = {
            "id": self.id,
            "object": "realtime.response",
            "conversation_id": "",
            "status": "in_progress",
            "voice": self.voice,
            "output": [],
        }
        part = {"type": "audio", "text": ""}
        return [
            event("response.created", response=response),
            event(
                "response.output_item.added", response_id=self.id, output_index=0, item=self._item("in_progress", [])
            ),
            event("response.content_part.added", **self._place(), part=part),
        ]

    def audio(self, audio: bytes) -> dict[str, Any]:
        return event("response.audio.delta", **self._place(), delta=base64.b64encode(audio).decode())

    def end(self, status: str, characters: int) -> list[dict[str, Any]]:
        part = {"type": "audio", "text": ""}
        spoken = self._item(status, [{"type": "audio", "transcript": ""}])
        response = {
            "id": self.id,
            "object": "realtime.response",
            "conversation_id": "",
            "status": status,
            "modalities": ["text", "audio"],
            "voice": self.voice,
            "output": [spoken],
            "usage": {"characters": characters},
        }
        item = self._item(status, [part])
        return [
            event("response.audio.done", **self._place()),
            event("response.content_part.done", **self._place(), part=part),
            event("response.output_item.done", response_id=self.id, output_index=0, item=item),
            event("response.done", response=response),
        ]

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.item_id,
            "object": "realtime.item",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    def _place(self) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": self.item_id, "output_index": 0, "content_index": 0}


@dataclass(frozen=True, slots=True)
class Utterance:
    """The messages of one utterance of a caller."""

    language: str
    before: str | None
    """The item before it, if there is one."""
    id: str = field(default_factory=lambda: new_id("item"))

    def started(self, at_ms: int) -> dict[str, Any]:
        return event("input_audio_buffer.speech_started", audio_start_ms=at_ms, item_id=self.id)

    def partial(self, text: str) -> dict[str, Any]:
        """The last characters may change: they are the stash."""
        return self._transcription("text", text=text[:-2], stash=text[-2:])

    def stopped(self, at_ms: int) -> dict[str, Any]:
        return event("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=self.id)

    def committed(self) -> list[dict[str, Any]]:
        item = {
            "id": self.id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio"}],
        }
        return [
            event("input_audio_buffer.committed", previous_item_id=self.before, item_id=self.id),
            event("conversation.item.created", previous_item_id=self.before, item=item),
        ]

    def final(self, text: str) -> dict[str, Any]:
        return self._transcription("completed", transcript=text)

    def _transcription(self, what: str, **words: str) -> dict[str, Any]:
        told = {"item_id": self.id, "content_index": 0, "language": self.language, "emotion": "neutral"}
        return event(f"conversation.item.input_audio_transcription.{what}", **told, **words)
