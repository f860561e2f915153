"""Where the text stands in the audio, from NLS subtitles. [pure]

What is documented: a subtitle has ``begin_time`` and ``end_time`` in milliseconds and ``begin_index`` and ``end_index`` in characters;
SentenceSynthesis brings the new ones, SentenceEnd all of the sentence. What is not: whether the counts begin with the sentence or with the
task, what a character is (UTF-16 or code point), and what becomes of spaces between sentences. So times are taken from the task if a
later sentence's first lies nearer to the sentence's place than to 0, and positions are found by looking for the subtitle's text in
what was said, a few characters ahead; the index only helps where the text differs (a number that is spelt out).

CosyVoice voices have no subtitles. Then NLS tells *that* a sentence has ended but neither its text nor its length, and its rule for cutting
sentences is not documented; so the only thing known is that at ``SynthesisCompleted`` everything has been spoken.
"""

from __future__ import annotations

from ...speech.tts import Mark
from .wire import Subtitle

AHEAD_CHARS = 12


class Marks:
    """One reply, over all its tasks: `said` is the text as it was sent, the audio's milliseconds count from the reply's start."""

    def __init__(self) -> None:
        self.said = ""
        self._chars = 0
        self._ms = 0.0
        self._task_ms = 0.0
        self._sentence_ms = 0.0
        self._sentence_chars = 0
        self._first_index: int | None = None
        self._last_index = -1
        self._from_task: bool | None = None
        self._seen = False

    def say(self, text: str) -> None:
        """`text` is being sent."""
        self.said += text

    def task_began(self, audio_ms: float) -> None:
        self._task_ms = self._sentence_ms = audio_ms

    def sentence_began(self, audio_ms: float) -> None:
        self._sentence_ms = audio_ms
        self._sentence_chars = self._chars
        self._first_index = None
        self._last_index = -1
        self._seen = False

    def spoken(self, subtitles: tuple[Subtitle, ...]) -> list[Mark]:
        """The marks of new subtitles; those seen before are passed over."""
        marks = []
        for subtitle in subtitles:
            begins = subtitle.begin_index
            if self._first_index is None:
                self._first_index = begins
                self._decide(subtitle.begin_ms)
            if subtitle.end_index is not None:
                if subtitle.end_index <= self._last_index:
                    continue
                self._last_index = subtitle.end_index
            elif self._absolute(subtitle.end_ms) <= self._ms:
                continue
            self._seen = True
            chars, ms = self._place(subtitle), self._absolute(subtitle.end_ms)
            if chars > self._chars and ms >= self._ms:
                self._chars, self._ms = chars, ms
                marks.append(Mark(chars, ms))
        return marks

    def sentence_ended(self, subtitles: tuple[Subtitle, ...]) -> list[Mark]:
        """The rest of the sentence's marks; the last one takes the punctuation and spaces with it that no subtitle names."""
        marks = self.spoken(subtitles)
        if self._seen:
            end = self._chars
            while end < len(self.said) and not self.said[end].isalnum():
                end += 1
            if end > self._chars:
                self._chars = end
                marks.append(Mark(end, self._ms))
        return marks

    def completed(self, audio_ms: float) -> list[Mark]:
        """Everything said has been spoken: the one thing that is known without subtitles."""
        if self._chars >= len(self.said):
            return []
        self._chars, self._ms = len(self.said), max(self._ms, audio_ms)
        return [Mark(self._chars, self._ms, exact=False)]

    def _decide(self, begin_ms: float) -> None:
        place = self._sentence_ms - self._task_ms
        if self._from_task is None and place > 0:
            self._from_task = begin_ms > place / 2

    def _absolute(self, ms: float) -> float:
        return ms + (self._task_ms if self._from_task else self._sentence_ms)

    def _place(self, subtitle: Subtitle) -> int:
        """How many characters have been spoken at its end; no growth if that can not be told."""
        text = subtitle.text
        at = self.said.find(text, self._chars, self._chars + AHEAD_CHARS + len(text))
        if at >= 0:
            return at + len(text)
        if subtitle.end_index is None or self._first_index is None:
            return self._chars
        chars = self._sentence_chars + subtitle.end_index - self._first_index
        return chars if self._chars < chars <= min(len(self.said), self._chars + AHEAD_CHARS) else self._chars
