"""The audio of one call: two FIFOs, the ears on one and the playout on the other.

Two locks. `_lock` guards the ends and the playout; it is held for microseconds and never while anything is called. `_serving` is held while
the media clock serves the line, its listener's methods included; it is what `Line.close` waits for, so that afterwards the listener is
left alone.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..clock import Clock
from ..errors import HostError, one_line
from ..events import Edge
from . import fifo
from .ears import Ears
from .echo import Echo
from .lately import Level
from .line_ends import FRAME_S, Hearing, Speaking
from .pcm import frame_bytes

log = logging.getLogger("firstword.audio")

GONE_S = 2.0
"""How long the switch may have left an end before the line counts as broken. After a hang-up it leaves both, and the call closes the
line within milliseconds: that is no fault."""
RESCUE_S = 0.05
"""How long `Line.rescue` holds the ends open for an open() of the switch that is under way."""


class LineListener(Protocol):
    """What a call is told by its line, on the media clock's thread. Each method must return at once: every call waits for it.

    An exception ends this line only: it is logged and counted, and `line_broke` follows.
    """

    def caller_audio(self, pcm: bytes) -> None:
        """What the caller said since the last tick: whole samples at the line's rate."""

    def caller_edge(self, edge: Edge) -> None:
        """The caller stirred, began or paused; the audio of it has been told."""

    def reply_began(self, reply: int, at: float) -> None:
        """The first frame of `reply` that sounds is the switch's at `at` (the clock's seconds): when it was written, and as many
        frames later as were in the pipe before it."""

    def reply_drained(self, reply: int, empty: bool) -> None:
        """The switch has taken the last frame of `reply`; `empty` if none of it sounded. Not told of one that was silenced."""

    def line_broke(self, why: str) -> None:
        """The line is over, its ends are closed. Nothing follows. Next: `Line.close`."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What a line has done so far. Frames are of 20 ms."""

    frames_out: int
    """Frames that the switch has taken, silence included."""
    reply_frames: int
    """Those that held audio of a reply."""
    underruns: int
    """Gaps inside replies: the synthesiser was not quick enough."""
    late: int
    """How often the pipe was found empty: the clock was not quick enough, and the switch may have waited."""
    frames_in: int
    """Frames of the caller."""
    dropped_in: int
    """Frames of the caller that the switch could not hand over: the pipe was full, after the clock had stalled for four seconds."""


class Line:
    """One call's two FIFOs, served by the media clock. Made by `media_clock.MediaClock.open`.

    Any thread may call any public method; none waits but `close` and `rescue`. Next: have the switch open both paths; `close` at the end,
    whatever happened.
    """

    def __init__(
        self,
        call: str,
        folder: Path,
        rate: int,
        ears: Ears,
        startup_ms: int,
        depth_frames: int,
        listener: LineListener,
        clock: Clock,
        echo: Echo | None = None,
    ) -> None:
        suffix = f".r{rate // 1000}"
        self.call = call
        self.rate = rate
        self._frame_bytes = frame_bytes(rate)
        self._silence = bytes(self._frame_bytes)
        self.caller_path = folder / f"{call}-caller{suffix}"
        """The switch writes the caller's audio here."""
        self.bot_path = folder / f"{call}-bot{suffix}"
        """The switch reads ours here."""
        self._clock = clock
        self._listener = listener
        self._echo = echo
        self._less = b""  # than a frame of the caller's, where an echo is looked for
        self._serving = threading.RLock()
        self._lock = threading.Lock()
        self._hearing = Hearing(self.caller_path, ears)
        try:
            self._speaking = Speaking(self.bot_path, rate, startup_ms, depth_frames, clock, echo is not None)
        except HostError:
            self._hearing.close()
            fifo.unlink(self.caller_path)
            raise
        self.rests = False
        """For the clock: a frame came at the last tick, so none will at the next: they do every other tick. One that comes there is fetched
        10 ms later."""
        self._over = False  # closed, broken or rescued: the clock passes by
        self._gone_since: float | None = None
        self.on_close: Callable[[Line], None] = lambda line: None
        """For the clock: forget this line."""

    # -- any thread: replies -----------------------------------------------------------------------------------------

    def begin(self, reply: int, held: bool = False) -> None:
        """Reply number `reply` is coming; the one before is silenced. `held`: nothing of it is heard before `resume`. Raises ValueError
        unless the numbers grow."""
        with self._lock:
            self._speaking.begin(reply, held)

    def hold(self, reply: int) -> bool:
        """The next frame that the switch takes is silence, and so on until `resume`; what comes of `reply` waits. Returns whether there is
        something to hold: not if it is not the current one, or was heard to its end."""
        with self._lock:
            return not self._over and self._speaking.hold(reply)

    def resume(self, reply: int) -> None:
        """`reply`, which was held, goes on; if some of it was heard, a syllable earlier than where it was held."""
        with self._lock:
            if not self._over:
                self._speaking.resume(reply)

    def prelude(self, reply: int, pcm: bytes) -> bool:
        """Say `pcm`, whole samples at `rate`, before `reply`, or in a silence in the middle of it. Returns False if it was dropped:
        something of the reply is to be heard."""
        with self._lock:
            return not self._over and self._speaking.prelude(reply, pcm)

    def write(self, reply: int, pcm: bytes) -> bool:
        """Add audio, whole samples at `rate`. Returns False if it was dropped: the reply is not the current one, or is over."""
        with self._lock:
            return not self._over and self._speaking.write(reply, pcm)

    def end(self, reply: int) -> None:
        """No more audio for `reply`. Next: `reply_drained`, once the switch has taken what waits."""
        with self._lock:
            self._speaking.end(reply)

    def silence(self, reply: int) -> None:
        """Drop the rest of `reply`, out of the pipe too: the next frame that the switch takes is silence. Nothing happens if it is not the
        current one."""
        with self._lock:
            self._speaking.silence(reply)

    def retract(self, reply: int, audio_ms: float) -> float:
        """What lies after `audio_ms` of the audio of `reply`, and was not taken by the switch, is not to be heard; what is written next
        follows there. Returns where its audio ends now: at `audio_ms`, or later, where the switch had taken more."""
        with self._lock:
            return self._speaking.retract(reply, audio_ms)

    def heard_ms(self, reply: int) -> float:
        """How much of the audio of `reply` the switch has taken. 0 for one unknown."""
        with self._lock:
            return self._speaking.heard_ms(reply)

    @property
    def last_frame_at(self) -> float:
        """When the switch was seen to have taken the latest frame that holds audio of a reply, in the clock's seconds; 0 if none was."""
        return self._speaking.last_frame_at

    def waiting_ms(self) -> float:
        """How much of the current reply's audio waits, here and in the pipe."""
        with self._lock:
            return self._speaking.waiting_ms()

    @property
    def counters(self) -> Counters:
        """What happened so far."""
        with self._lock:
            speaking, hearing = self._speaking, self._hearing
            frame = self._frame_bytes
            return Counters(
                frames_out=speaking.frames,
                reply_frames=speaking.reply_frames,
                underruns=speaking.playout.underruns,
                late=speaking.late,
                frames_in=hearing.bytes // frame,
                dropped_in=hearing.dropped_bytes // frame,
            )

    def levels(self) -> tuple[Level, Level]:
        """How loud the caller and the bot were of late."""
        now = self._clock.now()
        return self._hearing.lately.level(now), self._speaking.lately.level(now)

    @property
    def ears(self) -> Ears:
        """What judges the caller. The media clock's: others only read its counters."""
        return self._hearing.ears

    # -- any thread: the end -----------------------------------------------------------------------------------------

    def close(self, seconds: float = 1.0) -> None:
        """End the line: both ends closed, both names removed, the listener left alone from here on.

        Waits at most `seconds` for a listener's method that is under way; one that hangs is left behind with an error in the log. May be
        called from inside one. Idempotent.
        """
        self._over = True
        served = self._serving.acquire(timeout=self._clock.real(seconds))
        try:
            if not served:
                log.error("%s: the media clock did not let go within %.1f s", self.call, seconds)
            self._shut()
        finally:
            if served:
                self._serving.release()
        for path in (self.caller_path, self.bot_path):
            try:
                fifo.unlink(path)
            except HostError as error:
                log.warning("%s: %s", self.call, one_line(error))
        self.on_close(self)

    def rescue(self) -> None:
        """Let the switch go where the clock can not: no open() or read() of the switch on these names hangs afterwards.

        An open() waits for the other end. So both ends are opened, the names removed (whoever comes later finds none), and, when
        an open() under way has had `RESCUE_S`, closed: a read() sees the end. Takes that long. Next: `close`.
        """
        self._over = True
        self._shut()
        ends = []
        for path in (self.caller_path, self.bot_path):
            try:
                ends.append(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
                fifo.unlink(path)
            except (OSError, HostError) as error:
                log.warning("%s: nothing to rescue at %s: %s", self.call, path.name, one_line(error))
        self._clock.sleep(self._clock.speed * RESCUE_S)
        for fd in ends:
            os.close(fd)

    def _shut(self) -> None:
        with self._lock:
            self._hearing.close()
            self._speaking.close()

    # -- the media clock's thread ------------------------------------------------------------------------------------

    def serve(self, now: float) -> bool:
        """One tick. Returns False if the line broke. Only the media clock calls it."""
        with self._serving:
            if self._over:
                return True
            try:
                self.rests = self._hear(now) == self._frame_bytes
                if now >= self._speaking.due:
                    self._speak()
                self._look_for_the_switch(now)
            except Exception as error:  # the door between a call and the clock of all calls
                log.exception("%s: the line broke", self.call)
                self.break_off(one_line(error))
                return False
            return True

    def break_off(self, why: str) -> None:
        """End the line by a fault, and tell the call. Only the media clock calls it."""
        with self._serving:
            if self._over:
                return
            self._over = True
            with self._lock:
                unopened = self._speaking.unopened
            if unopened:
                self.rescue()  # the switch may be waiting in open() for us
            self._shut()
            try:
                self._listener.line_broke(why)
            except Exception:
                log.exception("%s: and its call did not want to know", self.call)

    def _hear(self, now: float) -> int:
        """Returns how many bytes came."""
        ours: list[tuple[bytes, float]] = []
        with self._lock:
            pcm = self._hearing.read(now)
            if pcm and self._echo is not None:
                self._speaking.look()
                ours += self._speaking.taken
                self._speaking.taken.clear()
        if not pcm:
            return 0
        if self._echo is None:
            self._heard(pcm, now)
        else:
            for frame, at in ours:
                self._echo.played(frame, at)
            self._tell_apart(self._echo, pcm, now)
        return len(pcm)

    def _tell_apart(self, echo: Echo, pcm: bytes, now: float) -> None:
        """The caller's frames of `pcm`, which arrived at `now`, and those that are nothing but our own voice come back."""
        pcm = self._less + pcm if self._less else pcm
        size = self._frame_bytes
        whole = len(pcm) // size * size
        self._less = pcm[whole:]
        for at in range(0, whole, size):
            frame = pcm[at : at + size]
            arrived = now - (whole - at - size) // size * FRAME_S
            self._heard(frame, arrived, echo.is_echo(frame, arrived))

    def _heard(self, pcm: bytes, at: float, echo: bool = False) -> None:
        """The recogniser gets silence for an echo, so that its times stay right; the judge of speech is not asked."""
        self._listener.caller_audio(self._silence if echo else pcm)
        for edge in self._hearing.ears.feed(pcm, at, echo):
            self._listener.caller_edge(edge)

    def _speak(self) -> None:
        with self._lock:
            self._speaking.fill()
            began, drained = self._speaking.news()
            reply, sounded = self._speaking.playout.reply, self._speaking.playout.sounded
        if began is not None:
            self._listener.reply_began(reply, began)
        if drained:
            self._listener.reply_drained(reply, not sounded)

    def _look_for_the_switch(self, now: float) -> None:
        gone = fifo.State.GONE
        if self._hearing.state is not gone and self._speaking.state is not gone:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since > GONE_S:
            raise HostError("the switch has left the call's audio; did another application stop it?")
