"""NLS messages as the server reads and writes them. [pure]

Sources: the captured wire for the order of a header's keys and for ``status_text``; Aliyun's documents and C++ SDK for the codes and
their texts.
Where nobody has published what the service answers, the nearest published answer is taken.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FLOWING = "FlowingSpeechSynthesizer"
WHOLE = "SpeechSynthesizer"
LONG = "SpeechLongSynthesizer"
TRANSCRIBER = "SpeechTranscriber"

SUCCESS = 20000000
TTS_RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
ASR_RATES = (8000, 16000)

_ID = re.compile(r"[0-9a-f]{32}")


class NlsError(Exception):
    """The task fails: becomes a TaskFailed with this code and text, then the connection is closed."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Directive:
    """A text message of a client, its header checked."""

    namespace: str
    name: str
    task: str
    appkey: str
    payload: Mapping[str, Any]


def read(text: str) -> Directive:
    """Read a client's message. Unknown keys, a missing ``context`` and a missing ``payload`` are all fine.

    Raises:
        NlsError: it is no JSON object with a header, or its ids are not 32 lower-case hexadecimal digits.
    """
    try:
        message = json.loads(text)
        if "\\ud" in text.lower():  # half of a surrogate pair can be escaped, but not be sent back
            message = json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    except ValueError:
        raise NlsError(40000000, f"Message Not Json: {text[:100]}") from None
    header = message.get("header") if isinstance(message, dict) else None
    if not isinstance(header, dict):
        raise NlsError(40000002, "Gateway:MESSAGE_INVALID:Missing message header!")
    for key in ("message_id", "task_id"):
        value = header.get(key)
        if not (isinstance(value, str) and _ID.fullmatch(value)):
            shown = "null" if value is None else str(value)[:64]
            raise NlsError(40000002, f"Gateway:MESSAGE_INVALID:Invalid {key.replace('_', ' ')} '{shown}'!")
    payload = message.get("payload")
    return Directive(
        namespace=str(header.get("namespace", "")),
        name=str(header.get("name", "")),
        task=header["task_id"],
        appkey=str(header.get("appkey") or ""),
        payload=payload if isinstance(payload, dict) else {},
    )


def event(namespace: str, name: str, task: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A message of the server's."""
    return _message(namespace, name, SUCCESS, task, "Gateway:SUCCESS:Success.", payload)


def task_failed(task: str, failure: NlsError) -> dict[str, Any]:
    return _message("Default", "TaskFailed", failure.code, task, failure.text, None)


def _message(
    namespace: str, name: str, status: int, task: str, text: str, payload: Mapping[str, Any] | None
) -> dict[str, Any]:
    header = {
        "namespace": namespace,
        "name": name,
        "status": status,
        "message_id": uuid.uuid4().hex,
        "task_id": task,
        "status_text": text,
    }
    return {"header": header} if payload is None else {"header": header, "payload": dict(payload)}


def idle(last: str) -> NlsError:
    return NlsError(
        40000004,
        f"Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time, the last directive is '{last}'!",
    )


def too_many() -> NlsError:
    return NlsError(40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!")


def routing(what: str) -> NlsError:
    """Something came before ...Started."""
    if what == "binary":
        return NlsError(40000002, "Gateway:MESSAGE_INVALID:Invalid binary message while server state is 'ROUTING'!")
    return NlsError(40000002, "Gateway:MESSAGE_INVALID:Can't process message in state'ROUTING'!")


def refusal(status: int) -> NlsError:
    """What an HTTP status at the upgrade means in NLS's own words."""
    if status in (401, 403):
        return NlsError(40000001, "Meta:ACCESS_DENIED:The token 'xxx' is invalid!")
    if status == 429:
        return too_many()
    return NlsError(50000000, "Gateway:SERVER_ERROR:Server error!")


def asked_failure(code: int) -> NlsError:
    """The failure a `Fault` asks for by its code, with the text the service is known to use."""
    texts = {
        0: "Gateway:SERVER_ERROR:Server error!",
        40000001: "Gateway:ACCESS_DENIED:The token 'xxx' has expired!",
        40000003: "Gateway:PARAMETER_INVALID:Invalid voice name 'xxx'!",
        40000005: "Gateway:TOO_MANY_REQUESTS:Too many requests!",
        40000010: "Gateway:FREE_TRIAL_EXPIRED:The free trial has expired!",
        40020105: "Meta:APPKEY_NOT_EXIST:Appkey not exist!",
        40270002: "NO_VALID_AUDIO_ERROR",
        41020001: "TTS:TtsClientError:[tts]Engine return error code: 418",
        50000001: "GRPC_ERROR:Grpc error!",
        51020001: "TTS:TtsServerError:[flow]Instance pool exhausted!",
    }
    return NlsError(code or 50000000, texts.get(code, f"Gateway:CLIENT_ERROR:asked for {code}"))


def sample_rate(payload: Mapping[str, Any], known: tuple[int, ...]) -> int:
    """The rate a start directive asks for, 16000 if none.

    Raises:
        NlsError: 41010101, the service has no such rate.
    """
    rate = payload.get("sample_rate", 16000)
    if not isinstance(rate, int) or rate not in known:
        raise NlsError(41010101, f"UNSUPPORTED_SAMPLE_RATE:Unsupported sample rate '{rate}'!")
    return rate


def audio_format(payload: Mapping[str, Any], known: tuple[str, ...]) -> str:
    """The format a start directive asks for, ``pcm`` if none.

    Raises:
        NlsError: 40010003 for a name the service would not know, 41010100 for one this gateway can not make.
    """
    asked = payload.get("format", "pcm")
    if not isinstance(asked, str) or asked != asked.lower():
        raise NlsError(40010003, f"Gateway:DIRECTIVE_INVALID:Invalid format '{asked}'!")
    if asked not in known:
        raise NlsError(41010100, f"UNSUPPORTED_FORMAT:This gateway has {' and '.join(known)}, not '{asked}'!")
    return asked
