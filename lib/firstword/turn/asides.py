"""What comes from beside the conversation: the answered call, keys, an operator, long silence, the longest call, and the end. [pure]"""

from __future__ import annotations

from .. import events as ev
from ..commands import Finish, Listen, Say
from .answers import Answers
from .floor import Floor
from .keys import Keys
from .table import State


class Asides:
    """All rules of the table are those with ``(event, now)``."""

    def __init__(self, floor: Floor, answers: Answers) -> None:
        manners = floor.manners
        self.keys = Keys(manners.keys_most, manners.keys_end, manners.keys_ms)
        self._floor = floor
        self._answers = answers

    def greet(self, event: ev.Event, now: float) -> None:
        floor, manners = self._floor, self._floor.manners
        floor.order(Listen())
        floor.start("call", manners.call_ms)
        if manners.warning and manners.call_ms > manners.warning_ms:
            floor.start("warn", manners.call_ms - manners.warning_ms)
        if manners.wait_first_ms:
            floor.opening = True
            floor.start("idle", manners.wait_first_ms)
            floor.state = State.LISTENING
        else:
            floor.open()

    # -- keys --------------------------------------------------------------------------------------------------------

    def press(self, event: ev.Event, now: float) -> None:
        """A key ends a reply, whatever it is; a group of them is what the caller has to say."""
        assert isinstance(event, ev.KeyPressed)
        floor = self._floor
        if self._is_for_a_person(event.key):
            floor.hush(now)
            floor.close(floor.manners.handover, self._to_a_person())
            return
        if floor.state in (State.THINKING, State.SPEAKING, State.HELD):
            floor.silence()
            floor.stop("think", "filler", "held")
            floor.firm = False
            if floor.state is not State.THINKING and floor.is_murmur(floor.words.text):
                floor.spend()  # what else they have said is not answered, and the keys belong to it
            floor.listen()
        if self.keys.press(event.key):
            self.typed(event, now)
        else:
            floor.start("keys", self.keys.ms)
            floor.stop("idle")

    def press_last(self, event: ev.Event, now: float) -> None:
        """The key that reaches a person does so also while we say our last words, and within the same bound."""
        assert isinstance(event, ev.KeyPressed)
        floor = self._floor
        if self._is_for_a_person(event.key) and floor.outcome.destination != floor.manners.person:
            floor.outcome = self._to_a_person()
            if floor.manners.handover:
                floor.reply += 1
                floor.order(Say(floor.reply, floor.manners.handover))

    def _is_for_a_person(self, key: str) -> bool:
        return bool(self._floor.manners.person) and key == self._floor.manners.person_key

    def _to_a_person(self) -> Finish:
        return Finish("transfer", "transfer", destination=self._floor.manners.person)

    def typed(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        floor.stop("keys")
        keys = self.keys.take()
        if keys:
            floor.words.type(f"（按键：{keys}）", now)
        if floor.state is State.LISTENING:
            if keys or floor.words.text:
                floor.last_speech = floor.endpoint = now
                self._answers.answer(now)
            else:
                floor.start("idle", floor.manners.idle_ms)
        elif keys and floor.state is State.THINKING:
            floor.silence()
            floor.stop("think", "filler")
            self._answers.answer(now)

    # -- an operator, and time ---------------------------------------------------------------------------------------

    def obey(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.SpeechAsked)
        self._floor.hush(now)
        self._floor.say(event.text)

    def remind(self, event: ev.Event, now: float) -> None:
        floor, manners = self._floor, self._floor.manners
        if floor.opening:
            floor.open()
            return
        silent_ms = (now - floor.words.changed_at) * 1000
        if floor.words.text and silent_ms < manners.idle_ms:  # they have spoken since, and are half understood
            floor.start("idle", manners.idle_ms - silent_ms)
            return
        floor.reminded += 1
        texts = manners.reminder
        if floor.reminded > manners.reminders:
            floor.close(manners.goodbye, Finish("timeout", "timeout"))
        else:
            floor.say(texts[(floor.reminded - 1) % len(texts)] if texts else "")

    def warn(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        if floor.state is State.LISTENING:
            floor.stop("idle")
            floor.say(floor.manners.warning)
        else:
            floor.later.append(floor.manners.warning)

    def expire(self, event: ev.Event, now: float) -> None:
        self._floor.hush(now)
        self._floor.close(self._floor.manners.goodbye, Finish("timeout", "timeout"))

    # -- the end -----------------------------------------------------------------------------------------------------

    def linger(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyDrained)
        if event.empty:
            self.finish(event, now)
        else:
            self._floor.start("closing", self._floor.manners.linger_ms)

    def finish(self, event: ev.Event, now: float) -> None:
        self._floor.finish(self._floor.outcome)

    def dismiss(self, event: ev.Event, now: float) -> None:
        self._floor.finish(Finish("completed", "bot", hang_up=True))

    def gone(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.HungUp)
        by_transfer = event.by == "transfer"
        self._floor.finish(Finish("transfer", "transfer") if by_transfer else Finish("hangup", "caller"))

    def broke(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.Broke)
        self._floor.finish(Finish("error", "error", event.why))
