"""How soon a reply's first text is at the service that is to speak it, and how soon it speaks.

The text: with a spare, without one, and by Alibaba Cloud's own SDK.

Counted from the model's first token, with which everything begins here (in a call the task is begun earlier, together with the model),
to the moment at which the gateway has the first message with text; both by the machine's monotonic clock. The gateway takes
``--connect-ms`` from a connection's first byte to its upgrade, as a distant service does, and no time for anything else.

*warm*: one call's replies, each interrupted, so that each finds what `net/spares.py` has connected meanwhile. *cold*: no spares, so the
connection is part of it. *official SDK*: the same, by the vendor's python SDK in a process of its own, where it is installed (the extra
``referees``).

The speech: a model of twenty tokens a second writes replies of three sentences, whose first has *no mark* before its full stop (39
characters), or *clauses* (73), or clauses after a *short clause* (好的，). From the first token to the service's first audio: *cut and
flushed* as a call does it, *token by token* without a flush, so that the service begins when it finds the mark it waits for, *whole
sentence* when the first is written. What a service waits for is the gateway's model of it (``firstword gateway --split``): what the pages
say, and where they do not say (NLS, server_commit) that it waits for a full stop; NLS with a comma too. A service's own time for the speech
is not in it. Counted too: pieces after the first that are no whole clause, and for how long the caller heard nothing within a reply.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..clock import SYSTEM
from ..errors import ConfigError, ProviderError
from ..gateway.options import GatewayOptions
from ..gateway.server import Gateway
from ..net.spares import Spares
from ..providers.registry import make_tts
from ..speech.tts import Mark, Synthesiser
from . import first_packet, official_sdks
from .report import Row, count, median, percentile, report

WARM_GOAL_MS = 5.0
COLD_GOAL_MS = 10.0
"""Beyond connecting."""
WITHIN_S = 10.0
"""How long a reply may take before the bench gives up."""
SDK_S = 120.0


@dataclass(frozen=True)
class Service:
    """One service that speaks: how to reach the gateway's, and what the first message with text is called in its journal."""

    name: str
    vendor: str
    values: Callable[[Gateway], dict[str, str]]
    message: str
    spares: Callable[[Any], Spares]


SERVICES = (
    Service(
        "nls tts",
        "aliyun",
        lambda gateway: {"url": gateway.ws_url, "appkey": gateway.appkey, "token": gateway.token()},
        "RunSynthesis",
        lambda service: service.account.spares,
    ),
    Service(
        "cosyvoice",
        "cosyvoice",
        lambda gateway: {"url": gateway.inference_url, "api_key": gateway.api_key},
        "continue-task",
        lambda service: service.account.spares,
    ),
    Service(
        "qwen-tts",
        "qwen",
        lambda gateway: {"url": gateway.realtime_url, "api_key": gateway.api_key},
        "input_text_buffer.append",
        lambda service: service.realtime.account.spares,
    ),
)


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--connect-ms", type=float, default=100, metavar="MS", help="of the gateway, for each connection (default: 100)"
    )
    parser.add_argument("--replies", type=count, default=100, metavar="N", help="of each kind (default: 100)")
    parser.add_argument("--sdk-replies", type=count, default=20, metavar="N", help="by each official SDK (default: 20)")
    parser.add_argument(
        "--spoken-replies", type=count, default=20, metavar="N", help="of each kind that are spoken (default: 20)"
    )


def run(args: argparse.Namespace) -> int:
    rows: list[Row] = []
    with Gateway(GatewayOptions(connect_ms=args.connect_ms)) as gateway:
        for service in SERVICES:
            print(f"  {service.name}: {args.replies} replies with a spare, {args.replies} without ...", flush=True)
            rows += ours(gateway, service, args.replies, args.connect_ms)
            rows += theirs(gateway, service, args.sdk_replies)
    rows += first_packet.measure(args.spoken_replies, args.connect_ms)
    return report("providers", rows, args.json)


def ours(gateway: Gateway, service: Service, replies: int, connect_ms: float) -> list[Row]:
    """The rows of our own client."""
    warm, lent = _measure(gateway, service, replies, warm=True)
    cold, _ = _measure(gateway, service, replies, warm=False)
    name = service.name
    return [
        Row(f"{name}, warm: first text, median", median(warm), "ms", WARM_GOAL_MS),
        Row(f"{name}, warm: first text, p99", percentile(warm, 99), "ms"),
        Row(f"{name}, warm: replies that found a spare", 100 * lent / replies, "%", 100, at_least=True),
        Row(f"{name}, cold: first text, median", median(cold), "ms", connect_ms + COLD_GOAL_MS),
        Row(f"{name}, cold: first text, p99", percentile(cold, 99), "ms"),
    ]


def theirs(gateway: Gateway, service: Service, replies: int) -> list[Row]:
    """The rows of the official SDK, or one that says that there is none."""
    package = official_sdks.NAMES[official_sdks.PACKAGES[service.name]]
    name = f"{service.name}, {package} (official SDK), cold"
    if not official_sdks.installed(service.name):
        return [Row(f"{name}: not installed", None, "")]
    print(f"  {service.name}: {replies} replies by {package} ...", flush=True)
    names = ("ws_url", "inference_url", "realtime_url", "appkey", "api_key")
    at = {name: getattr(gateway, name) for name in names} | {"token": gateway.token()}
    command = [sys.executable, "-W", "ignore", "-m", official_sdks.__name__, service.name, str(replies)]
    done = subprocess.run(command, input=json.dumps(at), capture_output=True, text=True, timeout=SDK_S, check=False)
    if done.returncode:
        raise ConfigError(f"{package} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    took = [(_arrived(gateway, service, said) - asked) * 1000 for said, asked in json.loads(done.stdout)]
    return [
        Row(f"{name}: first text, median", median(took), "ms"),
        Row(f"{name}: first text, p99", percentile(took, 99), "ms"),
    ]


class _Audible:
    """Listens until the first audio: by then the text has long been there."""

    def __init__(self) -> None:
        self.heard = threading.Event()
        self.error: ProviderError | None = None

    def audio(self, pcm: bytes) -> None:
        self.heard.set()

    def mark(self, mark: Mark) -> None:
        """Not of interest."""

    def finished(self) -> None:
        self.heard.set()

    def failed(self, error: ProviderError) -> None:
        self.error = error
        self.heard.set()


def _measure(gateway: Gateway, service: Service, replies: int, warm: bool) -> tuple[list[float], int]:
    """How long each reply's first text took, in ms, and how many found a spare."""
    values = {**service.values(gateway), "spares": "1" if warm else "0"}
    made = make_tts(service.vendor, values, "bench")
    spares = service.spares(made)
    kind = "热" if warm else "冷"
    asked: list[tuple[str, float]] = []
    try:
        _speak(made, "call-0", "先说一句。")  # what is loaded once does not count
        lent = spares.lent
        for number in range(replies):
            if warm:
                made.expect("call")
                _wait_for(lambda: spares.ready > 0)
            asked.append((f"{kind}第{number}句。", SYSTEM.now()))
            _speak(made, f"call-{number + 1}", asked[-1][0])
        return [(_arrived(gateway, service, said) - at) * 1000 for said, at in asked], spares.lent - lent
    finally:
        made.close()


def _speak(synthesiser: Synthesiser, label: str, text: str) -> None:
    """As at the first token: the task is begun, and the text given. Interrupted as soon as it is audible."""
    listener = _Audible()
    work = synthesiser.start(label, listener)
    work.say(text)
    SYSTEM.wait(listener.heard, WITHIN_S)
    work.cancel()
    if listener.error is not None:
        raise listener.error
    if not listener.heard.is_set():
        raise ConfigError(f"{synthesiser.name}: no audio came within {WITHIN_S:.0f} s")


def _wait_for(what: Callable[[], bool]) -> None:
    deadline = SYSTEM.deadline(WITHIN_S)
    while not what():
        if deadline.passed():
            raise ConfigError("no spare was connected")
        SYSTEM.sleep(0.001)


def _arrived(gateway: Gateway, service: Service, text: str) -> float:
    """When the gateway got it, in the clock's seconds."""
    for visit in reversed(gateway.seen()):
        for happened in visit.all(service.message):
            if text in happened.detail:
                return happened.at
    raise ConfigError(f"{service.name}: the gateway never got {text}")
