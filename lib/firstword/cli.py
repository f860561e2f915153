"""The ``firstword`` command. Each of its commands lives with what it commands; this file only finds it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from . import __version__
from .errors import FirstwordError

COMMANDS = {
    "demo": ("firstword.demo.command", "a whole spoken call on this machine, with its table, recording and timeline"),
    "call": ("firstword.sim.command", "a scripted caller through the simulated FreeSWITCH"),
    "gateway": ("firstword.gateway.command", "a local gateway that speaks the protocols of Aliyun NLS and OpenAI chat"),
    "bench": ("firstword.bench.command", "measure: first-word, barge-in, turns, calls"),
    "speak": ("firstword.demo.speak", "text to a WAV file through a configured synthesiser"),
    "doctor": ("firstword.doctor.command", "check this machine and the services, really asking them"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 done, 1 failed, 2 misused."""
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # before numpy is imported: its BLAS threads spin where calls must be served
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="firstword", description="The first word while the rest is still being written."
    )
    parser.add_argument("--version", action="version", version=f"firstword {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    for name, (module, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:  # only the chosen one is imported: the others may need packages that are not here
            try:
                command = importlib.import_module(module)
            except ModuleNotFoundError as error:
                print(
                    f"firstword {name}: the package {error.name!r} is missing: pip install 'firstword[gateway]'",
                    file=sys.stderr,
                )
                return 1
            command.register(sub)
            sub.set_defaults(run=command.run)
    parsed = parser.parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except FirstwordError as error:
        print(f"firstword {parsed.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
