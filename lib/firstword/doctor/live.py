"""Every service that there is a key for is asked in turn, and a line says what came of it: it works, and when what came; or why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..audio.resample import Resampler
from ..clock import SYSTEM, Clock
from ..host.settings import ServiceSection
from ..host.trial import Outcome, Trial
from ..providers import registry
from .variants import Variant, missing_keys

SERVICE_S = 15.0
"""How long one may take. Outside the switch there is time: a local engine may have to load first."""
COLUMNS = ("connect", "ready", "first", "last")
HEAD = f"{'service':<44}" + "".join(f"{name:>9}" for name in COLUMNS)
LEGEND = """\
ms. connect: name, TCP and TLS of the address alone. The others from the start of the work, connecting and a token included:
ready: the recogniser takes audio; first: the first audio, token or words; last: the end, but of a recogniser from the end of the speech
to the final text. What a recogniser hears is what a synthesiser before it said."""


@dataclass(frozen=True)
class Asked:
    """One service to try."""

    what: str
    kind: registry.Kind
    vendor: str
    values: Mapping[str, str] = field(repr=False)
    missing: tuple[str, ...] = ()
    """Variables of the environment without which it can not be tried."""

    @classmethod
    def variant(cls, variant: Variant, *, keys_given: bool) -> Asked:
        missing = () if keys_given else tuple(missing_keys(variant))
        return cls(str(variant), variant.kind, variant.vendor, variant.values, missing)

    @classmethod
    def section(cls, section: ServiceSection) -> Asked:
        return cls(f"{section.does} {section.name}", section.does, section.vendor, section.values)


@dataclass(frozen=True)
class Tried:
    """What came of one. No secret is in it."""

    what: str
    kind: registry.Kind
    vendor: str
    verdict: str
    """``works``, ``fails`` or ``no key``."""
    error: str = ""
    code: str = ""
    said: str = ""
    ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.verdict != "fails"

    def __str__(self) -> str:
        said = {"works": f"works: {self.said}" if self.said else "works", "fails": f"FAIL: {self.error}"}
        return "".join(f"{_ms(self.ms, name):>9}" for name in COLUMNS) + f"  {said.get(self.verdict, self.error)}"

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "ms": {name: round(value, 1) for name, value in self.ms.items()}}


def try_all(asked: Iterable[Asked], *, seconds: float = SERVICE_S, clock: Clock = SYSTEM) -> Iterator[Asked | Tried]:
    """Each service, and then what came of it: one after the other, so that none takes another's time. Next: show them as they come.

    A recogniser hears what the last synthesiser that worked has said; a second of silence if none has.
    """
    speech: tuple[bytes, int] = (b"", 0)
    for one in asked:
        yield one
        if one.missing:
            yield Tried(one.what, one.kind, one.vendor, "no key", f"no key: {', '.join(one.missing)} not set")
            continue
        outcome = _try(one, speech, seconds, clock)
        if outcome.audio:
            speech = (outcome.audio, outcome.rate)
        verdict = "works" if outcome.works else "fails"
        yield Tried(one.what, one.kind, one.vendor, verdict, outcome.error, outcome.code, outcome.said, outcome.ms)


def _try(one: Asked, speech: tuple[bytes, int], seconds: float, clock: Clock) -> Outcome:
    heard = (lambda rate: _at_rate(*speech, rate)) if speech[0] else None
    trial = Trial(one.kind, one.vendor, one.values, one.what, seconds=seconds, clock=clock, speech=heard, reach=True)
    return trial.begin().outcome()


def _at_rate(pcm: bytes, rate: int, wanted: int) -> bytes:
    resampler = Resampler(rate, wanted)
    return resampler.feed(pcm) + resampler.finish()


def _ms(values: Mapping[str, float], name: str) -> str:
    return f"{values[name]:.0f}" if name in values else "-"
