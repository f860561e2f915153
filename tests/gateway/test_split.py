from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.gateway.split import Splitter, units

CASES = {
    "您好，这里是云呼叫。请说": ["您好，", "这里是云呼叫。", "请说"],
    "一、二；三：四": ["一、", "二；", "三：", "四"],
    "真的吗？！好……": ["真的吗？！", "好……"],
    "他说：“好。”然后走了": ["他说：", "“好。”", "然后走了"],
    "It costs 3.14, or 1,000 at 12:30.": ["It costs 3.14,", " or 1,000 at 12:30."],
    "Hello. How are you? Fine!": ["Hello.", " How are you?", " Fine!"],
    "see www.example.com now": ["see www.example.com now"],
    "第一行\n第二行": ["第一行\n", "第二行"],
    "": [],
    "。": ["。"],
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_a_clause_or_a_sentence_mark_ends_a_unit_and_a_mark_inside_a_number_does_not(text, expected):
    assert units(text) == expected


def test_with_split_sentence_a_comma_does_not_end_a_unit():
    splitter = Splitter("sentence")
    assert splitter.add("您好，这里是云呼叫。请") == ["您好，这里是云呼叫。"]
    assert splitter.flush() == ["请"]


def test_with_split_run_each_piece_is_a_unit_and_with_none_only_the_end_gives_one():
    run, none = Splitter("run"), Splitter("none")
    assert [run.add("您"), run.add("好，再")] == [["您"], ["好，再"]]
    assert [none.add("您。"), none.add("好。"), none.flush()] == [[], [], ["您。好。"]]


def test_an_unfinished_tail_waits_for_the_flush():
    splitter = Splitter("clause")
    assert splitter.add("请问有什么可以帮您") == []
    assert splitter.add("？") == ["请问有什么可以帮您？"]
    assert splitter.flush() == []


def test_a_full_stop_waits_for_what_shows_that_it_is_one():
    splitter = Splitter("clause")
    assert splitter.add("It is 3.") == []
    assert splitter.add("5 now.") == []
    assert splitter.add(" Yes") == ["It is 3.5 now."]


@given(
    st.lists(st.text(alphabet="ab 1.,:，。！？”…\n你好", max_size=12), max_size=12),
    st.sampled_from(["clause", "sentence", "run", "none"]),
)
def test_however_text_is_cut_into_pieces_no_character_is_lost_or_moved(pieces, split):
    splitter = Splitter(split)
    out = [unit for piece in pieces for unit in splitter.add(piece)] + splitter.flush()
    assert "".join(out) == "".join(pieces)
    assert all(out)
