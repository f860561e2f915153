"""Tells a call while it runs: what the caller does, what was understood, what the bot says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType

from ..call.call import Call
from ..call.record import TurnRecord
from ..clock import SYSTEM, Clock
from ..errors import ConfigError
from ..host import service
from ..threads import join, spawn

LOOK_S = 0.05
"""How often the running call is looked at: its record is a plain value that its own threads write."""


class Watch:
    """Looks at the calls of this process on a thread of its own while the context lasts.

    Args:
        say: takes a line. Called from two threads, one at a time.
        sentences: what is said in a recording, by its name.
    """

    def __init__(self, say: Callable[[str], None], sentences: Mapping[str, str], clock: Clock = SYSTEM) -> None:
        self._say = say
        self._sentences = sentences
        self._clock = clock
        self._begun = clock.now()
        self._saying = threading.Lock()
        self._told: dict[TurnRecord, int] = {}  # by turn or phrase: the stage that was told last
        self._seen: dict[str, Call] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        self._begun = self._clock.now()
        self._thread = spawn("demo-watch", self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            join([self._thread], 2.0)
        for call in self._seen.values():  # what was written down when the call ended
            self._look(call)

    def step(self, text: str) -> None:
        """A step of the caller's script begins. The caller's thread."""
        kind, _, what = text.partition(": ")
        if kind in ("say", "play"):
            self._tell("caller", self._sentences.get(what, what))
        elif kind == "key":
            self._tell("caller", f"presses {what}")

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                calls = service.current().calls()
            except ConfigError:
                return  # the call itself will say it
            self._seen |= calls
            for call in calls.values():
                self._look(call)
            self._clock.wait(self._over, LOOK_S)

    def _look(self, call: Call) -> None:
        for entry in (*call.record.phrases, *call.record.turns):
            self._follow(entry, asked=entry in call.record.turns)

    def _follow(self, entry: TurnRecord, asked: bool) -> None:
        """Tell what is new of one turn, or of a phrase of the bot's own (not `asked` for): it passes through three stages."""
        stage = self._told.get(entry, 0)
        if stage == 0:
            if asked:
                self._tell("heard as", entry.caller)
            stage = 1
        if stage == 1 and "first_word" in entry.at:
            self._tell("bot", f"first word after {entry.ms()['first_word']:.0f} ms" if asked else "speaks")
            stage = 2
        if stage == 2 and entry.heard:
            self._tell("bot", entry.heard + (" ... stops: the caller interrupts" if entry.interrupted else ""))
            stage = 3
        self._told[entry] = stage

    def _tell(self, who: str, what: str) -> None:
        with self._saying:
            self._say(f"  {self._clock.now() - self._begun:6.2f} s  {who:<9} {what}")
