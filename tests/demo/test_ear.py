"""What the caller heard against what was said."""

from __future__ import annotations

from typing import Any

import pytest

from firstword.demo.ear import by_ear
from firstword.text.reading import Reading

WHOLE = "您好。一共 30 元。周末也送再见。"


def test_an_ear_that_heard_everything_has_no_fault_and_each_entry_gets_its_part(record: dict[str, Any]) -> None:
    assert by_ear(record, WHOLE) == ""
    assert [turn.get("ear") for turn in record["turns"]] == [
        "一共 30 元。",
        "周末也送",
        None,
    ]  # the last was never audible
    assert [phrase["ear"] for phrase in record["phrases"]] == ["您好。", "再见。"]


@pytest.mark.parametrize("cut", ["周末也", "周末也送", "周末也送的", "周末也送\ufffd", "周末也\ufffd"])
def test_an_interrupted_reply_may_differ_by_one_character(record: dict[str, Any], cut: str) -> None:
    assert by_ear(record, f"您好。一共 30 元。{cut}再见。") == ""


@pytest.mark.parametrize(
    ("heard", "where"),
    [
        ("您好。一共 30 元。周末再见。", "turn 2"),  # two characters short
        ("您好。一共 30 元。周末也送的，请再见。", "phrase 2"),  # three too many: the goodbye does not follow
        ("您好。一共 3 元。周末也送再见。", "turn 1"),  # one lost in the middle
        ("您好。一共 30 元\ufffd周末也送再见。", "turn 1"),  # one damaged in a reply that was not interrupted
        ("一共 30 元。您好。周末也送再见。", "phrase 1"),  # swapped
        ("您好。一共 30 元。周末也送", "phrase 2"),  # the goodbye is missing
        ("", "phrase 1"),
    ],
)
def test_a_fault_names_the_place_where_they_part(record: dict[str, Any], heard: str, where: str) -> None:
    assert by_ear(record, heard).startswith(f"{where}: ")


def test_words_after_the_end_are_a_fault(record: dict[str, Any]) -> None:
    assert "also heard '喂'" in by_ear(record, WHOLE + "喂")


def test_a_cut_reply_takes_nothing_from_the_next_one(record: dict[str, Any]) -> None:
    record["turns"][1] |= {"reply": "好好好的", "heard": "好"}
    record["phrases"][1]["text"] = "好，再见。"
    assert by_ear(record, "您好。一共 30 元。好好，再见。") == ""


@pytest.mark.parametrize("cut", ["首", "首重", "首重十", "首重十\ufffd", "首重十二", "首重十二元"])
def test_a_word_that_was_cut_within_is_not_in_the_record_and_part_of_it_is_heard(
    record: dict[str, Any], cut: str
) -> None:
    record["turns"][1] |= {"reply": "**首重**12元。", "heard": "**首重**"}
    expected = "" if cut != "首重十二元" else "phrase 2"
    assert by_ear(record, f"您好。一共 三十 元。{cut}再见。", Reading()).startswith(expected)


def test_what_was_written_and_not_spoken_is_no_fault(record: dict[str, Any]) -> None:
    record["turns"][0] |= {"reply": "**一共** 30 元😀。", "heard": "**一共** 30 元😀。"}
    assert by_ear(record, "您好。一共 三十 元。周末也送再见。", Reading()) == ""
