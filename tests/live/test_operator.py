"""What an operator asks on fs_cli of a running switch, and what it is answered."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import firstword
from firstword.audio import tone
from firstword.live.configuration import PASSWORD
from firstword.live.find import Installation
from firstword.live.instance import Instance
from firstword.sim.gateway_process import GatewayProcess
from firstword.sim.script import WaitFor
from firstword.sim.stage import configuration

from .conftest import BYTE_MS, DIALPLAN, GREETING, TALE, Callers, callers_of, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]
SILENCE = WaitFor("silence", silence=0.4)
OVER_S = 5.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the library, whose files may be changed."""
    copy = tmp_path_factory.mktemp("library")
    here = Path(firstword.__file__).parent
    shutil.copytree(here, copy / "firstword", ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def switch(
    installation: Installation, gateway: GatewayProcess, library: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("operated")
    with Instance(installation, folder, conf(gateway), dialplan=DIALPLAN, library=library) as instance:
        yield instance


def conf(gateway: GatewayProcess, **profile: object) -> str:
    """The configuration, with these settings of the profile ``default``."""
    talkative = {"talkative": {"greeting": TALE}}
    return configuration(gateway.place, {"greeting": GREETING, "vad": "level", **profile}, profiles=talkative)


@pytest.fixture
def callers(switch: Instance) -> Iterator[Callers]:
    yield from callers_of(switch)


def ask(switch: Instance, line: str) -> str:
    return switch.api(f"python voicebot {line}")


def heard(callers: Callers) -> str:
    """What a new caller is greeted with."""
    called = callers.talk(SILENCE)
    assert called.conversation.failure == ""
    return called.conversation.heard_text()


def test_fs_cli_itself_shows_every_command(installation: Installation, switch: Instance) -> None:
    command = [installation.fs_cli, "-H", "127.0.0.1", "-P", str(switch.ports.events), "-p", PASSWORD]
    done = subprocess.run(
        [*command, "-x", "python voicebot help"], capture_output=True, text=True, timeout=20, check=True
    )
    for name in ["status", "calls", "call", "say", "hangup", "reload", "drain", "doctor", "levels", "help"]:
        assert f"python voicebot {name} " in done.stdout
    assert "did you mean 'calls'" in ask(switch, "cals")


def test_a_call_is_seen_while_it_is_talked(callers: Callers, switch: Instance) -> None:
    phone, uuid = callers.up()
    until(lambda: callers.state(uuid) == "listening", "the greeting did not end")
    phone.line.say(tone.speak("讲一个故事", 8000, BYTE_MS))
    until(lambda: callers.state(uuid) == "speaking", "no reply")
    assert re.search(rf"{uuid}  default +speaking +1  \d+, median \d+ +0 +0:0\d", ask(switch, "calls"))
    whole = ask(switch, f"call {uuid[:13]}")
    assert "caller  讲一个故事" in whole
    assert "first word" in whole
    levels = ask(switch, "levels")
    assert re.search(r"bot +-\d+\.\d +-\d+\.\d  ok", levels), levels
    assert "1 now" in ask(switch, "status")
    phone.hang_up()
    assert phone.wait(OVER_S)
    until(lambda: ask(switch, "calls") == "no calls\n", "the call is still shown")


def test_what_the_operator_says_is_heard_at_once_and_his_hangup_ends_the_call(
    callers: Callers, switch: Instance
) -> None:
    phone, uuid = callers.up("bot-talkative")
    until(lambda: callers.state(uuid) == "speaking", "no greeting")
    assert ask(switch, f"say {uuid} 请稍等") == "+OK\n"
    until(lambda: callers.state(uuid) == "listening", "it was not said")
    assert tone.hear(phone.line.heard(), 8000, BYTE_MS).endswith("请稍等")
    assert ask(switch, f"hangup {uuid}") == "+OK\n"
    assert phone.wait(OVER_S)
    record = callers.record(uuid)
    assert (record["result"], record["ended_by"]) == ("completed", "bot")
    assert ask(switch, f"say {uuid} 在吗").startswith("-ERR")


def test_a_drain_refuses_the_new_and_tells_when_the_last_has_ended(callers: Callers, switch: Instance) -> None:
    phone, _ = callers.up()
    before = len(switch.log())
    try:
        assert ask(switch, "drain") == "+OK draining, 1 calls left\n"
        refused = callers.phone()
        refused.dial()
        assert refused.wait(OVER_S)
        assert not refused.answered_at
        assert phone.ready
        phone.hang_up()
        until(lambda: "drained: the last call has ended" in switch.log()[before:], "it was not told")
        assert ask(switch, "drain").startswith("+OK drained")
    finally:
        assert ask(switch, "drain off") == "+OK takes calls\n"
    callers.the_next_call_works()


def test_a_doctor_finds_a_sound_switch_sound(switch: Instance) -> None:
    findings = ask(switch, "doctor")
    bad = [line for line in findings.splitlines() if not line.startswith(("ok", "+OK"))]
    assert bad == [], findings
    assert findings.endswith("+OK\n")
    for what in ("mod_python3", "codecs", "descriptors", "clock", "configuration", "asr", "llm", "tts"):
        assert what in findings


def test_a_reload_is_for_new_calls_and_a_running_call_keeps_what_it_began_with(
    callers: Callers, switch: Instance, gateway: GatewayProcess
) -> None:
    phone, uuid = callers.up()
    until(lambda: callers.state(uuid) == "listening", "the greeting did not end")
    switch.configure(conf(gateway, greeting="早上好", goodbye="回见"))
    try:
        switch.api("reloadxml")
        assert ask(switch, "reload") == "+OK reloaded: configuration; 1 calls go on with the old\n"
        assert heard(callers) == "早上好"
        assert "until its calls have ended" in ask(switch, "status")
        phone.line.say(tone.speak("再见", 8000, BYTE_MS))
        assert phone.wait(OVER_S)
        assert tone.hear(phone.line.heard(), 8000, BYTE_MS) == GREETING + "感谢您的来电，再见。"
        until(lambda: "until its calls" not in ask(switch, "status"), "the old configuration did not end")
    finally:
        switch.configure(conf(gateway))
        switch.api("reloadxml")
        assert ask(switch, "reload").startswith("+OK")


def test_a_configuration_with_a_mistake_is_refused_and_what_was_in_force_stays(
    callers: Callers, switch: Instance, gateway: GatewayProcess
) -> None:
    switch.configure(conf(gateway, greting="早上好"))
    try:
        switch.api("reloadxml")
        refused = ask(switch, "reload")
        assert refused.startswith("-ERR")
        assert "did you mean 'greeting'" in refused
        assert "the switch's is not the one in force" in ask(switch, "doctor")
        assert heard(callers) == GREETING
    finally:
        switch.configure(conf(gateway))
        switch.api("reloadxml")


def test_new_code_is_for_new_calls_and_a_running_call_keeps_the_old(
    callers: Callers, switch: Instance, library: Path
) -> None:
    phone, uuid = callers.up()
    until(lambda: callers.state(uuid) == "listening", "the greeting did not end")
    version = library / "firstword/__init__.py"
    version.write_text(version.read_text().replace(firstword.__version__, "9.9.9"))
    assert ask(switch, "reload") == "+OK reloaded: configuration and code; 1 calls go on with the old\n"
    status = ask(switch, "status")
    assert "firstword_2 9.9.9: 0 calls" in status
    assert f"until its calls have ended: firstword {firstword.__version__}: 1 calls" in status
    assert heard(callers) == GREETING
    phone.line.say(tone.speak("还在吗", 8000, BYTE_MS))
    until(lambda: callers.state(uuid) == "listening" and len(phone.line.onsets) > 1, "no answer")
    assert tone.hear(phone.line.heard(), 8000, BYTE_MS) == GREETING + "还在吗"
    phone.hang_up()
    assert callers.record(uuid)["result"] == "hangup"
    until(lambda: "until its calls" not in ask(switch, "status"), "the old code did not end")
