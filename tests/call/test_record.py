"""The call record."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from firstword.call.record import CallRecord, TurnRecord, append


def record() -> CallRecord:
    made = CallRecord(
        "uuid-1", "default", datetime.datetime.fromisoformat("2026-01-02T03:04:05+08:00"), answered_at=10.0
    )
    turn = TurnRecord(20.0, "多少钱", reply="十块。谢谢", heard="十块。", interrupted=True)
    for name, at in (
        ("endpoint", 20.5),
        ("final", 19.9),
        ("first_token", 20.7),
        ("first_word", 21.0),
        ("first_word", 30.0),
    ):
        turn.mark(name, at)
    made.turns += [turn, TurnRecord(40.0, "喂")]
    return made


def test_milliseconds_count_from_the_end_of_the_callers_speech_and_the_first_mark_counts() -> None:
    assert record().as_dict()["turns"][0]["ms"] == {
        "endpoint": 500.0,
        "final": 0.0,  # sure before the caller fell silent
        "first_token": 700.0,
        "first_piece": None,
        "first_audio": None,
        "first_word": 1000.0,
    }


def test_the_fixed_fields_are_there() -> None:
    whole = record().as_dict()
    assert whole["started"] == "2026-01-02T03:04:05.000+08:00"
    assert {
        "call",
        "profile",
        "started",
        "answered_ms",
        "ended_by",
        "result",
        "error",
        "turns",
        "audio",
        "providers",
    } <= whole.keys()
    assert [turn["n"] for turn in whole["turns"]] == [1, 2]
    assert {"n", "caller", "reply", "heard", "interrupted", "ms"} <= whole["turns"][0].keys()


def test_the_median_first_word_leaves_out_turns_without_one() -> None:
    assert record().first_word_ms() == 1000.0
    assert CallRecord("u", "p", datetime.datetime.now().astimezone()).first_word_ms() is None


def test_records_are_appended_a_line_each_and_not_world_readable(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    append(record(), path)
    append(record(), path)
    lines = path.read_text().splitlines()
    assert [json.loads(line)["turns"][0]["caller"] for line in lines] == ["多少钱", "多少钱"]
    assert path.stat().st_mode & 0o007 == 0
