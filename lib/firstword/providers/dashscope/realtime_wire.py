"""The messages of DashScope's realtime protocol: what is sent, what is understood. [pure]

One protocol, shaped after OpenAI's realtime API, serves Qwen-TTS-Realtime and Qwen-ASR-Realtime: JSON text messages with a ``type`` and an
``event_id``, audio as base64 inside them, never a binary message.

Sources: Alibaba Cloud's pages of client and server events of both services, and the SDK on the wire (tests/recordings/traces). Of
recognition there is no recording; the pages name the messages, and where they give no more than a name, the fields are those of OpenAI's
protocol and none of them is needed: an utterance without its times is understood too. Ids are arguments, unique within a session.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TEXT_CHARS = 600
"""What is committed at once. How much a session takes is not documented; the same models over HTTP take 600 characters."""
BREAKS = "。！？!?；;\n，,、 "
"""Where a longer text is cut, the best first."""


# What is sent


def session_update(event_id: str, session: Mapping[str, Any]) -> str:
    """Next: ``session.updated``. Not after synthesis or recognition has begun."""
    return _message(event_id, "session.update", session=dict(session))


def append_text(event_id: str, text: str) -> str:
    """At most `TEXT_CHARS` of text; see `pieces`. May be sent right after connecting."""
    return _message(event_id, "input_text_buffer.append", text=text)


def commit_text(event_id: str) -> str:
    """Speak what was appended. Next: ``input_text_buffer.committed`` and one response; an error if the buffer is empty."""
    return _message(event_id, "input_text_buffer.commit")


def append_audio(event_id: str, pcm: bytes) -> str:
    """Any number of whole samples; a message may hold 15 MiB. Nothing confirms it."""
    return _message(event_id, "input_audio_buffer.append", audio=base64.b64encode(pcm).decode())


def commit_audio(event_id: str) -> str:
    """Recognise what was appended as one utterance. Only where the service does not find the utterances itself."""
    return _message(event_id, "input_audio_buffer.commit")


def finish(event_id: str) -> str:
    """Nothing more comes. Next: what is left of speech or words, then ``session.finished``, and the service closes."""
    return _message(event_id, "session.finish")


def pieces(text: str) -> Iterator[str]:
    """`text` in pieces of at most `TEXT_CHARS`, cut behind a sentence if there is one, else behind a clause or a word."""
    while len(text) > TEXT_CHARS:
        cuts = (text.rfind(mark, 0, TEXT_CHARS) + 1 for mark in BREAKS)
        cut = next((at for at in cuts if at > TEXT_CHARS // 2), TEXT_CHARS)
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def _message(event_id: str, type_: str, **fields: Any) -> str:
    """Escaped to ASCII, so that even half a surrogate pair of a model's making can be sent."""
    return json.dumps({"event_id": event_id, "type": type_, **fields})


# What is understood


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """The first message of a session, unasked."""


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    """The settings of ``session.update`` are in force."""


@dataclass(frozen=True, slots=True)
class TextCommitted:
    """A response to the committed text follows."""


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    id: str


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """The next audio of a response, decoded; it may begin or end inside a sample."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """All audio of a response has been sent. `status` is ``completed`` if all went well."""

    id: str
    status: str


@dataclass(frozen=True, slots=True)
class SessionFinished:
    """Everything was said; the service closes the connection."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """`at_ms`: where in the session's audio; None if the service does not tell."""

    item_id: str
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """`at_ms`: see `SpeechStarted`."""

    item_id: str
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class AudioCommitted:
    """An utterance is whole; its transcript follows."""

    item_id: str


@dataclass(frozen=True, slots=True)
class PartialTranscript:
    """What is recognised so far of an utterance: the part that stands and the part that may change (``text`` and ``stash``), joined."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class FinalTranscript:
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An ``error``, or the failure of one utterance (then `item_id` is not ""). Synthesis gives a code and a message; recognition also a
    type (``invalid_request_error``, ``server_error``), the parameter and the client's event that it is about."""

    code: str
    message: str
    type: str = ""
    param: str = ""
    event_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a type that is not needed, or not known yet. Not an error."""

    type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not a message of this protocol. `why` quotes nothing of it."""

    why: str


Event = (
    SessionCreated
    | SessionUpdated
    | TextCommitted
    | ResponseCreated
    | AudioDelta
    | ResponseDone
    | SessionFinished
    | SpeechStarted
    | SpeechStopped
    | AudioCommitted
    | PartialTranscript
    | FinalTranscript
    | Failed
    | Unknown
    | Malformed
)


def parse(text: str) -> Event:
    """One text message. Never raises: what can not be understood is `Malformed`."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    type_ = message.get("type") if isinstance(message, dict) else None
    if not isinstance(type_, str):
        return Malformed("no type")
    try:
        return _event(type_, message)
    except (TypeError, ValueError, OverflowError):
        return Malformed(f"{type_[:80]} holds a value of the wrong kind")


def _event(type_: str, message: Mapping[str, Any]) -> Event:
    match type_:
        case "session.created":
            return SessionCreated()
        case "session.updated":
            return SessionUpdated()
        case "session.finished":
            return SessionFinished()
        case "input_text_buffer.committed":
            return TextCommitted()
        case "response.created":
            return ResponseCreated(_text(_object(message, "response"), "id"))
        case "response.audio.delta":
            return AudioDelta(_audio(message))
        case "response.done":
            response = _object(message, "response")
            return ResponseDone(_text(response, "id"), _text(response, "status"))
        case "input_audio_buffer.speech_started":
            return SpeechStarted(_text(message, "item_id"), _ms(message, "audio_start_ms"))
        case "input_audio_buffer.speech_stopped":
            return SpeechStopped(_text(message, "item_id"), _ms(message, "audio_end_ms"))
        case "input_audio_buffer.committed":
            return AudioCommitted(_text(message, "item_id"))
        case "conversation.item.input_audio_transcription.text":
            return PartialTranscript(_text(message, "item_id"), _text(message, "text") + _text(message, "stash"))
        case "conversation.item.input_audio_transcription.completed":
            return FinalTranscript(_text(message, "item_id"), _text(message, "transcript"))
        case "conversation.item.input_audio_transcription.failed":
            return _failed(_object(message, "error"), _text(message, "item_id"))
        case "error":
            return _failed(_object(message, "error"))
        case _:
            return Unknown(type_)


def _failed(error: Mapping[str, Any], item_id: str = "") -> Failed:
    code = error.get("code")
    return Failed(
        "" if code is None else str(code),
        _text(error, "message"),
        _text(error, "type"),
        _text(error, "param"),
        _text(error, "event_id"),
        item_id,
    )


def _audio(message: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(_text(message, "delta"), validate=True)
    except binascii.Error as error:
        raise ValueError("delta") from error


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    if value is not None and not isinstance(value, dict):
        raise TypeError(key)
    return value or {}


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(key)
    return value or ""


def _ms(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    return None if value is None else max(0, int(value))
