"""The caller's audio on its way to a hearer: what every recogniser of the gateway does with a binary message."""

from __future__ import annotations

from collections.abc import Callable

from ..audio.pcm import peak
from .engines import HeardText
from .journal import Record
from .kit import Kit

STEP_MS = 60
"""Audio is handed to the hearer in steps of at least so much: three telephone frames."""
LOUD = 256
QUIET_S = 0.3


class Sounds:
    """Notes in the journal when a caller begins to make a sound, after a while of none."""

    def __init__(self, kit: Kit, record: Record) -> None:
        self._kit = kit
        self._record = record
        self._loud = float("-inf")

    def look(self, pcm: bytes) -> bool:
        """The next audio. Returns whether it holds a sound."""
        loud = len(pcm) % 2 == 0 and peak(pcm) > LOUD
        if loud:
            now = self._kit.clock.now()
            if now - self._loud > QUIET_S:
                self._record.sounded()
            self._loud = now
        return loud


class Intake:
    """One task's audio. Of the gateway's loop.

    Args:
        silence_ms: so much of it ends a sentence.
        heard, broke: are told what was heard, and that the hearer failed.
    """

    def __init__(
        self,
        kit: Kit,
        record: Record,
        rate: int,
        silence_ms: int,
        heard: Callable[[list[HeardText]], None],
        broke: Callable[[Exception], None],
    ) -> None:
        self._rate = rate
        self._sounds = Sounds(kit, record)
        self._ears = kit.workshop.hearing(kit.hearer.open(rate, silence_ms), kit.hearer.quick)
        self._ears.tell(heard, broke)
        self._waiting = bytearray()
        self._fed = 0
        self._quiet_from = 0

    def add(self, pcm: bytes) -> bool:
        """More audio. Returns False if the hearer is hopelessly behind."""
        loud = self._sounds.look(pcm)
        self._waiting += pcm
        if loud:
            self._quiet_from = self._fed + len(self._waiting)
        return len(self._waiting) < self._rate * 2 * STEP_MS // 1000 or self._feed()

    async def finish(self) -> bool:
        """No more audio; returns when all was told, False if the hearer is hopelessly behind."""
        kept = self._feed()
        await self._ears.finish()
        return kept

    def close(self) -> None:
        """Stop hearing; nothing is told any more. Idempotent."""
        self._ears.cancel()

    @property
    def heard_ms(self) -> int:
        """How much the hearer was given."""
        return round(self._fed / 2 * 1000 / self._rate)

    @property
    def silent_ms(self) -> float:
        """How much of the latest audio held no sound."""
        return (self._fed + len(self._waiting) - self._quiet_from) / 2 * 1000 / self._rate

    def _feed(self) -> bool:
        whole = len(self._waiting) & ~1
        pcm = bytes(self._waiting[:whole])
        del self._waiting[:whole]
        self._fed += whole
        return not pcm or self._ears.feed(pcm)
