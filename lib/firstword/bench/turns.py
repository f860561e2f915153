"""Does the conversation feel natural? A set of annotated callers, played as they are, and judged by what they did and heard.

The callers (Chinese and English: pauses, dictated numbers, backchannels, corrections, interruptions, noise, echo) speak the tone voice at
about the pace of life; the model answers by their scripts; many calls run at once. Each caller is played to the default profile and to a
plain one, which ends a turn after a fixed silence. A third of the set is held out: nothing was ever tuned on it, and it is told apart.
With ``--ahead`` the other profile is the default one without thinking ahead instead.

*cut off*: a turn was judged to be over before its last word, and an answer to that became audible.
*wait*: from the last frame of a turn on the caller's line to the moment it was judged to be over. The record's own wait counts from the
last frame that the voice activity took for speech, which is later by its hangover.
*gain*: how much sooner the first word is heard with thinking ahead than without, medians. *tokens wasted*: of all that the model sent, the
share in answers to words that turned out to be others.
*lost words*: a backchannel, noise, or the bot's own echo came while it spoke, and the reply was not heard to its end, by ear.
*missed*: the caller interrupted, and 1.5 s later the same reply was still, or again, to be heard. *stop*: from the first frame of the
interruption to the last frame of the reply, at the ear.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import operator
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ..call.profile import Profile
from ..clock import SYSTEM
from ..errors import ConfigError
from ..options import bind
from ..sim.gateway_process import GatewayProcess
from ..sim.stage import Place, Played, Stage, configuration
from . import conversations
from .calls import lateness_ms
from .conversations import Annotated
from .report import Row, conclude, count, median, percentile
from .score import LONG_WAIT_MS, Nothing, Score, score
from .timeline import UNHEARD, timeline_of

DEFAULT: Mapping[str, object] = {}
"""The profile as it is shipped."""
PLAIN: Mapping[str, object] = {
    **dict.fromkeys(
        ("endpoint_ms", "endpoint_least_ms", "endpoint_most_ms", "finished_ms", "unfinished_ms", "dictation_ms"), 500
    ),
    "ahead_waste": 0,
    "hold_ms": 0,
}
"""A fixed silence, no thinking ahead, and the end of a reply at the first speech."""
GATEWAY: Mapping[str, object] = {
    "first-token-ms": 400,
    "tokens-per-s": 30,
    "first-packet-ms": 150,
    "real-time-factor": 0.1,
}
ENGLISH_TOKEN_CHARS = 4
"""About what a token of a model holds of English. Of Chinese it is two characters, as the gateway has it where nothing is said."""
NOT_AHEAD: Mapping[str, object] = {"ahead_waste": 0}
AT_ONCE = 32
APART_S = 0.2
CUT_OFF_PERCENT, LOST_PERCENT, WAIT_MS, STOP_MS = 5.0, 2.0, 450.0, 300.0
GAIN_MS, WASTED_PERCENT = 250.0, 40.0


@dataclass(frozen=True)
class Task:
    """One call to play."""

    column: str
    conversation: Annotated

    @property
    def profile(self) -> str:
        return f"{self.column}-{self.conversation.name}"

    @property
    def part(self) -> str:
        return "held out" if self.conversation.held_out else "tuning"


@dataclass(frozen=True)
class Result:
    """One call that was played."""

    task: Task
    score: Score
    failure: str
    late_ms: float
    """The 99th percentile of its frames' lateness at the ear."""
    ahead: Mapping[str, float]
    """What the record says of thinking ahead."""


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", type=Path, metavar="DIR", help="the conversations (default: tests/conversations)")
    parser.add_argument("--only", metavar="TAG", help="those with this tag, or whose name begins so")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--plain", action="store_true", help="the plain profile alone")
    which.add_argument("--ahead", action="store_true", help="the default profile, and it without thinking ahead")
    parser.add_argument(
        "--tuning",
        action="store_true",
        help="without the conversations that are held out, and without the plain profile",
    )
    parser.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the default profile, to try it",
    )
    parser.add_argument(
        "--at-once", type=count, default=AT_ONCE, metavar="N", help=f"calls at once (default: {AT_ONCE})"
    )
    parser.add_argument(
        "--each",
        action="store_true",
        help="also tell what was wrong in each call; of those held out only whether it ran through",
    )


def run(args: argparse.Namespace) -> int:
    chosen = _choose(conversations.read(args.set or conversations.find()), args.only, args.tuning)
    columns: dict[str, Mapping[str, object]] = {"default": {**DEFAULT, **_settings(args.setting)}, "plain": PLAIN}
    if args.ahead:
        columns = {"default": columns["default"], "not ahead": {**columns["default"], **NOT_AHEAD}}
    elif args.plain or args.tuning:
        columns.pop("default" if args.plain else "plain")
    results = play(chosen, columns, max(1, args.at_once))
    if args.each:
        _tell_each(results)
    cells = {
        (column, part): rows_of([one for one in results if (one.task.column, one.task.part) == (column, part)], column)
        for column, part in itertools.product(columns, ("tuning", "held out"))
        if any((one.task.column, one.task.part) == (column, part) for one in results)
    }
    gain = _gain(results)
    _table(cells)
    for row in gain:
        print(f"  {row.name}: {_cell(row)}")
    named = [
        Row(f"{column}, {part}: {row.name}", row.value, row.unit, row.goal, row.at_least)
        for (column, part), rows in cells.items()
        for row in rows
    ]
    return conclude("turns", [*named, *gain], args.json)


def _choose(found: Sequence[Annotated], only: str | None, tuning: bool) -> list[Annotated]:
    chosen = [one for one in found if only is None or only in one.tags or one.name.startswith(only)]
    chosen = [one for one in chosen if not (tuning and one.held_out)]
    if not chosen:
        tags = sorted(set().union(*(one.tags for one in found)))
        raise ConfigError(f"there are no conversations with the tag {only!r}; the tags are {', '.join(tags)}")
    return chosen


def _settings(given: Sequence[str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--setting takes NAME=VALUE, not {text!r}")
        settings[name.strip().replace("-", "_")] = value
    bind(Profile, {name: str(value) for name, value in settings.items()}, "--setting")
    return settings


# -- the calls -----------------------------------------------------------------------------------------------------------


def play(chosen: Sequence[Annotated], columns: Mapping[str, Mapping[str, object]], at_once: int) -> list[Result]:
    """Play every conversation to every profile, `at_once` at a time."""
    tasks = [Task(column, one) for one in chosen for column in columns]
    print(f"  {len(chosen)} conversations, {len(tasks)} calls, {at_once} at once ...", flush=True)
    paces = {one.script.byte_ms for one in chosen}
    if len(paces) > 1:
        raise ConfigError(f"one gateway has one pace of the tone voice, not {sorted(paces)} ms a byte")
    began = SYSTEM.now()
    with tempfile.TemporaryDirectory(prefix="firstword-bench-") as name:
        folder = Path(name)
        (folder / "minds.json").write_text(json.dumps({"conversations": [_mind(one) for one in chosen]}))
        options = {**GATEWAY, "byte-ms": paces.pop(), "script": folder / "minds.json"}
        with GatewayProcess(options) as gateway, Stage(folder, _xml(gateway.place, tasks, columns)) as stage:
            results = _play_all(stage, tasks, at_once)
    print(f"  {SYSTEM.now() - began:.0f} s", flush=True)
    return results


def _mark(conversation: Annotated) -> str:
    """What tells the model whose call it is: stands in the system message."""
    return f"[{conversation.name}]"


def _mind(conversation: Annotated) -> dict[str, Any]:
    model = conversation.model
    return {"when": _mark(conversation), **(_in_tokens(model) if "en" in conversation.tags else model)}


def _in_tokens(script: Any) -> Any:
    """What a scripted model says, in tokens as long as they are in English. A ``{text: …}`` keeps what else it says."""
    if isinstance(script, list):
        return [_in_tokens(one) for one in script]
    if isinstance(script, str) and script != "echo":
        return {"text": script, "token_chars": ENGLISH_TOKEN_CHARS}
    if isinstance(script, Mapping) and "text" in script:
        return {"token_chars": ENGLISH_TOKEN_CHARS, **script}
    if isinstance(script, Mapping) and "when" not in script:
        return {name: _in_tokens(one) for name, one in script.items()}
    return script


def _xml(place: Place, tasks: Sequence[Task], columns: Mapping[str, Mapping[str, object]]) -> str:
    profiles = {
        task.profile: {
            "greeting": task.conversation.greeting,
            "system": _mark(task.conversation),
            **columns[task.column],
        }
        for task in tasks
    }
    return configuration(place, {"unheard": UNHEARD}, profiles=profiles)


def _play_all(stage: Stage, tasks: Sequence[Task], at_once: int) -> list[Result]:
    turn = itertools.count()
    done = itertools.count(1)
    lock = threading.Lock()

    def one(task: Task) -> Result:
        with lock:
            number = next(turn)
        if number < at_once:  # the first ones would all begin together
            SYSTEM.sleep(number * APART_S)
        result = _judge(task, stage.play(task.conversation.script, task.profile))
        with lock:
            count = next(done)
        if count % 20 == 0:
            print(f"  {count:>4} calls", flush=True)
        return result

    with futures.ThreadPoolExecutor(at_once, "caller") as pool:
        return list(pool.map(one, tasks))


def _judge(task: Task, played: Played) -> Result:
    failure = played.conversation.failure or played.error or played.call.error
    late_ms = float(np.percentile(lateness_ms(played), 99))
    return Result(task, score(timeline_of(task.conversation, played)), failure, late_ms, played.record.get("ahead", {}))


# -- the table -----------------------------------------------------------------------------------------------------------


def rows_of(results: Sequence[Result], column: str) -> list[Row]:
    """The figures of one cell of the table. Goals are the default's alone."""
    total = functools.reduce(operator.add, (one.score for one in results), Score())
    judged = column == "default"

    def goal(value: float) -> float | None:
        return value if judged else None

    waits, words, stops = total.waits_ms, total.first_words_ms, total.stops_ms
    false, lost = sum(total.false.values()), sum(total.lost.values())
    rows = [
        Row("calls", len(results), ""),
        Row("scripts that ran through", sum(not one.failure for one in results), "", goal(len(results)), True),
        Row("turns", total.turns, ""),
        Row("turns cut off too early", _percent(total.cut_off, total.turns), "%", goal(CUT_OFF_PERCENT)),
        Row("turns with a pause", total.paused_turns, ""),
        Row("turns with a pause, cut off", _percent(total.cut_in_pause, total.paused_turns), "%"),
        Row("turns never answered", total.unanswered, "turns"),
        Row("answers nobody asked for", total.unasked, ""),
    ]
    if waits:
        rows += [
            Row("wait, median", median(waits), "ms", goal(WAIT_MS)),
            Row("wait, p95", percentile(waits, 95), "ms"),
            Row("waits over 1 s", _percent(sum(wait > LONG_WAIT_MS for wait in waits), len(waits)), "%"),
        ]
    if total.recorded_waits_ms:
        rows.append(Row("wait by the record, median", median(total.recorded_waits_ms), "ms"))
    if words:
        rows += [
            Row("first word, median", median(words), "ms"),
            Row("first word, p95", percentile(words, 95), "ms"),
        ]
    rows += [
        Row("false interruptions", false, ""),
        Row("that lost words", _percent(lost, false), "%", goal(LOST_PERCENT)),
    ]
    for kind in get_args(Nothing):
        count = total.false.get(kind, 0)
        rows += [Row(f"by {kind}", count, ""), Row(f"by {kind}, lost words", total.lost.get(kind, 0), "")]
    rows += [Row("interruptions", total.interruptions, ""), Row("missed", total.missed, "")]
    if stops:
        rows += [
            Row("stop, median", median(stops), "ms"),
            Row("stop, p95", percentile(stops, 95), "ms", goal(STOP_MS)),
        ]
    if total.undisturbed:
        rows.append(Row("undisturbed, heard whole", _percent(total.heard_whole, total.undisturbed), "%"))
    rows += _ahead(results, goal(WASTED_PERCENT))
    rows.append(Row("lateness at the ear, worst p99", max(one.late_ms for one in results), "ms"))
    return rows


def _ahead(results: Sequence[Result], goal: float | None) -> list[Row]:
    total = {
        name: sum(one.ahead.get(name, 0) for one in results)
        for name in ("begun", "used", "tokens_used", "tokens_wasted")
    }
    sent = total["tokens_used"] + total["tokens_wasted"]
    return [
        Row("thought ahead", total["begun"], ""),
        Row("thought ahead, used", total["used"], ""),
        Row("tokens wasted", 100 * total["tokens_wasted"] / sent if sent else 0.0, "%", goal),
    ]


def _gain(results: Sequence[Result]) -> list[Row]:
    """Of each part of the set and of all of it, if it was played without thinking ahead too. Each has the goal."""
    rows = []
    for part in ("tuning", "held out", "all"):
        words = {
            column: [
                ms
                for one in results
                if one.task.column == column and part in (one.task.part, "all")
                for ms in one.score.first_words_ms
            ]
            for column in ("default", "not ahead")
        }
        if all(words.values()):
            gain = median(words["not ahead"]) - median(words["default"])
            rows.append(Row(f"gain in the first word, median, {part}", gain, "ms", GAIN_MS, True))
    return rows


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _table(cells: Mapping[tuple[str, str], Sequence[Row]]) -> None:
    """A column for each cell, a line for each row that one of them has."""
    names = list(dict.fromkeys(row.name for rows in cells.values() for row in rows))
    width = max(map(len, names))
    print("\n  " + " " * width + "".join(f"{f'{column}, {part}':>26}" for column, part in cells))
    for name in names:
        line = ""
        for rows in cells.values():
            row = next((row for row in rows if row.name == name), None)
            line += f"{_cell(row) if row else '-':>26}"
        print(f"  {name:<{width}}{line}")
    print()


def _cell(row: Row) -> str:
    value = f"{row.value:.0f}" if row.unit in ("", "turns") else f"{row.value:.1f} {row.unit}"
    if row.ok is None:
        return value
    return f"{value} ({'ok' if row.ok else 'MISSED'} {'>=' if row.at_least else '<='}{row.goal:g})"


def _tell_each(results: Iterable[Result]) -> None:
    for one in results:
        faults = [f"the script failed: {one.failure}"] if one.failure else []
        if not one.task.conversation.held_out:
            faults += one.score.faults
        if faults:
            print(f"  {one.task.column}, {one.task.part}: {one.task.conversation.name}")
            for fault in faults:
                print(f"      {fault}")
