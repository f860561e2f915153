"""One task of NLS FlowingSpeechSynthesizer: from StartSynthesis to SynthesisCompleted, on a connection of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ...audio.pcm import Straddle
from ...net.websocket import Closed
from ...speech.owed import Owed
from ...speech.tasks import Flush, Reply
from . import wire
from .account import new_id
from .marks import Marks

if TYPE_CHECKING:
    from .tts import AliyunSynthesiser, SynthesiserSettings

log = logging.getLogger("firstword.providers.aliyun")

REST_S = 8.0
"""How long a task may be without text: safely under the 10 s after which the gateway ends it."""
UNSUPPORTED_DIRECTIVE = 40010002


class FlowingTask:
    """One StartSynthesis to its SynthesisCompleted, on a connection of its own. Its state, and what it must do by when, is `owed`'s."""

    def __init__(self, service: AliyunSynthesiser, reply: Reply, marks: Marks) -> None:
        self._service = service
        self._marks = marks
        self._reply = reply
        self._account = service.account
        self._settings = service.settings
        self._clock = service.account.clock
        self._task = service.account.task(wire.FLOWING)
        self._connection = service.account.connection(self, "tts", reply.label)
        self._straddle = Straddle()
        self._owed = Owed(service.settings, service.rate, REST_S, self._clock.now())
        self._sent_chars = 0
        self._flushed = False

    # Any thread:

    def open(self) -> None:
        self._connection.send_text(wire.start_synthesis(self._task, new_id(), start_payload(self._settings, new_id())))
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
        self._connection.abort()

    # net.websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self._set_alarm()

    def on_text(self, text: str) -> None:
        if self._owed.state == "done":
            return  # its end said twice is not the end of the next task
        event = wire.parse(text)
        match event:
            case wire.Started():
                if self._owed.state == "starting":
                    self._owed.started(self._clock.now())
                    self._marks.task_began(self._reply.audio_ms)
                    self._send()
            case wire.SentenceBegan():
                self._marks.sentence_began(self._reply.audio_ms)
            case wire.SentenceSpoken():
                self._reply.mark(self._marks.spoken(event.subtitles))
            case wire.SentenceEnded():
                self._reply.mark(self._marks.sentence_ended(event.subtitles))
            case wire.Completed() if self._owed.state != "stopping":  # or it might be asked for ever to begin
                self._reply.failed(self._account.failure("the service ended the task by itself"))
            case wire.Completed() if self._owed.speakable and not self._owed.heard:
                self._reply.failed(self._account.failure("the service was given text and sent no audio for it"))
            case wire.Completed():
                self._reply.mark(self._marks.completed(self._reply.audio_ms))
                self._done()
            case wire.TaskFailed():
                self._task_failed(event)
            case wire.Malformed():
                self._reply.failed(self._account.malformed(event))
        self._set_alarm()

    def on_binary(self, data: bytes) -> None:
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

    def _send(self) -> None:
        """Whatever text may go now; once all is gone after `finish`, the end."""
        if self._owed.state != "running":
            return
        while not (full := self._connection.full) and (text := self._reply.next_text()) is not None:
            if isinstance(text, Flush):
                self._connection.send_text(wire.flush_text(self._task, new_id()))
                self._flushed = True
                self._owed.flushed(self._clock.now())
                continue
            self._connection.send_text(wire.run_synthesis(self._task, new_id(), text))
            self._marks.say(text)
            self._sent_chars += len(text)
            self._owed.given(text, self._clock.now())
            if self._sent_chars > wire.REPLY_CHARS:
                self._reply.failed(
                    self._account.failure(
                        f"a reply of more than {wire.REPLY_CHARS} characters", retry=False, kind="text"
                    )
                )
                return
        if full:
            self._connection.run(self._send)
        elif self._reply.all_given():
            self._stop()
        self._set_alarm()

    def _stop(self) -> None:
        if not self._sent_chars:
            self._done()
            return
        self._owed.stopped(self._clock.now())
        self._connection.send_text(wire.stop_synthesis(self._task, new_id()))

    def _done(self) -> None:
        self._owed.done()
        self._connection.close()
        self._reply.task_ended(self)

    def _task_failed(self, event: wire.TaskFailed) -> None:
        if event.status == wire.IDLE_TIMEOUT and not self._sent_chars and self._owed.state == "running":
            self._done()
            return
        if event.status == UNSUPPORTED_DIRECTIVE and self._flushed:
            self._service.flush_refused()
        self._reply.failed(self._account.task_failed(event, self._connection))

    def _set_alarm(self) -> None:
        self._connection.alarm(self._owed.next_at)


def start_payload(settings: SynthesiserSettings, session_id: str) -> dict[str, object]:
    """What StartSynthesis says."""
    payload: dict[str, object] = {
        "session_id": session_id,
        "voice": settings.voice,
        "format": "pcm",
        "sample_rate": settings.sample_rate,
        "volume": settings.volume,
        "speech_rate": settings.speech_rate,
        "pitch_rate": settings.pitch_rate,
        "enable_subtitle": settings.subtitle,
    }
    if settings.phoneme:
        payload["enable_phoneme_timestamp"] = True
    return payload
