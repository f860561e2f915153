"""The text of one reply against its audio, whichever services speak it: where it can be cut, so that another goes on from there. [pure]

Exact marks say where a character ends. Where a service gives none, the pace of its voice does (`pace`), from the last thing that is known;
a pause in the audio near that place is the better place, for there nobody speaks.
"""

from __future__ import annotations

import numpy as np

from ...audio.pcm import SAMPLE_BYTES
from ..tts import Mark
from .pace import Pace

MARGIN_MS = 60.0
"""So much after what was heard nothing is cut: the switch takes a frame every 20 ms while we think."""
BRIDGE_MS = 1000.0
"""Without marks: so much of what was delivered is kept, for the next service needs its time, and no more, for each character at a pace that
is only about right adds to the error."""
SEARCH_MS = (300.0, 2500.0)
"""From what was heard: there a pause between two clauses is looked for, as a better place."""
QUIET_DB = 12.0
"""A place is quiet if 20 ms there are so much less loud than where the pace says."""
REACH_MS = 40.0
"""So far from the place that the pace says a quieter one is looked for."""
SENTENCE_ENDS = "。！？!?"
"""What ends with one of these a service must speak; of the rest it may wait for more."""
CLAUSE_ENDS = SENTENCE_ENDS + "，、；：,;:"


class Passage:
    """Not locked. Times are milliseconds of all audio told so far, at `rate`.

    Args:
        keep: the audio from what was heard on is kept, to look for pauses and to be taken back.
    """

    def __init__(self, rate: int, keep: bool) -> None:
        self.said = ""
        self.begin = Mark(0, 0.0)
        """Where the service began that speaks now."""
        self.told_bytes = 0
        self._bytes_per_ms = rate * SAMPLE_BYTES / 1000
        self._keep = keep
        self._marks: list[Mark] = []  # of the service that speaks now
        self._tail = bytearray()  # the last that was told

    @property
    def told_ms(self) -> float:
        return self.told_bytes / self._bytes_per_ms

    @property
    def rest(self) -> str:
        """What the service that speaks now was given, or is to be."""
        return self.said[self.begin.chars :]

    @property
    def exact(self) -> bool:
        """Whether the service that speaks now tells where its text stands."""
        return any(mark.exact for mark in self._marks)

    def audio(self, pcm: bytes) -> None:
        """`pcm` was told."""
        self.told_bytes += len(pcm)
        if self._keep:
            self._tail += pcm

    def mark(self, mark: Mark) -> Mark | None:
        """The service that speaks now told a mark. Returns it in the reply's characters and time, or None for one that can not be."""
        chars, ms = self.begin.chars + mark.chars, self.begin.audio_ms + mark.audio_ms
        last = self._marks[-1] if self._marks else self.begin
        if not last.chars < chars <= len(self.said) or ms < last.audio_ms:
            return None
        self._marks.append(Mark(chars, ms, mark.exact))
        return self._marks[-1]

    def span(self) -> tuple[str, float]:
        """The text between the last two places that are known exactly, and how long it took."""
        known = [self.begin, *(mark for mark in self._marks if mark.exact)]
        before, after = known[-2:] if len(known) > 1 else (self.begin, self.begin)
        return self.said[before.chars : after.chars], after.audio_ms - before.audio_ms

    def heard(self, heard_ms: float) -> None:
        """So much was heard: the audio before can not be taken back."""
        before = self.told_bytes - len(self._tail)
        del self._tail[: max(0, self._bytes(heard_ms) - before)]

    def marks_after(self, ms: float) -> list[Mark]:
        return [mark for mark in self._marks if mark.audio_ms > ms]

    def owed(self, finishing: bool, pace: Pace) -> bool:
        """Whether the service has text that it must have spoken, or have told its end, before anything else is given to it."""
        if finishing:
            return True
        due = max(map(self.said.rfind, SENTENCE_ENDS)) + 1
        known = self._marks[-1].chars if self._marks else self.begin.chars
        if not _speakable(self.said[known:due]):
            return False
        if self.told_ms <= self.begin.audio_ms or self.exact:
            return True
        text = self.said[self.begin.chars : due]
        return pace.texts > 0 and self.told_ms - self.begin.audio_ms < 0.75 * pace.lasts_ms(text) - 200

    @property
    def told_whole(self) -> bool:
        """Whether all of the text that can be spoken is known to have been told."""
        told = next(
            (m.chars for m in reversed(self._marks) if m.exact and m.audio_ms <= self.told_ms), self.begin.chars
        )
        return self.told_bytes > 0 and not _speakable(self.said[told:])

    def last_cut(self, heard_ms: float, pace: Pace) -> Mark | None:
        """The latest place where a character ends and nothing of the next one was heard; None if there is none that is known well
        enough."""
        known = self._known(heard_ms)
        if known:
            return known[-1]
        if not self.exact and not pace.texts:
            return None
        paced = self._paced(heard_ms, pace)
        return self._settled(paced[-1], REACH_MS) if paced else None

    def cut(self, heard_ms: float, pace: Pace) -> Mark:
        """Where the next service is to go on: at a character's end, not before what was heard."""
        known = self._known(heard_ms)
        if known:
            return known[-1]
        if not self.exact and self._unheard(self.begin.audio_ms, heard_ms):
            return self.begin  # nothing of this service was heard: all of it is said again
        paced = self._paced(heard_ms, pace)
        if not paced:
            return self.at(max(heard_ms, self.told_ms), pace)
        for mark in paced:
            ahead = mark.audio_ms - heard_ms
            if SEARCH_MS[0] <= ahead <= SEARCH_MS[1] and self.said[mark.chars - 1] in CLAUSE_ENDS:
                pause = self._settled(mark, 150 + 0.1 * (mark.audio_ms - self._anchor.audio_ms))
                if pause is not mark and self._unheard(pause.audio_ms, heard_ms):
                    return pause
        nearest = min(paced, key=lambda mark: abs(mark.audio_ms - heard_ms - BRIDGE_MS))
        return self._settled(nearest, REACH_MS)

    def at(self, ms: float, pace: Pace) -> Mark:
        """How far the text is at `ms`, where it was cut whatever it is: a character half of which was said counts."""
        chars, end = self._anchor.chars, self._anchor.audio_ms
        for character in self.said[chars:]:
            takes = pace.of(character)
            if end + takes / 2 > ms:
                break
            chars, end = chars + 1, end + takes
        return Mark(chars, ms, exact=False)

    def take_back(self, ms: float) -> bytes:
        """Nothing after `ms` was told after all. Returns that audio."""
        size = min(len(self._tail), max(0, self.told_bytes - self._bytes(ms)))
        taken = bytes(self._tail[len(self._tail) - size :])
        del self._tail[len(self._tail) - size :]
        self.told_bytes -= size
        return taken

    def go_on(self, mark: Mark) -> None:
        """From here on another service speaks: what is told begins at `mark`."""
        self.begin = mark
        self._marks = []

    @property
    def _anchor(self) -> Mark:
        """The last that is known of what was told."""
        return next((mark for mark in reversed(self._marks) if mark.audio_ms <= self.told_ms), self.begin)

    def _known(self, heard_ms: float) -> list[Mark]:
        marks = [mark for mark in self._marks if mark.exact and mark.audio_ms <= self.told_ms]
        return [mark for mark in marks if self._unheard(mark.audio_ms, heard_ms)]

    def _paced(self, heard_ms: float, pace: Pace) -> list[Mark]:
        """The ends of the characters after the last mark, by the pace, as far as they were told and not heard."""
        found, end = [], self._anchor.audio_ms
        for at, character in enumerate(self.said[self._anchor.chars :], self._anchor.chars + 1):
            end += pace.of(character)
            if end > self.told_ms + 0.5:
                break
            if self._unheard(end, heard_ms):
                found.append(Mark(at, min(end, self.told_ms), exact=False))
        return found

    def _unheard(self, ms: float, heard_ms: float) -> bool:
        return ms >= heard_ms + MARGIN_MS or not heard_ms

    def _settled(self, mark: Mark, reach_ms: float) -> Mark:
        """`mark`, moved to the quietest 20 ms within reach, if they are a pause."""
        window = self._bytes(20)
        begin = self.told_bytes - len(self._tail)
        place = self._bytes(mark.audio_ms) - begin
        reach = self._bytes(reach_ms)
        low, high = max(0, place - reach - window // 2), min(len(self._tail), place + reach + window // 2)
        here = bytes(self._tail[max(0, place - window // 2) : place + window // 2])
        span = np.frombuffer(bytes(self._tail[low : low + (high - low) // 2 * 2]), "<i2").astype(np.float64)
        size = window // SAMPLE_BYTES
        if len(here) < window or len(span) < size:
            return mark
        power = np.convolve(span * span, np.ones(size) / size, "valid")
        best = int(power.argmin())
        loud = float(np.mean(np.square(np.frombuffer(here, "<i2").astype(np.float64))))
        if loud <= 0 or power[best] > loud / 10 ** (QUIET_DB / 10):
            return mark
        moved = (begin + low + best * SAMPLE_BYTES + window // 2) / self._bytes_per_ms
        return Mark(mark.chars, moved, mark.exact)

    def _bytes(self, ms: float) -> int:
        return round(ms * self._bytes_per_ms / SAMPLE_BYTES) * SAMPLE_BYTES


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in text)
