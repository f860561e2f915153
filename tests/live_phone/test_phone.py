"""A whole phone, over real sockets, with the small switch of the tests."""

from __future__ import annotations

import importlib.util
import itertools
import socket
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from firstword.clock import SYSTEM
from firstword.errors import ConfigError, HostError, ScriptError
from firstword.live import rtp, sdp
from firstword.live.phone import Phone
from firstword.live.stamps import StampedSocket
from firstword.sim.caller import converse
from firstword.sim.script import HangUp, Press, Say, Script, Wait, WaitFor

from .switch import SmallSwitch, until

pytestmark = pytest.mark.usefixtures("nothing_left")
QUICK = 20  # ms a byte
needs_av = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="PyAV is not installed: pip install av")


def script(*steps: object) -> Script:
    return Script(tuple(steps), byte_ms=QUICK)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "codec", ["PCMA", "PCMU", pytest.param("G722", marks=needs_av), pytest.param("opus", marks=needs_av)]
)
def test_a_script_is_played_and_what_comes_back_is_understood_to_the_character(codec: str, tmp_path: Path) -> None:
    with SmallSwitch(sdp.FORMATS[codec]) as switch, Phone(switch.port, "bot", codec=codec) as phone:
        phone.call()
        conversation = converse(phone, script(Say("你好", QUICK), WaitFor("words", "你好", 3), Wait(0.1), HangUp()))
        assert conversation.failure == ""
        assert conversation.ended_by == "caller"
        assert conversation.heard_text() == "你好"
        first = next(sent for sent in phone.mouth.sent if sent.voiced)
        assert 0 <= conversation.heard_characters()[0].begin - first.at < 0.1
        until(lambda: switch.asked("BYE"))
        conversation.write_wav(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert file.getframerate() == phone.line.rate
        sides = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert abs(sides).max(axis=0) == pytest.approx([abs(sides).max()] * 2, rel=0.3), "both sides are in it"
    assert [type(news).__name__ for _, news in phone.news] == ["Answered", "Ended"]
    assert phone.ear.lost == 0


def test_packets_leave_and_are_written_down_every_20_ms() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        until(lambda: len(switch.packets) >= 25)
    sent = phone.mouth.sent
    whole = [rtp.ahead(after.timestamp, before.timestamp, 32) for before, after in itertools.pairwise(sent)]
    assert set(whole) == {160}
    middle = np.median(np.diff([at for at, _ in switch.packets]))
    assert middle == pytest.approx(0.02, abs=0.002)
    came = {arrival.sequence: arrival.at for arrival in phone.ear.arrivals}
    left = {packet.sequence: packet.at for packet in sent}
    delays = [came[number] - left[number] for number in came]
    assert min(delays) >= 0, "nothing arrives before it was sent"
    assert float(np.median(delays)) < 0.02


def test_an_arrival_is_the_kernels_and_not_the_readers() -> None:
    stamped = StampedSocket("127.0.0.1")
    try:
        assert stamped.port % 2 == 0
        assert stamped.receive() is None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            before = SYSTEM.now()
            other.sendto(b"one", ("127.0.0.1", stamped.port))
            after = SYSTEM.now()
        time.sleep(0.1)  # the reader comes late
        received = stamped.receive()
    finally:
        stamped.close()
    assert received is not None
    datagram, at, _ = received
    assert datagram == b"one"
    assert before - 0.001 <= at <= after + 0.001


def test_a_switch_that_refuses_is_quoted() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        switch.answer = lambda invite: [switch.response(invite, 503, "Service Unavailable")]
        with pytest.raises(HostError, match=r"refused the call: 503 Service Unavailable"):
            phone.call(3)
        assert not phone.ready
        assert phone.wait(0)


def test_a_switch_that_does_not_answer_is_given_up_within_the_bound() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        switch.answer = lambda invite: [switch.response(invite, 180, "Ringing")]
        with pytest.raises(HostError, match=r"did not answer the call within 0\.2 s"):
            phone.call(0.2)
        until(lambda: switch.asked("CANCEL"))
        assert phone.rang_at > 0
        switch.send(switch.response(switch.requests[0], 487, "Request Terminated"))
        assert phone.wait(2)


def test_a_caller_gives_up_before_the_answer() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        switch.answer = lambda invite: [switch.response(invite, 180, "Ringing")]
        phone.dial()
        until(lambda: phone.rang_at)
        phone.hang_up()
        until(lambda: switch.asked("CANCEL"))
        switch.send(switch.response(switch.requests[0], 487, "Request Terminated"))
        assert phone.wait(2)
        until(lambda: switch.asked("ACK"))
        assert phone.ended is not None
        assert phone.ended.by == "caller"
        assert phone.mouth.sent == []


def test_a_lost_invite_is_sent_again() -> None:
    with SmallSwitch(deaf=1) as switch, Phone(switch.port, "bot") as phone:
        phone.call(3)
        assert phone.ready


def test_early_sound_is_heard_before_the_answer() -> None:
    with SmallSwitch(echoes=False) as switch, Phone(switch.port, "bot") as phone:
        switch.answer = lambda invite: [switch.response(invite, 183, "Session Progress", switch.describe("sendrecv"))]
        phone.dial()
        until(lambda: phone.rang_at)
        switch.speak(rtp.Packet(8, 1, 160, 1, b"\xaa" * 160))
        until(lambda: phone.line.frames == 1)
        assert phone.line.onsets
        switch.send(switch.ok(switch.requests[0]))
        phone.answered(2)


def test_the_bot_hangs_up_and_the_line_ends() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        until(lambda: phone.line.frames)
        switch.ask("BYE", extra=(("Reason", 'Q.850;cause=16;text="NORMAL_CLEARING"'),))
        conversation = converse(phone, script(WaitFor("end", within=3)))
        assert (conversation.failure, conversation.ended_by) == ("", "bot")
        assert phone.ended is not None
        assert "NORMAL_CLEARING" in phone.ended.why
        assert phone.ended_at >= phone.answered_at
        until(lambda: switch.answered("BYE"))
        sent = len(phone.mouth.sent)
        time.sleep(0.06)
        assert len(phone.mouth.sent) <= sent + 1, "who is not in a call sends nothing"


def test_keys_come_as_the_standard_says_and_none_is_cut_by_hanging_up() -> None:
    with SmallSwitch(echoes=False) as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        switch.speak(rtp.Packet(8, 1, 160, 1, bytes(160)))
        conversation = converse(phone, script(Press("1#"), HangUp()))
        assert conversation.failure == ""
        events = [packet for _, packet in switch.packets if packet.payload_type == 101]
    pressed = [rtp.pressed(packet.payload) for packet in events]
    assert pressed == [("1", False)] * 4 + [("1", True)] * 3 + [("#", False)] * 4 + [("#", True)] * 3
    with pytest.raises(ScriptError, match="is no key"):
        phone.press("x")


def test_a_key_of_the_bot_is_heard() -> None:
    with SmallSwitch(echoes=False) as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        for number, (payload, marker) in enumerate(rtp.key("4", 160)):
            switch.speak(rtp.Packet(101, number, 160, 1, payload, marker))
        until(lambda: phone.ear.keys)
        assert [key for _, key in phone.ear.keys] == ["4"]


def test_hold_and_back() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        switch.answer = lambda invite: [switch.ok(invite, sdp.REVERSED[sdp.parse(invite.body).direction])]
        phone.call()
        until(lambda: phone.mouth.sent)
        phone.hold("inactive")
        sent = len(phone.mouth.sent)
        time.sleep(0.1)
        assert len(phone.mouth.sent) <= sent + 1
        phone.unhold()
        until(lambda: len(phone.mouth.sent) > sent + 3)
        assert [sdp.parse(m.body).direction for m in switch.asked("INVITE")] == ["sendrecv", "inactive", "sendrecv"]


def test_a_hold_that_is_refused_says_so_and_the_call_goes_on() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        switch.answer = lambda invite: [switch.response(invite, 488, "Not Acceptable Here")]
        with pytest.raises(HostError, match="refused it: 488 Not Acceptable Here"):
            phone.hold()
        assert phone.ready
    with pytest.raises(HostError, match="no call is up"):
        phone.hold()


def test_the_other_side_holds_and_the_phone_stops_sending_until_it_is_taken_back() -> None:
    with SmallSwitch() as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        until(lambda: phone.mouth.sent)
        invite = switch.ask("INVITE", switch.describe("sendonly"))
        until(lambda: switch.answered("INVITE"))
        assert sdp.parse(switch.answered("INVITE")[0].body).direction == "recvonly"
        switch.ask("ACK", number=invite.cseq[0])
        sent = len(phone.mouth.sent)
        time.sleep(0.1)
        assert len(phone.mouth.sent) <= sent + 1
        switch.ask("UPDATE", switch.describe("sendrecv"))
        until(lambda: len(phone.mouth.sent) > sent + 3)


def test_a_caller_without_rtp_sends_no_packet_and_hears() -> None:
    with SmallSwitch(echoes=False) as switch, Phone(switch.port, "bot", rtp=False) as phone:
        phone.call()
        switch.speak(rtp.Packet(8, 1, 160, 1, b"\xaa" * 160))
        conversation = converse(phone, script(Say("a", QUICK), Wait(0.1), HangUp()))
        assert conversation.failure == ""
        assert (switch.packets, phone.mouth.sent) == ([], [])
        assert phone.line.frames == 1


def test_rubbish_on_either_port_ends_nothing() -> None:
    with SmallSwitch(echoes=False) as switch, Phone(switch.port, "bot") as phone:
        phone.call()
        assert switch.media is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"hello", switch.caller)
            other.sendto(b"hello", (switch.media.host, switch.media.port))
            other.sendto(b"\x80\xc8" + bytes(30), (switch.media.host, switch.media.port))  # RTCP
        switch.speak(rtp.Packet(8, 1, 160, 1, b"\xaa" * 160))
        until(lambda: phone.line.frames == 1)
        assert len(phone.ear.arrivals) == 1
        assert phone.ready


def test_a_phone_calls_once_and_can_be_closed_at_any_time() -> None:
    with SmallSwitch() as switch:
        unused = Phone(switch.port, "bot")
        assert unused.close() == []
        assert unused.line.ended
        phone = Phone(switch.port, "bot")
        phone.call()
        with pytest.raises(ScriptError, match="calls once"):
            phone.dial()
        assert phone.close() == []
        assert switch.asked("BYE")
        assert phone.close() == []
        phone.hang_up()


def test_a_codec_there_is_not_opens_nothing() -> None:
    with pytest.raises(ConfigError, match="'GSM'"):
        Phone(5060, "bot", codec="GSM")
