"""The caller's words: keeps one recogniser at work for a call, numbers its utterances across restarts, and says again to a new one
what the lost one had not finished."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..audio.resample import Resampler
from ..errors import ProviderError
from ..events import CallerHeard, CallerPartlyHeard, Event, RecogniserFailed
from ..speech.asr import Recogniser, Recognition, Transcript
from ..speech.unfinished import Unfinished

log = logging.getLogger("firstword.call")


class Listening:
    """Feeds the caller's audio to the recogniser and posts what it hears.

    `start` and `stop` belong to the call thread, `feed` to the media clock's; the lock between them is held while a chunk is handed
    over, which never waits.
    """

    def __init__(self, label: str, recogniser: Recogniser, rate: int, post: Callable[[Event], object]) -> None:
        self.dropped = 0
        """Frames that the recogniser could not take."""
        self._label = label
        self._recogniser = recogniser
        self._resampler = Resampler(rate, recogniser.rate)
        self._post = post
        self._lock = threading.Lock()  # _at_work, _unfinished
        self._at_work: Recognition | None = None
        self._unfinished = Unfinished(recogniser.rate)
        self._utterances = 0  # the latest of which anything was heard
        self._finals = 0  # the latest that is over
        self._base = 0

    def start(self) -> None:
        """Begin, or begin anew after a failure: then the audio since the last final words is said again. Call thread."""
        self.stop()
        self._base = max(
            self._finals, self._utterances - 1
        )  # what is half heard keeps its number: it may be answered already
        at_work = self._recogniser.start(self._label, self)
        with self._lock:
            again = self._unfinished.restart()
            if again:
                at_work.feed(again)
            self._at_work = at_work

    def stop(self) -> None:
        """No more words. Call thread; idempotent."""
        with self._lock:
            at_work, self._at_work = self._at_work, None
        if at_work is not None:  # outside the lock: cancel waits for a delivery, and a delivery may want the lock
            at_work.cancel()

    def feed(self, pcm: bytes) -> None:
        """The next audio of the caller, at the line's rate. Media clock's thread; never waits."""
        resampled = self._resampler.feed(pcm)
        if not resampled:
            return
        with self._lock:
            self._unfinished.add(resampled)
            if self._at_work is not None and not self._at_work.feed(resampled):
                self.dropped += 1

    # -- the recogniser's thread -------------------------------------------------------------------------------------

    def ready(self) -> None:
        log.debug("%s: the recogniser listens", self._label)

    def partial(self, transcript: Transcript) -> None:
        self._post(CallerPartlyHeard(transcript.text, self._number(transcript)))

    def final(self, transcript: Transcript) -> None:
        with self._lock:
            self._unfinished.finished(transcript.end_ms)
        self._finals = self._number(transcript)
        self._post(CallerHeard(transcript.text, self._finals))

    def finished(self) -> None:
        log.debug("%s: the recogniser has finished", self._label)

    def failed(self, error: ProviderError) -> None:
        self._post(RecogniserFailed(error))

    def _number(self, transcript: Transcript) -> int:
        self._utterances = max(self._utterances, self._base + transcript.index)
        return self._base + transcript.index
