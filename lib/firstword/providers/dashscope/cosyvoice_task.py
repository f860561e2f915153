"""One task of CosyVoice: from run-task to task-finished, on a connection that is new or has carried other tasks before."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from ...audio.pcm import Straddle
from ...net.websocket import Closed
from ...speech.owed import SENTENCE_ENDS, Owed
from ...speech.tasks import Flush, Reply
from . import cosyvoice_results as results
from . import wire
from .account import new_id
from .cosyvoice_marks import Marks

if TYPE_CHECKING:
    from .cosyvoice import CosyVoice

log = logging.getLogger("firstword.providers.dashscope")

REST_S = 18.0
"""How long a task may be without text: safely under the 23 s after which the service ends it."""
CLAUSE_ENDS = SENTENCE_ENDS + "，；："
"""After these it speaks by itself, by the pages' example of a sentence that is 床前明月光，."""
TEXT_CHARS = 2_000
"""What one continue-task may hold. The pages allow 20,000, with a Chinese character counted as two; the C++ SDK cuts at 2,000."""
TASK_CHARS = 100_000
"""What one task may hold: the pages allow 200,000, with a Chinese character counted as two."""
SSML_CHARS = 10_000
"""What the one message of a text with markup may hold, by the same page."""
_TAGS = re.compile(r"<[^>]*>")


class CosyVoiceTask:
    """One run-task to its task-finished. Its state, and what it must do by when, is `owed`'s. Neither text nor the end is sent before it is
    ``running``."""

    def __init__(self, service: CosyVoice, reply: Reply, marks: Marks) -> None:
        self._service = service
        self._reply = reply
        self._marks = marks
        self._account = service.account
        self._settings = service.settings
        self._clock = service.account.clock
        self._task = wire.Task(new_id(), service.settings.model, "tts", "SpeechSynthesizer")
        self._connection = service.account.connection(self, "tts", reply.label)
        self._straddle = Straddle()
        self._owed = Owed(service.settings, service.rate, REST_S, self._clock.now())
        self._sent_chars = 0
        self._flushed = False  # the last thing sent was a flush
        self._last = ""  # character that was sent

    # speech.tasks.SpeakingTask; any thread:

    def open(self) -> None:
        self._connection.send_text(wire.run_task(self._task, self._service.parameters))
        self._connection.open()

    def text_given(self) -> None:
        self._connection.run(self._send)

    def finish_asked(self) -> None:
        """`_send` finds nothing left, and stops. Without any text there is nothing to wait for."""
        if self._reply.all_given() and not self._sent_chars and self._owed.state == "starting":
            self._connection.abort()
        else:
            self._connection.run(self._send)

    def abort(self) -> None:
        """The pages' way to stop is to close the connection: nothing is waited for."""
        self._connection.abort()

    # net.websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self._set_alarm()

    def on_text(self, text: str) -> None:
        if self._owed.state == "done":
            return  # its end said twice is not the end of the next task
        event = wire.parse(text)
        if isinstance(event, wire.Malformed):
            self._reply.failed(self._account.malformed(event))
        elif isinstance(event, wire.Unknown) or event.task_id not in ("", self._task.task_id):
            pass  # not known yet, or of a task this connection carried before
        else:
            self._understand(event)
        self._set_alarm()

    def on_binary(self, data: bytes) -> None:
        if self._owed.state in ("starting", "done"):
            return  # it names no task: before task-started it is of the one before
        pcm = self._straddle.feed(data)
        if not pcm:
            return
        self._owed.audio(pcm, self._clock.now())
        self._reply.audio(pcm)
        self._set_alarm()

    def on_alarm(self) -> None:
        now = self._clock.now()
        if overdue := self._owed.overdue(now):
            self._reply.failed(self._account.failure(overdue))
        elif self._owed.rests(now):
            log.debug(
                "tts-%s: no text for %.0f s: this task ends, the next text opens another", self._reply.label, REST_S
            )
            self._stop()
        self._set_alarm()

    def on_closed(self, closed: Closed) -> None:
        if self._owed.state == "done":
            return
        if not self._sent_chars and (self._reply.all_given() or self._owed.state == "running"):
            self._reply.task_ended(self)  # it had no text: nothing is lost
        else:
            self._reply.failed(self._account.connection_closed(closed))

    def _understand(self, event: wire.TaskStarted | wire.ResultGenerated | wire.TaskFinished | wire.TaskFailed) -> None:
        match event:
            case wire.TaskStarted():
                if self._owed.state == "starting":
                    self._owed.started(self._clock.now())
                    self._marks.task_began(self._reply.audio_ms)
                    self._send()
            case wire.ResultGenerated():
                if self._owed.state != "starting":
                    self._result(results.parse(event.output))
            case wire.TaskFinished():
                self._task_finished(event)
            case wire.TaskFailed():
                self._task_failed(event)

    def _result(self, result: results.Result) -> None:
        match result:
            case results.SentenceBegan():
                self._marks.sentence_began(self._reply.audio_ms)
            case results.SentenceEnded():
                self._reply.mark(self._marks.sentence_ended(result.text, result.words, self._reply.audio_ms))

    def _send(self) -> None:
        """Whatever text may go now; once all is gone after `finish`, the end."""
        if self._owed.state != "running":
            return
        while not (full := self._connection.full) and (text := self._reply.next_text()) is not None:
            if isinstance(text, Flush):
                if self._owed.heard and self._last in CLAUSE_ENDS:
                    continue  # it speaks by itself, and what a flush of nothing does is on no page
                self._put(wire.flush(self._task))
                self._flushed = True
                self._owed.flushed(self._clock.now())
                continue
            if not self._say(text):
                return
        if full:
            self._connection.run(self._send)
        elif self._reply.all_given():
            self._stop()
        self._set_alarm()

    def _say(self, text: str) -> bool:
        """Returns False if it could not be said."""
        self._sent_chars += len(text)
        ssml = self._settings.enable_ssml
        most = SSML_CHARS if ssml else TASK_CHARS
        if self._sent_chars > most:
            error = self._account.failure(f"a reply of more than {most} characters", retry=False, kind="text")
            self._reply.failed(error)
            return False
        if not self._put(wire.continue_task(self._task, {"text": text})):
            self._reply.failed(self._account.failure("the service does not take the text", kind="network"))
            return False
        self._marks.say(text)
        self._last = text[-1]
        self._flushed = False
        self._owed.given(_TAGS.sub("", text) if ssml else text, self._clock.now())
        return True

    def _put(self, message: str) -> bool:
        return self._connection.send_text(message)

    def _stop(self) -> None:
        if not self._sent_chars:
            self._done(reuse=False)
            return
        self._owed.stopped(self._clock.now())
        self._put(wire.finish_task(self._task))

    def _done(self, reuse: bool) -> None:
        self._owed.done()
        self._set_alarm()
        if reuse:
            self._account.give_back(self._connection)
        else:
            self._connection.close()
        self._reply.task_ended(self)

    def _task_finished(self, event: wire.TaskFinished) -> None:
        if self._owed.speakable and not self._owed.heard:
            text = "the service finished without any audio: the voice may not be ready yet; check voice"
            self._reply.failed(self._account.failure(text, retry=False, kind="voice"))
            return
        if self._owed.state != "stopping":  # nobody asked for it
            self._reply.failed(self._account.failure("the service ended the task by itself"))
            return
        self._reply.mark(self._marks.finished(results.words(event.output), self._reply.audio_ms))
        self._done(reuse=True)

    def _task_failed(self, event: wire.TaskFailed) -> None:
        error = self._account.task_failed(event)
        if not self._sent_chars and self._owed.state == "running" and error.retry:
            self._done(reuse=False)  # such as 23 s without text: nothing is lost
            return
        if self._flushed and not self._owed.heard and error.kind in ("settings", "ours"):
            self._service.flush_refused()
        self._reply.failed(error)

    def _set_alarm(self) -> None:
        self._connection.alarm(self._owed.next_at)
