"""The table at the end."""

from __future__ import annotations

from typing import Any

from firstword.demo.table import columns, table, wrapped


def test_every_turn_shows_its_words_and_its_milliseconds(record: dict[str, Any]) -> None:
    lines = table(record).splitlines()
    assert lines[0].split()[:4] == ["turn", "endpoint", "final", "first"]
    at = next(number for number, line in enumerate(lines) if line.split()[:1] == ["1"])
    assert lines[at].split() == ["1", "500", "241", "700", "701", "820", "820"]
    assert [line.split(maxsplit=1) for line in lines[at + 1 : at + 4]] == [
        ["said", "<b>多少钱</b>"],
        ["answered", "一共 30 元。"],
        ["heard", "一共 30 元。"],
    ]
    assert "heard     周末也送  [interrupted]" in table(record)
    assert any(line.split() == ["3", "500", "241", "700", "701", "-", "-"] for line in lines)


def test_the_numbers_stand_under_their_heads(record: dict[str, Any]) -> None:
    head, *rest = table(record).splitlines()
    row = next(line for line in rest if line.split()[:1] == ["1"])
    assert row.index("500") + 3 == head.index("endpoint") + len("endpoint")
    assert row.rindex("820") + 3 == head.index("first word") + len("first word")


def test_a_long_text_goes_on_in_the_next_line_and_loses_nothing() -> None:
    text = "您的快递 SF1024 今天上午到了本市的分拣中心，and it is expected tomorrow。" * 3
    lines = wrapped(text, 40)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(columns(line) <= 40 for line in lines)
    assert all("SF1024" in line for line in lines if "SF" in line)


def test_a_chinese_character_takes_two_columns() -> None:
    assert columns("ab你好。") == 8
