"""From a call that was played to the `score.Timeline` it is judged by: script, line, ear and record on one clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..sim.line import FRAMES_PER_SECOND, LOUD, Line
from ..sim.stage import Played
from .conversations import Annotated
from .score import Reply, Timeline

UNHEARD = "不好意思，我没有听清，请您再说一遍。"
"""What the profile of these calls says where it heard a turn and no words: an answer that nobody asked for."""
SPELL_S = 0.2
"""Silence of the bot that ends a spell of it: longer than between two syllables."""


def timeline_of(conversation: Annotated, played: Played) -> Timeline:
    """Both ends of a call on one clock."""
    heard, script = played.conversation, conversation.script
    return Timeline(
        sounds=heard.sounds,
        replies=replies_of(played.record, conversation.answers()),
        characters=heard.heard_characters(),
        audible=spells_of(heard.line),
        ended=heard.ended,
        echo=script.echo is not None,
        line_noise=script.line_noise is not None,
    )


def replies_of(record: Mapping[str, Any], answers: Sequence[str]) -> list[Reply]:
    """What a call record says the bot said, in the order in which it was begun; `answers` are the texts it may have begun to say."""
    zero = record.get("answered_at", 0.0)
    found = []
    for turn in record.get("turns", ()):
        last_speech, ms = zero + turn["at_ms"] / 1000, turn["ms"]
        endpoint = ms["endpoint"] or 0.0
        found.append(
            Reply(
                "answer",
                _all_of(turn["reply"], answers),
                last_speech + endpoint / 1000,
                _after(last_speech, ms["first_word"]),
                endpoint,
            )
        )
    for phrase in record.get("phrases", ()):
        begun = zero + phrase["at_ms"] / 1000
        found.append(
            Reply(
                "unheard" if phrase["text"] == UNHEARD else "phrase",
                phrase["text"],
                begun,
                _after(begun, phrase["first_word_ms"]),
            )
        )
    return sorted(found, key=lambda reply: reply.judged)


def _after(moment: float, ms: float | None) -> float | None:
    return None if ms is None else moment + ms / 1000


def _all_of(written: str, answers: Iterable[str]) -> str:
    """The whole of a reply of which `written` had come when it ended."""
    fitting = [answer for answer in answers if answer.startswith(written)]
    return written if written in fitting or not fitting else max(fitting, key=len)


def spells_of(line: Line) -> list[tuple[float, float]]:
    """When the bot was to be heard: from the first frame to the last, where no more than `SPELL_S` lie between two."""
    samples = np.frombuffer(line.heard(), "<i2").reshape(-1, line.frame_bytes // 2)
    loud = np.flatnonzero(samples.max(axis=1, initial=0) > LOUD)
    if not len(loud):
        return []
    arrivals = np.frombuffer(line.arrivals, np.float64)[loud]
    breaks = np.flatnonzero(np.diff(arrivals) > SPELL_S + 1 / FRAMES_PER_SECOND)
    begins, ends = np.r_[0, breaks + 1], np.r_[breaks, len(loud) - 1]
    return [(float(arrivals[begin]), float(arrivals[end])) for begin, end in zip(begins, ends, strict=True)]
