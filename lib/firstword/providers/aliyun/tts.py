"""NLS FlowingSpeechSynthesizer as a `speech.tts.Synthesiser`.

A reply is one stream of text, but not always one task. The gateway ends a task whose client is silent for 10 s (the pages; 23 s with
pings, by the C++ header alone), and a model may think longer than that. So a task that has had no text for `flowing.REST_S` is brought
to its end in order: what was sent is spoken, and the next text opens another task. Nothing is lost, and nothing depends on pings.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError, ProviderError
from ...net import allowed
from ...options import bind, option
from ...speech.gate import Gate
from ...speech.tts import Mark, Synthesis, Synthesiser, SynthesisListener
from ...threads import spawn
from . import wire
from .account import AccessSettings, Account, without_key
from .flowing import FLUSH, FlowingTask, Flush
from .marks import Marks
from .whole import WholeSynthesis

log = logging.getLogger("firstword.providers.aliyun")

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class SynthesiserSettings(AccessSettings):
    """Aliyun NLS streaming synthesis. CosyVoice voices (long...) speak in the Beijing region only."""

    url: str = option(
        "wss://nls-gateway-cn-beijing.aliyuncs.com/ws/v1",
        help="the gateway; classic voices also cn-shanghai, cn-shenzhen",
        schemes=allowed.WS,
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
    phoneme: bool = option(False, help="ask for the phonemes' times too; classic voices; nothing here uses them")
    whole_text: bool = option(
        False,
        help="speak phrases that are known whole by SpeechSynthesizer: one message instead of three, and a quota of its own; "
        "classic voices only (CosyVoice's are refused there)",
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
    spares: int = option(
        8,
        help="connected spares while there are calls, at most: a reply then waits for no handshake; one call has one; 0 for none",
        low=0,
        high=64,
    )


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> AliyunSynthesiser:
    """Raises ConfigError."""
    settings = bind(SynthesiserSettings, without_key(values), where)
    if settings.sample_rate not in RATES:
        raise ConfigError(f"{where}: sample_rate takes one of {', '.join(map(str, RATES))}, not {settings.sample_rate}")
    return AliyunSynthesiser(settings, clock)


class AliyunSynthesiser(Synthesiser):
    """See `speech.tts.Synthesiser`."""

    def __init__(self, settings: SynthesiserSettings, clock: Clock = SYSTEM) -> None:
        self.name = "aliyun tts"
        self.rate = settings.sample_rate
        self.settings = settings
        self.account = Account(self.name, settings.url, settings, clock, job="tts", spares=settings.spares)
        self.can_flush = settings.flush_text

    def start(self, label: str, listener: SynthesisListener) -> AliyunSynthesis:
        work = AliyunSynthesis(self, label, listener)
        work.open_task()
        return work

    def speak(self, label: str, text: str, listener: SynthesisListener) -> Synthesis:
        """See `speech.tts.Synthesiser`. By the service for whole texts, if the settings want it."""
        if not self.settings.whole_text or len(text) > wire.REPLY_CHARS:
            return super().speak(label, text, listener)
        work = WholeSynthesis(self, label, text, listener)
        work.open()
        return work

    def expect(self, label: str) -> None:
        self.account.spares.expect(label)

    def flush_refused(self) -> None:
        """The gateway does not know FlushText: send no more, for the life of this process."""
        self.can_flush = False
        log.warning(
            "%s: the gateway does not support FlushText; an unfinished sentence waits for the reply's end", self.name
        )

    def close(self) -> None:
        self.account.close()


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
        self._texts: deque[str | Flush] = deque()
        self._finishing = False
        self._over = False
        self._task: FlowingTask | None = None
        self._asked = False

    # speech.tts.Synthesis; any thread:

    def say(self, text: str) -> None:
        self._put(text)

    def flush(self) -> None:
        if self.service.can_flush:
            self._put(FLUSH)

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

    def next_text(self) -> str | Flush | None:
        """What is to be sent next, as much as one message takes."""
        with self._lock:
            self._asked = False
            if not self._texts:
                return None
            first = self._texts.popleft()
            if isinstance(first, Flush):
                return first
            parts, chars = [first], len(first)
            while (
                self._texts and not isinstance(self._texts[0], Flush) and chars + len(self._texts[0]) <= wire.TEXT_CHARS
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

    def _put(self, item: str | Flush) -> None:
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
