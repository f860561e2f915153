"""One session of Qwen-TTS-Realtime: from ``session.update`` to ``session.finished``, on a connection of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...audio.pcm import Straddle
from ...net.websocket import Closed
from ...speech.trickle import Trickle
from ...speech.tts import Mark
from . import realtime_wire as wire
from .realtime import new_event_id

if TYPE_CHECKING:
    from ...speech.tasks import Reply
    from .qwen_tts import QwenSynthesiser, SynthesiserSettings

log = logging.getLogger("firstword.providers.dashscope")

REST_S = 8.0
"""How long a session may be without text. After how long the service ends one is not documented; its neighbours take 10 s (NLS) and
23 s (the task protocol)."""
FAREWELL_S = 0.5
"""How long a session whose text was all spoken waits for ``session.finished``; nobody waits for the session."""


@dataclass(slots=True)
class Progress:
    """How far a reply is, over all its sessions. Of the thread of the session that there is."""

    held: str = ""
    """Taken from the reply, and not yet given to the service."""
    due: int = 0
    """So many characters of `held` wait for nothing any more."""
    chars: int = 0
    """Spoken."""


class QwenSession:
    """What both modes have in common: the connection, the audio, the bounds. `qwen_modes` knows when text is spoken.

    `state`: ``connecting`` -> ``running`` -> ``finishing`` -> ``done``. All but the first three methods are of the connection's thread.
    """

    def __init__(self, service: QwenSynthesiser, reply: Reply, progress: Progress) -> None:
        self.state = "connecting"
        self._reply = reply
        self._progress = progress
        self._realtime = service.realtime
        self._settings = service.settings
        self._clock = service.realtime.clock
        self._connection = service.realtime.connection(self, "tts", reply.label)
        self._straddle = Straddle()
        self._trickle = Trickle(service.rate)
        self._ready_by = self._clock.now() + self._settings.connect_ms / 1000
        self._rest_at = 0.0
        self._speech_by = 0.0  # the service owes audio or its end by then
        self._sent_chars = 0
        self._heard = False  # audio, since that was owed first

    # Any thread:

    def open(self) -> None:
        """The settings go first; text may follow without waiting for their confirmation."""
        self._connection.send_text(wire.session_update(new_event_id(), session_payload(self._settings)))
        self._connection.open()

    def text_given(self) -> None:
        self._connection.run(self._send)

    def finish_asked(self) -> None:
        """`_send` finds nothing left, and finishes. Without any text there is nothing to wait for."""
        if self._reply.all_given() and not self._sent_chars and self.state == "connecting":
            self._connection.abort()
        else:
            self._connection.run(self._send)

    def abort(self) -> None:
        self._connection.abort()

    # net.websocket.ConnectionListener:

    def on_open(self) -> None:
        self.state = "running"
        self._rest()
        self._send()
        self._set_alarm()

    def on_text(self, text: str) -> None:
        if self.state == "done":
            return  # its end said twice would count its text twice
        event = wire.parse(text)
        match event:
            case wire.SessionCreated() | wire.SessionUpdated():
                self._ready_by = 0.0
            case wire.ResponseCreated():
                self._straddle = Straddle()  # half a sample of the one before has no other half here
            case wire.AudioDelta():
                self._audio(event.audio)
            case wire.ResponseDone():
                self._response_done(event)
            case wire.SessionFinished():
                self._session_finished()
            case wire.Failed():
                self._failed(event)
            case wire.TextCommitted():
                self._committed()
            case wire.Malformed() if not self._released:
                self._reply.failed(self._realtime.malformed(event))
        self._set_alarm()

    def on_binary(self, data: bytes) -> None:
        """The protocol has none."""

    def on_alarm(self) -> None:
        now = self._clock.now()
        account = self._realtime.account
        if self._released:
            self._connection.close()
            return
        if self._speech_by and now >= self._speech_by:
            bound = self._settings.idle_ms if self._heard else self._settings.first_audio_ms
            self._reply.failed(account.failure(f"the service owed audio and sent nothing for {bound} ms"))
        elif self._ready_by and now >= self._ready_by:
            self._reply.failed(account.failure(f"the service was not ready within {self._settings.connect_ms} ms"))
        elif self.state == "running" and now >= self._rest_at and not self._busy:
            log.debug(
                "tts-%s: no text for %.0f s: the session ends, the next text opens another", self._reply.label, REST_S
            )
            self._finish()
        self._set_alarm()

    def on_closed(self, closed: Closed) -> None:
        if self._released:
            return
        if not self._unspoken and (self.state != "connecting" or self._reply.all_given()):
            self.state = "done"  # nothing of the text is lost
            self._reply.task_ended(self)
        else:
            self._reply.failed(self._realtime.account.connection_closed(closed))

    # What the modes know:

    @property
    def _released(self) -> bool:
        """Whether the reply needs nothing of this session any more."""
        raise NotImplementedError

    @property
    def _busy(self) -> bool:
        """Whether more audio must come before anything else may."""
        raise NotImplementedError

    @property
    def _unspoken(self) -> bool:
        """Whether text was given to the service that is not known to be spoken."""
        raise NotImplementedError

    def _send(self) -> None:
        """Whatever text may go now; once all is gone after `finish`, the end."""
        raise NotImplementedError

    def _finish(self) -> None:
        """No more text for this session."""
        raise NotImplementedError

    def _response_done(self, event: wire.ResponseDone) -> None:
        raise NotImplementedError

    def _session_finished(self) -> None:
        raise NotImplementedError

    def _committed(self) -> None:
        """A commit was accepted."""

    def _failed(self, event: wire.Failed) -> None:
        if not self._released:
            self._reply.failed(self._realtime.failed(event))

    # What they share:

    def _append(self, text: str) -> None:
        for piece in wire.pieces(text):
            self._connection.send_text(wire.append_text(new_event_id(), piece))
        self._sent_chars += len(text)
        self._rest()

    def _commit(self) -> None:
        self._connection.send_text(wire.commit_text(new_event_id()))

    def _say_finish(self) -> None:
        """``session.finish``, unless there was nothing to finish."""
        self.state = "finishing"
        if self._sent_chars:
            self._connection.send_text(wire.finish(new_event_id()))

    def _close(self) -> None:
        self.state = "done"
        self._connection.close()

    def _audio(self, audio: bytes) -> None:
        if self._released:
            return
        pcm = self._straddle.feed(audio)
        if not pcm:
            return
        if self._trickle.goes_on(pcm) or not self._heard:
            self._speech_by = 0.0
            if self._busy:
                self._expect_speech(self._settings.idle_ms)
        self._heard = True
        self._reply.audio(pcm)

    def _spoken(self, chars: int, *, exact: bool) -> None:
        """The next `chars` characters end where the audio ends now."""
        if chars:
            self._progress.chars += chars
            self._reply.mark([Mark(self._progress.chars, self._reply.audio_ms, exact=exact)])

    def _spoke_nothing(self) -> None:
        self._reply.failed(self._realtime.account.failure("the service was given text and sent no audio for it"))

    def _ended_by_itself(self) -> None:
        self._reply.failed(self._realtime.account.failure("the service ended the session by itself"))

    def _expect_speech(self, within_ms: int) -> None:
        self._speech_by = self._clock.now() + within_ms / 1000

    def _rest(self) -> None:
        self._rest_at = self._clock.now() + REST_S

    def _moments(self) -> list[float]:
        """When something is due; 0 for what is not."""
        rest_at = self._rest_at if self.state == "running" and not self._busy else 0.0
        return [self._speech_by, self._ready_by, rest_at]

    def _set_alarm(self) -> None:
        if not self._released:  # then it was set, once
            self._connection.alarm(min((at for at in self._moments() if at), default=0.0))


def session_payload(settings: SynthesiserSettings) -> dict[str, Any]:
    """What ``session.update`` says."""
    session: dict[str, Any] = {
        "voice": settings.voice,
        "mode": settings.mode,
        "response_format": "pcm",
        "sample_rate": settings.sample_rate,
    }
    for name in ("volume", "speech_rate", "pitch_rate", "enable_tn", "optimize_instructions"):
        if getattr(settings, name) is not None:
            session[name] = getattr(settings, name)
    if settings.language != "Auto":
        session["language_type"] = settings.language
    if settings.instructions:
        session["instructions"] = settings.instructions
    return session
