"""Playbooks for the playout. Audio is counted in frames of 20 ms; each sample's value says which it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from firstword.audio.playout import BOUND_S, Playout

FRAME = 320


def ramp(frames: float, start: int = 1000) -> bytes:
    """Audio whose samples count up, so that a missing, doubled or moved one shows."""
    return np.arange(start, start + round(frames * 160)).astype("<i2").tobytes()


def pulled(playout: Playout, most: int = 1000) -> bytes:
    """All the frames that are due now."""
    out = b""
    for _ in range(most):
        frame = playout.pull()
        if frame is None:
            break
        assert len(frame.pcm) == FRAME
        out += frame.pcm
    return out


def test_nothing_is_said_before_a_reply_that_is_held() -> None:
    for held_from_the_beginning in (True, False):
        playout = Playout(8000, 0)
        playout.begin(1, held_from_the_beginning)
        if not held_from_the_beginning:
            playout.hold(1)
        assert not playout.prelude(1, ramp(2))
        assert playout.pull() is None


def test_what_is_said_before_a_reply_that_turns_out_empty_is_said_to_its_end_unless_it_is_silenced() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.prelude(1, ramp(3))
    playout.end(1)
    assert playout.pull() is not None
    assert not playout.over
    playout.silence(1)
    assert playout.over
    assert playout.pull() is None


def test_before_any_reply_silence_is_due() -> None:
    playout = Playout(8000, 100)
    assert playout.pull() is None
    assert playout.over


def test_a_reply_waits_for_its_start_up_buffer_and_then_flows() -> None:
    playout = Playout(8000, 100)
    playout.begin(1)
    playout.write(1, ramp(4.9))
    assert playout.pull() is None
    playout.write(1, ramp(0.1, 1784))
    assert pulled(playout) == ramp(5)


def test_without_a_start_up_buffer_the_first_whole_frame_goes() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(0.9))
    assert playout.pull() is None
    playout.write(1, ramp(0.1, 1144))
    assert pulled(playout) == ramp(1)


def test_a_reply_shorter_than_the_buffer_goes_when_it_ends() -> None:
    playout = Playout(8000, 200)
    playout.begin(1)
    playout.write(1, ramp(1.5))
    assert playout.pull() is None
    playout.end(1)
    assert pulled(playout) == ramp(1.5) + bytes(FRAME // 2)
    assert playout.over
    assert playout.handed_bytes == 480
    assert playout.underruns == 0


def test_pieces_follow_each_other_without_a_gap_wherever_their_borders_fall() -> None:
    playout, whole = Playout(8000, 100), ramp(30)
    playout.begin(1)
    out = b""
    for at in range(0, len(whole), 2 * 777):
        playout.write(1, whole[at : at + 2 * 777])
        out += pulled(playout)
    playout.end(1)
    assert out + pulled(playout) == whole


def test_after_an_underrun_the_buffer_fills_again_and_the_gap_is_counted() -> None:
    playout = Playout(8000, 100)
    playout.begin(1)
    playout.write(1, ramp(5))
    assert pulled(playout) == ramp(5)
    playout.ran_dry()
    assert playout.underruns == 0, "nothing more may be coming"
    playout.write(1, ramp(4, 2000))
    assert playout.underruns == 1
    assert playout.pull() is None
    playout.write(1, ramp(1, 2640))
    assert pulled(playout) == ramp(5, 2000)


def test_running_dry_at_the_very_end_is_no_underrun() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(3))
    pulled(playout)
    playout.end(1)
    playout.ran_dry()
    assert playout.pull() is None
    assert playout.over
    assert playout.underruns == 0


@pytest.mark.parametrize("written", [0, 2])
def test_silence_before_a_reply_or_while_its_buffer_fills_is_no_gap(written: int) -> None:
    playout = Playout(8000, 100)
    playout.begin(1)
    playout.write(1, ramp(written))
    playout.ran_dry()
    playout.write(1, ramp(5))
    assert playout.underruns == 0
    pulled(playout)
    for _ in range(3):
        playout.ran_dry()
    playout.write(1, ramp(1))
    playout.ran_dry()
    playout.write(1, ramp(4))
    assert playout.underruns == 1, "one gap, however long"


def test_a_dry_moment_that_nobody_heard_is_no_gap_and_fills_no_buffer() -> None:
    playout = Playout(8000, 100)
    playout.begin(1)
    playout.write(1, ramp(5))
    assert pulled(playout) == ramp(5)
    playout.write(1, ramp(1, 1800))
    assert pulled(playout) == ramp(1, 1800)
    assert playout.underruns == 0


def test_what_was_pulled_and_given_back_is_pulled_again_to_the_last_half_frame() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(3.5))
    playout.end(1)
    frames = [frame for frame in (playout.pull() for _ in range(4)) if frame]
    assert [frame.first for frame in frames] == [True, False, False, False]
    playout.give_back(frames[2:])
    assert (playout.handed_bytes, playout.waiting_ms, playout.over) == (2 * FRAME, 30, False)
    playout.give_back(frames[:2])
    assert not playout.sounded
    assert pulled(playout) == ramp(3.5) + bytes(FRAME // 2)
    assert playout.sounded and playout.over


def test_what_another_reply_gives_back_is_dropped() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(2))
    frames = [frame for frame in (playout.pull(), playout.pull()) if frame]
    playout.begin(2)
    playout.give_back(frames)
    assert playout.pull() is None


def test_half_a_frame_waits_for_its_other_half() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(1.5))
    assert pulled(playout) == ramp(1)
    assert playout.waiting_ms == 10
    playout.write(1, ramp(0.5, 1240))
    assert pulled(playout) == ramp(1, 1160)


def test_a_silenced_reply_is_silent_from_the_next_frame_on_and_takes_no_more() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(5))
    playout.pull()
    assert playout.silence(1)
    assert playout.pull() is None
    assert not playout.write(1, ramp(5))
    assert playout.pull() is None
    assert playout.handed_bytes == FRAME
    assert not playout.silence(1), "it is over"


def test_what_comes_late_for_another_reply_is_dropped_by_its_number() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.write(1, ramp(5))
    playout.begin(2)
    assert not playout.write(1, ramp(5))
    playout.end(1)
    assert not playout.silence(1)
    assert playout.pull() is None
    assert not playout.over
    assert playout.write(2, ramp(1, 5000))
    assert pulled(playout) == ramp(1, 5000)


def test_an_ended_reply_takes_no_more() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    playout.end(1)
    assert not playout.write(1, ramp(1))


@pytest.mark.parametrize("number", [1, 0])
def test_replies_are_numbered_upwards(number: int) -> None:
    playout = Playout(8000)
    playout.begin(1)
    with pytest.raises(ValueError, match="comes after reply 1"):
        playout.begin(number)


def test_a_reply_begins_to_sound_with_its_first_frame_that_can_be_heard() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    noise = np.resize(np.array([64, -64, 3], "<i2"), 160).tobytes()
    playout.write(1, bytes(FRAME) + noise + ramp(2))
    assert [frame.first for frame in (playout.pull() for _ in range(4)) if frame] == [False, False, True, False]
    assert playout.sounded
    playout.begin(2)
    assert not playout.sounded
    playout.write(2, bytes(FRAME))
    playout.end(2)
    pulled(playout)
    assert playout.over and not playout.sounded


def test_a_reply_that_never_ends_is_bounded() -> None:
    playout = Playout(8000, 0)
    playout.begin(1)
    minute = bytes(60 * 16000)
    taken = [playout.write(1, minute) for _ in range(BOUND_S // 60 + 1)]
    assert taken == [True] * (BOUND_S // 60) + [False]


class AnyOrder(RuleBasedStateMachine):
    """Whatever the order of calls, what comes out is what was written for the current reply: a prefix of it, without a hole."""

    def __init__(self) -> None:
        super().__init__()
        self.playout = Playout(8000, 60)
        self.number = 0
        self.written = b""
        self.out = b""
        self.going = False

    @rule()
    def begin(self) -> None:
        self.number += 1
        self.playout.begin(self.number)
        self.written, self.out, self.going = b"", b"", True

    @rule(samples=st.integers(0, 900), late=st.booleans())
    def write(self, samples: int, late: bool) -> None:
        pcm = np.arange(len(self.written) // 2, len(self.written) // 2 + samples).astype("<i2").tobytes()
        taken = self.playout.write(self.number - late, pcm)
        assert taken == (self.going and not late)
        if taken:
            self.written += pcm

    @rule()
    def end(self) -> None:
        self.playout.end(self.number)
        self.going = False

    @rule()
    def silence(self) -> None:
        self.playout.silence(self.number)
        self.going = False

    @rule(frames=st.integers(1, 8))
    def pull(self, frames: int) -> None:
        for _ in range(frames):
            frame = self.playout.pull()
            if frame is not None:
                assert frame.reply == self.number
                assert frame.pcm[frame.own_bytes :].strip(b"\0") == b""
                self.out += frame.pcm[: frame.own_bytes]

    @rule(frames=st.integers(1, 8), back=st.integers(0, 8))
    def pull_and_give_back(self, frames: int, back: int) -> None:
        got = [frame for frame in (self.playout.pull() for _ in range(frames)) if frame]
        self.out += b"".join(frame.pcm[: frame.own_bytes] for frame in got[:back])
        self.playout.give_back(got[back:])

    @rule(left=st.integers(-100, 3000))
    def retract(self, left: int) -> None:
        was = len(self.written) - len(self.out)
        kept = self.playout.retract(self.number, left // 2 * 2)
        if self.going:
            assert kept == min(was, max(0, left // 2 * 2))
            self.written = self.written[: len(self.out) + kept]
        assert self.playout.retract(self.number - 1, 0) == kept, "that one is over"

    @rule()
    def run_dry(self) -> None:
        self.playout.ran_dry()

    @invariant()
    def what_came_out_is_what_went_in(self) -> None:
        assert self.written.startswith(self.out)
        assert self.playout.handed_bytes == len(self.out)
        assert self.playout.over == (not self.going and self.playout.waiting_ms == 0)


TestAnyOrder = AnyOrder.TestCase


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=30), st.integers(0, 200))
def test_it_does_not_matter_how_a_reply_was_cut(samples: list[int], startup_ms: int) -> None:
    whole = ramp(sum(samples) / 160)
    playout, at = Playout(8000, startup_ms), 0
    playout.begin(1)
    for count in samples:
        playout.write(1, whole[at : at + 2 * count])
        at += 2 * count
    playout.end(1)
    assert pulled(playout).startswith(whole)
    assert playout.handed_bytes == len(whole)
