"""Where the text stands in the audio, from CosyVoice's sentences and words. [pure]

A sentence-end names the text of the sentence, and all its audio has come before it: so the sentence's end is known exactly, with every
voice. Words tell more where the voice has them. What is not documented: whether their milliseconds count from the sentence or from the
task; they are taken from the task if a later sentence's first word lies nearer to the sentence's place than to 0. Positions are found by
looking for the text in what was said; where the two differ (the service leaves out Markdown, or spaces), by their letters alone.
"""

from __future__ import annotations

from ...speech.tts import Mark
from .cosyvoice_results import Word

AHEAD_CHARS = 12


class Marks:
    """One reply, over all its tasks: `said` is the text as it was sent, the audio's milliseconds count from the reply's start."""

    def __init__(self) -> None:
        self.said = ""
        self._chars = 0
        self._ms = 0.0
        self._task_ms = 0.0
        self._sentence_ms = 0.0
        self._from_task: bool | None = None

    def say(self, text: str) -> None:
        """`text` is being sent."""
        self.said += text

    def task_began(self, audio_ms: float) -> None:
        self._task_ms = self._sentence_ms = audio_ms

    def sentence_began(self, audio_ms: float) -> None:
        self._sentence_ms = audio_ms

    def sentence_ended(self, text: str, words: tuple[Word, ...], audio_ms: float) -> list[Mark]:
        """All audio of the sentence has come: so much that the reply has `audio_ms` of it now."""
        end = self._end_of(text)
        if words:
            self._decide(words[0].begin_ms)
        base = self._task_ms if self._from_task else self._sentence_ms
        marks = self._words(words, base, audio_ms, end if end > self._chars else len(self.said))
        self._sentence_ms = audio_ms
        return marks + self._advance(end, audio_ms, exact=True)

    def finished(self, words: tuple[Word, ...], audio_ms: float) -> list[Mark]:
        """Everything said in this task has been spoken."""
        marks = self._words(words, self._task_ms, audio_ms, len(self.said))
        unplaced = any(char.isalnum() for char in self.said[self._chars :])
        return marks + self._advance(len(self.said), audio_ms if unplaced else self._ms, exact=not unplaced)

    def _words(self, words: tuple[Word, ...], base_ms: float, audio_ms: float, limit: int) -> list[Mark]:
        marks: list[Mark] = []
        for word in words:
            at = self.said.find(word.text, self._chars, min(limit, self._chars + AHEAD_CHARS + len(word.text)))
            if at >= 0:
                marks += self._advance(at + len(word.text), min(base_ms + word.end_ms, audio_ms), exact=True)
        return marks

    def _advance(self, chars: int, ms: float, exact: bool) -> list[Mark]:
        if chars <= self._chars:
            return []
        self._chars, self._ms = chars, max(self._ms, ms)
        return [Mark(self._chars, self._ms, exact)]

    def _decide(self, begin_ms: float) -> None:
        place = self._sentence_ms - self._task_ms
        if self._from_task is None and place > 0:
            self._from_task = begin_ms > place / 2

    def _end_of(self, text: str) -> int:
        """How many characters have been said at the end of a sentence; no growth if that can not be told."""
        begin = self._chars
        at = self.said.find(text, begin, begin + AHEAD_CHARS + len(text)) if text else -1
        if at >= 0 and not any(char.isalnum() for char in self.said[begin:at]):
            return at + len(text)
        letters = [char for char in text if char.isalnum()]
        found, end = 0, begin
        while found < len(letters) and end < len(self.said):
            char = self.said[end]
            if char.isalnum():
                if char != letters[found]:
                    return begin
                found += 1
            end += 1
        return end if letters and found == len(letters) else begin
