"""Makes a streaming hearer of a recogniser that only decodes whole pieces of speech: a VAD cuts, in audio time."""

from __future__ import annotations

from ..audio import vad
from .engines import HeardText, Hearing, SegmentHearer

BEGIN_MS = 90
"""So much speech without a break begins a sentence: a click is shorter."""
LEAD_MS = 300
"""Audio kept from before the beginning: a VAD wakes late, and a recogniser wants a little silence in front."""
GUESS_MS = 240
"""After so much silence the piece is decoded already; if the speaker goes on, that was a partial result, if not, the final one is
ready when the silence is long enough."""


class Segments:
    """A `Hearer` over a `SegmentHearer`.

    Args:
        hearer: the recogniser.
        vad_name: which of `firstword.audio.vad` cuts.
    """

    quick = False

    def __init__(self, hearer: SegmentHearer, vad_name: str) -> None:
        self._hearer = hearer
        self._vad_name = vad_name
        vad.make(vad_name, 8000)  # a missing or unknown one is the operator's to mend, and now

    def open(self, rate: int, silence_ms: int) -> Hearing:
        return SegmentHearing(self._hearer, vad.make(self._vad_name, rate), rate, silence_ms)


class SegmentHearing:
    """One stream. ``feed`` blocks while a piece is decoded."""

    def __init__(self, hearer: SegmentHearer, detector: vad.Vad, rate: int, silence_ms: int) -> None:
        self._hearer = hearer
        self._vad = detector
        self._rate = rate
        self._silence_ms = max(silence_ms, GUESS_MS)
        self._frame_bytes = rate * detector.frame_ms // 1000 * 2
        self._rest = b""
        self._frames: list[bytes] = []  # of the sentence under way, or the lead of the next one
        self._now_ms = 0.0
        self._speech_ms = 0.0  # speech without a break, before the beginning
        self._silent_ms = 0.0  # since the last speech, after it
        self._begin_ms: float | None = None
        self._guess: str | None = None

    def feed(self, pcm: bytes) -> list[HeardText]:
        told: list[HeardText] = []
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % self._frame_bytes
        for at in range(0, whole, self._frame_bytes):
            self._step(audio[at : at + self._frame_bytes], told)
        self._rest = audio[whole:]
        return told

    def finish(self) -> list[HeardText]:
        return [self._end()] if self._begin_ms is not None else []

    def _step(self, frame: bytes, told: list[HeardText]) -> None:
        frame_ms = self._vad.frame_ms
        self._frames.append(frame)
        self._now_ms += frame_ms
        speech = self._vad.speech(frame)
        if self._begin_ms is None:
            self._speech_ms = self._speech_ms + frame_ms if speech else 0.0
            if self._speech_ms >= BEGIN_MS:
                self._begin_ms = self._now_ms - self._speech_ms
                self._silent_ms = 0.0
                told.append(HeardText("", self._begin_ms, self._now_ms, final=False))
            else:
                del self._frames[: -round(LEAD_MS / frame_ms)]
            return
        if speech:
            self._silent_ms, self._guess = 0.0, None
        else:
            self._silent_ms += frame_ms
        if self._silent_ms >= GUESS_MS and self._guess is None:
            self._guess = self._decode()
            if self._guess:
                told.append(HeardText(self._guess, self._begin_ms, self._now_ms - self._silent_ms, final=False))
        too_long = len(self._frames) * frame_ms + frame_ms > self._hearer.segment_ms
        if self._silent_ms >= self._silence_ms or too_long:
            told.append(self._end())

    def _end(self) -> HeardText:
        assert self._begin_ms is not None
        text = self._decode() if self._guess is None else self._guess
        ended = HeardText(text, self._begin_ms, self._now_ms - self._silent_ms, final=True)
        self._frames.clear()
        self._begin_ms, self._guess = None, None
        self._speech_ms = self._silent_ms = 0.0
        return ended

    def _decode(self) -> str:
        return self._hearer.transcribe(b"".join(self._frames), self._rate)
