"""Qwen-ASR-Realtime as a `speech.asr.Recogniser`.

Documented, and so done here: the settings, the messages and their order, the two ways to find utterances, the bounds of a message and of an
utterance, the shape of errors. Not documented: what an idle session comes to, whether every utterance tells its times (they are
understood where they come, else the place of the audio that had been sent stands for them), and which partial results there are with
``turn_detection`` off. If the call ends before the service has noticed speech, its last word gets no transcript, by the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...clock import SYSTEM, Clock
from ...errors import ConfigError
from ...net import allowed
from ...net.recognising import BACKLOG_MS, Recognising
from ...options import bind, option
from ...speech.asr import RecognitionListener
from . import realtime_wire as wire
from .account import AccessSettings
from .qwen_utterances import Utterances
from .realtime import REALTIME, Realtime, new_event_id, session_account

COMMIT_MS = 50_000
"""Without turn detection: an utterance may have 60 s, by the pages."""


@dataclass(frozen=True)
class RecogniserSettings(AccessSettings):
    """Qwen-ASR-Realtime: the qwen3-asr realtime models of Model Studio."""

    url: str = option(
        REALTIME,
        help="the service; Singapore wss://dashscope-intl.aliyuncs.com/..., a workspace wss://ID.cn-beijing.maas.aliyuncs.com/...",
        schemes=allowed.WS,
    )
    model: str = option("qwen3-asr-flash-realtime", help="the model")
    sample_rate: int = option(8000, help="8000 or 16000 Hz", low=8000, high=16000)
    language: str = option("", help="of the caller, such as zh, yue, en; empty: found by the service")
    context: str = option("", help="names and words that may come up, as text (corpus.text)")
    turn_detection: str = option(
        "server_vad",
        help="how utterances are found: server_vad by the service; off: all audio is one, told at its end or each 50 s",
        choices=("server_vad", "off"),
    )
    vad_threshold: float = option(
        0.0,
        help="how sure the service must be of speech; the pages advise 0.0 for quick answers, 0.2 else",
        low=-1,
        high=1,
    )
    silence_duration_ms: int = option(
        400,
        help="silence that ends an utterance, ms of audio; the pages advise 400 for quick answers, 800 else",
        low=200,
        high=6000,
    )
    send_ms: int = option(
        60,
        help="audio is sent in messages of so many ms while the caller makes sounds; of 200 in silence, which the first sound ends",
        low=10,
        high=500,
    )
    finish_ms: int = option(
        5000, help="how long the service may take for the rest after the audio's end, ms", low=100, high=60_000
    )
    spares: int = option(
        1,
        help="connected spares while there are calls, at most: for a recogniser that is begun again, and for the next call; 0 for none",
        low=0,
        high=64,
    )


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> QwenRecogniser:
    """Raises ConfigError."""
    settings = bind(RecogniserSettings, values, where)
    if settings.sample_rate not in (8000, 16000):
        raise ConfigError(f"{where}: sample_rate takes 8000 or 16000, not {settings.sample_rate}")
    return QwenRecogniser(settings, clock)


class QwenRecogniser:
    """See `speech.asr.Recogniser`."""

    def __init__(self, settings: RecogniserSettings, clock: Clock = SYSTEM) -> None:
        self.name = "qwen asr"
        self.rate = settings.sample_rate
        self.backlog_ms = BACKLOG_MS
        self._settings = settings
        account = session_account(self.name, settings, clock, model=settings.model, job="asr", spares=settings.spares)
        self._realtime = Realtime(account)

    def start(self, label: str, listener: RecognitionListener) -> QwenRecognition:
        work = QwenRecognition(self._realtime, self._settings, label, listener)
        work.open()
        return work

    def close(self) -> None:
        self._realtime.account.close()


class QwenRecognition(Recognising):
    """One session: one connection."""

    def __init__(
        self, realtime: Realtime, settings: RecogniserSettings, label: str, listener: RecognitionListener
    ) -> None:
        super().__init__(realtime.account, settings, listener)
        self._realtime = realtime
        self._settings = settings
        self.connection = realtime.connection(self, "asr", label)
        self._utterances = Utterances()
        self._bytes_per_ms = settings.sample_rate * 2 // 1000
        self._sent_bytes = 0
        self._committed_bytes = 0

    def open(self) -> None:
        self.connection.send_text(wire.session_update(new_event_id(), session_payload(self._settings)))
        self.connection.open()

    # The connection's thread:

    def on_text(self, text: str) -> None:
        event = wire.parse(text)
        match event:
            case wire.SessionUpdated() if not self.backlog.ready:
                self._ready()
            case wire.SpeechStarted():
                self._utterances.began(event.item_id, self._fed_ms(event.at_ms))
            case wire.SpeechStopped():
                self._utterances.stopped(event.item_id, self._fed_ms(event.at_ms))
            case wire.AudioCommitted():
                self._utterances.stopped(event.item_id, self._fed_ms(None), sure=False)
            case wire.PartialTranscript() if event.text:
                transcript = self._utterances.partial(event.item_id, event.text, self._fed_ms(None))
                self.gate.call(self.listener.partial, transcript)
            case wire.FinalTranscript():
                final = self._utterances.final(event.item_id, event.text, self._fed_ms(None))
                if final.text:
                    self.gate.call(self.listener.final, final)
            case wire.SessionFinished():
                self._end()
            case wire.Failed():
                self._fail(self._realtime.failed(event))
            case wire.Malformed():
                self._fail(self._realtime.malformed(event))

    def _fed_ms(self, at_ms: int | None) -> int:
        """A place that the service tells, else the end of what it was sent, in the audio that was fed."""
        return self.backlog.fed_ms(self._sent_bytes // self._bytes_per_ms if at_ms is None else at_ms)

    def _commit(self, least_bytes: int) -> None:
        """Where the service does not find utterances: make one of what was sent, if that is so much."""
        if self._settings.turn_detection == "off" and self._sent_bytes - self._committed_bytes >= least_bytes:
            self.connection.send_text(wire.commit_audio(new_event_id()))
            self._committed_bytes = self._sent_bytes

    def _send(self, message: bytes) -> None:
        self.connection.send_text(wire.append_audio(new_event_id(), message))
        self._sent_bytes += len(message)
        self._commit(COMMIT_MS * self._bytes_per_ms)

    def _send_end(self) -> None:
        self._commit(1)
        self.connection.send_text(wire.finish(new_event_id()))


def session_payload(settings: RecogniserSettings) -> dict[str, Any]:
    """What ``session.update`` says."""
    transcription: dict[str, Any] = {}
    if settings.language:
        transcription["language"] = settings.language
    if settings.context:
        transcription["corpus"] = {"text": settings.context}
    found = {
        "type": "server_vad",
        "threshold": settings.vad_threshold,
        "silence_duration_ms": settings.silence_duration_ms,
    }
    return {
        "modalities": ["text"],
        "input_audio_format": "pcm",
        "sample_rate": settings.sample_rate,
        "input_audio_transcription": transcription,
        "turn_detection": found if settings.turn_detection == "server_vad" else None,
    }
