"""A recogniser that is several: what was said since the last final words is said again to the next."""

from __future__ import annotations

import threading
from dataclasses import replace

from ...audio.pcm import SAMPLE_BYTES, peak
from ...audio.resample import Resampler
from ...errors import ProviderError
from ..asr import Recognition, RecognitionListener, Transcript
from ..gate import Gate
from ..unfinished import Unfinished
from .chain import Chain, Means
from .member import Member, Session

LOUD = 512
"""A sample of the caller's that may be speech: -36 dBFS."""
SOUND_MS = 300.0
"""So much sound should have brought a word."""


class FallbackRecogniser(Chain):
    """See `speech.asr.Recogniser`, and `speech.fallback`.

    A member is given up too if it is not ready, or has told no word of what sounds like speech, for `Means.switch_ms`; the latter once
    until words come again, for it may be that nobody speaks.

    Args:
        rate: of what it is fed. Each member gets its own.
    """

    kind = "asr"

    def __init__(self, members: list[Member], rate: int, means: Means | None = None) -> None:
        super().__init__(members, means)
        self.rate = rate
        self.backlog_ms = min(member.service.backlog_ms for member in members)

    def start(self, label: str, listener: RecognitionListener) -> FallbackRecognition:
        work = FallbackRecognition(self, label, listener)
        work.open()
        return work


class FallbackRecognition:
    """One call's audio. `_lock` is held while a service is begun or fed, which never waits; never while one is cancelled or the listener is
    told. Who feeds does not cancel either: that waits for a delivery, and who is told may want what the feeder holds."""

    def __init__(self, chain: FallbackRecogniser, label: str, listener: RecognitionListener) -> None:
        self._chain = chain
        self._label = label
        self._listener = listener
        self._gate = Gate()
        self._lock = threading.Lock()
        self._attempt: _Attempt | None = None
        self._tried: list[Member] = []
        self._unfinished = Unfinished(chain.rate) if len(chain.members) > 1 else None
        self._finals = 0  # the number of the latest utterance that is over
        self._latest = 0  # and of the latest of which anything was told
        self._suspect: tuple[Member, ProviderError] | None = None  # was given up for silence; no words have come since
        self._was_ready = False
        self._finishing = False
        self._over = False
        self._sound_ms = 0.0  # since the last words
        self._sound_at: float | None = None

    def open(self) -> None:
        error = self._go_on(None, None)
        if error is not None:
            self._chain.means.alarms.set(self._chain.clock.now(), lambda: self._give_up(error))

    # speech.asr.Recognition; any thread:

    def feed(self, pcm: bytes) -> bool:
        with self._lock:
            attempt = self._attempt
            if attempt is None or self._finishing or self._over:
                return False
            if self._unfinished is not None:
                self._unfinished.add(pcm)
            taken = attempt.feed(pcm)
        if self._unfinished is not None:
            self._look(attempt, pcm)
        return taken

    def finish(self) -> None:
        with self._lock:
            self._finishing = True
            attempt = self._attempt
            if attempt is not None:
                attempt.finish()

    def cancel(self) -> None:
        self._gate.close()
        self._end(None)

    # The services' threads, each about its own attempt:

    def ready(self, attempt: _Attempt) -> None:
        with self._lock:
            if attempt is not self._attempt:
                return
            attempt.ready()
            first, self._was_ready = not self._was_ready, True
        if first:
            self._gate.call(self._listener.ready)

    def heard(self, attempt: _Attempt, transcript: Transcript, final: bool) -> None:
        with self._lock:
            if attempt is not self._attempt:
                return
            first, attempt.worked = not attempt.worked, True
            self._tried = [attempt.session.member]
            self._sound_ms, self._sound_at = 0.0, None
            suspect, self._suspect = self._suspect, None
            ours = attempt.ours(transcript)
            self._latest = max(self._latest, ours.index)
            if final:
                self._finals = max(self._finals, ours.index)
                if self._unfinished is not None:
                    self._unfinished.finished(ours.end_ms)
        if first:
            attempt.session.proved()
        if suspect is not None:  # there was something to be heard, and it had not
            suspect[0].blame(suspect[1])
        self._gate.call(self._listener.final if final else self._listener.partial, ours)

    def finished(self, attempt: _Attempt) -> None:
        with self._lock:
            if attempt is not self._attempt:
                return
            self._over, self._attempt = True, None
        attempt.session.succeeded()
        self._gate.last(self._listener.finished)

    def failed(self, attempt: _Attempt, error: ProviderError) -> None:
        left = self._go_on(attempt, error)
        if left is not None:
            self._give_up(left)

    # Inside.

    def _go_on(
        self, lost: _Attempt | None, error: ProviderError | None, *, feeding: bool = False, suspected: bool = False
    ) -> ProviderError | None:
        """Begin at the next member, in the place of `lost`. Returns why not, if there is none.

        Args:
            feeding: this is the feeding thread.
            suspected: it has only told nothing.
        """
        with self._lock:
            if self._over or self._attempt is not lost:
                return None
            begun = self._begin_next(error)
            if isinstance(begun, ProviderError):
                return begun
            self._attempt = begun
            if suspected and lost is not None and error is not None:
                self._suspect = (lost.session.member, error)
        if lost is not None and error is not None:
            if suspected:
                lost.session.left()
            else:
                lost.session.failed(error)
            if not (feeding and self._chain.means.alarms.soon(lost.cancel)):
                lost.cancel()
        return None

    def _begin_next(self, after: ProviderError | None) -> _Attempt | ProviderError:
        left = after
        while (session := self._chain.begin(self._tried)) is not None:
            self._tried.append(session.member)
            try:
                attempt = self._begin(session)
            except Exception as fault:  # noqa: BLE001 - a door: the service's code, on a machine that may be out of everything
                left = self._chain.broke(self._label, session, fault)
            else:
                self._chain.took(self._label, session.member, after)
                return attempt
        return left or self._chain.full()

    def _begin(self, session: Session) -> _Attempt:
        unfinished = self._unfinished
        begin_ms = 0.0 if unfinished is None else unfinished.begin_ms
        over = max(self._finals, self._latest - 1)  # what is half heard keeps its number: it may be answered already
        attempt = _Attempt(self, session, begin_ms, over, self._chain)
        attempt.open(self._label)
        if unfinished is not None:
            attempt.feed(unfinished.again())
        if self._finishing:
            attempt.finish()
        return attempt

    def _look(self, attempt: _Attempt, pcm: bytes) -> None:
        """Does it do what it should? The feeding thread. If there is no other to be asked it stays."""
        if len(self._tried) >= len(self._chain.members):
            return
        now, bound_ms, called = self._chain.clock.now(), self._chain.means.switch_ms, attempt.session.member.called
        if attempt.ready_by is not None and now >= attempt.ready_by:
            attempt.ready_by = now + bound_ms / 1000
            text = f"the service was not ready within {bound_ms:g} ms, and there is another"
            self._go_on(attempt, ProviderError(text, provider=called, retry=True, kind="network"), feeding=True)
        elif self._unanswered(pcm, now, bound_ms) and self._suspect is None:
            text = f"no word came within {bound_ms:g} ms of what sounds like speech, and there is another service"
            error = ProviderError(text, provider=called, retry=True)
            self._go_on(attempt, error, feeding=True, suspected=True)

    def _unanswered(self, pcm: bytes, now: float, bound_ms: float) -> bool:
        """Whether there has been sound that should have brought a word by now."""
        if peak(pcm) > LOUD:
            self._sound_ms += len(pcm) / SAMPLE_BYTES * 1000 / self._chain.rate
            self._sound_at = now if self._sound_at is None else self._sound_at
        if self._sound_at is None or now < self._sound_at + bound_ms / 1000:
            return False
        enough = self._sound_ms >= SOUND_MS
        self._sound_ms, self._sound_at = 0.0, None
        return enough

    def _give_up(self, error: ProviderError) -> None:
        self._gate.last(self._listener.failed, error)
        self._end(error)

    def _end(self, error: ProviderError | None) -> None:
        with self._lock:
            self._over = True
            attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        if error is not None:
            attempt.session.failed(error)
        else:
            attempt.session.left()  # whether it works was known by its first words
        attempt.cancel()


class _Attempt:
    """One service at the audio: its listener. `feed`, `ready` and `finish` under the work's lock.

    A service drops what waits for it beyond its `backlog_ms`, so it is fed what was said before in parts: none before it is ready, then
    half of that at once.

    Args:
        begin_ms: where its audio begins in all that was fed.
        over: the number of the latest utterance that was over before.
    """

    def __init__(
        self,
        work: FallbackRecognition,
        session: Session,
        begin_ms: float,
        over: int,
        chain: FallbackRecogniser,
    ) -> None:
        service = session.member.service
        self.session = session
        self.worked = False
        self.ready_by: float | None = chain.clock.now() + chain.means.switch_ms / 1000
        """When it must be ready; None once it is."""
        self._work = work
        self._begin_ms = begin_ms
        self._over = over
        self._first: int | None = None  # its number of the first utterance
        self._resampler = Resampler(chain.rate, service.rate)
        self._waiting = bytearray()
        self._part = service.rate * service.backlog_ms // 2000 * SAMPLE_BYTES
        self._handle: Recognition | None = None

    def open(self, label: str) -> None:
        self._handle = self.session.member.service.start(label, _Told(self._work, self))

    def feed(self, pcm: bytes) -> bool:
        assert self._handle is not None, "it was opened"
        self._waiting += self._resampler.feed(pcm)
        return self.ready_by is not None or self._send(self._part)

    def ready(self) -> None:
        self.ready_by = None
        self._send(self._part)

    def finish(self) -> None:
        assert self._handle is not None, "it was opened"
        self._waiting += self._resampler.finish()
        self._send(len(self._waiting))
        self._handle.finish()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def ours(self, transcript: Transcript) -> Transcript:
        """`transcript` in the numbers and times of the whole: what was half recognised before is replaced."""
        if self._first is None:
            self._first = transcript.index
        begin = round(self._begin_ms)
        return replace(
            transcript,
            index=self._over + 1 + transcript.index - self._first,
            begin_ms=begin + transcript.begin_ms,
            end_ms=begin + transcript.end_ms,
        )

    def _send(self, most: int) -> bool:
        part = bytes(self._waiting[:most])
        if not part or self._handle is None:
            return True
        del self._waiting[:most]
        return self._handle.feed(part)


class _Told:
    """The listener of an attempt."""

    def __init__(self, work: FallbackRecognition, attempt: _Attempt) -> None:
        self._work = work
        self._attempt = attempt

    def ready(self) -> None:
        self._work.ready(self._attempt)

    def partial(self, transcript: Transcript) -> None:
        self._work.heard(self._attempt, transcript, final=False)

    def final(self, transcript: Transcript) -> None:
        self._work.heard(self._attempt, transcript, final=True)

    def finished(self) -> None:
        self._work.finished(self._attempt)

    def failed(self, error: ProviderError) -> None:
        self._work.failed(self._attempt, error)
