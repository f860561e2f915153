"""Is what the caller hears what the model said, to the character?

One simulated call for each script: the caller asks, the gateway's scripted model answers with the script, the tone voice speaks it, and the
caller's ear decodes it. Scripts of 1 to 2,000 characters: Chinese, English, digits, emoji, mixed. Nothing is timed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from pathlib import Path

from ..sim.gateway_process import GatewayProcess
from ..sim.script import HangUp, Say, Script, Wait, WaitFor
from ..sim.stage import Played, Stage, configuration
from .report import Row, report

KINDS = {
    "Chinese": "您好，您的包裹已经到达北京市朝阳区，预计今天下午送到，请保持电话畅通。",
    "English": "Your parcel has reached the depot; it will be with you this afternoon, so please keep your phone at hand. ",
    "digits": "138 1234 5678，￥58.90，2026-11-22 15:30，编号 SF0123456789；",
    "emoji": "👍🏽好的👩‍💻🇨🇳！😀☎️",
    "mixed": "订单 A-17：2 件 T-shirt（L 码），共 99.80 元。\nOK？😀 ",
}
LENGTHS = (1, 10, 100, 500, 2000)
BYTE_MS = 20
PROFILE = {"greeting": "", "vad": "level", "min_speech_ms": 60, "reading": "false"}
"""As it is written: this is about characters that arrive, not about how they are read."""
ASKS = "一二三四五六七八九十"


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--longest", type=int, default=LENGTHS[-1], metavar="N", help="the longest script, in characters"
    )


def run(args: argparse.Namespace) -> int:
    lengths = [length for length in LENGTHS if length <= args.longest]
    scripts = {
        (kind, length): _script(text, length) for (kind, text), length in itertools.product(KINDS.items(), lengths)
    }
    print(f"  {len(scripts)} calls at once; the longest takes about {max(map(_seconds, scripts.values())):.0f} s")
    played = play(list(scripts.values()))
    rows = [
        Row(f"{kind}, {length} characters: wrong", float(_wrong(script, one)), "chars", goal=0)
        for ((kind, length), script), one in zip(scripts.items(), played, strict=True)
    ]
    return report("content", rows, args.json)


def play(replies: list[str]) -> list[Played]:
    """A call for each reply, all at once."""
    with tempfile.TemporaryDirectory(prefix="firstword-content-") as name:
        folder = Path(name)
        pairs = [{"when": f"^{_ask(number)}$", "text": reply} for number, reply in enumerate(replies)]
        (folder / "replies.json").write_text(
            json.dumps({"match": pairs}, ensure_ascii=False)
        )  # JSON is YAML, but for escaped surrogates
        gateway = GatewayProcess({"byte-ms": BYTE_MS, "script": folder / "replies.json", "split": "sentence"})
        with (
            gateway,
            Stage(folder, configuration(gateway.place, PROFILE)) as stage,
        ):
            scripts = [
                Script(
                    (Wait(0.3), Say(_ask(number), BYTE_MS), WaitFor("silence", within=20 + _seconds(reply)), HangUp()),
                    byte_ms=BYTE_MS,
                )
                for number, reply in enumerate(replies)
            ]
            return stage.play_all(scripts, apart_s=0.05)


def _ask(number: int) -> str:
    """What the caller says to be answered with script `number`."""
    return "念第" + "".join(ASKS[int(digit)] for digit in f"{number:02d}")


def _script(text: str, length: int) -> str:
    return (text * (length // len(text) + 1))[:length]


def _seconds(reply: str) -> float:
    return len(reply.encode()) * BYTE_MS / 1000


def _wrong(reply: str, played: Played) -> int:
    """How many characters of what was heard are not what was said, at their place."""
    heard = played.conversation.heard_text()
    return sum(a != b for a, b in itertools.zip_longest(reply, heard))
