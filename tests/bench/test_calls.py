"""The bench of many calls, on few: that it measures what it says, and that what is broken costs the exit code."""

from __future__ import annotations

import argparse
import gc
import json
import os
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mock import Mock

from firstword import threads
from firstword.audio import tone
from firstword.audio.line import Line
from firstword.bench import calls
from firstword.bench.calls import Carried, Load, sentence
from firstword.bench.report import Row, report

TINY = Load(
    calls=2,
    seconds=1,
    byte_ms=20,
    first_token_ms=20,
    first_packet_ms=20,
    tokens_per_s=100,
    vad="level",
    endpoint_ms=200,
)


def values(rows: list[Row]) -> dict[str, float]:
    return {row.name: row.value for row in rows}


def held(line_of: list[float], gaps: list[tuple[int, int]] | None = None) -> Any:
    return Mock(conversation=Mock(line=Mock(arrivals=array("d", line_of), gaps=gaps or [])))


def test_two_calls_are_carried_heard_right_and_leave_nothing() -> None:
    frozen = gc.get_freeze_count()
    got = values(calls.measure(TINY))
    assert got["calls that ran through"] == 2
    assert got["replies heard as they were said"] == 100
    assert got["FIFOs left over"] == got["descriptors left over"] == got["threads left over"] == 0
    assert 0 < got["lateness at the ear, p99"] <= got["lateness at the ear, largest"]
    assert 0 < got["lateness of the clock, p99"] <= got["lateness of the clock, largest"]
    assert got["processor, this process"] > 0 and got["processor, the gateway"] > 0
    assert gc.get_freeze_count() == frozen, "a service that ended leaves its garbage to the collector"


def test_descriptors_fifos_and_threads_that_stay_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    go, close, left = threading.Event(), Line.close, []

    def leak(line: Line, seconds: float = 1.0) -> None:
        close(line, seconds)
        line.bot_path.touch()
        os.mkfifo(line.caller_path)
        left.extend(os.pipe())
        left.append(line.caller_path)
        threads.spawn("asr", lambda: assert_set(go), f"left{len(left)}")

    monkeypatch.setattr(Line, "close", leak)
    monkeypatch.setattr(calls, "SETTLE_S", 0.2)
    try:
        rows = calls.measure(TINY)
    finally:
        go.set()
        for fd in [one for one in left if isinstance(one, int)]:
            os.close(fd)
    got = values(rows)
    assert got["FIFOs left over"] >= 2
    assert got["descriptors left over"] >= 4
    assert got["threads left over"] >= 2
    assert report("calls", rows, None) == 1
    threads.join([thread for thread in threading.enumerate() if "left" in thread.name], 5)


def assert_set(event: threading.Event) -> None:
    assert event.wait(60)


def test_a_reply_that_is_heard_wrong_and_a_call_that_fails_cost_the_exit_code(tmp_path: Path) -> None:
    load = Load(calls=2, seconds=0, byte_ms=20)
    said = [sentence(number, 0) for number in range(2)]
    good, wrong = (played(text, text) for text in (said[0], said[0]))
    run = carried([good, wrong])
    rows = calls.rows_of(load, run)
    assert values(rows)["replies heard as they were said"] == 50, "the second call heard the first one's reply"
    assert report("calls", rows, tmp_path / "out.json") == 1
    written = json.loads((tmp_path / "out.json").read_text())
    assert {row["name"] for row in written["rows"] if row["ok"] is False} == {"replies heard as they were said"}
    right = [played(text, text) for text in said]
    assert report("calls", calls.rows_of(load, carried(right)), None) == 0
    right[0].conversation.failure = "step 2: no reply"
    assert report("calls", calls.rows_of(load, carried(right)), None) == 1


@pytest.mark.parametrize("what", ["underruns", "clock", "memory", "late", "record"])
def test_each_goal_that_is_missed_costs_the_exit_code(what: str) -> None:
    load = Load(calls=1, seconds=0, byte_ms=20)
    one = played(sentence(0, 0), sentence(0, 0))
    run = carried([one])
    assert report("calls", calls.rows_of(load, run), None) == 0
    if what == "underruns":
        one.record["audio"]["underruns"] = 1
    elif what == "clock":
        run.clock_p99_ms = 41
    elif what == "memory":
        run.memory = Mock(per_call_mb=3.1)
    elif what == "late":
        one.conversation.line.arrivals = array("d", [0.02 * n + 0.05 * (n % 2) for n in range(100)])
    else:
        one.record["turns"][0]["heard"] = "something else"
    assert report("calls", calls.rows_of(load, run), None) == 1


def played(said: str, recorded: str) -> Any:
    heard = tone.hear(tone.speak(said, 8000, 20), 8000, 20)
    one = held([0.02 * n for n in range(100)])
    one.conversation.heard_text = lambda: heard
    one.conversation.failure = one.error = ""
    turn = {"heard": recorded, "ms": {"first_word": 1000.0, "endpoint": 500.0}}
    one.record = {"audio": {"underruns": 0}, "turns": [turn]}
    return one


def carried(of: list[Any]) -> Carried:
    left = {"threads": 0, "FIFOs": 0, "descriptors": 0}
    return Carried(of, left, Mock(per_call_mb=1.0), 5.0, 9.0, 50.0, 20.0, 1.0)


@pytest.mark.parametrize(
    ("arrivals", "gaps", "late"),
    [
        ([1.0, 1.02, 1.04], [], [0, 0, 0]),
        ([1.0, 1.05, 1.04], [], [0, 30, 0]),
        ([1.03, 1.02, 1.04], [], [30, 0, 0]),  # the earliest frame is on time, also if it is not the first
        (
            [1.0, 1.02, 1.14, 1.16],
            [(2, 5)],
            [0, 0, 100, 0],
        ),  # five frames never came; the one after them is late by all of it
        ([], [], [0]),
    ],
)
def test_a_frames_lateness_is_told_against_its_moment(
    arrivals: list[float], gaps: list[tuple[int, int]], late: list[float]
) -> None:
    assert calls.lateness_ms(held(arrivals, gaps)).round(6).tolist() == late


def test_no_two_callers_and_no_two_turns_say_the_same() -> None:
    said = {sentence(call, turn) for call in range(200) for turn in range(20)}
    assert len(said) == 4000


def test_what_a_caller_recorded_is_not_counted_as_memory_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    held_bytes = iter([10_000_000, 13_280_000])
    monkeypatch.setattr(calls, "resident_bytes", lambda: next(held_bytes))
    memory = calls._Memory(calls=2, base=calls.resident_bytes())
    line = Mock(frames=1000, frame_bytes=320)
    memory.look(Mock(switch=Mock(calls={"a": Mock(uuid="a", line=line)})))
    assert memory.per_call_mb == pytest.approx((3_280_000 - 1000 * 328) / 2 / 1e6)


@pytest.fixture
def parser() -> Iterator[argparse.ArgumentParser]:
    made = argparse.ArgumentParser()
    calls.register(made)
    yield made


def test_by_default_a_hundred_calls_of_a_minute_are_asked_for(parser: argparse.ArgumentParser) -> None:
    args = parser.parse_args([])
    assert (args.calls, args.seconds, args.switch_interval_ms) == (100, 60, None)
    load = Load(args.calls, args.seconds)
    assert 45 < load.turns * load.turn_s <= 60
