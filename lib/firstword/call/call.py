"""One call: a session thread that is only a door, a call thread that runs the turn machine, and what both own.

Audio does not come through here: the media clock feeds the recogniser and pulls from the playout, the synthesiser's thread writes into
it. What comes through is edges, by `post`, from any thread into one inbox; what goes out is commands, carried out in order.
"""

from __future__ import annotations

import datetime
import logging
from pathlib import Path

from .. import commands as cmd
from .. import events as ev
from ..audio import vad
from ..audio.ears import Ears
from ..audio.echo import Echo
from ..audio.media_clock import Line, MediaClock
from ..clock import SYSTEM, Clock
from ..errors import FirstwordError, HostError, one_line
from ..host.api import Host
from ..threads import Inbox, join, spawn
from ..turn import Turn
from .dialogue import Dialogue, Services
from .doing import Told, ToolAnswered, ToolsWanted
from .ears import Listening
from .profile import Profile
from .record import CallRecord
from .summary import Summarised
from .timers import Timers
from .tools import Errands, Toolbox

log = logging.getLogger("firstword.call")

INBOX_BOUND = 1000
"""Events. A call makes some ten a second; a thousand waiting means that its thread is stuck, and `post` says so."""
LONGEST_WAIT_S = 0.5
"""How long the call thread sleeps at most: it looks after the media clock's health in between."""
CLOSE_S = 3.0
"""How long everything of a call may take to end, once it is over."""


class Call:
    """One call. Made on the session thread. Next: `run`, once.

    Args:
        folder: where its two FIFOs are made.
        toolbox, errands: what the model may do, and what asks services for it.
    """

    def __init__(
        self,
        host: Host,
        profile: Profile,
        services: Services,
        media: MediaClock,
        folder: Path,
        toolbox: Toolbox,
        errands: Errands,
        clock: Clock = SYSTEM,
    ) -> None:
        self.host = host
        self.label = host.uuid[:8]
        self.record = CallRecord(
            call=host.uuid,
            profile=profile.name,
            started=datetime.datetime.now().astimezone(),
            providers={"asr": services.asr.name, "llm": services.llm.name, "tts": services.tts.name},
        )
        self.turn = Turn(profile)
        self._profile = profile
        self._services = services
        self._media = media
        self._folder = folder
        self._clock = clock
        self._inbox: Inbox[ev.Event | Told | Summarised] = Inbox(INBOX_BOUND, clock)
        self._timers = Timers()
        self._listening = Listening(self.label, services.asr, profile.rate, self.post)
        self._toolbox, self._errands = toolbox, errands
        self._line: Line | None = None
        self._dialogue: Dialogue | None = None  # once the line is open

    # -- the session thread ------------------------------------------------------------------------------------------

    def run(self) -> CallRecord:
        """Answer, talk, and come back when the call is over, whatever happens: the record says how. The host's variables are set.

        Only the session thread. Raises nothing of ours: a fault is in the record, for the dialplan to act on.
        """
        started = self._clock.now()
        try:
            if self._profile.early_media:
                self.host.open_early()
            else:
                self.host.answer()
            self.record.answered_at = self._clock.now()
            self.record.answered_ms = (self.record.answered_at - started) * 1000
            self._line = self._open_line()
        except FirstwordError as error:
            if self.host.ready():
                self._conclude(cmd.Finish("error", "error", one_line(error)))
            else:  # who hangs up while it rings is nobody's fault
                self._conclude(cmd.Finish("hangup", "caller"))
        else:
            self._talk(self._line)
        return self.record

    def _open_line(self) -> Line:
        profile = self._profile
        ears = Ears(vad.make(profile.vad, profile.rate), profile.stir_ms, profile.min_speech_ms, profile.pause_ms)
        try:
            echo = Echo(profile.rate, profile.echo_loss_db) if profile.echo else None
            return self._media.open(self.label, self._folder, profile.rate, ears, profile.startup_ms, self, echo)
        except OSError as error:
            raise HostError(f"the audio pipes could not be made in {self._folder}: {error.strerror}") from error

    def _talk(self, line: Line) -> None:
        self._dialogue = Dialogue(
            self.host,
            self._profile,
            self._services,
            self.turn,
            line,
            self.record,
            self._toolbox,
            self._errands,
            self.post,
            self._clock,
        )
        try:
            thread = spawn("call", self._work, self.label)
        except RuntimeError as error:  # the machine has no thread left; the line's FIFOs must not stay
            line.close()
            self._conclude(cmd.Finish("error", "error", one_line(error)))
            return
        try:
            self.host.start_audio(line.caller_path, line.bot_path)
            self.post(ev.Answered())
            self.host.hold(
                on_key=lambda key: self.post(ev.KeyPressed(key)), on_hang_up=lambda by: self.post(ev.HungUp(_by(by)))
            )
            if not self.host.ready():
                self.post(ev.HungUp("caller"))
        except FirstwordError as error:
            self.post(ev.Broke(one_line(error)) if self.host.ready() else ev.HungUp("caller"))
        finally:
            # If hold returned and nobody said why (another application took the channel), that is the end too.
            self.post(ev.Broke("the switch ended the application"))
            if join([thread], CLOSE_S, self._clock):
                self._conclude(cmd.Finish("error", "error", "the call thread would not stop"))
            try:
                self.host.stop_audio()
            finally:
                line.close()  # whatever the switch says: it must find no FIFO open

    # -- any thread --------------------------------------------------------------------------------------------------

    def post(self, event: ev.Event | Told | Summarised) -> bool:
        """Tell the call what happened. Never waits. Returns whether it was taken: not when the call is over."""
        taken = self._inbox.put(event)
        if not taken and not self._inbox.closed:
            log.error("%s: the inbox is full, %s was lost", self.label, type(event).__name__)
        return taken

    @property
    def line(self) -> Line | None:
        """The call's audio, once it was answered: for its counters and levels."""
        return self._line

    def caller_audio(self, pcm: bytes) -> None:
        self._listening.feed(pcm)

    def caller_edge(self, edge: ev.Edge) -> None:
        self.post(edge)

    def reply_began(self, reply: int, at: float) -> None:
        current = self._dialogue.current(reply) if self._dialogue is not None else None
        if current is not None:
            current.record.mark("first_word", at)
        self.post(ev.ReplyBegan(reply))

    def reply_drained(self, reply: int, empty: bool) -> None:
        dialogue = self._dialogue
        current = dialogue.current(reply) if dialogue is not None else None
        if dialogue is None or current is None:
            return
        if current.error is not None:
            self.post(ev.ReplyFailed(reply, current.error))
        else:
            self.post(ev.ReplyDrained(reply, empty, current.text, dialogue.sequel))

    def line_broke(self, why: str) -> None:
        self.post(ev.Broke(why))

    # -- the call thread ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        outcome = None
        assert self._dialogue is not None, "this thread is started after it was made"
        try:
            while outcome is None:
                outcome = self._step(self._dialogue)
        except Exception as error:  # the door of the call thread: a fault of ours ends this call, not the process
            log.exception("%s: the call broke", self.label)
            outcome = cmd.Finish("error", "error", one_line(error))
        finally:
            self._conclude(outcome or cmd.Finish("error", "error", "the call thread ended early"))

    def _step(self, dialogue: Dialogue) -> cmd.Finish | None:
        now = self._clock.now()
        event: ev.Event | Told | Summarised | None = self._timers.due(now)
        if event is None:
            event = self._inbox.get(min(LONGEST_WAIT_S, self._timers.wait(now), dialogue.look(now)))
            now = self._clock.now()
        match event:
            case None:
                return None if self._media.alive(now) else self._handle(dialogue, self._clock_died(), now)
            case ToolsWanted() | ToolAnswered():
                dialogue.told(event)
            case Summarised():
                dialogue.summarised(event)
            case _:
                return self._handle(dialogue, event, now)
        return None

    def _clock_died(self) -> ev.Broke:
        if self._line is not None:
            self._line.rescue()  # or the switch waits in open() or read() of a FIFO for ever
        return ev.Broke("the media clock has stopped")

    def _handle(self, dialogue: Dialogue, event: ev.Event, now: float) -> cmd.Finish | None:
        """Have the machine say what to do about `event`, and do it."""
        if isinstance(event, ev.ReplyDrained | ev.ReplyFailed):
            dialogue.reply_over(event.reply)
        elif isinstance(event, ev.CallerStirred):
            dialogue.caller_began(event.at)
        before = self.turn.state
        orders = self.turn.handle(event, now)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s: %s --%s--> %s %s", self.label, before.name, event, self.turn.state.name, orders)
        for order in orders:
            match order:
                case cmd.Finish():
                    return order
                case cmd.Listen():
                    self._listening.start()
                    self._services.tts.expect(self.label)  # the greeting may be from memory; the first reply is not
                case cmd.StartTimer():
                    self._timers.start(order.name, now + order.ms / 1000)
                case cmd.StopTimer():
                    self._timers.stop(order.name)
                case _:
                    dialogue.carry_out(order)
        dialogue.announce()
        return None

    def _conclude(self, outcome: cmd.Finish) -> None:
        """The call is over: stop everything of ours, let the session thread go, and say how it ended. Once."""
        if self._inbox.closed:
            return
        self._inbox.close()
        self.record.result, self.record.ended_by, self.record.error = outcome.result, outcome.by, outcome.error
        self.record.destination, self.record.summary = outcome.destination, outcome.summary
        try:
            self._stop()
        finally:  # whatever would not stop: the session thread waits for nothing else
            if outcome.hang_up:
                self.host.hang_up()
            self.host.release()

    def _stop(self) -> None:
        """Everything of ours, and write down what it came to."""
        self._listening.stop()
        if self._dialogue is not None:
            self._dialogue.end()
        if self.record.answered_at:
            self.record.lasted_ms = round((self._clock.now() - self.record.answered_at) * 1000, 1)
        if self._line is not None:
            counters = self._line.counters
            self.record.audio = {
                "frames_out": counters.frames_out,
                "underruns": counters.underruns,
                "late": counters.late,
                "dropped_in": counters.dropped_in + self._listening.dropped,
            }


def _by(reason: str) -> str:
    return "transfer" if reason == "transfer" else "caller"
