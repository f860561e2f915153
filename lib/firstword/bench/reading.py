"""Whether figures, signs and letters are said as a caller expects it, and what that costs.

Two sets: our own, which must be said to the character; and, where they lie beside the checkout or in ``--outside``, those of two other
projects, compared without punctuation and capital letters, which nobody hears. Beside ours stand the scores of WeTextProcessing, and of
what Pipecat's and LiveKit's filters for a voice make of the same texts, compared in that way: they are asked in processes of their own,
by the interpreter of ``--peers``, and left out where they are not installed. ``--wrong`` prints each case that we say otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..text.atom import Atom, plain, spoken
from ..text.reading import Reading
from ..text.spoken import Words
from . import peers
from .readings import Case, by_kind, cases, wrong
from .report import Row, conclude, percentile

PLACES = (
    Path(__file__).parents[3] / "tests" / "data" / "spoken",
    Path(sys.prefix) / "share" / "firstword" / "spoken",
)
"""In a checkout; where it is installed."""
OUTSIDE = {"wetext_zh": "zh", "nemo_zh": "zh", "nemo_en": "en"}
PEER_TIMEOUT_S = 300
TOKEN = {"zh": 2, "en": 4}
"""Characters of a token, about."""
_PIECE = re.compile(r"[^，。！？；,.!?;]*[，。！？；,.!?;]*")
_IMPORT = """
import sys, time
def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
before, begun = resident(), time.perf_counter()
import firstword.text.spoken
print((time.perf_counter() - begun) * 1000, resident() - before)
from firstword.text.reader import phrase
from firstword.text.reading import Reading
from firstword.text.segment import Segmenter
for language, text in (("zh", "**您的余额**是1,234.5元。"), ("en", "The **balance** is $1,234.50.")):
    Segmenter().feed(phrase(text, Reading(language=language))[1])
print((time.perf_counter() - begun) * 1000, resident() - before)
"""
"""In a fresh interpreter: the words of both languages, then markup and pieces too, and a first text read in each."""


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", type=Path, metavar="DIR", help="our cases (default: tests/data/spoken)")
    parser.add_argument(
        "--outside",
        type=Path,
        metavar="DIR",
        help="the cases of others (default: shared/data/spoken beside the checkout)",
    )
    parser.add_argument(
        "--peers",
        default=sys.executable,
        metavar="PYTHON",
        help="the interpreter that has WeTextProcessing, pipecat-ai, livekit-agents",
    )
    parser.add_argument("--wrong", action="store_true", help="print what we say otherwise")


def run(args: argparse.Namespace) -> int:
    sets = _sets(args.set, args.outside)
    told = {name: _peers(args.peers, name) for name in peers.PEERS}
    scores: dict[tuple[str, str], list[str] | None] = {}
    for name, language, some in sets:
        scores[name, "firstword"] = _ours(some, language)
    for peer, ask in told.items():
        for name, language, some in sets:
            answer = ask(language, [case.text for case in some])
            scores[name, peer] = None if answer is None else answer["said"]
    rows = [*_score_rows(sets, scores), *_cost_rows([one for one in sets if one[0] in ("zh", "en")]), *_import_rows()]
    _print(sets, scores, rows, args.wrong)
    return conclude("reading", rows, args.json)


Set = tuple[str, str, list[Case]]
"""Its name, its language, its cases."""


def _sets(ours: Path | None, outside: Path | None) -> list[Set]:
    folder = ours or next((place for place in PLACES if place.is_dir()), None)
    if folder is None or not (folder / "zh.tsv").is_file():
        raise ConfigError(
            f"there are no cases (zh.tsv) in {folder or ' or '.join(map(str, PLACES))}; name their folder with --set"
        )
    found: list[Set] = [(name, name, cases(folder / f"{name}.tsv")) for name in ("zh", "en")]
    others = outside or _beside()
    if others is not None:
        found += [(name, language, cases(others / f"{name}.tsv")) for name, language in OUTSIDE.items()]
    return found


def _beside() -> Path | None:
    places = [Path(os.environ["FIRSTWORD_SHARED"])] if "FIRSTWORD_SHARED" in os.environ else []
    places += [folder / "shared" for folder in list(Path(__file__).parents)[4:6]]
    return next((place / "data" / "spoken" for place in places if (place / "data" / "spoken").is_dir()), None)


def _ours(some: Sequence[Case], language: str) -> list[str]:
    reading = Reading(language=language)
    said = []
    for case in some:
        words = Words(reading)
        said.append(spoken(words.feed([plain(one) for one in case.text]) + words.finish()))
    return said


def _peers(interpreter: str, name: str) -> Callable[[str, list[str]], dict[str, Any] | None]:
    """Ask one of the others, each time in a process of its own."""

    def ask(language: str, texts: list[str]) -> dict[str, Any] | None:
        program = [interpreter, str(Path(peers.__file__)), name, language]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            program,
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            timeout=PEER_TIMEOUT_S,
            env=environment,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            print(f"  {name}: could not be asked: {lines[-1] if lines else done.returncode}")
            return None
        answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
        if "missing" in answer:
            print(f"  {name}: {answer['missing']}")
            return None
        print(
            f"  {name} {answer['version']}, {language}: {answer['us_per_text']:.0f} µs a text, {answer['load_ms']:.0f} ms and"
            f" {answer['memory_mb']:.0f} MB to load"
        )
        return answer

    return ask


# -- the rows ------------------------------------------------------------------------------------------------------------

Scores = Mapping[tuple[str, str], "list[str] | None"]


def _score(some: Iterable[tuple[Case, str]], *, exact: bool) -> float:
    """Percent of the cases that are said as they should be."""
    pairs = list(some)
    return 100 - 100 * sum(len(wrong([case], lambda _: said, exact=exact)) for case, said in pairs) / len(pairs)  # noqa: B023


def _score_rows(sets: Sequence[Set], scores: Scores) -> list[Row]:
    rows: list[Row] = []
    for name, _, some in sets:
        own = name not in OUTSIDE
        for who in ("firstword", *peers.PEERS):
            said = scores[name, who]
            if said is None:
                continue
            ours, exact = who == "firstword", own and who == "firstword"
            pairs = list(zip(some, said, strict=True))
            if own:
                for kind in by_kind(some):
                    value = _score([one for one in pairs if one[0].kind == kind], exact=exact)
                    rows.append(Row(f"{name}, {kind}: {who}", value, "%", 90 if ours else None, at_least=True))
            goal = (97 if own else 90) if ours else None
            rows.append(Row(f"{name}, all {len(some)}: {who}", _score(pairs, exact=exact), "%", goal, at_least=True))
    return rows


def _cost_rows(sets: Sequence[Set]) -> list[Row]:
    rows: list[Row] = []
    for _, language, some in sets:
        text = "。".join(case.text for case in some) if language == "zh" else ". ".join(case.text for case in some)
        name = {"zh": "Chinese", "en": "English"}[language]
        rows.append(Row(f"{name}, dense with figures: a token", _token_us(text, language), "µs", goal=20))
        pieces = [piece for piece in _PIECE.findall(text) if piece]
        costs = [_piece_ms(piece, language) for piece in pieces]
        rows.append(Row(f"{name}, a piece, median", statistics.median(costs), "ms", goal=1))
        rows.append(Row(f"{name}, a piece, 99 %", percentile(costs, 99), "ms", goal=1))
    rows.append(
        Row(
            "Chinese without figures: a token",
            _token_us("您的包裹已经到达，请保持电话畅通。" * 300, "zh"),
            "µs",
            goal=20,
        )
    )
    return rows


def _token_us(text: str, language: str) -> float:
    """Of three tries the best; a token at a time."""
    size, reading = TOKEN[language], Reading(language=language)
    tokens = [[plain(one) for one in text[at : at + size]] for at in range(0, len(text), size)]
    return min(_cost_s(tokens, reading) for _ in range(3)) / len(tokens) * 1e6


def _piece_ms(piece: str, language: str) -> float:
    return min(_cost_s([[plain(one) for one in piece]], Reading(language=language)) for _ in range(3)) * 1000


def _cost_s(tokens: Sequence[list[Atom]], reading: Reading) -> float:
    words, begun = Words(reading), time.perf_counter()
    for token in tokens:
        words.feed(token)
    words.finish()
    return time.perf_counter() - begun


def _import_rows() -> list[Row]:
    """Of five fresh interpreters the median."""
    lib = str(Path(__file__).parents[2])
    figures = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", _IMPORT],
            env={**os.environ, "PYTHONPATH": lib},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        figures.append([float(one) for one in done.stdout.split()])
    words_ms, words_mb, all_ms, all_mb = map(statistics.median, zip(*figures, strict=True))
    return [
        Row("to import, with all it needs", words_ms, "ms", goal=150),
        Row("in memory, with all it needs", words_mb, "MB", goal=10),
        Row("markup and pieces too, and a text in each language", all_ms, "ms", goal=150),
        Row("in memory with all of it", all_mb, "MB", goal=10),
    ]


# -- the table -----------------------------------------------------------------------------------------------------------


def _print(sets: Sequence[Set], scores: Scores, rows: Sequence[Row], show: bool) -> None:
    """A line for each kind, a column for each of them."""
    values = {row.name: row for row in rows}
    print(f"\n  {'':<24}" + "".join(f"{who:>18}" for who in ("firstword", *peers.PEERS)))
    for name, _, some in sets:
        lines = [*by_kind(some), f"all {len(some)}"] if name not in OUTSIDE else [f"all {len(some)}"]
        for line in lines:
            cells = [values.get(f"{name}, {line}: {who}") for who in ("firstword", *peers.PEERS)]
            marks = "" if cells[0] is None or cells[0].ok else "  MISSED"
            print(
                f"  {f'{name}, {line}':<24}"
                + "".join(f"{'-' if one is None else f'{one.value:.1f} %':>18}" for one in cells)
                + marks
            )
    print()
    for row in rows:
        if row.unit != "%":
            print(
                f"  {row.name:<50} {row.value:>10.3f} {row.unit:<3} goal <= {row.goal:g}  {'ok' if row.ok else 'MISSED'}"
            )
    if show:
        for name, _, some in sets:
            said = dict(zip((case.text for case in some), scores[name, "firstword"] or [], strict=True))
            for case, got in wrong(some, said.__getitem__, exact=name not in OUTSIDE):
                print(f"  {name} {case.row} {case.kind}: {case.text!r} is said {got!r}, expected {case.spoken!r}")
