"""Many calls at once, held by SIPp: they talk in the tone voice, or send nothing.

    with Load(port, "bot", calls=100, seconds=60, folder=folder, talk=Talk(("你好",))) as load:
        load.up(30)                     # all are answered
        ...                             # measure, with a Phone
        load.release()                  # or they end by themselves
        load.wait(10)
    load.counts.failed

What SIPp 3.6.1's ``rtp_stream`` is like, measured with 50 calls on loopback: 0.04-0.07 of a core and one thread for 20 calls (its
``play_pcap_audio``: 0.09, a thread a call, and only for root); all calls send from one port and in step, at the full 20 ms of its clock;
98 of 100 packets come 20 ms after the one before, the others 16 ms late and together with the next. So it is for load; a `phone.Phone`
measures.
"""

from __future__ import annotations

import csv
import math
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..audio import pcm, tone
from ..clock import SYSTEM
from ..errors import HostError, ScriptError
from .punctual import go_first
from .scenario import enough, scenario

PROGRAM = "sipp"
HOST = "127.0.0.1"
RATE = 8000
START_RATE = 20.0
"""Calls begun per second, unless told otherwise."""
ANSWER_S = 30
GRACE_S = 30.0
"""How long it may take beyond its calls, before it ends by itself."""
STOP_S = 3.0
LOOK_S = 0.1
EXPECTED = ("The following events occurred", "jumping to label")
"""What SIPp writes among its errors: a head line, and the end of a hold."""
FILE_NAME_BYTES = 200
"""A longer one SIPp does not take."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What every call says, again and again, in PCMA: a pause, a sentence, a pause, the next."""

    sentences: Sequence[str]
    pause_s: float = 3.0
    byte_ms: int = tone.BYTE_MS

    def alaw(self) -> bytes:
        """One round, in whole packets."""
        parts = (
            pcm.silence(self.pause_s * 1000, RATE) + tone.speak(text, RATE, self.byte_ms) for text in self.sentences
        )
        sound = b"".join(parts)
        return pcm.alaw_encode(sound + bytes(-len(sound) % pcm.frame_bytes(RATE)))


@dataclass(frozen=True, slots=True)
class Counts:
    """What SIPp says of its calls."""

    created: int = 0
    current: int = 0
    successful: int = 0
    failed: int = 0
    repeated: int = 0
    """Messages that had to be sent again."""


class Load:
    """So many calls, held for so long. A context manager; it ends with the context, or by itself. One thread at a time.

    Args:
        port: where the switch listens for SIP, on 127.0.0.1.
        extension: whom all of them call.
        calls: how many.
        seconds: how long all of them are up at once; with `at_once`, how long each is.
        folder: takes the scenario, the sound and SIPp's files.
        talk: None for calls that send no RTP.
        start_rate: how many begin in a second, at most.
        at_once: so many are up, at most: when one has ended the next begins. None for all of them.

    Raises:
        HostError: when made: SIPp is not installed.
    """

    def __init__(
        self,
        port: int,
        extension: str,
        *,
        calls: int,
        seconds: float,
        folder: Path,
        talk: Talk | None = None,
        start_rate: float = START_RATE,
        at_once: int | None = None,
    ) -> None:
        program = shutil.which(PROGRAM)
        if program is None:
            raise HostError("the load needs SIPp: apt-get install sip-tester")
        if calls < 1 or seconds <= 0 or start_rate <= 0:
            raise ScriptError(f"a load is of at least one call for some time, not {calls} for {seconds:g} s")
        self.calls = calls
        self.at_once = at_once or calls
        self.hold_s = seconds if at_once else seconds + calls / start_rate
        """How long each call is held: of a load that is up at once, the first must wait for the last."""
        self._program = program
        self._target = (port, extension)
        self._folder = folder
        self._talk = talk
        self._start_rate = start_rate
        self._process: subprocess.Popen[bytes] | None = None
        self._sip_port = 0
        self._call_id = f"{secrets.token_hex(6)}@{HOST}"

    def __enter__(self) -> Load:
        self._folder.mkdir(parents=True, exist_ok=True)
        sound = self._folder / "talk.alaw"
        if self._talk is not None:
            if len(str(sound).encode()) > FILE_NAME_BYTES:
                raise ScriptError(f"SIPp takes no file name as long as {sound}")
            sound.write_bytes(self._talk.alaw())
        plan = scenario(self._target[1], self.hold_s, sound if self._talk is not None else None)
        (self._folder / "scenario.xml").write_text(plan)
        self._process = subprocess.Popen(
            self._command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        go_first(self.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _command(self) -> list[str]:
        self._sip_port, media = _free_ports()
        rate, period_ms = (self._start_rate, 1000) if self._start_rate >= 1 else (1, round(1000 / self._start_rate))
        options: dict[str, object] = {
            "sf": self._folder / "scenario.xml",
            "i": HOST,
            "mi": HOST,
            "p": self._sip_port,
            "mp": media,
            "m": self.calls,
            "l": self.at_once,
            "r": round(rate),
            "rp": period_ms,
            "timeout": f"{self._lasts_s + GRACE_S:.0f}s",
            "recv_timeout": ANSWER_S * 1000,
            "cid_str": "%u." + self._call_id,
            "watchdog_interval": 0,  # it gives up on a machine that is busy
            "stf": self._folder / "counts.csv",
            "fd": 1,
            "error_file": self._folder / "errors.log",
        }
        named = [part for name, value in options.items() for part in (f"-{name}", str(value))]
        return [self._program, f"{HOST}:{self._target[0]}", *named, "-trace_stat", "-trace_err", "-aa", "-nostdin"]

    @property
    def _lasts_s(self) -> float:
        """How long all of it takes, where each call is answered at once and ends a second after its time."""
        return self.calls / self._start_rate + (self.hold_s + 1.0) * math.ceil(self.calls / self.at_once)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the load was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def counts(self) -> Counts:
        """As of the last whole second, or of its end."""
        try:
            with (self._folder / "counts.csv").open(newline="") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        except FileNotFoundError:
            return Counts()
        if not rows or rows[-1].get("Retransmissions(C)") is None:
            rows = rows[:-1]
        if not rows:
            return Counts()
        names = ("TotalCallCreated", "CurrentCall", "SuccessfulCall(C)", "FailedCall(C)", "Retransmissions(C)")
        return Counts(*(int(rows[-1].get(name) or 0) for name in names))

    def up(self, seconds: float) -> None:
        """Wait until all calls have been made and none is missing. Raises HostError: some failed, or they are not up in time."""
        deadline = SYSTEM.deadline(seconds)
        while (counts := self.counts).current < self.calls:
            if counts.failed or not self.running:
                raise HostError(
                    f"the load lost {counts.failed or self.calls} of {self.calls} calls: {self.complaint()}"
                )
            if deadline.passed():
                raise HostError(f"the load has {counts.current} of {self.calls} calls after {seconds:g} s")
            SYSTEM.sleep(LOOK_S)

    def wait(self, seconds: float) -> Counts:
        """Wait for its own end. Raises HostError if it does not come within `seconds`."""
        assert self._process is not None, "the load was not started"
        deadline = SYSTEM.deadline(seconds)
        while self.running:
            if deadline.passed():
                raise HostError(f"the load did not end within {seconds:g} s: {self.counts}")
            SYSTEM.sleep(LOOK_S)
        return self.counts

    def release(self) -> None:
        """Let all calls hang up now, and begin no more. Next: `wait`."""
        if not self.running:
            return
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind((HOST, 0))
            port: int = out.getsockname()[1]
            for number in range(1, self.calls + 1):
                out.sendto(enough(f"{number}.{self._call_id}", port).pack(), (HOST, self._sip_port))

    def complaint(self) -> str:
        """The first thing that SIPp did not expect, in one line, or ""."""
        path = self._folder / "errors.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        told = [line.rpartition("\t")[2] for line in lines if not any(words in line for words in EXPECTED)]
        return " ".join(" ".join(told[:3]).split())[:300]

    def close(self) -> None:
        """`release`, and wait a little for SIPp's end; it is killed if it does not come. Idempotent."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self.release()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)


def _free_ports() -> tuple[int, int]:
    """Two of 127.0.0.1 for UDP: one for SIP, and an even one whose next but one is free too, as SIPp wants it for media."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as signals,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media,
        ):
            signals.bind((HOST, 0))
            media.bind((HOST, 0))
            port: int = media.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
                try:
                    second.bind((HOST, port + 2))
                except (OSError, OverflowError):
                    continue
            if port % 2 == 0:
                return signals.getsockname()[1], port
