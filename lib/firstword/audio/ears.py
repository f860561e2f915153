"""When the caller makes a sound, speaks, and falls silent: from frames judged one by one to the edges of a turn. [pure]

A judge of 20 ms frames is often wrong, so edges come from runs of speech:

* A *run* begins with a frame of speech and lasts until `DROP_OUT_MS` of silence in a row. A judge's drop-outs and
  the closure of a plosive do not end it.
* A run *stirs* once it holds `stir_ms` of speech, and *counts* once it holds `min_speech_ms`. Before it stirs it is forgotten as soon as it
  holds more silence than speech: a click.
* The caller has stirred with the first run that does, and begun with the first that counts, since they were last silent.
* A judge's hangover (WebRTC's lasts some 120 ms) is no speech: frames of a run that are `SOFT_DB` below its loudest, until they have lasted
  for `SOFT_MS`. Then it is a softer voice.
* They have hushed with the first frame of silence at or after `HUSH_MS` since the last frame of speech.
* They have paused with the first frame of silence at or after `pause_ms` since the last frame of a run that stirred.
"""

from __future__ import annotations

from ..events import CallerBegan, CallerHushed, CallerPaused, CallerStirred, Edge
from .pcm import SAMPLE_BYTES, peak
from .vad import Vad

DROP_OUT_MS = 100
HUSH_MS = 40
SOFT_DB = 26.0
"""The softest ends of syllables are some 20 dB below their vowels, the noise of a usual line 35."""
SOFT_MS = 200
_SOFT = 10 ** (-SOFT_DB / 20)


class Ears:
    """Hears one caller. One thread.

    Args:
        vad: judges the frames; not shared with another call.
        stir_ms: how much speech makes a stir.
        min_speech_ms: how much speech makes a beginning.
        pause_ms: how much silence makes a pause.
    """

    def __init__(self, vad: Vad, stir_ms: int = 100, min_speech_ms: int = 200, pause_ms: int = 200) -> None:
        self._vad = vad
        self._stir_ms = min(stir_ms, min_speech_ms)
        self._min_speech_ms = min_speech_ms
        self._pause_ms = pause_ms
        self._frame_bytes = vad.rate * vad.frame_ms // 1000 * SAMPLE_BYTES
        self._waiting = bytearray()
        self._run: _Run | None = None
        self._quiet_ms = 0  # since the last frame of a run that stirred
        self._last_speech = 0.0
        self._stirred = False
        self._hushed = False
        self.rate = vad.rate
        """Samples per second of what is fed."""
        self.talking = False
        """Whether the caller has begun and not yet paused."""
        self.speech_ms = 0
        """How much was judged to be speech since the call began."""
        self.judged_ms = 0
        """How much was judged."""

    def feed(self, pcm: bytes, now: float, echo: bool = False) -> list[Edge]:
        """The caller's next audio, in whole samples, whose last sample arrived at `now` (seconds). Returns the edges in it, in order.

        `echo`: all of it is our own voice come back. It is no speech, and the judge is not asked: it would take silence in its place for
        the line's noise (with noise at -45 dBFS WebRTC's then heard speech in 23 % of what followed). A judge of longer frames gets
        silence.

        A frame's arrival is `now` less what came after it in `pcm`, so that a burst after a stall keeps its times.
        """
        size = self._frame_bytes
        if len(pcm) == size and not self._waiting:  # nearly always
            return self._judged(pcm, now, echo)
        self._waiting += bytes(len(pcm)) if echo else pcm
        frames = len(self._waiting) // size
        edges: list[Edge] = []
        for index in range(frames):
            after = len(self._waiting) - (index + 1) * size
            at = now - after / (self.rate * SAMPLE_BYTES)
            edges += self._judged(bytes(self._waiting[index * size : (index + 1) * size]), at)
        del self._waiting[: frames * size]
        return edges

    def _judged(self, frame: bytes, at: float, echo: bool = False) -> list[Edge]:
        speech = not echo and self._vad.speech(frame)
        if speech and self._run is not None:
            speech = self._run.sounds(peak(frame), self._vad.frame_ms)
        frame_ms = self._vad.frame_ms
        self.judged_ms += frame_ms
        self._quiet_ms += frame_ms
        if speech:
            return self._heard(frame_ms, at)
        if self._run is not None and self._run.silence(frame_ms, self._stir_ms):
            self._run = None
        if self._stirred and self._quiet_ms >= self._pause_ms:
            self._stirred = self.talking = False
            return [CallerPaused(self._last_speech)]
        if self._stirred and not self._hushed and self._quiet_ms >= HUSH_MS:
            self._hushed = True
            return [CallerHushed(self._last_speech)]
        return []

    def _heard(self, frame_ms: int, at: float) -> list[Edge]:
        self.speech_ms += frame_ms
        run = self._run = self._run or _Run(at)
        run.speech(frame_ms)
        if run.speech_ms < self._stir_ms:
            return []
        self._quiet_ms, self._last_speech, self._hushed = 0, at, False
        edges: list[Edge] = []
        if not self._stirred:
            self._stirred = True
            edges.append(CallerStirred(run.began))
        if not self.talking and run.speech_ms >= self._min_speech_ms:
            self.talking = True
            edges.append(CallerBegan(run.began))
        return edges


class _Run:
    """A run of speech, with its drop-outs."""

    __slots__ = ("_gap_ms", "_loudest", "_silence_ms", "_soft_ms", "began", "speech_ms")

    def __init__(self, began: float) -> None:
        self.began = began
        self.speech_ms = 0
        self._silence_ms = 0
        self._gap_ms = 0
        self._loudest = 0
        self._soft_ms = 0

    def sounds(self, peak: int, ms: int) -> bool:
        """Whether a frame with this peak, judged to be speech, is more than hangover."""
        if peak < self._loudest * _SOFT:
            self._soft_ms += ms
            if self._soft_ms <= SOFT_MS:
                return False
            self._loudest = peak
        self._soft_ms = 0
        self._loudest = max(peak, self._loudest)
        return True

    def speech(self, ms: int) -> None:
        self.speech_ms += ms
        self._gap_ms = 0

    def silence(self, ms: int, stir_ms: int) -> bool:
        """Returns whether the run is over."""
        self._silence_ms += ms
        self._gap_ms += ms
        return self._gap_ms >= DROP_OUT_MS or (self.speech_ms < stir_ms and self._silence_ms > self.speech_ms)
