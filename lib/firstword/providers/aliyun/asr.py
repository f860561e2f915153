"""NLS SpeechTranscriber as a `speech.asr.Recogniser`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError
from ...net import allowed
from ...net.recognising import BACKLOG_MS, Recognising
from ...options import bind, option
from ...speech.asr import RecognitionListener, Transcript
from . import wire
from .account import AccessSettings, Account, new_id, without_key


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


class AliyunRecognition(Recognising):
    """One task: one connection."""

    def __init__(
        self, account: Account, settings: TranscriberSettings, label: str, listener: RecognitionListener
    ) -> None:
        super().__init__(account, settings, listener)
        self._account = account
        self._settings = settings
        self._task = account.task(wire.TRANSCRIBER)
        self.connection = account.connection(self, "asr", label)
        self._sentence = (0, 0)  # the index of the latest, and where it began

    def open(self) -> None:
        self.connection.send_text(wire.start_transcription(self._task, new_id(), start_payload(self._settings)))
        self.connection.open()

    # The connection's thread:

    def on_text(self, text: str) -> None:
        event = wire.parse(text)
        match event:
            case wire.Started() if not self.backlog.ready:
                self._ready()
            case wire.ResultChanged() if event.text:
                end = self.backlog.fed_ms(event.at_ms)
                self.gate.call(
                    self.listener.partial, Transcript(event.text, event.index, self._began_ms(event.index, end), end)
                )
            case wire.SentenceBegan():
                self._sentence = (event.index, self.backlog.fed_ms(event.at_ms))
            case wire.SentenceEnded() if event.text:
                begin, end = self.backlog.fed_ms(event.begin_ms), self.backlog.fed_ms(event.end_ms)
                self.gate.call(self.listener.final, Transcript(event.text, event.index, begin, end))
                if event.stash:
                    self.gate.call(self.listener.partial, Transcript(event.stash, event.index + 1, end, end))
            case wire.Completed():
                self._end()
            case wire.TaskFailed():
                # The gateway's own stall after StopTranscription surfaces as an idle timeout: everything was said.
                if self.stopping and event.status == wire.IDLE_TIMEOUT:
                    self._end()
                else:
                    self._fail(self._account.task_failed(event, self.connection))
            case wire.Malformed():
                self._fail(self._account.malformed(event))

    def _began_ms(self, index: int, otherwise: int) -> int:
        """Where sentence `index` began: a partial result tells only its end."""
        return self._sentence[1] if self._sentence[0] == index else otherwise

    def _send_end(self) -> None:
        self.connection.send_text(wire.stop_transcription(self._task, new_id()))


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
