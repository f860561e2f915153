"""Qwen-TTS-Realtime as a `speech.tts.Synthesiser`.

A reply is one stream of text (`speech.tasks`), but not always one session: one that has had no text for `qwen_session.REST_S` is brought to
its end in order, and the next text opens another. There is no reuse: a session is a connection, and an interruption closes it.

Not here: the formats other than pcm (a reply is mixed, cut and counted in samples) and with them ``bit_rate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...clock import SYSTEM, Clock
from ...errors import ConfigError
from ...net import allowed
from ...options import bind, option
from ...speech.tasks import Reply
from ...speech.tts import Synthesiser, SynthesisListener
from .account import AccessSettings
from .qwen_modes import CommitSession, ServerCommitSession
from .qwen_session import Progress
from .realtime import REALTIME, Realtime, session_account
from .realtime_wire import TEXT_CHARS

RATES = (8000, 16000, 22050, 24000, 44100, 48000)
OLD = "qwen-tts-realtime"
"""The first model: 24000 Hz only, no speed, loudness or pitch."""
LANGUAGES = (
    "Auto", "Chinese", "English", "German", "Italian", "Portuguese", "Spanish", "Japanese", "Korean", "French", "Russian",
)  # fmt: skip


@dataclass(frozen=True)
class SynthesiserSettings(AccessSettings):
    """Qwen-TTS-Realtime: the qwen3-tts realtime models of Model Studio."""

    url: str = option(
        REALTIME,
        help="the service; Singapore wss://dashscope-intl.aliyuncs.com/..., a workspace wss://ID.cn-beijing.maas.aliyuncs.com/...",
        schemes=allowed.WS,
    )
    model: str = option(
        "qwen3-tts-flash-realtime", help="also the -instruct-, -vc- and -vd- models, and the old qwen-tts-realtime"
    )
    voice: str = option("Cherry", help="the voice's name in the model's list")
    mode: str = option(
        "commit",
        help="commit: each clause is spoken as soon as it is there; server_commit: the service decides when, and tells less of where it is",
        choices=("commit", "server_commit"),
    )
    sample_rate: int = option(8000, help="Hz; 8000 16000 22050 24000 44100 or 48000", low=8000, high=48000)
    language: str = option("Auto", help="of the text, for pronunciation (language_type)", choices=LANGUAGES)
    speech_rate: float | None = option(None, help="speed; not sent unless set", low=0.5, high=2)
    volume: int | None = option(None, help="loudness; not sent unless set", low=0, high=100)
    pitch_rate: float | None = option(None, help="pitch; not sent unless set", low=0.5, high=2)
    instructions: str = option("", help="how to speak, in words, at most 1600 tokens; instruct models only")
    optimize_instructions: bool | None = option(
        None, help="have the service improve instructions; not sent unless set; instruct models only"
    )
    enable_tn: bool | None = option(
        None, help="write numbers out before speaking (known from the SDK only); not sent unless set"
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


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> QwenSynthesiser:
    """Raises ConfigError."""
    settings = bind(SynthesiserSettings, values, where)
    _check(settings, where)
    return QwenSynthesiser(settings, clock)


def _check(settings: SynthesiserSettings, where: str) -> None:
    """What the model can not do is refused when the configuration is read, not in the first call."""
    if settings.sample_rate not in RATES:
        raise ConfigError(f"{where}: sample_rate takes one of {', '.join(map(str, RATES))}, not {settings.sample_rate}")
    if settings.model.startswith(OLD):
        if settings.sample_rate != 24000:
            raise ConfigError(f"{where}: {settings.model} speaks 24000 Hz only: set sample_rate to 24000")
        for name in ("speech_rate", "volume", "pitch_rate"):
            if getattr(settings, name) is not None:
                raise ConfigError(f"{where}: {settings.model} has no {name}; a qwen3-tts model has")
    instructed = settings.instructions or settings.optimize_instructions is not None
    if instructed and "instruct" not in settings.model:
        raise ConfigError(f"{where}: {settings.model} takes no instructions; an instruct model does")


class QwenSynthesiser(Synthesiser):
    """See `speech.tts.Synthesiser`."""

    def __init__(self, settings: SynthesiserSettings, clock: Clock = SYSTEM) -> None:
        self.name = "qwen tts"
        self.rate = settings.sample_rate
        self.settings = settings
        account = session_account(self.name, settings, clock, model=settings.model, job="tts", spares=settings.spares)
        self.realtime = Realtime(account)

    def start(self, label: str, listener: SynthesisListener) -> Reply:
        mode = CommitSession if self.settings.mode == "commit" else ServerCommitSession
        progress = Progress()
        reply = Reply(
            label,
            listener,
            rate=self.rate,
            text_chars=TEXT_CHARS,
            make_task=lambda reply: mode(self, reply, progress),
        )
        reply.start()
        return reply

    def expect(self, label: str) -> None:
        self.realtime.account.spares.expect(label)

    def close(self) -> None:
        self.realtime.account.close()
