"""Paraformer, Fun-ASR and Gummy as a `speech.asr.Recogniser`, by DashScope's task protocol."""

from __future__ import annotations

from collections.abc import Mapping

from ...clock import SYSTEM, Clock
from ...net.recognising import BACKLOG_MS, Recognising
from ...options import bind
from ...speech.asr import RecognitionListener, Transcript
from . import asr_wire, wire
from .account import Account, new_id
from .asr_settings import RecognitionSettings, check, context, parameters

__all__ = ["DashScopeRecogniser", "RecognitionSettings", "make"]

NOTHING_HEARD = ("NO_VALID_AUDIO_ERROR", "NO_INPUT_AUDIO_ERROR")
"""How a task may fail at its end whose caller said nothing: for a call that is no failure."""


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> DashScopeRecogniser:
    """Raises ConfigError."""
    settings = bind(RecognitionSettings, values, where)
    check(settings, where)
    return DashScopeRecogniser(settings, clock)


class DashScopeRecogniser:
    """See `speech.asr.Recogniser`."""

    def __init__(self, settings: RecognitionSettings, clock: Clock = SYSTEM) -> None:
        self.name = "dashscope asr"
        self.rate = settings.sample_rate
        self.backlog_ms = BACKLOG_MS
        self._settings = settings
        self._account = Account(self.name, settings, clock, job="asr", spares=settings.spares)

    def start(self, label: str, listener: RecognitionListener) -> DashScopeRecognition:
        work = DashScopeRecognition(self._account, self._settings, label, listener)
        work.open()
        return work

    def close(self) -> None:
        self._account.close()


class DashScopeRecognition(Recognising):
    """One task, on a connection that may have carried others before."""

    def __init__(
        self, account: Account, settings: RecognitionSettings, label: str, listener: RecognitionListener
    ) -> None:
        super().__init__(account, settings, listener)
        self._account = account
        self._settings = settings
        self._task = wire.Task(new_id(), settings.model, "asr", "recognition")
        self.connection = account.connection(self, "asr", label)
        self._index = 1  # of the sentence under way: the service numbers none

    def open(self) -> None:
        self.connection.send_text(wire.run_task(self._task, parameters(self._settings)))
        self.connection.open()

    # The connection's thread:

    def on_text(self, text: str) -> None:
        if self.over:
            return  # it said its end twice, perhaps; and the connection may be another's in a moment
        event = wire.parse(text)
        if isinstance(event, wire.Malformed):
            self._fail(self._account.malformed(event))
        elif not isinstance(event, wire.Unknown) and event.task_id in ("", self._task.task_id):
            self._understand(event)

    def _understand(self, event: wire.TaskStarted | wire.ResultGenerated | wire.TaskFinished | wire.TaskFailed) -> None:
        match event:
            case wire.TaskStarted() if not self.backlog.ready:
                self._begin()
            case wire.ResultGenerated() if self.backlog.ready and not self.over:
                self._tell(asr_wire.parse(event.output))
            case wire.TaskFinished():
                if self.stopping:
                    self._told_end()
                    self.connection.alarm(0)
                    self._account.give_back(self.connection)
                else:  # nobody asked for it
                    self._fail(self._account.failure("the service ended the task by itself"))
            case wire.TaskFailed():
                if self.stopping and event.code in NOTHING_HEARD:
                    self._end()
                else:
                    self._fail(self._account.task_failed(event))

    def _begin(self) -> None:
        if told := context(self._settings):
            self.connection.send_text(wire.continue_task(self._task, told))
        self._ready()

    def _tell(self, result: asr_wire.Result) -> None:
        match result:
            case asr_wire.Sentence():
                begin, end = self.backlog.fed_ms(result.begin_ms), self.backlog.fed_ms(result.end_ms)
                transcript = Transcript(result.text, self._index, begin, end, result.translations)
                self.gate.call(self.listener.final if result.final else self.listener.partial, transcript)
                self._index += result.final
            case wire.Malformed():
                self._fail(self._account.malformed(result))

    def _send_end(self) -> None:
        self.connection.send_text(wire.finish_task(self._task))
