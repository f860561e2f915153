from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.call.tools import told
from firstword.call.tools.pointer import find

DOCUMENT = {"data": [{"status": "已发货", "n": 7, "no": None}], "a/b": 1, "m~n": 2, "": 3, "0": {"0": 4}}


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/data/0/status", "已发货"),
        ("/data/0/n", "7"),
        ("/data/0/no", "null"),
        ("/data", '[{"status": "已发货", "n": 7, "no": null}]'),
        ("/a~1b", "1"),
        ("/m~0n", "2"),
        ("/", "3"),
        ("/0/0", "4"),
    ],
)
def test_a_pointer_finds_its_part(pointer: str, text: str) -> None:
    assert told.part(json.dumps(DOCUMENT), pointer) == text


@pytest.mark.parametrize(
    "pointer",
    [
        "/data/1",
        "/data/-1",
        "/data/-",
        "/data/00",
        "/data/１",
        "/data/x",
        "/data/99999999999",
        "/no",
        "/data/0/status/0",
    ],
)
def test_a_part_that_is_not_there_is_said_so(pointer: str) -> None:
    with pytest.raises(LookupError, match=f"its answer has no {pointer}"):
        told.part(json.dumps(DOCUMENT), pointer)


@pytest.mark.parametrize("text", ["<html>", "", "[" * 100_000])
def test_an_answer_that_is_no_json_has_no_part(text: str) -> None:
    with pytest.raises(LookupError, match="no JSON"):
        told.part(text, "/a")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(json_values, st.data())
def test_every_place_in_a_value_has_a_pointer(value: Any, data: st.DataObject) -> None:
    pointer, here = "", value
    while isinstance(here, (dict, list)) and here and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
        pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
        here = here[key]
    assert find(value, pointer) == here


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("已发货".encode(), "application/json", "已发货"),
        ("已发货".encode(), "", "已发货"),
        ("已发货".encode("gbk"), "text/plain; charset=gbk", "已发货"),
        ("已发货".encode("gb18030"), 'text/plain; Charset="GB18030"', "已发货"),
        (b"\xef\xbb\xbfok", "application/json", "ok"),
        ("é".encode(), "text/plain; charset=x-unknown", "é"),
        ("é".encode(), "text/plain; charset=zlib", "é"),
        ("é".encode(), "text/plain; charset=", "é"),
        (b"a\xffb", "text/plain", "a\ufffdb"),
    ],
)
def test_an_answer_is_read_by_its_charset(body: bytes, content_type: str, text: str) -> None:
    assert told.decoded(body, content_type, cut=False) == text


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), st.integers(0, 100))
def test_a_cut_text_ends_with_a_whole_character_and_says_so(text: str, most: int) -> None:
    whole = text.encode()
    assert text.startswith(told.decoded(whole[:most], "charset=utf-8", cut=True))
    short = told.shortened(text, most, cut=False)
    if len(whole) <= most:
        assert short == text
    else:
        kept, _, note = short.rpartition("… [cut here: these are the first ")
        assert text.startswith(kept) and len(kept.encode()) <= most
        assert note == f"{len(kept.encode())} bytes of a longer answer]"


SECRET = "k-1234567890"


def test_secrets_are_taken_out_also_the_one_that_the_cut_goes_through() -> None:
    assert told.without([SECRET, "abc"], f"x {SECRET} abc {SECRET}", cut=False) == "x *** abc ***"
    for size in range(4, len(SECRET)):
        assert told.without([SECRET], f"x {SECRET[:size]}", cut=True) == "x "
        assert told.without([SECRET], f"x {SECRET[:size]}", cut=False) == f"x {SECRET[:size]}"
