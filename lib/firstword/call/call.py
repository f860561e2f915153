"""One call: a session thread that is only a door, a call thread that runs the turn machine, and what both own.

Audio does not come through here: the media clock feeds the recogniser and pulls from the playout, the synthesiser's thread writes into
it. What comes through is edges, by `post`, from any thread into one inbox; what goes out is commands, carried out in order.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import commands as cmd
from .. import events as ev
from ..audio import vad
from ..audio.ears import Ears
from ..audio.echo import Echo
from ..audio.media_clock import Line, MediaClock
from ..audio.pcm import FRAME_MS
from ..clock import SYSTEM, Clock
from ..errors import FirstwordError, HostError, one_line
from ..host.api import Host
from ..speech.asr import Recogniser
from ..speech.fallback.usage import Usage
from ..speech.llm import Message, Model
from ..speech.tts import Synthesiser
from ..threads import Inbox, join, spawn
from ..turn import State, Turn
from . import announce
from .doing import Doing, Told, ToolAnswered, ToolsWanted
from .ears import Listening
from .history import History, tokens_of
from .profile import Profile
from .record import CallRecord, TurnRecord
from .reply import Reply
from .summary import Summarised, Summary
from .timers import Timers
from .tools import Errands, Toolbox

log = logging.getLogger("firstword.call")

INBOX_BOUND = 1000
"""Events. A call makes some ten a second; a thousand waiting means that its thread is stuck, and `post` says so."""
LONGEST_WAIT_S = 0.5
"""How long the call thread sleeps at most: it looks after the media clock's health in between."""
CLOSE_S = 3.0
"""How long everything of a call may take to end, once it is over."""


@dataclass(frozen=True)
class Services:
    """The three services of a call, and which of the profile's they turned out to be."""

    asr: Recogniser
    llm: Model
    tts: Synthesiser
    usage: Usage = field(default_factory=Usage)


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
        self._history = History(
            profile.system,
            profile.history_turns,
            tokens=profile.history_tokens,
            tools_tokens=tokens_of(toolbox.tools),
            mark=profile.interruption_mark,
            dropped=self._dropped,
        )
        self._summary = Summary(self.label, services.llm, profile.history_summary, self.post)
        self._doing = Doing(self.label, host, profile, toolbox, errands, self.post, self.turn.collect, clock)
        self._wanted: ToolsWanted | None = (
            None  # by a reply that is thought ahead or overtaken: not before it is released
        )
        self._listening = Listening(self.label, services.asr, profile.rate, self.post)
        self._reply: Reply | None = None
        self._spoke_at = 0.0  # when the caller last began to speak
        self._overtaken: TurnRecord | None = None  # a turn whose reply was silenced before it was audible
        self._announced = 0  # how many turns the switch's listeners know of
        self._line: Line | None = None

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
        current = self._reply
        if current is not None and current.number == reply:
            current.record.mark("first_word", at)
        self.post(ev.ReplyBegan(reply))

    def reply_drained(self, reply: int, empty: bool) -> None:
        current = self._reply
        if current is None or current.number != reply:
            return
        if current.error is not None:
            self.post(ev.ReplyFailed(reply, current.error))
        else:
            self.post(ev.ReplyDrained(reply, empty, current.text, self._doing.then))

    def line_broke(self, why: str) -> None:
        self.post(ev.Broke(why))

    # -- the call thread ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        outcome = None
        try:
            while outcome is None:
                outcome = self._step()
        except Exception as error:  # the door of the call thread: a fault of ours ends this call, not the process
            log.exception("%s: the call broke", self.label)
            outcome = cmd.Finish("error", "error", one_line(error))
        finally:
            self._conclude(outcome or cmd.Finish("error", "error", "the call thread ended early"))

    def _step(self) -> cmd.Finish | None:
        now = self._clock.now()
        event: ev.Event | Told | Summarised | None = self._timers.due(now)
        if event is None:
            look_s = self._reply.look(now) if self._reply is not None else LONGEST_WAIT_S
            event = self._inbox.get(min(LONGEST_WAIT_S, self._timers.wait(now), look_s))
            now = self._clock.now()
        if event is None:
            if self._media.alive(now):
                return None
            if self._line is not None:
                self._line.rescue()  # or the switch waits in open() or read() of a FIFO for ever
            event = ev.Broke("the media clock has stopped")
        if isinstance(event, ToolsWanted | ToolAnswered):
            self._do(event)
            return None
        if isinstance(event, Summarised):
            self._history.summarised(self._summary.take(event))
            return None
        if (
            isinstance(event, ev.ReplyDrained | ev.ReplyFailed)
            and self._reply is not None
            and self._reply.number == event.reply
        ):
            self._end_reply(interrupted=False)  # it is over, whatever the turn makes of it
        if isinstance(event, ev.CallerStirred):
            self._spoke_at = event.at
            self._services.tts.expect(self.label)  # a reply is near: it shall wait for no handshake
        before = self.turn.state
        orders = self.turn.handle(event, now)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s: %s --%s--> %s %s", self.label, before.name, event, self.turn.state.name, orders)
        for order in orders:
            if isinstance(order, cmd.Finish):
                return order
            self._carry_out(order, now)
        self._announce_turns()
        return None

    def _announce_turns(self) -> None:
        """Tell the switch's listeners of each turn that is over. One that was overtaken is not: its words may come again in the next."""
        turns = self.record.turns
        while self._announced < len(turns):
            turn = turns[self._announced]
            if turn is self._overtaken or (self._reply is not None and turn is self._reply.record):
                return
            self._announced += 1
            announce.turn_over(self.host, self.record, self._announced)

    def _carry_out(self, order: cmd.Command, now: float) -> None:
        match order:
            case cmd.Listen():
                self._listening.start()
                self._services.tts.expect(self.label)  # the greeting may be from memory; the first reply is not
            case cmd.Think():
                self._think(order)
            case cmd.Release():
                self._release(order)
            case cmd.Hold():
                self._of(order).hold()
            case cmd.Resume():
                self._of(order).release()
            case cmd.Fill():
                self._fill(order, now)
            case cmd.Say():
                self._say(order, now)
            case cmd.Silence():
                self._silence()
            case cmd.StartTimer():
                self._timers.start(order.name, now + order.ms / 1000)
            case cmd.StopTimer():
                self._timers.stop(order.name)
            case _:
                raise AssertionError(f"unexpected command {order}: Finish ends the loop, the others stand above")

    def _think(self, order: cmd.Think) -> None:
        record = TurnRecord(0.0, order.text)
        reply = self._begin(order.reply, record, held=True)
        self._doing.begin_turn()
        reply.think(
            self._services.llm,
            self._history.if_asked(order.text),
            self._doing.offered,
            lambda number, calls: self.post(ToolsWanted(number, calls)),
        )

    def _release(self, order: cmd.Release) -> None:
        reply = self._of(order)
        record = reply.record
        if self._overtaken is not None and self._overtaken is not record:
            self.record.turns.remove(self._overtaken)  # its words are in this one: one turn of the caller, one entry
        self._overtaken = None
        if reply.released_at is None:  # else it was overtaken by a sound, and is asked already
            self._history.ask(order.text)
        record.last_speech, record.caller = order.last_speech, order.text
        record.at |= {"endpoint": order.endpoint, "final": order.final}
        if record not in self.record.turns:
            self.record.turns.append(record)
        reply.release()
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._do(wanted)

    def _fill(self, order: cmd.Fill, now: float) -> None:
        heard_in_ms = self._heard_in_ms(now)
        if self._doing.waiting and heard_in_ms + self._profile.tool_filler_ms > FRAME_MS:
            self.post(ev.ToolsBegan(order.reply, heard_in_ms))  # the caller hears us, or did a moment ago
        else:
            self._of(order).fill(order.text)

    def _heard_in_ms(self, now: float) -> int:
        """When the caller has heard all of us that is there; in the past if it is negative."""
        assert self._line is not None, "replies begin after the line is open"
        waiting_ms = self._line.waiting_ms()
        return round(waiting_ms if waiting_ms > FRAME_MS else (self._line.last_frame_at - now) * 1000)

    def _do(self, event: Told) -> None:
        """The model wants tools, or one has answered."""
        reply = self._reply
        if reply is None or reply.number != event.reply:
            return
        if isinstance(event, ToolAnswered):
            self._doing.take(event)
        elif reply.released_at is None or self.turn.state in (State.HEARING, State.SETTLING):
            self._wanted = event  # it may not be what they want
            return
        else:
            self._history.called("", event.calls)
            self._doing.begin_round(event)
            if self._doing.waiting:
                self.post(ev.ToolsBegan(event.reply, max(0, self._heard_in_ms(self._clock.now()))))
        answers = self._doing.finished()
        if answers is None:
            return
        self.post(ev.ToolsAnswered(event.reply))
        for call, answer in answers:
            self._history.answered(call.id, answer.text)
        if self._doing.then is not None or self._doing.endless:
            reply.conclude()
        else:
            reply.go_on(self._services.llm, self._history.go_on(), self._doing.offered)

    def _dropped(self, messages: Sequence[Message]) -> None:
        if self._profile.history_summary:
            self._summary.drop(messages)

    def _of(self, order: cmd.Release | cmd.Hold | cmd.Resume | cmd.Fill) -> Reply:
        """The reply that is meant: the machine knows of no other than the current one."""
        assert self._reply is not None and self._reply.number == order.reply, f"{order} of {self._reply}"
        return self._reply

    def _say(self, order: cmd.Say, now: float) -> None:
        self._overtaken = None
        record = TurnRecord(now, "", reply=order.text)
        self.record.phrases.append(record)
        self._begin(order.reply, record).say(order.text)

    def _silence(self) -> None:
        record = self._reply.record if self._reply is not None else None
        self._end_reply(interrupted=True)
        if record is None:
            return
        audible = "first_word" in record.at
        if audible and self._line is not None and self.turn.state is State.HEARING:
            record.barge_in_ms = round(max(0.0, self._line.last_frame_at - self._spoke_at) * 1000, 1)
        if not audible and record in self.record.turns:
            self._overtaken = record

    def _begin(self, number: int, record: TurnRecord, held: bool = False) -> Reply:
        self._end_reply(interrupted=True)
        assert self._line is not None, "replies begin after the line is open"
        self._line.begin(number, held)
        label = f"{self.label}-{number}"
        self._reply = Reply(
            number, label, self._line, self._services.tts, self._clock, record, self._profile.reply_chars, self._profile
        )
        return self._reply

    def _end_reply(self, *, interrupted: bool) -> None:
        """Stop the reply under way, and write down what was heard of it."""
        reply, self._reply = self._reply, None
        if reply is None:
            return
        reply.silence()
        uses = self._doing.cancel()
        self._wanted = None
        self._account(reply)
        record = reply.record
        record.tools = [use.as_dict() for use in uses]
        record.reply, record.heard = reply.text, reply.heard()
        record.interrupted = interrupted and record.heard != record.reply
        self._history.heard(record.heard, record.interrupted)

    def _account(self, reply: Reply) -> None:
        """What the model wrote was of use, or in vain."""
        ahead = self.record.ahead
        if reply.released_at is None:
            ahead.tokens_wasted += reply.tokens
        else:
            ahead.tokens_used += reply.tokens
            ahead.gained_ms += (reply.released_at - reply.begun_at) * 1000

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
        self._summary.close()
        self._end_reply(interrupted=True)
        self._overtaken = None  # nothing follows that could take its words
        self._announce_turns()
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
        self.record.providers |= self._services.usage.providers()
        self.record.switches = self._services.usage.switches()
        self.record.ahead.begun, self.record.ahead.used = self.turn.budget.begun, self.turn.budget.used
        self.record.resumed = self.turn.resumed


def _by(reason: str) -> str:
    return "transfer" if reason == "transfer" else "caller"
