"""NLS messages: what is sent, what is understood. [pure]

Sources: Alibaba's protocol pages for real-time recognition and streaming text synthesis, its SDKs on the wire (tests/recordings/traces),
and the C++ SDK's headers. Where they disagree, what is sent follows the pages and what is accepted follows both. Ids are arguments: 32
lowercase hexadecimal digits, else the gateway answers 40000002.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import __version__

TRANSCRIBER = "SpeechTranscriber"
FLOWING = "FlowingSpeechSynthesizer"
WHOLE = "SpeechSynthesizer"
LONG = "SpeechLongSynthesizer"
IDLE_TIMEOUT = 40000004
TEXT_CHARS = 1_000
"""What one RunSynthesis may hold: the strictest page allows 2,000 with a Chinese character counted as two."""
REPLY_CHARS = 100_000
"""What one task may hold, by the C++ SDK's header."""
LONG_CHARS = 40_000
"""What is given to SpeechLongSynthesizer, which takes 100,000: so many are 240 KB of escaped text, and a connection's outbox takes 262."""
MOST_MS = 1e9
"""No audio is as long: eleven days."""
WHOLE_CHARS = 300
"""What SpeechSynthesizer speaks; of a longer text the rest is lost, so that one is SpeechLongSynthesizer's."""


# What is sent


@dataclass(frozen=True, slots=True)
class Task:
    """One task of one appkey: what every message's header repeats."""

    namespace: str
    appkey: str
    task_id: str

    def message(
        self, name: str, message_id: str, payload: Mapping[str, Any] | None = None, *, context: bool = False
    ) -> str:
        """A message as JSON text. Escaped to ASCII, so that even half a surrogate pair of a model's making can be sent."""
        header = {
            "message_id": message_id,
            "task_id": self.task_id,
            "namespace": self.namespace,
            "name": name,
            "appkey": self.appkey,
        }
        message: dict[str, Any] = {"header": header}
        if payload is not None:
            message["payload"] = payload
        if context:
            message["context"] = {"sdk": {"name": "firstword", "version": __version__, "language": "python"}}
        return json.dumps(message)


def start_transcription(task: Task, message_id: str, payload: Mapping[str, Any]) -> str:
    """Next: ``TranscriptionStarted``; no audio before it."""
    return task.message("StartTranscription", message_id, payload, context=True)


def stop_transcription(task: Task, message_id: str) -> str:
    """Next: the last ``SentenceEnd``, if anything is left, and ``TranscriptionCompleted``."""
    return task.message("StopTranscription", message_id, context=True)


def start_synthesis(task: Task, message_id: str, payload: Mapping[str, Any]) -> str:
    """Next: ``SynthesisStarted``; no text before it."""
    return task.message("StartSynthesis", message_id, payload)


def start_whole(task: Task, message_id: str, payload: Mapping[str, Any]) -> str:
    """A whole text, in a `task` of `WHOLE` or `LONG`. Next: audio, and ``SynthesisCompleted``."""
    return task.message("StartSynthesis", message_id, payload, context=True)


def run_synthesis(task: Task, message_id: str, text: str) -> str:
    """At most `TEXT_CHARS` of text. The service joins them: they are a stream, not sentences."""
    return task.message("RunSynthesis", message_id, {"text": text})


def flush_text(task: Task, message_id: str) -> str:
    """Speak what was sent without waiting for the end of a sentence. Only the C++ SDK knows it; its answer is not documented."""
    return task.message("FlushText", message_id)


def stop_synthesis(task: Task, message_id: str) -> str:
    """Next: the rest of the audio and ``SynthesisCompleted``. Without it an unfinished sentence is not spoken."""
    return task.message("StopSynthesis", message_id)


# What is understood


@dataclass(frozen=True, slots=True)
class Started:
    """TranscriptionStarted or SynthesisStarted."""


@dataclass(frozen=True, slots=True)
class SentenceBegan:
    index: int
    at_ms: int
    """Recognition only: where in the audio."""


@dataclass(frozen=True, slots=True)
class ResultChanged:
    index: int
    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Subtitle:
    """Some characters and when they are spoken. Whether milliseconds and indices count from the sentence or from the task is not
    documented; `marks` finds out."""

    text: str
    begin_ms: float
    end_ms: float
    begin_index: int | None
    end_index: int | None


@dataclass(frozen=True, slots=True)
class SentenceSpoken:
    """SentenceSynthesis: subtitles since the one before."""

    subtitles: tuple[Subtitle, ...]


@dataclass(frozen=True, slots=True)
class MetaInfo:
    """The subtitles of a whole text, all or some more of them; they count from its beginning."""

    subtitles: tuple[Subtitle, ...]


@dataclass(frozen=True, slots=True)
class SentenceEnded:
    """SentenceEnd of either service: recognition tells the words, synthesis the subtitles of the whole sentence (if it has any)."""

    index: int
    begin_ms: int
    end_ms: int
    text: str
    subtitles: tuple[Subtitle, ...]
    stash: str = ""
    """Recognition that cuts by meaning: what has been understood of the next sentence already."""


@dataclass(frozen=True, slots=True)
class Completed:
    """TranscriptionCompleted or SynthesisCompleted."""


@dataclass(frozen=True, slots=True)
class TaskFailed:
    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a name that is not needed, or not known yet. Not an error."""

    name: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not an NLS message. `why` quotes nothing of it."""

    why: str


Event = (
    Started
    | SentenceBegan
    | ResultChanged
    | SentenceSpoken
    | MetaInfo
    | SentenceEnded
    | Completed
    | TaskFailed
    | Unknown
    | Malformed
)


def parse(text: str) -> Event:
    """One text message. Never raises: what can not be understood is `Malformed`."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    if not isinstance(message, dict) or not isinstance(message.get("header"), dict):
        return Malformed("no header")
    header: dict[str, Any] = message["header"]
    name = header.get("name")
    if not isinstance(name, str):
        return Malformed("no name in the header")
    payload = message.get("payload")
    try:
        return _event(name, header, payload if isinstance(payload, dict) else {})
    except (TypeError, ValueError, OverflowError):
        return Malformed(f"{name} holds a value of the wrong kind")


def _event(name: str, header: Mapping[str, Any], payload: Mapping[str, Any]) -> Event:
    match name:
        case "TranscriptionStarted" | "SynthesisStarted":
            return Started()
        case "SentenceBegin":
            return SentenceBegan(_int(payload, "index"), _int(payload, "time"))
        case "TranscriptionResultChanged":
            return ResultChanged(_int(payload, "index"), _int(payload, "time"), _text(payload, "result"))
        case "SentenceSynthesis":
            return SentenceSpoken(_subtitles(payload))
        case "MetaInfo":
            return MetaInfo(_subtitles(payload))
        case "SentenceEnd":
            stash = payload.get("stash_result")
            return SentenceEnded(
                _int(payload, "index"),
                _int(payload, "begin_time"),
                _int(payload, "time"),
                _text(payload, "result"),
                _subtitles(payload),
                _text(stash, "text") if isinstance(stash, dict) else "",
            )
        case "TranscriptionCompleted" | "SynthesisCompleted":
            return Completed()
        case "TaskFailed":
            # The wire says status_text, the pages status_message.
            return TaskFailed(_int(header, "status"), _text(header, "status_text") or _text(header, "status_message"))
        case _:
            return Unknown(name)


def _int(values: Mapping[str, Any], key: str) -> int:
    value = values.get(key)
    return 0 if value is None else int(value)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(key)
    return value or ""


def _subtitles(payload: Mapping[str, Any]) -> tuple[Subtitle, ...]:
    """Those with text. The one that the service sends before them, without text and with ``sentence`` true, says nothing."""
    items = payload.get("subtitles") or ()
    if not isinstance(items, list | tuple):
        raise TypeError("subtitles")
    return tuple(
        Subtitle(
            item["text"],
            float(item["begin_time"]),
            float(item["end_time"]),
            _index(item.get("begin_index")),
            _index(item.get("end_index")),
        )
        for item in items
        if isinstance(item, dict)
        and item.get("text")
        and isinstance(item["text"], str)
        and _is_time(item.get("begin_time"))
        and _is_time(item.get("end_time"))
    )


def _index(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_time(value: Any) -> bool:
    """Whether it is a number of milliseconds, though perhaps as text: JSON may hold ``Infinity``, as python reads it."""
    return value is not None and 0 <= float(value) < MOST_MS
