"""The contract of a streaming synthesiser. The common rules are in `firstword.speech`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..errors import ProviderError


@dataclass(frozen=True, slots=True)
class Mark:
    """Where some of the text stands in the audio.

    The characters before `chars` (counted in all text given to ``say`` since ``start``, in Python characters) have been spoken when
    `audio_ms` of the audio since ``start`` has been heard. Marks grow in both. `exact` is False where the service has no timestamps and
    only the end of a sentence is known to lie at or before this point.
    """

    chars: int
    audio_ms: float
    exact: bool = True


class SynthesisListener(Protocol):
    """Order: any number of ``audio`` and ``mark``, then one of ``finished`` and ``failed``."""

    def audio(self, pcm: bytes) -> None:
        """The next audio: at least one whole sample; the pieces concatenated are the whole."""

    def mark(self, mark: Mark) -> None:
        """The text up to `mark.chars` ends at `mark.audio_ms`; may come before or after that audio."""

    def finished(self) -> None:
        """All text up to ``finish`` has become audio."""

    def failed(self, error: ProviderError) -> None:
        """The audio ends here; what was told stays true."""


class Synthesis(Protocol):
    """One reply being spoken: one stream of text in, one stream of audio out."""

    def say(self, text: str) -> None:
        """Hand over the next text, at least one character, also before the service is connected. Never waits."""

    def flush(self) -> None:
        """Ask to speak what has been given so far without waiting for more. A service that can not, ignores it."""

    def finish(self) -> None:
        """No more text. Next: the rest becomes audio, then ``finished``."""

    def cancel(self) -> None:
        """Stop now; see `firstword.speech`."""


class Synthesiser(Protocol):
    """A streaming synthesis service. An implementation names this class as its base, and so has `speak`."""

    name: str
    """For the record and the errors, such as ``aliyun tts``."""
    rate: int
    """Samples per second of its audio."""
    reads: frozenset[str] = frozenset()
    """How it takes the pronunciation of single words: ``syllables`` by `pronouncing` (a service's ``hot_fix``), ``ssml`` within the text. A
    service that takes neither, as most do, is given other text in their place (`text.lexicon`)."""

    def pronouncing(self, words: Mapping[str, str]) -> Synthesiser:
        """The same service, which reads `words` by their syllables (重庆 -> ``chong2 qing4``). One that `reads` no syllables is itself.

        What it returns is used, and closed, in its place.
        """
        return self

    def start(self, label: str, listener: SynthesisListener) -> Synthesis:
        """Begin a reply; connecting happens behind it, so call it together with the model, not after."""

    def speak(self, label: str, text: str, listener: SynthesisListener) -> Synthesis:
        """Begin a reply whose whole `text`, at least one character, is known: ``start``, ``say`` and ``finish`` in one. Next: its end comes
        by itself, or ``cancel``.

        A service that can do better where nothing is left to wait for has a method of its own.
        """
        synthesis = self.start(label, listener)
        synthesis.say(text)
        synthesis.finish()
        return synthesis

    def expect(self, label: str) -> None:
        """The call `label` will want to speak soon: what can be connected ahead, may be. Returns at once; nothing is promised."""
        return None  # noqa: RET501 - else it would be abstract

    def close(self) -> None:
        """The process ends or the configuration was replaced: release what calls share. Idempotent."""
