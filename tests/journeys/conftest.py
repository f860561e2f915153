"""Whole calls: the door, the host code, the call, the providers, a gateway; and what the caller heard, by ear."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from firstword import threads
from firstword.clock import Clock
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.sim.script import HangUp, Say, Script, Step, Wait, WaitFor
from firstword.sim.stage import Place, Played, Stage, configuration

BYTE_MS = 20
"""The quickest pace of the tone voice: a Chinese character in 60 ms."""
SPEED = 2.0
"""Calls run twice as fast as life, so that the suite is short; a slow machine still keeps the clock at that pace."""


class Theatre:
    """A gateway and a stage; each test sets them up as it needs, then plays."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.clock = Clock(SPEED)
        self.gateway: Gateway
        self.stage: Stage
        self._stack = stack

    def gate(self, *replies: Any, mind: Any = None, **options: Any) -> Theatre:
        made = GatewayOptions(byte_ms=BYTE_MS, **options)
        self.gateway = self._stack.enter_context(
            Gateway(made, mind=mind or ScriptedMind(list(replies)), clock=self.clock)
        )
        return self

    def set(self, place: Place | None = None, **profile: Any) -> Theatre:
        services = {kind: profile.pop(kind, {}) for kind in ("asr", "llm", "tts", "settings")}
        services["tools"] = profile.pop("tools_section", "")
        profile = {"greeting": "您好", "goodbye": "再见", "vad": "level", "min_speech_ms": 60, **profile}
        xml = configuration(place or Place.of(self.gateway), profile, **services)
        self.stage = self._stack.enter_context(Stage(self.folder, xml, clock=self.clock))
        return self

    def play(self, *steps: Step, profile: str = "default") -> Played:
        return self.stage.play(Script(steps, byte_ms=BYTE_MS), profile)


@contextmanager
def theatre_in(folder: Path) -> Iterator[Theatre]:
    with ExitStack() as stack:
        yield Theatre(folder, stack)


def descriptors() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except OSError:
            continue  # the descriptor of the listing itself
    return found


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    """A theatre that must leave no thread, descriptor or FIFO behind."""
    before, open_before = set(threads.alive()), descriptors()
    with theatre_in(tmp_path) as made:
        yield made
    until = time.monotonic() + 2  # spare connections are closed in order, behind the end of the services
    while set(threads.alive()) - before and time.monotonic() < until:
        time.sleep(0.005)
    assert set(threads.alive()) <= before
    assert {
        line.split()[1]
        for line in descriptors() - open_before
        if "pipe" in line or "socket" in line or str(tmp_path) in line
    } == set()
    assert list(tmp_path.rglob("*.r8")) == []


def say(text: str) -> Say:
    return Say(text, BYTE_MS)


def silence() -> WaitFor:
    """The bot has spoken and is silent again."""
    return WaitFor("silence", silence=0.5)


REPLY = WaitFor("reply")
END = WaitFor("end")
HANG_UP = HangUp()


def wait(seconds: float) -> Wait:
    return Wait(seconds)
