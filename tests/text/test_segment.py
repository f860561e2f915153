"""Pieces for the synthesiser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.atom import Atom, plain
from firstword.text.pace import PACE_MS, weight
from firstword.text.scan import SILENT
from firstword.text.segment import FORCED, MOST_ATOMS, Piece, Segmenter

from .cutting import cut

AMPLY = 10_000.0


def atoms(text: str) -> list[Atom]:
    return [plain(character) for character in text]


def pieces(text: str, *, waiting_ms: float = AMPLY, size: int = 1) -> list[str]:
    """Of a reply whose first piece is heard at once, and of whose others `waiting_ms` are to be heard all the time."""
    segmenter, given = Segmenter(), []
    for at in range(0, len(text), size):
        given += segmenter.feed(atoms(text[at : at + size]), waiting_ms if given else 0)
    return [piece.text for piece in given + segmenter.finish()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好的，您的快递已经到达分拣中心。", ["好的，", "您的快递已经到达分拣中心。"]),
        ("您好！请讲。", ["您好！", "请讲。"]),
        ("第一、苹果", ["第一、", "苹果"]),
        ("价格如下：五元", ["价格如下：", "五元"]),
        ("您的快递今天下午送到。", ["您的快递今天下午送到。"]),
        ("您的订单目前是已经到达本市的分拣中心", ["您的订单目前是", "已经到达本市的分拣中心"]),
        ("一二三四五六七八九十一二三四五六", ["一二三四五六七八九十一二", "三四五六"]),
        ("Sure, one moment.", ["Sure,", " one moment."]),
        ("I can certainly help you with that today.", ["I can certainly help you with ", "that today."]),
        ("好……我看看", ["好……", "我看看"]),
    ],
)
def test_the_first_piece_is_short_and_early(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "12:30",
        "1,000,000元",
        "3.14",
        "138-1234-5678",
        "2024-11-22",
        "1，000",
        "12：30",
        "https://a.com/x?y=1,2;z!q",
        "me@a.com,b",
        "www.a.com,b",
        "“您好，欢迎光临”",
        "（含税，包邮）",
        "「好。好」",
        '"Well, yes"',
        "e.g. this",
        "Mr. Smith",
        "U.S. dollars",
        "extraordinarily",
        "20 kg",
        "May 5",
    ],
)
def test_nothing_is_cut_within_what_belongs_together(whole: str) -> None:
    text = f"好，{whole}呢，好，{whole}"
    for size in (1, 2, 7, 100):
        for waiting_ms in (0, 1000, AMPLY):
            given = pieces(text, waiting_ms=waiting_ms, size=size)
            assert "".join(given) == text
            assert sum(piece.count(whole) for piece in given) == 2, given


def test_an_atom_of_several_characters_is_never_cut_and_what_follows_a_number_stays_with_it() -> None:
    segmenter = Segmenter()
    given = segmenter.feed([*atoms("您的余额"), Atom("一百三十八", 3), *atoms("元整可以使用吗朋友")])
    assert [piece.text for piece in given] == ["您的余额一百三十八元整可"]
    assert sum(atom.source for piece in given for atom in piece.atoms) == 10


def test_later_pieces_are_clauses_while_little_is_to_be_heard_and_sentences_while_much_is() -> None:
    text = "好的，" + "您的快递已经到达，预计明天上午送到，请您保持电话畅通。" * 2
    assert pieces(text, waiting_ms=1000)[1:4] == ["您的快递已经到达，", "预计明天上午送到，", "请您保持电话畅通。"]
    assert pieces(text)[1:3] == ["您的快递已经到达，预计明天上午送到，请您保持电话畅通。"] * 2


def test_where_the_caller_hears_nothing_else_a_group_of_words_is_a_piece() -> None:
    text = "好的，您的快递是已经到达本市的分拣中心"
    assert pieces(text, waiting_ms=100)[1] == "您的快递是"
    assert pieces(text, waiting_ms=1000)[1] == "您的快递是已经到达本市的分拣中心"


def test_where_more_is_held_back_before_the_pieces_what_there_is_is_given_in_time() -> None:
    segmenter = Segmenter()
    assert [piece.text for piece in segmenter.feed(atoms("好的，该房型在选择的日期"))] == ["好的，"]
    assert segmenter.feed([], 1000) == []
    assert [piece.text for piece in segmenter.feed([], 100)] == ["该房型在选择的日期"]


@pytest.mark.parametrize(
    ("part", "waiting_ms", "urgent"),
    [
        ("您的订单目前是已经到达", 0, True),
        ("您的快递到了，", 2000, True),
        ("您的快递到了。", 2000, False),
        ("您的快递今天下午三点已经到了本市的分拣中心，", 3000, False),
    ],
)
def test_the_first_piece_is_urgent_and_so_is_one_that_ends_no_sentence_where_little_is_to_be_heard(
    part: str, waiting_ms: float, urgent: bool
) -> None:
    segmenter = Segmenter()
    (first,) = segmenter.feed(atoms("好的，"))
    (second,) = segmenter.feed(atoms(part), waiting_ms)
    assert (first.urgent, second.urgent) == (True, urgent)


@pytest.mark.parametrize(("text", "urgent"), [("您的快递到了，", True), ("到了。", False)])
def test_a_clause_that_was_kept_for_the_next_is_urgent_when_little_is_left_to_be_heard(text: str, urgent: bool) -> None:
    segmenter = Segmenter()
    segmenter.feed(atoms("好的，"))
    assert segmenter.feed(atoms(text), AMPLY) == []
    assert [(piece.text, piece.urgent) for piece in segmenter.feed([], 2000)] == [(text, urgent)]


@pytest.mark.parametrize(
    ("text", "given", "rest"),
    [
        ("您的快递", ["您的快递"], []),
        ("好的，您的余额是12", ["好的，", "您的余额"], ["是12"]),
        ("Sure, let me se", ["Sure,", " let me "], ["se"]),
        ("“您好", [], ["“您好"]),
        ("12", [], ["12"]),
    ],
)
def test_a_model_that_pauses_is_heard_as_far_as_it_came(text: str, given: list[str], rest: list[str]) -> None:
    segmenter = Segmenter()
    got = segmenter.feed(atoms(text), AMPLY)
    assert segmenter.stalled(AMPLY) == []  # there is enough to be heard
    stalled = segmenter.stalled(0)
    assert all(piece.urgent for piece in stalled)
    assert segmenter.stalled(0) == []
    assert [piece.text for piece in got + stalled] == given
    assert [piece.text for piece in segmenter.finish()] == rest


@given(cut(), st.integers(0, 5000))
def test_nothing_is_lost_or_said_twice_whatever_is_to_be_heard(case: tuple[str, list[str]], waiting_ms: int) -> None:
    text, tokens = case
    segmenter = Segmenter()
    got: list[Piece] = []
    for number, token in enumerate(tokens):
        got += segmenter.feed(atoms(token), waiting_ms * (number % 3))
        if number % 4 == 3:
            got += segmenter.stalled(waiting_ms)
    got += segmenter.finish()
    assert [atom for piece in got for atom in piece.atoms] == atoms(text)
    assert "".join(piece.text for piece in got) == text
    assert all(piece.atoms for piece in got)


def test_nothing_grows_without_a_bound() -> None:
    for text in ("a" * 5000, "（" * 5000, "“好" * 5000, "1" * 5000, "。" * 5000, " " * 5000):
        given = pieces(text)
        assert max(sum(map(weight, piece)) for piece in given) <= FORCED + 1
    segmenter = Segmenter()
    given = segmenter.feed([SILENT] * (3 * MOST_ATOMS))
    assert len(given) == 3 and not any(piece.speakable for piece in given)


def test_pieces_know_how_long_they_take() -> None:
    """The pieces of one batch see those before them as waiting: the later they are the longer."""
    text = "好的，" + "您的快递已经到达，" * 8
    given = [piece.text for piece in Segmenter().feed(atoms(text))]
    assert given[0] == "好的，" and given[1] == "您的快递已经到达，"
    assert len(given[-1]) > len(given[1])
    assert sum(map(weight, "".join(given[:2]))) * PACE_MS < 2500
