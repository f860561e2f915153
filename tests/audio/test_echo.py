"""What a telephone gives back of our voice is told from the caller, in numbers."""

from __future__ import annotations

import itertools
from unittest.mock import patch

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.audio.echo import Echo
from firstword.audio.echo_path import EchoPath

from .echoing_line import FRAME, RATE, at_level, bot, call, caller, echo, recordings, sentences

JUDGES = ["webrtc:2", "level"]
LOSSES = [-10, -20, -30, -40]
WAYS = list(itertools.product(["zh", "en", "tone", "noise"], ["hybrid", "room", "wire"]))
TABLE = [
    (db, delay_ms, *WAYS[number % len(WAYS)])
    for number, (db, delay_ms) in enumerate(itertools.product(LOSSES, [20, 60, 100, 150, 200, 300]))
]


def seeded(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(numbers)


# -- the echo alone --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("db", "delay_ms", "voice", "kind"), TABLE)
def test_our_own_voice_does_not_interrupt_us(db: int, delay_ms: int, voice: str, kind: str) -> None:
    rng = seeded(1, -db, delay_ms)
    ours = bot(voice, 8, rng)
    heard = call(ours, echo(ours, db, delay_ms, kind, rng), rng)
    for judge in JUDGES:
        assert not heard.begins(judge), judge
        assert heard.speech(judge) < 0.01


@pytest.mark.parametrize("voice", ["zh", "en", "tone", "noise"])
def test_without_the_gate_it_would(voice: str) -> None:
    rng = seeded(2)
    ours = bot(voice, 4, rng)
    heard = call(ours, echo(ours, -20, 100, "hybrid", rng), rng)
    heard.passed[:] = True
    assert all(heard.begins(judge, min_speech_ms=200) for judge in JUDGES)


@pytest.mark.parametrize("delay_ms", [60, 130, 200, 300])
@pytest.mark.parametrize("db", [-10, -30])
def test_told_in_bursts_and_late_it_does_not_either(db: int, delay_ms: int) -> None:
    rng = seeded(3, -db, delay_ms)
    ours = bot("zh", 8, rng)
    heard = call(ours, echo(ours, db, delay_ms, "hybrid", rng), rng, burst=5)
    assert not any(heard.begins(judge) for judge in JUDGES)


@pytest.mark.parametrize("voice", ["zh", "en"])
def test_two_frames_that_are_a_little_too_loud_do_not_let_what_follows_pass(voice: str) -> None:
    rng = seeded(12, 0, 10, 20)
    ours = bot(voice, 8, rng)
    heard = call(ours, echo(ours, -10, 20, "room", rng), rng)
    assert not any(heard.begins(judge) for judge in JUDGES)


@pytest.mark.parametrize(("left", "passes"), [(0.1, False), (0.3, True)])
def test_a_frame_that_is_nearly_all_explained_is_an_echo_however_loud(left: float, passes: bool) -> None:
    judge = Echo(RATE, loss_db=40)
    with patch.object(EchoPath, "rest", lambda self, caller, bot, power: left * power):
        judge.played(VOICED, 1.0)
        judge.is_echo(QUIET, 1.08)  # a pause: so quiet is the line
        assert judge.is_echo(VOICED, 1.1) is not passes


def test_noise_after_digital_silence_is_known_as_noise_within_five_seconds() -> None:
    judge, rng = Echo(RATE, loss_db=45), seeded(13)
    passed = []
    with patch.object(EchoPath, "rest", lambda self, caller, bot, power: power):
        judge._path.delay = 400
        for number in range(600):
            judge.played(VOICED, number * 0.02)
            noise = rng.normal(0, 180 if number > 100 else 0, FRAME).astype("<i2").tobytes()
            passed.append(not judge.is_echo(noise, number * 0.02 + 0.02))
    assert not any(passed[350:])


@pytest.mark.parametrize(("seed", "delay_ms"), [(1, 200), (9, 60), (22, 130)])
def test_an_echo_in_which_no_delay_stands_out_is_not_taken_for_a_caller(seed: int, delay_ms: int) -> None:
    rng = seeded(11, seed, delay_ms)
    ours = bot("tone", 6, rng)
    heard = call(ours, echo(ours, -10, delay_ms, "room", rng), rng)
    assert not any(heard.begins(judge) for judge in JUDGES)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(60, 400),
    st.sampled_from(LOSSES),
    st.sampled_from(WAYS),
    st.integers(1, 5),
)
def test_whatever_the_line_is_like_it_does_not(
    seed: int, delay_ms: int, db: int, way: tuple[str, str], burst: int
) -> None:
    rng = seeded(4, seed)
    ours = bot(way[0], 5, rng)
    heard = call(ours, echo(ours, db, delay_ms, way[1], rng), rng, burst=burst)
    assert not any(heard.begins(judge, min_speech_ms=200) for judge in JUDGES)


def test_a_speaker_phone_that_distorts_does_not_interrupt_us() -> None:
    rng = seeded(5)
    ours = bot("en", 8, rng)
    heard = call(ours, echo(ours, -12, 180, "room", rng, overdriven=True), rng)
    assert not any(heard.begins(judge) for judge in JUDGES)


def test_nor_does_the_noise_of_the_line_between_our_words() -> None:
    rng = seeded(6)
    ours = bot("zh", 8, rng)
    heard = call(ours, echo(ours, -20, 100, "hybrid", rng), rng, noise_dbfs=-45)
    assert not heard.begins("webrtc:2")


def test_silence_that_was_not_told_costs_precision_and_no_interruption() -> None:
    rng = seeded(7)
    ours = np.concatenate([np.zeros(RATE), sentences("zh", 9, (0.3, 0.6), rng)])
    heard = call(ours, echo(ours, -20, 100, "hybrid", rng), rng, told_silence=False)
    assert not any(heard.begins(judge) for judge in JUDGES)


@pytest.mark.parametrize(("before_ms", "after_ms"), [(130, 150), (130, 230), (230, 130)])
def test_an_echo_that_has_moved_is_found_again_within_a_second_and_a_half(before_ms: int, after_ms: int) -> None:
    rng = seeded(8, before_ms, after_ms)
    ours, moves = bot("zh", 10, rng), 5 * RATE
    before, after = (echo(ours, -20, delay, "hybrid", rng) for delay in (before_ms, after_ms))
    heard = call(ours, np.concatenate([before[:moves], after[moves:]]), rng)
    heard.passed[5 * 50 : 6 * 50 + 25] = False
    assert not any(heard.begins(judge) for judge in JUDGES)


def test_an_echo_that_begins_in_the_middle_of_the_call_is_learned_within_two_seconds() -> None:
    rng = seeded(9)
    ours = bot("zh", 10, rng)
    back = echo(ours, -20, 100, "hybrid", rng)
    back[: 5 * RATE] = 0
    heard = call(ours, back, rng)
    heard.passed[5 * 50 : 7 * 50] = False
    assert not any(heard.begins(judge) for judge in JUDGES)


def test_wide_band_is_judged_like_narrow_band() -> None:
    rng = seeded(10)
    ours = bot("zh", 6, rng)
    back = echo(ours, -15, 100, "hybrid", rng)
    sent, came = (soxr.resample(side, RATE, 16000).astype("<i2").tobytes() for side in (ours, back))
    judge, echoes, size = Echo(16000), [], 640
    for number in range(len(sent) // size):
        judge.played(sent[number * size : (number + 1) * size], number * 0.02)
        echoes.append(judge.is_echo(came[number * size : (number + 1) * size], number * 0.02))
    assert np.mean(echoes[60:]) > 0.98


# -- the caller alone ------------------------------------------------------------------------------------------------


def test_while_we_are_silent_nothing_is_an_echo() -> None:
    rng = seeded(20)
    ours = np.zeros(4 * RATE)
    assert call(ours, caller("zh", 0, 0, ours, rng), rng).passed.all()


def test_half_a_second_after_our_last_word_nothing_is_an_echo() -> None:
    rng = seeded(21)
    ours = bot("zh", 4, rng)
    ours[3 * RATE :] = 0
    heard = call(ours, echo(ours, -10, 100, "hybrid", rng), rng)
    assert not heard.passed[60 : 3 * 50].any()
    assert heard.passed[int(3.5 * 50) :].all()


@pytest.mark.parametrize("voice", ["zh", "en", "tone", "noise"])
@pytest.mark.parametrize("db", [0, -6, -12])
def test_on_a_line_without_an_echo_nothing_of_the_caller_is_lost(voice: str, db: int) -> None:
    rng = seeded(22, -db)
    ours = bot(voice, 8, rng)
    theirs = caller("en" if voice == "zh" else "zh", db, LEARNED_S, ours, rng)
    heard = call(ours, theirs, rng)
    assert heard.share(theirs) >= 0.99
    assert max(heard.onsets_ms(theirs)) <= 40
    assert heard.judge.loss_db > 30


LEARNED_S = 1.8
"""The bot has talked for 0.8 s."""


def test_until_then_a_caller_over_our_first_words_is_lost_unless_he_is_as_loud() -> None:
    """The price of a first word that never interrupts itself. It is short."""
    rng = seeded(23)
    ours = bot("zh", 8, rng)
    quiet, loud = (caller("en", db, 1.1, ours, rng) for db in (-12, 6))
    heard = call(ours, quiet, rng)
    assert heard.share(quiet, to_s=1.9) < 0.2
    assert heard.share(quiet, from_s=3.5) > 0.9
    assert call(ours, loud, rng).share(loud, to_s=1.9) > 0.5


def test_a_caller_who_never_pauses_is_heard_once_the_search_for_an_echo_has_found_none() -> None:
    rng = seeded(24)
    ours = bot("noise", 8, rng)
    theirs = np.concatenate([np.zeros(RATE), sentences("zh", 8, (0, 0.05), rng)]) / 2
    heard = call(ours, theirs, rng)
    assert heard.share(theirs, to_s=1.5) < 0.5
    assert heard.share(theirs, from_s=4) > 0.9


def test_a_line_that_is_known_to_lose_more_lets_him_through_from_the_first_word() -> None:
    rng = seeded(23)
    ours = bot("zh", 8, rng)
    quiet = caller("en", -12, 1.1, ours, rng)
    assert call(ours, quiet, rng, loss_db=30).share(quiet) > 0.9


# -- both at once ----------------------------------------------------------------------------------------------------

BOTH = [
    (db, level, voice, kind)
    for db, level, (voice, kind) in itertools.product(
        LOSSES, [0, -6], [("zh", "hybrid"), ("en", "room"), ("tone", "hybrid"), ("noise", "room")]
    )
]


@pytest.mark.parametrize(("db", "level", "voice", "kind"), BOTH)
def test_a_caller_who_talks_over_us_gets_through(db: int, level: int, voice: str, kind: str) -> None:
    rng = seeded(30, -db, -level)
    ours = bot(voice, 10, rng)
    theirs = caller("en" if voice == "zh" else "zh", level, 3, ours, rng)
    heard = call(ours, echo(ours, db, 130, kind, rng) + theirs, rng)
    assert heard.share(theirs) >= 0.8
    assert heard.onsets_ms(theirs)[0] <= 60
    assert max(heard.onsets_ms(theirs)) <= 100
    assert all(heard.begins(judge) for judge in JUDGES)


@pytest.mark.parametrize(("db", "least"), [(-10, 0.4), (-20, 0.8), (-30, 0.85)])
def test_a_quiet_caller_over_a_strong_echo_gets_through_in_part(db: int, least: float) -> None:
    """12 dB below us. At -10 dB he is quieter than the echo."""
    rng = seeded(31, -db)
    ours = bot("zh", 8, rng)
    theirs = caller("en", -12, 3, ours, rng)
    heard = call(ours, echo(ours, db, 130, "hybrid", rng) + theirs, rng)
    assert heard.share(theirs) >= least
    assert heard.onsets_ms(theirs)[0] <= 100


def test_after_he_has_talked_over_us_the_echo_is_still_known() -> None:
    rng = seeded(32)
    ours = bot("zh", 10, rng)
    theirs = caller("en", -6, 3, ours, rng)
    theirs[6 * RATE :] = 0
    heard = call(ours, echo(ours, -20, 130, "hybrid", rng) + theirs, rng)
    assert heard.passed[6 * 50 + 15 :].mean() < 0.03


# -- what is learned, and what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("db", [-10, -20, -30])
def test_the_line_s_loss_is_learned(db: int) -> None:
    rng = seeded(40, -db)
    ours = bot("zh", 6, rng)
    heard = call(ours, echo(ours, db, 100, "hybrid", rng), rng)
    assert heard.judge.loss_db == pytest.approx(-db, abs=5)


def test_a_part_of_a_frame_is_refused() -> None:
    judge = Echo(RATE)
    with pytest.raises(ValueError, match="a frame has 320 bytes, not 160"):
        judge.played(b"\x01\x10" * 80, 1.0)


LOUD, QUIET = ((np.ones(FRAME) * level).astype("<i2").tobytes() for level in (9000, 0))
VOICED = at_level(recordings("zh")[0], -20).astype("<i2").tobytes()[6400:6720]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([LOUD, QUIET, VOICED]), st.floats(-9, 9), st.integers(1, 60)),
        max_size=25,
    )
)
def test_no_times_and_no_sounds_break_it(steps: list[tuple[bool, bytes, float, int]]) -> None:
    """A clock that stalled, a switch that stopped, a count that has slipped, hard silence."""
    judge, now = Echo(RATE), 0.0
    for ours, frame, jump, frames in steps:
        now += jump
        for number in range(frames):
            at = now + number * 0.02
            if ours:
                judge.played(frame, at)
            else:
                assert judge.is_echo(frame, at) in (True, False)
    assert 3 <= judge.loss_db <= 45


def test_after_a_stall_of_seconds_it_finds_its_way_back() -> None:
    rng = seeded(41)
    ours = bot("zh", 12, rng)
    back = echo(ours, -15, 100, "hybrid", rng)
    judge, size, echoes = Echo(RATE), 2 * FRAME, []
    sent, came = (side.astype("<i2").tobytes() for side in (ours, back))
    for number in range(len(sent) // size):
        at = number * 0.02 + (4.0 if number > 300 else 0)
        judge.played(sent[number * size : (number + 1) * size], at)
        echoes.append(judge.is_echo(came[number * size : (number + 1) * size], at))
    assert np.mean(echoes[60:]) > 0.95


def test_sentences_have_the_length_that_was_asked_for() -> None:
    assert len(sentences("zh", 7.5, (0.1, 0.2), seeded(50))) == 7.5 * RATE
