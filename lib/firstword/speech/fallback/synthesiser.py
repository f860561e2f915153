"""A synthesiser that is several: a reply that one of them broke off goes on with another, from the first character that was not delivered
whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from ...audio.resample import Resampler
from ...errors import ProviderError
from ..gate import Gate
from ..kept import Kept
from ..tts import Mark, Synthesis, Synthesiser, SynthesisListener
from .alarms import Alarm
from .chain import WAIT_STEP_S, Chain, Means
from .member import Member, Session, ranked
from .pace import Pace
from .passage import Passage
from .serial import Serial

log = logging.getLogger("firstword.speech")

DRY_MS = 400.0
"""With less to be heard a service that owes audio is late."""
QUIET_S = 0.15
"""If it has been silent for so long, then, the beginning of a character is taken back, so that what is heard ends with a whole one: it
takes 220 ms or so, and is not to be in the switch's hands."""
FIRST = 2.0
"""The first audio of a reply may take so many times `Means.switch_ms`: a service may have to connect for it."""
LEARN_CHARS = 4
LOOK_S = 0.05
"""How often a service that is late is looked at."""


@runtime_checkable
class TakesBack(Protocol):
    """What a `speech.tts.SynthesisListener` can do besides. Without it nothing that was told can be replaced."""

    def heard_ms(self) -> float:
        """How much of all audio told so far has been heard, or can not be kept from being heard."""

    def retract(self, audio_ms: float) -> float:
        """What was told after `audio_ms` is not to be heard, nor its marks true. Returns where the audio ends now: there, or later where
        more was heard. What is told next follows it."""


class FallbackSynthesiser(Chain, Synthesiser):
    """See `speech.tts.Synthesiser`, and `speech.fallback`. A listener that `TakesBack` hears replies go on; for others a reply of which
    something was told fails with its service.

    Args:
        rate: of the audio it tells, whatever the members' are. To be that of whoever takes back, for it counts in it.
    """

    kind = "tts"

    def __init__(self, members: Sequence[Member], rate: int, means: Means | None = None) -> None:
        super().__init__(members, means)
        self.rate = rate
        # The text is read once for all: as every one of them takes it, for any may have to go on with it.
        self.reads = frozenset.intersection(*(member.service.reads for member in members))

    def start(self, label: str, listener: SynthesisListener) -> FallbackSynthesis:
        work = FallbackSynthesis(self, label, listener)
        work.open("")
        return work

    def speak(self, label: str, text: str, listener: SynthesisListener) -> FallbackSynthesis:
        """See `speech.tts.Synthesiser`. A phrase that a member keeps is had from there, whatever has failed."""
        work = FallbackSynthesis(self, label, listener)
        work.open(text)
        return work

    def expect(self, label: str) -> None:
        """See `speech.tts.Synthesiser`. The one that would be asked."""
        ranked(self.members, self.clock.now())[0].service.expect(label)

    def recall(self, label: str, text: str, listener: _Attempt, after: ProviderError | None) -> Synthesis | None:
        """The phrase `text` from the memory of the member that would be asked; `after` that has failed, from anybody's."""
        order = ranked(self.members, self.clock.now())
        for member in order if after is not None else order[:1]:
            if isinstance(member.service, Kept):
                listener.expect(member.service.rate)
                playback = member.service.recall(label, text, listener)
                if playback is not None:
                    self.took(label, member, after)
                    return playback
        return None


class FallbackSynthesis:
    """One reply. What its services and its user tell is taken one at a time (`serial`)."""

    def __init__(self, chain: FallbackSynthesiser, label: str, listener: SynthesisListener) -> None:
        self._chain = chain
        self._label = label
        self._listener = listener
        self._takes_back = listener if isinstance(listener, TakesBack) and len(chain.members) > 1 else None
        self._serial = Serial(chain.means.alarms.soon)
        self._gate = Gate()
        self._passage = Passage(chain.rate, keep=self._takes_back is not None)
        self._finishing = False
        self._flushed = False  # what was said is not to wait for more
        self._attempt: _Attempt | None = None
        self._next: _Attempt | None = None  # connected already, while the one at work is late
        self._tried: list[Member] = []
        self._voice: Member | None = None  # who speaks, or spoke last
        self._parked: tuple[Mark, bytes] | None = None  # taken back while it is late: where, and what
        self._late_since: float | None = None
        self._audio_at = 0.0  # when the latest came
        self._alarm: Alarm | None = None
        self._room_by = chain.clock.now() + chain.means.wait_ms / 1000

    def open(self, text: str) -> None:
        """Begin; with the whole `text`, if it is known."""
        self._passage.said, self._finishing = text, bool(text)
        self._serial.asked(self._begin)

    # speech.tts.Synthesis; any thread:

    def say(self, text: str) -> None:
        self._serial.asked(self._say, text)

    def flush(self) -> None:
        self._serial.asked(self._flush)

    def finish(self) -> None:
        self._serial.asked(self._finish)

    def cancel(self) -> None:
        self._gate.close()
        self._serial.asked(self._end)

    # One at a time, what it is told:

    def _say(self, text: str) -> None:
        if self._finishing or not self._gate.open:
            return
        self._passage.said += text
        self._flushed = False
        if self._attempt is not None and self._attempt.handle is not None:
            self._attempt.handle.say(text)
        if self._alarm is None:  # else that one looks, soon enough
            self._look()

    def _flush(self) -> None:
        self._flushed = True
        if self._attempt is not None and self._attempt.handle is not None:
            self._attempt.handle.flush()

    def _finish(self) -> None:
        if self._finishing or not self._gate.open:
            return
        self._finishing = True
        if self._attempt is not None and self._attempt.handle is not None:
            self._attempt.handle.finish()
        self._look()

    # One at a time, a service after the other:

    def _begin(self) -> None:
        """The first; later, if none had room."""
        if not self._gate.open:
            return
        if self._recalled(None):
            return
        session = self._chain.begin(self._tried)
        if session is not None:
            self._tried.append(session.member)
            self._chain.took(self._label, session.member)
            self._speak(_Attempt(self, session))
        elif self._chain.clock.now() < self._room_by:
            self._set_alarm(WAIT_STEP_S, self._begin)
        else:
            self._give_up(self._chain.full())

    def _recalled(self, after: ProviderError | None) -> bool:
        """Whether all that is to be said is a phrase that somebody has in memory, and nothing of it was told: then that is heard."""
        if not self._finishing or self._passage.told_bytes or not self._passage.said:
            return False
        kept = _Attempt(self, None)
        kept.handle = self._chain.recall(self._label, self._passage.said, kept, after)
        if kept.handle is not None:
            self._attempt = kept
        return kept.handle is not None

    def _speak(self, attempt: _Attempt) -> None:
        """Have `attempt` speak what is left."""
        self._attempt, rest = attempt, self._passage.rest
        assert attempt.session is not None
        whole = attempt.handle is None and self._finishing and bool(rest)
        if attempt.handle is None and (fault := self._begun(attempt, rest if whole else "")) is not None:
            self._attempt = None
            self._go_on(fault)
            return
        assert attempt.handle is not None
        self._voice = attempt.session.member
        if not whole:
            if rest:
                attempt.handle.say(rest)
                if self._flushed:
                    attempt.handle.flush()
            if self._finishing:
                attempt.handle.finish()
        self._late_since = None
        self._look()

    def _begun(self, attempt: _Attempt, text: str = "") -> ProviderError | None:
        """Begin it; with the whole `text`, if it is known. Returns why it could not be, and then it has no seat any more."""
        assert attempt.session is not None
        service = attempt.session.member.service
        try:
            if text:
                attempt.handle = service.speak(self._label, text, attempt)
            else:
                attempt.handle = service.start(self._label, attempt)
        except Exception as fault:  # noqa: BLE001 - a door: the service's code, on a machine that may be out of everything
            return self._chain.broke(self._label, attempt.session, fault)
        return None

    def _audio(self, attempt: _Attempt, pcm: bytes) -> None:
        resampled = attempt.resampler.feed(pcm) if attempt is self._attempt else b""
        if resampled:
            self._tell(resampled)
            self._late_since, self._audio_at = None, self._chain.clock.now()
            self._drop_next()
            self._look()

    def _mark(self, attempt: _Attempt, mark: Mark) -> None:
        ours = self._passage.mark(mark) if attempt is self._attempt else None
        if ours is None:
            return
        self._learn(attempt, *self._passage.span())
        if self._parked is None:
            self._gate.call(self._listener.mark, ours)

    def _finished(self, attempt: _Attempt) -> None:
        if attempt is not self._attempt:
            return
        self._tell(attempt.resampler.finish())
        passage = self._passage
        if not passage.exact:
            self._learn(attempt, passage.rest, passage.told_ms - passage.begin.audio_ms)
        if attempt.session is not None:
            attempt.session.succeeded()
        self._attempt = None  # and it is not cancelled: it closes in order
        self._gate.last(self._listener.finished)
        self._end()

    def _learn(self, attempt: _Attempt, text: str, audio_ms: float) -> None:
        """How fast the voice at work speaks. A span of a few characters tells nothing of the pauses between them."""
        if attempt.session is not None and len(text) >= LEARN_CHARS:
            attempt.session.member.spoke(text, audio_ms)

    def _failed(self, attempt: _Attempt, error: ProviderError) -> None:
        if attempt is self._next:
            self._next = None
            attempt.lose(error)
        elif attempt is self._attempt:
            self._attempt = None
            attempt.lose(error)
            self._go_on(error)

    def _go_on(self, error: ProviderError) -> None:
        """The one at work is lost: the next one speaks what was not heard, from a character on."""
        if not self._gate.open:
            return
        if self._recalled(error):
            return
        if self._next is None and (self._takes_back is not None or not self._passage.told_bytes):
            self._connect_next(connect=False)
        following, self._next = self._next, None
        if following is None:
            self._give_up(error)
            return
        assert following.session is not None
        self._chain.took(self._label, following.session.member, error)
        self._go_back()
        if self._finishing and self._passage.told_bytes and not self._passage.rest.strip():
            following.leave()
            self._gate.last(self._listener.finished)  # only the service's word for it was missing
            self._end()
        else:
            self._speak(following)

    def _go_back(self) -> None:
        """To the place where the next one is to begin: nothing after it was told."""
        passage, pace, parked = self._passage, self._pace(), self._parked
        self._parked = None
        if self._takes_back is None or not (passage.told_bytes or parked):
            return
        mark = parked[0] if parked is not None else passage.cut(self._takes_back.heard_ms(), pace)
        ends_ms = self._retract(mark.audio_ms)
        if ends_ms > mark.audio_ms + 1:  # more was heard meanwhile
            mark = passage.at(ends_ms, pace)
        passage.take_back(mark.audio_ms)
        if mark.chars:
            self._gate.call(self._listener.mark, mark)
        passage.go_on(mark)

    def _give_up(self, error: ProviderError) -> None:
        if self._finishing and self._passage.told_whole:
            self._gate.last(self._listener.finished)
        else:
            self._gate.last(self._listener.failed, error)
        self._end()

    def _end(self) -> None:
        """Idempotent."""
        self._gate.close()
        self._quiet()
        self._drop_next()
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.leave(worked=self._passage.told_ms > self._passage.begin.audio_ms)

    # One at a time, whether it does what it should:

    def _look(self) -> None:
        """Is the one at work late? Sets the alarm for the next look."""
        attempt, passage = self._attempt, self._passage
        others = len(self._tried) < len(self._chain.members) or self._next is not None
        if self._takes_back is None or attempt is None or attempt.session is None or not others or not self._gate.open:
            return
        now, heard_ms = self._chain.clock.now(), self._takes_back.heard_ms()
        passage.heard(heard_ms)
        left_ms = passage.told_ms - heard_ms
        if not passage.owed(self._finishing, self._pace()):
            self._late_since = None
        elif left_ms > DRY_MS:
            self._late_since = None
            self._set_alarm((left_ms - DRY_MS) / 1000 + 0.005, self._look)
        else:
            self._late(attempt, now, heard_ms)

    def _late(self, attempt: _Attempt, now: float, heard_ms: float) -> None:
        """The caller hears its last, and it owes more."""
        begun = self._passage.told_ms > self._passage.begin.audio_ms
        since = self._late_since = now if self._late_since is None else self._late_since
        bound_s = self._chain.means.switch_ms / 1000 * (1.0 if begun else FIRST)
        if begun and self._parked is None and now >= self._audio_at + QUIET_S:
            self._park(heard_ms)
        if now >= since + bound_s / 3 and self._next is None:
            self._connect_next()
        if now >= since + bound_s and self._next is not None:
            text = f"it owed audio and sent none for {bound_s * 1000:.0f} ms, and there is another service"
            assert attempt.session is not None
            self._failed(attempt, ProviderError(text, provider=attempt.session.member.called, retry=True))
        else:
            self._set_alarm(LOOK_S, self._look)

    def _park(self, heard_ms: float) -> None:
        """Take back the beginning of a character: it is told again when the rest of it has come."""
        mark = self._passage.last_cut(heard_ms, self._pace())
        if mark is None:
            return
        ends_ms = self._retract(mark.audio_ms)
        if ends_ms > mark.audio_ms + 1:
            mark = self._passage.at(ends_ms, self._pace())
        self._parked = (mark, self._passage.take_back(mark.audio_ms))

    def _connect_next(self, connect: bool = True) -> None:
        """Have the next one at hand, if there is one that has room; connected, unless it is to be told everything at once."""
        session = self._chain.begin(self._tried)
        if session is not None:
            self._tried.append(session.member)
            following = _Attempt(self, session)
            if not connect or self._begun(following) is None:
                self._next = following

    def _drop_next(self) -> None:
        """It is not needed after all."""
        following, self._next = self._next, None
        if following is not None and following.session is not None:
            self._tried.remove(following.session.member)
            following.leave()

    # Small things.

    def _tell(self, pcm: bytes) -> None:
        """More audio, and before it what was taken back."""
        parked, self._parked = self._parked, None
        if parked is not None:
            pcm = parked[1] + pcm
        if pcm:
            self._passage.audio(pcm)
            self._gate.call(self._listener.audio, pcm)
        if parked is not None:
            for mark in self._passage.marks_after(parked[0].audio_ms):
                self._gate.call(self._listener.mark, mark)

    def _retract(self, audio_ms: float) -> float:
        ends_ms = [audio_ms]

        def ask() -> None:
            assert self._takes_back is not None
            ends_ms[0] = self._takes_back.retract(audio_ms)

        self._gate.call(ask)
        return ends_ms[0]

    def _pace(self) -> Pace:
        """That of the voice at work, or of the one that was."""
        return self._voice.pace if self._voice is not None else Pace()

    def _set_alarm(self, seconds: float, act: Callable[[], None]) -> None:
        """Have `act` called then, or earlier: whatever it looks at may have changed, so it looks again."""
        at = self._chain.clock.now() + seconds
        if self._alarm is None or self._alarm.at > at:
            self._quiet()
            self._alarm = self._chain.means.alarms.set(at, lambda: self._serial.told(self._ring, act))

    def _ring(self, act: Callable[[], None]) -> None:
        self._alarm = None
        act()

    def _quiet(self) -> None:
        alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.cancel()


class _Attempt:
    """One service at the reply: its listener. `session` is None for a phrase from memory."""

    def __init__(self, work: FallbackSynthesis, session: Session | None) -> None:
        self.session = session
        self.handle: Synthesis | None = None
        self._work = work
        rate = work._chain.rate
        self.resampler = Resampler(rate if session is None else session.member.service.rate, rate)

    def expect(self, rate: int) -> None:
        """Of a phrase from memory: it comes at `rate`."""
        self.resampler = Resampler(rate, self._work._chain.rate)

    def lose(self, error: ProviderError) -> None:
        """It has failed, or is given up."""
        if self.session is not None:
            self.session.failed(error)
        if self.handle is not None:
            self.handle.cancel()

    def leave(self, worked: bool = False) -> None:
        """It is not waited for. `worked`: it had told something by then."""
        if self.session is not None:
            self.session.succeeded() if worked else self.session.left()
        if self.handle is not None:
            self.handle.cancel()

    def audio(self, pcm: bytes) -> None:
        self._work._serial.told(self._work._audio, self, pcm)

    def mark(self, mark: Mark) -> None:
        self._work._serial.told(self._work._mark, self, mark)

    def finished(self) -> None:
        self._work._serial.told(self._work._finished, self)

    def failed(self, error: ProviderError) -> None:
        self._work._serial.told(self._work._failed, self, error)
