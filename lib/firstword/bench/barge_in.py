"""How quickly a reply stops when the caller interrupts it, and whether what was heard is known.

*stop*: from the first frame of the caller that was judged to be speech to the last frame of the reply that was handed to the host. The
speech that makes a barge-in (``min_speech_ms``) is in it, for nobody can know earlier. *at the ear*: from the caller's first frame to
the last frame of the reply that he heard: the switch's frame and the voice activity's own delay are in that one. *heard*: how many
characters the call record's ``heard`` is off what the caller's ear decoded.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from ..sim.caller import Conversation
from ..sim.gateway_process import GatewayProcess
from ..sim.script import Say, Script, Step, Wait, WaitFor
from ..sim.stage import Played, Stage, configuration
from .report import Row, count, median, percentile, report

QUESTION = "请讲一个故事"
STOP = "好了，请停一下"
STORY = "好的，从前有一座山，山上有一座庙，庙里有一位老和尚，正在给小和尚讲故事，他讲的是：" * 6
BYTE_MS = 30
GOAL_MS = 60
A_CALL = 5
"""Interruptions in one call."""


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--interruptions", type=count, default=30, metavar="N", help="how many (default: 30)")
    parser.add_argument(
        "--min-speech-ms", type=int, default=200, metavar="MS", help="speech that makes a barge-in (default: 200)"
    )
    parser.add_argument("--vad", default="webrtc", metavar="NAME", help="voice activity (default: webrtc)")


def run(args: argparse.Namespace) -> int:
    return report("barge-in", measure(args.interruptions, args.min_speech_ms, args.vad), args.json)


def measure(interruptions: int, min_speech_ms: int, vad: str) -> list[Row]:
    calls = -(-interruptions // A_CALL)
    print(f"  {calls * A_CALL} interruptions in {calls} calls ...", flush=True)
    played = _play(calls, min_speech_ms, vad)
    turns = [turn for one in played for turn in one.record["turns"] if turn["barge_in_ms"] is not None]
    stops = [turn["barge_in_ms"] for turn in turns]
    ears = [ms for one in played for ms in _at_the_ear(one)]
    off = [chars for one in played for chars in _off(one)]
    return [
        Row("interruptions measured", float(len(stops)), "", goal=calls * A_CALL, at_least=True),
        Row("stop, median", median(stops), "ms", goal=GOAL_MS + min_speech_ms),
        Row("stop, p99", percentile(stops, 99), "ms"),
        Row("stop beyond the minimum speech, median", median(stops) - min_speech_ms, "ms", goal=GOAL_MS),
        Row("at the ear, median", median(ears), "ms"),
        Row("heard, worst", float(max(off)), "chars", goal=1),
    ]


def _play(calls: int, min_speech_ms: int, vad: str) -> list[Played]:
    with tempfile.TemporaryDirectory(prefix="firstword-bench-") as name:
        folder = Path(name)
        (folder / "replies.json").write_text(json.dumps({"otherwise": STORY}, ensure_ascii=False))
        options = {
            "byte-ms": BYTE_MS,
            "first-token-ms": 500,
            "tokens-per-s": 50,
            "real-time-factor": 0.1,
            "script": folder / "replies.json",
        }
        with GatewayProcess(options) as gateway:
            profile = {"greeting": "", "vad": vad, "min_speech_ms": min_speech_ms, "ahead_waste": 0}
            with Stage(folder, configuration(gateway.place, profile)) as stage:
                scripts = [_script(number) for number in range(calls)]
                return stage.play_all(scripts, apart_s=0.61)


def _script(number: int) -> Script:
    """A question, then interruptions, at other moments of the reply in each call."""
    steps: list[Step] = [Wait(0.3), Say(QUESTION, BYTE_MS)]
    for interruption in range(A_CALL):
        steps += [WaitFor("reply"), Wait(1.0 + 0.37 * ((number + interruption) % 5)), Say(STOP, BYTE_MS)]
    return Script((*steps, WaitFor("reply"), Wait(0.5)), byte_ms=BYTE_MS)


def _interruptions(played: Played) -> list[float]:
    """When the caller began to interrupt, in the clock's seconds."""
    return [at for at, step in played.conversation.steps if step.startswith("say:")][1:]


def _at_the_ear(played: Played) -> list[float]:
    characters = _sounding(played.conversation)
    delays = []
    for began in _interruptions(played):
        ends = [end for _, begin, end in characters if begin < began + 1.0]
        delays.append((max(ends) - began) * 1000)
    return delays


def _off(played: Played) -> list[int]:
    """For each interrupted reply: by how many characters the record differs from the ear."""
    characters = _sounding(played.conversation)
    off, at = [], 0
    interruptions = _interruptions(played)
    for turn, began in zip(played.record["turns"], interruptions, strict=False):
        upto = next((n for n in range(at, len(characters)) if characters[n][1] > began + 1.0), len(characters))
        heard = "".join(text for text, _, _ in characters[at:upto]).rstrip("\ufffd")
        common = next(
            (n for n, (a, b) in enumerate(zip(heard, turn["heard"], strict=False)) if a != b),
            min(len(heard), len(turn["heard"])),
        )
        off.append(max(len(heard), len(turn["heard"])) - common)
        at = upto
    return off


def _sounding(conversation: Conversation) -> list[tuple[str, float, float]]:
    return [(character.text, character.begin, character.end) for character in conversation.heard_characters()]
