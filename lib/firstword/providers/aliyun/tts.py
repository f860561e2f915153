"""NLS FlowingSpeechSynthesizer as a `speech.tts.Synthesiser`.

A reply is one stream of text, but not always one task. The gateway ends a task whose client is silent for 10 s (the pages; 23 s with
pings, by the C++ header alone), and a model may think longer than that. So a task that has had no text for `flowing.REST_S` is brought
to its end in order: what was sent is spoken, and the next text opens another task. Nothing is lost, and nothing depends on pings.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError
from ...net import allowed
from ...options import bind, option
from ...speech.tasks import Reply
from ...speech.tts import Synthesis, Synthesiser, SynthesisListener
from . import wire
from .account import AccessSettings, Account, without_key
from .flowing import FlowingTask
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

    def start(self, label: str, listener: SynthesisListener) -> Reply:
        marks = Marks()
        reply = Reply(
            label,
            listener,
            rate=self.rate,
            text_chars=wire.TEXT_CHARS,
            make_task=lambda reply: FlowingTask(self, reply, marks),
            can_flush=lambda: self.can_flush,
        )
        reply.start()
        return reply

    def speak(self, label: str, text: str, listener: SynthesisListener) -> Synthesis:
        """See `speech.tts.Synthesiser`. By the service for whole texts, if the settings want it."""
        if not self.settings.whole_text or len(text) > wire.LONG_CHARS:
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
