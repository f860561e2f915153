"""When the caller begins to speak, and when they have finished: from frames judged one by one to the two edges of a turn. [pure]

A judge of 20 ms frames is often wrong, so edges come from runs of speech:

* A *run* begins with a frame of speech and lasts until `DROP_OUT_MS` of silence in a row. A judge's drop-outs and
  the closure of a plosive do not end it.
* A run counts once it holds `min_speech_ms` of speech. Before that it is forgotten as soon as it holds more silence than
  speech: a click, a cough.
* Then the caller has begun. From there on a new run counts after `RESUME_MS`, so that a click in the silence does not
  put off the endpoint.
* The caller has stopped with the first frame of silence at or after `endpoint_ms` since the last frame of a run that counts.
"""

from __future__ import annotations

from ..events import CallerBegan, CallerStopped
from .pcm import SAMPLE_BYTES
from .vad import Vad

DROP_OUT_MS = 100
RESUME_MS = 60


class Ears:
    """Hears one caller. One thread.

    Args:
        vad: judges the frames; not shared with another call.
        min_speech_ms: how much speech makes a beginning.
        endpoint_ms: how much silence makes an end.
    """

    def __init__(self, vad: Vad, min_speech_ms: int = 200, endpoint_ms: int = 500) -> None:
        self._vad = vad
        self._min_speech_ms = min_speech_ms
        self._endpoint_ms = endpoint_ms
        self._frame_bytes = vad.rate * vad.frame_ms // 1000 * SAMPLE_BYTES
        self._waiting = bytearray()
        self._run: _Run | None = None
        self._quiet_ms = 0  # since the last frame of a run that counts
        self._last_speech = 0.0
        self.rate = vad.rate
        """Samples per second of what is fed."""
        self.talking = False
        """Whether the caller has begun and not yet stopped."""
        self.speech_ms = 0
        """How much was judged to be speech since the call began."""
        self.judged_ms = 0
        """How much was judged."""

    def feed(self, pcm: bytes, now: float) -> list[CallerBegan | CallerStopped]:
        """The caller's next audio, in whole samples, whose last sample arrived at `now` (seconds). Returns the edges in it, in order.

        A frame's arrival is `now` less what came after it in `pcm`, so that a burst after a stall keeps its times.
        """
        size = self._frame_bytes
        if len(pcm) == size and not self._waiting:  # nearly always
            edge = self._judged(self._vad.speech(pcm), now)
            return [edge] if edge is not None else []
        self._waiting += pcm
        frames = len(self._waiting) // size
        if not frames:
            return []
        edges: list[CallerBegan | CallerStopped] = []
        for index in range(frames):
            after = len(self._waiting) - (index + 1) * size
            at = now - after / (self.rate * SAMPLE_BYTES)
            edge = self._judged(self._vad.speech(bytes(self._waiting[index * size : (index + 1) * size])), at)
            if edge is not None:
                edges.append(edge)
        del self._waiting[: frames * size]
        return edges

    def _judged(self, speech: bool, at: float) -> CallerBegan | CallerStopped | None:
        frame_ms = self._vad.frame_ms
        self.judged_ms += frame_ms
        self._quiet_ms += frame_ms
        if speech:
            self.speech_ms += frame_ms
            run = self._run = self._run or _Run(at)
            run.speech(frame_ms)
            if run.speech_ms >= (RESUME_MS if self.talking else self._min_speech_ms):
                run.counts = True
            if run.counts:
                self._quiet_ms, self._last_speech = 0, at
                if not self.talking:
                    self.talking = True
                    return CallerBegan(run.began)
        elif self._run is not None and self._run.silence(frame_ms):
            self._run = None
        if self.talking and not speech and self._quiet_ms >= self._endpoint_ms:
            self.talking = False
            return CallerStopped(self._last_speech)
        return None


class _Run:
    """A run of speech, with its drop-outs."""

    __slots__ = ("_gap_ms", "_silence_ms", "began", "counts", "speech_ms")

    def __init__(self, began: float) -> None:
        self.began = began
        self.counts = False
        self.speech_ms = 0
        self._silence_ms = 0
        self._gap_ms = 0

    def speech(self, ms: int) -> None:
        self.speech_ms += ms
        self._gap_ms = 0

    def silence(self, ms: int) -> bool:
        """Returns whether the run is over."""
        self._silence_ms += ms
        self._gap_ms += ms
        return self._gap_ms >= DROP_OUT_MS or (not self.counts and self._silence_ms > self.speech_ms)
