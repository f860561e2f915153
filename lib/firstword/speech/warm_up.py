"""Has phrases synthesised before anybody needs them. For `kept`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from ..clock import Clock
from ..errors import ProviderError, one_line
from ..threads import join, spawn
from .sounds import Memory, Sound, Tape
from .tts import Mark, Synthesiser

log = logging.getLogger("firstword.speech")


class Room(Protocol):
    """Where sessions are counted."""

    def take(self) -> Left | None:
        """A session is begun. None if there is no room for one."""


class Left(Protocol):
    def leave(self) -> None:
        """It is over."""


class _Any:
    """Room for any number."""

    def take(self) -> _Any:
        return self

    def leave(self) -> None: ...


ANY = _Any()
PHRASE_S = 30.0
"""How long one phrase may take. The service's own bounds end it earlier."""
FAILURES = 2
"""So many phrases in a row that fail end it: it is the service that fails, not the phrase."""
CLOSE_S = 1.0


class WarmUp:
    """Fills `memory` with `phrases`, one after the other on a thread of its own. Any thread may call any method; none but `end` waits.

    What can not be had is logged in one line, once, until all could be had again.
    """

    def __init__(
        self, synthesiser: Synthesiser, phrases: Sequence[str], memory: Memory, clock: Clock, room: Room = ANY
    ) -> None:
        self._synthesiser = synthesiser
        self._phrases = phrases
        self._memory = memory
        self._clock = clock
        self._room = room
        self._lock = threading.Lock()  # _thread, _closed
        self._thread: threading.Thread | None = None
        self._wanted = False  # somebody has asked for it, and there is room
        self._closed = False
        self._wake = threading.Event()  # a phrase is over, or all is
        self._complained = False

    def begin(self) -> None:
        """Have all that is missing synthesised."""
        self._wanted = True
        self.again()

    def again(self) -> None:
        """The service was seen to work: the same, if it was begun before."""
        with self._lock:
            if self._wanted and not self._closed and self._thread is None and self._missing():
                self._thread = spawn("phrases", self._run)

    def enough(self) -> None:
        """There is no room for all: from here on what callers are told decides which are kept."""
        if self._wanted:
            self._wanted = False
            name, bound_kb = self._synthesiser.name, self._memory.bound_bytes >> 10
            log.warning("%s: the phrases need more than %d KB, so some are synthesised each time", name, bound_kb)

    def end(self) -> None:
        """Stop. Waits at most `CLOSE_S` for the thread; idempotent."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            join([thread], CLOSE_S, self._clock)

    # -- its thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._fill()
        finally:
            with self._lock:
                self._thread = None

    def _fill(self) -> None:
        errors: list[ProviderError] = []
        in_a_row = 0
        for text in self._missing():
            error = self._speak(text)
            if self._closed or not self._wanted:
                return
            if error is None:
                in_a_row = 0
                continue
            errors.append(error)
            in_a_row += 1
            if in_a_row == FAILURES:
                break
        self._report(errors)

    def _speak(self, text: str) -> ProviderError | None:
        """Have `text` spoken to nobody. Returns what went wrong."""
        self._wake.clear()
        if self._closed:  # asked after the clearing: whoever closes wakes afterwards
            return None
        session = self._room.take()
        if session is None:
            return ProviderError("callers have all its sessions", provider=self._synthesiser.name, kind="throttled")
        nobody = _Nobody(self._wake)
        try:
            synthesis = self._synthesiser.speak("phrases", text, Tape(nobody, lambda sound: self._keep(text, sound)))
            ended = self._clock.wait(self._wake, PHRASE_S)
            synthesis.cancel()
        except (OSError, RuntimeError) as error:  # this machine has no descriptor or thread left
            return ProviderError(one_line(error), provider=self._synthesiser.name, retry=True, kind="ours")
        finally:
            session.leave()
        if not ended:
            return ProviderError(f"not finished within {PHRASE_S:g} s", provider=self._synthesiser.name, retry=True)
        return nobody.error

    def _keep(self, text: str, sound: Sound) -> None:
        if not self._memory.add(text, sound):
            self.enough()

    def _report(self, errors: list[ProviderError]) -> None:
        name, missing = self._synthesiser.name, len(self._missing())
        if not missing:
            self._complained = False
            log.info("%s: %d phrases are kept, %d KB", name, len(self._memory), self._memory.bytes >> 10)
            return
        level = logging.DEBUG if self._complained else logging.WARNING
        self._complained = True
        why = errors[0] if errors else "the service had nothing to say"
        log.log(level, "%s: %d of %d phrases could not be prepared: %s", name, missing, len(self._phrases), why)

    def _missing(self) -> list[str]:
        return [text for text in self._phrases if text not in self._memory]


class _Nobody:
    """Listens to a phrase that is spoken to nobody: only its end matters."""

    def __init__(self, over: threading.Event) -> None:
        self.error: ProviderError | None = None
        self._over = over

    def audio(self, pcm: bytes) -> None: ...

    def mark(self, mark: Mark) -> None: ...

    def finished(self) -> None:
        self._over.set()

    def failed(self, error: ProviderError) -> None:
        self.error = error
        self._over.set()
