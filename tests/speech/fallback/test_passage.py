"""Where a reply can be cut, so that another voice goes on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.audio.pcm import silence
from firstword.speech.fallback.pace import Pace
from firstword.speech.fallback.passage import BRIDGE_MS, MARGIN_MS, Passage
from firstword.speech.tts import Mark

RATE = 8000
MS = 16  # bytes
TEXT = "您的订单，今天上午已经从北京发出，预计明天下午送到。"
EACH = 200.0  # ms a character


def noise(ms: float, loud: float = 3000.0, seed: int = 1) -> bytes:
    return (np.random.default_rng(seed).standard_normal(round(ms * 8)) * loud).clip(-9e3, 9e3).astype("<i2").tobytes()


def pace(each: float = EACH) -> Pace:
    made = Pace()
    for text in ("好的，我看一下。", "好，请稍等，马上。", "您好"):
        made.learn(text, len(text) * each)
    return made


def passage(told_ms: float, text: str = TEXT, marks: int = 0, audio: bytes = b"") -> Passage:
    """`told_ms` of `text`, with a mark after each of the first `marks` characters."""
    made = Passage(RATE, keep=True)
    made.said = text
    made.audio(audio or noise(told_ms))
    for chars in range(1, marks + 1):
        made.mark(Mark(chars, chars * EACH))
    return made


def test_with_exact_marks_it_is_cut_at_the_last_whose_audio_was_told() -> None:
    made = passage(2100, marks=14)
    assert made.cut(0.0, Pace()) == Mark(10, 2000)
    assert made.cut(1500.0, Pace()) == Mark(10, 2000)
    assert made.last_cut(1500.0, Pace()) == Mark(10, 2000)


def test_what_was_heard_beyond_the_last_mark_goes_by_the_pace_from_there() -> None:
    made = passage(2100, marks=5)  # 1000 ms are known
    assert made.cut(1500.0, pace()).chars in (9, 10)
    cut = made.cut(1500.0, pace())
    assert cut.audio_ms == pytest.approx(cut.chars * EACH, abs=3) and not cut.exact


def test_if_nothing_was_heard_and_nothing_is_known_all_is_said_again() -> None:
    assert passage(2100).cut(0.0, pace()) == Mark(0, 0.0)


def test_without_marks_it_is_cut_at_a_character_by_the_pace_and_soon() -> None:
    made = passage(5000)
    cut = made.cut(600.0, pace())
    assert cut.audio_ms == pytest.approx(600 + BRIDGE_MS, abs=EACH)
    assert cut.audio_ms == pytest.approx(cut.chars * EACH, abs=3)


def test_a_pause_at_the_end_of_a_clause_is_a_better_place_than_the_pace_says() -> None:
    # The voice is faster than its pace: 您的订单， ends at 850 ms, with a pause until 1050; by the pace it would at 1000.
    audio = noise(850) + silence(200, RATE) + noise(3000, seed=2)
    made = passage(0, audio=audio)
    cut = made.cut(100.0, pace())
    assert cut.chars == 5 and 850 <= cut.audio_ms <= 1050


def test_a_loud_place_is_no_pause() -> None:
    made = passage(0, audio=noise(850) + noise(200, loud=2000.0) + noise(3000, seed=2))
    cut = made.cut(100.0, pace())
    assert cut.audio_ms == pytest.approx(cut.chars * EACH, abs=3)


@pytest.mark.parametrize(("heard_ms", "chars"), [(1950.0, 10), (1890.0, 10), (2100.0, 10)])
def test_where_all_was_heard_the_character_that_is_mostly_said_counts(heard_ms: float, chars: int) -> None:
    assert passage(2050).cut(heard_ms, pace()).chars == chars


def test_a_place_that_is_only_guessed_is_not_cut_before_it_must_be() -> None:
    assert passage(2100).last_cut(1000.0, Pace()) is None
    assert passage(2100).last_cut(1000.0, pace()) == Mark(10, pytest.approx(2000, abs=3), exact=False)
    assert passage(2100).last_cut(2050.0, pace()) is None


def test_what_is_taken_back_is_given_back_to_the_byte() -> None:
    audio = noise(2100)
    made = passage(0, audio=audio)
    made.heard(500.0)
    assert made.take_back(2000.0) == audio[2000 * MS :]
    assert made.told_ms == 2000.0
    assert made.take_back(0.0) == audio[500 * MS : 2000 * MS], "but for what was heard"


def test_the_marks_of_the_next_service_count_from_where_it_began() -> None:
    made = passage(2100, marks=10)
    made.take_back(2000.0)
    made.go_on(Mark(10, 2000.0))
    assert made.rest == TEXT[10:]
    made.audio(noise(450))
    assert made.mark(Mark(2, 400.0)) == Mark(12, 2400.0)
    assert made.mark(Mark(1, 300.0)) is None, "backwards"
    assert made.mark(Mark(99, 500.0)) is None, "beyond the text"
    assert made.cut(2100.0, Pace()) == Mark(12, 2400.0)


OWED = [
    ("", 0, 0, False, False),  # nothing said
    ("好的", 0, 0, False, False),  # it may wait for more
    ("好的。", 0, 0, False, True),
    ("好的，", 0, 0, False, False),
    ("。。。", 0, 0, False, False),  # nothing that can be spoken
    ("好的。没", 600, 3, False, False),  # all that it must have spoken was
    ("好的。没有。", 600, 3, False, True),
    ("好的", 0, 0, True, True),  # its end, at least
    ("好的。没", 600, 0, False, False),  # by the pace
    ("好的。没有问题，马上就办。还", 600, 0, False, True),
]


@pytest.mark.parametrize(("text", "told", "marks", "finishing", "owed"), OWED)
def test_a_service_owes_what_it_can_not_wait_with(
    text: str, told: int, marks: int, finishing: bool, owed: bool
) -> None:
    made = Passage(RATE, keep=True)
    made.said = text
    if told:
        made.audio(noise(told))
    for chars in range(1, marks + 1):
        made.mark(Mark(chars, chars * EACH))
    assert made.owed(finishing, pace()) is owed


def test_without_marks_and_with_a_pace_that_is_only_guessed_it_owes_nothing_in_the_middle() -> None:
    made = passage(600, text="好的。没有问题，马上就办。还")
    assert not made.owed(False, Pace()) and made.owed(True, Pace())


@given(
    told=st.integers(0, 5000),
    heard_share=st.floats(0, 1),
    marks=st.integers(0, len(TEXT)),
    each=st.floats(50, 500),
    taught=st.booleans(),
)
def test_a_cut_is_never_before_what_was_heard_nor_after_what_was_told(
    told: int, heard_share: float, marks: int, each: float, taught: bool
) -> None:
    made = passage(told, marks=marks)
    heard_ms = told * heard_share
    made.heard(heard_ms)
    known = pace(each) if taught else Pace()
    for cut in (made.cut(heard_ms, known), made.last_cut(heard_ms, known)):
        if cut is not None:
            assert heard_ms - 0.1 <= cut.audio_ms <= told + 0.1
            assert 0 <= cut.chars <= len(TEXT)
    last = made.last_cut(heard_ms, known)
    assert last is None or not heard_ms or last.audio_ms >= heard_ms + MARGIN_MS - 40
