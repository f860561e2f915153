"""What breaks beside a call or under it costs the caller silence at worst: he can hang up, the log says what happened, the next call works.

The trouble is made inside the switch by ``scripts/trouble.py``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from firstword.audio import tone
from firstword.live.find import Installation
from firstword.live.instance import Instance, free_port
from firstword.live.phone import Phone
from firstword.sim.caller import converse
from firstword.sim.gateway_process import GatewayProcess
from firstword.sim.script import Say, Script, WaitFor
from firstword.sim.stage import configuration

from .conftest import BYTE_MS, DIALPLAN, GREETING, SCRIPTS, STORY, TALE, Callers, callers_of, gateway_options, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
OVER_S = 5.0
TICK_MS = 200.0
"""A gap in what the caller hears that is shorter is a busy machine's."""
SILENCE = WaitFor("silence", silence=0.5)


class Gateway:
    """One that may be killed, and comes back at the same place."""

    def __init__(self, options: dict[str, object]) -> None:
        self._options = {**options, "port": free_port()}
        self.process = GatewayProcess(self._options)
        self.process.__enter__()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.close()

    def revive(self) -> None:
        self.process = GatewayProcess(self._options)
        self.process.__enter__()


@pytest.fixture(scope="module")
def gateway(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = Gateway(gateway_options(tmp_path_factory.mktemp("gateway")))
    yield gateway
    gateway.process.close()


@pytest.fixture(scope="module")
def switch(
    installation: Installation, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    profile = {"greeting": GREETING, "vad": "level"}
    conf = configuration(gateway.process.place, profile, profiles={"talkative": {"greeting": TALE}})
    folder = tmp_path_factory.mktemp("troubled")
    with Instance(installation, folder, conf, dialplan=DIALPLAN, scripts=SCRIPTS) as instance:
        yield instance


@pytest.fixture
def callers(switch: Instance) -> Iterator[Callers]:
    yield from callers_of(switch)


@pytest.fixture
def logged(switch: Instance) -> Callable[[], str]:
    """What the log has said since the test began."""
    before = len(switch.log())
    return lambda: switch.log()[before:]


def listening(callers: Callers, extension: str, state: str) -> tuple[Phone, str]:
    """A call in which the bot is in this state."""
    phone, uuid = callers.up(extension)
    until(lambda: callers.state(uuid) == state and phone.line.onsets, f"never {state}")
    return phone, uuid


def test_a_gateway_that_is_killed_in_mid_reply_costs_the_rest_of_it(
    callers: Callers, gateway: Gateway, logged: Callable[[], str]
) -> None:
    phone, uuid = listening(callers, "bot", "listening")
    time.sleep(0.3)
    phone.line.say(tone.speak("讲一个故事", 8000, BYTE_MS))
    until(lambda: callers.state(uuid) == "speaking", "no reply")
    time.sleep(0.5)
    gateway.kill()
    try:
        assert phone.wait(20)
    finally:
        gateway.revive()
    record = callers.record(uuid)
    assert [turn["caller"] for turn in record["turns"]] == ["讲一个故事"]
    heard = tone.hear(phone.line.heard(), 8000, BYTE_MS).removeprefix(GREETING)
    assert STORY.startswith(heard.rstrip(tone.DAMAGED))
    assert phone.ear.gaps_ms().max() < TICK_MS
    assert record["result"] == "error"
    assert record["error"] in logged()
    callers.talk(SILENCE)  # a gateway that comes back has forgotten its tokens: this caller may be told to ask again
    callers.the_next_call_works()


def test_a_caller_may_hang_up_while_the_gateway_hangs(callers: Callers, gateway: Gateway) -> None:
    phone, uuid = listening(callers, "bot-talkative", "speaking")
    os.kill(gateway.process.pid, signal.SIGSTOP)
    try:
        time.sleep(0.3)
        phone.hang_up()
        assert phone.wait(OVER_S)
        assert callers.record(uuid)["result"] == "hangup"
    finally:
        os.kill(gateway.process.pid, signal.SIGCONT)
    callers.the_next_call_works()


def test_a_media_clock_that_dies_ends_its_calls_and_the_dialplan_goes_on(
    callers: Callers, switch: Instance, logged: Callable[[], str]
) -> None:
    phone, uuid = listening(callers, "fallback-talkative", "speaking")
    other, _ = listening(callers, "bot-talkative", "speaking")
    switch.api("python trouble die")
    assert other.wait(OVER_S)
    record = callers.record(uuid)
    assert (record["result"], record["error"]) == ("error", "the media clock has stopped")
    until(lambda: phone.line.last_loud > other.ended_at, "the person who takes over is not heard")
    phone.hang_up()
    assert phone.wait(OVER_S)
    assert "ZeroDivisionError: trouble" in logged()
    callers.the_next_call_works()
    assert "a new one serves the calls from here on" in logged()


@pytest.mark.parametrize("way", ["the caller hangs up", "nobody does"])
def test_a_media_clock_that_hangs_holds_no_channel_for_ever(
    callers: Callers, switch: Instance, logged: Callable[[], str], way: str
) -> None:
    phone, uuid = listening(callers, "bot-talkative", "speaking")
    switch.api("python trouble hang")
    if way == "the caller hangs up":
        phone.hang_up()
    try:
        until(lambda: uuid not in switch.api("show channels"), "the channel hangs", 15)
        assert phone.wait(OVER_S)
        until(lambda: "STOPPED" in switch.api("python voicebot status"), "the clock does not count as dead", 10)
        callers.the_next_call_works()
        assert "a new one serves the calls from here on" in logged()
    finally:
        switch.api("python trouble release")


def test_python_that_is_busy_for_a_second_is_a_second_of_silence(callers: Callers, switch: Instance) -> None:
    phone, uuid = listening(callers, "bot-talkative", "speaking")
    switch.api("python trouble busy 1")
    until(lambda: callers.state(uuid) == "listening", "the reply did not end", 20)
    # It ends for the call when the switch has its last frame, and for the ear a packet later.
    until(lambda: tone.hear(phone.line.heard(), 8000, BYTE_MS) == TALE, "the reply was not heard whole", 2)
    gaps = phone.ear.gaps_ms()
    assert 500 < gaps.max() < 1500
    assert (gaps > TICK_MS).sum() == 1
    conversation = converse(phone, Script((Say("还在吗", BYTE_MS), SILENCE), byte_ms=BYTE_MS))
    assert conversation.heard_text().endswith("还在吗")
    callers.the_next_call_works()


def test_a_caller_who_hangs_up_while_python_is_busy_is_gone_when_it_is_not(callers: Callers, switch: Instance) -> None:
    phone, uuid = listening(callers, "bot-talkative", "speaking")
    with switch.events() as esl:
        esl.begin("python trouble busy 1")
        time.sleep(0.2)
        phone.hang_up()
        assert phone.wait(OVER_S)
    assert callers.record(uuid)["result"] == "hangup"
    callers.the_next_call_works()


@pytest.mark.parametrize("way", ["the caller hangs up", "uuid_kill", "uuid_transfer"])
def test_a_call_may_end_while_the_switch_waits_for_a_pipe_to_be_opened(
    callers: Callers, switch: Instance, way: str
) -> None:
    switch.api("python trouble keep 1")
    phone, uuid = callers.up("bot")
    assert "-bot.r8" in " ".join(str(path) for path in (switch.folder / "run/firstword").iterdir())
    if way == "the caller hangs up":
        phone.hang_up()
    elif way == "uuid_kill":
        switch.api(f"uuid_kill {uuid}")
    else:
        switch.api(f"uuid_transfer {uuid} elsewhere XML public")
    assert phone.wait(OVER_S)
    assert callers.record(uuid)["result"] in ("hangup", "transfer")
    callers.the_next_call_works()
