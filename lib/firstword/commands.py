"""Everything the turn machine may ask for. Values: frozen, slotted, in the imperative. `call.Call` carries them out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["hangup", "transfer", "completed", "timeout", "busy", "error"]
EndedBy = Literal["caller", "bot", "transfer", "timeout", "error"]


@dataclass(frozen=True, slots=True)
class Listen:
    """Start the recogniser, or start it again after it failed."""


@dataclass(frozen=True, slots=True)
class Think:
    """Begin reply number `reply`: the model answers `text`, each token is spoken as it comes, and nothing of it is heard before
    `Release`."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class Release:
    """Let reply `reply`, which `Think` began, or which was held before it was heard, be heard: it answers the caller's turn."""

    reply: int
    text: str
    """The caller's words, as they turned out to be."""
    last_speech: float
    """When the last frame of the caller's turn that was judged to be speech arrived, in the clock's seconds. The turn's
    milliseconds count from here."""
    endpoint: float
    """When the turn was found to be over."""
    final: float
    """When the last of its words became sure."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing of reply `reply` is heard from here on, and nothing of it is lost."""

    reply: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Reply `reply`, which was held while it was heard, goes on, a syllable earlier."""

    reply: int


@dataclass(frozen=True, slots=True)
class Fill:
    """Say `text` before reply `reply`, unless something of that is there already."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """Begin reply number `reply`: speak `text` as it stands."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """End reply `reply` now: nothing of it is handed to the host from here on; its model and synthesiser are cancelled; the
    history keeps what was heard of it."""

    reply: int


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Send `events.TimerFired(name)` in `ms`; replaces a running timer of that name."""

    name: str
    ms: int


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer `name`, if it runs."""

    name: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The call is over: stop everything, and let the dialplan go on (`hang_up` False) or end the channel."""

    result: Result
    by: EndedBy
    error: str = ""
    hang_up: bool = False
    destination: str = ""
    """The name of one of the profile's destinations, to which the channel is handed over."""
    summary: str = ""
    """For whoever answers there."""


Command = Listen | Think | Release | Hold | Resume | Fill | Say | Silence | StartTimer | StopTimer | Finish
