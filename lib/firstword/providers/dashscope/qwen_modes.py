"""The two ways in which Qwen-TTS-Realtime decides when to speak."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ...speech.tasks import Reply
from . import realtime_wire as wire
from .qwen_clauses import speakable, whole
from .qwen_session import FAREWELL_S, Progress, QwenSession

if TYPE_CHECKING:
    from .qwen_tts import QwenSynthesiser

log = logging.getLogger("firstword.providers.dashscope")

PATIENCE_S = 1.0
"""So long half a clause waits for its other half, while nothing is being spoken: a pause in the middle is worse than a change of tone."""
SENTENCE_ENDS = "。！？!?"
"""After these the service must speak; after others (a dot may be a number's) it may wait for more."""


class CommitSession(QwenSession):
    """The mode ``commit``: whole clauses (`qwen_clauses`), all that there are, are committed as soon as no response is under way. Each
    commit is one response, whose end is the end of exactly that text. Whether a commit may come while another is being spoken is
    not documented, so none does.
    """

    def __init__(self, service: QwenSynthesiser, reply: Reply, progress: Progress) -> None:
        super().__init__(service, reply, progress)
        self._speaking = ""  # what the response under way speaks
        self._text_at = 0.0  # when the last of it came

    @property
    def _released(self) -> bool:
        return self.state in ("finishing", "done")

    @property
    def _busy(self) -> bool:
        return self._unspoken

    @property
    def _unspoken(self) -> bool:
        return bool(self._speaking) or speakable(self._progress.held)

    @property
    def _patient_until(self) -> float:
        """Then half a clause goes too."""
        waits = self.state == "running" and not self._speaking and speakable(self._progress.held)
        return self._text_at + PATIENCE_S if waits else 0.0

    def _moments(self) -> list[float]:
        return [*super()._moments(), self._patient_until]

    def on_alarm(self) -> None:
        if 0.0 < self._patient_until <= self._clock.now():
            self._progress.due = len(self._progress.held)
            self._send()
        super().on_alarm()

    def _send(self) -> None:
        if self.state != "running" or self._speaking:
            return
        self._take()
        progress = self._progress
        end = max(progress.due, whole(progress.held))
        if speakable(progress.held[:end]):
            self._speak(end)
        elif self._reply.all_given():
            self._spoken(len(progress.held), exact=True)  # marks alone
            progress.held = ""
            self._finish()
        self._set_alarm()

    def _take(self) -> None:
        """What the reply has for the service."""
        progress = self._progress
        while (text := self._reply.next_text()) is not None:
            if isinstance(text, str):
                progress.held += text
                self._text_at = self._clock.now()
                self._rest()
            else:
                progress.due = len(progress.held)
        if self._reply.all_given():
            progress.due = len(progress.held)

    def _speak(self, end: int) -> None:
        """The first `end` characters, or as many as are committed at once."""
        progress = self._progress
        self._speaking, *rest = wire.pieces(progress.held[:end])
        while not speakable(self._speaking):
            self._speaking += rest.pop(0)
        progress.held = progress.held[len(self._speaking) :]
        progress.due = max(0, progress.due - len(self._speaking))
        self._heard = False
        self._append(self._speaking)
        self._commit()
        self._expect_speech(self._settings.first_audio_ms)

    def _finish(self) -> None:
        """Everything was spoken: the reply need not wait for the session's own end."""
        self._say_finish()
        if self._sent_chars:
            self._connection.alarm(self._clock.now() + FAREWELL_S)
        else:
            self._close()
        self._reply.task_ended(self)

    def _response_done(self, event: wire.ResponseDone) -> None:
        if not self._speaking:
            return
        if event.status not in ("", "completed"):
            text = f"the service ended a response as '{event.status[:40]}'"
            self._reply.failed(self._realtime.account.failure(text))
        elif not self._heard:
            self._spoke_nothing()
        else:
            spoken, self._speaking = self._speaking, ""
            self._speech_by = 0.0
            self._rest()
            self._spoken(len(spoken), exact=True)
            self._send()

    def _session_finished(self) -> None:
        if self._speaking:
            self._ended_by_itself()
        else:
            ended = self._released
            self._close()
            if not ended:  # by the service's own wish
                self._reply.task_ended(self)


class ServerCommitSession(QwenSession):
    """The mode ``server_commit``: text goes as it comes, and the service decides when to speak. Which of it a response speaks is not told,
    so only the end of all is known."""

    def __init__(self, service: QwenSynthesiser, reply: Reply, progress: Progress) -> None:
        super().__init__(service, reply, progress)
        self._owed = False  # text that can be spoken has been sent since the last audio
        self._committing = False
        self._uncommitted = False
        self._ever_owed = False

    @property
    def _released(self) -> bool:
        return self.state == "done"

    @property
    def _busy(self) -> bool:
        return self.state == "finishing"

    @property
    def _unspoken(self) -> bool:
        return self._sent_chars > 0

    def _send(self) -> None:
        if self.state != "running":
            return
        while not (full := self._connection.full) and (text := self._reply.next_text()) is not None:
            if isinstance(text, str):
                self._append(text)
                self._uncommitted = True
                if speakable(text):
                    self._owed = self._ever_owed = True
                if text[-1] in SENTENCE_ENDS:
                    self._expect_first_audio()
            elif self._uncommitted:
                self._commit()
                self._uncommitted, self._committing = False, True
                self._expect_first_audio()
        if full:
            self._connection.run(self._send)
        elif self._reply.all_given():
            self._finish()
        self._set_alarm()

    def _finish(self) -> None:
        """What waits at the service is spoken; then comes the end."""
        self._say_finish()
        if self._sent_chars:
            self._expect_speech(self._settings.idle_ms if self._heard else self._settings.first_audio_ms)
        else:
            self._close()
            self._reply.task_ended(self)

    def _audio(self, audio: bytes) -> None:
        self._owed = False
        super()._audio(audio)

    def _committed(self) -> None:
        self._committing = False

    def _failed(self, event: wire.Failed) -> None:
        if self._committing and event.code == "invalid_value":
            # The service had begun to speak what we asked it to begin: an empty buffer is no failure.
            log.debug("tts-%s: nothing was left to commit", self._reply.label)
            self._committing = False
        else:
            super()._failed(event)

    def _response_done(self, event: wire.ResponseDone) -> None:
        """More may follow: only ``session.finished`` is the end."""

    def _session_finished(self) -> None:
        if self.state != "finishing" and self._unspoken:  # how much of it was spoken is not told
            self._ended_by_itself()
            return
        if self._ever_owed and not self._heard:
            self._spoke_nothing()
            return
        self._close()
        self._spoken(self._sent_chars, exact=False)
        self._reply.task_ended(self)

    def _expect_first_audio(self) -> None:
        """Text that can be spoken was sent, and must be spoken now: not if it is all punctuation."""
        if self._owed and not self._speech_by:
            self._expect_speech(self._settings.first_audio_ms)
