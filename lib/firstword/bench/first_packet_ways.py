"""Ways in which a reply that is being written is given to a synthesiser, each until it is heard: for `first_packet`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ..audio.media_clock import Line
from ..call.record import TurnRecord
from ..call.reply import Reply
from ..clock import SYSTEM, Clock
from ..errors import ProviderError
from ..speech.llm import Completion, Generation, GenerationListener, Message, Tool
from ..speech.tts import Mark, Synthesis, Synthesiser, SynthesisListener
from ..text.reading import Reading

SENTENCE_END = "。"
MOST_CHARS = 4000


class Take(Protocol):
    """One reply under way. One thread calls: `begin`, then `token` for each of the model's, then `end`; `close` whatever happened."""

    @property
    def error(self) -> ProviderError | None:
        """Why nothing more will come, if so."""

    def begin(self) -> None: ...

    def token(self, text: str) -> None: ...

    def end(self) -> None:
        """The model has written all."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left to wait for."""

    @property
    def took_ms(self) -> float:
        """From the first token to the first audio. Only when it is `over`, without an error."""

    def close(self) -> None: ...


class _Heard:
    """What ways without a call have in common: they listen until the first audio, and the rest is not waited for."""

    def __init__(self, synthesiser: Synthesiser, label: str) -> None:
        self.error: ProviderError | None = None
        self._synthesiser = synthesiser
        self._label = label
        self._work: Synthesis | None = None
        self._token_at = 0.0
        self._audio_at = 0.0

    def begin(self) -> None:
        self._work = self._synthesiser.start(self._label, self)

    def token(self, text: str) -> None:
        self._token_at = self._token_at or SYSTEM.now()
        if not self.over:
            self._give(text)

    def end(self) -> None:
        if self._work is not None:
            self._work.finish()

    @property
    def over(self) -> bool:
        return bool(self._audio_at) or self.error is not None

    @property
    def took_ms(self) -> float:
        return (self._audio_at - self._token_at) * 1000

    def close(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _give(self, text: str) -> None:
        raise NotImplementedError

    # speech.tts.SynthesisListener; the connection's thread:

    def audio(self, pcm: bytes) -> None:
        self._audio_at = self._audio_at or SYSTEM.now()

    def mark(self, mark: Mark) -> None:
        """Not of interest."""

    def finished(self) -> None:
        """Not of interest."""

    def failed(self, error: ProviderError) -> None:
        self.error = error


class ByToken(_Heard):
    """Each token as it comes."""

    def _give(self, text: str) -> None:
        assert self._work is not None, "it was begun"
        self._work.say(text)


class BySentence(_Heard):
    """The first sentence when it is whole."""

    def __init__(self, synthesiser: Synthesiser, label: str) -> None:
        super().__init__(synthesiser, label)
        self._written = ""

    def _give(self, text: str) -> None:
        before, self._written = self._written, self._written + text
        if SENTENCE_END in self._written and SENTENCE_END not in before:
            self._say(self._written[: self._written.index(SENTENCE_END) + 1])

    def _say(self, sentence: str) -> None:
        assert self._work is not None, "it was begun"
        self._work.say(sentence)


class WholeText(BySentence):
    """The same by a service that takes whole texts only: it is asked when the sentence is there."""

    def begin(self) -> None:
        """Nothing can be begun yet."""

    def _say(self, sentence: str) -> None:
        self._work = self._synthesiser.speak(self._label, sentence, self)


@dataclass
class Given:
    """A piece that a synthesiser was given, and whether it was asked to begin there."""

    text: str
    flushed: bool = False


class Cut:
    """As a call gives it (`call.reply`), until all its audio has come."""

    def __init__(self, synthesiser: Synthesiser, label: str) -> None:
        self.caller = Caller()
        self.pieces: list[Given] = []
        self._record = TurnRecord(SYSTEM.now(), "")
        self._model = _Model()
        voice = cast(Synthesiser, _Watched(synthesiser, self.pieces))
        line = cast(Line, self.caller)
        self._reply = Reply(1, label, line, voice, SYSTEM, self._record, MOST_CHARS, Reading())

    @property
    def error(self) -> ProviderError | None:
        return self._reply.error

    def begin(self) -> None:
        self._reply.think(self._model, [])

    def token(self, text: str) -> None:
        self._model.listener.token(text)

    def end(self) -> None:
        self._model.listener.finished(Completion("stop"))

    @property
    def over(self) -> bool:
        return self.caller.ended

    @property
    def took_ms(self) -> float:
        return (self._record.at["first_audio"] - self._record.at["first_token"]) * 1000

    def close(self) -> None:
        self._reply.silence()


class Caller:
    """Hears as fast as speech is: of a `audio.line.Line` what a reply asks of it, for one reply. Any thread."""

    rate = 8000

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self.ended = False
        """All of the reply's audio has come."""
        self.silent_ms: list[float] = []
        """Each time that all was heard and more came later: how long nothing was heard."""
        self._lock = threading.Lock()
        self._told_ms = 0.0
        self._until = 0.0
        """When all that came is heard, in the clock's seconds."""

    def write(self, reply: int, pcm: bytes) -> bool:
        now, told_ms = self._clock.now(), len(pcm) / 2 * 1000 / self.rate
        with self._lock:
            if told_ms and self._told_ms and now > self._until:
                self.silent_ms.append((now - self._until) * 1000)
            if told_ms:
                self._told_ms += told_ms
                self._until = max(now, self._until) + told_ms / 1000
        return True

    def heard_ms(self, reply: int) -> float:
        with self._lock:
            return self._told_ms - max(0.0, self._until - self._clock.now()) * 1000

    def end(self, reply: int) -> None:
        self.ended = True

    def silence(self, reply: int) -> None:
        self.ended = True


class _Model:
    """Writes what the bench has it write."""

    name = "bench"
    listener: GenerationListener

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> Generation:
        self.listener = listener
        return self

    def cancel(self) -> None:
        """It writes on; nobody listens."""

    def close(self) -> None:
        """Nothing to release."""


class _Watched:
    """A synthesiser that is used for one reply, of which is written down what it is given."""

    def __init__(self, synthesiser: Synthesiser, pieces: list[Given]) -> None:
        self.rate, self.reads = synthesiser.rate, synthesiser.reads
        self._synthesiser = synthesiser
        self._pieces = pieces
        self._work: Synthesis
        self.finish: Callable[[], None]
        self.cancel: Callable[[], None]

    def start(self, label: str, listener: SynthesisListener) -> _Watched:
        self._work = self._synthesiser.start(label, listener)
        self.finish, self.cancel = self._work.finish, self._work.cancel
        return self

    def say(self, text: str) -> None:
        self._pieces.append(Given(text))
        self._work.say(text)

    def flush(self) -> None:
        self._pieces[-1].flushed = True
        self._work.flush()
