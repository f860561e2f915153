"""We are heard: to the end, or until the caller makes a sound, which holds the reply until it is known what it was. [pure]"""

from __future__ import annotations

from .. import events as ev
from ..commands import Hold, Resume
from .answers import Answers, sequel
from .floor import Floor
from .hearing import Hearing
from .sounds import WORDS_MS, Sounds
from .table import State


class Speaking:
    """All rules of the table are those with ``(event, now)``."""

    def __init__(self, floor: Floor, answers: Answers, hearing: Hearing) -> None:
        self.resumed = 0
        """How often a reply went on after a sound that was no interruption."""
        self._floor = floor
        self._answers = answers
        self._hearing = hearing
        self._sounds = Sounds()  # of the caller, during the current reply

    def speak(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        floor.spend()
        self._sounds.reply_began()
        floor.pause = None
        floor.state = State.SPEAKING
        self._answers.audible()

    def drained(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyDrained)
        floor = self._floor
        self._heard_out(event)
        if event.then is not None:
            floor.outcome = sequel(event.then)
            floor.start("closing", floor.manners.linger_ms)
            floor.state = State.CLOSING
        else:
            self._hearing.take_turns(now)

    def _heard_out(self, event: ev.ReplyDrained) -> None:
        """The caller has heard all of the reply."""
        self._answers.heard()
        self._floor.question, self._floor.firm = event.text, False
        self._floor.stop("filler")

    # -- a sound begins ----------------------------------------------------------------------------------------------

    def doubt(self, event: ev.Event, now: float) -> None:
        self._floor.pause = None
        if self._floor.manners.hold_ms and self._sounds.hold_for(loud=False):
            self._hold(now, loud=False)

    def insist(self, event: ev.Event, now: float) -> None:
        """The sound is as long as speech."""
        floor = self._floor
        floor.pause = None
        if floor.state is State.HELD:
            self._sounds.loud = True
        elif not floor.manners.hold_ms and not floor.firm:
            self._cut_in(now)
        elif self._sounds.hold_for(loud=True):
            self._hold(now, loud=True)

    def _hold(self, now: float, loud: bool) -> None:
        floor = self._floor
        if floor.firm:
            return
        self._sounds.hold(now, loud=loud)
        floor.order(Hold(floor.reply))
        floor.start("held", floor.manners.hold_ms)
        floor.state = State.HELD

    def pass_over(self, event: ev.Event, now: float) -> None:
        """A sound that does not hold the reply, or not any more, is over. Its words may still come, and it is not heard to end again."""
        assert isinstance(event, ev.CallerPaused)
        self._floor.pause = self._floor.last_speech = event.last_speech

    # -- and it is known what it was ---------------------------------------------------------------------------------

    def doubt_on(self, event: ev.Event, now: float) -> None:
        """Another sound before the first was understood."""
        self._floor.pause = None
        self._wait_held(self._floor.manners.hold_ms, now)

    def weigh_up(self, event: ev.Event, now: float) -> None:
        """The sound is over."""
        assert isinstance(event, ev.CallerPaused)
        floor = self._floor
        floor.pause = floor.last_speech = event.last_speech
        if floor.words.changed_at >= self._sounds.held_at or not self._sounds.loud:
            self.resume(event, now)
        else:
            self._wait_held(WORDS_MS, now)

    def _wait_held(self, ms: float, now: float) -> None:
        self._floor.start("held", self._sounds.bounded_ms(ms, now))

    def weigh_words(self, event: ev.Event, now: float) -> None:
        self._hearing.note(event, now)
        floor = self._floor
        if floor.words.text and not floor.is_murmur(floor.words.text):
            self._cut_in(now)
        elif floor.words.text and floor.pause is not None:
            self.resume(event, now)

    def murmur(self, event: ev.Event, now: float) -> None:
        """Words while we speak that no sound announced, or that come after it was given up."""
        self._hearing.note(event, now)
        floor = self._floor
        text = floor.words.text
        if floor.manners.hold_ms and not floor.firm and text and not floor.is_murmur(text):
            self._cut_in(now)

    def resume(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        self._sounds.vain(words=bool(floor.words.text))
        self.resumed += 1
        floor.order(Resume(floor.reply))
        floor.stop("held")
        floor.state = State.SPEAKING

    def drained_held(self, event: ev.Event, now: float) -> None:
        """There was nothing left to hold."""
        assert isinstance(event, ev.ReplyDrained)
        floor = self._floor
        floor.stop("held")
        if floor.pause is not None or event.then is not None:
            self.drained(event, now)
        else:
            self._heard_out(event)
            floor.hear_caller()

    def _cut_in(self, now: float) -> None:
        floor = self._floor
        floor.silence()
        floor.stop("held", "filler")
        floor.cut = True
        floor.question = ""
        pause = floor.pause
        floor.hear_caller()
        if not floor.sounding:  # they will not be heard to fall silent: they have, or were too quiet for voice activity
            floor.pause = now if pause is None else pause
            self._hearing.weigh(now)
