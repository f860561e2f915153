"""What one task of a synthesiser owes its client and by when; and when it is brought to its end for want of text. [pure]

Audio is owed once text was given that must be spoken: a whole sentence, anything before a flush, everything before the end. Until then the
service may wait for more, and its silence means nothing. After the end it owes the rest, or its word that there is none.
"""

from __future__ import annotations

from typing import Literal, Protocol

from .trickle import Trickle

SENTENCE_ENDS = "。！？!?"
"""After these the service must speak; after others (a dot may be a number's) it may wait for more."""


class Bounds(Protocol):
    """The settings that every streaming synthesiser has."""

    @property
    def connect_ms(self) -> int: ...

    @property
    def first_audio_ms(self) -> int: ...

    @property
    def idle_ms(self) -> int: ...


class Owed:
    """Of one task, on its connection's thread. Moments and `now` are in the clock's seconds.

    `state`: ``starting`` -> ``running`` -> ``stopping`` -> ``done``.

    Args:
        rate: of the audio.
        rest_s: how long a task may be without text.
    """

    def __init__(self, bounds: Bounds, rate: int, rest_s: float, now: float) -> None:
        self.state: Literal["starting", "running", "stopping", "done"] = "starting"
        self.heard = False
        """Whether there was audio."""
        self.speakable = False
        """Whether there was text that can be spoken: a letter, a digit, a character."""
        self._bounds = bounds
        self._rest_s = rest_s
        self._trickle = Trickle(rate)
        self._unspoken = False  # there was such text since the last audio
        self._ready_by = now + bounds.connect_ms / 1000
        self._rest_at = 0.0
        self._speech_by, self._within_ms = 0.0, 0  # audio, or the end; 0: none is due

    def started(self, now: float) -> None:
        """The service is ready, and takes text."""
        self.state = "running"
        self._rest_at = now + self._rest_s

    def given(self, text: str, now: float) -> None:
        """The service was given `text` to be spoken."""
        self._rest_at = now + self._rest_s
        if any(char.isalnum() for char in text):
            self._unspoken = self.speakable = True
        if text.endswith(tuple(SENTENCE_ENDS)):
            self.flushed(now)

    def flushed(self, now: float) -> None:
        """What it was given must be spoken now: nothing, if it is all punctuation."""
        if self._unspoken and not self._speech_by:
            self._expect(self._bounds.first_audio_ms, now)

    def audio(self, pcm: bytes, now: float) -> None:
        """`pcm` came, in whole samples. A trickle is no progress."""
        if self._trickle.goes_on(pcm):
            self._unspoken, self._speech_by = False, 0.0
            if self.state == "stopping":
                self._expect(self._bounds.idle_ms, now)
        self.heard = self.heard or bool(pcm)

    def stopped(self, now: float) -> None:
        """The service was told that no more text comes."""
        self.state = "stopping"
        self._expect(self._bounds.idle_ms if self.heard else self._bounds.first_audio_ms, now)

    def done(self) -> None:
        """It has said its end, or nobody waits for it: nothing is owed any more."""
        self.state = "done"

    def overdue(self, now: float) -> str:
        """What the service has failed to do, for an error; "" if it keeps its bounds."""
        if self.state == "starting" and now >= self._ready_by:
            return f"the service was not ready within {self._bounds.connect_ms} ms"
        if self.state in ("running", "stopping") and self._speech_by and now >= self._speech_by:
            return f"the service owed audio and sent nothing for {self._within_ms} ms"
        return ""

    def rests(self, now: float) -> bool:
        """Whether it has been without text for so long that it is to be stopped."""
        return self.state == "running" and now >= self._rest_at

    @property
    def next_at(self) -> float:
        """When to ask again; 0 for never."""
        if self.state == "starting":
            return self._ready_by
        rest_at = self._rest_at if self.state == "running" else 0.0
        speech_by = self._speech_by if self.state != "done" else 0.0
        return min((at for at in (speech_by, rest_at) if at), default=0.0)

    def _expect(self, within_ms: int, now: float) -> None:
        self._speech_by, self._within_ms = now + within_ms / 1000, within_ms
