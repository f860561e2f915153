"""One service does a little real work, and what of it came when: a sentence is spoken, a question answered, speech recognised.

The work runs on a thread of its own, for making a service and closing it may wait too; who wants to know waits for it, bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..clock import SYSTEM, Clock
from ..errors import FirstwordError, ProviderError, one_line
from ..net.dial import dial
from ..net.wait import NetError, Wait
from ..options import bind
from ..providers import registry
from ..speech.asr import Transcript
from ..speech.llm import Completion, Message
from ..speech.tts import Mark
from ..threads import join, spawn

SENTENCE = "您好，今天天气很好。"
QUESTION = "请只回答“好”。"
FRAME_S = 0.02
PAUSE_S = 1.2
"""Silence after the speech that a recogniser hears: most end a sentence within it, and `finish` ends it for the others."""
CLOSING_S = 2.0


@dataclass
class Outcome:
    """What a trial found. No secret is in it."""

    name: str
    """The service's own, such as ``aliyun tts``; the vendor and kind, if none could be made."""
    error: str = ""
    """Why it does not work, in one line; "" if it does."""
    code: str = ""
    """The service's own code of it."""
    said: str = ""
    """What it recognised or answered."""
    ms: dict[str, float] = field(default_factory=dict)
    """``connect``: name, TCP and TLS of its address (only if asked for). ``ready``: from the start to a recogniser that takes audio.
    ``first``: from the start, connecting included, to the first audio, partial result or token. ``last``: of a recogniser from the end of
    the speech to the final text, of the others from the start to the end."""
    audio: bytes = field(default=b"", repr=False)
    """What a synthesiser spoke, at `rate`."""
    rate: int = 0

    @property
    def works(self) -> bool:
        return not self.error


class Trial:
    """One service tried.

    Args:
        values: its settings as they stand in a file; `where` names the place in errors.
        seconds: how long it may take to prove itself.
        speech: what a recogniser is to hear, by its rate; nothing for a second of silence, and no judgement by what it hears.
        reach: also connect to its address alone, to know how long that takes.
        label: for the name of its thread; `where` if empty.

    Next: `begin`, then `outcome`.
    """

    def __init__(
        self,
        kind: registry.Kind,
        vendor: str,
        values: Mapping[str, str],
        where: str,
        *,
        seconds: float,
        clock: Clock = SYSTEM,
        speech: Callable[[int], bytes] | None = None,
        reach: bool = False,
        label: str = "",
    ) -> None:
        self._kind, self._vendor, self._values, self._where = kind, vendor, values, where
        self._seconds = seconds
        self._clock = clock
        self._speech = speech
        self._reach = reach
        self._label = label or where
        self._found = Outcome(f"{vendor} {kind}")
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._deadline = clock.deadline(seconds)

    def begin(self) -> Trial:
        """Start it. Returns at once."""
        self._deadline = self._clock.deadline(self._seconds)
        self._thread = spawn("doctor", self._run, self._label)
        return self

    def outcome(self) -> Outcome:
        """What was found; waits for it, no longer than `seconds` after the beginning and a little."""
        assert self._thread is not None, "begin comes first"
        join([self._thread], self._deadline.left() + CLOSING_S, self._clock)
        return self._found if self._done.is_set() else self._silent()

    def _silent(self) -> Outcome:
        text = f"{self._vendor} {self._kind} did not answer within {self._seconds:.0f} s: is its address right, and the way there open?"
        return Outcome(self._found.name, text, ms=dict(self._found.ms))

    def _run(self) -> None:
        error = "an error of our own; the log says more"
        try:
            registry.check(self._kind, self._vendor, self._values, self._where)  # before anybody is connected to
            if self._reach:
                self._found.ms["connect"] = self._connect_ms()
            error = self._work()
        except NetError as failure:
            error = str(failure)
        except FirstwordError as failure:
            error = one_line(failure)
        finally:
            self._found.error = error
            self._done.set()

    def _connect_ms(self) -> float:
        parts = urlsplit(address(self._kind, self._vendor, self._values, self._where))
        tls = parts.scheme in ("https", "wss")
        wait = Wait(self._clock)
        began = self._clock.now()
        try:
            dial(
                parts.hostname or "", parts.port or (443 if tls else 80), tls=tls, wait=wait, deadline=self._deadline
            ).close()
        finally:
            wait.close()
        return (self._clock.now() - began) * 1000

    def _work(self) -> str:
        """Do it. Returns why it does not work, or ""."""
        make, start = _KINDS[self._kind]
        service = make(self._vendor, self._values, self._where, self._clock)
        found, notes = self._found, _Notes(self._clock)
        found.name = service.name
        try:
            work = start(service, notes, self)
            answered = self._clock.wait(notes.over, self._deadline.left())
            work.cancel()
        finally:
            service.close()
        found.said, found.audio, found.rate = notes.said(), bytes(notes.pcm), getattr(service, "rate", 0)
        found.ms |= notes.ms()
        if notes.error is not None:
            found.code = notes.error.code
            return one_line(notes.error)
        if not answered:
            return self._silent().error
        if self._kind == "tts" and not found.audio:
            return f"{service.name} ended without a sound: is the voice one of this model, and ready?"
        if self._kind == "asr" and notes.spoken and not found.said:
            return f"{service.name} recognised nothing in {SENTENCE!r}: do model and sample_rate fit?"
        return ""

    def feed(self, recognition: Any, rate: int, notes: _Notes) -> None:
        """Let a recogniser hear `speech` at the pace of life, as in a call; a second of silence at once if there is none."""
        speech = self._speech(rate) if self._speech is not None else b""
        if not speech:
            recognition.feed(bytes(2 * rate))
        else:
            frame = int(rate * FRAME_S) * 2
            pcm = speech + bytes(int(rate * PAUSE_S) * 2)
            due = self._clock.now()
            for at in range(0, len(pcm), frame):
                if notes.over.is_set() or self._deadline.passed():
                    break
                recognition.feed(pcm[at : at + frame])
                due += FRAME_S
                if at <= len(speech) < at + frame:
                    notes.spoken = due
                self._clock.sleep(due - self._clock.now())
        recognition.finish()


def address(kind: registry.Kind, vendor: str, values: Mapping[str, str], where: str) -> str:
    """Where a service of these settings is asked (its own address, not that of its tokens). Raises ConfigError."""
    section = registry.settings_class(kind, vendor)
    settings = bind(section, values, where, secrets=False)
    return str(next(getattr(settings, name) for name in ("url", "base_url") if hasattr(settings, name)))


def _hear(service: Any, notes: _Notes, trial: Trial) -> Any:
    recognition = service.start("doctor", notes)
    trial.feed(recognition, service.rate, notes)
    return recognition


def _answer(service: Any, notes: _Notes, trial: Trial) -> Any:
    return service.start("doctor", [Message("user", QUESTION)], notes)


def _speak(service: Any, notes: _Notes, trial: Trial) -> Any:
    return service.speak("doctor", SENTENCE, notes)


_KINDS: dict[str, tuple[Callable[..., Any], Callable[[Any, _Notes, Trial], Any]]] = {
    "asr": (registry.make_asr, _hear),
    "llm": (registry.make_llm, _answer),
    "tts": (registry.make_tts, _speak),
}


class _Notes:
    """A listener of all three contracts that notes what came when, and how it ended."""

    def __init__(self, clock: Clock) -> None:
        self.error: ProviderError | None = None
        self.over = threading.Event()
        self.pcm = bytearray()
        self.spoken = 0.0
        """When a recogniser had been fed the last of the speech."""
        self._texts: list[str] = []
        self._clock = clock
        self._began = clock.now()
        self._at: dict[str, float] = {}

    def said(self) -> str:
        return "".join(self._texts)

    def ms(self) -> dict[str, float]:
        found = {name: (at - self._began) * 1000 for name, at in self._at.items() if name != "last"}
        if "last" in self._at:
            found["last"] = (self._at["last"] - (self.spoken or self._began)) * 1000
        return found

    def _came(self, name: str) -> None:
        self._at.setdefault(name, self._clock.now())

    def ready(self) -> None:
        self._came("ready")

    def partial(self, transcript: Transcript) -> None:
        self._came("first")

    def final(self, transcript: Transcript) -> None:
        self._came("first")
        self._at["last"] = self._clock.now()
        self._texts.append(transcript.text)

    def token(self, text: str) -> None:
        self._came("first")
        self._texts.append(text)

    def audio(self, pcm: bytes) -> None:
        self._came("first")
        self.pcm += pcm

    def mark(self, mark: Mark) -> None:
        pass

    def finished(self, completion: Completion | None = None) -> None:
        if not self.spoken:
            self._came("last")
        self.over.set()

    def failed(self, error: ProviderError) -> None:
        self.error = error
        self.over.set()
