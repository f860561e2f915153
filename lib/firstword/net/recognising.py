"""One recogniser at work on one connection, whatever its protocol: audio that waits for the service, the bounds, the end."""

from __future__ import annotations

from typing import Protocol

from ..clock import Clock
from ..errors import ProviderError
from ..speech.asr import RecognitionListener
from ..speech.backlog import Backlog
from ..speech.gate import Gate
from .websocket import Closed, Connection

BACKLOG_MS = 3_000
"""How much audio may wait for a service that connects or does not keep up."""


class Bounds(Protocol):
    """The settings that every recogniser has."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def send_ms(self) -> int: ...

    @property
    def connect_ms(self) -> int: ...

    @property
    def finish_ms(self) -> int: ...


class Account(Protocol):
    """What words an error of this service."""

    @property
    def clock(self) -> Clock: ...

    def failure(self, text: str) -> ProviderError: ...

    def connection_closed(self, closed: Closed) -> ProviderError: ...


class Recognising:
    """A `speech.asr.Recognition` and the `websocket.ConnectionListener` of its connection, but for ``on_text``.

    What other threads do (`feed`, `finish`) touches only the backlog; the connection's thread does the rest. A provider's class sets
    `connection`, has ``on_text``, and says what its protocol sends (`_send`, `_send_end`); it calls `_ready`, `_end` and `_fail`.
    """

    connection: Connection

    def __init__(self, account: Account, bounds: Bounds, listener: RecognitionListener) -> None:
        self.backlog = Backlog(bounds.sample_rate, bounds.send_ms, BACKLOG_MS)
        self.stopping = False
        """Whether the service was told that no more audio comes."""
        self.over = False
        """Whether the end was told."""
        self.listener = listener
        self.gate = Gate()
        self._words = account
        self._bounds = bounds
        self._ready_by = account.clock.deadline(bounds.connect_ms / 1000)
        self._finish_asked = False

    # speech.asr.Recognition; any thread:

    def feed(self, pcm: bytes) -> bool:
        if not self.gate.open or self._finish_asked:
            return False
        kept = self.backlog.add(pcm)
        if self.backlog.wants_sending():
            self.connection.run(self._send_audio)
        return kept

    def finish(self) -> None:
        if not self._finish_asked:
            self._finish_asked = True
            self.connection.run(self._send_audio)

    def cancel(self) -> None:
        self.gate.close()
        self.connection.abort()

    # websocket.ConnectionListener; the connection's thread:

    def on_open(self) -> None:
        self.connection.alarm(self._ready_by.at)

    def on_binary(self, data: bytes) -> None:
        """A recogniser is sent none."""

    def on_alarm(self) -> None:
        if self.stopping:
            text = f"the service did not finish within {self._bounds.finish_ms} ms"
        else:
            text = f"the service was not ready within {self._bounds.connect_ms} ms"
        self._fail(self._words.failure(text))

    def on_closed(self, closed: Closed) -> None:
        if self.gate.open:
            self._fail(self._words.connection_closed(closed))

    # For the provider's class:

    def _send(self, message: bytes) -> None:
        """Send audio."""
        self.connection.send_binary(message)

    def _send_end(self) -> None:
        """Tell the service that no more comes."""
        raise NotImplementedError

    def _ready(self) -> None:
        """The service takes audio. Told again it must not come here: it would take the bound off what follows."""
        self.connection.alarm(0)
        if self.gate.call(self.listener.ready):
            self.backlog.service_is_ready()
            self._send_audio()

    def _end(self) -> None:
        """The service says that everything was recognised. If nobody has asked for the end it has failed, for the caller still speaks."""
        if not self.stopping:
            self._fail(self._words.failure("the service ended the task by itself"))
            return
        self._told_end()
        self.connection.close()

    def _told_end(self) -> None:
        """Tell the end; the connection is the caller's to see to."""
        self.over = True
        self.gate.last(self.listener.finished)

    def _fail(self, error: ProviderError) -> None:
        self.over = True
        self.gate.last(self.listener.failed, error)
        self.connection.abort()

    def _send_audio(self) -> None:
        """Whatever may go now; once all is gone after `finish`, the end."""
        self.backlog.asked = False
        if not self.backlog.ready or self.stopping or self.over:
            return
        last = self._finish_asked  # read before the audio: what was fed before `finish` is in the backlog then
        while message := self.backlog.take(everything=last):
            self._send(message)
        if last:
            self.stopping = True
            self._send_end()
            self.connection.alarm(self._words.clock.now() + self._bounds.finish_ms / 1000)
