"""Do the configured services really answer? Each does a little real work, all at once: a token is requested, a connection is made, a
sentence is spoken, a question answered, a second of silence recognised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..clock import SYSTEM, Clock
from ..errors import FirstwordError, ProviderError, one_line
from ..providers import registry
from ..speech.asr import Transcript
from ..speech.llm import Completion, Message
from ..speech.tts import Mark
from ..threads import join, spawn
from .findings import Finding
from .settings import ServiceSection

SERVICE_S = 5.0
"""How long a service may take to prove itself. A caller would have given up long before."""


def services(
    sections: Iterable[ServiceSection], clock: Clock = SYSTEM, seconds: float = SERVICE_S
) -> Iterator[Finding]:
    """A finding for each, in their order. Takes as long as the slowest, at most `seconds` and a little."""
    asked = [_Question(section, clock, seconds) for section in sections]
    running = [spawn("doctor", question.run, question.section.name) for question in asked]
    join(running, seconds + 2.0, clock)
    return (question.finding() for question in asked)


class _Question:
    """One service asked, on a thread of its own: making it and closing it may wait too."""

    def __init__(self, section: ServiceSection, clock: Clock, seconds: float) -> None:
        self.section = section
        self._clock = clock
        self._seconds = seconds
        self._found: Finding | None = None

    def run(self) -> None:
        try:
            self._found = self._ask()
        except FirstwordError as error:
            self._found = Finding(self.section.where, False, one_line(error))

    def finding(self) -> Finding:
        return self._found or self._silent()

    def _silent(self) -> Finding:
        section = self.section
        text = f"{section.vendor} {section.does} did not answer within {self._seconds:.0f} s: is its address right, and the way there open?"
        return Finding(section.where, False, text)

    def _ask(self) -> Finding:
        section, clock = self.section, self._clock
        make, start = _KINDS[section.does]
        began = clock.now()
        service = make(section.vendor, section.values, section.where, clock)
        probe = _Probe(clock)
        try:
            work = start(service, probe)
            answered = clock.wait(probe.over, self._seconds)
            work.cancel()
        finally:
            service.close()
        if probe.error is not None:
            return Finding(section.where, False, one_line(probe.error))
        if not answered:
            return self._silent()
        first = "" if probe.first is None else f", first answer after {(probe.first - began) * 1000:.0f} ms"
        return Finding(section.where, True, f"{service.name} works{first}")


def _hear(service: Any, probe: _Probe) -> Any:
    recognition = service.start("doctor", probe)
    recognition.feed(bytes(2 * service.rate))
    recognition.finish()
    return recognition


def _answer(service: Any, probe: _Probe) -> Any:
    return service.start("doctor", [Message("user", "你好")], probe)


def _speak(service: Any, probe: _Probe) -> Any:
    synthesis = service.start("doctor", probe)
    synthesis.say("你好。")
    synthesis.finish()
    return synthesis


_KINDS: dict[str, tuple[Callable[..., Any], Callable[[Any, _Probe], Any]]] = {
    "asr": (registry.make_asr, _hear),
    "llm": (registry.make_llm, _answer),
    "tts": (registry.make_tts, _speak),
}


class _Probe:
    """A listener of all three contracts that only notes when something first came, and how it ended."""

    def __init__(self, clock: Clock) -> None:
        self.first: float | None = None
        self.error: ProviderError | None = None
        self.over = threading.Event()
        self._clock = clock

    def _came(self) -> None:
        self.first = self.first or self._clock.now()

    def ready(self) -> None:
        self._came()

    def partial(self, transcript: Transcript) -> None:
        self._came()

    def final(self, transcript: Transcript) -> None:
        self._came()

    def token(self, text: str) -> None:
        self._came()

    def audio(self, pcm: bytes) -> None:
        self._came()

    def mark(self, mark: Mark) -> None:
        pass

    def finished(self, completion: Completion | None = None) -> None:
        self.over.set()

    def failed(self, error: ProviderError) -> None:
        self.error = error
        self.over.set()
