"""What is said in one call, by both: carries out what the turn machine orders, and writes down what came of it. Call thread.

It owns the reply under way, the model's memory, what the model wants done, and the turns of the call's record. The record knows a reply
by what was heard of it; so does the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .. import commands as cmd
from .. import events as ev
from ..audio.media_clock import Line
from ..audio.pcm import FRAME_MS
from ..clock import Clock
from ..host.api import Host
from ..speech.asr import Recogniser
from ..speech.fallback.usage import Usage
from ..speech.llm import Message, Model
from ..speech.tts import Synthesiser
from ..turn import State, Turn
from . import announce
from .doing import Doing, Told, ToolAnswered, ToolsWanted
from .history import History, tokens_of
from .profile import Profile
from .record import CallRecord, TurnRecord
from .reply import Reply
from .summary import Summarised, Summary
from .tools import Errands, Toolbox


@dataclass(frozen=True)
class Services:
    """The three services of a call, and which of the profile's they turned out to be."""

    asr: Recogniser
    llm: Model
    tts: Synthesiser
    usage: Usage = field(default_factory=Usage)


class Dialogue:
    """Made when the call's line is open. Only the call thread may call, but for `current`, which the media clock asks too.

    Args:
        turn: the machine whose orders these are.
        line: where replies are heard; open until `end` has returned.
        toolbox, errands: what the model may do, and what asks services for it.
        post: takes what the call tells itself.
    Next: `carry_out` each order; `end`, once.
    """

    def __init__(
        self,
        host: Host,
        profile: Profile,
        services: Services,
        turn: Turn,
        line: Line,
        record: CallRecord,
        toolbox: Toolbox,
        errands: Errands,
        post: Callable[[ev.Event | Told | Summarised], object],
        clock: Clock,
    ) -> None:
        self._host = host
        self._profile = profile
        self._services = services
        self._turn = turn
        self._line = line
        self._record = record
        self._post = post
        self._clock = clock
        self._label = host.uuid[:8]
        self._history = History(
            profile.system,
            profile.history_turns,
            tokens=profile.history_tokens,
            tools_tokens=tokens_of(toolbox.tools),
            mark=profile.interruption_mark,
            dropped=self._dropped,
        )
        self._summary = Summary(self._label, services.llm, profile.history_summary, post)
        self._doing = Doing(self._label, host, profile, toolbox, errands, post, turn.collect, clock)
        self._wanted: ToolsWanted | None = (
            None  # of a reply that is thought ahead, overtaken or held: not before it is let go on
        )
        self._reply: Reply | None = None
        self._spoke_at = 0.0  # when the caller last began to speak
        self._overtaken: TurnRecord | None = None  # a turn whose reply ended before it was audible
        self._announced = 0  # how many turns the switch's listeners know of

    def current(self, number: int) -> Reply | None:
        """Reply `number`, if it is the one under way. Any thread."""
        reply = self._reply
        return reply if reply is not None and reply.number == number else None

    @property
    def sequel(self) -> ev.Sequel | None:
        """What follows when the reply under way was heard. Any thread."""
        return self._doing.then

    def look(self, now: float) -> float:
        """Look after the reply under way. Returns in how many seconds to do so again."""
        return self._reply.look(now) if self._reply is not None else math.inf

    def caller_began(self, at: float) -> None:
        """The caller makes a sound: a reply is near, and shall wait for no handshake."""
        self._spoke_at = at
        self._services.tts.expect(self._label)

    def carry_out(self, order: cmd.Command) -> None:
        """Do what the machine ordered of a reply. Orders of anything else are the call's."""
        match order:
            case cmd.Think():
                self._think(order)
            case cmd.Release():
                self._release(order)
            case cmd.Hold():
                self._of(order).hold()
            case cmd.Resume():
                self._of(order).release()
                self._take_up()
            case cmd.Fill():
                self._fill(order)
            case cmd.Say():
                self._say(order)
            case cmd.Silence():
                self._silence()
            case _:
                raise AssertionError(f"{order} is not about a reply")

    def reply_over(self, number: int) -> None:
        """Reply `number` has drained or failed: write it down, whatever the machine makes of it."""
        if self.current(number) is not None:
            self._end_reply(interrupted=False)

    def summarised(self, event: Summarised) -> None:
        """What was dropped from the model's memory has been summed up."""
        self._history.summarised(self._summary.take(event))

    def told(self, event: Told) -> None:
        """The model wants tools, or one has answered."""
        reply = self.current(event.reply)
        if reply is None:
            return
        if isinstance(event, ToolAnswered):
            self._doing.take(event)
        elif reply.released_at is None or self._turn.state in (State.HEARING, State.SETTLING, State.HELD):
            self._wanted = event  # it may not be what they want
            return
        else:
            self._history.called("", event.calls)
            self._doing.begin_round(event)
            if self._doing.waiting:
                self._post(ev.ToolsBegan(event.reply, max(0, self._heard_in_ms())))
        answers = self._doing.finished()
        if answers is None:
            return
        self._post(ev.ToolsAnswered(event.reply))
        for call, answer in answers:
            self._history.answered(call.id, answer.text)
        if self._doing.then is not None or self._doing.endless:
            reply.conclude()
        else:
            reply.go_on(self._services.llm, self._history.go_on(), self._doing.offered)

    def announce(self) -> None:
        """Tell the switch's listeners of each turn that is over. One that was overtaken is not: its words may come again in the next."""
        if not self._turn.owes:
            self._overtaken = None
        turns = self._record.turns
        while self._announced < len(turns):
            turn = turns[self._announced]
            if turn is self._overtaken or (self._reply is not None and turn is self._reply.record):
                return
            self._announced += 1
            announce.turn_over(self._host, self._record, self._announced)

    def end(self) -> None:
        """The call is over: end what is under way, and complete the record of who did what."""
        self._summary.close()
        self._end_reply(interrupted=True)
        self._overtaken = None  # nothing follows that could take its words
        self.announce()
        self._record.providers |= self._services.usage.providers()
        self._record.switches = self._services.usage.switches()
        self._record.ahead.begun, self._record.ahead.used = self._turn.budget.begun, self._turn.budget.used
        self._record.resumed = self._turn.resumed

    # -- the orders --------------------------------------------------------------------------------------------------

    def _think(self, order: cmd.Think) -> None:
        reply = self._begin(order.reply, TurnRecord(0.0, order.text), held=True)
        self._doing.begin_turn()
        reply.think(
            self._services.llm,
            self._history.if_asked(order.text),
            self._doing.offered,
            lambda number, calls: self._post(ToolsWanted(number, calls)),
        )

    def _release(self, order: cmd.Release) -> None:
        reply = self._of(order)
        record = reply.record
        if self._overtaken is not None and self._overtaken is not record:
            self._record.turns.remove(self._overtaken)  # its words are in this one: one turn of the caller, one entry
        self._overtaken = None
        if reply.released_at is None:  # else it was overtaken by a sound, and is asked already
            self._history.ask(order.text)
        record.last_speech, record.caller = order.last_speech, order.text
        record.at |= {"endpoint": order.endpoint, "final": order.final}
        if record not in self._record.turns:
            self._record.turns.append(record)
        reply.release()
        self._take_up()

    def _take_up(self) -> None:
        """What the model wanted while it was not known what the caller wants."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.told(wanted)

    def _fill(self, order: cmd.Fill) -> None:
        heard_in_ms = self._heard_in_ms()
        if self._doing.waiting and heard_in_ms + self._profile.tool_filler_ms > FRAME_MS:
            self._post(ev.ToolsBegan(order.reply, heard_in_ms))  # the caller hears us, or did a moment ago
        else:
            self._of(order).fill(order.text)

    def _heard_in_ms(self) -> int:
        """When the caller has heard all of us that is there; in the past if it is negative."""
        waiting_ms = self._line.waiting_ms()
        return round(waiting_ms if waiting_ms > FRAME_MS else (self._line.last_frame_at - self._clock.now()) * 1000)

    def _say(self, order: cmd.Say) -> None:
        record = TurnRecord(self._clock.now(), "", reply=order.text)
        self._record.phrases.append(record)
        self._begin(order.reply, record).say(order.text)

    def _silence(self) -> None:
        record = self._reply.record if self._reply is not None else None
        self._end_reply(interrupted=True)
        if record is None:
            return
        if "first_word" in record.at and self._turn.state is State.HEARING:
            record.barge_in_ms = round(max(0.0, self._line.last_frame_at - self._spoke_at) * 1000, 1)

    # -- the reply under way -----------------------------------------------------------------------------------------

    def _of(self, order: cmd.Release | cmd.Hold | cmd.Resume | cmd.Fill) -> Reply:
        """The reply that is meant: the machine knows of no other than the current one."""
        reply = self.current(order.reply)
        assert reply is not None, f"{order} of {self._reply}"
        return reply

    def _begin(self, number: int, record: TurnRecord, held: bool = False) -> Reply:
        self._end_reply(interrupted=True)
        self._line.begin(number, held)
        self._reply = Reply(
            number,
            f"{self._label}-{number}",
            self._line,
            self._services.tts,
            self._clock,
            record,
            self._profile.reply_chars,
            self._profile,
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
        if "first_word" not in record.at and record in self._record.turns:
            self._overtaken = record

    def _account(self, reply: Reply) -> None:
        """What the model wrote was of use, or in vain."""
        ahead = self._record.ahead
        if reply.released_at is None:
            ahead.tokens_wasted += reply.tokens
        else:
            ahead.tokens_used += reply.tokens
            ahead.gained_ms += (reply.released_at - reply.begun_at) * 1000

    def _dropped(self, messages: Sequence[Message]) -> None:
        if self._profile.history_summary:
            self._summary.drop(messages)
