"""However a call ends, and in whatever state it is then: nothing is left of it, and the next call works."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firstword.audio import tone
from firstword.live.dialog import Ended
from firstword.live.instance import Instance
from firstword.live.load import Load, Talk
from firstword.live.phone import Phone
from firstword.sim.caller import converse
from firstword.sim.script import Press, Say, Script, Wait, WaitFor

from .conftest import BYTE_MS, GREETING, STORY, TALE, Callers, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
SILENCE = WaitFor("silence", silence=0.4)
OVER_S = 5.0


def speak(phone: Phone, text: str) -> None:
    """Say something, and do not wait until it is said."""
    phone.line.say(tone.speak(text, phone.line.rate, BYTE_MS))


# How to bring a call into a state: the extension, what the caller says there, and what `calls` tells then.
STATES: dict[str, tuple[str, str, str]] = {
    "in the greeting": ("bot-talkative", "", "speaking"),
    "when nobody speaks": ("bot-mute", "", "listening"),
    "while the caller speaks": ("bot-mute", STORY, "hearing"),
    "while the model thinks": ("bot-mute", "想一想", "thinking"),
    "while the bot speaks": ("bot-mute", "讲一个故事", "speaking"),
}
# Who ends it, and how: the record's result and ended_by, and whose BYE it is.
WAYS: dict[str, tuple[Callable[[Instance, Phone, str], object], tuple[str, str, str]]] = {
    "the caller hangs up": (lambda switch, phone, uuid: phone.hang_up(), ("hangup", "caller", "caller")),
    "the operator hangs up": (
        lambda switch, phone, uuid: switch.api(f"python voicebot hangup {uuid}"),
        ("completed", "bot", "bot"),
    ),
    "uuid_kill": (lambda switch, phone, uuid: switch.api(f"uuid_kill {uuid}"), ("hangup", "caller", "bot")),
    "uuid_transfer": (
        lambda switch, phone, uuid: switch.api(f"uuid_transfer {uuid} elsewhere XML public"),
        ("transfer", "transfer", "bot"),
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_a_call_may_be_ended_by_anyone_at_any_moment(callers: Callers, switch: Instance, state: str) -> None:
    extension, words, expected = STATES[state]
    calls = {way: callers.up(extension) for way in WAYS}
    for phone, _ in calls.values():
        speak(phone, words)
    for way, (phone, uuid) in calls.items():
        until(lambda uuid=uuid: callers.state(uuid) == expected, f"{way}: never {expected}")
        WAYS[way][0](switch, phone, uuid)
    assert {way: ended(callers, *call) for way, call in calls.items()} == {way: told for way, (_, told) in WAYS.items()}
    callers.the_next_call_works()


def ended(callers: Callers, phone: Phone, uuid: str) -> tuple[str, str, str]:
    """What the record and the phone tell of a call's end."""
    assert phone.wait(OVER_S)
    assert phone.ended is not None
    record = callers.record(uuid)
    return str(record["result"]), str(record["ended_by"]), phone.ended.by


def test_a_transferred_caller_hears_the_other_extension_and_nothing_more_of_the_bot(
    callers: Callers, switch: Instance
) -> None:
    phone, uuid = callers.up("bot-talkative")
    until(lambda: phone.line.onsets, "no greeting")
    before = len(phone.line.heard())
    switch.api(f"uuid_transfer {uuid} elsewhere XML public")
    assert phone.wait(OVER_S)
    heard = phone.line.heard()[before:]
    assert loud_s(heard) > 0.7  # three seconds of a tone that sounds three tenths of the time
    assert callers.record(uuid)["result"] == "transfer"


def loud_s(pcm: bytes) -> float:
    """How many seconds of it sound, of 8 kHz."""
    import numpy as np

    frames = np.frombuffer(pcm, "<i2").reshape(-1, 160).astype(int)
    return float((np.abs(frames).max(axis=1) > 1000).sum()) / 50


def test_a_caller_who_gives_up_before_the_answer_leaves_nothing(callers: Callers, switch: Instance) -> None:
    hasty, patient, killed = (callers.phone("ringing") for _ in range(3))
    hasty.dial()
    hasty.hang_up()
    for phone in (patient, killed):
        phone.dial()
        until(lambda phone=phone: phone.rang_at, "it never rang")
    uuid = callers.uuid(killed)
    patient.hang_up()
    switch.api(f"uuid_kill {uuid}")
    for phone in (hasty, patient, killed):
        assert phone.wait(OVER_S)
        assert not phone.answered_at
    assert uuid not in switch.records()
    callers.the_next_call_works()


def test_a_caller_may_hang_up_at_any_moment_of_the_answer_while_the_pipes_are_made_and_opened(
    callers: Callers,
) -> None:
    for number in range(24):
        phone = callers.phone("bot" if number % 2 else "bot-mute")
        phone.call()
        time.sleep(number * 0.004)
        phone.hang_up()
        assert phone.wait(OVER_S)
    callers.the_next_call_works()


def test_the_switch_may_kill_a_call_at_any_moment_of_the_answer(callers: Callers, switch: Instance) -> None:
    for number in range(12):
        with switch.events() as esl:
            esl.subscribe("CHANNEL_ANSWER")
            phone = callers.phone()
            phone.dial()
            uuid = esl.event()["Unique-ID"]
            time.sleep(number * 0.004)
            esl.api(f"uuid_kill {uuid}")
        assert phone.wait(OVER_S)
    callers.the_next_call_works()


def test_a_key_stops_the_reply_and_the_call_goes_on(callers: Callers) -> None:
    called = callers.talk(
        SILENCE,
        Say("讲一个故事", BYTE_MS),
        WaitFor("reply"),
        Wait(0.5),
        Press("5"),
        SILENCE,
        Say("查一下订单", BYTE_MS),
        SILENCE,
    )
    assert called.conversation.failure == ""
    assert [(turn["caller"], turn["interrupted"]) for turn in called.record["turns"]] == [
        ("讲一个故事", True),
        ("查一下订单", False),
    ]
    heard = called.conversation.heard_text()
    assert heard.endswith("查一下订单")
    assert len(heard) < len(GREETING + STORY) / 2
    callers.the_next_call_works()


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_a_caller_who_held_the_line_is_heard_and_answered_when_he_is_back(callers: Callers, direction: str) -> None:
    phone, uuid = callers.up()
    until(lambda: callers.state(uuid) == "listening", "the greeting did not end")
    phone.hold(direction)
    time.sleep(1.0)
    phone.unhold()
    answered_after(phone, callers, uuid)


def test_a_re_invite_that_changes_nothing_changes_nothing(callers: Callers) -> None:
    phone, uuid = callers.up("bot-talkative")
    until(lambda: callers.state(uuid) == "speaking", "no greeting")
    for _ in range(3):
        phone.unhold()
    until(lambda: callers.state(uuid) == "listening", "the greeting did not end", 20)
    assert tone.hear(phone.line.heard(), 8000, BYTE_MS) == TALE
    answered_after(phone, callers, uuid)


def answered_after(phone: Phone, callers: Callers, uuid: str) -> None:
    """The caller asks, and is answered; then he hangs up."""
    conversation = converse(phone, Script((Wait(0.3), Say("回来了", BYTE_MS), SILENCE), byte_ms=BYTE_MS))
    assert conversation.failure == ""
    assert conversation.heard_text().endswith("回来了")
    assert callers.record(uuid)["result"] == "hangup"
    callers.the_next_call_works()


def test_a_caller_who_never_sends_a_packet_is_greeted_and_seen_off(callers: Callers) -> None:
    phone, uuid = callers.up("bot-impatient", rtp=False)
    assert phone.wait(20)
    assert tone.hear(phone.line.heard(), 8000, BYTE_MS) == GREETING + "再见"
    record = callers.record(uuid)
    assert (record["result"], record["turns"]) == ("timeout", [])
    assert phone.ended == Ended("bot", phone.ended.why)
    callers.the_next_call_works()


def test_fifty_calls_that_begin_within_a_second_are_all_answered(
    callers: Callers, switch: Instance, tmp_path: Path
) -> None:
    before = set(switch.records())
    talk = Talk(["查订单"], pause_s=1.0, byte_ms=BYTE_MS)
    load = Load(switch.ports.sip, "bot", calls=50, seconds=6.0, folder=tmp_path / "load", talk=talk, start_rate=50)
    with load:
        load.up(10)
        counts = load.wait(30)
    assert (counts.successful, counts.failed) == (50, 0)
    until(lambda: len(switch.records()) >= len(before) + 50, "records are missing")
    records = [record for uuid, record in switch.records().items() if uuid not in before]
    assert {record["result"] for record in records} == {"hangup"}
    # A caller goes on after a second, and on a busy machine before his first answer.
    assert all(any(turn["heard"] for turn in record["turns"]) for record in records)
    callers.the_next_call_works()
