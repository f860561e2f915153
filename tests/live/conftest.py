"""Whole calls on a real FreeSWITCH: SIP, RTP, mod_python3, the door, the services; and what the caller heard, by ear.

There is one switch for all of them, started here with ports and folders of its own. Where there is no FreeSWITCH they are skipped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firstword.clock import SYSTEM
from firstword.errors import ConfigError
from firstword.live.find import Installation, find
from firstword.live.holdings import AT_ONCE, Holdings, holdings
from firstword.live.instance import Instance
from firstword.live.phone import Phone
from firstword.sim.caller import Conversation, converse
from firstword.sim.gateway_process import GatewayProcess
from firstword.sim.script import Say, Script, Step, WaitFor
from firstword.sim.stage import configuration

BYTE_MS = 20
GREETING = "您好"
STORY = "从前有一座山，山上有一座庙，庙里有一位老和尚，正在给小和尚讲故事，他讲的是：" * 3
TALE = STORY[: len(STORY) // 3]
REPLIES = {
    "match": [
        {"when": "故事", "text": STORY},
        {
            "when": "请转人工",
            "text": "马上为您转接。",
            "calls": [{"name": "transfer", "arguments": {"name": "人工", "summary": "想退货"}}],
        },
        {"when": "忽略", "calls": [{"name": "transfer", "arguments": {"name": "13800000000"}}]},
        {"answered": "transfer", "text": "不能转到那里。"},
        {"when": "想一想", "tokens": [{"text": "想好了。", "delay_ms": 5000}]},
    ],
    "otherwise": "echo",
}
PROFILES = {
    "default": {"greeting": GREETING, "goodbye": "再见", "vad": "level"},
    "quick": {"startup_ms": 0},
    "mute": {"greeting": ""},
    "talkative": {"greeting": TALE},
    "able": {"tools": "transfer", "destinations": "人工=transfer:person", "person_key": "0", "person": "人工"},
    "impatient": {"idle_ms": 1000, "reminders": 0},
    "outbound": {"greeting": "送货", "wait_first_ms": 300},
}
DIALPLAN = """
<extension name="recorded"><condition field="destination_number" expression="^recorded$">
  <action application="set" data="RECORD_STEREO=true"/>
  <action application="answer"/>
  <action application="record_session" data="$${recordings_dir}/${uuid}.wav"/>
  <action application="python" data="voicebot default"/>
</condition></extension>
<extension name="ringing"><condition field="destination_number" expression="^ringing$">
  <action application="ring_ready"/><action application="sleep" data="1500"/>
  <action application="python" data="voicebot default"/>
</condition></extension>
<extension name="goes on"><condition field="destination_number" expression="^goes-on$">
  <action application="python" data="voicebot default"/>
  <action application="playback" data="tone_stream://%(1000,0,700)"/>
</condition></extension>
<extension name="elsewhere"><condition field="destination_number" expression="^elsewhere$">
  <action application="playback" data="tone_stream://%(300,0,700);loops=3"/>
</condition></extension>
<extension name="with a fallback"><condition field="destination_number" expression="^fallback(?:-(\\w+))?$">
  <action application="python" data="voicebot $1"/>
  <action application="transfer" data="afterwards"/>
</condition></extension>
<extension name="a person"><condition field="destination_number" expression="^afterwards$"/>
  <condition field="${firstword_result}" expression="^(error|busy)$">
    <action application="answer"/><action application="playback" data="tone_stream://%(300,0,700);loops=3"/>
    <anti-action application="hangup"/>
</condition></extension>
<extension name="somebody"><condition field="destination_number" expression="^person$">
  <action application="log" data="INFO handed over: ${firstword_result} ${firstword_destination} ${firstword_summary}"/>
  <action application="hangup"/>
</condition></extension>
<extension name="a script of one's own"><condition field="destination_number" expression="^talk$">
  <action application="lua" data="talk.lua default"/>
</condition></extension>
<extension name="lua"><condition field="destination_number" expression="^lua$">
  <action application="lua" data="voicebot.lua default"/>
  <action application="playback" data="tone_stream://%(1000,0,700)"/>
</condition></extension>
"""
SCRIPTS = sorted(Path(__file__).parent.glob("scripts/*.*"))
SETTLE_S = 8.0


@pytest.fixture(scope="session")
def installation() -> Installation:
    try:
        return find()
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def gateway(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(gateway_options(tmp_path_factory.mktemp("gateway"))) as process:
        yield process


def gateway_options(folder: Path) -> dict[str, object]:
    """Of a gateway that says `REPLIES`."""
    script = folder / "replies.json"
    script.write_text(json.dumps(REPLIES, ensure_ascii=False))
    return {
        "byte-ms": BYTE_MS,
        "first-token-ms": 100,
        "tokens-per-s": 50,
        "first-packet-ms": 100,
        "real-time-factor": 0.1,
        "script": script,
    }


def firstword_conf(gateway: GatewayProcess) -> str:
    default, *others = PROFILES
    return configuration(gateway.place, PROFILES[default], profiles={name: PROFILES[name] for name in others})


@pytest.fixture(scope="session")
def switch(
    installation: Installation, gateway: GatewayProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("freeswitch")
    with Instance(installation, folder, firstword_conf(gateway), dialplan=DIALPLAN, scripts=SCRIPTS) as instance:
        yield instance


@dataclass(frozen=True)
class Called:
    """One call, from both ends."""

    phone: Phone
    conversation: Conversation
    uuid: str
    record: dict[str, object]


class Callers:
    """Makes calls to one switch and hangs up whatever is left."""

    def __init__(self, switch: Instance) -> None:
        self.switch = switch
        self._phones: list[Phone] = []

    def phone(self, extension: str = "bot", codec: str = "PCMA", rtp: bool = True) -> Phone:
        """A phone that has not called yet. It is hung up when the test is over."""
        made = Phone(self.switch.ports.sip, extension, codec=codec, rtp=rtp)
        self._phones.append(made)
        return made

    def talk(self, *steps: Step, extension: str = "bot", codec: str = "PCMA") -> Called:
        """A whole call by a script; returns when it is over and its record is written."""
        phone = self.phone(extension, codec)
        phone.call()
        uuid = self.uuid(phone)
        conversation = converse(phone, Script(steps, byte_ms=BYTE_MS))
        phone.close()
        return Called(phone, conversation, uuid, self.record(uuid))

    def up(self, extension: str = "bot", codec: str = "PCMA", rtp: bool = True) -> tuple[Phone, str]:
        """A call that was answered, and the channel's name."""
        phone = self.phone(extension, codec, rtp)
        phone.call()
        return phone, self.uuid(phone)

    def the_next_call_works(self) -> None:
        """Someone else calls, is greeted, asks, and is answered."""
        called = self.talk(WaitFor("silence", silence=0.4), Say("在吗", BYTE_MS), WaitFor("silence", silence=0.4))
        assert called.conversation.failure == ""
        assert called.conversation.heard_text() == GREETING + "在吗"
        assert called.record["result"] == "hangup"

    def state(self, uuid: str) -> str:
        """What ``calls`` says of it: ``speaking``, or "" if it is over."""
        lines = self.switch.api("python voicebot calls").splitlines()
        return next((line.split()[2] for line in lines if line.startswith(uuid)), "")

    def uuid(self, phone: Phone) -> str:
        """The channel's name of a call that is up. The switch's table of channels is written behind the event."""
        found: list[str] = []
        until(lambda: found or found.extend(self._named(phone)) or found, f"no channel for {phone.call_id}")
        return found[0]

    def _named(self, phone: Phone) -> list[str]:
        rows = json.loads(self.switch.api("show channels as json")).get("rows", ())
        asked = ((row["uuid"], self.switch.api(f"uuid_getvar {row['uuid']} sip_call_id").strip()) for row in rows)
        return [uuid for uuid, call_id in asked if call_id == phone.call_id]

    def record(self, uuid: str) -> dict[str, object]:
        """The record of a call, once it is there."""
        until(lambda: uuid in self.switch.records(), f"no record of {uuid}")
        return self.switch.records()[uuid]

    def close(self) -> None:
        for phone in self._phones:
            phone.close()


@pytest.fixture
def callers(switch: Instance) -> Iterator[Callers]:
    """Callers of the switch, which must be left as it was found: no channel, thread, descriptor, FIFO or temporary file."""
    yield from callers_of(switch)


def callers_of(switch: Instance) -> Iterator[Callers]:
    """The same for any switch."""
    before = holdings(switch)
    made = Callers(switch)
    try:
        yield made
    finally:
        made.close()
    nothing_is_left(switch, before)


def nothing_is_left(switch: Instance, before: Holdings) -> None:
    """Wait until the switch holds nothing that it did not hold `before`."""

    def left() -> dict[str, Counter[str]]:
        return holdings(switch).beyond(before, AT_ONCE)

    until(lambda: not left(), lambda: f"left behind: {left()}")


def until(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = SETTLE_S) -> None:
    """Wait for a condition; fails, saying `what`, if it does not come true in time."""
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        if deadline.passed():
            raise AssertionError(what if isinstance(what, str) else what())
        SYSTEM.sleep(0.05)
