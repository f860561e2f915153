"""The floor becomes ours: an answer is begun, let be heard, covered while it is slow, and fails. [pure]"""

from __future__ import annotations

from .. import events as ev
from ..commands import Fill, Finish, Release, Silence, Think
from ..errors import ProviderError, one_line
from .floor import Floor
from .table import State


class Answers:
    """Rules of the table are those with ``(event, now)``; what other rules use stands above them."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._filled = 0
        self._asking = False  # a tool is waited for
        self._failures = 0  # answers failed in a row

    def answer(self, now: float) -> None:
        """The caller's turn is over, with these words."""
        floor = self._floor
        text = floor.words.text
        final = floor.words.final_at if floor.words.sure else now
        floor.words.ask(goes_on=floor.sounding)
        floor.patience.turn_over()
        floor.answer.budget.turn_over()
        floor.reminded = 0
        floor.cut = floor.firm = False
        floor.stop("final", "idle")
        if floor.opening:
            self._greet_back(text)
            return
        if floor.is_farewell(text):
            floor.drop_answer(now)
            floor.close(floor.manners.goodbye, Finish("completed", "bot"))
            return
        floor.check_answer(now)
        if not floor.answer.held:
            self.think(text)
        floor.answer.release(text)
        self._release(now, final)

    def think(self, text: str, ahead_at: float | None = None) -> None:
        """Have the model answer `text`; ahead of the turn's end if `ahead_at` says when."""
        floor = self._floor
        floor.reply += 1
        self._asking = False
        floor.answer.begin(floor.reply, text, ahead_at)
        floor.order(Think(floor.reply, text))

    def audible(self) -> None:
        """The reply is heard now, and a tool that it waits for is covered from there on."""
        self._floor.stop("think", "filler")
        if self._asking:
            self._cover_tools()

    def heard(self) -> None:
        """All of the reply was heard."""
        if self._floor.reply == self._floor.answer.number:  # an apology that was heard mends nothing
            self._failures = 0

    def _greet_back(self, text: str) -> None:
        """The callee's first words: they are greeted, not answered; a machine's end the call."""
        floor = self._floor
        said, most = text.lower(), floor.manners.voicemail_chars
        if any(word.lower() in said for word in floor.manners.voicemail) or 0 < most < len(text):
            floor.finish(Finish("completed", "bot", "voicemail", hang_up=True))
            return
        floor.spend()
        floor.open()

    def _release(self, now: float, final: float) -> None:
        floor, manners = self._floor, self._floor.manners
        last_speech = now if floor.last_speech is None else floor.last_speech
        floor.order(Release(floor.reply, floor.answer.text, last_speech, max(floor.endpoint, last_speech), final))
        floor.start("think", manners.think_ms)
        if manners.filler_ms and manners.filler:
            floor.start("filler", manners.filler_ms)
        elif self._asking:  # since before the caller made a sound
            self._cover_tools()
        floor.state = State.THINKING

    # -- while it is slow --------------------------------------------------------------------------------------------

    def fill(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        if floor.reply == floor.answer.number:
            fillers = floor.manners.filler
            floor.order(Fill(floor.reply, fillers[self._filled % len(fillers)]))
            self._filled += 1

    def wait_tools(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ToolsBegan)
        self._asking = True
        if self._floor.state is State.SPEAKING or not self._floor.manners.filler_ms:
            self._cover_tools(event.heard_in_ms)

    def _cover_tools(self, heard_in_ms: int = 0) -> None:
        manners = self._floor.manners
        if manners.tool_filler_ms and manners.filler:
            self._floor.start("filler", heard_in_ms + manners.tool_filler_ms)

    def tools_done(self, event: ev.Event, now: float) -> None:
        self._asking = False
        self._floor.answer.repeatable = False  # who asks the same again does the same deeds again

    def fill_later(self, event: ev.Event, now: float) -> None:
        self._cover_tools()

    # -- when nothing comes of it ------------------------------------------------------------------------------------

    def too_late(self, event: ev.Event, now: float) -> None:
        """A reply became audible in the moment in which the caller went on: they have interrupted it. Unless it is silenced already."""
        if self._floor.answer.held:
            self._floor.drop_answer(now)
            self._floor.spend()
            self._floor.cut = True

    def lost(self, event: ev.Event, now: float) -> None:
        """The answer that we hold had ended in the moment in which the caller went on, without a sound: there is nothing to release."""
        self._floor.answer.drop(now)

    def nothing(self, event: ev.Event, now: float) -> None:
        """A reply without any speech is a failure like any other: silence is no answer. Unless it is a deed."""
        assert isinstance(event, ev.ReplyDrained)
        floor = self._floor
        if event.then is not None:
            floor.spend()
            floor.stop("think", "filler")
            handed_over = isinstance(event.then, ev.HandOver)
            floor.close(floor.manners.handover if handed_over else floor.manners.goodbye, sequel(event.then))
            return
        self._fail(ProviderError("the reply held nothing that can be spoken", provider="model", retry=True))

    def failed(self, event: ev.Event, now: float) -> None:
        assert isinstance(event, ev.ReplyFailed)
        floor = self._floor
        if floor.state is State.THINKING and floor.answer.repeatable and event.error.retry:
            self.think(floor.answer.text)
            self._release(now, now)
        else:
            self._fail(event.error)

    def stalled(self, event: ev.Event, now: float) -> None:
        floor = self._floor
        floor.order(Silence(floor.reply))
        ms = floor.manners.think_ms
        self._fail(ProviderError(f"no reply became audible within {ms} ms", provider="reply", retry=True))

    def _fail(self, error: ProviderError) -> None:
        floor = self._floor
        floor.spend()
        self._failures += 1
        floor.stop("think", "filler", "held")
        if error.retry and self._failures < 2:
            floor.say(floor.manners.apology)
        else:
            floor.close(floor.manners.regret, Finish("error", "error", one_line(error)))


def sequel(then: ev.Sequel) -> Finish:
    """How a call ends whose last reply leads to `then`."""
    if isinstance(then, ev.HandOver):
        return Finish("transfer", "transfer", destination=then.destination, summary=then.summary)
    return Finish("completed", "bot", hang_up=True)
