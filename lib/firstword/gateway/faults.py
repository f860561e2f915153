"""Faults on purpose: what a service may do wrong, set per service on a running gateway.

From Python ``gateway.faults.set("tts", Fault("cut", events=5))``, also as a context manager; on the command line
``--fault tts:cut-events=5``.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, get_args

from ..errors import ConfigError
from ..options import did_you_mean

Kind = Literal["refused", "status", "failed", "silent", "cut", "malformed", "slow"]
KINDS: tuple[str, ...] = get_args(Kind)
SERVICES = (
    "tts",
    "asr",
    "llm",
    "token",
    "nls",
    "dashscope",
    "cosyvoice",
    "paraformer",
    "realtime",
    "qwen-tts",
    "qwen-asr",
    "generation",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong.

    Args:
        kind: ``refused``: the connection is reset before an answer. ``status``: HTTP `value` instead of an answer. ``failed``:
            TaskFailed with code `value` (NLS), an error inside the answer (chat), an ErrCode (token). ``silent``: accepts, then says
            nothing and never closes. ``cut``: the connection ends without a word; what was sent before arrives. ``malformed``: one
            message is broken JSON; what follows is sound. ``slow``: every message comes `value` milliseconds late.
        value: see `kind`.
        events: failed, silent, cut and malformed wait until so many messages (NLS: text and binary; chat: SSE events) have been sent;
        bytes: or until so many bytes of audio (NLS) or of the SSE stream (chat) have: a cut then falls exactly there.
        times: only the first so many connections go wrong; 0 means all.

    A connection to ``/ws/v1`` says only after the upgrade which service it wants: ``refused`` and ``status`` of ``tts`` and ``asr`` happen
    at the upgrade on the URLs that name the service (`Gateway.tts_url`, `Gateway.asr_url`), and on ``/ws/v1`` at
    the first message, as a reset or as the TaskFailed that means the same. ``nls`` is the upgrade itself, whatever is wanted.
    So it is with DashScope's task protocol: ``dashscope`` is the upgrade, and ``cosyvoice`` and ``paraformer`` (every recogniser) go wrong
    from ``run-task`` on, each task anew.
    ``realtime`` is the upgrade of DashScope's realtime door; its address names the model, so the same two of ``qwen-tts`` and ``qwen-asr``
    happen there too, and their ``failed`` is an ``error``: 400 bad text, 402 no money, 418 bad voice, 429 too many requests, 451 content.
    ``generation`` is DashScope's native protocol of models, whose ``failed`` takes an HTTP status as `value`; 451, or none, is the
    inspection of the content.
    """

    kind: Kind
    value: int = 0
    events: int = 0
    bytes: int = 0
    times: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"no fault {self.kind!r}{did_you_mean(self.kind, KINDS)}; known: {', '.join(KINDS)}")
        if self.kind in ("status", "slow") and self.value <= 0:
            raise ConfigError(f"the fault {self.kind} needs a value: --fault SERVICE:{self.kind}=N")
        if min(self.value, self.events, self.bytes, self.times) < 0:
            raise ConfigError(f"the numbers of the fault {self.kind} can not be negative")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a message: ``pass`` it, or the fault's kind; of a ``cut`` message the first `keep` bytes still go out."""

    act: Literal["pass", "failed", "silent", "cut", "malformed"] = "pass"
    keep: int = 0


PASS = Verdict()


class Armed:
    """The fault of one connection, with what it has counted so far. Of the gateway's loop."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self._events = 0
        self._bytes = 0
        self._spent = False

    @property
    def slow_ms(self) -> float:
        return float(self.fault.value) if self.fault and self.fault.kind == "slow" else 0.0

    def at_the_door(self) -> Fault | None:
        """The fault, if it is one that replaces the answer to the connection itself."""
        return self.fault if self.fault and self.fault.kind in ("refused", "status") else None

    def judge(self, size: int) -> Verdict:
        """What to do with the next message, which counts `size` bytes. Call once per message, in order."""
        fault = self.fault
        if fault is None or fault.kind not in ("failed", "silent", "cut", "malformed"):
            return PASS
        due = self._bytes + size > fault.bytes if fault.bytes else self._events >= fault.events
        keep = fault.bytes - self._bytes if fault.bytes else 0
        self._events += 1
        self._bytes += size
        if not due or (self._spent and fault.kind == "malformed"):
            return PASS
        self._spent = True
        return Verdict(fault.kind, max(0, keep))

    @property
    def mute(self) -> bool:
        """Whether a silent fault has begun: then nothing is ever said again, not even that the client was idle."""
        return self._spent and self.fault is not None and self.fault.kind == "silent"


class Faults:
    """The faults of a gateway, one per service. Any thread."""

    def __init__(self) -> None:
        self._set: dict[str, Fault] = {}
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def set(self, service: str, fault: Fault) -> Setting:
        """From the next connection on `service` goes wrong. Use the result as a context manager to end it again.

        Raises:
            ConfigError: no such service.
        """
        if service not in SERVICES:
            raise ConfigError(f"no service {service!r}{did_you_mean(service, SERVICES)}; known: {', '.join(SERVICES)}")
        with self._lock:
            self._set[service] = fault
            self._left[service] = fault.times or -1
        return Setting(self, service)

    def clear(self, service: str = "") -> None:
        """All is well again, with one service or with all."""
        with self._lock:
            for name in (service,) if service else tuple(self._set):
                self._set.pop(name, None)

    def arm(self, service: str) -> Armed:
        """The fault of a new connection; uses up one of its `times`."""
        with self._lock:
            fault = self._set.get(service)
            if fault is None or self._left[service] == 0:
                return Armed()
            self._left[service] -= 1 if self._left[service] > 0 else 0
            return Armed(fault)


class Setting:
    """A fault that was set; leaving the block clears it."""

    def __init__(self, faults: Faults, service: str) -> None:
        self._faults, self._service = faults, service

    def __enter__(self) -> Setting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._faults.clear(self._service)


def parse(text: str) -> tuple[str, Fault]:
    """A fault from the command line: ``SERVICE:KIND[=VALUE][,events=N][,bytes=N][,times=N]``.

    ``cut-events=5`` is short for ``cut,events=5``.

    Raises:
        ConfigError: it does not read like that.
    """
    service, colon, rest = text.partition(":")
    if not colon or service not in SERVICES:
        raise ConfigError(f"--fault {text}: begin with one of {', '.join(s + ':' for s in SERVICES)}")
    first, *others = rest.split(",")
    name, _, value = first.partition("=")
    kind, dash, trigger = name.partition("-")
    parts = [f"{trigger}={value}", *others] if dash else others
    try:
        fault = Fault(kind, int(value) if value and not dash else 0)  # type: ignore[arg-type]
        for part in parts:
            key, _, number = part.partition("=")
            if key not in ("events", "bytes", "times"):
                raise ConfigError(f"--fault {text}: no part {key!r}; known: events=N, bytes=N, times=N")
            fault = replace(fault, **{key: int(number)})  # type: ignore[arg-type]
    except ValueError:
        raise ConfigError(f"--fault {text}: takes whole numbers, such as {service}:cut,events=5,times=1") from None
    return service, fault
