"""NLS SpeechSynthesizer and SpeechLongSynthesizer: a text that is known whole, in one message, spoken by one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...audio.pcm import Straddle
from ...errors import ProviderError
from ...net.websocket import Closed
from ...speech.gate import Gate
from ...speech.trickle import Trickle
from ...speech.tts import Mark, SynthesisListener
from . import wire
from .account import new_id
from .marks import Marks

if TYPE_CHECKING:
    from .tts import AliyunSynthesiser, SynthesiserSettings


class WholeSynthesis:
    """One text. See `speech.tts.Synthesis`; nothing can be added to it.

    The first audio is owed from when the connection is open, for nothing else is said before it: no ``SynthesisStarted`` is promised here.
    """

    def __init__(self, service: AliyunSynthesiser, label: str, text: str, listener: SynthesisListener) -> None:
        self._account = service.account
        self._settings = service.settings
        self._listener = listener
        self._gate = Gate()
        self._text = text
        self._namespace = wire.WHOLE if len(text) <= wire.WHOLE_CHARS else wire.LONG
        self._task = service.account.task(self._namespace)
        self._connection = service.account.connection(self, "tts", label)
        self._straddle = Straddle()
        self._trickle = Trickle(service.rate)
        self._marks = Marks()
        self._audio_ms = 0.0
        self._heard = False

    def open(self) -> None:
        payload = whole_payload(self._settings, self._text)
        self._connection.send_text(wire.start_whole(self._task, new_id(), payload))
        self._connection.open()

    # speech.tts.Synthesis; any thread:

    def say(self, text: str) -> None:
        """Nothing: the text was whole."""

    def flush(self) -> None:
        """Nothing waits."""

    def finish(self) -> None:
        """It is."""

    def cancel(self) -> None:
        self._gate.close()
        self._connection.abort()

    # net.websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self._marks.say(self._text)
        self._marks.task_began(0.0)
        self._expect_audio()

    def on_text(self, text: str) -> None:
        event = wire.parse(text)
        match event:
            case wire.MetaInfo():
                self._mark(self._marks.spoken(event.subtitles))
            case wire.Completed() if not self._heard and any(char.isalnum() for char in self._text):
                self._fail(self._account.failure("the service was given text and sent no audio for it"))
            case wire.Completed():
                self._mark(self._marks.completed(self._audio_ms))
                self._gate.last(self._listener.finished)
                self._connection.close()
            case wire.TaskFailed():
                self._fail(self._account.task_failed(event, self._connection))
            case wire.Malformed():
                self._fail(self._account.malformed(event))

    def on_binary(self, data: bytes) -> None:
        pcm = self._straddle.feed(data)
        self._heard = self._heard or bool(pcm)
        if self._trickle.goes_on(pcm):
            self._expect_audio()
        if pcm and self._gate.call(self._listener.audio, pcm):
            self._audio_ms += len(pcm) / 2 / self._settings.sample_rate * 1000

    def on_alarm(self) -> None:
        bound = self._settings.idle_ms if self._heard else self._settings.first_audio_ms
        self._fail(self._account.failure(f"the service owed audio and sent nothing for {bound} ms"))

    def on_closed(self, closed: Closed) -> None:
        if self._gate.open:
            self._fail(self._account.connection_closed(closed))

    def _expect_audio(self) -> None:
        within_ms = self._settings.idle_ms if self._heard else self._settings.first_audio_ms
        self._connection.alarm(self._account.clock.now() + within_ms / 1000)

    def _mark(self, marks: list[Mark]) -> None:
        for mark in marks:
            self._gate.call(self._listener.mark, mark)

    def _fail(self, error: ProviderError) -> None:
        self._gate.last(self._listener.failed, error)
        self._connection.abort()


def whole_payload(settings: SynthesiserSettings, text: str) -> dict[str, object]:
    """What StartSynthesis says of a whole text."""
    payload: dict[str, object] = {
        "text": text,
        "voice": settings.voice,
        "format": "pcm",
        "sample_rate": settings.sample_rate,
        "volume": settings.volume,
        "speech_rate": settings.speech_rate,
        "pitch_rate": settings.pitch_rate,
    }
    if settings.subtitle:
        payload["enable_subtitle"] = True
    return payload
