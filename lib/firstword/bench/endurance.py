"""Many short calls, one after the other, on a real FreeSWITCH: what is left of each when it has ended?

``firstword bench endurance --live`` starts a FreeSWITCH of its own on loopback (found by ``FREESWITCH_PREFIX`` or in the usual places),
with this firstword in it, and a gateway with the tone voice beside it. SIPp makes the calls, up to twenty at once: each is greeted, asks
a question, is answered, and hangs up. A hundred come first, and do not count: what a first call loads, the others find. Then come two
halves. All is measured in peace, when every call has ended.

*growth*: of the resident memory of the FreeSWITCH process, Python included, per call of a half. The goal is for the second half: pools
and the allocator take their shape in the first.
*left over*: what the process has at the end and had not before the first half. Threads are the kernel's: the switch keeps some of its
own for the next call, for five seconds. A connection kept warm for the next call is none; it is told.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..clock import SYSTEM
from ..errors import ConfigError
from ..live.find import find
from ..live.holdings import KINDS, Holdings, holdings
from ..live.instance import Instance
from ..live.load import Load, Talk
from ..sim.gateway_process import GatewayProcess
from ..sim.stage import configuration
from .processes import resident_bytes
from .report import Row, count, report

AT_ONCE = 20
CALL_S = 2.2
START_RATE = 10.0
WARM_CALLS = 100
BYTE_MS = 20
QUESTION = "查订单"
QUIET_S = 8.0
"""The switch keeps a session thread without work for five seconds, and what its event socket was asked by as well."""
SETTLE_S = 45.0
"""How long it may take to let go of the rest."""
GROWTH_KB = 1.0


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--calls", type=count, default=2000, metavar="N", help="how many, in two halves (default: 2000)"
    )
    parser.add_argument(
        "--live", action="store_true", help="on a real FreeSWITCH, found by FREESWITCH_PREFIX or in the usual places"
    )


def run(args: argparse.Namespace) -> int:
    if not args.live:
        raise ConfigError("endurance is measured on a real FreeSWITCH only: say --live")
    return report("endurance", measure(args.calls), args.json)


@dataclass(frozen=True)
class Peace:
    """What the process holds when no call is up."""

    resident: int
    holdings: Holdings


@dataclass
class Endured:
    """Calls that were made, and what was left."""

    calls: int
    failed: int
    answered: int
    """In how many of them the caller was heard and was answered."""
    before: Peace
    between: Peace
    after: Peace


def measure(calls: int) -> list[Row]:
    """Make the calls; the figures. Raises ConfigError or HostError: no FreeSWITCH, no SIPp, or it does not come up."""
    print(f"  {calls} calls of {CALL_S:g} s, {AT_ONCE} at once, on a FreeSWITCH of its own ...", flush=True)
    return rows_of(endure(calls))


def endure(calls: int, extension: str = "bot", warm: int = WARM_CALLS, **instance: Any) -> Endured:
    """Call `extension` so many times. Further arguments are those of `Instance`."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firstword-endurance-")))
        gateway = stack.enter_context(GatewayProcess({"byte-ms": BYTE_MS}))
        profile = {"greeting": "您好", "vad": "level", "endpoint_ms": 200}
        xml = configuration(gateway.place, profile)
        switch = stack.enter_context(Instance(find(), folder / "switch", xml, **instance))
        failed = make_calls(switch, folder / "warm", extension, warm)
        before = _in_peace(switch, lambda peace: True)
        failed += make_calls(switch, folder / "first", extension, calls // 2)
        between = _in_peace(switch, lambda peace: not peace.holdings.beyond(before.holdings))
        failed += make_calls(switch, folder / "second", extension, calls - calls // 2)
        after = _in_peace(switch, lambda peace: not peace.holdings.beyond(before.holdings))
        answered = sum(any(turn["heard"] for turn in record["turns"]) for record in switch.records().values())
        return Endured(calls + warm, failed, answered, before, between, after)


def make_calls(switch: Instance, folder: Path, extension: str, calls: int) -> int:
    """Call `extension` so many times, and wait until the last has ended. `folder` takes SIPp's files. Returns how many failed."""
    talk = Talk([QUESTION], pause_s=1.0, byte_ms=BYTE_MS)
    load = Load(
        switch.ports.sip,
        extension,
        calls=calls,
        seconds=CALL_S,
        folder=folder,
        talk=talk,
        start_rate=START_RATE,
        at_once=AT_ONCE,
    )
    with load:
        counts = load.wait(60 + 2 * calls * (CALL_S + 1) / AT_ONCE + calls / START_RATE)
    return calls - counts.successful


def _in_peace(switch: Instance, settled: Callable[[Peace], bool]) -> Peace:
    """What it holds once no call is up, it has been quiet for a while and has `settled`; or after `SETTLE_S`."""
    deadline = SYSTEM.deadline(SETTLE_S)
    SYSTEM.sleep(QUIET_S)
    while True:
        peace = Peace(resident_bytes(switch.pid), holdings(switch))
        if deadline.passed() or (not peace.holdings.channels and settled(peace)):
            return peace
        SYSTEM.sleep(0.5)


def rows_of(run: Endured) -> list[Row]:
    """The figures."""
    half = (run.calls - WARM_CALLS) // 2
    left = run.after.holdings.beyond(run.before.holdings)
    for kind, names in left.items():
        print(f"  {kind} left over: {dict(names)}")
    return [
        Row("calls that failed", run.failed, "calls", goal=0),
        Row("calls in which the caller was answered", 100 * run.answered / run.calls, "%", goal=90, at_least=True),
        Row("resident, before", run.before.resident / 1e6, "MB"),
        Row("growth per call, first half", (run.between.resident - run.before.resident) / half / 1024, "KB"),
        Row(
            "growth per call, second half",
            (run.after.resident - run.between.resident) / half / 1024,
            "KB",
            goal=GROWTH_KB,
        ),
        *(Row(f"{kind} left over", left[kind].total() if kind in left else 0, "", goal=0) for kind in KINDS),
        Row("connections kept warm", run.after.holdings.warm, ""),
    ]
