"""How a text is cut for a voice, and which voice gets what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.gateway.engines.clauses import LETTERS, clauses, runs, spelled


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("您好，请问有什么可以帮您？", [("您好，", 150), ("请问有什么可以帮您？", 0)]),
        ("苹果、梨。谢谢", [("苹果、", 100), ("梨。", 250), ("谢谢", 0)]),
        ("Hello, how are you? Fine.", [("Hello,", 150), (" how are you?", 250), (" Fine.", 0)]),
        ("圆周率是3.14，共1,000个。10:30见", [("圆周率是3.14，", 150), ("共1,000个。", 250), ("10:30见", 0)]),
        ("Go to example.com now.", [("Go to example.com now.", 0)]),
        ("真的吗？！好的……再见", [("真的吗？！", 250), ("好的……", 250), ("再见", 0)]),
        ("你好!Hello, world.", [("你好!", 250), ("Hello,", 150), (" world.", 0)]),
        ("好的,明天", [("好的,", 150), ("明天", 0)]),
        ("……，。", []),
        ("", []),
        ("  \n ", []),
    ],
)
def test_text_is_cut_behind_its_marks(text: str, cut: list[tuple[str, int]]) -> None:
    assert [(clause.text, clause.pause_ms) for clause in clauses(text)] == cut


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("您的VIP卡已到期", [("您的", "zh"), ("VIP", "en"), ("卡已到期", "zh")]),
        ("OK？好的。", [("OK？", "en"), ("好的。", "zh")]),
        ("订单AB123号", [("订单", "zh"), ("AB123", "en"), ("号", "zh")]),
        ("买iPhone 15 Pro吗", [("买", "zh"), ("iPhone 15 Pro", "en"), ("吗", "zh")]),
        ("共¥25元", [("共¥25元", "zh")]),
        ("¥25元", [("¥25元", "zh")]),
        ("13812345678", [("13812345678", "zh")]),
        ("Room 12, please", [("Room ", "en"), ("12, ", "en"), ("please", "en")]),
        ("I'm at work", [("I'm at work", "en")]),
        ("……", []),
    ],
)
def test_each_run_goes_to_the_voice_of_its_language(text: str, parts: list[tuple[str, str]]) -> None:
    joined: list[tuple[str, str]] = []
    for part, language in parts:  # neighbours of one language are one run
        if joined and joined[-1][1] == language:
            joined[-1] = (joined[-1][0] + part, language)
        else:
            joined.append((part, language))
    assert [(run.text, run.language) for run in runs(text)] == joined


MIXED = st.text(alphabet="您好的VIPok 12.，。,!?:/%¥-\n'’é𠮷" + "ａ１")


@given(MIXED)
def test_clauses_and_runs_are_pieces_of_the_text_in_its_order(text: str) -> None:
    for pieces in (clauses(text), runs(text)):
        at = 0
        for piece in pieces:
            assert piece.begin >= at and piece.text == text[piece.begin : piece.begin + len(piece.text)]
            at = piece.begin + len(piece.text)


@given(MIXED)
def test_nothing_that_can_be_said_is_lost_by_cutting(text: str) -> None:
    def sayable(string: str) -> str:
        return "".join(character for character in string if character.isalnum())

    assert sayable("".join(clause.text for clause in clauses(text))) == sayable(text)
    assert sayable("".join(run.text for run in runs(text))) == sayable(text)


def test_a_voice_without_letters_spells_them_and_each_name_knows_its_letter() -> None:
    assert spelled("您的VIP卡") == [("您", 0), ("的", 1), ("维", 2), ("爱", 3), ("屁", 4), ("卡", 5)]
    assert "".join(name for name, _ in spelled("w")) == LETTERS["W"] == "达不溜"


def test_every_letter_has_a_name() -> None:
    assert "".join(sorted(LETTERS)) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_number_is_said_at_the_place_where_it_begins() -> None:
    assert spelled("共25元") == [("共", 0), ("二", 1), ("十", 1), ("五", 1), ("元", 3)]
