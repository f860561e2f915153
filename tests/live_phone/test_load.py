"""SIPp as the load: its scenario, its counts and its end. Those that run it are skipped where it is not installed."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from firstword.audio import pcm, tone
from firstword.bench.processes import Processor
from firstword.errors import HostError, ScriptError
from firstword.live.load import Counts, Load, Talk
from firstword.live.scenario import scenario

from .switch import SmallSwitch, until

needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="SIPp is not installed: apt-get install sip-tester"
)
TALK = Talk(("你好", "再见"), pause_s=0.5, byte_ms=20)


def test_the_talk_is_a_round_of_pauses_and_sentences_in_whole_packets() -> None:
    sound = TALK.alaw()
    assert len(sound) % 160 == 0
    assert tone.hear(pcm.alaw_decode(sound), 8000, 20) == "你好再见"
    assert set(sound[: 8000 // 2]) == {0xD5}, "a pause comes first: the bot is not interrupted at once"


def test_the_scenario_is_one_call_and_names_whom_it_calls(tmp_path: Path) -> None:
    tree = ElementTree.fromstring(scenario("bot", 12.5, tmp_path / "a&b.alaw"))
    assert [step.tag for step in tree] == [
        "send",
        "recv",
        "recv",
        "recv",
        "recv",
        "send",
        "nop",
        "recv",
        "label",
        "send",
        "recv",
    ]
    sent = [(step.text or "").strip().splitlines()[0] for step in tree.iter("send")]
    assert sent == [f"{method} sip:bot@[remote_ip]:[remote_port] SIP/2.0" for method in ("INVITE", "ACK", "BYE")]
    played = next(tree.iter("exec")).attrib["rtp_stream"]
    assert played == f"{tmp_path / 'a&b.alaw'},-1,8"
    assert tree[7].attrib["timeout"] == "12500"
    assert not list(ElementTree.fromstring(scenario("bot", 1, None)).iter("exec")), "a silent call plays nothing"


def test_without_sipp_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="apt-get install sip-tester"):
        Load(5060, "bot", calls=1, seconds=1, folder=tmp_path)


@needs_sipp
def test_a_load_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="at least one call"):
        Load(5060, "bot", calls=0, seconds=1, folder=tmp_path)
    with pytest.raises(ScriptError, match="no file name as long"):
        Load(5060, "bot", calls=1, seconds=1, folder=tmp_path / ("x" * 230), talk=TALK).__enter__()


@needs_sipp
def test_talking_calls_send_a_packet_every_20_ms_and_end_by_themselves(tmp_path: Path) -> None:
    with SmallSwitch(echoes=False) as switch, Load(
        switch.port, "bot", calls=3, seconds=1.2, folder=tmp_path, talk=TALK, start_rate=30
    ) as load:  # fmt: skip
        load.up(10)
        assert load.counts == Counts(created=3, current=3)
        assert load.wait(15) == Counts(created=3, successful=3)
        assert load.complaint() == ""
    assert [len(switch.asked(method)) for method in ("INVITE", "ACK", "BYE")] == [3, 3, 3]
    streams = {packet.ssrc for _, packet in switch.packets}
    assert len(streams) == 3
    for stream in streams:
        arrivals = [(at, packet) for at, packet in switch.packets if packet.ssrc == stream]
        assert np.median(np.diff([at for at, _ in arrivals])) == pytest.approx(0.02, abs=0.003)
        steps = {after.timestamp - before.timestamp for (_, before), (_, after) in itertools.pairwise(arrivals)}
        assert steps == {160}
        heard = pcm.alaw_decode(b"".join(packet.payload for _, packet in arrivals))
        assert tone.hear(heard, 8000, 20).startswith("你好")


@needs_sipp
def test_a_silent_load_sends_no_packet_and_can_be_released(tmp_path: Path) -> None:
    with SmallSwitch() as switch, Load(switch.port, "bot", calls=4, seconds=60, folder=tmp_path) as load:
        used = Processor(load.pid)
        load.up(10)
        assert used.percent() < 100
        load.release()
        assert load.wait(5) == Counts(created=4, successful=4)
        until(lambda: len(switch.asked("BYE")) == 4)
        assert switch.packets == []


@needs_sipp
def test_closing_hangs_up_all_calls(tmp_path: Path) -> None:
    with SmallSwitch() as switch:
        with Load(switch.port, "bot", calls=2, seconds=60, folder=tmp_path, talk=TALK) as load:
            load.up(10)
        assert not load.running
        until(lambda: len(switch.asked("BYE")) == 2)
        load.close()


@needs_sipp
def test_refused_calls_are_failed_calls_and_told_with_what_the_switch_said(tmp_path: Path) -> None:
    with SmallSwitch() as switch:
        switch.answer = lambda invite: [switch.response(invite, 503, "Maximum Calls In Progress")]
        with Load(switch.port, "bot", calls=2, seconds=1, folder=tmp_path) as load:
            with pytest.raises(HostError, match=r"lost \d of 2 calls: .*503 Maximum Calls In Progress"):
                load.up(10)
            assert load.wait(10).failed == 2


@needs_sipp
def test_what_is_not_up_in_time_is_told(tmp_path: Path) -> None:
    with SmallSwitch() as switch:
        switch.answer = lambda invite: []
        with Load(switch.port, "bot", calls=2, seconds=1, folder=tmp_path, start_rate=1) as load:
            with pytest.raises(HostError, match=r"the load has \d of 2 calls after 0\.3 s"):
                load.up(0.3)
            with pytest.raises(HostError, match="did not end within"):
                load.wait(0.1)
