"""What the services of one gateway share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..clock import Clock
from .engines import Hearer, Mind, Voice
from .faults import Faults
from .journal import Journal
from .options import GatewayOptions
from .pace import Pace
from .tokens import Tokens
from .workshop import Workshop

ANY = ""
"""In `Kit.voices`: what speaks for a name that is not there."""


@dataclass
class Kit:
    """Made once by `server.Gateway`; every service reads it."""

    options: GatewayOptions
    clock: Clock
    pace: Pace
    journal: Journal
    faults: Faults
    tokens: Tokens
    workshop: Workshop
    voices: Mapping[str, Voice]
    hearer: Hearer
    mind: Mind
    closing: bool = field(default=False)

    def voice(self, name: str) -> Voice | None:
        """Who speaks when a request asks for `name`; None if such a name is not served."""
        if name in self.voices:
            return self.voices[name]
        known = self.options.voice_names
        return self.voices.get(ANY) if not known or not name or name in known else None

    async def until(self, due: float) -> None:
        """Sleep until the clock shows `due`; return at once if it has passed."""
        left = due - self.clock.now()
        if left > 0:
            await asyncio.sleep(self.clock.real(left))

    def gone(self) -> str:
        """How a visit ended that was cancelled."""
        return "gateway closed" if self.closing else "client left"
