"""The conversations' bench: from a call to its timeline, the table, and one call played for real."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from firstword.bench import conversations, turns
from firstword.bench.score import Reply, Score
from firstword.bench.timeline import UNHEARD, replies_of, spells_of
from firstword.errors import ConfigError
from firstword.sim.line import Line

LOUD, QUIET = b"\x00\x40" * 160, bytes(320)


def test_the_bot_is_heard_in_spells_and_a_pause_between_syllables_is_none() -> None:
    line = Line()
    frames = [QUIET, LOUD, *[QUIET] * 10, LOUD, *[QUIET] * 11, LOUD, QUIET]
    for number, frame in enumerate(frames):
        line.hear(frame, 100 + number * 0.02)
    assert spells_of(line) == [pytest.approx((100.02, 100.24)), pytest.approx((100.48, 100.48))]
    assert spells_of(Line()) == []


def test_the_record_is_read_on_the_clock_of_the_line() -> None:
    def entry(at_ms: float, reply: str, first_word: float | None) -> dict[str, object]:
        return {"at_ms": at_ms, "reply": reply, "ms": {"endpoint": 500.0, "first_word": first_word}}

    record = {
        "answered_at": 10.0,
        "turns": [entry(2000, "好的，我来", 1200.0), entry(6000, "好的。", None), entry(9000, "别的", None)],
        "phrases": [
            {"at_ms": 0.0, "text": "您好。", "first_word_ms": 40.0},
            {"at_ms": 5000.0, "text": UNHEARD, "first_word_ms": None},
        ],
    }
    assert replies_of(record, ["好的。", "好的，我来查一下。"]) == [
        Reply("phrase", "您好。", 10.0, 10.04),
        Reply("answer", "好的，我来查一下。", 12.5, 13.2, 500.0),
        Reply("unheard", UNHEARD, 15.0, None),
        Reply("answer", "好的。", 16.5, None, 500.0),
        Reply("answer", "别的", 19.5, None, 500.0),
    ]
    assert replies_of({}, []) == []


AHEAD = {"begun": 3, "used": 2, "tokens_used": 30, "tokens_wasted": 10, "gained_ms": 400.0}


def results(*scores: Score, column: str = "default") -> list[turns.Result]:
    (one, *_) = conversations.read(conversations.find())
    return [turns.Result(turns.Task(column, one), score, "", 1.0, AHEAD) for score in scores]


def rows(*scores: Score, column: str = "default") -> dict[str, tuple[float, bool | None]]:
    return {row.name: (row.value, row.ok) for row in turns.rows_of(results(*scores, column=column), column)}


def test_the_figures_are_of_all_calls_together_and_the_default_has_goals() -> None:
    good = Score(
        turns=19, paused_turns=4, waits_ms=[400.0] * 19, false={"echo": 50}, stops_ms=[200.0] * 19, interruptions=19
    )
    bad = Score(
        turns=1,
        paused_turns=1,
        cut_off=1,
        cut_in_pause=1,
        waits_ms=[1500.0],
        false={"echo": 1, "noise": 49},
        lost={"noise": 3},
        stops_ms=[900.0],
        interruptions=1,
    )
    got = rows(good, bad)
    assert got["turns cut off too early"] == (5.0, True)
    assert got["turns with a pause, cut off"] == (20.0, None)
    assert got["wait, median"] == (400.0, True)
    assert got["waits over 1 s"] == (5.0, None)
    assert got["that lost words"] == (3.0, False)
    assert got["by noise, lost words"] == (3, None)
    assert got["stop, p95"] == (pytest.approx(235.0), True)
    assert all(ok is None for _, ok in rows(good, bad, column="plain").values())


def test_a_part_without_turns_has_no_rows_for_what_was_not_measured() -> None:
    assert "wait, median" not in rows(Score())
    assert rows(Score())["that lost words"] == (0.0, True)


def options(**given: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    turns.register(parser)
    parsed = parser.parse_args([])
    vars(parsed).update({"json": None, **given})
    return parsed


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"only": "nothing"}, "no conversations with the tag 'nothing'; the tags are backchannel, "),
        ({"setting": ["endpoint_ms"]}, "--setting takes NAME=VALUE, not 'endpoint_ms'"),
        ({"set": Path("/nowhere")}, "no conversations"),
    ],
)
def test_what_can_not_be_played_is_told(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        turns.run(options(**given))


def test_the_tuning_part_has_none_that_are_held_out() -> None:
    found = conversations.read(conversations.find())
    chosen = turns._choose(found, "pauses", tuning=True)
    assert chosen
    assert not any(one.held_out for one in chosen)
    assert all("pauses" in one.tags for one in chosen)


QUICK = """
byte_ms: 20
silence: 1.5 s
about:
  tags: [pauses]
  greeting: 您好。
  model: [好的，收到了。]
steps:
  - {wait_for: silence, silence: 400 ms}
  - say: [我想, pause: 1.1 s, 退货]
  - wait_for: silence
"""


def test_a_caller_is_played_to_both_profiles_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pause of 1.1 s: a bot that waits 1.5 s hears the turn out, and one that waits 0.1 s does not."""
    (tmp_path / "one.yaml").write_text(QUICK)
    given: dict[str, object] = {"set": tmp_path, "setting": ["endpoint-ms=1500"], "each": True}
    given["json"] = tmp_path / "rows.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "PLAIN", dict.fromkeys(turns.PLAIN, 100) | {"ahead_waste": 0, "hold_ms": 0})
        turns.run(options(**given))
    told = {row["name"]: row["value"] for row in json.loads((tmp_path / "rows.json").read_text())["rows"]}
    assert told["default, tuning: turns cut off too early"] == 0
    assert told["plain, tuning: turns cut off too early"] == 100
    assert told["default, tuning: scripts that ran through"] == told["plain, tuning: scripts that ran through"] == 1
    assert 1400 < told["default, tuning: wait, median"] < 1900
    assert told["default, tuning: undisturbed, heard whole"] == 100
    out = capsys.readouterr().out
    assert "'我想 … 退货' was cut off" in out
    assert "held out" not in out


def test_a_model_s_english_comes_in_tokens_as_long_as_english_ones_are() -> None:
    four = {"token_chars": turns.ENGLISH_TOKEN_CHARS}
    said = {"replies": ["Yes.", {"text": "No.", "delay_ms": 9}, "echo"], "otherwise": "What?"}
    assert turns._in_tokens(said) == {
        "replies": [{"text": "Yes.", **four}, {"text": "No.", "delay_ms": 9, **four}, "echo"],
        "otherwise": {"text": "What?", **four},
    }
    exact = {"match": [{"when": "a", "tokens": ["x", "y"]}]}
    assert turns._in_tokens(exact) == exact
