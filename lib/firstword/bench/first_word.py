"""How soon the caller hears the first word: streamed, against whole reply, whole synthesis, then play.

Both ways run in one go, on the same simulated host, the same gateway (in a process of its own), the same providers, model speed and
synthesis speed, with the same replies. *first word*: from the caller's last frame of speech to the first frame of the reply's speech handed
to the host; it holds the silence that ends a turn (``endpoint_ms``). *end of reply*: from there to the last frame of speech that the caller
heard.

*overhead*: what is left of the first word without the silence that was configured and without the gateway's own delays (first token, first
packet): our part, the sockets' and the start-up buffer. The replies begin with a short clause, as spoken replies do, and the first
token holds it: the synthesiser waits for a clause. Each reply is checked by ear. Nothing is thought ahead of the caller's end here: what
that gains depends on what callers say (``firstword bench turns``).
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..sim.gateway_process import GatewayProcess
from ..sim.script import Say, Script, Step, Wait, WaitFor
from ..sim.stage import Place, Played, Stage, configuration
from . import whole
from .report import Row, count, duration, median, percentile, report

SHORT = "好的，您的快递今天下午送到。"
LONG_CLAUSE = "好的，您的快递已经到达本市的分拣中心，预计明天上午送到，请您保持电话畅通。"
LONG_CHARS = 200
OVERHEAD_TURNS_A_CALL = 10
QUESTION = "请帮我查一下快递"


@dataclass(frozen=True)
class Speeds:
    """The gateway's times and the voice's pace."""

    first_token_ms: float
    tokens_per_s: float
    first_packet_ms: float
    real_time_factor: float
    byte_ms: int

    def options(self, script: Path) -> dict[str, object]:
        return {
            "first-token-ms": self.first_token_ms,
            "tokens-per-s": self.tokens_per_s,
            "first-packet-ms": self.first_packet_ms,
            "real-time-factor": self.real_time_factor,
            "byte-ms": self.byte_ms,
            "script": script,
        }


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--first-token-ms", type=float, default=300, metavar="MS", help="of the model (default: 300)")
    parser.add_argument(
        "--tokens-per-s", type=duration, default=20, metavar="N", help="of the model, two characters each (default: 20)"
    )
    parser.add_argument(
        "--first-packet-ms", type=float, default=150, metavar="MS", help="of the synthesis (default: 150)"
    )
    parser.add_argument(
        "--real-time-factor", type=float, default=0.1, metavar="X", help="of the synthesis (default: 0.1)"
    )
    parser.add_argument(
        "--byte-ms", type=count, default=60, metavar="MS", help="pace of the voice in the comparison (default: 60)"
    )
    parser.add_argument(
        "--calls", type=count, default=3, metavar="N", help="calls of each kind in the comparison (default: 3)"
    )
    parser.add_argument("--turns", type=count, default=50, metavar="N", help="turns of each overhead row (default: 50)")


def run(args: argparse.Namespace) -> int:
    speeds = Speeds(args.first_token_ms, args.tokens_per_s, args.first_packet_ms, args.real_time_factor, args.byte_ms)
    quick = Speeds(args.first_token_ms, args.tokens_per_s, args.first_packet_ms, args.real_time_factor, 20)
    rows = compare(speeds, args.calls)
    rows += overhead(quick, args.turns, startup_ms=100, goal_ms=150)
    rows += overhead(quick, args.turns, startup_ms=0, goal_ms=60)
    return report("first-word", rows, args.json)


# -- the comparison ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One way with one reply: medians, in ms, and how many of the replies were heard right."""

    first_word: float
    end_of_reply: float
    right: int
    calls: int


def compare(speeds: Speeds, calls: int) -> list[Row]:
    """Both ways, a short and a long reply."""
    replies = {"short": SHORT, "long": (LONG_CLAUSE * 9)[:LONG_CHARS]}
    cells: dict[tuple[str, str], Cell] = {}
    for (size, reply), way in itertools.product(replies.items(), ("whole", "streamed")):
        print(f"  {way}, {size} reply ({len(reply)} characters), {calls} calls ...", flush=True)
        cells[way, size] = _cell(speeds, reply, way, calls)
    rows = []
    print(f"\n  {'':24}{'whole, then play':>20}{'streamed':>12}{'ratio':>8}")
    for size, (name, unit) in itertools.product(
        replies, (("first_word", "first word"), ("end_of_reply", "end of reply"))
    ):
        before, after = getattr(cells["whole", size], name), getattr(cells["streamed", size], name)
        print(f"  {size + ' reply, ' + unit:<24}{before:>17.0f} ms{after:>9.0f} ms{before / after:>7.1f}x")
        rows += [
            Row(f"{size} reply, {unit}, whole then play", before, "ms"),
            Row(f"{size} reply, {unit}, streamed", after, "ms"),
        ]
        goal = 5.0 if (size, name) == ("long", "first_word") else None
        rows.append(Row(f"{size} reply, {unit}, ratio", before / after, "x", goal=goal, at_least=True))
    print()
    total = sum(cell.calls for cell in cells.values())
    rows.append(
        Row(
            "replies heard as they were said",
            100 * sum(cell.right for cell in cells.values()) / total,
            "%",
            100,
            at_least=True,
        )
    )
    return rows


def _cell(speeds: Speeds, reply: str, way: str, calls: int) -> Cell:
    seconds = 60 + len(reply) * (0.5 / speeds.tokens_per_s + 3 * speeds.byte_ms / 1000 * (1 + speeds.real_time_factor))
    script = (Wait(0.3), Say(QUESTION, speeds.byte_ms), WaitFor("silence", within=seconds))
    played = _play(speeds, reply, script, calls, way, {"startup_ms": 100})
    ends = [
        (one.conversation.line.last_loud - one.record["answered_at"]) * 1000 - one.record["turns"][0]["at_ms"]
        for one in played
    ]
    right = sum(one.conversation.heard_text() == reply for one in played)
    return Cell(median([_ms(one)[0]["first_word"] for one in played]), median(ends), right, calls)


# -- the overhead --------------------------------------------------------------------------------------------------------


def overhead(speeds: Speeds, turns: int, startup_ms: int, goal_ms: float) -> list[Row]:
    """Our part of the first word, over `turns` turns."""
    calls = max(1, turns // OVERHEAD_TURNS_A_CALL)
    print(f"  overhead with a start-up buffer of {startup_ms} ms: {turns} turns in {calls} calls ...", flush=True)
    turn: tuple[Step, ...] = (Say(QUESTION, speeds.byte_ms), WaitFor("silence", silence=0.5))
    script = (Wait(0.3), *(turn * (turns // calls)))
    played = _play(speeds, SHORT, script, calls, "streamed", {"startup_ms": startup_ms})
    marks = [ms for one in played for ms in _ms(one)]
    ours = [ms["first_word"] - ms["endpoint"] - speeds.first_token_ms - speeds.first_packet_ms for ms in marks]
    right = sum(one.conversation.heard_text() == SHORT * (turns // calls) for one in played)
    name = f"buffer {startup_ms} ms"
    return [
        Row(f"{name}: overhead, median", median(ours), "ms", goal=goal_ms),
        Row(f"{name}: overhead, p99", percentile(ours, 99), "ms"),
        Row(f"{name}: endpoint (silence), median", median([ms["endpoint"] for ms in marks]), "ms"),
        Row(f"{name}: first word, median", median([ms["first_word"] for ms in marks]), "ms"),
        Row(f"{name}: turns measured", float(len(marks)), "turns", goal=turns // calls * calls, at_least=True),
        Row(f"{name}: calls heard as they were said", 100 * right / calls, "%", goal=100, at_least=True),
    ]


# -- both ----------------------------------------------------------------------------------------------------------------


def _play(
    speeds: Speeds, reply: str, script: tuple[Step, ...], calls: int, way: str, profile: Mapping[str, object]
) -> list[Played]:
    with tempfile.TemporaryDirectory(prefix="firstword-bench-") as name, whole.vendors():
        folder = Path(name)
        (folder / "replies.json").write_text(json.dumps({"otherwise": {"tokens": _tokens(reply)}}, ensure_ascii=False))
        with GatewayProcess(speeds.options(folder / "replies.json")) as gateway:
            xml = _xml(gateway.place, way, {"greeting": "", "min_speech_ms": 100, "ahead_waste": 0, **profile})
            with Stage(folder, xml) as stage:
                # One call before the others: a first call loads what the others find.
                stage.play(
                    Script(
                        (Wait(0.3), Say(QUESTION, speeds.byte_ms), WaitFor("reply", within=90)), byte_ms=speeds.byte_ms
                    )
                )
                return stage.play_all([Script(script, byte_ms=speeds.byte_ms)] * calls, apart_s=0.37)


def _tokens(reply: str) -> list[str]:
    """Two characters each, but the first clause at once: 好的， is one token of most models."""
    first, rest = reply[:3], reply[3:]
    return [first, *(rest[at : at + 2] for at in range(0, len(rest), 2))]


def _xml(place: Place, way: str, profile: Mapping[str, object]) -> str:
    xml = configuration(place, profile)
    if way == "whole":
        for does, vendor in (("llm", "openai"), ("tts", "aliyun")):
            xml = xml.replace(f'does="{does}" vendor="{vendor}"', f'does="{does}" vendor="{whole.VENDOR}"')
    return xml


def _ms(played: Played) -> list[dict[str, float]]:
    return [turn["ms"] for turn in played.record["turns"] if turn["ms"]["first_word"] is not None]
