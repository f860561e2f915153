"""How long a voice takes for a text."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.speech.fallback.pace import Pace

SENTENCES = [
    "您好，请问有什么可以帮您？",
    "好的，我看一下。",
    "订单A12，今天上午已经从北京发出。",
    "OK，请保持电话畅通，谢谢您！",
    "再见。",
]


def taught(texts: list[str], lasts: dict[str, float]) -> Pace:
    pace = Pace()
    for text in texts:
        pace.learn(text, sum(lasts[_kind(character)] for character in text))
    return pace


def _kind(character: str) -> str:
    if not character.isalnum():
        return "mark"
    return "wide" if not character.isascii() else "digit" if character.isdigit() else "letter"


def test_before_it_has_heard_anything_it_knows_the_usual_pace() -> None:
    assert Pace().lasts_ms("您好，ab 1") == pytest.approx(220 * 2 + 110 + 73 * 2 + 220)


def test_one_sentence_tells_the_tempo() -> None:
    pace = Pace()
    pace.learn("好的，我看一下。", (6 * 220 + 2 * 110) / 2)
    assert pace.lasts_ms("今天下午") == pytest.approx(4 * 110, rel=0.01)


def test_a_few_sentences_tell_each_kind_of_character() -> None:
    lasts = {"wide": 180.0, "letter": 90.0, "digit": 260.0, "mark": 300.0}
    pace = taught(SENTENCES, lasts)
    for character, kind in (("好", "wide"), ("k", "letter"), ("7", "digit"), ("，", "mark")):
        assert pace.of(character) == pytest.approx(lasts[kind], rel=0.02)


def test_a_voice_of_one_time_for_every_character_is_known_to_the_millisecond() -> None:
    pace = taught(["好的，我看一下。", "好，请稍等，马上。"], {"wide": 60.0, "mark": 60.0})
    assert pace.lasts_ms("您的订单，今天上午已经从北京发出，") == pytest.approx(17 * 60, abs=1.0)


def test_a_voice_that_varies_is_known_on_the_average() -> None:
    chance, pace = random.Random(7), Pace()
    for _ in range(8):
        for text in SENTENCES:
            pace.learn(text, sum(chance.gauss(220, 25) if c.isalnum() else chance.gauss(280, 80) for c in text) + 70)
    text = SENTENCES[0]
    assert pace.lasts_ms(text) == pytest.approx(sum(220 if c.isalnum() else 280 for c in text), rel=0.1)


def test_a_voice_whose_speed_is_changed_is_known_again() -> None:
    pace = taught(SENTENCES * 4, {"wide": 200.0, "letter": 70.0, "digit": 200.0, "mark": 200.0})
    slow = taught(SENTENCES, {"wide": 200.0, "letter": 70.0, "digit": 200.0, "mark": 200.0})
    for _ in range(40):
        for text in SENTENCES:
            pace.learn(text, 2 * slow.lasts_ms(text))
    assert pace.of("好") == pytest.approx(400, rel=0.05)


@given(st.lists(st.tuples(st.text(max_size=12), st.floats(-10, 60_000)), max_size=20))
def test_whatever_it_is_taught_a_character_takes_some_time_and_a_blank_none(taught: list[tuple[str, float]]) -> None:
    pace = Pace()
    for text, ms in taught:
        pace.learn(text, ms)
    assert all(0 < pace.of(character) < 1e6 for character in "好a1，")
    assert pace.of(" ") == 0


@pytest.mark.parametrize("nonsense", [math.inf, math.nan, 1e300, 1e9, -5.0])
def test_a_service_that_tells_nonsense_once_does_not_spoil_it(nonsense: float) -> None:
    pace = Pace()
    pace.learn("您好，再见。", 1200)
    before = pace.lasts_ms("您好")
    pace.learn("您好，再见。", nonsense)
    assert pace.lasts_ms("您好") == before
