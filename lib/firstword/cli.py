"""The ``firstword`` command. Each of its commands lives with what it commands; this file only finds it."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from . import __version__
from .errors import FirstwordError, ScriptError

COMMANDS = {
    "demo": ("firstword.demo.command", "a whole spoken call on this machine, with its table, recording and timeline"),
    "call": ("firstword.sim.command", "a scripted caller through the simulated FreeSWITCH"),
    "gateway": ("firstword.gateway.command", "a local gateway that speaks the protocols of Aliyun NLS and OpenAI chat"),
    "bench": ("firstword.bench.command", "measure: first-word, barge-in, turns, calls and others"),
    "speak": ("firstword.demo.speak", "text to a WAV file through a configured synthesiser"),
    "doctor": ("firstword.doctor.command", "check this machine and the services, really asking them"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 done, 1 failed, 2 misused, 130 and 143 interrupted by SIGINT and
    SIGTERM, 141 if nobody reads on what it prints."""
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # before numpy is imported: its BLAS threads spin where calls must be served
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in GBK knows no emoji, one in ASCII no Chinese
    before = signal.signal(signal.SIGTERM, _terminated)  # it must not leave a gateway of ours behind
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    try:
        return _run(arguments, chosen)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing.partition(".")[0] == __package__:
            raise  # a fault of ours
        print(
            f"firstword {chosen}: the package {missing!r} is not in {sys.prefix}; .venv/bin/firstword of the checkout has it after "
            "./install.sh demo, or ./install.sh test",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # who reads what is printed has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's end would say it again
        return 128 + signal.SIGPIPE
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: list[str], chosen: str) -> int:
    parser = argparse.ArgumentParser(
        prog="firstword", description="The first word while the rest is still being written."
    )
    parser.add_argument("--version", action="version", version=f"firstword {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:  # only the chosen one is imported: the others may need packages that are not here
            command = importlib.import_module(module)
            command.register(sub)
            sub.set_defaults(run=command.run)
    parsed = parser.parse_args(arguments)
    try:
        for name in getattr(parsed, "writes", ("json",)):
            _check_writable(getattr(parsed, name, None))
        return int(parsed.run(parsed))
    except FirstwordError as error:
        print(f"firstword {parsed.command}: {error}", file=sys.stderr)
        return 1


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM, main thread: everything that was begun is ended on the way out."""
    sys.exit(128 + number)


def _check_writable(asked: str | Path | None) -> None:
    """Before the work, so that minutes of it are not lost to a file that can not be written. Makes the folder. Raises ScriptError."""
    if not asked:
        return
    path = Path(asked)
    there = path.exists()
    if there and not path.is_file() and not path.is_dir():
        return  # a pipe or a device: to open it is to be heard at its other end
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()  # an older result stays until there is another
        if not there:
            path.unlink()
    except OSError as error:
        raise ScriptError(f"{error.filename} can not be written: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
