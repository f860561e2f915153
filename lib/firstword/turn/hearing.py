"""The caller has the floor: what they say, how long a pause of theirs may last, and when their turn is over. [pure]"""

from __future__ import annotations

from .. import events as ev
from ..commands import Finish, Hold, Listen
from ..errors import one_line
from ..text.question import asks
from .answers import Answers
from .floor import Floor
from .table import State

HUSH_S = 0.1
"""Words that come so soon after the caller has fallen silent are taken for the last. A pause is longer, and known later."""
LEAD_MS = 700
"""So long before a turn would be over though its words say that more follows, its answer is begun: that is about what a model takes to its
first token and a voice to its first sound."""
SOUND_S = 1.0
"""Words that come so soon after a sound that was too short to take the floor are what it was."""


class Hearing:
    """Rules of the table are those with ``(event, now)``; what other rules use stands above them."""

    def __init__(self, floor: Floor, answers: Answers) -> None:
        self._floor = floor
        self._answers = answers
        self._hushed_at = -1.0  # when the caller last fell silent, perhaps only within a word
        self._sound: float | None = (
            None  # when a sound ended that was too short to take the floor, and had no words yet
        )
        self._settled_by = 0.0  # the words of the turn are not waited for longer
        self._deafness = 0  # recognisers failed in a row

    def weigh(self, now: float) -> None:
        """How long the caller's pause may last; and whether the answer is thought meanwhile: before there is a pause, to words that are
        complete, and to those that come when the caller has just fallen silent."""
        floor, manners = self._floor, self._floor.manners
        text = floor.words.text
        wait_ms = floor.patience.wait_ms(text, floor.question)
        if floor.pause is None:
            hushed = now - self._hushed_at < HUSH_S
            likely = wait_ms < manners.unfinished_ms if hushed else wait_ms <= manners.finished_ms
        else:
            left_ms = wait_ms - (now - floor.pause) * 1000
            floor.start("endpoint", left_ms)
            likely = wait_ms < manners.unfinished_ms
            if not likely:
                floor.start("ahead", left_ms - LEAD_MS)
        if likely:
            self._think_ahead(now)

    def _think_ahead(self, now: float) -> None:
        floor = self._floor
        text = floor.words.text
        if not text or floor.is_farewell(text) or floor.opening:
            return
        if not floor.answer.held and floor.answer.budget.may_begin():
            self._answers.think(text, ahead_at=now)

    def take_turns(self, now: float) -> None:
        """We have said everything. What the caller has said meanwhile is an answer if we had asked, or if it is more than 嗯."""
        floor = self._floor
        text = floor.words.text
        if not text or (floor.is_murmur(text) and not asks(floor.question)):
            floor.words.forget(goes_on=floor.sounding)
            floor.last_speech = None
            floor.listen()
        elif floor.sounding and not floor.words.sure:  # through a notice, or so that it held nothing any more
            floor.hear_caller()
        else:
            if floor.last_speech is None:
                floor.last_speech = now
            self._end(now)

    def note(self, event: ev.Event, now: float) -> bool:
        """Take words. Returns whether they were new."""
        assert isinstance(event, (ev.CallerPartlyHeard, ev.CallerHeard))
        if not self._floor.words.note(event, now):
            return False
        self._deafness = 0
        self._floor.check_answer(now)
        if self._floor.state is State.HEARING:
            self.weigh(now)
        return True

    # -- the caller begins, or goes on -------------------------------------------------------------------------------

    def hear(self, event: ev.Event, now: float) -> None:
        self._floor.stop("idle")
        self._floor.hear_caller()

    def take_back(self, event: ev.Event, now: float) -> None:
        """The turn was not over."""
        assert isinstance(event, ev.CallerBegan)
        self._went_on(event.at)
        self._floor.stop("final")
        self._floor.hear_caller()

    def overtake(self, event: ev.Event, now: float) -> None:
        """The caller goes on while we think: the answer waits for whether they say more."""
        assert isinstance(event, ev.CallerBegan)
        floor = self._floor
        if floor.firm:
            return
        floor.stop("think", "filler")
        if floor.reply == floor.answer.number:
            self._went_on(event.at)
            floor.order(Hold(floor.reply))
            floor.answer.hold()
        else:
            floor.silence()
        floor.hear_caller()

    def go_on(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.CallerStirred)
        if self._floor.pause is not None:
            self._went_on(event.at)
            self._floor.pause = None
            self._floor.stop("endpoint", "ahead")

    def _went_on(self, at: float) -> None:
        floor = self._floor
        if floor.last_speech is None:
            return
        pause_ms = (at - floor.last_speech) * 1000
        # Who asks again because we are slow has not paused: no patience of ours would have waited for it.
        if floor.state is State.HEARING or pause_ms <= floor.manners.endpoint_most_ms:
            floor.patience.went_on(pause_ms)

    # -- the caller pauses -------------------------------------------------------------------------------------------

    def silent(self, event: ev.Event, now: float) -> None:
        self._hushed_at = now

    def paused(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.CallerPaused)
        self._floor.pause = self._floor.last_speech = event.last_speech
        self.weigh(now)

    def think_late(self, event: ev.Event, now: float) -> None:
        """The words say that more follows, and nothing does."""
        if self._floor.pause is not None:
            self._think_ahead(now)

    def stir(self, event: ev.Event, now: float) -> None:
        self._sound = None  # words that come now may be of this one

    def pause_late(self, event: ev.Event, now: float) -> None:
        """The end of a sound that began before the floor was free, or was too short to take it: a turn if it has words."""
        assert isinstance(event, ev.CallerPaused)
        if self._floor.words.text:
            self.hear(event, now)
            self.paused(event, now)
        else:
            self._sound = event.last_speech

    def name_sound(self, event: ev.Event, now: float) -> None:
        """Words while nobody has the floor: a turn if they are of a sound that has just ended, such as 对."""
        self.note(event, now)
        floor, sound = self._floor, self._sound
        if sound is not None and now - sound < SOUND_S and floor.words.text:
            self._sound = None
            self.hear(event, now)
            floor.pause = floor.last_speech = sound
            self.weigh(now)

    # -- the turn is over --------------------------------------------------------------------------------------------

    def end_turn(self, event: ev.Event, now: float) -> None:
        if self._floor.last_speech is None:
            self._floor.last_speech = now
        self._end(now)

    def endless(self, event: ev.Event, now: float) -> None:
        self._floor.last_speech = now
        self._end(now)

    def _end(self, now: float) -> None:
        floor, words = self._floor, self._floor.words
        floor.endpoint, floor.pause = now, None
        floor.stop("idle", "hear", "endpoint", "ahead")
        stable_ms = self._stable_ms(now)
        if words.sure or (words.text and stable_ms <= 0):
            self._answers.answer(now)
        else:
            self._settle(stable_ms if words.text else floor.manners.final_ms, now)

    def _stable_ms(self, now: float) -> float:
        """How long the words are to stay as they are, until they are answered though the recogniser is not sure."""
        return self._floor.manners.stable_ms - (now - self._floor.words.changed_at) * 1000

    def _settle(self, ms: float, now: float) -> None:
        """Wait for the last words, `ms` at first, unless others come."""
        self._settled_by = now + self._floor.manners.final_ms / 1000
        self._wait_for_words(ms, now)
        self._floor.state = State.SETTLING

    def _wait_for_words(self, ms: float, now: float) -> None:
        self._floor.start("final", min(ms, (self._settled_by - now) * 1000))

    def settled(self, event: ev.Event, now: float) -> None:
        self.note(event, now)
        words = self._floor.words
        if words.sure:
            self._answers.answer(now)
        elif words.text:  # a recogniser that says the same again and again changes nothing
            self._wait_for_words(self._stable_ms(now), now)

    def give_up(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        if floor.words.text:
            self._answers.answer(now)
        elif floor.opening:
            floor.open()
        elif floor.cut:
            floor.say(floor.manners.unheard)
        else:
            floor.listen()

    # -- words that come when they are not expected, and none that come ----------------------------------------------

    def unprompted(self, event: ev.Event, now: float) -> None:
        new = self.note(event, now)
        floor = self._floor
        if new and floor.words.sure:
            if floor.last_speech is None:
                floor.last_speech = floor.endpoint = now
            self._answers.answer(now)

    def rethink(self, event: ev.Event, now: float) -> None:
        """More words while we think: those of the turn that is answered, or other ones of an utterance that was asked half recognised."""
        assert isinstance(event, (ev.CallerPartlyHeard, ev.CallerHeard))
        floor, words = self._floor, self._floor.words
        if floor.firm:  # not audible yet, and not to be missed
            words.note(event, now)
            return
        amended = words.amend(event, now)
        if not amended and not words.note(event, now):
            return
        answered = floor.reply == floor.answer.number and floor.answer.fits(words.text)
        if not (amended or words.sure) or answered:
            return
        floor.silence()
        floor.stop("think", "filler")
        if words.sure:
            self._answers.answer(now)
        else:  # and perhaps still more
            self._settle(floor.manners.stable_ms, now)

    def deaf(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.RecogniserFailed)
        floor = self._floor
        self._deafness += 1
        if event.error.retry and self._deafness < 3:
            floor.order(Listen())
        else:
            floor.hush(now)
            floor.close(floor.manners.regret, Finish("error", "error", one_line(event.error)))
