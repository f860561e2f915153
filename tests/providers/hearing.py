"""A recogniser's service, played by a test: see `playing`. A vendor's part in the stories is one class over `Hearer` (`hearers`)."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from .playing import Part

FRAME = bytes(range(160)) * 2
"""20 ms at 8 kHz."""


class Hearer(Part):
    """How a service takes audio, says what it hears, ends and fails. Its sentences come one after the other."""

    tells_partial_times: ClassVar[bool] = True
    """Whether it says of what it hears so far where that is in the audio."""

    @property
    @abstractmethod
    def audio(self) -> bytes:
        """All that came."""

    @property
    @abstractmethod
    def audio_messages(self) -> list[int]:
        """The bytes of each message with audio."""

    @abstractmethod
    def hears(self, text: str, begin_ms: int, end_ms: int) -> None:
        """Say what is understood so far of a sentence."""

    @abstractmethod
    def heard(self, text: str, begin_ms: int, end_ms: int) -> None:
        """Say that the sentence is over."""

    @abstractmethod
    def something_new(self) -> None:
        """Say what is on no page yet, and what brings nothing."""

    def all_came(self) -> None:
        """Read to the end of the audio."""
        self.came("end")

    def end(self, times: int = 1) -> None:
        """Everything is understood."""
        self._tell_end(times)
