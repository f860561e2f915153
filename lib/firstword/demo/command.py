"""``firstword demo``: a whole spoken call on this machine, without keys and without FreeSWITCH, and what it left behind."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import requests

from ..audio import tone
from ..errors import ConfigError, ScriptError, one_line
from ..sim.gateway_process import GatewayProcess
from ..sim.script import Script
from ..sim.stage import Place, Played, Stage, configuration
from ..text.reading import Reading
from . import parts as choosing
from . import story
from .ear import by_ear
from .page import page
from .parts import Parts
from .table import table
from .watch import Watch

DESCRIPTION = """\
Plays a call of a courier company's customer: a recorded caller asks three things, interrupts once and says goodbye. The door, the host
code, the call and the providers are those that run in FreeSWITCH and talk to Aliyun; here they run in a simulated FreeSWITCH and talk to a
local gateway with the speech and language engines of this machine. What can not be had is named, and the tone voice or a scripted
model takes its place. Ends with a table; writes the recording, the call record and a page that shows and plays the call.
"""
WARM_S = 120.0
"""How long the model may take to read its instructions for the first time."""
LITE_BYTE_MS = 25
"""The pace of the tone voice here: a Chinese character in 75 ms, some three times as quick as speech."""
SCRIPTED_PACE = {"first-token-ms": 300, "tokens-per-s": 25}
"""A scripted model answers at the pace of a hosted one."""
TONE_PACE = {"first-packet-ms": 150}
"""And the tone voice at that of a hosted synthesiser."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags to its parser."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "--lite", action="store_true", help="no engines: the tone voice and a scripted model; checked by ear"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the call record there as well")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out/demo"),
        metavar="DIR",
        help="for call.wav, call.json, call.html (default: out/demo)",
    )
    parser.add_argument(
        "--caller", type=Path, metavar="FILE", help="another caller: a script as 'firstword call' plays"
    )
    parser.add_argument(
        "--model-script",
        type=Path,
        metavar="FILE",
        help="what a scripted model answers, in YAML; no language model then",
    )
    parser.add_argument(
        "--byte-ms",
        type=int,
        default=LITE_BYTE_MS,
        metavar="N",
        help=f"pace of the tone voice, 20 to 200 (default: {LITE_BYTE_MS})",
    )
    parser.add_argument("--verbose", action="store_true", help="print the switch's log as it comes")


def run(args: argparse.Namespace) -> int:
    """Play the call. Returns 0 if it ran through, else 1. Main thread, in a process of its own: the switch's stacks and recursion
    limit are real.

    Raises:
        ConfigError, ScriptError: an option, a file or a folder can not be used, or the gateway does not come up at all.
    """
    if not 20 <= args.byte_ms <= 200:
        raise ConfigError(f"--byte-ms takes 20 to 200, not {args.byte_ms}")
    for folder in (args.out, args.json and args.json.parent):
        _make(folder)
    folder = story.recordings()
    parts = Parts() if args.lite else choosing.choose(_say_missing, folder)
    if args.model_script is not None:
        parts = parts.without("mind")
    with contextlib.ExitStack() as stack:
        place, parts = _gateway(parts, args, stack)
        script = story.caller(args.caller, folder if parts.recorded else None, args.byte_ms)
        _say(f"the parts: {parts}")
        if parts.mind != choosing.SCRIPTED:
            _warm(place)
        _say(f"the call ({script.name}):")
        played, answered_ms = _play(place, parts, script, story.sentences(script, folder), args.verbose)
    return _finish(args, parts, played, answered_ms)


# -- before the call -------------------------------------------------------------------------------------------------


def _gateway(parts: Parts, args: argparse.Namespace, stack: contextlib.ExitStack) -> tuple[Place, Parts]:
    """A gateway that runs until `stack` ends, and the parts behind it: those that were wanted, or those of them that load.

    Raises:
        ConfigError: not even the built-in parts come up.
    """
    if any(parts.engines()):
        _say(f"loading {', '.join(name for _, name in parts.engines())} ...")
    try:
        return stack.enter_context(GatewayProcess(_flags(parts, args))).place, parts
    except ConfigError:
        usable = choosing.only_those_that_load(parts, _say_missing)
        if usable == parts:
            raise
        _say("starting the gateway again without that")
        return stack.enter_context(GatewayProcess(_flags(usable, args))).place, usable


def _flags(parts: Parts, args: argparse.Namespace) -> dict[str, object]:
    flags: dict[str, object] = {
        "voice": parts.voice,
        "hearer": parts.hearer,
        "mind": parts.mind,
        "vad": parts.vad,
        "byte-ms": args.byte_ms,
    }
    if parts.mind == choosing.SCRIPTED:
        flags |= {"script": args.model_script or story.REPLIES, **SCRIPTED_PACE}
    if parts.voice == choosing.TONE:
        flags |= TONE_PACE
    return flags


def _warm(place: Place) -> None:
    """Let the model read its instructions, as one that serves many calls has long done: the first caller is not to pay for it."""
    messages = [{"role": "system", "content": story.PROFILE["system"]}, {"role": "user", "content": "你好"}]
    try:
        answer = requests.post(
            f"{place.chat_url}/chat/completions",
            json={"model": "warm", "messages": messages, "max_tokens": 1},
            headers={"Authorization": f"Bearer {place.api_key}"},
            timeout=WARM_S,
        )
        answer.raise_for_status()
    except requests.RequestException as error:
        raise ConfigError(f"the model did not answer its first request: {one_line(error)}") from error


# -- the call --------------------------------------------------------------------------------------------------------


def _play(
    place: Place, parts: Parts, script: Script, sentences: Mapping[str, str], verbose: bool
) -> tuple[Played, float | None]:
    """The call, and where in its recording the times of its record begin: None if it was never answered."""
    # Engines that share two cores take their time, and Whisper has no words before the caller has finished: a reply is held till then.
    patience = {"final_ms": 6000, "think_ms": 60_000, "hold_ms": 4000}
    xml = configuration(
        place,
        {**story.PROFILE, **patience, "vad": parts.vad},
        llm={"model": parts.mind, "max_tokens": 100, "first_token_ms": 60_000, "idle_ms": 30_000},
        tts={"first_audio_ms": 30_000, "idle_ms": 30_000},
    )
    with (
        tempfile.TemporaryDirectory(prefix="firstword-demo-") as folder,
        Stage(Path(folder), xml, faithful=True, echo=_echo if verbose else None) as stage,
    ):
        with Watch(_say, sentences) as watch:
            played = stage.play(script, on_step=watch.step)
        answered = bool(played.record) and bool(played.conversation.arrivals)
        return played, stage.answered_ms(played) if answered else None


def _failure(played: Played) -> str:
    """Why the call did not run through, in one line, or "". What the bot says of itself comes first: it is the cause."""
    if played.call.error:
        return f"the door raised: {played.call.error.strip().splitlines()[-1]}"
    if played.error or played.result == "error":
        return f"the call failed: {played.error or 'its log says why (--verbose)'}"
    if played.call.leaked:
        return "the session was still referenced when its handler had returned"
    return played.conversation.failure


# -- after the call --------------------------------------------------------------------------------------------------


def _finish(args: argparse.Namespace, parts: Parts, played: Played, answered_ms: float | None) -> int:
    failure = _failure(played)
    record, files = played.record, []
    if answered_ms is not None:
        checked = parts.voice == choosing.TONE
        shown = json.loads(json.dumps(record))
        if checked:
            heard = tone.hear(played.conversation.heard_audio, played.conversation.line.rate, args.byte_ms)
            fault = by_ear(shown, heard, Reading())
            failure = failure or fault
        files = _keep(args, played, shown, answered_ms)
        _say("")
        _say(table(shown, max(80, min(120, shutil.get_terminal_size((100, 24)).columns))))
        if checked and not fault:
            _say(
                "by ear: every character that was said is what the caller heard, in order; an interrupted reply up to where it was cut"
            )
        _say("audio: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in record["audio"].items()))
        _say(f"ended by the {record['ended_by']}: {record['result']}")
    for what, path in files:
        _say(f"{what:<10} {path}")
    if failure:
        sys.stderr.write(f"firstword demo: {failure}\n")
        return 1
    return 0


def _keep(
    args: argparse.Namespace, played: Played, shown: Mapping[str, Any], answered_ms: float
) -> list[tuple[str, Path]]:
    """Write everything there is. Returns what it is and where."""
    wav = args.out / "call.wav"
    record = json.dumps(played.record, ensure_ascii=False, indent=1) + "\n"
    files = [("recording", wav), ("record", args.out / "call.json"), ("page", args.out / "call.html")]
    try:
        played.conversation.write_wav(wav)
        caller, bot, rate = _sides(wav)
        files[1][1].write_text(record, encoding="utf-8")
        files[2][1].write_text(page(shown, wav.read_bytes(), caller, bot, rate, answered_ms), encoding="utf-8")
        if args.json is not None:
            args.json.write_text(record, encoding="utf-8")
            files.append(("record", args.json))
    except OSError as error:
        raise ScriptError(f"{error.filename} can not be written: {error.strerror}") from error
    return files


def _sides(wav: Path) -> tuple[bytes, bytes, int]:
    """Both channels of the recording, as it runs with the clock, and its rate."""
    with wave.open(str(wav), "rb") as file:
        pairs = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        return pairs[:, 0].tobytes(), pairs[:, 1].tobytes(), file.getframerate()


def _make(folder: Path | None) -> None:
    """Before the call, so that no call is lost to a folder that can not be made."""
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScriptError(f"{folder} can not be made: {error.strerror}") from error


def _say_missing(text: str) -> None:
    _say(f"not here: {text}")


def _echo(level: str, line: str) -> None:
    sys.stderr.write(f"[{level}] {line}\n")


def _say(text: str) -> None:
    print(text, flush=True)
