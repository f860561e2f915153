"""What a phone makes of packets, and packets of what its caller says: without a socket."""

from __future__ import annotations

import numpy as np
import pytest

from firstword.audio import tone
from firstword.live import codecs, rtp, sdp
from firstword.live.ear import Ear
from firstword.live.mouth import Mouth
from firstword.sim.line import Line

FORM = sdp.FORMATS["PCMA"]
LOUD = b"\xaa" * 160  # full scale in A-law


class Ends:
    def __init__(self) -> None:
        self.line = Line(8000)
        codec = codecs.make("PCMA")
        self.ear = Ear(self.line, codec, FORM)
        self.mouth = Mouth(self.line, codec, FORM)

    def hear(self, number: int, *, timestamp: int | None = None, payload: bytes = LOUD, at: float | None = None, kind: int = 8,
             ssrc: int = 1, marker: bool = False) -> None:  # fmt: skip
        """Packet `number` of a stream whose sequence begins again at its fourth packet."""
        stamp = number * 160 if timestamp is None else timestamp
        packet = rtp.Packet(kind, (0xFFFD + number) & 0xFFFF, (0xFFFFFF00 + stamp) & 0xFFFFFFFF, ssrc, payload, marker)
        self.ear.hear(packet.pack(), 10 + number * 0.02 if at is None else at)

    def say(self, ticks: range, *, payload_type: int = 8, events: int | None = 101) -> list[rtp.Packet]:
        return [rtp.unpack(self.mouth.frame(tick, tick * 0.02, payload_type, events)) for tick in ticks]


@pytest.fixture
def ends() -> Ends:
    return Ends()


def test_frames_are_heard_when_they_come(ends: Ends) -> None:
    for number in range(8):
        ends.hear(number)
    assert list(ends.line.arrivals) == pytest.approx([10 + n * 0.02 for n in range(8)])
    assert ends.line.onsets == [10]
    assert [a.sequence for a in ends.ear.arrivals] == [0xFFFD, 0xFFFE, 0xFFFF, 0, 1, 2, 3, 4]
    assert (ends.ear.lost, ends.ear.late, ends.ear.strange, ends.line.gaps) == (0, 0, 0, [])
    assert ends.ear.gaps_ms() == pytest.approx([20.0] * 7)


def test_a_lost_packet_is_counted_and_its_place_kept(ends: Ends) -> None:
    for number in (0, 1, 4, 5):
        ends.hear(number)
    assert (ends.ear.lost, ends.ear.late) == (2, 0)
    assert ends.line.gaps == [(2, 2)]
    assert ends.line.frames == 4


def test_a_late_or_doubled_packet_is_noted_and_not_heard(ends: Ends) -> None:
    for number in (0, 2, 1, 2, 3):
        ends.hear(number)
    assert (ends.ear.lost, ends.ear.late) == (1, 2)
    assert ends.line.frames == 3
    assert len(ends.ear.arrivals) == 5


def test_a_pause_of_the_sender_is_a_gap_of_the_line_and_no_loss(ends: Ends) -> None:
    ends.hear(0)
    ends.hear(1, timestamp=160 * 11)
    assert ends.ear.lost == 0
    assert ends.line.gaps == [(1, 10)]


def test_another_source_begins_anew(ends: Ends) -> None:
    ends.hear(0)
    ends.hear(500, ssrc=2)
    ends.hear(501, ssrc=2)
    assert (ends.ear.lost, ends.ear.late, ends.line.gaps) == (0, 0, [])
    assert ends.line.frames == 3


def test_a_key_is_heard_once_and_is_no_sound(ends: Ends) -> None:
    ends.hear(0)
    for number, (payload, marker) in enumerate(rtp.key("7", 160), 1):
        ends.hear(number, timestamp=160, payload=payload, kind=101, marker=marker)
    ends.hear(8)
    assert ends.ear.keys == [(10.02, "7")]
    assert ends.line.frames == 2
    assert ends.ear.lost == 0


def test_what_was_not_agreed_on_is_counted_and_not_heard(ends: Ends) -> None:
    ends.hear(0, kind=13)
    assert (ends.ear.strange, ends.line.frames) == (1, 0)


def test_the_other_sides_numbers_are_understood_beside_ours(ends: Ends) -> None:
    ends.ear.agree(
        sdp.parse(
            "c=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 96 97\na=rtpmap:96 PCMA/8000\na=rtpmap:97 telephone-event/8000"
        )
    )
    ends.hear(0, kind=96)
    ends.hear(1, kind=8)
    ends.hear(2, kind=97, payload=next(rtp.key("1", 160))[0])
    assert (ends.line.frames, ends.ear.strange, [key for _, key in ends.ear.keys]) == (2, 0, ["1"])


def test_packets_of_other_lengths_become_frames(ends: Ends) -> None:
    ends.hear(0, payload=LOUD * 2)
    assert ends.line.frames == 2
    ends.hear(1, timestamp=320, payload=LOUD[:80])
    assert ends.line.frames == 2
    ends.hear(2, timestamp=400, payload=LOUD[:80])
    assert ends.line.frames == 3
    assert ends.line.gaps == []


def test_what_is_no_packet_is_a_value_error(ends: Ends) -> None:
    with pytest.raises(ValueError, match="RTP"):
        ends.ear.hear(b"hello", 1.0)


# The mouth.


def test_silence_flows_at_the_pace_of_the_clock_and_speech_in_its_place(ends: Ends) -> None:
    silent = ends.say(range(3))
    ends.line.say(tone.speak("a", 8000))
    spoken = ends.say(range(3, 8))
    packets = silent + spoken
    assert [p.sequence - packets[0].sequence for p in packets] == list(range(8))
    assert [rtp.ahead(p.timestamp, packets[0].timestamp, 32) for p in packets] == [n * 160 for n in range(8)]
    assert [p.marker for p in packets] == [True] + [False] * 7
    assert {p.ssrc for p in packets} == {ends.mouth.ssrc}
    assert [sent.voiced for sent in ends.mouth.sent] == [False] * 3 + [True] * 3 + [False] * 2
    assert [sent.at for sent in ends.mouth.sent] == pytest.approx([n * 0.02 for n in range(8)])
    assert tone.hear(b"".join(codecs.ALaw().decode(p.payload) for p in packets), 8000) == "a"


def test_a_key_takes_the_place_of_sound_and_loses_none_of_it(ends: Ends) -> None:
    ends.line.say(np.full(160 * 4, 8000, "<i2").tobytes())
    before = ends.say(range(2))
    ends.mouth.press("5")
    assert ends.mouth.pressing
    during = ends.say(range(2, 9))
    after = ends.say(range(9, 12))
    assert not ends.mouth.pressing
    assert [p.payload_type for p in before + during + after] == [8] * 2 + [101] * 7 + [8] * 3
    assert {p.timestamp for p in during} == {(before[0].timestamp + 320) & 0xFFFFFFFF}
    assert [p.marker for p in during] == [True] + [False] * 6
    assert [p.marker for p in after] == [True, False, False]
    assert rtp.ahead(after[0].timestamp, before[0].timestamp, 32) == 9 * 160
    assert [sent.voiced for sent in ends.mouth.sent] == [True] * 2 + [False] * 7 + [True] * 2 + [False]


def test_keys_follow_each_other(ends: Ends) -> None:
    ends.mouth.press("1")
    ends.mouth.press("2")
    packets = ends.say(range(17))
    assert [p.payload[0] for p in packets if p.payload_type == 101] == [1] * 7 + [2] * 7
    assert len({p.timestamp for p in packets if p.payload_type == 101}) == 2


def test_keys_are_passed_over_where_the_other_side_takes_none(ends: Ends) -> None:
    ends.mouth.press("1")
    (packet,) = ends.say(range(1), events=None)
    assert packet.payload_type == 8
    assert not ends.mouth.pressing


def test_after_a_rest_the_timestamp_has_gone_on_and_the_sequence_has_not(ends: Ends) -> None:
    (before,) = ends.say(range(1))
    ends.mouth.rest()
    (after,) = ends.say(range(50, 51))
    assert after.sequence == before.sequence + 1
    assert rtp.ahead(after.timestamp, before.timestamp, 32) == 50 * 160
    assert after.marker
