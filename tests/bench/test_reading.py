"""The bench of readings: that it scores what it says, asks others only where they are, and takes its cases from where they lie."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest

from firstword.bench import reading
from firstword.bench.readings import Case, cases
from firstword.errors import ConfigError

HEAD = "kind\ttext\tspoken\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sets, of which one case in Chinese is not said so."""
    (tmp_path / "zh.tsv").write_text(f"{HEAD}number\t3个，\t三个，\nnumber\t4个\t死个\nfraction\t1/2\t二分之一\n")
    (tmp_path / "en.tsv").write_text(f"{HEAD}number\t3 cats\tthree cats\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
    parser = argparse.ArgumentParser()
    reading.register(parser)
    parser.add_argument("--json", type=Path)
    into = folder / "rows.json"
    args = parser.parse_args(["--set", str(folder), "--outside", str(folder / "no"), "--json", str(into), *arguments])
    code = reading.run(args)
    return code, {row["name"]: row for row in json.loads(into.read_text())["rows"]}


def test_a_kind_has_its_score_a_set_its_goal_and_what_is_wrong_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "OUTSIDE", {})
    monkeypatch.setattr(reading.peers, "PEERS", {})
    code, rows = run(folder, "--wrong")
    assert (rows["zh, number: firstword"]["value"], rows["zh, number: firstword"]["ok"]) == (50, False)
    assert (rows["zh, fraction: firstword"]["value"], rows["zh, fraction: firstword"]["ok"]) == (100, True)
    assert (rows["en, all 1: firstword"]["value"], rows["zh, all 3: firstword"]["goal"]) == (100, 97)
    assert code == 1
    assert "'4个' is said '四个', expected '死个'" in capsys.readouterr().out
    assert {"to import, with all it needs", "in memory, with all it needs"} <= set(rows)
    assert (
        rows["markup and pieces too, and a text in each language"]["value"]
        > rows["to import, with all it needs"]["value"]
    )
    assert rows["in memory with all of it"]["value"] >= rows["in memory, with all it needs"]["value"]


def test_one_who_is_not_installed_is_said_to_be_and_has_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    ask = reading._peers(sys.executable, "LiveKit")
    answer = ask("zh", ["3个"])
    if answer is None:
        assert "LiveKit: not installed" in capsys.readouterr().out
    else:
        assert len(answer["said"]) == 1


def test_one_who_can_not_be_asked_does_not_end_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert reading._peers("/bin/false", "Pipecat")("zh", []) is None
    assert "Pipecat: could not be asked" in capsys.readouterr().out


def test_cases_are_a_table_and_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "zh.tsv").write_text(f"{HEAD}a\tb c\td\n\n")
    assert cases(tmp_path / "zh.tsv") == [Case(2, "a", "b c", "d")]
    (tmp_path / "zh.tsv").write_text("x\ty\n")
    with pytest.raises(ValueError, match="does not begin"):
        cases(tmp_path / "zh.tsv")
    with pytest.raises(ConfigError, match="name their folder with --set"):
        reading._sets(tmp_path / "nowhere", None)
