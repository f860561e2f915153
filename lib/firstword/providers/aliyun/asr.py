"""NLS SpeechTranscriber as a `speech.asr.Recogniser`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError, ProviderError
from ...net import allowed
from ...net.websocket import Closed, Connection
from ...options import bind, option
from ...speech.asr import RecognitionListener, Transcript
from ...speech.backlog import Backlog
from ...speech.gate import Gate
from . import wire
from .account import AccessSettings, Account, new_id, without_key

BACKLOG_MS = 3_000


@dataclass(frozen=True)
class TranscriberSettings(AccessSettings):
    """Aliyun NLS real-time recognition. Language and model are properties of the Appkey's project in the console."""

    url: str = option(
        "wss://nls-gateway-cn-shanghai.aliyuncs.com/ws/v1",
        help="the gateway; also cn-beijing, cn-shenzhen",
        schemes=allowed.WS,
    )
    sample_rate: int = option(8000, help="8000 or 16000 Hz; must fit the Appkey's project", low=8000, high=16000)
    max_sentence_silence: int = option(800, help="silence that ends a sentence, ms of audio", low=200, high=6000)
    punctuation: bool = option(True, help="put punctuation into the text")
    itn: bool = option(True, help="write numbers as digits")
    partials: bool = option(True, help="tell what is recognised so far")
    semantic: bool = option(
        False, help="end sentences by their meaning instead of by a silence; needs partials, and answers come later"
    )
    multi_threshold: bool = option(False, help="end a long sentence at a shorter silence (enable_multi_thresh_mod)")
    ignore_sentence_timeout: bool = option(False, help="go on where a single sentence takes too long")
    words: bool = option(False, help="ask for the words' times; nothing here uses them")
    disfluency: bool = option(False, help="leave out 嗯 and repetitions; models from 4.0 on")
    speech_noise_threshold: float | None = option(
        None, help="towards 1 more is taken for noise, towards -1 more for speech; not sent unless set", low=-1, high=1
    )
    customization_id: str = option("", help="a language model of your own, by its id in the console")
    vocabulary_id: str = option("", help="a list of hot words, by its id in the console")
    special_word_filter: str = option(
        "",
        help='words that are left out or replaced, as the JSON object of the documentation, such as {"filter_with_empty": {...}}',
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


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> AliyunRecogniser:
    """Raises ConfigError."""
    settings = bind(TranscriberSettings, without_key(values), where)
    if settings.sample_rate not in (8000, 16000):
        raise ConfigError(f"{where}: sample_rate takes 8000 or 16000, not {settings.sample_rate}")
    if settings.semantic and not settings.partials:
        raise ConfigError(f"{where}: semantic needs partials: the service refuses the one without the other")
    try:
        special_words(settings)
    except (ValueError, RecursionError):
        raise ConfigError(f"{where}: special_word_filter takes a JSON object") from None
    return AliyunRecogniser(settings, clock)


class AliyunRecogniser:
    """See `speech.asr.Recogniser`."""

    def __init__(self, settings: TranscriberSettings, clock: Clock = SYSTEM) -> None:
        self.name = "aliyun asr"
        self.rate = settings.sample_rate
        self.backlog_ms = BACKLOG_MS
        self._settings = settings
        self._account = Account(self.name, settings.url, settings, clock, job="asr", spares=settings.spares)

    def start(self, label: str, listener: RecognitionListener) -> AliyunRecognition:
        work = AliyunRecognition(self._account, self._settings, label, listener)
        work.open()
        return work

    def close(self) -> None:
        self._account.close()


class AliyunRecognition:
    """One task: one connection. What other threads do (`feed`, `finish`) touches only the backlog; the connection's thread does
    the rest."""

    def __init__(
        self, account: Account, settings: TranscriberSettings, label: str, listener: RecognitionListener
    ) -> None:
        self._account = account
        self._settings = settings
        self._listener = listener
        self._gate = Gate()
        self._task = account.task(wire.TRANSCRIBER)
        self._connection: Connection = account.connection(self, "asr", label)
        self._backlog = Backlog(settings.sample_rate, settings.send_ms, BACKLOG_MS)
        self._ready_by = account.clock.deadline(settings.connect_ms / 1000)
        self._finish_asked = False
        self._stopped = False
        self._sentence = (0, 0)  # the index of the latest, and where it began

    def open(self) -> None:
        self._connection.send_text(wire.start_transcription(self._task, new_id(), start_payload(self._settings)))
        self._connection.open()

    # speech.asr.Recognition; any thread:

    def feed(self, pcm: bytes) -> bool:
        if not self._gate.open or self._finish_asked:
            return False
        kept = self._backlog.add(pcm)
        if self._backlog.wants_sending():
            self._connection.run(self._send_audio)
        return kept

    def finish(self) -> None:
        if not self._finish_asked:
            self._finish_asked = True
            self._connection.run(self._send_audio)

    def cancel(self) -> None:
        self._gate.close()
        self._connection.abort()

    # net.websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self._connection.alarm(self._ready_by.at)

    def on_text(self, text: str) -> None:
        event = wire.parse(text)
        match event:
            case wire.Started() if not self._backlog.ready:  # told again, it would take the bound off what follows
                self._connection.alarm(0)
                if self._gate.call(self._listener.ready):
                    self._backlog.service_is_ready()
                    self._send_audio()
            case wire.ResultChanged() if event.text:
                end = self._backlog.fed_ms(event.at_ms)
                self._gate.call(
                    self._listener.partial, Transcript(event.text, event.index, self._began_ms(event.index, end), end)
                )
            case wire.SentenceBegan():
                self._sentence = (event.index, self._backlog.fed_ms(event.at_ms))
            case wire.SentenceEnded() if event.text:
                begin, end = self._backlog.fed_ms(event.begin_ms), self._backlog.fed_ms(event.end_ms)
                self._gate.call(self._listener.final, Transcript(event.text, event.index, begin, end))
                if event.stash:
                    self._gate.call(self._listener.partial, Transcript(event.stash, event.index + 1, end, end))
            case wire.Completed():
                self._end()
            case wire.TaskFailed():
                # The gateway's own stall after StopTranscription surfaces as an idle timeout: everything was said.
                if self._stopped and event.status == wire.IDLE_TIMEOUT:
                    self._end()
                else:
                    self._fail(self._account.task_failed(event))
            case wire.Malformed():
                self._fail(self._account.malformed(event))

    def on_binary(self, data: bytes) -> None:
        """A transcriber sends none."""

    def on_alarm(self) -> None:
        if self._stopped:
            text = f"the service did not finish within {self._settings.finish_ms} ms"
        else:
            text = f"the service was not ready within {self._settings.connect_ms} ms"
        self._fail(self._account.failure(text))

    def on_closed(self, closed: Closed) -> None:
        if self._gate.open:
            self._fail(self._account.connection_closed(closed))

    def _began_ms(self, index: int, otherwise: int) -> int:
        """Where sentence `index` began: a partial result tells only its end."""
        return self._sentence[1] if self._sentence[0] == index else otherwise

    def _send_audio(self) -> None:
        """Whatever may go now; once all is gone after `finish`, the end."""
        self._backlog.asked = False
        if not self._backlog.ready or self._stopped:
            return
        last = self._finish_asked  # read before the audio: what was fed before `finish` is in the backlog then
        while message := self._backlog.take(everything=last):
            self._connection.send_binary(message)
        if last:
            self._stopped = True
            self._connection.send_text(wire.stop_transcription(self._task, new_id()))
            self._connection.alarm(self._account.clock.now() + self._settings.finish_ms / 1000)

    def _end(self) -> None:
        self._gate.last(self._listener.finished)
        self._connection.close()

    def _fail(self, error: ProviderError) -> None:
        self._gate.last(self._listener.failed, error)
        self._connection.abort()


def special_words(settings: TranscriberSettings) -> Mapping[str, object]:
    """The filter as the service takes it. Raises ValueError if it is no JSON object."""
    found = json.loads(settings.special_word_filter) if settings.special_word_filter else {}
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def start_payload(settings: TranscriberSettings) -> dict[str, object]:
    """What StartTranscription says: the documented defaults that matter aloud, the rest if it is wanted."""
    wanted: dict[str, object] = {
        "enable_semantic_sentence_detection": settings.semantic,
        "enable_multi_thresh_mod": settings.multi_threshold,
        "enable_ignore_sentence_timeout": settings.ignore_sentence_timeout,
        "enable_words": settings.words,
        "disfluency": settings.disfluency,
        "customization_id": settings.customization_id,
        "vocabulary_id": settings.vocabulary_id,
        "special_word_filter": special_words(settings),
    }
    payload: dict[str, object] = {
        "format": "pcm",
        "sample_rate": settings.sample_rate,
        "enable_intermediate_result": settings.partials,
        "enable_punctuation_prediction": settings.punctuation,
        "enable_inverse_text_normalization": settings.itn,
        "max_sentence_silence": settings.max_sentence_silence,
    }
    payload |= {name: value for name, value in wanted.items() if value}
    if settings.speech_noise_threshold is not None:  # 0 is a wish too
        payload["speech_noise_threshold"] = settings.speech_noise_threshold
    return payload
