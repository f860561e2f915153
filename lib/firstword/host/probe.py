"""Do the configured services really answer? Each does a little real work, all at once (`trial`): a token is requested, a connection is
made, a sentence is spoken, a question answered, a second of silence recognised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..clock import SYSTEM, Clock
from .findings import Finding
from .settings import ServiceSection
from .trial import Outcome, Trial

SERVICE_S = 5.0
"""How long a service may take to prove itself. A caller would have given up long before."""


def services(
    sections: Iterable[ServiceSection], clock: Clock = SYSTEM, seconds: float = SERVICE_S
) -> Iterator[Finding]:
    """A finding for each, in their order. Takes as long as the slowest, at most `seconds` and a little."""
    asked = [(section, _trial(section, seconds, clock).begin()) for section in sections]
    return (_finding(section, trial.outcome()) for section, trial in asked)


def _finding(section: ServiceSection, outcome: Outcome) -> Finding:
    if not outcome.works:
        return Finding(section.where, False, outcome.error)
    came = outcome.ms.get("first", outcome.ms.get("ready"))
    first = "" if came is None else f", first answer after {came:.0f} ms"
    return Finding(section.where, True, f"{outcome.name} works{first}")


def _trial(section: ServiceSection, seconds: float, clock: Clock) -> Trial:
    return Trial(
        section.does, section.vendor, section.values, section.where, seconds=seconds, clock=clock, label=section.name
    )
