"""Callers in simulated time, as voice activity and a recogniser of any latency tell of them: each word is answered once, and soon."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import random
from collections.abc import Callable

import pytest

from firstword import events as ev
from firstword.audio.ears import Ears
from firstword.commands import Command, Hold, Release, Resume, Say, Silence, StartTimer, StopTimer, Think
from firstword.turn import Manners, State, Turn

from .playbook import BUSY

FRAME_S = 0.02
LOUD, QUIET = b"\x00\x40" * 160, bytes(320)
SYLLABLES = [consonant + vowel for consonant in "bdgklnprst" for vowel in "aeiou"]
MURMUR = "嗯"


class _Loudness:
    """Voice activity that is never wrong."""

    rate, frame_ms = 8000, 20

    def speech(self, frame: bytes) -> bool:
        return frame == LOUD


@dataclasses.dataclass(frozen=True)
class Sound:
    begin: float
    end: float
    word: str
    """Empty for a noise."""


@dataclasses.dataclass
class Reply:
    """What the line has of the current one."""

    number: int
    ready_at: float
    held: bool
    left_s: float
    began_at: float | None = None
    since: float | None = None
    """When it was last let go on."""
    over: bool = False


class Play:
    """One call with a caller of random manners, by `seed`.

    Args:
        beside: what else happens, a moment after a sound: 4 % of them each.
    """

    def __init__(self, seed: int, beside: tuple[ev.Event, ...] = ()) -> None:
        self.random = pick = random.Random(seed)
        self.beside = beside
        self.sentence_s, self.final_s = pick.choice([0.35, 0.8, 0.8, 1.3]), pick.choice([0.05, 0.2, 0.8, 2.5])
        self.partial_s = pick.choice([0.05, 0.15, None])
        self.model_s = pick.choice([0.05, 0.3, 0.8, 2.0])
        self.manners = Manners(
            ahead_waste=pick.choice([0, 40, 100]),
            final_ms=pick.choice([300, 1200, 1200, 5000]),
            filler_ms=pick.choice([0, 0, 1000]),
            notice=pick.choice(["", "", "这通电话会被录音。"]),
            reminders=20,
        )
        self.turn = Turn(self.manners)
        self.now = 0.0
        self.timers: dict[str, float] = {}
        self.queue: list[tuple[float, int, Callable[[], object]]] = []
        self.order = itertools.count()
        self.reply: Reply | None = None
        self.released: dict[int, str] = {}
        self.audible: dict[int, float] = {}
        self.sounds: list[Sound] = []

    # -- the caller --------------------------------------------------------------------------------------------------

    def speak(self) -> None:
        """Turns with pauses in them, listeners' words, noises; whatever the bot does."""
        pick, at, words = self.random, 0.3, set[str]()
        for _ in range(pick.randint(3, 8)):
            at += pick.choice([pick.uniform(0, 1), pick.uniform(0, 3), pick.uniform(2, 8)])
            kind = pick.random()
            for _ in range(pick.randint(1, 5) if kind < 0.6 else 1):
                word = MURMUR if kind < 0.75 else ""
                while kind < 0.6 and word in {MURMUR, *words}:
                    word = "z" + "".join(pick.choice(SYLLABLES) for _ in range(3))
                words.add(word)
                lasts = pick.uniform(0.25, 0.6) if kind < 0.6 else pick.uniform(0.04, 0.4)
                self.sounds.append(Sound(at, at + lasts, word))
                at += lasts + pick.choice([0.02, 0.05, pick.uniform(0.1, 0.4), pick.uniform(0.3, 1.4)])
            for event in self.beside:
                if pick.random() < 0.04:
                    self.at(at + pick.uniform(0, 2), lambda event=event: self.tell(event))  # type: ignore[misc]
        self._listen(at + 1)
        self._recognise([sound for sound in self.sounds if sound.word])

    def _listen(self, until: float) -> None:
        ears = Ears(_Loudness(), self.manners.stir_ms, 200, self.manners.pause_ms)
        loud = {frame for sound in self.sounds for frame in range(int(sound.begin / FRAME_S), int(sound.end / FRAME_S))}
        for frame in range(int(until / FRAME_S)):
            at = (frame + 1) * FRAME_S
            for edge in ears.feed(LOUD if frame in loud else QUIET, at):
                self.at(at, lambda edge=edge: self.tell(edge))  # type: ignore[misc]

    def _recognise(self, sounds: list[Sound]) -> None:
        utterance, said, told_at = 0, list[str](), 0.0
        for sound, following in itertools.zip_longest(sounds, sounds[1:]):
            if not said:
                utterance += 1
            said.append(sound.word)
            is_over = following is None or following.begin - sound.end > self.sentence_s
            tells: list[tuple[float, ev.Event]] = []
            if self.partial_s is not None:
                tells.append((self.partial_s, ev.CallerPartlyHeard(" ".join(said), utterance)))
            if is_over:
                tells.append((self.sentence_s + self.final_s, ev.CallerHeard(" ".join(said) + ".", utterance)))
                said = []
            for after, event in tells:
                told_at = max(told_at, sound.end + after)
                self.at(told_at, lambda event=event: self.tell(event))  # type: ignore[misc]

    # -- the call ----------------------------------------------------------------------------------------------------

    def run(self) -> Play:
        """The call, until half a minute after the caller's last sound."""
        self.speak()
        until = self.sounds[-1].end + 30
        self.tell(ev.Answered())
        while self.now < until and self.turn.state is not State.OVER:
            name = min(self.timers, key=self.timers.__getitem__)
            if not self.queue or self.timers[name] <= self.queue[0][0]:
                self.now = max(self.now, self.timers.pop(name))
                self.tell(ev.TimerFired(name))
            else:
                at, _, do = heapq.heappop(self.queue)
                self.now = max(self.now, at)
                do()
        return self

    def at(self, moment: float, do: Callable[[], object]) -> None:
        heapq.heappush(self.queue, (moment, next(self.order), do))

    def tell(self, event: ev.Event) -> None:
        began = isinstance(event, ev.ReplyBegan) and self.reply is not None and self.reply.number == event.reply
        for command in self.turn.handle(event, self.now):
            self.carry_out(command)
        if began:
            self.audible[self.turn.reply] = self.now

    def carry_out(self, command: Command) -> None:
        match command:
            case StartTimer(name, ms):
                self.timers[name] = self.now + ms / 1000
            case StopTimer(name):
                self.timers.pop(name, None)
            case Think(number):
                self.reply = self._reply(number, self.model_s * self.random.uniform(0.7, 1.3), held=True)
            case Say(number):
                self.reply = self._reply(number, self.random.uniform(0.05, 0.4), held=False)
                self._go_on(self.reply)
            case Release(number, text):
                self.released[number] = text
                self._go_on(self._current(number))
            case Resume(number):
                self._go_on(self._current(number))
            case Hold(number):
                reply = self._current(number)
                if reply.since is not None:
                    reply.left_s -= self.now - reply.since - 0.2
                reply.held, reply.since = True, None
            case Silence():
                self.reply = None

    # -- the line ----------------------------------------------------------------------------------------------------

    def _reply(self, number: int, after: float, held: bool) -> Reply:
        return Reply(number, self.now + after, held, self.random.uniform(0.6, 5))

    def _current(self, number: int) -> Reply:
        assert self.reply is not None and self.reply.number == number, "only the reply under way goes on, or is held"
        return self.reply

    def _go_on(self, reply: Reply) -> None:
        reply.held = False
        self.at(max(self.now, reply.ready_at), lambda: self._sound(reply))

    def _sound(self, reply: Reply) -> None:
        if self.reply is not reply or reply.held or reply.since is not None or reply.over:
            return
        reply.since = since = self.now
        if reply.began_at is None:
            reply.began_at = self.now
            self._post(ev.ReplyBegan(reply.number))
        self.at(self.now + max(0.1, reply.left_s), lambda: self._drain(reply, since))

    def _drain(self, reply: Reply, since: float) -> None:
        if self.reply is reply and reply.since == since:
            reply.over = True
            self._post(ev.ReplyDrained(reply.number, text="好的。"))

    def _post(self, event: ev.Event) -> None:
        """By way of the inbox: something else may come between."""
        self.at(self.now + self.random.choice([0, 0.001, 0.02]), lambda: self.tell(event))

    # -- what the caller would say of it -----------------------------------------------------------------------------

    def answers(self, word: str) -> list[int]:
        """The audible replies to it."""
        return [number for number, text in self.released.items() if word in text and number in self.audible]

    def longest_s(self) -> float:
        """How long an answer may take, with everybody's delays."""
        words_s = max(self.manners.final_ms / 1000, self.sentence_s + self.final_s)
        notice_s = 5.0 if self.manners.notice else 0.0
        return notice_s + self.manners.dictation_ms / 1000 + words_s + self.model_s * 1.3 + 0.5


@pytest.mark.parametrize(
    ("beside", "waits"),
    [
        ((), True),
        ((ev.SpeechAsked("请稍等。"),), False),
        ((ev.RecogniserFailed(BUSY),), True),
        ((ev.KeyPressed("5"), ev.KeyPressed("#")), False),
    ],
    ids=["alone", "an operator speaks", "the recogniser is started again", "keys are pressed"],
)
def test_every_word_of_a_caller_is_answered_once_and_soon_however_late_the_services_are(
    beside: tuple[ev.Event, ...], waits: bool
) -> None:
    words = 0
    for seed in range(400):
        play = Play(seed, beside).run()
        if play.turn.state is State.OVER:
            continue  # the recogniser failed too often
        for sound in play.sounds:
            if sound.word in {"", MURMUR}:
                continue
            words += 1
            answers = play.answers(sound.word)
            assert len(answers) == 1, f"call {seed}: {sound} is answered by {answers}"
            answered_at = play.audible[answers[0]]
            silent = all(other.end <= sound.end or other.begin > answered_at for other in play.sounds)
            if waits and silent:
                assert answered_at - sound.end < play.longest_s(), f"call {seed}: {sound} waited"
    assert words > 3000
