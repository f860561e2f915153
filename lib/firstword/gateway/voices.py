"""The tone voice and its hearer as engines of the gateway: `firstword.audio.tone` behind the engines' protocols."""

from __future__ import annotations

from collections.abc import Generator

from ..audio import tone
from .engines import HeardText, Spoken

PIECE_CHARACTERS = 48
"""How much is spoken per step: 9 s of Chinese, made in about a fifth of a millisecond."""
HEARER_BLOCK_MS = 20
"""What a hearer judges at once: a caller waits for it. A character is known some 85 ms after its last tone then, and not 60 ms later; a
hundred calls cost a sixth more of the gateway."""


class ToneVoice:
    """Speaks any text, every byte of it, in the tone code. Knows exactly where each character lies."""

    rate = 8000
    quick = True

    def __init__(self, byte_ms: int = tone.BYTE_MS) -> None:
        self.byte_ms = byte_ms
        tone.speak(
            "", self.rate, byte_ms
        )  # makes the symbols, once per process and pace, before the first caller waits for them

    def speak(self, text: str, rate: int) -> Generator[Spoken, None, None]:
        begin_ms = 0.0
        for at in range(0, len(text), PIECE_CHARACTERS):
            piece = text[at : at + PIECE_CHARACTERS]
            spans = tone.spans(piece, self.byte_ms)
            yield Spoken(
                pcm=tone.speak(piece, rate, self.byte_ms),
                characters=tuple((at + index, begin_ms + begin, begin_ms + end) for index, begin, end in spans),
            )
            begin_ms += spans[-1][2]


class ToneHearer:
    """Hears the tone code as it comes, character by character."""

    quick = True

    def __init__(self, byte_ms: int = tone.BYTE_MS) -> None:
        self.byte_ms = byte_ms
        tone.Ear(8000, byte_ms)  # makes the filters: 60 ms, once per process and pace

    def open(self, rate: int, silence_ms: int) -> ToneHearing:
        return ToneHearing(rate, silence_ms, self.byte_ms)


class ToneHearing:
    """One stream.

    A sentence ends after `silence_ms` of audio without a symbol, but not before a character of four bytes and the ear's own
    delay (a symbol and 50 ms) have had their time: 360 ms at the usual pace.
    """

    def __init__(self, rate: int, silence_ms: int, byte_ms: int) -> None:
        self._ear = tone.Ear(rate, byte_ms, HEARER_BLOCK_MS)
        self._silence_ms = max(silence_ms, 5 * byte_ms + 60)
        self._bytes_per_ms = rate * 2 / 1000
        self._fed = 0
        self._text = ""
        self._begin_ms = self._end_ms = 0.0

    def feed(self, pcm: bytes) -> list[HeardText]:
        self._fed += len(pcm)
        told = self._take(self._ear.feed(pcm))
        if self._text and self._fed / self._bytes_per_ms - self._end_ms >= self._silence_ms:
            told.append(self._end())
        return told

    def finish(self) -> list[HeardText]:
        told = self._take(self._ear.finish())
        if self._text:
            told.append(self._end())
        return told

    def _take(self, heard: list[tone.Heard]) -> list[HeardText]:
        told: list[HeardText] = []
        for character in heard:
            if self._text and character.begin_ms - self._end_ms >= self._silence_ms:
                told.append(self._end())
            if not self._text:
                self._begin_ms = character.begin_ms
            self._text += character.text
            self._end_ms = character.end_ms
        if heard:
            told.append(HeardText(self._text, self._begin_ms, self._end_ms, final=False))
        return told

    def _end(self) -> HeardText:
        text, self._text = self._text, ""
        return HeardText(text, self._begin_ms, self._end_ms, final=True)


def voice() -> ToneVoice:
    return ToneVoice()


def hearer() -> ToneHearer:
    return ToneHearer()
