"""Everything that can happen in a call. Values: frozen, slotted, in the past tense.

Whoever notices something puts one of these into the call's inbox; `turn.Turn` is the only reader. Only edges are events: audio
frames and tokens go their own way (docs/architecture.md). `reply` numbers are those of the commands that began the
reply, so that whatever comes late for a silenced reply is known by its number and dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ProviderError


@dataclass(frozen=True, slots=True)
class Answered:
    """The channel is answered and both audio ways are open."""


@dataclass(frozen=True, slots=True)
class CallerStirred:
    """The caller makes a sound that may become speech, for the first time since they were last silent: the profile's ``stir_ms`` of it."""

    at: float
    """When the first of these frames arrived, in the clock's seconds."""


@dataclass(frozen=True, slots=True)
class CallerBegan:
    """The caller speaks: so many milliseconds of speech as the profile asks for have been judged to be speech."""

    at: float
    """When the first of these frames arrived, in the clock's seconds."""


@dataclass(frozen=True, slots=True)
class CallerHushed:
    """The caller, who had stirred, is silent, perhaps only between two sounds of a word: after some 40 ms."""

    last_speech: float


@dataclass(frozen=True, slots=True)
class CallerPaused:
    """The caller, who had stirred, has been silent for the profile's ``pause_ms``. Whether they have finished is the turn machine's
    to say."""

    last_speech: float
    """When the last frame judged to be speech arrived. All the milliseconds of the turn's record count from here."""


Edge = CallerStirred | CallerBegan | CallerHushed | CallerPaused
"""What voice activity tells."""


@dataclass(frozen=True, slots=True)
class CallerPartlyHeard:
    """The recogniser's opinion so far of the utterance under way; replaces the one before."""

    text: str
    utterance: int
    """Numbers the utterances of the call, growing."""


@dataclass(frozen=True, slots=True)
class CallerHeard:
    """The recogniser is sure of an utterance. A caller's turn may hold several."""

    text: str
    utterance: int


@dataclass(frozen=True, slots=True)
class RecogniserFailed:
    """The recogniser is gone."""

    error: ProviderError


@dataclass(frozen=True, slots=True)
class EndCall:
    """The model wants the call to end, once what it says has been heard."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The model wants the caller to be connected elsewhere, once what it says has been heard."""

    destination: str
    """The name of one of the profile's destinations."""
    summary: str = ""
    """For whoever answers there: one line."""


Sequel = EndCall | HandOver
"""What a reply leads to when it was heard to its end. Not if it was interrupted."""


@dataclass(frozen=True, slots=True)
class ReplyBegan:
    """The first speech of a reply was handed to the host: the caller hears it now."""

    reply: int


@dataclass(frozen=True, slots=True)
class ToolsBegan:
    """A service was asked for something that the reply needs to go on."""

    reply: int
    heard_in_ms: int = 0
    """When what was said before will have been heard; negative if so long ago."""


@dataclass(frozen=True, slots=True)
class ToolsAnswered:
    """All that was asked has been answered: the model goes on."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyDrained:
    """Everything of a reply has been handed to the host; the model and the synthesiser are done. An empty reply drains too."""

    reply: int
    empty: bool = False
    """Whether the reply held no speech at all."""
    text: str = ""
    """What it said."""
    then: Sequel | None = None


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """The model or the synthesiser failed, and whatever audio there was has drained."""

    reply: int
    error: ProviderError


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key: one of ``0-9 * # A-D``."""

    key: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that `commands.StartTimer` set is due."""

    name: str


@dataclass(frozen=True, slots=True)
class SpeechAsked:
    """The operator wants `text` to be said now (``python voicebot say UUID TEXT``)."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUpAsked:
    """The operator wants the call to end now (``python voicebot hangup UUID``)."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The channel is gone."""

    by: str
    """``caller`` or ``transfer``."""


@dataclass(frozen=True, slots=True)
class Broke:
    """The call can not go on: a fault of ours or of the host."""

    why: str


Event = (
    Answered
    | CallerStirred
    | CallerBegan
    | CallerHushed
    | CallerPaused
    | CallerPartlyHeard
    | CallerHeard
    | RecogniserFailed
    | ReplyBegan
    | ToolsBegan
    | ToolsAnswered
    | ReplyDrained
    | ReplyFailed
    | KeyPressed
    | TimerFired
    | SpeechAsked
    | HangUpAsked
    | HungUp
    | Broke
)
