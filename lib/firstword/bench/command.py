"""``firstword bench NAME``."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

BENCHES = {
    "first-word": "how soon the caller hears the first word: streamed against whole-then-play, and our part of it",
    "barge-in": "how quickly a reply stops when the caller interrupts, and whether what was heard is known",
    "providers": "how soon a reply's first text is at the service (with a spare, without, by the official SDK), and how soon it speaks",
    "pieces": "how soon the first piece of a reply goes to the synthesiser, and whether the others come in time",
    "reading": "whether figures, signs and letters are said as a caller expects it, beside what others make of them",
    "turns": "whether the conversation is natural: turns cut off, waits, false and missed interruptions",
    "calls": "many calls at once in one process: underruns, lateness, memory, what is left over",
    "endurance": "thousands of short calls on a real FreeSWITCH: memory, and what is left over",
    "content": "whether what the caller hears is what the model said, to the character",
}


def register(parser: argparse.ArgumentParser) -> None:
    """Add a sub-command for each bench. A bench is a module with ``register`` and ``run`` of its own."""
    names = parser.add_subparsers(dest="bench", metavar="NAME", required=True)
    for name, summary in BENCHES.items():
        bench = importlib.import_module(f".{name.replace('-', '_')}", __package__)
        sub = names.add_parser(
            name, help=summary, description=bench.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        bench.register(sub)
        sub.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
        sub.set_defaults(run_bench=bench.run)


def run(args: argparse.Namespace) -> int:
    """Run one. Returns 0 only if no goal was missed."""
    return int(args.run_bench(args))
