"""A listener that notices what a service does wrong: for `conform`, and for tests of your own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..errors import ProviderError
from .asr import Transcript
from .llm import Completion
from .tts import Mark


class Watch:
    """A listener of all three kinds that writes down what it is told, and whether that was done properly. Any thread may read it."""

    def __init__(self, hook: Callable[[Watch, int], None] | None = None) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self.over = threading.Event()
        self.began = threading.Event()
        self.wrong = ""
        self._hook = hook
        self._busy = threading.Lock()
        self._owner = 0
        self._cancelled = False

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def cancelled(self) -> None:
        """``cancel`` has returned: nothing may come any more."""
        self._cancelled = True
        self.began.set()

    def judge(self) -> None:
        """Raises AssertionError with what was noticed first, if anything was."""
        assert not self.wrong, self.wrong

    def _note(self, name: str, *args: Any) -> None:
        if not self._busy.acquire(blocking=False):
            if not self._mine():
                self._blame(f"{name} was called while another method of the listener was at work")
            return
        try:
            self._owner = threading.get_ident()
            if self._cancelled:
                self._blame(f"{name} was called after cancel had returned")
            elif self.over.is_set():
                self._blame(f"{name} was called after {self.events[-1][0]}")
            self.events.append((name, args))
            if self._hook is not None:
                self._hook(self, len(self.events))
            self.began.set()
            if name in ("finished", "failed"):
                self.over.set()
        finally:
            self._owner = 0
            self._busy.release()

    def _mine(self) -> bool:
        if self._owner == threading.get_ident():
            self._blame("a method of the listener was called from inside another one")
            return True
        return False

    def _blame(self, sentence: str) -> None:
        self.wrong = self.wrong or sentence

    def ready(self) -> None:
        self._note("ready")

    def partial(self, transcript: Transcript) -> None:
        self._note("partial", transcript)

    def final(self, transcript: Transcript) -> None:
        self._note("final", transcript)

    def token(self, text: str) -> None:
        self._note("token", text)

    def audio(self, pcm: bytes) -> None:
        self._note("audio", pcm)

    def mark(self, mark: Mark) -> None:
        self._note("mark", mark)

    def finished(self, *completion: Completion) -> None:
        self._note("finished", *completion)

    def failed(self, error: ProviderError) -> None:
        self._note("failed", error)
