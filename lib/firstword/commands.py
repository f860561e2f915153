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
    """Begin reply number `reply`: the model answers `text`, and each token is spoken as it comes."""

    reply: int
    text: str
    last_speech: float
    """When the last frame of the caller's turn that was judged to be speech arrived, in the clock's seconds. The turn's
    milliseconds count from here."""
    endpoint: float
    """When the turn was found to be over."""
    final: float
    """When the last of its words became sure."""


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


Command = Listen | Think | Say | Silence | StartTimer | StopTimer | Finish
