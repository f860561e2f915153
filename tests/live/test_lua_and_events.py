"""What the world around a call sees: the dialplan and its Lua, the channel's variables, and the events."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from firstword.errors import HostError
from firstword.live.esl import EventSocket
from firstword.live.instance import Instance
from firstword.live.phone import Phone
from firstword.sim.script import HangUp, Say, WaitFor

from .conftest import BYTE_MS, GREETING, Callers, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]
SILENCE = WaitFor("silence", silence=0.4)
ASK = Say("查一下订单", BYTE_MS)
BYE = Say("再见", BYTE_MS)
END = WaitFor("end")
TONE_HZ = 700


def hears_a_tone(phone: Phone) -> bool:
    """Whether the last 0.3 s hold the tone that the dialplan plays after a talk."""
    last = np.frombuffer(phone.line.heard()[-4800:], "<i2").astype(float)
    strength = np.abs(np.fft.rfft(last * np.hanning(len(last))))
    hz = np.fft.rfftfreq(len(last), 1 / 8000)[strength.argmax()]
    return bool(abs(hz - TONE_HZ) < 20 and np.abs(last).max() > 1000)


@pytest.fixture
def events(switch: Instance) -> Iterator[EventSocket]:
    """A listener of what firstword tells, and of the channel's end."""
    with switch.events() as esl:
        esl.subscribe("CHANNEL_HANGUP_COMPLETE CUSTOM firstword::turn firstword::call")
        yield esl


def told(esl: EventSocket, uuid: str) -> dict[str, list[dict[str, str]]]:
    """The events of a call, by their name, up to the channel's end."""
    found: dict[str, list[dict[str, str]]] = {}
    while "CHANNEL_HANGUP_COMPLETE" not in found:
        try:
            event = esl.event()
        except HostError as error:
            raise AssertionError(f"only {list(found)} came") from error
        if event.get("Unique-ID") == uuid:
            found.setdefault(event.get("Event-Subclass") or event["Event-Name"], []).append(event)
    return found


@pytest.mark.parametrize("extension", ["goes-on", "lua"])
def test_after_the_talk_the_dialplan_goes_on(callers: Callers, extension: str) -> None:
    phone, uuid = callers.up(extension)
    assert uuid
    until(lambda: callers.state(uuid) == "listening", "the greeting did not end")
    say_goodbye(phone)
    until(lambda: hears_a_tone(phone), "the dialplan did not go on")
    assert callers.record(uuid)["result"] == "completed"


def say_goodbye(phone: Phone) -> None:
    from firstword.audio import tone

    phone.line.say(tone.speak("再见", 8000, BYTE_MS))


def test_a_lua_script_talks_and_reads_what_came_of_it(callers: Callers, switch: Instance) -> None:
    before = len(switch.log())
    called = callers.talk(SILENCE, ASK, SILENCE, BYE, END, extension="talk")
    assert called.conversation.heard_text() == GREETING + "查一下订单再见"
    line = "talk.lua: completed, 1 turns, first word known, error <>"
    until(lambda: line in switch.log()[before:], "the script did not go on")


def test_the_channel_has_the_results_for_a_cdr(callers: Callers, events: EventSocket) -> None:
    called = callers.talk(SILENCE, ASK, SILENCE, BYE, END)
    end = told(events, called.uuid)["CHANNEL_HANGUP_COMPLETE"][0]
    assert end["variable_firstword_result"] == "completed"
    assert end["variable_firstword_turns"] == "1"
    assert 0 < float(end["variable_firstword_first_word_ms"]) < 3000
    assert "variable_firstword_error" not in end


def test_each_turn_and_the_call_are_told_as_events(callers: Callers, events: EventSocket) -> None:
    called = callers.talk(SILENCE, ASK, SILENCE, Say("几点了", BYTE_MS), SILENCE, HangUp())
    seen = told(events, called.uuid)
    first, second = seen["firstword::turn"]
    assert (first["Firstword-Turn"], second["Firstword-Turn"]) == ("1", "2")
    assert first["Firstword-Profile"] == "default"
    assert first["Firstword-Caller"] == first["Firstword-Reply"] == first["Firstword-Heard"] == "查一下订单"
    assert first["Firstword-Interrupted"] == "false"
    assert float(first["Firstword-First-Word-Ms"]) >= float(first["Firstword-Endpoint-Ms"]) > 0
    assert json.loads(second["_body"]) == {
        "call": called.uuid,
        "profile": "default",
        **called.record["turns"][1],
    }
    (call,) = seen["firstword::call"]
    assert (call["Firstword-Result"], call["Firstword-Ended-By"], call["Firstword-Turns"]) == ("hangup", "caller", "2")
    assert call["Firstword-Asr"] == called.record["providers"]["asr"]
    assert "Firstword-Error" not in call
    assert json.loads(call["_body"]) == called.record


@pytest.mark.parametrize("extension", ["fallback-lost", "fallback"])
def test_who_can_not_be_talked_with_is_answered_by_a_person(
    callers: Callers, switch: Instance, events: EventSocket, extension: str
) -> None:
    if extension == "fallback":
        switch.api("python voicebot drain")
    try:
        phone, uuid = callers.up(extension)
        until(lambda: hears_a_tone(phone), "nobody takes over")
    finally:
        switch.api("python voicebot drain off")
    phone.hang_up()
    seen = told(events, uuid)
    (call,) = seen["firstword::call"]
    end = seen["CHANNEL_HANGUP_COMPLETE"][0]
    if extension == "fallback":
        assert call["Firstword-Result"] == end["variable_firstword_result"] == "busy"
        assert "drain" in end["variable_firstword_error"]
    else:
        assert call["Firstword-Result"] == end["variable_firstword_result"] == "error"
        assert "lost" in end["variable_firstword_error"]
    assert uuid not in switch.records()
