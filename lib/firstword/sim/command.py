"""``firstword call``: a scripted caller through the simulated FreeSWITCH, by the door that the real one uses."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import unicodedata
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..errors import ConfigError, ScriptError
from ..gateway import options as local
from ..gateway.server import Gateway
from ..host.settings import parse
from .gateway_process import GatewayProcess
from .script import Script, load
from .stage import Place, Played, Stage, configuration

DESCRIPTION = """\
Plays a caller (a YAML file of steps: say, play, wait, wait_for, interrupt_after, key, hang_up) through a simulated
FreeSWITCH, which runs fs_scripts/voicebot.py as the real one does. Ends with 0 only if the script ran through.
"""
MARKS = ("endpoint", "final", "first_token", "first_audio", "first_word")
SHOWN_CHARS = 28
SHOWN_ERRORS = 5


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags to its parser."""
    parser.description = DESCRIPTION
    parser.add_argument("script", type=Path, metavar="SCRIPT", help="what the caller does, in YAML")
    services = parser.add_mutually_exclusive_group()
    services.add_argument("--config", type=Path, metavar="FILE", help="a firstword.conf.xml, without $${variables}")
    services.add_argument("--gateway", metavar="URL", help="a local gateway that runs, such as http://127.0.0.1:8190")
    parser.add_argument(
        "--profile", default="default", metavar="NAME", help="the profile of the call (default: default)"
    )
    parser.add_argument("--rate", type=int, default=8000, choices=(8000, 16000), help="of the channel (default: 8000)")
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="N", help="so many times faster than life (default: 1)"
    )
    parser.add_argument(
        "--record", type=Path, metavar="DIR", help="write SCRIPT.wav (left caller, right bot) and SCRIPT.json there"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the outcome, the steps and the call record as JSON"
    )
    parser.add_argument("--verbose", action="store_true", help="print the switch's log as it comes")


def run(args: argparse.Namespace) -> int:
    """Play the call. Returns the exit code. Main thread, in a process of its own: the switch's stacks and recursion limit
    are real.

    Raises: ConfigError, ScriptError: the script, a file or the configuration can not be used.
    """
    if not 0.1 <= args.speed <= 20:
        raise ConfigError(f"--speed takes 0.1 to 20, not {args.speed:g}")
    script = load(args.script)
    for folder in (args.record, args.json and args.json.parent):
        _make(folder)
    clock = Clock(args.speed)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firstword-call-")))
        xml = _configuration(args, clock, stack)
        stage = stack.enter_context(
            Stage(folder, xml, rate=args.rate, clock=clock, faithful=True, echo=_echo if args.verbose else None)
        )
        began = clock.now()
        played = stage.play(script, args.profile, lambda step: _say(f"{clock.now() - began:7.2f} s  {step}"))
        failure = _failure(played)
        errors = [line for level, line in stage.switch.log if level == "err"]
    _tell(played, failure, errors if not args.verbose else [])
    _keep(args, script, played, failure)
    return 1 if failure else 0


def _configuration(args: argparse.Namespace, clock: Clock, stack: contextlib.ExitStack) -> str:
    """The configuration that was given, or one for a gateway that runs, or for one of our own."""
    if args.config is not None:
        try:
            text = str(args.config.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise ConfigError(f"--config {args.config} can not be read: {reason}") from error
        parse(text).profile(args.profile)  # a mistake is told before a switch and a caller are set up
        return text
    if args.gateway is not None:
        place = _place(args.gateway)
    elif args.speed == 1.0:
        place = stack.enter_context(GatewayProcess({})).place
    else:  # a clock is shared only within a process
        place = Place.of(stack.enter_context(Gateway(clock=clock)))
    return configuration(place)


def _place(url: str) -> Place:
    """A gateway at `url` with its built-in credentials."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise ConfigError(f"--gateway takes an address such as http://127.0.0.1:8190, not {url!r}")
    return Place(
        ws_url=f"ws://{parts.netloc}/ws/v1",
        token_url=f"http://{parts.netloc}/",
        chat_url=f"http://{parts.netloc}/v1",
        appkey=local.LOCAL_APPKEY,
        access_key_id=local.LOCAL_KEY_ID,
        access_key_secret=local.LOCAL_KEY_SECRET,
        api_key=local.LOCAL_API_KEY,
    )


def _failure(played: Played) -> str:
    """Why the call was no success, in one line, or "". What the bot says of itself comes first: it is the cause."""
    if played.call.error:
        return f"the script of the switch raised: {played.call.error.strip().splitlines()[-1]}"
    if played.error or played.result == "error":
        return f"the call failed: {played.error or 'the log says why'}"
    if played.call.leaked:
        return "the session was still referenced when its handler had returned"
    return played.conversation.failure


def _tell(played: Played, failure: str, errors: Sequence[str]) -> None:
    turns = played.record.get("turns", [])
    rows = [("turn", "caller", "heard", *(mark.replace("_", " ") for mark in MARKS))]
    for turn in turns:
        heard = turn["heard"] + (" [interrupted]" if turn["interrupted"] else "")
        rows.append((str(turn["n"]), turn["caller"], heard, *(_ms(turn["ms"][mark]) for mark in MARKS)))
    if turns:
        _say("\n" + table(rows) + "\nmilliseconds from the end of the caller's speech")
    audio = played.record.get("audio", {})
    if audio:
        _say("audio: " + ", ".join(f"{name} {count}" for name, count in audio.items()))
    _say(f"result: {played.result or 'none'}, ended by the {played.conversation.ended_by}")
    if failure:
        for line in errors[-SHOWN_ERRORS:]:
            sys.stderr.write(line.strip().splitlines()[-1] + "\n")
        sys.stderr.write(f"firstword call: {failure}\n")


def _keep(args: argparse.Namespace, script: Script, played: Played, failure: str) -> None:
    """Write what was asked for."""
    conversation = played.conversation
    zero = conversation.arrivals[0] if conversation.arrivals else conversation.ended  # of the recording

    def at_ms(moment: float) -> float:
        return round((moment - zero) * 1000, 1)

    outcome: dict[str, Any] = {
        "script": script.name,
        "failure": failure,
        "result": played.result,
        "heard": conversation.heard_text(),
        "steps": [{"at_ms": at_ms(at), "step": step} for at, step in conversation.steps],
        "keys": [{"at_ms": at_ms(at), "key": key} for at, key in conversation.keys],
        "ended_ms": at_ms(conversation.ended),
        "ended_by": conversation.ended_by,
        "record": played.record,
    }
    text = json.dumps(outcome, ensure_ascii=False, indent=1) + "\n"
    name = args.script.stem
    try:
        if args.record is not None:
            conversation.write_wav(args.record / f"{name}.wav")
            (args.record / f"{name}.json").write_text(text, encoding="utf-8")
            _say(f"recording: {args.record / name}.wav, {args.record / name}.json")
        if args.json is not None:
            args.json.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ScriptError(f"{error.filename} can not be written: {error.strerror}") from error


def _make(folder: Path | None) -> None:
    """Before the call, so that no call is lost to a folder that can not be made."""
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScriptError(f"{folder} can not be made: {error.strerror}") from error


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows under a head, in columns; what is long is cut, and a Chinese character counts as two."""
    cut = [[_cut(cell, SHOWN_CHARS) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cut, strict=True)]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) for row in cut
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    if _width(text) <= width:
        return text
    while _width(text) >= width:
        text = text[:-1]
    return text + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _echo(level: str, line: str) -> None:
    sys.stderr.write(f"[{level}] {line}\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
