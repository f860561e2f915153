"""When things are due: the gateway's model of how fast services are. [pure]

All moments are seconds of the gateway's clock. A due moment is a lower bound: what is not ready by then comes when it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from .options import GatewayOptions


@dataclass(frozen=True, slots=True)
class Pace:
    """The delays of one gateway; see `GatewayOptions` for their meaning."""

    connect_s: float
    start_s: float
    first_token_s: float
    token_s: float
    first_packet_s: float
    real_time_factor: float
    final_s: float

    @classmethod
    def of(cls, options: GatewayOptions) -> Pace:
        return cls(
            connect_s=options.connect_ms / 1000,
            start_s=options.start_ms / 1000,
            first_token_s=options.first_token_ms / 1000,
            token_s=1 / options.tokens_per_s if options.tokens_per_s else 0.0,
            first_packet_s=options.first_packet_ms / 1000,
            real_time_factor=options.real_time_factor,
            final_s=options.final_ms / 1000,
        )

    def token(self, asked: float, count: int, paused_ms: float = 0.0) -> float:
        """When token number `count` (from 0) of a request made at `asked` is due; `paused_ms` is what the mind added so far."""
        return asked + self.first_token_s + count * self.token_s + paused_ms / 1000

    def audio(self, first: float, offset_ms: float) -> float:
        """When audio that lies `offset_ms` into a clause is due, if the clause's first audio left at `first`."""
        return first + offset_ms / 1000 * self.real_time_factor
