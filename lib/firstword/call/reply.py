"""One reply: tokens to pieces to audio to the line, each on the thread it comes from, none waiting for another.

The model's thread brings tokens, which become words, then pieces, and go to the synthesis; the synthesiser's thread brings audio, which
goes to the line. Neither waits for the other. The call thread makes the reply, silences it, and is told of it through events only.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from ..audio.media_clock import Line
from ..audio.resample import Resampler
from ..clock import Clock
from ..errors import ProviderError
from ..speech.llm import Completion, Generation, Message, Model, Tool, ToolCall
from ..speech.tts import Mark, Synthesis, Synthesiser
from ..text.reader import Reader, phrase
from ..text.reading import Reading
from ..text.segment import Piece, Segmenter
from .heard import Heard
from .record import TurnRecord

log = logging.getLogger("firstword.call")

STALLED_S = 0.5
"""A model that writes nothing for so long has paused: what it wrote is spoken, though no clause is complete."""
LOOK_S = 0.25
"""How often that is looked after while a model writes."""


class Reply:
    """Reply `number` of a call. Made by the call thread. Next: `think` or `say`, once; then `silence`, if it must end early.

    Args:
        label: what its threads are named after.
        line: where the audio goes; must have been told `begin(number)`, held or not.
        record: takes the marks and, at the end, the text.
        most_chars: the model is stopped there.
        reading: how its text is spoken.
    """

    def __init__(
        self,
        number: int,
        label: str,
        line: Line,
        synthesiser: Synthesiser,
        clock: Clock,
        record: TurnRecord,
        most_chars: int,
        reading: Reading,
    ) -> None:
        self.number = number
        self.record = record
        self.error: ProviderError | None = None
        """Why it ended early, if it did; known before the line reports the reply drained."""
        self.tokens = 0
        """How many pieces of text the model has sent."""
        self.begun_at = clock.now()
        self.released_at: float | None = None
        """When it was first let be heard."""
        self._line = line
        self._clock = clock
        self._most_chars = most_chars
        self._reading = reading
        self._reader = Reader(reading, synthesiser.reads)
        self._segmenter = Segmenter()
        # _reader, _segmenter and the order of pieces: the model's thread and the call's
        self._writing = threading.Lock()
        self._written_chars = 0
        self._token_at = 0.0
        self._lock = threading.Lock()  # _heard, _generation, _over: touched by up to three threads
        self._heard = Heard()
        self._over = False
        self._audio_ms = 0.0
        self._rate = synthesiser.rate
        self._resampler = Resampler(synthesiser.rate, line.rate)
        self._generation: Generation | None = None
        self._label = label
        self._synthesiser = synthesiser
        self._synthesis: Synthesis | None = None
        self._filling: Synthesis | None = None
        self._on_calls: Callable[[int, tuple[ToolCall, ...]], object] | None = None

    def think(
        self,
        model: Model,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        on_calls: Callable[[int, tuple[ToolCall, ...]], object] | None = None,
    ) -> None:
        """Let the model answer `messages`, and speak it as it comes. Call thread.

        Args:
            on_calls: is told the reply's number and the tools that the model wants, on the model's thread. Next: `go_on` or `conclude`.
        """
        # Connecting takes as long as the model's first token: both begin together.
        self._synthesis = self._synthesiser.start(self._label, _Speaking(self))
        self._on_calls = on_calls
        self.go_on(model, messages, tools)

    def go_on(self, model: Model, messages: Sequence[Message], tools: Sequence[Tool]) -> None:
        """The tools have answered: let the model write on. Call thread."""
        generation = model.start(self._label, messages, _Writing(self), tools)
        with self._lock:
            self._generation = generation
            over = self._over
        if over:  # it failed, was silenced or grew too long before we had the handle
            generation.cancel()

    def say(self, text: str) -> None:
        """Speak the whole of `text`. Call thread."""
        text = text[: self._most_chars]
        self.record.mark("first_piece", self._clock.now())
        said, atoms = phrase(text, self._reading, self._synthesiser.reads)
        with self._lock:
            self._heard.wrote(text)
            self._heard.said(atoms)
        self._synthesis = self._synthesiser.speak(self._label, said, _Speaking(self))

    def look(self, now: float) -> float:
        """Have a model that pauses heard as far as it came. Returns in how many seconds to look again. Call thread."""
        with self._writing:
            if not self._segmenter.holds:
                return LOOK_S
            due_s = self._token_at + STALLED_S - now
            if due_s > 0:
                return min(due_s, LOOK_S)
            self._give(self._segmenter.stalled(self._waiting_ms()))
        return LOOK_S

    def conclude(self) -> None:
        """Nothing more is written: what was will be spoken. Call thread, after `on_calls`."""
        self._written()

    def fill(self, text: str) -> None:
        """Say `text` where nothing of it is to be heard, as soon as `text` is synthesised, unless something is by then. Call thread."""
        if self._filling is not None:
            self._filling.cancel()  # it was said, or nobody needed it
        said, _ = phrase(text, self._reading, self._synthesiser.reads)
        self._filling = self._synthesiser.speak(f"{self._label}f", said, _Filling(self))

    def hold(self) -> None:
        """Nothing of it is heard from here on; nothing is lost. Call thread."""
        self._line.hold(self.number)

    def release(self) -> None:
        """Let it be heard, or go on. Call thread."""
        if self.released_at is None:
            self.released_at = self._clock.now()
        self._line.resume(self.number)

    def silence(self) -> None:
        """Stop the model and the synthesiser; nothing more reaches the line. Never from a listener's method; idempotent."""
        self._line.silence(self.number)
        self._cancel_model()
        for synthesis in (self._synthesis, self._filling):
            if synthesis is not None:
                synthesis.cancel()

    def heard(self) -> str:
        """What the caller has heard of it so far. Any thread."""
        heard_ms = self._line.heard_ms(self.number)
        with self._lock:
            return self._heard.until(heard_ms)

    @property
    def text(self) -> str:
        """What was written of it so far. Any thread."""
        with self._lock:
            return self._heard.text

    # -- the model's thread ------------------------------------------------------------------------------------------

    def _token(self, text: str) -> None:
        self.tokens += 1
        now = self._clock.now()
        self.record.mark("first_token", now)
        with self._writing:
            text = text[: self._most_chars - self._written_chars]
            self._written_chars += len(text)
            self._token_at = now
            with self._lock:
                self._heard.wrote(text)
            self._give(self._segmenter.feed(self._reader.feed(text), self._waiting_ms()))
        if self._written_chars >= self._most_chars:
            log.warning("%s: the reply is longer than %d characters and ends there", self._label, self._most_chars)
            self._cancel_model()
            self._written()

    def _completed(self, calls: tuple[ToolCall, ...]) -> None:
        if not calls or self._on_calls is None:
            self._written()
            return
        self._give_rest()
        if self._heard.spoken and self._synthesis is not None:
            self._synthesis.flush()  # nothing follows for as long as the tools take
        self._on_calls(self.number, calls)

    def _written(self) -> None:
        """The model is done: whatever it wrote will be spoken."""
        self._give_rest()
        if self._heard.spoken:
            assert self._synthesis is not None, "the model was started after it"
            self._synthesis.finish()
        else:
            self._line.end(self.number)

    def _give_rest(self) -> None:
        """Whatever was written, before a pause of the model or its end. The next text begins afresh, with a short first piece."""
        with self._writing:
            self._give(self._segmenter.feed(self._reader.finish(), self._waiting_ms()) + self._segmenter.finish())
            self._segmenter = Segmenter()

    def _unwritten(self, error: ProviderError) -> None:
        self.error = self.error or error
        self._written()

    def _give(self, pieces: Sequence[Piece]) -> None:
        """Under `_writing`."""
        for piece in pieces:
            aloud = piece.speakable or (not self._reading.reading and bool(piece.text.strip() or self._heard.spoken))
            with self._lock:
                self._heard.said(piece.atoms, aloud=aloud)
            if not aloud:
                continue
            self.record.mark("first_piece", self._clock.now())
            assert self._synthesis is not None, "the model was started after it"
            self._synthesis.say(piece.text)
            if piece.urgent:
                self._synthesis.flush()

    def _waiting_ms(self) -> float:
        """How much of what was given is still to be heard, about."""
        return self._heard.given_ms - self._line.heard_ms(self.number)

    def _cancel_model(self) -> None:
        with self._lock:
            self._over = True
            generation = self._generation
        if generation is not None:
            generation.cancel()

    # -- the synthesiser's thread ------------------------------------------------------------------------------------

    def _audio(self, pcm: bytes) -> None:
        self.record.mark("first_audio", self._clock.now())
        with self._lock:
            self._audio_ms += len(pcm) / 2 / self._rate * 1000
        self._line.write(self.number, self._resampler.feed(pcm))

    def _mark(self, mark: Mark) -> None:
        with self._lock:
            self._heard.mark(mark)

    def _retract(self, audio_ms: float) -> float:
        ends_ms = self._line.retract(self.number, audio_ms)
        with self._lock:
            self._audio_ms = ends_ms
            self._heard.retract(ends_ms)
        return ends_ms

    def _spoken(self) -> None:
        self._line.write(self.number, self._resampler.finish())
        with self._lock:
            self._heard.whole(self._audio_ms)
        self._line.end(self.number)

    def _unspoken(self, error: ProviderError) -> None:
        # The model is not cancelled here: its thread may be inside our token() just now, and each of the two would wait for the
        # other's gate. The line drains, and the call thread ends both.
        self.error = self.error or error
        self._line.end(self.number)


class _Writing:
    """The model's listener."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def token(self, text: str) -> None:
        self._reply._token(text)

    def finished(self, completion: Completion) -> None:
        self._reply._completed(completion.calls)

    def failed(self, error: ProviderError) -> None:
        self._reply._unwritten(error)


class _Speaking:
    """The synthesiser's listener, which takes back too (`speech.fallback.TakesBack`): several services speak at the line's rate."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def heard_ms(self) -> float:
        return self._reply._line.heard_ms(self._reply.number)

    def retract(self, audio_ms: float) -> float:
        return self._reply._retract(audio_ms)

    def audio(self, pcm: bytes) -> None:
        self._reply._audio(pcm)

    def mark(self, mark: Mark) -> None:
        self._reply._mark(mark)

    def finished(self) -> None:
        self._reply._spoken()

    def failed(self, error: ProviderError) -> None:
        self._reply._unspoken(error)


class _Filling:
    """The listener of a filler: it is heard when all of it is there, or not at all."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._resampler = Resampler(reply._rate, reply._line.rate)
        self._pcm = b""

    def audio(self, pcm: bytes) -> None:
        self._pcm += self._resampler.feed(pcm)

    def mark(self, mark: Mark) -> None:
        """Of no use: a filler is not written down."""

    def finished(self) -> None:
        self._reply._line.prelude(self._reply.number, self._pcm + self._resampler.finish())

    def failed(self, error: ProviderError) -> None:
        log.info("%s: no filler: %s", self._reply._label, error)
