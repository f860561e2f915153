"""Checks that an implementation keeps a contract: ``check_recogniser``, ``check_model``, ``check_calls``, ``check_synthesiser``.

Each is a function to run on your own service; it raises AssertionError with one sentence that says what was broken. ``make`` returns a
service that works and answers within `Bounds.whole_s`. What a service does when its other side is silent, refuses or breaks is
checked by ``check_gives_up`` on a service made so: it must end in ``failed``, in time, with an error that says whose fault it was.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ..clock import SYSTEM, Clock
from ..errors import ProviderError
from ..threads import alive, join, spawn
from .asr import Recogniser, Recognition
from .llm import Completion, Generation, Message, Model, Tool, ToolCall
from .tts import Mark, Synthesis, Synthesiser
from .watch import Watch

MORE_CALLS = 20


@dataclass(frozen=True)
class Bounds:
    """Seconds of the clock."""

    at_once_s: float = 0.005
    """What ``start`` and every method of a handle may take, in the median: one call of many may meet a busy machine."""
    whole_s: float = 10.0
    """What one piece of work may take."""
    quiet_s: float = 0.03
    """How long to listen for something that must not come."""
    gone_s: float = 2.0
    """How long the threads of finished or cancelled work may live on."""
    cancels: int = 8
    """At how many moments, evenly spread over the work, it is cancelled."""


class _Handle(Protocol):
    def cancel(self) -> None: ...


H = TypeVar("H", bound=_Handle)
_labels = itertools.count(1)


def check_recogniser(
    make: Callable[[], Recogniser], audio: bytes, *, bounds: Bounds | None = None, clock: Clock = SYSTEM
) -> list[str]:
    """The contract of `speech.asr`. `audio` is a few seconds, at the service's rate, that hold something to recognise.

    Returns:
        the final texts of the undisturbed run, for the caller to judge.
    """
    trial = _Hearing(make, audio, bounds or Bounds(), clock)
    trial.check_all()
    return trial.finals


def check_model(
    make: Callable[[], Model], messages: Sequence[Message], *, bounds: Bounds | None = None, clock: Clock = SYSTEM
) -> str:
    """The contract of `speech.llm`. Returns the answer of the undisturbed run."""
    trial = _Thinking(make, messages, bounds or Bounds(), clock)
    trial.check_all()
    return trial.answer


def check_calls(
    make: Callable[[], Model],
    messages: Sequence[Message],
    tools: Sequence[Tool],
    *,
    bounds: Bounds | None = None,
    clock: Clock = SYSTEM,
) -> tuple[ToolCall, ...]:
    """The same for `messages` that make the model use one of `tools`. Returns the calls of the undisturbed run."""
    trial = _Thinking(make, messages, bounds or Bounds(), clock, tools)
    trial.check_all()
    return trial.calls


def check_synthesiser(
    make: Callable[[], Synthesiser], texts: Sequence[str], *, bounds: Bounds | None = None, clock: Clock = SYSTEM
) -> bytes:
    """The contract of `speech.tts`. `texts` are said one after the other, then, by ``speak``, as one. Returns the audio of the first."""
    trial = _Speaking(make, texts, bounds or Bounds(), clock)
    trial.check_all()
    _SpeakingWhole(make, texts, bounds or Bounds(), clock).check_all()
    return trial.audio


def check_gives_up(
    make: Callable[[], Recogniser | Model | Synthesiser],
    *,
    within_s: float,
    after: Callable[[Any], None] | None = None,
    messages: Sequence[Message] = (Message("user", "?"),),
    clock: Clock = SYSTEM,
) -> ProviderError:
    """A service whose other side fails must end in ``failed`` within `within_s`.

    Args:
        after: done with the handle right after ``start``, such as ``lambda handle: handle.say("x")``.

    Returns:
        the error, for the caller to judge its words.
    """
    service = make()
    watch = Watch()
    label = f"conform{next(_labels)}"
    start: Any = service.start
    handle = start(label, messages, watch) if hasattr(service, "name") and _is_model(service) else start(label, watch)
    if after is not None:
        after(handle)
    assert clock.wait(watch.over, within_s), f"{service.name} neither finished nor failed within {within_s:g} s"
    watch.judge()
    assert watch.names()[-1] == "failed", f"{service.name} said {watch.names()[-1]} though its other side failed"
    error = watch.events[-1][1][0]
    _judge_error(error, service.name)
    before = len(watch.events)
    handle.cancel()
    _expect_gone(label, Bounds(), clock)
    assert len(watch.events) == before, f"{service.name} told something after it had failed"
    service.close()
    return error  # type: ignore[no-any-return]


class _Trial(Generic[H]):
    """What the three have in common: the rules of `firstword.speech`. A subclass knows how to start, to drive and to judge."""

    starts = "start"
    """The service's method that begins a piece of work."""

    def __init__(self, make: Callable[[], Any], bounds: Bounds, clock: Clock) -> None:
        self.service = make()
        self.bounds = bounds
        self.clock = clock
        self.took_s: dict[str, list[float]] = {}

    def begin(self, label: str, watch: Watch) -> H:
        raise NotImplementedError

    def drive(self, handle: H, watch: Watch) -> None:
        """Everything until the end is asked for; may be called on a handle that was cancelled."""
        raise NotImplementedError

    def drive_halfway(self, handle: H) -> None:
        """Something to do, but not the end: left alone, the work would go on."""

    def judge(self, watch: Watch) -> None:
        raise NotImplementedError

    def check_all(self) -> None:
        assert self.service.name, "the service has no name"
        span = self.check_undisturbed()
        self.check_cancel_from_another_thread(span)
        self.check_cancel_of_unfinished_work()
        self.check_cancel_inside_the_listener()
        self.check_cancel_by_two_threads()
        self.check_cancel_after_the_end()
        self.check_two_at_once()
        self.check_that_nobody_waits()
        self.service.close()
        self.service.close()  # idempotent

    def check_that_nobody_waits(self) -> None:
        """Of a few calls on a busy machine half may be late, of many not: more are made before a method is blamed."""
        for _ in range(MORE_CALLS):
            if all(median <= self.bounds.at_once_s for median in self.medians_s().values()):
                return
            self.check_undisturbed()
        for method, median in self.medians_s().items():
            assert median <= self.bounds.at_once_s, (
                f"{self.service.name}: {method} took {median * 1000:.1f} ms in the median; it must return at once"
            )

    def medians_s(self) -> dict[str, float]:
        return {method: sorted(took)[len(took) // 2] for method, took in self.took_s.items()}

    def timed(self, act: Callable[..., Any], *args: Any) -> Any:
        began = self.clock.now()
        result = act(*args)
        self.took_s.setdefault(act.__name__, []).append(self.clock.now() - began)
        return result

    def start(self, watch: Watch) -> tuple[H, str]:
        label = f"conform{next(_labels)}"
        began = self.clock.now()
        handle = self.begin(label, watch)
        self.took_s.setdefault(self.starts, []).append(self.clock.now() - began)
        return handle, label

    def wait_over(self, watch: Watch) -> None:
        assert self.clock.wait(watch.over, self.bounds.whole_s), (
            f"{self.service.name} neither finished nor failed within {self.bounds.whole_s:g} s; it said {watch.names()[-8:]}"
        )

    def check_undisturbed(self) -> float:
        """Returns how long it took."""
        watch = Watch()
        began = self.clock.now()
        handle, label = self.start(watch)
        self.drive(handle, watch)
        self.wait_over(watch)
        span = self.clock.now() - began
        count = len(watch.events)
        _expect_gone(label, self.bounds, self.clock)
        watch.judge()
        assert len(watch.events) == count, f"{self.service.name} told something after its end"
        if watch.names()[-1] == "failed":
            raise AssertionError(f"{self.service.name} failed: {watch.events[-1][1][0]}")
        self.judge(watch)
        return span

    def check_cancel_from_another_thread(self, span: float) -> None:
        for number in range(self.bounds.cancels):
            watch = Watch()
            handle, label = self.start(watch)
            driver = spawn("drive", lambda handle=handle, watch=watch: self.drive(handle, watch), label)  # type: ignore[misc]
            self.clock.wait(watch.over, span * number / self.bounds.cancels)
            self.timed(handle.cancel)
            watch.cancelled()
            self.timed(handle.cancel)
            join([driver], self.bounds.whole_s, self.clock)
            self.expect_quiet(watch, label)

    def check_cancel_of_unfinished_work(self) -> None:
        """Nobody asked for the end, so only the cancel itself can free what the work holds."""
        for patience_s in (0.0, 0.02, 0.1):
            watch = Watch()
            handle, label = self.start(watch)
            self.drive_halfway(handle)
            self.clock.wait(watch.over, patience_s)
            self.timed(handle.cancel)
            watch.cancelled()
            self.expect_quiet(watch, label)

    def check_cancel_inside_the_listener(self) -> None:
        for at in (1, 2, 4):
            box: list[H] = []
            given = threading.Event()

            def hook(
                watch: Watch, count: int, at: int = at, box: list[H] = box, given: threading.Event = given
            ) -> None:
                if count == at:
                    self.clock.wait(given, 1.0)
                    box[0].cancel()
                    watch.cancelled()

            watch = Watch(hook)
            handle, label = self.start(watch)
            box.append(handle)
            given.set()
            self.drive(handle, watch)
            deadline = self.clock.deadline(self.bounds.whole_s)
            while len(watch.events) < at and not watch.over.is_set() and not deadline.passed():
                self.clock.wait(watch.over, 0.005)
            if len(watch.events) < at and watch.over.is_set():
                continue  # a short piece of work: it never came so far
            assert len(watch.events) >= at, f"{self.service.name} told only {watch.names()} and no end"
            self.expect_quiet(watch, label)

    def check_cancel_by_two_threads(self) -> None:
        watch = Watch()
        handle, label = self.start(watch)
        driver = spawn("drive", lambda: self.drive(handle, watch), label)
        self.clock.wait(watch.began, self.bounds.whole_s)
        both = [spawn("cancel", handle.cancel, label) for _ in range(2)]
        stubborn = join(both, 1.0, self.clock)
        assert not stubborn, f"{self.service.name}: cancel from two threads at once does not return"
        watch.cancelled()
        join([driver], self.bounds.whole_s, self.clock)
        self.expect_quiet(watch, label)

    def check_cancel_after_the_end(self) -> None:
        watch = Watch()
        handle, label = self.start(watch)
        self.drive(handle, watch)
        self.wait_over(watch)
        self.timed(handle.cancel)
        watch.cancelled()
        self.drive(handle, watch)  # late callers are ignored, not refused
        self.expect_quiet(watch, label)

    def check_two_at_once(self) -> None:
        watches = [Watch(), Watch()]
        started = [self.start(watch) for watch in watches]
        drivers = [
            spawn("drive", lambda handle=handle, watch=watch: self.drive(handle, watch), label)  # type: ignore[misc]
            for (handle, label), watch in zip(started, watches, strict=True)
        ]
        started[0][0].cancel()
        watches[0].cancelled()
        self.wait_over(watches[1])
        join(drivers, self.bounds.whole_s, self.clock)
        self.expect_quiet(watches[0], started[0][1])
        watches[1].judge()
        assert watches[1].names()[-1] == "finished", f"{self.service.name}: one work's cancel ended another"
        self.judge(watches[1])
        _expect_gone(started[1][1], self.bounds, self.clock)

    def expect_quiet(self, watch: Watch, label: str) -> None:
        """After a cancel nothing is told, and the work's threads end."""
        count = len(watch.events)
        _expect_gone(label, self.bounds, self.clock)
        self.clock.sleep(self.bounds.quiet_s)
        watch.judge()
        assert len(watch.events) == count, f"{self.service.name} told {watch.names()[count:]} after it was cancelled"


class _Hearing(_Trial[Recognition]):
    def __init__(self, make: Callable[[], Recogniser], audio: bytes, bounds: Bounds, clock: Clock) -> None:
        super().__init__(make, bounds, clock)
        self.finals: list[str] = []
        self._audio = audio
        self._took_late = False

    def begin(self, label: str, watch: Watch) -> Recognition:
        handle: Recognition = self.service.start(label, watch)
        return handle

    def drive(self, handle: Recognition, watch: Watch) -> None:
        service: Recogniser = self.service
        frame = service.rate * 2 * 20 // 1000
        for number, at in enumerate(range(0, len(self._audio), frame)):
            self.timed(handle.feed, self._audio[at : at + frame])
            if number * 20 == service.backlog_ms // 2:
                self.clock.wait(watch.began, self.bounds.whole_s)
            if number % 3 == 0:
                self.clock.sleep(0.001)  # far faster than speech, but let it be heard
        self.timed(handle.finish)
        self.timed(handle.finish)
        self._took_late = handle.feed(self._audio[:frame])

    def drive_halfway(self, handle: Recognition) -> None:
        self.timed(handle.feed, self._audio[: self.service.rate])

    def judge(self, watch: Watch) -> None:
        name, rate = self.service.name, self.service.rate
        assert not self._took_late, f"{name} took audio after finish"
        assert rate in (8000, 16000, 24000, 44100, 48000), f"{name} wants {rate} samples a second"
        names = watch.names()
        assert names[0] == "ready" and names.count("ready") == 1, (
            f"{name} did not say ready first, and once: {names[:3]}"
        )
        assert set(names[1:-1]) <= {"partial", "final"}, f"{name} told {sorted(set(names))}"
        fed_ms = len(self._audio) / 2 * 1000 / rate
        done = -1
        for kind, (transcript,) in watch.events[1:-1]:
            assert transcript.text, f"{name} told a {kind} without text"
            assert transcript.index > done, f"{name} told a {kind} of utterance {transcript.index} after its final"
            assert 0 <= transcript.begin_ms <= transcript.end_ms <= fed_ms + 100, (
                f"{name}: an utterance from {transcript.begin_ms} to {transcript.end_ms} ms of {fed_ms:.0f} ms of audio"
            )
            if kind == "final":
                done = transcript.index
        self.finals = [args[0].text for kind, args in watch.events if kind == "final"]


class _Thinking(_Trial[Generation]):
    def __init__(
        self,
        make: Callable[[], Model],
        messages: Sequence[Message],
        bounds: Bounds,
        clock: Clock,
        tools: Sequence[Tool] = (),
    ) -> None:
        super().__init__(make, bounds, clock)
        self.answer = ""
        self.calls: tuple[ToolCall, ...] = ()
        self._messages = messages
        self._tools = tools

    def begin(self, label: str, watch: Watch) -> Generation:
        offered = (self._tools,) if self._tools else ()  # without any, the argument may be left out
        handle: Generation = self.service.start(label, self._messages, watch, *offered)
        return handle

    def drive(self, handle: Generation, watch: Watch) -> None:
        """It drives itself."""

    def judge(self, watch: Watch) -> None:
        name = self.service.name
        assert set(watch.names()[:-1]) <= {"token"}, f"{name} told {sorted(set(watch.names()))}"
        tokens = [args[0] for kind, args in watch.events if kind == "token"]
        assert all(isinstance(token, str) and token for token in tokens), f"{name} told an empty token"
        completion = watch.events[-1][1][0]
        assert isinstance(completion, Completion) and completion.reason, f"{name} finished without a reason"
        self.answer = "".join(tokens)
        self.judge_calls(completion.calls)

    def judge_calls(self, calls: tuple[ToolCall, ...]) -> None:
        name = self.service.name
        assert calls or not self._tools, f"{name} used none of the tools"
        assert all(call.id and call.name for call in calls), f"{name} told a tool call without an id or a name"
        assert len({call.id for call in calls}) == len(calls), f"{name} told two tool calls of one id"
        self.calls = calls


class _Speaking(_Trial[Synthesis]):
    def __init__(self, make: Callable[[], Synthesiser], texts: Sequence[str], bounds: Bounds, clock: Clock) -> None:
        super().__init__(make, bounds, clock)
        self.audio = b""
        self._texts = texts

    def check_all(self) -> None:
        self.check_an_empty_reply()
        super().check_all()

    def begin(self, label: str, watch: Watch) -> Synthesis:
        handle: Synthesis = self.service.start(label, watch)
        return handle

    def drive(self, handle: Synthesis, watch: Watch) -> None:
        for text in self._texts:
            self.timed(handle.say, text)
        self.timed(handle.flush)
        self.timed(handle.finish)
        self.timed(handle.finish)
        handle.say("never")

    def drive_halfway(self, handle: Synthesis) -> None:
        self.timed(handle.say, self._texts[0])

    def check_an_empty_reply(self) -> None:
        watch = Watch()
        handle, label = self.start(watch)
        self.timed(handle.finish)
        self.wait_over(watch)
        _expect_gone(label, self.bounds, self.clock)
        watch.judge()
        assert watch.names() == ["finished"], f"{self.service.name} told {watch.names()} of a reply without text"

    def judge(self, watch: Watch) -> None:
        name, rate = self.service.name, self.service.rate
        assert 8000 <= rate <= 48000, f"{name} speaks {rate} samples a second"
        assert set(watch.names()[:-1]) <= {"audio", "mark"}, f"{name} told {sorted(set(watch.names()))}"
        pieces = [args[0] for kind, args in watch.events if kind == "audio"]
        assert all(pieces), f"{name} told an empty piece of audio"
        assert all(len(piece) % 2 == 0 for piece in pieces), f"{name} cut a sample in two"
        self.audio = b"".join(pieces)
        assert self.audio, f"{name} spoke nothing"
        lasts_ms, said = len(self.audio) / 2 * 1000 / rate, sum(map(len, self._texts))
        before = Mark(0, 0.0)
        for mark in (args[0] for kind, args in watch.events if kind == "mark"):
            assert mark.chars >= before.chars and mark.audio_ms >= before.audio_ms, f"{name}: {mark} after {before}"
            assert mark.chars <= said, f"{name}: {mark} of {said} characters"
            assert mark.audio_ms <= lasts_ms + 50, f"{name}: {mark} in {lasts_ms:.0f} ms of audio"
            before = mark


class _SpeakingWhole(_Speaking):
    """The same service, told the whole text at once."""

    starts = "speak"

    def check_all(self) -> None:
        _Trial.check_all(self)

    def begin(self, label: str, watch: Watch) -> Synthesis:
        handle: Synthesis = self.service.speak(label, "".join(self._texts), watch)
        return handle

    def drive(self, handle: Synthesis, watch: Watch) -> None:
        self.timed(handle.flush)
        handle.say("never")  # and no ``finish``: it was told that this is all

    def drive_halfway(self, handle: Synthesis) -> None:
        """Nothing is left to do: it ends by itself, unless it is cancelled."""


def _is_model(service: object) -> bool:
    return not hasattr(service, "rate")


def _expect_gone(label: str, bounds: Bounds, clock: Clock) -> None:
    """The threads of a piece of work end by themselves: those named after its label."""
    deadline = clock.deadline(bounds.gone_s)
    while left := [name for name in alive() if name.endswith(f"-{label}")]:
        assert not deadline.passed(), f"{bounds.gone_s:g} s after the end these threads still run: {', '.join(left)}"
        clock.sleep(0.002)


def _judge_error(error: object, name: str) -> None:
    assert isinstance(error, ProviderError), f"{name} failed with {error!r}, which is no ProviderError"
    assert error.provider, f"{name} failed with an error that does not say whose"
    text = str(error)
    assert "\n" not in text and len(text) <= 500, f"{name}: an error is one line: {text!r}"
