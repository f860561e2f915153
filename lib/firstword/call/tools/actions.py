"""What comes of a tool call once it has been judged: something to do, or an answer to the model that says why not. [pure]

Nothing here was written by the model but texts that are only ever read: a summary, a variable's value, the arguments of a service.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["done", "refused", "failed", "timeout", "cancelled"]
"""``cancelled``: the reply was over before the service had answered; it may have done what it was asked all the same."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Give the caller to somebody."""

    name: str
    """The destination's, one of the profile's list."""
    destination: str
    """From the profile, never from the model: extension, and perhaps dialplan and context, such as ``9000 XML default``."""
    summary: str = ""
    """For whoever takes the call: one line of at most `dialplan.TEXT_CHARS`, safe in a channel variable."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call, once what is being said was heard."""


@dataclass(frozen=True, slots=True)
class SendKeys:
    """Send DTMF to the channel."""

    keys: str
    """Of ``0-9 A-D * #``, and ``w`` and ``W`` for half a second and a second of waiting."""


@dataclass(frozen=True, slots=True)
class SetVariable:
    """Set a channel variable."""

    name: str
    """From the profile, never from the model."""
    value: str
    """One line, safe in the dialplan."""


@dataclass(frozen=True, slots=True)
class CollectDigits:
    """Let the caller press keys. What was pressed comes as the caller's next words."""

    least: int
    most: int
    end_key: str
    """``#``, ``*`` or "" for none. It does not belong to the digits."""
    timeout_ms: int
    """Without another key."""


@dataclass(frozen=True, slots=True)
class Request:
    """Ask a service over HTTP. Ready to be made: next, `Errands.start`."""

    tool: str
    method: str
    url: str = field(repr=False)  # holds what the caller said
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes | None = field(repr=False)
    timeout_ms: int
    """For all of it: name, connection, answer."""
    most_bytes: int
    """Of the answer, as UTF-8; the rest is cut, and the model is told so."""
    pointer: str
    """Which part of a JSON answer counts (RFC 6901); "" is the whole."""
    public: bool
    """Only a public address may be connected to."""
    once: bool
    """It must not be sent a second time, even if it seems that the service never saw the first."""
    secrets: tuple[str, ...] = field(repr=False, default=())
    """What must not be in the answer."""


Action = Transfer | HangUp | SendKeys | SetVariable | CollectDigits | Request


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing is done. `answer` is one sentence to the model that says what would be allowed."""

    answer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model is told of a tool that was used."""

    text: str
    outcome: Outcome
    ms: int = 0

    @property
    def ok(self) -> bool:
        return self.outcome == "done"
