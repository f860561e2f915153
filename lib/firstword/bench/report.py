"""What every measurement prints and writes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__


@dataclass(frozen=True)
class Row:
    """One figure; None for one that could not be had, as its name says. `goal` is what it must not exceed (or, with `at_least`, fall
    short of); None for a figure that has none."""

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": None if self.value is None else round(self.value, 3),
            "unit": self.unit,
            "goal": self.goal,
            "ok": self.ok,
        }


def count(text: str) -> int:
    """A number on the command line that counts what is measured, for argparse: 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"takes 1 or more, not {number}")
    return number


def duration(text: str) -> float:
    """A time on the command line, or a speed: more than 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"takes more than 0, not {text}")
    return number


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "firstword": __version__,
        "load": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def report(bench: str, rows: Sequence[Row], json_path: Path | None) -> int:
    """Print `rows`, write them to `json_path` if there is one, and return the exit code: 1 if a goal was missed."""
    width = max(len(row.name) for row in rows)
    for row in rows:
        goal = "" if row.goal is None else f"   goal {'>=' if row.at_least else '<='} {row.goal:g}"
        mark = {None: " ", True: "ok", False: "MISSED"}[row.ok]
        value = "-" if row.value is None else f"{row.value:.1f}"
        print(f"  {row.name:<{width}}  {value:>10} {row.unit:<6} {goal:<18} {mark}".rstrip())
    return conclude(bench, rows, json_path)


def conclude(bench: str, rows: Sequence[Row], json_path: Path | None) -> int:
    """`report` without the printing."""
    if json_path is not None:
        whole = {
            "bench": bench,
            "machine": machine(),
            "command": " ".join(["firstword", *sys.argv[1:]]),
            "rows": [row.as_dict() for row in rows],
        }
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    return int(any(row.ok is False for row in rows))


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def percentile(values: Sequence[float], percent: float) -> float:
    """By linear interpolation; values need not be sorted. Raises ValueError if there are none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
