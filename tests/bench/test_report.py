"""What every measurement prints, writes and returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.bench.report import Row, median, percentile, report


def test_a_missed_goal_fails_the_command_and_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [Row("first word", 90.0, "ms", goal=60), Row("ratio", 6.0, "x", goal=5, at_least=True), Row("load", 1.0, "")]
    assert report("x", rows, tmp_path / "deep" / "x.json") == 1
    assert "MISSED" in capsys.readouterr().out.splitlines()[0]
    written = json.loads((tmp_path / "deep" / "x.json").read_text())
    assert [row["ok"] for row in written["rows"]] == [False, True, None]
    assert {"bench", "machine", "command", "rows"} == set(written)
    assert {"name", "value", "unit", "goal", "ok"} == set(written["rows"][0])


def test_goals_that_are_met_or_absent_let_the_command_succeed(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        report("x", [Row("a", 60.0, "ms", goal=60), Row("b", 5.0, "x", goal=5, at_least=True), Row("c", 0, "")], None)
        == 0
    )


def test_nothing_measured_is_no_median() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        median([])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_lies_between_the_extremes(values: list[float], percent: float) -> None:
    assert min(values) <= percentile(values, percent) <= max(values)
