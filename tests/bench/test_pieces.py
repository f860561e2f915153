"""Pieces against two hundred replies, in simulated time."""

from __future__ import annotations

import pytest

from firstword.bench import pieces
from firstword.demo.reading import Ear, Speeds, read
from firstword.demo.writing import tokens
from firstword.text.reading import Reading


def test_no_goal_is_missed_with_the_replies_of_four_manners() -> None:
    texts = pieces.replies()
    assert sum(map(len, texts.values())) == 200 and {"qwen", "gpt", "deepseek"} <= set(texts)
    rows = [row for row in pieces.measure(texts, Speeds()) if "CPU" not in row.name]
    assert [row for row in rows if row.ok is False] == []
    assert len([row for row in rows if row.goal is not None]) == 8


def test_tokens_are_the_text_and_of_the_sizes_that_models_use() -> None:
    for some in pieces.replies().values():
        for text in some:
            cut = tokens(text)
            assert "".join(cut) == text
            assert max(map(len, cut)) <= 12


def test_the_ear_hears_one_piece_after_the_other_and_tells_when_there_was_nothing() -> None:
    ear = Ear(Speeds(first_packet_ms=100, real_time_factor=0.5))
    ear.give("一" * 10, 0)  # 2200 ms, heard from 100 to 2300
    ear.give("二" * 5, 500)  # its audio is there at 1200: heard from 2300 to 3400
    ear.give("三", 4000)
    assert ear.dry_ms == [0, pytest.approx(700)]
    assert ear.waiting_ms(1100) == pytest.approx(ear.given_ms - 1000)
    assert ear.waiting_ms(3500) == pytest.approx(220)


def test_a_voice_that_is_slower_is_seen_to_leave_gaps() -> None:
    text = "好的，" + "您的快递已经到达，" * 5
    assert max(read(text, Reading(), speeds=Speeds(real_time_factor=1.5)).dry_ms) > 100
