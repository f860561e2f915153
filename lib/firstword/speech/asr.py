"""The contract of a recogniser. The common rules are in `firstword.speech`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import ProviderError


@dataclass(frozen=True, slots=True)
class Transcript:
    """Words of the caller.

    `begin_ms` and `end_ms` count in audio fed since ``start`` (the service's own clock is the audio, not the wall);
    `index` numbers the utterance as the service cuts it, growing. `translations` are pairs of a language's code and the same words in it,
    from a service that was asked to translate.
    """

    text: str
    index: int
    begin_ms: int
    end_ms: int
    translations: tuple[tuple[str, str], ...] = ()


class RecognitionListener(Protocol):
    """Order: ``ready``, then any number of ``partial`` and ``final``, then one of ``finished`` and ``failed``."""

    def ready(self) -> None:
        """The service takes audio now. What was fed before was kept and is being sent."""

    def partial(self, transcript: Transcript) -> None:
        """What the service thinks so far of the utterance `transcript.index`; the next one replaces it."""

    def final(self, transcript: Transcript) -> None:
        """The utterance is over and will not change."""

    def finished(self) -> None:
        """All audio up to ``finish`` was recognised."""

    def failed(self, error: ProviderError) -> None:
        """The recognition ended; audio fed from now on is ignored."""


class Recognition(Protocol):
    """One recogniser at work: one call's audio."""

    def feed(self, pcm: bytes) -> bool:
        """Hand over the next audio, any number of whole samples; silence too, in real time (services end a sentence by counting
        audio, and drop a connection that is quiet for 10 s). Never waits.

        Returns:
            False if it was dropped: the service is not keeping up (more than `Recogniser.backlog_ms` waits), or it is over.
        """

    def finish(self) -> None:
        """No more audio. Next: what is left becomes ``final``, then ``finished``."""

    def cancel(self) -> None:
        """Stop now; see `firstword.speech`."""


class Recogniser(Protocol):
    """A recognition service."""

    name: str
    """For the record and the errors, such as ``aliyun asr``."""
    rate: int
    """Samples per second it wants to be fed."""
    backlog_ms: int
    """How much audio may wait for a slow or connecting service before the oldest is dropped."""

    def start(self, label: str, listener: RecognitionListener) -> Recognition:
        """Begin; connecting happens behind it."""

    def close(self) -> None:
        """The process ends or the configuration was replaced: release what calls share. Idempotent."""
