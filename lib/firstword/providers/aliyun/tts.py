"""NLS FlowingSpeechSynthesizer as a `speech.tts.Synthesiser`.

A reply is one stream of text, but not always one task. The gateway ends a task whose client is silent for 10 s (the pages; 23 s with
pings, by the C++ header alone), and a model may think longer than that. So a task that has had no text for `REST_S` is brought to its end
in order: what was sent is spoken, and the next text opens another task. Nothing is lost, and nothing depends on pings.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from ...audio.pcm import Straddle
from ...clock import SYSTEM, Clock
from ...errors import ConfigError, ProviderError
from ...net.websocket import Closed
from ...options import bind, option
from ...speech.gate import Gate
from ...speech.tts import Mark, SynthesisListener
from ...threads import spawn
from . import wire
from .account import AccessSettings, Account, check_address, new_id, without_key
from .marks import Marks

log = logging.getLogger("firstword.providers.aliyun")

REST_S = 8.0
RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
SENTENCE_ENDS = (
    "。！？!?"  # after these the service must speak; after others (a dot may be a number's) it may wait for more
)
UNSUPPORTED_DIRECTIVE = 40010002


@dataclass(frozen=True)
class SynthesiserSettings(AccessSettings):
    """Aliyun NLS streaming synthesis. CosyVoice voices (long...) speak in the Beijing region only."""

    url: str = option(
        "wss://nls-gateway-cn-beijing.aliyuncs.com/ws/v1",
        help="the gateway; classic voices also cn-shanghai, cn-shenzhen",
    )
    voice: str = option("longxiaochun", help="the voice's name in the console's list")
    sample_rate: int = option(
        8000, help="Hz; 8000 11025 16000 22050 24000 32000 44100 or 48000, as the voice allows", low=8000, high=48000
    )
    volume: int = option(50, help="loudness", low=0, high=100)
    speech_rate: int = option(0, help="speed; -500 is half, 500 twice", low=-500, high=500)
    pitch_rate: int = option(0, help="pitch", low=-500, high=500)
    subtitle: bool = option(
        True, help="ask for timestamps, so that the record tells exactly what was heard; CosyVoice voices send none"
    )
    flush_text: bool = option(
        True,
        help="ask for speech at once where a sentence is not finished (FlushText, known from the C++ SDK only; given up if refused)",
    )
    first_audio_ms: int = option(
        5000, help="from text that must be spoken to its first audio, ms", low=100, high=60_000
    )
    idle_ms: int = option(
        8000, help="silence of the service while it owes the rest of the audio, ms", low=100, high=60_000
    )


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> AliyunSynthesiser:
    """Raises ConfigError."""
    settings = bind(SynthesiserSettings, without_key(values), where)
    check_address(settings.url, where)
    if settings.sample_rate not in RATES:
        raise ConfigError(f"{where}: sample_rate takes one of {', '.join(map(str, RATES))}, not {settings.sample_rate}")
    return AliyunSynthesiser(settings, clock)


class AliyunSynthesiser:
    """See `speech.tts.Synthesiser`."""

    def __init__(self, settings: SynthesiserSettings, clock: Clock = SYSTEM) -> None:
        self.name = "aliyun tts"
        self.rate = settings.sample_rate
        self.settings = settings
        self.account = Account(self.name, settings.url, settings, clock)
        self.can_flush = settings.flush_text

    def start(self, label: str, listener: SynthesisListener) -> AliyunSynthesis:
        work = AliyunSynthesis(self, label, listener)
        work.open_task()
        return work

    def flush_refused(self) -> None:
        """The gateway does not know FlushText: send no more, for the life of this process."""
        self.can_flush = False
        log.warning(
            "%s: the gateway does not support FlushText; an unfinished sentence waits for the reply's end", self.name
        )

    def close(self) -> None:
        self.account.close()


class _Flush:
    """Stands in the queue of texts where `flush` was called."""


_FLUSH = _Flush()


class AliyunSynthesis:
    """One reply. Other threads fill the queue of texts; the thread of the current task's connection empties it and delivers."""

    def __init__(self, service: AliyunSynthesiser, label: str, listener: SynthesisListener) -> None:
        self.service = service
        self.label = label
        self.marks = Marks()
        self.audio_ms = 0.0
        self._listener = listener
        self._gate = Gate()
        self._lock = threading.Lock()
        self._texts: deque[str | _Flush] = deque()
        self._finishing = False
        self._over = False
        self._task: FlowingTask | None = None
        self._asked = False

    # speech.tts.Synthesis; any thread:

    def say(self, text: str) -> None:
        self._put(text)

    def flush(self) -> None:
        if self.service.can_flush:
            self._put(_FLUSH)

    def finish(self) -> None:
        with self._lock:
            if self._finishing or self._over:
                return
            self._finishing = True
            task, idle = self._task, self._task is None and not self._texts
        if task is not None:
            task.finish_asked()
        elif idle:  # everything said was spoken by tasks that have ended
            spawn("tts", self.finished, self.label)

    def cancel(self) -> None:
        self._gate.close()
        self._end()

    # The connection's thread:

    def open_task(self) -> None:
        """Open a task, unless there is one or the reply is over. Any thread."""
        with self._lock:
            if self._task is not None or self._over:
                return
            task = self._task = FlowingTask(self)
        task.open()

    def next_text(self) -> str | _Flush | None:
        """What is to be sent next, as much as one message takes."""
        with self._lock:
            self._asked = False
            if not self._texts:
                return None
            first = self._texts.popleft()
            if isinstance(first, _Flush):
                return first
            parts, chars = [first], len(first)
            while (
                self._texts
                and not isinstance(self._texts[0], _Flush)
                and chars + len(self._texts[0]) <= wire.TEXT_CHARS
            ):
                more = self._texts.popleft()
                assert isinstance(more, str)
                parts.append(more)
                chars += len(more)
            return "".join(parts)

    def all_given(self) -> bool:
        """Whether `finish` was called and nothing waits."""
        with self._lock:
            return self._finishing and not self._texts

    def audio(self, pcm: bytes) -> None:
        if self._gate.call(self._listener.audio, pcm):
            self.audio_ms += len(pcm) / 2 / self.service.rate * 1000

    def mark(self, marks: list[Mark]) -> None:
        for mark in marks:
            self._gate.call(self._listener.mark, mark)

    def task_ended(self, task: FlowingTask) -> None:
        """The task's texts are all spoken, or it never got one. Next: the end, another task, or rest until there is text."""
        with self._lock:
            if self._task is not task:
                return
            self._task = None
            more, finishing = bool(self._texts), self._finishing
        if more:
            self.open_task()
        elif finishing:
            self.finished()

    def finished(self) -> None:
        self._gate.last(self._listener.finished)
        with self._lock:
            self._over = True

    def failed(self, error: ProviderError) -> None:
        self._gate.last(self._listener.failed, error)
        self._end()

    def _put(self, item: str | _Flush) -> None:
        with self._lock:
            if self._finishing or self._over:
                return
            self._texts.append(item)
            task, asked = self._task, self._asked
            self._asked = True
        if task is None:
            self.open_task()
        elif not asked:
            task.text_given()

    def _end(self) -> None:
        with self._lock:
            self._over = True
            self._texts.clear()
            task = self._task
        if task is not None:
            task.abort()


class FlowingTask:
    """One StartSynthesis to its SynthesisCompleted, on a connection of its own.

    `state`: ``starting`` -> ``running`` -> ``stopping`` -> ``done``.
    """

    def __init__(self, reply: AliyunSynthesis) -> None:
        service = reply.service
        self.state = "starting"
        self._reply = reply
        self._account = service.account
        self._settings = service.settings
        self._clock = service.account.clock
        self._task = service.account.task(wire.FLOWING)
        self._connection = service.account.connection(self, "tts", reply.label)
        self._straddle = Straddle()
        self._ready_by = self._clock.now() + self._settings.connect_ms / 1000
        self._sent_chars = 0
        self._rest_at = 0.0
        self._speech_by = 0.0  # the service owes audio or its end by then
        self._flushed = False
        self._heard = False
        self._owed = False  # text that can be spoken has been sent since the last audio

    # Any thread:

    def open(self) -> None:
        self._connection.send_text(wire.start_synthesis(self._task, new_id(), start_payload(self._settings, new_id())))
        self._connection.open()

    def text_given(self) -> None:
        self._connection.run(self._send)

    def finish_asked(self) -> None:
        """`_send` finds nothing left, and stops. Without any text there is nothing to wait for."""
        if self._reply.all_given() and not self._sent_chars and self.state == "starting":
            self._connection.abort()
        else:
            self._connection.run(self._send)

    def abort(self) -> None:
        self._connection.abort()

    # net.websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self._connection.alarm(self._ready_by)

    def on_text(self, text: str) -> None:
        event = wire.parse(text)
        marks = self._reply.marks
        if self.state == "stopping":
            self._expect_speech(self._settings.idle_ms)
        match event:
            case wire.Started():
                if self.state == "starting":
                    self.state = "running"
                    self._rest_at = self._clock.now() + REST_S
                    marks.task_began(self._reply.audio_ms)
                    self._send()
            case wire.SentenceBegan():
                marks.sentence_began(self._reply.audio_ms)
            case wire.SentenceSpoken():
                self._reply.mark(marks.spoken(event.subtitles))
            case wire.SentenceEnded():
                self._reply.mark(marks.sentence_ended(event.subtitles))
            case wire.Completed():
                self._reply.mark(marks.completed(self._reply.audio_ms))
                self._done()
            case wire.TaskFailed():
                self._task_failed(event)
            case wire.Malformed():
                self._reply.failed(self._account.malformed(event))
        self._set_alarm()

    def on_binary(self, data: bytes) -> None:
        self._heard = True
        self._owed = False
        self._speech_by = 0.0
        if self.state == "stopping":
            self._expect_speech(self._settings.idle_ms)
        pcm = self._straddle.feed(data)
        if pcm:
            self._reply.audio(pcm)
        self._set_alarm()

    def on_alarm(self) -> None:
        now = self._clock.now()
        if self.state == "starting":
            text = f"the service was not ready within {self._settings.connect_ms} ms"
            self._reply.failed(self._account.failure(text))
        elif self._speech_by and now >= self._speech_by:
            bound = self._settings.idle_ms if self._heard else self._settings.first_audio_ms
            self._reply.failed(self._account.failure(f"the service owed audio and sent nothing for {bound} ms"))
        elif self.state == "running" and now >= self._rest_at:
            self._rest()
        self._set_alarm()

    def on_closed(self, closed: Closed) -> None:
        if self.state == "done":
            return
        if not self._sent_chars and (self._reply.all_given() or self.state == "running"):
            self._reply.task_ended(self)  # it had no text: nothing is lost
        else:
            self._reply.failed(self._account.connection_closed(closed))

    def _send(self) -> None:
        """Whatever text may go now; once all is gone after `finish`, the end."""
        if self.state != "running":
            return
        while (text := self._reply.next_text()) is not None:
            if isinstance(text, _Flush):
                self._connection.send_text(wire.flush_text(self._task, new_id()))
                self._flushed = True
                self._expect_first_audio()
                continue
            for piece in wire.pieces(text):
                self._connection.send_text(wire.run_synthesis(self._task, new_id(), piece))
            self._reply.marks.say(text)
            self._sent_chars += len(text)
            self._owed = self._owed or any(char.isalnum() for char in text)
            if text[-1] in SENTENCE_ENDS:
                self._expect_first_audio()
            if self._sent_chars > wire.REPLY_CHARS:
                self._reply.failed(
                    self._account.failure(f"a reply of more than {wire.REPLY_CHARS} characters", retry=False)
                )
                return
            self._rest_at = self._clock.now() + REST_S
        if self._reply.all_given():
            self._stop()
        self._set_alarm()

    def _stop(self) -> None:
        if not self._sent_chars:
            self._done()
            return
        self.state = "stopping"
        self._connection.send_text(wire.stop_synthesis(self._task, new_id()))
        self._expect_speech(self._settings.idle_ms if self._heard else self._settings.first_audio_ms)

    def _rest(self) -> None:
        """No text for long: end the task before the gateway does."""
        log.debug("tts-%s: no text for %.0f s: this task ends, the next text opens another", self._reply.label, REST_S)
        self._stop()

    def _done(self) -> None:
        self.state = "done"
        self._connection.close()
        self._reply.task_ended(self)

    def _task_failed(self, event: wire.TaskFailed) -> None:
        if event.status == wire.IDLE_TIMEOUT and not self._sent_chars:
            self._done()
            return
        if event.status == UNSUPPORTED_DIRECTIVE and self._flushed:
            self._reply.service.flush_refused()
        self._reply.failed(self._account.task_failed(event))

    def _expect_speech(self, within_ms: int) -> None:
        self._speech_by = self._clock.now() + within_ms / 1000

    def _expect_first_audio(self) -> None:
        """Text that can be spoken was sent, and must be spoken now: not if it is all punctuation."""
        if self._owed and not self._speech_by:
            self._expect_speech(self._settings.first_audio_ms)

    def _set_alarm(self) -> None:
        if self.state == "starting":
            return
        moments = [self._speech_by] if self._speech_by else []
        if self.state == "running":
            moments.append(self._rest_at)
        self._connection.alarm(min(moments) if moments else 0.0)


def start_payload(settings: SynthesiserSettings, session_id: str) -> dict[str, object]:
    """What StartSynthesis says."""
    return {
        "session_id": session_id,
        "voice": settings.voice,
        "format": "pcm",
        "sample_rate": settings.sample_rate,
        "volume": settings.volume,
        "speech_rate": settings.speech_rate,
        "pitch_rate": settings.pitch_rate,
        "enable_subtitle": settings.subtitle,
    }
