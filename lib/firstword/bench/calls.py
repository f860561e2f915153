"""Many calls at once in one process, each talking in turns: do they get in each other's way, and what is left when they end?

The calls are simulated in this process, callers included; the gateway with the tone voice runs in one of its own. Each caller says a
sentence that no other caller says, hears it back from the model, waits half a second and says the next: caller and bot speak some two
fifths of the time each, the rest is silence. The calls begin spread over one turn.

*heard*: what the callers' ears decoded, to the character, against what was said. A word of another call would show.
*underruns*: gaps inside replies, of the call records.
*lateness at the ear*: how much later than its moment each 20 ms frame reached the caller; the moments are 20 ms apart, beginning so that
the earliest frame of the call is on time. The simulated switch's own lateness is in it: it waits for the same interpreter.
*lateness of the clock*: how late the media clock's ticks began, of the last minute.
*memory*: what this process grew by (resident, at its largest) from where it stood after one call to try, per call; less what the callers
keep of what they hear (two bytes a sample and eight a frame), which no switch does. The rest of the simulated callers counts.
*left over*: threads, descriptors and FIFOs that are there when the calls have ended and were not before; connections kept warm for the next
call are none. Looked at twice, with the service still up and after its end; the larger number is told.
*processor*: of this process, callers included, of the gateway's, and of whatever else this machine did meanwhile, where 100 % is one
core. It is told, not judged.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import threads
from ..audio import tone
from ..clock import SYSTEM
from ..host import service
from ..sim.gateway_process import GatewayProcess
from ..sim.line import FRAMES_PER_SECOND
from ..sim.script import Say, Script, Step, Wait, WaitFor
from ..sim.stage import Played, Stage, configuration
from .processes import Processor, resident_bytes
from .report import Row, count, duration, median, percentile, report

PAUSE_S = 0.5
"""How long a caller is silent after a reply."""
LATE_MS = 40
MEMORY_MB = 3
SAMPLE_S = 1.0
SETTLE_S = 3.0
"""How long threads of calls that have ended may take to go."""


@dataclass(frozen=True)
class Load:
    """What is to be carried."""

    calls: int
    seconds: float
    byte_ms: int = tone.BYTE_MS
    first_token_ms: float = 300
    tokens_per_s: float = 20
    first_packet_ms: float = 150
    real_time_factor: float = 0.1
    vad: str = "webrtc"
    endpoint_ms: int = 500
    switch_interval_ms: float | None = None
    """None for the default of the settings."""

    @property
    def turn_s(self) -> float:
        """How long a turn takes, both speaking."""
        speech_s = tone.duration_ms(sentence(0, 0), self.byte_ms) / 1000
        waits_ms = self.endpoint_ms + self.first_token_ms + 2000 / self.tokens_per_s + self.first_packet_ms
        return 2 * speech_s + waits_ms / 1000 + PAUSE_S

    @property
    def turns(self) -> int:
        return max(1, int(self.seconds / self.turn_s))

    def gateway(self) -> dict[str, object]:
        return {
            "first-token-ms": self.first_token_ms,
            "tokens-per-s": self.tokens_per_s,
            "first-packet-ms": self.first_packet_ms,
            "real-time-factor": self.real_time_factor,
            "byte-ms": self.byte_ms,
        }  # without a script the model says what it was told

    def profile(self) -> dict[str, object]:
        return {"greeting": "", "vad": self.vad, "endpoint_ms": self.endpoint_ms}

    def settings(self) -> dict[str, object]:
        return {} if self.switch_interval_ms is None else {"switch_interval_ms": self.switch_interval_ms}

    def script(self, call: int, turns: int) -> Script:
        steps: list[Step] = [Wait(0.3)]
        for turn in range(turns):
            steps += [Say(sentence(call, turn), self.byte_ms), WaitFor("silence", within=60, silence=PAUSE_S)]
        return Script(tuple(steps), byte_ms=self.byte_ms)


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--calls", type=count, default=100, metavar="N", help="how many at once (default: 100)")
    parser.add_argument("--seconds", type=duration, default=60, metavar="S", help="how long each call is (default: 60)")
    parser.add_argument("--vad", default="webrtc", metavar="NAME", help="voice activity (default: webrtc)")
    parser.add_argument(
        "--live", action="store_true", help="on a real FreeSWITCH, found by FREESWITCH_PREFIX or in the usual places"
    )
    parser.add_argument(
        "--switch-interval-ms",
        type=float,
        metavar="MS",
        help="how often threads are made to take turns (default: the setting's own)",
    )


def run(args: argparse.Namespace) -> int:
    if args.live:
        from . import live

        carried = live.LiveLoad(args.calls, args.seconds, args.vad, switch_interval_ms=args.switch_interval_ms)
        return report("calls-live", live.measure(carried), args.json)
    load = Load(args.calls, args.seconds, vad=args.vad, switch_interval_ms=args.switch_interval_ms)
    return report("calls", measure(load), args.json)


def measure(load: Load) -> list[Row]:
    """Play the calls, and judge them when all have ended."""
    print(f"  {load.calls} calls of {load.turns} turns, {load.turns * load.turn_s:.0f} s each ...", flush=True)
    run = _play(load)
    print("  listening to what was heard ...", flush=True)
    return rows_of(load, run)


# -- the calls -----------------------------------------------------------------------------------------------------------


@dataclass
class Carried:
    """One load, carried."""

    played: list[Played]
    left: dict[str, int]
    """How many threads, descriptors and FIFOs were left over."""
    memory: _Memory
    clock_p99_ms: float
    clock_max_ms: float
    processor: float
    gateway_processor: float
    other_processor: float
    """All three in percent of a core."""


def _play(load: Load) -> Carried:
    with tempfile.TemporaryDirectory(prefix="firstword-bench-") as name, GatewayProcess(load.gateway()) as gateway:
        folder = Path(name)
        before = _open()
        interval = sys.getswitchinterval()
        try:
            xml = configuration(gateway.place, load.profile(), settings=load.settings())
            with Stage(folder, xml) as stage:
                stage.play(load.script(load.calls, 1))  # what a first call loads, the others find
                tried = _open_in_peace(lambda now: not threads_of_calls())
                ours, theirs, machine = Processor(os.getpid()), Processor(gateway.pid), Processor(None)
                with _memory(stage, load.calls) as memory:
                    scripts = [load.script(call, load.turns) for call in range(load.calls)]
                    played = stage.play_all(scripts, apart_s=load.turn_s / load.calls)
                shares = ours.percent(), theirs.percent()
                others = max(0.0, machine.percent() - sum(shares))
                lateness = service.current().media.lateness
                ended = _open_in_peace(lambda now: now.threads <= tried.threads)
                left = {"FIFOs": len([path for path in folder.rglob("*") if path.is_fifo()])}
            closed = _open_in_peace(lambda now: now.threads <= before.threads)
        finally:
            sys.setswitchinterval(interval)
        left["threads"] = max(len(ended.threads - tried.threads), len(closed.threads - before.threads))
        # A socket of the service that stays up is a connection kept warm.
        left["descriptors"] = max(0, ended.others - tried.others, closed.descriptors - before.descriptors)
        return Carried(played, left, memory, lateness.p99_ms, lateness.max_ms, *shares, others)


def sentence(call: int, turn: int) -> str:
    """What caller `call` says in `turn`, and nobody else does."""
    digits = "零一二三四五六七八九"
    number = "".join(digits[int(digit)] for digit in f"{call:03d}")
    return f"好的，{number}号第{digits[turn // 10 % 10]}{digits[turn % 10]}次查询"


# -- what is judged ------------------------------------------------------------------------------------------------------


def rows_of(load: Load, run: Carried) -> list[Row]:
    """The figures of a load that was carried."""
    said = [[sentence(call, turn) for turn in range(load.turns)] for call in range(load.calls)]
    right = sum(_right(one, texts) for one, texts in zip(run.played, said, strict=True))
    late = np.concatenate([lateness_ms(one) for one in run.played])
    audio = [one.record.get("audio", {}) for one in run.played]
    words = [
        turn["ms"]["first_word"] - turn["ms"]["endpoint"] - load.first_token_ms - load.first_packet_ms
        for one in run.played
        for turn in one.record.get("turns", ())
        if turn["ms"]["first_word"] is not None
    ]
    return [
        Row("calls that ran through", _through(run.played), "calls", goal=load.calls, at_least=True),
        Row("replies heard as they were said", 100 * right / (load.calls * load.turns), "%", goal=100, at_least=True),
        Row("underruns", sum(one.get("underruns", 0) for one in audio), "gaps", goal=0),
        Row("lateness at the ear, p99", float(np.percentile(late, 99)), "ms", goal=LATE_MS),
        Row("lateness at the ear, largest", float(late.max()), "ms"),
        Row("lateness of the clock, p99", run.clock_p99_ms, "ms", goal=LATE_MS),
        Row("lateness of the clock, largest", run.clock_max_ms, "ms"),
        Row("memory per call", run.memory.per_call_mb, "MB", goal=MEMORY_MB),
        *(Row(f"{what} left over", count, "", goal=0) for what, count in sorted(run.left.items())),
        # One more token than the first holds the first clause, at this pace of the model.
        Row("first word beyond endpoint and gateway, median", median(words) if words else 0.0, "ms"),
        Row("first word beyond endpoint and gateway, p99", percentile(words, 99) if words else 0.0, "ms"),
        Row("processor, this process", run.processor, "%"),
        Row("processor, the gateway", run.gateway_processor, "%"),
        Row("processor, everything else", run.other_processor, "%"),
    ]


def _through(played: Sequence[Played]) -> int:
    for one in played:
        if one.conversation.failure or one.error:
            print(f"  {one.call.uuid}: {one.conversation.failure} {one.error}")
    return sum(not one.conversation.failure and not one.error for one in played)


def _right(played: Played, texts: Sequence[str]) -> int:
    """How many of the replies were heard, each after the one before, and are in the record so."""
    heard = played.conversation.heard_text()
    recorded = [turn["heard"] for turn in played.record.get("turns", ())]
    right = at = 0
    for number, text in enumerate(texts):
        found = heard.find(text, at)
        if found >= 0:
            at = found + len(text)
            right += number < len(recorded) and recorded[number] == text
    return right


def lateness_ms(played: Played) -> npt.NDArray[np.float64]:
    """How late each frame came to the ear. After a gap the switch goes on at new moments: the frame that ends it is late by all of it."""
    line = played.conversation.line
    arrivals = np.frombuffer(line.arrivals, np.float64)
    if not len(arrivals):
        return np.zeros(1)
    slots = np.arange(len(arrivals), dtype=np.float64)
    for frame, missing in line.gaps:
        slots[frame + 1 :] += missing
    offsets = arrivals - slots / FRAMES_PER_SECOND
    late: npt.NDArray[np.float64] = (offsets - offsets.min()) * 1000
    return late


# -- what this process holds ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Open:
    """What this process has open just now."""

    threads: frozenset[str]
    descriptors: int
    others: int
    """Descriptors that are no sockets."""


def _open() -> _Open:
    names = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            names.append(str(link.readlink()))
        except OSError:
            continue  # the descriptor of the listing itself
    others = sum(not name.startswith("socket:") for name in names)
    return _Open(frozenset(threads.alive()), len(names), others)


def threads_of_calls() -> list[str]:
    """The threads made for calls that still run: their names hold the call's."""
    return [name for name in threads.alive() if name.startswith(("session-", "call-", "asr-", "tts-", "llm-"))]


def _open_in_peace(settled: Callable[[_Open], bool]) -> _Open:
    """What is open once it has `settled`, or after `SETTLE_S`."""
    deadline = SYSTEM.deadline(SETTLE_S)
    while not settled(now := _open()) and not deadline.passed():
        SYSTEM.sleep(0.05)
    return now


@dataclass
class _Memory:
    """This process's resident memory, less what the callers recorded."""

    calls: int
    base: int
    peak: int = 0
    frames: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For each call how many frames it heard, and the bytes of one."""

    def look(self, stage: Stage) -> None:
        for call in list(stage.switch.calls.values()):
            self.frames[call.uuid] = (call.line.frames, call.line.frame_bytes)
        recorded = sum(frames * (size + 8) for frames, size in self.frames.values())
        self.peak = max(self.peak, resident_bytes() - self.base - recorded)

    @property
    def per_call_mb(self) -> float:
        return self.peak / self.calls / 1e6


@contextmanager
def _memory(stage: Stage, calls: int) -> Iterator[_Memory]:
    """Watches the memory, and tells how far the calls are, while the context lasts."""
    memory, over = _Memory(calls, resident_bytes()), threading.Event()
    began = SYSTEM.now()

    def watch() -> None:
        told = 0
        while not SYSTEM.wait(over, SAMPLE_S):
            memory.look(stage)
            passed = int(SYSTEM.now() - began)
            if passed >= told + 10:
                told = passed
                print(f"  {passed:>4} s: {len(stage.switch.calls)} calls", flush=True)

    thread = threads.spawn("bench-memory", watch)
    try:
        memory.look(stage)
        yield memory
    finally:
        over.set()
        threads.join([thread], SETTLE_S)
