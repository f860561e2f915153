"""What an operator chooses for a kind of call."""

from __future__ import annotations

from dataclasses import dataclass

from ..options import option
from ..text.reading import Reading
from ..turn import Manners
from . import history
from .tools import Permissions


@dataclass(frozen=True)
class Profile(Permissions, Reading, Manners):
    """A profile of the configuration: which services, which voice activity, which manners, which tools.

    Values are those of `options.bind`; the reference table in docs/configuration.md is printed from these fields.
    """

    name: str = option("", help="set by the section's own name")
    asr: tuple[str, ...] = option(
        (), help="the services that recognise, by their names in <services>, the preferred first; split at |"
    )
    llm: tuple[str, ...] = option((), help="the services that answer, likewise")
    tts: tuple[str, ...] = option((), help="the services that speak, likewise")
    asr_switch_ms: int = option(
        3000,
        help="how long a recogniser may take to be ready, or to have a word for what sounds like speech, before the next one is asked",
        low=200,
        high=60_000,
    )
    llm_switch_ms: int = option(
        2500, help="how long a model may take for its first word before the next one is asked", low=200, high=60_000
    )
    tts_switch_ms: int = option(
        700,
        help="how long a synthesiser may owe audio, from 400 ms before the caller hears silence, before the next one goes on; "
        "the first audio of a reply may take twice as long",
        low=200,
        high=60_000,
    )
    full: str = option(
        "busy",
        help="what a call gets for which every service of a list has as many sessions as its `most`: busy, at once and unanswered, "
        "or wait, for full_ms and then busy",
        choices=("busy", "wait"),
    )
    full_ms: int = option(
        3000,
        help="how long such a call waits, and within a call an answer or a piece of speech for which there is no session",
        low=0,
        high=60_000,
    )
    system: str = option(
        "你是一位电话客服。请用简短自然的口语回答，每次一到两句话。", help="the instructions of the model"
    )
    history_turns: int = option(20, help="how many exchanges the model is told", low=1, high=1000)
    history_tokens: int = option(
        history.TOKENS,
        help="about how many tokens the model is told; the oldest exchanges go first; instructions, tools and the last exchange stay",
        low=100,
        high=1_000_000,
    )
    history_summary: str = option(
        "",
        help="how the model is asked to summarise what is dropped of a long call, such as 用一句话概括这段通话; empty: it is forgotten",
    )
    interruption_mark: str = option(
        history.MARK,
        help="how the model is told that the caller interrupted an answer: put behind what was heard of it",
    )
    reply_chars: int = option(
        4000, help="the longest reply; a model that goes on is stopped there", low=1, high=100_000
    )
    rate: int = option(8000, help="samples per second on the way to and from the switch", choices=("8000", "16000"))
    startup_ms: int = option(100, help="audio kept before a reply begins, against underruns", low=0, high=200)
    vad: str = option("webrtc", help="voice activity: webrtc, webrtc:0 to webrtc:3, silero or level")
    min_speech_ms: int = option(200, help="how much speech makes a caller's turn or a barge-in", low=20, high=2000)
    echo: bool = option(
        True, help="tell the caller from our own voice that their telephone sends back; false where no line has an echo"
    )
    echo_loss_db: float = option(
        12.0,
        help="how much quieter than our voice an echo is at least, until the call has shown it: who talks over our first words is heard "
        "if he is at most so much, less 5 dB, below us",
        low=3,
        high=45,
    )
    early_media: bool = option(
        False,
        help="talk before the call is answered, as far as the network carries that; it is then never answered by us",
    )
