"""Services that do what a test tells them, on a thread of their own; and a caller who hears."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from firstword.clock import SYSTEM
from firstword.errors import ProviderError
from firstword.speech.fallback.alarms import Alarms
from firstword.speech.fallback.chain import Means
from firstword.speech.fallback.limiter import Limiter
from firstword.speech.fallback.member import Member
from firstword.speech.gate import Gate
from firstword.speech.tts import Mark, Synthesiser
from firstword.speech.watch import Watch


class Work:
    """One piece of work: what it was asked, and its listener, to be told things by `tell`."""

    def __init__(self, listener: Any) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.cancelled = False
        self._listener = listener
        self._gate = Gate()

    def tell(self, what: str, *args: Any) -> Work:
        """From a thread of the service's, as it would come; returns when it was taken."""
        last = what in ("finished", "failed")

        def deliver() -> None:
            (self._gate.last if last else self._gate.call)(getattr(self._listener, what), *args)

        thread = threading.Thread(target=deliver)
        thread.start()
        thread.join(5)
        assert not thread.is_alive(), f"{what} was not taken"
        return self

    def cancel(self) -> None:
        self.cancelled = True
        self._gate.close()

    def feed(self, pcm: bytes) -> bool:
        self.asked.append(("feed", pcm))
        return True

    def say(self, text: str) -> None:
        self.asked.append(("say", text))

    def flush(self) -> None:
        self.asked.append(("flush", None))

    def finish(self) -> None:
        self.asked.append(("finish", None))

    @property
    def text(self) -> str:
        return "".join(value for what, value in self.asked if what == "say")

    @property
    def fed(self) -> bytes:
        return b"".join(value for what, value in self.asked if what == "feed")

    @property
    def finishing(self) -> bool:
        return ("finish", None) in self.asked


class Puppet(Synthesiser):
    """A service of any of the three kinds: `works` are the pieces of work it was asked for."""

    backlog_ms = 3000

    def __init__(self, name: str, rate: int = 8000) -> None:
        self.name = name
        self.rate = rate
        self.works: list[Work] = []
        self.closed = 0
        self.at_once: Callable[[Work], None] = lambda work: None
        self.begins: list[Exception] = []
        """What its next ``start``s raise."""

    def start(self, label: str, *rest: Any) -> Work:
        if self.begins:
            raise self.begins.pop(0)
        listener = next(each for each in rest if hasattr(each, "failed"))
        self.works.append(Work(listener))
        self.at_once(self.works[-1])
        return self.works[-1]

    def close(self) -> None:
        self.closed += 1

    @property
    def work(self) -> Work:
        """The latest."""
        return self.works[-1]


class Caller(Watch):
    """A listener that `TakesBack`: what was told, and of it only what is left after retractions. `heard` is set by the test, in ms."""

    def __init__(self, rate: int = 8000) -> None:
        super().__init__()
        self.audio_told = b""
        self.heard = 0.0
        self.retracted: list[float] = []
        self.marks: list[Mark] = []
        self._bytes_per_ms = rate * 2 // 1000

    def audio(self, pcm: bytes) -> None:
        super().audio(pcm)
        self.audio_told += pcm

    def mark(self, mark: Mark) -> None:
        super().mark(mark)
        self.marks.append(mark)

    def heard_ms(self) -> float:
        return min(self.heard, len(self.audio_told) / self._bytes_per_ms)

    def retract(self, audio_ms: float) -> float:
        self.retracted.append(audio_ms)
        ends_ms = max(audio_ms, self.heard_ms())
        del_from = round(ends_ms * self._bytes_per_ms / 2) * 2
        self.audio_told = self.audio_told[:del_from]
        self.marks = [mark for mark in self.marks if mark.audio_ms <= ends_ms]
        return ends_ms


def error(**settings: Any) -> ProviderError:
    return ProviderError("broken", **{"provider": "p", "retry": True, **settings})


def members(*services: Puppet, most: int = 0) -> list[Member]:
    return [Member(service.name, service, service.name, limiter=Limiter(most)) for service in services]


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        assert not deadline.passed(), "it did not happen"
        SYSTEM.sleep(0.002)


def means(switch_ms: float = 60_000, **more: Any) -> Means:
    made = Means(switch_ms=switch_ms, **more)
    ALARMS.append(made.alarms)
    return made


ALARMS: list[Alarms] = []
"""Of the test that runs."""
