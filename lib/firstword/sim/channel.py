"""One simulated channel: its flags, its variables, its media bugs, and the tick that drives them.

Whoever runs media on the channel (streamFile, sleep, playback: always the session thread) calls `tick` in a loop. A
tick waits for its absolute moment, so there is no drift; then the caller's frame goes through the bugs, and what the
bugs make of silence goes to the caller.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..clock import SYSTEM, Clock
from .bugs import Bug, Displace, Record, suffix_rate
from .line import FRAMES_PER_SECOND, Line

TICK = 1 / FRAMES_PER_SECOND
GRID = TICK / 4
"""Ticks begin at multiples of this: the switch's timer wakes all channels of one phase at once, and so does `ticker.Ticker`."""
LATE = 3 * TICK
"""A tick later than this is not made up for: the real channel had one RTP gap after a stall, and no burst behind
it."""


class Driver(Protocol):
    """Who ticks channels on behalf of their session threads."""

    def ride(self, channel: Channel, ticks: int | None) -> int:
        """See `ticker.Ticker.ride`."""


class Channel:
    """The state of one call in the switch.

    `hang_up`, `transfer`, `press` and `break_off` may come from any thread; they only leave a mark, which the session
    thread finds at its next tick. So a session thread that is stuck in a read or in an open does not notice them:
    neither does the real one.
    """

    def __init__(
        self,
        uuid: str,
        line: Line,
        clock: Clock = SYSTEM,
        console: Callable[[str, str], None] = lambda level, text: None,
        driver: Driver | None = None,
    ) -> None:
        self.uuid = uuid
        self.clock = clock
        self.line = line
        self.rate = line.rate
        self.variables: dict[str, str] = {"uuid": uuid, "channel_name": f"sim/{uuid}", "read_rate": str(self.rate)}
        self.answered = False
        """Media can flow."""
        self.early = False
        """It flows, and the call is not answered."""
        self.cause = ""
        """Why it was hung up, or ""."""
        self.transferred = ""
        """Where it was transferred to, or ""."""
        self.broken = False
        """CF_BREAK: what plays ends at its next frame; it stays set until something that plays finds it."""
        self.keys: deque[str] = deque()
        self.keys_sent = ""
        """Which the switch was asked to send."""
        self.bugs: list[Bug] = []
        self.waiting_for = ""
        """The FIFO whose other end the session thread waits for, while it opens or reads it."""
        self._console = console
        self._driver = driver
        self._due = 0.0

    # Any thread.

    @property
    def ready(self) -> bool:
        return not self.cause and not self.transferred

    def answer(self, early: bool = False) -> bool:
        """Answer, or only open the media. Returns False if the channel is gone."""
        self.early = early and (self.early or not self.answered)
        if not self.cause and not self.answered:
            self.answered = True
            self._due = math.ceil(self.clock.now() / GRID) * GRID + TICK
        return not self.cause

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """The channel ends, whoever asked for it."""
        if not self.cause:
            self.cause = cause or "NORMAL_CLEARING"
            self.variables["hangup_cause"] = self.cause
            self.line.end()

    def transfer(self, extension: str) -> None:
        """``uuid_transfer``: the application that runs is over, the caller stays."""
        if self.ready:
            self.transferred = extension

    def press(self, key: str) -> None:
        """The caller presses a key."""
        self.keys.append(key)

    def break_off(self) -> None:
        """``uuid_break``."""
        self.broken = True

    def console(self, level: str, text: str) -> None:
        """A line of this channel in the switch's log."""
        self._console(level, f"{self.uuid} {text}")

    def err(self, text: str) -> None:
        self.console("err", text)

    def ride(self, ticks: int | None) -> int:
        """Have at most `ticks` ticks done by somebody else. Returns how many were; 0 if this thread must do the next one. Session
        thread."""
        return self._driver.ride(self, ticks) if self._driver is not None else 0

    # The session thread, or the driver that it has left the channel to.

    @property
    def due(self) -> float:
        """When the next tick is due, in the clock's seconds."""
        return self._due

    @property
    def wanted(self) -> bool:
        """Whether there is something to do for the session thread that is no tick."""
        return bool(self.cause or self.transferred or self.broken or self.keys)

    @property
    def flows(self) -> bool:
        """Whether a tick now would wait for nothing but its moment."""
        for bug in self.bugs:  # noqa: SIM110 - a generator is half of the cost of the tick's look
            if not bug.flows:
                return False
        return True

    def tick(self) -> None:
        """One frame each way. Returns when it is done: at its moment, or later if a bug had to wait."""
        clock, line, due = self.clock, self.line, self._due
        clock.sleep(due - clock.now())
        caller, bot = line.take(), line.silence
        bugs = self.bugs
        for bug in bugs:
            if type(bug) is Displace and not bug.mixed:
                caller = b"\xff" * len(caller)  # what the switch fills the caller's frame with
        for bug in tuple(bugs):
            self.waiting_for = bug.target
            changed = bug.frame(caller, bot)
            self.waiting_for = ""
            if changed is None:
                self.remove(bug)
            else:
                bot = changed
        now = clock.now()
        if now - due > LATE:
            missed = int((now - due) / TICK)
            line.miss(missed)
            due += missed * TICK
        self._due = due + TICK
        line.hear(bot, now)

    def displace(self, path: str, flags: str) -> None:
        """``displace_session``; waits for a FIFO's writer."""
        if self._media(path):
            self._add(path, lambda: Displace(path, "m" in flags, self.line.frame_bytes), first="f" in flags)

    def record(self, path: str) -> None:
        """``record_session``; waits for a FIFO's reader."""
        if self._media(path):
            self._add(path, lambda: Record(path, self.rate, dict(self.variables), self.uuid))

    def stop(self, function: str, path: str) -> None:
        """``stop_displace_session`` and ``stop_record_session``; PATH or ``all``."""
        for bug in tuple(self.bugs):
            if bug.function == function and path in (bug.target, "all"):
                self.remove(bug)

    def remove(self, bug: Bug) -> None:
        """Close a bug, which closes its file."""
        self.bugs.remove(bug)
        bug.close()
        if isinstance(bug, Record) and bug.discarded:
            self.variables["RECORD_DISCARDED"] = "true"

    def close(self) -> None:
        """The channel is destroyed: FIFOs get their end only now."""
        for bug in tuple(self.bugs):
            self.remove(bug)
        self.line.end()

    def _media(self, path: str) -> bool:
        rate = suffix_rate(path)
        if not self.answered:
            self.err(f"media not enabled on channel, {path} refused")
        elif any(bug.target == path for bug in self.bugs):
            self.err(f"only 1 of the same file per channel please! ({path})")
        elif rate not in (None, self.rate):
            self.err(f"{path} on a channel of {self.rate} Hz: the simulated switch does not resample")
        else:
            return True
        return False

    def _add(self, path: str, make: Callable[[], Bug], *, first: bool = False) -> None:
        """Every bug sees what those before it in the list have made of the frame."""
        self.waiting_for = path
        try:
            self.bugs.insert(0 if first else len(self.bugs), make())
        except OSError as error:
            self.err(f"can not open {path}: {error.strerror}")
        finally:
            self.waiting_for = ""


_numbers = itertools.count(1)


def new_uuid() -> str:
    """A name of the shape FreeSWITCH gives, unique in this process and telling in a log."""
    return f"00000000-0000-4000-8000-{next(_numbers):012d}"
