"""Paraformer, Fun-ASR and Gummy as a `speech.asr.Recogniser`, by DashScope's task protocol."""

from __future__ import annotations

from collections.abc import Mapping

from ...clock import SYSTEM, Clock
from ...errors import ProviderError
from ...net.websocket import Closed, Connection
from ...options import bind
from ...speech.asr import RecognitionListener, Transcript
from ...speech.backlog import Backlog
from ...speech.gate import Gate
from . import asr_wire, wire
from .account import Account, new_id
from .asr_settings import RecognitionSettings, check, context, parameters

__all__ = ["DashScopeRecogniser", "RecognitionSettings", "make"]

BACKLOG_MS = 3_000
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


class DashScopeRecognition:
    """One task. What other threads do (`feed`, `finish`) touches only the backlog; the connection's thread does the rest.

    `state`: ``starting`` -> ``running`` -> ``stopping`` -> ``done``. Audio goes while it is ``running``.
    """

    def __init__(
        self, account: Account, settings: RecognitionSettings, label: str, listener: RecognitionListener
    ) -> None:
        self.state = "starting"
        self._account = account
        self._settings = settings
        self._listener = listener
        self._gate = Gate()
        self._task = wire.Task(new_id(), settings.model, "asr", "recognition")
        self._connection: Connection = account.connection(self, "asr", label)
        self._backlog = Backlog(settings.sample_rate, settings.send_ms, BACKLOG_MS)
        self._ready_by = account.clock.deadline(settings.connect_ms / 1000)
        self._finish_asked = False
        self._index = 1  # of the sentence under way: the service numbers none

    def open(self) -> None:
        self._connection.send_text(wire.run_task(self._task, parameters(self._settings)))
        self._connection.open()

    # speech.asr.Recognition; any thread:

    def feed(self, pcm: bytes) -> bool:
        if not self._gate.open or self._finish_asked:
            return False
        kept = self._backlog.add(pcm)
        if self._backlog.wants_sending():
            self._connection.run(self._send_audio)
        return kept

    def finish(self) -> None:
        if not self._finish_asked:
            self._finish_asked = True
            self._connection.run(self._send_audio)

    def cancel(self) -> None:
        self._gate.close()
        self._connection.abort()

    # net.websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self._connection.alarm(self._ready_by.at)

    def on_text(self, text: str) -> None:
        event = wire.parse(text)
        if isinstance(event, wire.Malformed):
            self._fail(self._account.malformed(event))
        elif not isinstance(event, wire.Unknown) and event.task_id in ("", self._task.task_id):
            self._understand(event)

    def on_binary(self, data: bytes) -> None:
        """A recogniser sends none."""

    def on_alarm(self) -> None:
        if self.state == "stopping":
            text = f"the service did not finish within {self._settings.finish_ms} ms"
        else:
            text = f"the service was not ready within {self._settings.connect_ms} ms"
        self._fail(self._account.failure(text))

    def on_closed(self, closed: Closed) -> None:
        if self._gate.open:
            self._fail(self._account.connection_closed(closed))

    def _understand(self, event: wire.TaskStarted | wire.ResultGenerated | wire.TaskFinished | wire.TaskFailed) -> None:
        match event:
            case wire.TaskStarted() if self.state == "starting":
                self._begin()
            case wire.ResultGenerated() if self.state in ("running", "stopping"):
                self._tell(asr_wire.parse(event.output))
            case wire.TaskFinished():
                if self.state == "stopping":
                    self._end()
                else:  # nobody asked for it
                    self._fail(self._account.failure("the service ended the task by itself"))
            case wire.TaskFailed():
                if self.state == "stopping" and event.code in NOTHING_HEARD:
                    self._end(reuse=False)
                else:
                    self._fail(self._account.task_failed(event))

    def _begin(self) -> None:
        self.state = "running"
        self._connection.alarm(0)
        if told := context(self._settings):
            self._connection.send_text(wire.continue_task(self._task, told))
        if self._gate.call(self._listener.ready):
            self._backlog.service_is_ready()
            self._send_audio()

    def _tell(self, result: asr_wire.Result) -> None:
        match result:
            case asr_wire.Sentence():
                begin, end = self._backlog.fed_ms(result.begin_ms), self._backlog.fed_ms(result.end_ms)
                transcript = Transcript(result.text, self._index, begin, end, result.translations)
                self._gate.call(self._listener.final if result.final else self._listener.partial, transcript)
                self._index += result.final
            case wire.Malformed():
                self._fail(self._account.malformed(result))

    def _send_audio(self) -> None:
        """Whatever may go now; once all is gone after `finish`, the end."""
        self._backlog.asked = False
        if self.state != "running":
            return
        last = self._finish_asked  # read before the audio: what was fed before `finish` is in the backlog then
        while message := self._backlog.take(everything=last):
            self._connection.send_binary(message)
        if last:
            self.state = "stopping"
            self._connection.send_text(wire.finish_task(self._task))
            self._connection.alarm(self._account.clock.now() + self._settings.finish_ms / 1000)

    def _end(self, reuse: bool = True) -> None:
        self.state = "done"
        self._connection.alarm(0)
        self._gate.last(self._listener.finished)
        if reuse:
            self._account.give_back(self._connection)
        else:
            self._connection.close()

    def _fail(self, error: ProviderError) -> None:
        self.state = "done"
        self._gate.last(self._listener.failed, error)
        self._connection.abort()
