"""Many calls at once on a real FreeSWITCH, through SIP and RTP: what a caller hears of them, and when.

``firstword bench calls --live`` starts a FreeSWITCH of its own on loopback (found by ``FREESWITCH_PREFIX`` or in the usual places), with
this firstword in it, and a gateway with the tone voice beside it. SIPp holds the load: calls that say a sentence, hear it back, and say it
again: caller and bot talk some two fifths of the time each. A few calls more are phones of our own; the figures are theirs. They take
turns, and interrupt a story. All of it shares this machine. The start-up buffer is 0.

*gap*: the time between two packets at the caller's ear, by the kernel's clock. *sequence*: packets lost, doubled or out of order.
*audio to RTP*: from the synthesiser's first audio of a reply, as the call record has it, to the first packet at the phone that sounds.
*caller to recogniser*: from the phone's first packet of a sentence to the message that brings its sound to the gateway.
*stop at the ear*: from the phone's first packet of an interruption to the last packet of the reply that sounds.
*memory*: what the FreeSWITCH process grew by (resident, at its largest) from where it stood after one call, per call; Python included.
*processor*: of the processes, where 100 % is one core. It is told, not judged.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import tone
from ..clock import SYSTEM
from ..errors import HostError
from ..live.find import find
from ..live.instance import Instance
from ..live.load import Load, Talk
from ..live.phone import Phone
from ..live.punctual import go_first
from ..sim.caller import Conversation, converse
from ..sim.gateway_process import GatewayProcess
from ..sim.script import Say, Script, Step, Wait, WaitFor
from ..sim.stage import configuration
from .processes import Processor, resident_bytes
from .report import Row, median, percentile

PHONES = 2
ASK, STOP = "讲个故事", "好了停一下"
STORY = "从前有一座山，山上有一座庙，庙里有一位老和尚，正在给小和尚讲故事，他讲的是：" * 4
PAUSE_S = 0.5
ROUND_S = 14
"""How long a turn and an interruption take."""
UP_S = 60.0
END_S = 90.0
TRIED_S = 1.0
NEAR_S = 0.5
"""A sound of the caller that is later than so much at the gateway is another one."""
QUIET_S = 0.35
"""Between the last packet of a reply that was interrupted and the first of the next there is more."""


@dataclass(frozen=True)
class LiveLoad:
    """What is to be carried, and the limits of it."""

    calls: int
    seconds: float
    vad: str = "webrtc"
    byte_ms: int = 80
    """Four Chinese characters a second: the pace of Mandarin."""
    switch_interval_ms: float | None = None
    """None for the default of the settings."""

    @property
    def phones(self) -> int:
        return min(PHONES, self.calls)

    @property
    def rounds(self) -> int:
        """How many turns, each with an interruption after it."""
        return max(1, round(self.seconds / ROUND_S))

    def script(self, phone: int) -> Script:
        steps: list[Step] = [Wait(0.3 + 0.7 * phone)]
        for number in range(self.rounds):
            steps += [self._say(question(phone, number)), WaitFor("silence", within=30, silence=PAUSE_S)]
            steps += [self._say(ASK), WaitFor("reply", within=30), Wait(1.0 + 0.13 * number)]
            steps += [self._say(STOP), WaitFor("silence", within=30, silence=PAUSE_S)]
        return Script(tuple(steps), byte_ms=self.byte_ms)

    def _say(self, text: str) -> Say:
        return Say(text, self.byte_ms)

    def talk(self) -> Talk:
        """Of the load: a sentence, then time for the answer, which is the same sentence."""
        text = "好的，请再查一次订单"
        return Talk([text], pause_s=tone.duration_ms(text, self.byte_ms) / 1000 + 1.8, byte_ms=self.byte_ms)

    def gateway(self, folder: Path) -> dict[str, object]:
        script = folder / "replies.json"
        script.write_text(json.dumps({"match": [{"when": ASK, "text": STORY}], "otherwise": "echo"}))
        return {
            "first-token-ms": 300,
            "tokens-per-s": 20,
            "first-packet-ms": 150,
            "real-time-factor": 0.1,
            "byte-ms": self.byte_ms,
            "script": script,
            "journal": folder / "journal.jsonl",
        }


def question(phone: int, number: int) -> str:
    """What phone `phone` asks in round `number`, and nobody else does."""
    digits = "零一二三四五六七八九"
    return f"第{digits[phone % 10]}台第{digits[number % 10]}次"


@dataclass
class Heard:
    """One phone's call, from all sides."""

    phone: Phone
    conversation: Conversation
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def said_at(self) -> list[float]:
        """When the first packet of each sentence left."""
        sent = self.phone.mouth.sent
        return [one.at for before, one in itertools.pairwise(sent) if one.voiced and not before.voiced]


@dataclass
class Carried:
    """A load that was carried."""

    heard: list[Heard]
    journal: list[dict[str, Any]]
    failed: int
    memory_mb: float
    processor: dict[str, float]
    records: dict[str, dict[str, Any]]


def measure(load: LiveLoad) -> list[Row]:
    """Carry the load; the figures. Raises ConfigError or HostError: no FreeSWITCH, no SIPp, or it does not come up."""
    print(f"  {load.calls} calls on a FreeSWITCH of its own, {load.rounds * ROUND_S} s ...", flush=True)
    return rows_of(load, carry(load))


def carry(load: LiveLoad) -> Carried:
    """Play the calls; returns when all have ended."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firstword-live-", dir=in_memory())))
        installation = find()
        with GatewayProcess(load.gateway(folder)) as gateway:
            go_first(gateway.pid)  # it stands for services that have machines of their own
            profile = {"greeting": "", "vad": load.vad, "startup_ms": 0}
            interval = load.switch_interval_ms
            settings = {} if interval is None else {"switch_interval_ms": interval}
            xml = configuration(gateway.place, profile, settings=settings)
            switch = stack.enter_context(Instance(installation, folder / "switch", xml))
            _try_one(switch)
            carried = _carry(load, switch, gateway, folder)
        carried.journal = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        return carried


def in_memory() -> str | None:
    """Where files cost no disk, as in the ``/run`` of every distribution: each frame through a pipe changes its file's times."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _try_one(switch: Instance) -> None:
    """What a first call loads, the others find."""
    with Phone(switch.ports.sip, "bot") as phone:
        phone.call()
        SYSTEM.sleep(TRIED_S)


def _carry(load: LiveLoad, switch: Instance, gateway: GatewayProcess, folder: Path) -> Carried:
    base, failed = resident_bytes(switch.pid), 0
    with contextlib.ExitStack() as stack:
        others = load.calls - load.phones
        crowd = None
        if others:
            crowd = stack.enter_context(
                Load(
                    switch.ports.sip,
                    "bot",
                    calls=others,
                    seconds=END_S + load.seconds,
                    folder=folder / "load",
                    talk=load.talk(),
                )
            )
            crowd.up(UP_S)
            print(f"  {others} calls are up; {load.phones} phones talk ...", flush=True)
        pids = {"FreeSWITCH, Python included": switch.pid, "the gateway": gateway.pid}
        if crowd is not None:
            pids["SIPp"] = crowd.pid
        meters = {name: Processor(pid) for name, pid in pids.items()}
        whole = Processor(None)
        phones = [stack.enter_context(Phone(switch.ports.sip, "bot")) for _ in range(load.phones)]
        heard = _talk(load, phones)
        shares = {name: meter.percent() for name, meter in meters.items()}
        shares["everything"] = whole.percent()
        peak = resident_bytes(switch.pid)
        if crowd is not None:
            crowd.release()
            failed = crowd.wait(END_S).failed
    uuids = _uuids(switch, heard)
    for one, uuid in zip(heard, uuids, strict=True):
        one.record = switch.records().get(uuid, {})
    if any(one.conversation.failure for one in heard):
        _complain(switch, heard)
    return Carried(heard, [], failed, (peak - base) / load.calls / 1e6, shares, switch.records())


def _complain(switch: Instance, heard: list[Heard]) -> None:
    """What kept a conversation from running through, and the last that the switch and firstword had to say about it."""
    for one in heard:
        if one.conversation.failure:
            print(f"  {one.phone.name}: {one.conversation.failure}")
    for line in [line for line in switch.log().splitlines() if "[ERR]" in line or "[WARNING]" in line][-20:]:
        print(f"  {line[:200]}")
    if not switch.running:
        print("  FreeSWITCH has ended")


def _talk(load: LiveLoad, phones: list[Phone]) -> list[Heard]:
    def play(number: int) -> Heard:
        phone = phones[number]
        phone.call()
        conversation = converse(phone, load.script(number))
        phone.close()
        return Heard(phone, conversation)

    with futures.ThreadPoolExecutor(len(phones), "phone") as pool:
        return list(pool.map(play, range(len(phones))))


def _uuids(switch: Instance, heard: list[Heard]) -> list[str]:
    """Which record is whose: by what was asked. Waits for the last to be written."""
    deadline = SYSTEM.deadline(NEAR_S * 20)
    while True:
        first = {record["turns"][0]["caller"]: uuid for uuid, record in switch.records().items() if record["turns"]}
        found = [first.get(question(number, 0), "") for number in range(len(heard))]
        if all(found) or deadline.passed():
            return found
        SYSTEM.sleep(0.1)


# -- what is judged ------------------------------------------------------------------------------------------------------


def rows_of(load: LiveLoad, run: Carried) -> list[Row]:
    """The figures of a load that was carried."""
    gaps = np.concatenate([one.phone.ear.gaps_ms() for one in run.heard])
    out = [ms for one in run.heard for ms in audio_to_rtp_ms(one)]
    into = [ms for one in run.heard for ms in caller_to_recogniser_ms(one, run.journal)]
    stops = [ms for one in run.heard for ms in stops_ms(one)]
    audio = [record.get("audio", {}) for record in run.records.values()]
    right = sum(_right(load, number, one) for number, one in enumerate(run.heard))
    if not (out and into and stops):
        raise HostError("too few of the calls were heard through: there is nothing to measure")
    return [
        Row("calls of the load that failed", run.failed, "calls", goal=0),
        Row(
            "replies heard as they were said",
            100 * right / (len(run.heard) * load.rounds),
            "%",
            goal=100,
            at_least=True,
        ),
        Row("RTP gap at the ear, p99", float(np.percentile(gaps, 99)), "ms", goal=25),
        Row("RTP gap at the ear, largest", float(gaps.max()), "ms", goal=60),
        Row("packets measured", float(len(gaps) + 1), ""),
        Row("sequence gaps", float(sum(one.phone.ear.lost + one.phone.ear.late for one in run.heard)), "", goal=0),
        *_spread("audio to RTP", out, 45, 70),
        Row("caller to recogniser, median", median(into), "ms", goal=40),
        Row("caller to recogniser, p99", percentile(into, 99), "ms"),
        Row("sentences measured", float(len(into)), ""),
        Row("stop at the ear, median", median(stops), "ms"),
        Row("stop at the ear, p95", percentile(stops, 95), "ms", goal=350),
        Row("interruptions measured", float(len(stops)), ""),
        Row("underruns, all calls", float(sum(one.get("underruns", 0) for one in audio)), "gaps"),
        Row("ticks that found a pipe empty", float(sum(one.get("late", 0) for one in audio)), ""),
        Row("memory per call", run.memory_mb, "MB"),
        *(Row(f"processor, {name}", share, "%") for name, share in run.processor.items()),
        Row("processor per call, FreeSWITCH", run.processor["FreeSWITCH, Python included"] / load.calls, "%"),
    ]


def _spread(name: str, values: list[float], middle: float, high: float) -> list[Row]:
    return [
        Row(f"{name}, median", median(values), "ms", goal=middle),
        Row(f"{name}, p99", percentile(values, 99), "ms", goal=high),
        Row("replies measured", float(len(values)), ""),
    ]


def audio_to_rtp_ms(one: Heard) -> list[float]:
    """For each reply of the record: how much later than its first audio it was at the ear."""
    delays = []
    for turn in one.record.get("turns", ()):
        if turn["ms"]["first_audio"] is None or turn["ms"]["first_word"] is None:
            continue
        came = one.record["answered_at"] + (turn["at_ms"] + turn["ms"]["first_audio"]) / 1000
        onset = next((at for at in one.phone.line.onsets if at >= came), None)
        if onset is not None:
            delays.append((onset - came) * 1000)
    return delays


def caller_to_recogniser_ms(one: Heard, journal: list[dict[str, Any]]) -> list[float]:
    """For each sentence of the phone: how much later its sound was at the gateway. Of all recognisers its own is the one that heard them
    all, and soonest."""
    heard = [_delays(one.said_at, visit["sounds"]) for visit in journal if visit["service"] == "asr"]
    most = max((len(delays) for delays in heard), default=0)
    return min((delays for delays in heard if len(delays) == most), key=sum, default=[])


def _delays(said: list[float], sounds: list[float]) -> list[float]:
    firsts = ((at, next((sound for sound in sounds if sound >= at), None)) for at in said)
    return [(sound - at) * 1000 for at, sound in firsts if sound is not None and sound - at < NEAR_S]


def stops_ms(one: Heard) -> list[float]:
    """For each interruption: how long the reply still sounded at the ear."""
    loud = np.array([at for at, sounding in _frames(one) if sounding])
    stops = []
    begins = [at for at, step in one.conversation.steps if step.startswith(f"say: {STOP}")]
    for begin in begins:
        said = next((at for at in one.said_at if at >= begin), None)
        if said is None:
            continue
        after = loud[loud >= said]
        if not len(after) or after[0] - said > QUIET_S:
            continue  # the story had ended by itself
        breaks = np.flatnonzero(np.diff(after) > QUIET_S)
        last = after[breaks[0]] if len(breaks) else after[-1]
        stops.append((float(last) - said) * 1000)
    return stops


def _frames(one: Heard) -> list[tuple[float, bool]]:
    """Each frame that was heard: when, and whether it sounds."""
    line = one.phone.line
    samples = np.frombuffer(line.heard(), "<i2").reshape(-1, line.frame_bytes // 2)
    return list(zip(line.arrivals, (np.abs(samples.astype(np.int32)).max(axis=1) > 256).tolist(), strict=False))


def _right(load: LiveLoad, phone: int, one: Heard) -> int:
    """How many of its questions the phone heard back, in order."""
    heard, at, right = one.conversation.heard_text(), 0, 0
    for number in range(load.rounds):
        found = heard.find(question(phone, number), at)
        if found >= 0:
            at, right = found + 1, right + 1
    return right
