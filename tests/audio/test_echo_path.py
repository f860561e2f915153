"""The delay of an echo is found, its filter learned, and both given up when they are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from firstword.audio.band_stream import BAND_RATE, FRAME, BandStream
from firstword.audio.echo_delay import SPAN, TILE, DelaySearch
from firstword.audio.echo_path import EchoPath

from .echoing_line import RATE, Samples, at_level, bot, caller, echo, recordings, telephone


class Followed:
    """A path that is told a whole call; `rests` are the powers before and after, of each second."""

    def __init__(self, ours: Samples, theirs: Samples) -> None:
        noise = np.random.default_rng(9).normal(0, 30, len(ours))
        sides = ours.astype("<i2").tobytes(), telephone(theirs + noise)
        self.path, self.bot, self.caller = EchoPath(), BandStream(RATE), BandStream(RATE)
        self.delays: list[int | None] = []
        self.trusted: list[bool] = []
        left: list[tuple[float, float]] = []
        for number in range(len(ours) // 160):
            mine, back = (side[number * 320 : (number + 1) * 320] for side in sides)
            self.bot.count(number * 0.02)
            self.bot.fill(mine)
            self.caller.count(number * 0.02)
            power = self.caller.fill(back)
            rest = self.path.rest(self.caller, self.bot, power)
            self.trusted.append(rest is not None)
            left.append((power, power if rest is None else rest))
            self.path.learn(self.caller, self.bot)
            self.delays.append(self.path.delay)
        seconds = np.array(left)[: len(left) // 50 * 50].reshape(-1, 50, 2).sum(1)
        self.left_db = 10 * np.log10(seconds[:, 1] / seconds[:, 0])


@pytest.mark.parametrize("delay_ms", [20, 61, 142, 399])
@pytest.mark.parametrize("voice", ["zh", "tone", "noise"])
def test_the_delay_is_found_within_a_second_of_our_voice(voice: str, delay_ms: int) -> None:
    rng = np.random.default_rng(delay_ms)
    ours = bot(voice, 2, rng)
    followed = Followed(ours, echo(ours, -25, delay_ms, "hybrid", rng))
    delay = followed.path.delay
    assert delay is not None
    assert (
        0 <= delay_ms - delay * 1000 / BAND_RATE + 5 <= 16
    )  # the telephone's band takes 5 ms, the filter begins 8 early
    assert followed.delays[int(2.2 * 50)] is not None


@pytest.mark.parametrize("seed", [2, 11, 13])
def test_so_is_that_of_two_tones_in_a_large_room(seed: int) -> None:
    rng = np.random.default_rng([21, seed])
    ours = bot("tone", 3, rng)
    delay = Followed(ours, echo(ours, -10, 130, "room", rng)).path.delay
    assert delay is not None
    assert abs(delay * 1000 / BAND_RATE - 125) < 15


def test_between_strangers_there_is_none() -> None:
    rng = np.random.default_rng(1)
    ours = bot("noise", 6, rng)
    followed = Followed(ours, caller("zh", 0, 1, ours, rng))
    assert followed.path.none
    assert followed.delays.count(None) > 0.9 * len(followed.delays)


def test_that_there_is_none_takes_half_a_second_of_both_voices() -> None:
    rng = np.random.default_rng(1)
    ours = bot("noise", 4, rng)
    assert not Followed(ours, np.zeros(len(ours))).path.none
    assert not Followed(ours, caller("zh", 0, 4.7, ours, rng)).path.none


@pytest.mark.parametrize(
    ("kind", "db", "most"), [("wire", -15, -15), ("hybrid", -15, -12), ("room", -15, -8), ("hybrid", -30, -6)]
)
def test_after_a_second_most_of_the_echo_is_explained(kind: str, db: int, most: float) -> None:
    rng = np.random.default_rng(2)
    ours = bot("zh", 6, rng)
    assert Followed(ours, echo(ours, db, 130, kind, rng)).left_db[3:].max() < most


def test_a_caller_is_left_and_does_not_spoil_it() -> None:
    rng = np.random.default_rng(3)
    ours = bot("zh", 8, rng)
    said = caller("en", -3, 4, ours, rng)
    said[6 * RATE :] = 0
    followed = Followed(ours, echo(ours, -20, 130, "hybrid", rng) + said)
    assert followed.left_db[4:6].min() > -1
    assert followed.left_db[7:].max() < -10
    assert None not in followed.delays[3 * 50 :]


@pytest.mark.parametrize(("change", "until_s"), [("moved", 1.2), ("louder", 2.5)])
def test_a_filter_that_is_wrong_is_given_up(change: str, until_s: float) -> None:
    rng = np.random.default_rng(4)
    ours, at = bot("zh", 9, rng), 4 * RATE
    back = echo(ours, -25, 130, "hybrid", rng)
    after = {"moved": np.roll(back, RATE // 10), "louder": 6 * back}[change]
    followed = Followed(ours, np.concatenate([back[:at], after[at:]]))
    assert followed.delays[200] is not None
    given_up = 200 + followed.delays[200:].index(None)
    assert given_up - 200 < until_s * 50
    assert 200 < followed.trusted.index(False, 200) < given_up
    assert followed.left_db[7:].max() < -8


def test_what_is_not_told_yet_is_not_guessed() -> None:
    rng = np.random.default_rng(5)
    ours = bot("zh", 3, rng)
    followed = Followed(ours, echo(ours, -20, 60, "hybrid", rng))
    for number in range(5):
        followed.caller.count(followed.caller.end / FRAME * 0.02)
        rest = followed.path.rest(followed.caller, followed.bot, 0.01)
        assert (rest is None) == (number >= 2)  # 57 ms: two frames more


def test_a_delay_at_which_nothing_is_ever_told_is_given_up() -> None:
    rng = np.random.default_rng(6)
    ours = bot("zh", 6, rng)
    path, ourselves, theirs, delays = EchoPath(), BandStream(RATE), BandStream(RATE), []
    sides = ours.astype("<i2").tobytes(), telephone(echo(ours, -20, 10, "hybrid", rng))
    for number in range(len(ours) // 160):
        mine, back = (side[number * 320 : (number + 1) * 320] for side in sides)
        theirs.count(number * 0.02)
        path.rest(theirs, ourselves, theirs.fill(back))  # before ours of the same time is told
        path.learn(theirs, ourselves)
        ourselves.count(number * 0.02)
        ourselves.fill(mine)
        delays.append(path.delay)
    found = next(number for number, delay in enumerate(delays) if delay is not None)
    assert None in delays[found : found + 50]


def test_what_was_played_while_nobody_told_is_not_learned() -> None:
    rng = np.random.default_rng(7)
    ours = bot("zh", 6, rng)
    followed = Followed(ours, echo(ours, -20, 130, "hybrid", rng))
    known = followed.path._filter.copy()
    loud = at_level(recordings("zh")[0], -20).astype("<i2").tobytes()
    for number in range(40):
        followed.caller.count(followed.caller.end / FRAME * 0.02)
        followed.path.rest(followed.caller, followed.bot, followed.caller.fill(loud[number * 320 : (number + 1) * 320]))
        followed.path.learn(followed.caller, followed.bot)
    assert np.abs(followed.path._filter - known).max() < 0.05 * np.abs(known).max()


def test_a_voice_that_has_just_begun_shows_nothing() -> None:
    """Most delays are impossible then, and any peak is far above their mean."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        search, played = DelaySearch(), np.zeros(SPAN, np.float32)
        played[-TILE:] = rng.normal(0, 0.1, TILE)
        for _ in range(2):
            assert search.add(rng.normal(0, 0.1, TILE).astype(np.float32), played) is None
        assert search.in_vain == search._agreed == 0


def test_a_silent_voice_has_no_delay() -> None:
    search = DelaySearch()
    for _ in range(10):
        assert search.add(np.ones(TILE, np.float32), np.zeros(SPAN, np.float32)) is None
    assert search.in_vain == 0
