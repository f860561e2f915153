"""A caller who follows a script, and what he heard.

conversation = converse(call, script)
assert conversation.failure == ""
assert conversation.heard_text() == "您好"
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, assert_never

from ..audio import tone
from ..audio.pcm import silence
from ..clock import SYSTEM, Clock
from .line import FRAMES_PER_SECOND, Line
from .room import Noise, Room
from .script import (
    Backchannel,
    HangUp,
    MakeNoise,
    Part,
    Pause,
    Play,
    Press,
    Say,
    SayInParts,
    Script,
    Step,
    Wait,
    WaitFor,
)
from .wav import at_rate

ANSWER_S = 30.0
KEY_PAUSE_S = 0.1
END_S = 10.0
"""How long the switch may take to end a call that was hung up."""
LISTEN_S = 0.1
"""How often the tone voice is read while a step waits for words."""


@dataclass(frozen=True, slots=True)
class Character:
    """One character of the tone voice, and when it was heard, in the clock's seconds."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text without a pause in it, and when its first and its last frame were taken, in the clock's seconds: infinite for one that was
    cut short."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Sound:
    """Something the caller was heard to do."""

    kind: Literal["turn", "backchannel", "noise"]
    parts: tuple[Spoken, ...]
    """One after the other; noise has one, with its kind for a text."""

    @property
    def begin(self) -> float:
        return self.parts[0].begin

    @property
    def end(self) -> float:
        return self.parts[-1].end


@dataclass
class Conversation:
    """A call as the caller had it. Times are the clock's seconds."""

    line: Line = field(repr=False)
    byte_ms: int
    failure: str = ""
    """Why the script did not run through, naming the step, or ""."""
    steps: list[tuple[float, str]] = field(default_factory=list)
    """When each step began."""
    keys: list[tuple[float, str]] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    """What the caller did that could be heard, in order, with its times on the line. Filled when the call is over."""
    ended: float = 0.0
    """When the call was over for the caller."""
    ended_by: str = ""
    """``caller`` or ``bot``."""

    @property
    def heard_audio(self) -> bytes:
        """Everything that was heard, 16-bit little-endian mono at ``line.rate``; frame `i` arrived at ``arrivals[i]``."""
        return self.line.heard()

    @property
    def arrivals(self) -> array[float]:
        return self.line.arrivals

    def heard_characters(self) -> list[Character]:
        """The tone voice in what was heard, with the time of each character."""
        ear = tone.Ear(self.line.rate, self.byte_ms)
        heard = ear.feed(self.heard_audio) + ear.finish()
        return [Character(h.text, self._moment(h.begin_ms), self._moment(h.end_ms)) for h in heard]

    def heard_text(self) -> str:
        """The tone voice in what was heard."""
        return tone.hear(self.heard_audio, self.line.rate, self.byte_ms)

    def write_wav(self, path: Path) -> None:
        """The caller left, the bot right."""
        self.line.write_wav(path)

    def _moment(self, audio_ms: float) -> float:
        """When this place of the audio was heard: a frame arrives at its begin."""
        frame = min(int(audio_ms * FRAMES_PER_SECOND / 1000), len(self.arrivals) - 1)
        return self.arrivals[frame] + audio_ms / 1000 - frame / FRAMES_PER_SECOND


class Telephone(Protocol):
    """What a scripted caller holds: a simulated call, or a phone on a real switch. The caller's thread calls all of it."""

    @property
    def line(self) -> Line:
        """What is said and heard."""

    @property
    def ready(self) -> bool:
        """Whether the call is not over."""

    def press(self, key: str) -> None:
        """Press one key."""

    def hang_up(self) -> None:
        """End the call; nothing happens if it is over."""

    def wait(self, seconds: float) -> bool:
        """Wait until the call is over, at most so long. Returns whether it is."""


class _StepError(Exception):
    """A wait was in vain."""


def converse(
    call: Telephone, script: Script, clock: Clock = SYSTEM, on_step: Callable[[str], None] = lambda text: None
) -> Conversation:
    """Be the caller of `call`, on this thread, until the script is done or fails; then hang up and wait for the call's end.

    Every wait has a bound. Never raises for what the bot does: `Conversation.failure` tells it.
    """
    return _Caller(call, script, clock, on_step).run()


@dataclass(frozen=True, slots=True)
class _Uttered:
    """What was put into the line's mouth; `parts` are texts with the numbers of their first and last frames."""

    kind: Literal["turn", "backchannel"]
    parts: tuple[tuple[str, int, int], ...]

    def on(self, line: Line) -> Sound:
        spoken = (Spoken(text, line.said_at(first), line.said_at(last)) for text, first, last in self.parts)
        return Sound(self.kind, tuple(spoken))


class _Caller:
    def __init__(self, call: Telephone, script: Script, clock: Clock, on_step: Callable[[str], None]) -> None:
        self._call = call
        self._line = call.line
        self._script = script
        self._clock = clock
        self._on_step = on_step
        self._result = Conversation(call.line, script.byte_ms)
        self._said: list[_Uttered | Sound] = []
        self._replies = 0  # onsets that were waited for, or came before the caller last spoke
        self._before = 0  # onsets when the caller last began to speak
        self._spoke = float("-inf")  # when he had finished
        self._ear = tone.Ear(call.line.rate, script.byte_ms)
        self._eared = 0  # frames the ear has had
        self._text = ""  # what it understood and no step has asked for yet

    def run(self) -> Conversation:
        result, step_text = self._result, "the beginning"
        self._line.room = Room(self._line.rate, self._script.echo, self._script.line_noise)
        try:
            self._until(lambda: 0.0 if self._line.frames else 0.02, ANSWER_S, "the call was not answered")
            for number, step in enumerate(self._script.steps, 1):
                step_text = f"step {number} ({describe(step)})"
                result.steps.append((self._clock.now(), describe(step)))
                self._on_step(describe(step))
                self._do(step)
        except _StepError as error:
            result.failure = f"{step_text}: {error}"
        result.ended_by = "caller" if self._call.ready else result.ended_by or "bot"
        self._hang_up()
        result.sounds += [one if isinstance(one, Sound) else one.on(self._line) for one in self._said]
        return result

    def _hang_up(self) -> None:
        self._line.hush()
        if not self._result.ended:
            self._result.ended = self._clock.now()
        self._call.hang_up()
        if not self._call.wait(END_S) and not self._result.failure:
            self._result.failure = f"the call did not end within {END_S:g} s of the caller's hang-up"

    def _do(self, step: Step) -> None:
        match step:
            case Say():
                self._take_turn(step.text, tone.speak(step.text, self._line.rate, step.byte_ms))
            case SayInParts():
                self._take_turn_in_parts(step)
            case Backchannel():
                pcm = tone.speak(step.text, self._line.rate, step.byte_ms)
                self._utter("backchannel", [(step.text, pcm)])
            case MakeNoise():
                self._make_noise(step.noise)
            case Play():
                self._take_turn(step.name, at_rate(step.pcm, step.rate, self._line.rate))
            case Wait():
                self._pause(step.seconds)
            case WaitFor():
                self._wait_for(step)
            case Press():
                for key in step.keys:
                    self._result.keys.append((self._clock.now(), key))
                    self._call.press(key)
                    self._pause(KEY_PAUSE_S)
            case HangUp():
                self._result.ended_by = self._result.ended_by or "caller"
                self._hang_up()
            case _:
                assert_never(step)

    def _take_turn(self, text: str, pcm: bytes) -> None:
        self._take_turn_of([(text, pcm)])

    def _take_turn_in_parts(self, step: SayInParts) -> None:
        self._take_turn_of([_part(part, self._line.rate, step.byte_ms) for part in step.parts])
        self._before = self._replies = len(self._line.onsets)  # what began in a pause was no answer to all of it

    def _take_turn_of(self, parts: Sequence[tuple[str, bytes]]) -> None:
        self._before = self._replies = len(self._line.onsets)
        self._utter("turn", parts)
        self._spoke = self._clock.now()

    def _utter(self, kind: Literal["turn", "backchannel"], parts: Sequence[tuple[str, bytes]]) -> None:
        """Say audio after audio, each from a new frame on; those without a text are pauses and noise. Returns when all is said."""
        size = self._line.frame_bytes
        whole = [(text, pcm.ljust(-(-len(pcm) // size) * size, b"\0")) for text, pcm in parts]
        number = self._line.say(b"".join(pcm for _, pcm in whole))
        spoken, frames = [], 0
        for text, pcm in whole:
            if text:
                spoken.append((text, number, number + len(pcm) // size - 1))
            number += len(pcm) // size
            frames += len(pcm) // size
        self._said.append(_Uttered(kind, tuple(spoken)))
        bound = 5 + 2 * frames / FRAMES_PER_SECOND
        self._until(lambda: 1.0 if self._line.saying else 0.0, bound, "the line stood still while the caller spoke")

    def _make_noise(self, noise: Noise) -> None:
        now = self._clock.now()
        self._said.append(Sound("noise", (Spoken(noise.kind, now, now + noise.ms / 1000),)))
        self._line.room.add(noise.sound(self._line.rate))

    def _pause(self, seconds: float) -> None:
        deadline = self._clock.deadline(seconds)
        self._until(deadline.left, seconds + 1, "the clock stood still")

    def _wait_for(self, step: WaitFor) -> None:
        seconds = f"within {step.within:g} s"
        line = self._line
        if step.what == "reply":
            self._until(lambda: 0.0 if len(line.onsets) > self._replies else 1.0, step.within, f"no reply {seconds}")
            self._replies = len(line.onsets)
        elif step.what == "silence":
            self._until(lambda: self._to_silence(step.silence), step.within, f"the bot did not finish {seconds}")
            self._replies = len(line.onsets)
        elif step.what == "words":
            self._until(
                lambda: 0.0 if self._understood(step.words) else LISTEN_S, step.within, f"they were not heard {seconds}"
            )
        elif step.what == "end":
            self._until(lambda: 0.0 if line.ended else 1.0, step.within, f"the bot did not hang up {seconds}")
            self._result.ended_by = "bot"
            self._result.ended = self._clock.now()
        else:
            assert_never(step.what)

    def _to_silence(self, silence: float) -> float:
        """How long the bot must still be silent; a second, to be asked again, if it has not spoken since the caller did."""
        line = self._line
        if len(line.onsets) <= self._before and line.last_loud <= self._spoke:
            return 1.0
        return max(0.0, line.last_loud + silence - self._clock.now())

    def _understood(self, words: str) -> bool:
        audio = self._line.heard(self._eared)
        self._eared += len(audio) // self._line.frame_bytes
        self._text += "".join(heard.text for heard in self._ear.feed(audio))
        _, found, rest = self._text.partition(words)
        if found:
            self._text = rest
        return bool(found)

    def _until(self, left: Callable[[], float], within: float, failure: str) -> None:
        """Wait until `left` says 0; it tells how long nothing can happen but a change of the line."""
        deadline = self._clock.deadline(within)
        while True:
            changes = self._line.changes
            if (rest := left()) <= 0:
                return
            if self._line.ended:
                raise _StepError("the call ended first")
            if deadline.passed():
                raise _StepError(failure)
            self._line.wait(min(rest, deadline.left()), changes)


def _part(part: Part, rate: int, byte_ms: int) -> tuple[str, bytes]:
    """The text of a part ("" for a pause or noise), and its audio."""
    match part:
        case str():
            return part, tone.speak(part, rate, byte_ms)
        case Pause():
            return "", silence(part.seconds * 1000, rate)
        case Noise():
            return "", part.sound(rate)
        case _:
            assert_never(part)


def describe(step: Step) -> str:
    """A step in its script's words."""
    match step:
        case Say():
            return f"say: {_short(step.text)}"
        case SayInParts():
            return f"say: {_short(' … '.join(part for part in step.parts if isinstance(part, str)))}"
        case Backchannel():
            return f"backchannel: {step.text}"
        case MakeNoise():
            return f"noise: {step.noise.kind}"
        case Play():
            return f"play: {step.name}"
        case Wait():
            return f"wait: {step.seconds:g} s"
        case WaitFor():
            return f"wait_for: {step.what}" + (f" {step.words}" if step.words else "")
        case Press():
            return f"key: {step.keys}"
        case HangUp():
            return "hang_up"
        case _:
            assert_never(step)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
