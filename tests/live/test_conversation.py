"""A whole conversation through RTP: what is said is heard, to the character, in every codec."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from firstword.audio import tone
from firstword.live.instance import Instance
from firstword.sim.caller import converse
from firstword.sim.script import Say, Script, Wait, WaitFor

from .conftest import BYTE_MS, STORY, Callers, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
SILENCE = WaitFor("silence", silence=0.5)


def say(text: str) -> Say:
    return Say(text, BYTE_MS)


@pytest.mark.parametrize("codec", ["PCMA", "PCMU", "G722", "opus"])
def test_three_turns_and_a_barge_in_are_heard_to_the_character(callers: Callers, codec: str) -> None:
    called = callers.talk(
        SILENCE,
        say("查一下订单八六七五"),
        SILENCE,
        say("讲一个故事"),
        WaitFor("reply"),
        Wait(1.0),
        say("停，说说天气"),
        SILENCE,
        say("谢谢，再见"),
        WaitFor("end"),
        codec=codec,
    )
    assert called.conversation.failure == ""
    turns = called.record["turns"]
    assert [turn["caller"] for turn in turns] == ["查一下订单八六七五", "讲一个故事", "停，说说天气"]
    assert [turn["interrupted"] for turn in turns] == [False, True, False]
    heard = called.conversation.heard_text()
    before, story, after = "您好查一下订单八六七五", turns[1]["heard"], "停，说说天气再见"
    assert heard.startswith(before)
    assert heard.endswith(after)
    middle = heard[len(before) : len(heard) - len(after)].rstrip(tone.DAMAGED)
    assert STORY.startswith(middle)
    assert abs(len(middle) - len(story)) <= 1
    assert called.phone.ear.lost == 0


def test_a_stereo_recording_that_the_dialplan_began_has_both_sides_at_full_level(
    callers: Callers, switch: Instance
) -> None:
    called = callers.talk(SILENCE, say("查一下订单"), SILENCE, extension="recorded")
    caller, bot = sides(switch.folder / f"recordings/{called.uuid}.wav")
    assert tone.hear(caller.tobytes(), 8000, BYTE_MS) == "查一下订单"
    assert tone.hear(bot.tobytes(), 8000, BYTE_MS) == "您好查一下订单"
    whole = np.frombuffer(tone.speak("查一下订单", 8000, BYTE_MS), "<i2")
    for side in (caller, bot):
        assert abs(20 * np.log10(loudness(side) / loudness(whole))) < 1.0


def test_a_recording_begun_in_mid_call_from_outside_has_both_sides_too(callers: Callers, switch: Instance) -> None:
    phone = callers.phone()
    phone.call()
    path = switch.folder / "recordings/outside.wav"
    uuid = callers.uuid(phone)
    switch.api(f"uuid_setvar {uuid} RECORD_STEREO true")
    assert "+OK" in switch.api(f"uuid_record {uuid} start {path}")
    conversation = converse(phone, Script((SILENCE, say("查一下订单"), SILENCE), byte_ms=BYTE_MS))
    assert conversation.failure == ""
    callers.record(uuid)
    caller, bot = sides(path)
    assert tone.hear(caller.tobytes(), 8000, BYTE_MS) == "查一下订单"
    assert tone.hear(bot.tobytes(), 8000, BYTE_MS).endswith("查一下订单")


def sides(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The two channels of a recording, once the switch has finished it: a moment after the call."""
    until(lambda: _whole(path), f"{path} was not finished")
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _whole(path: Path) -> bool:
    try:
        with wave.open(str(path)) as file:
            return file.getnframes() > 0
    except wave.Error:
        return False


def loudness(side: np.ndarray) -> float:
    """The effective value of what sounds."""
    sounding = side[np.abs(side) > 256].astype(float)
    return float(np.sqrt(np.mean(sounding**2)))
