"""How a profile wants a conversation to go. [pure]"""

from __future__ import annotations

from dataclasses import dataclass

from ..options import option
from ..text.backchannel import DEFAULT_BACKCHANNELS


@dataclass(frozen=True)
class Manners:
    """How a profile wants a conversation to go. Texts may be empty: then nothing is said there."""

    greeting: str = option("您好，请问有什么可以帮您？", help="said when the call is answered", spoken=True)
    goodbye: str = option("感谢您的来电，再见。", help="said when the call ends by the bot", spoken=True)
    apology: str = option(
        "抱歉，系统出了一点问题，请您再说一遍。", help="said when a service failed and the call goes on", spoken=True
    )
    regret: str = option(
        "抱歉，系统暂时不可用，请稍后再来电。", help="said when a service failed and the call ends", spoken=True
    )
    unheard: str = option(
        "不好意思，我没有听清，请您再说一遍。", help="said when an interruption held no words", spoken=True
    )
    notice: str = option(
        "", help="said before the greeting, and can not be interrupted by voice: a legal notice", spoken=True
    )
    reminder: tuple[str, ...] = option(
        ("您好，您还在吗？", "喂，能听到我说话吗？"),
        help="said when the caller is silent for idle_ms, in turn; split at |",
        spoken=True,
    )
    filler: tuple[str, ...] = option(
        ("好的，我看一下。", "嗯，请稍等。", "我查一下。"),
        help="said when the answer is not there after filler_ms, never the same twice in a row; split at |",
        spoken=True,
    )
    warning: str = option("", help="said warning_ms before the longest call is over", spoken=True)
    farewells: tuple[str, ...] = option(
        ("再见", "拜拜", "goodbye", "bye", "bye bye"),
        help="what a caller says, alone or last, to end the call; split at |",
    )
    handover: str = option(
        "正在为您转接，请稍候。", help="said before the caller is connected elsewhere, if nothing else was", spoken=True
    )
    person_key: str = option(
        "", help="the key that connects the caller with `person`, whatever is going on; empty for none"
    )
    person: str = option("", help="the destination of person_key, by its name in destinations")
    wait_first_ms: int = option(
        0,
        help="of a call that we made: how long to wait for the callee's first words before the greeting",
        low=0,
        high=60_000,
    )
    voicemail: tuple[str, ...] = option(
        (
            "语音信箱",
            "留言",
            "提示音",
            "无法接通",
            "正在通话中",
            "after the tone",
            "leave a message",
            "voicemail",
            "voice mail",
        ),
        help="first words of a callee that is a machine: with wait_first_ms they end the call; split at |",
    )
    voicemail_chars: int = option(
        40, help="and so do first words longer than so many characters; 0 for any length", low=0, high=1000
    )
    hear_ms: int = option(
        60_000,
        help="how long a caller may speak, or noise go on, before what was said is answered",
        low=1_000,
        high=600_000,
    )
    stir_ms: int = option(
        100, help="how much of a sound that may be speech holds a reply, and ends a pause", low=20, high=1000
    )
    pause_ms: int = option(
        120, help="how much silence is a pause: the answer may be thought ahead from there on", low=60, high=1000
    )
    endpoint_ms: int = option(
        400, help="how much silence ends a caller's turn where the words do not tell, to begin with", low=100, high=5000
    )
    endpoint_least_ms: int = option(
        350, help="the least that it becomes for a caller who never pauses", low=100, high=5000
    )
    endpoint_most_ms: int = option(
        1000, help="the most that it becomes for one who pauses and goes on", low=100, high=5000
    )
    finished_ms: int = option(300, help="how much silence ends a turn that is complete by its words", low=60, high=5000)
    unfinished_ms: int = option(
        1700, help="how much silence ends a turn that is visibly unfinished", low=100, high=10_000
    )
    dictation_ms: int = option(
        1900, help="how much silence ends a turn that breaks off in a number being dictated", low=100, high=10_000
    )
    stable_ms: int = option(
        300,
        help="words of which the recogniser is not sure are answered if they have not changed for so long",
        low=0,
        high=10_000,
    )
    ahead_waste: int = option(
        40,
        help="the answer is thought ahead as long as no more than so many are in vain for a hundred answers; 0 for never",
        low=0,
        high=100,
    )
    hold_ms: int = option(
        1500,
        help="how long a reply is held for a sound that brings no words; 0 for an end at once, however short the sound",
        low=0,
        high=10_000,
    )
    backchannels: tuple[str, ...] = option(
        DEFAULT_BACKCHANNELS, help="what a listener says without wanting the floor; split at |"
    )
    filler_ms: int = option(
        0, help="how long an answer may take before a filler is said; 0 for never", low=0, high=60_000
    )
    tool_filler_ms: int = option(
        1500,
        help="how long a tool may take, with nothing to be heard, before a filler is said; 0 for never",
        low=0,
        high=60_000,
    )
    keys_ms: int = option(3000, help="how long to wait for the next key", low=100, high=60_000)
    keys_end: str = option("#", help="the key that ends a group of keys")
    keys_most: int = option(32, help="how many keys are a group in any case", low=1, high=128)
    warning_ms: int = option(
        60_000, help="how long before the end of the longest call it is told", low=1000, high=3_600_000
    )
    final_ms: int = option(
        1200, help="how long to wait for the recogniser's last words after the endpoint", low=0, high=10_000
    )
    think_ms: int = option(20_000, help="how long a reply may take to become audible", low=100, high=120_000)
    idle_ms: int = option(10_000, help="how long both may be silent before the reminder", low=500, high=600_000)
    reminders: int = option(2, help="how many reminders before the goodbye", low=0, high=20)
    closing_ms: int = option(15_000, help="how long the last words may take", low=100, high=60_000)
    linger_ms: int = option(
        200,
        help="silence after the last words: what the codec and the caller's jitter buffer hold would be cut off by the hang-up",
        low=0,
        high=5_000,
    )
    call_ms: int = option(1_800_000, help="the longest call", low=1_000, high=86_400_000)
