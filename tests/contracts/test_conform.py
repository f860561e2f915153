"""The checks themselves: they pass on an honest implementation, and each way of breaking a contract is noticed and named."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from firstword.errors import ProviderError
from firstword.speech.asr import Transcript
from firstword.speech.conform import (
    Bounds,
    check_calls,
    check_gives_up,
    check_model,
    check_recogniser,
    check_synthesiser,
)
from firstword.speech.gate import Gate
from firstword.speech.llm import Completion, Message, Tool, ToolCall
from firstword.speech.tts import Mark
from firstword.speech.watch import Watch
from firstword.threads import spawn

QUICK = Bounds(whole_s=1.0, quiet_s=0.02, gone_s=0.3, cancels=4)
AUDIO = bytes(16000)
Told = tuple[str, tuple[Any, ...]]


class Work:
    """A piece of work that tells a fixed story, a line each millisecond, once it may begin; `bug` is what it does wrong."""

    _ends_empty = False

    def __init__(self, label: str, listener: Any, story: Sequence[Told], needs_finish: bool, bug: str) -> None:
        self._listener = listener
        self._story = list(story)
        self._bug = bug
        self._gate = Gate()
        self._begun = threading.Event()
        self._over = threading.Event()
        self._said = False
        self._made = time.monotonic()
        if not needs_finish:
            self._begun.set()
        spawn("honest", self._tell, label)

    def _tell(self) -> None:
        while not self._begun.wait(0.001):
            if self._over.is_set() or self._abandoned():
                return
        story = self._story
        for name, args in story:
            if self._over.wait(0.001) and self._bug != "deaf to cancel":
                return
            tell = getattr(self._listener, name)
            if self._bug == "deaf to cancel":
                tell(*args)
            elif name in ("finished", "failed"):
                self._gate.last(tell, *args)
            else:
                self._gate.call(tell, *args)
        if self._bug == "never ends":
            self._over.wait(3)
        if self._bug == "two ends":
            self._listener.finished(*story[-1][1])
        if self._bug == "speaks after the end":
            time.sleep(0.005)
            getattr(self._listener, story[0][0])(*story[0][1])
        if self._bug == "lingers":
            time.sleep(0.6)

    def _abandoned(self) -> bool:
        """The test is over."""
        return time.monotonic() > self._made + 1.5

    def feed(self, pcm: bytes) -> bool:
        return not self._begun.is_set() or self._bug == "takes audio for ever"

    def say(self, text: str) -> None:
        self._said = True

    def flush(self) -> None:
        if self._bug == "slow method":
            time.sleep(0.02)

    def finish(self) -> None:
        if self._ends_empty and not self._said:
            self._story = self._story[-1:]
        self._begun.set()

    def cancel(self) -> None:
        if self._bug == "second cancel raises" and self._over.is_set():
            raise RuntimeError("cancelled already")
        if self._bug != "cancel frees nothing":
            self._over.set()
        if self._bug == "cancel waits":
            time.sleep(0.02)
        self._gate.close()


class Spoken(Work):
    _ends_empty = True


class Service:
    name = "honest"
    rate = 8000
    backlog_ms = 3000

    def __init__(self, story: Sequence[Told], *, kind: str, bug: str = "") -> None:
        self._story, self._kind, self._bug = story, kind, bug
        self.closed = 0

    def start(self, label: str, *rest: Any) -> Work:
        if self._bug == "slow start":
            time.sleep(0.02)
        work = Spoken if self._kind == "tts" else Work
        listener = rest[1] if self._kind == "llm" else rest[0]
        return work(label, listener, self._story, self._kind != "llm", self._bug)

    def speak(self, label: str, text: str, listener: Any) -> Work:
        if self._bug == "slow speak":
            time.sleep(0.02)
        work = self.start(label, listener)
        work.say(text)
        if self._bug != "speak does not finish":
            work.finish()
        return work

    def close(self) -> None:
        self.closed += 1


class MindlessModel(Service):
    rate: Any = property()  # a model has no rate

    def __getattribute__(self, name: str) -> Any:
        if name in ("rate", "backlog_ms"):
            raise AttributeError(name)
        return super().__getattribute__(name)


THOUGHT: list[Told] = [("token", ("您",)), ("token", ("好",)), ("finished", (Completion("stop"),))]
SPOKEN: list[Told] = [
    ("audio", (bytes(1600),)), ("mark", (Mark(1, 50.0),)), ("audio", (bytes(1600),)), ("mark", (Mark(2, 200.0),)), ("finished", ()),
]  # fmt: skip
HEARD: list[Told] = [
    ("ready", ()), ("partial", (Transcript("您", 1, 0, 100),)), ("final", (Transcript("您好", 1, 0, 500),)), ("finished", ()),
]  # fmt: skip


def think(story: Sequence[Told] = THOUGHT, bug: str = "") -> str:
    return check_model(lambda: MindlessModel(story, kind="llm", bug=bug), [Message("user", "x")], bounds=QUICK)  # type: ignore[arg-type,return-value]


def call(*calls: ToolCall) -> tuple[ToolCall, ...]:
    story = [("finished", (Completion("tool_calls", calls=calls),))]
    make: Any = lambda: MindlessModel(story, kind="llm")  # noqa: E731
    return check_calls(make, [Message("user", "x")], [Tool("f", "")], bounds=QUICK)


def speak(story: Sequence[Told] = SPOKEN, bug: str = "") -> bytes:
    return check_synthesiser(lambda: Service(story, kind="tts", bug=bug), ["您", "好"], bounds=QUICK)  # type: ignore[arg-type,return-value]


def hear(story: Sequence[Told] = HEARD, bug: str = "") -> list[str]:
    return check_recogniser(lambda: Service(story, kind="asr", bug=bug), AUDIO, bounds=QUICK)  # type: ignore[arg-type,return-value]


def test_honest_services_pass_and_what_they_said_is_returned() -> None:
    assert think() == "您好"
    assert speak() == bytes(3200)
    assert hear() == ["您好"]
    assert call(ToolCall("a", "f", ""), ToolCall("b", "f", "{")) == (ToolCall("a", "f", ""), ToolCall("b", "f", "{"))


END: Told = ("finished", ())
BREAKS: dict[str, tuple[Callable[[], object], str]] = {
    "slow start": (lambda: think(bug="slow start"), "start took .* it must return at once"),
    "slow speak": (lambda: speak(bug="slow speak"), "speak took .* it must return at once"),
    "speak does not finish": (lambda: speak(bug="speak does not finish"), "neither finished nor failed"),
    "slow method": (lambda: speak(bug="slow method"), "flush took .* it must return at once"),
    "no end": (lambda: think(THOUGHT[:-1], "never ends"), "neither finished nor failed"),
    "two ends": (lambda: think(bug="two ends"), "finished was called after finished"),
    "late token": (lambda: think(bug="speaks after the end"), "token was called after finished"),
    "deaf to cancel": (lambda: think(bug="deaf to cancel"), "was called after cancel had returned"),
    "second cancel": (lambda: think(bug="second cancel raises"), "cancelled already"),
    "thread stays": (lambda: think(bug="lingers"), "these threads still run: honest-conform"),
    "cancel waits": (lambda: think(bug="cancel waits"), "cancel took .* it must return at once"),
    "cancel frees nothing": (lambda: speak(bug="cancel frees nothing"), "these threads still run: honest-conform"),
    "failed": (lambda: think([("failed", (ProviderError("no", provider="p"),))]), "honest failed: p: no"),
    "empty token": (lambda: think([("token", ("",)), *THOUGHT]), "told an empty token"),
    "no reason": (lambda: think([("finished", (Completion(""),))]), "finished without a reason"),
    "a stranger": (lambda: think([("audio", (b"xx",)), *THOUGHT]), "told .*audio"),
    "no call": (call, "used none of the tools"),
    "a call without an id": (lambda: call(ToolCall("", "f", "")), "without an id or a name"),
    "a call without a name": (lambda: call(ToolCall("a", "", "")), "without an id or a name"),
    "two of one id": (lambda: call(ToolCall("a", "f", ""), ToolCall("a", "g", "")), "two tool calls of one id"),
    "half a sample": (lambda: speak([("audio", (b"abc",)), *SPOKEN]), "cut a sample in two"),
    "empty audio": (lambda: speak([("audio", (b"",)), *SPOKEN]), "empty piece of audio"),
    "silence": (lambda: speak([END]), "spoke nothing"),
    "marks shrink": (lambda: speak([("mark", (Mark(2, 90.0),)), *SPOKEN]), "after Mark"),
    "mark beyond the text": (lambda: speak([*SPOKEN[:-1], ("mark", (Mark(3, 200.0),)), END]), "of 2 characters"),
    "mark beyond the audio": (lambda: speak([*SPOKEN[:-1], ("mark", (Mark(2, 999.0),)), END]), "of audio"),
    "not ready first": (lambda: hear([HEARD[1], HEARD[0], *HEARD[2:]]), "did not say ready first"),
    "ready twice": (lambda: hear([HEARD[0], *HEARD]), "did not say ready first, and once"),
    "after the final": (lambda: hear([*HEARD[:-1], HEARD[1], END]), "utterance 1 after its final"),
    "time runs backwards": (
        lambda: hear([HEARD[0], ("final", (Transcript("x", 1, 900, 800),)), END]),
        "from 900 to 800",
    ),
    "beyond the audio": (
        lambda: hear([HEARD[0], ("final", (Transcript("x", 1, 0, 9000),)), END]),
        "of 1000 ms of audio",
    ),
    "no text": (lambda: hear([HEARD[0], ("final", (Transcript("", 1, 0, 10),)), END]), "without text"),
    "greedy": (lambda: hear(bug="takes audio for ever"), "took audio after finish"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_every_break_of_a_contract_is_noticed(what: str) -> None:
    run, words = BREAKS[what]
    with pytest.raises((AssertionError, RuntimeError), match=words):
        run()


def test_two_methods_at_once_are_noticed() -> None:
    watch = Watch(lambda watch, count: time.sleep(0.05))
    threads = [threading.Thread(target=watch.token, args=("x",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(AssertionError, match="while another method of the listener was at work"):
        watch.judge()


def test_a_call_from_inside_a_call_is_noticed() -> None:
    watch = Watch(lambda watch, count: watch.token("y") if count == 1 else None)
    watch.token("x")
    with pytest.raises(AssertionError, match="from inside another one"):
        watch.judge()


def test_a_service_that_does_not_give_up_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"neither finished nor failed within 0\.1 s"):
        check_gives_up(lambda: MindlessModel(THOUGHT[:-1], kind="llm", bug="never ends"), within_s=0.1)  # type: ignore[arg-type,return-value]


def test_a_service_that_says_all_is_well_is_noticed() -> None:
    with pytest.raises(AssertionError, match="said finished though its other side failed"):
        check_gives_up(lambda: MindlessModel(THOUGHT, kind="llm"), within_s=1.0)  # type: ignore[arg-type,return-value]


def test_an_error_that_is_no_provider_error_is_noticed() -> None:
    with pytest.raises(AssertionError, match="which is no ProviderError"):
        check_gives_up(lambda: MindlessModel([("failed", (ValueError("x"),))], kind="llm"), within_s=1.0)  # type: ignore[arg-type,return-value]
