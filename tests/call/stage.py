"""A call without audio: its line, its host and its services are doubles, and the story says what happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mock import Mock

from firstword import events as ev
from firstword.call.call import Call
from firstword.call.dialogue import Services
from firstword.call.profile import Profile
from firstword.call.record import CallRecord
from firstword.call.tools import Request, Toolbox
from firstword.speech.llm import Completion, GenerationListener, Message, Tool, ToolCall
from firstword.threads import join, spawn
from firstword.turn import State

PROFILE = Profile(
    greeting="", goodbye="bye", apology="sorry", regret="no service", tools=("order", "set_variable", "transfer"),
    variables=("mood",), destinations=("desk=transfer:9000",), ahead_waste=0, stable_ms=0,
)  # fmt: skip


class Model:
    """Writes what the story says."""

    name = "model"

    def __init__(self) -> None:
        self.asked: list[Sequence[Message]] = []
        self.offered: list[Sequence[Tool]] = []
        self.listeners: list[GenerationListener] = []

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> Mock:
        self.asked.append(list(messages))
        self.offered.append(tools)
        self.listeners.append(listener)
        return Mock()

    def wants(self, *calls: tuple[str, str]) -> None:
        """The latest that was asked of it ends with calls of tools."""
        made = tuple(
            ToolCall(f"c{len(self.asked)}-{at}", name, arguments) for at, (name, arguments) in enumerate(calls)
        )
        self.listeners[-1].finished(Completion("tool_calls", calls=made))


class Stage:
    """A context: the call runs inside it. `errands` has what was asked of services: label, request, done."""

    def __init__(self, profile: Profile = PROFILE, **services: Any) -> None:
        self.model = Model()
        self.tts = Mock(rate=8000)
        self.asr = Mock(rate=8000)
        self.tts.name, self.asr.name = "tts", "asr"
        self.line = Mock(rate=8000, last_frame_at=0.0)
        self.line.waiting_ms.return_value = self.line.heard_ms.return_value = 0.0
        self.line.counters = Mock(frames_out=0, underruns=0, late=0, dropped_in=0)
        self.media = Mock()
        self.media.open.return_value = self.line
        self.errands = Mock()
        tool = Mock(secrets=(), tool=Tool("order", "", {"type": "object"}))
        tool.parameters.take.return_value = {}
        tool.act.return_value = Request("order", "POST", "https://shop.example", (), b"{}", 5000, 8192, "", True, True)
        toolbox = Toolbox(profile, {"order": tool}, "test")
        self.host = Mock(uuid="0123456789")
        self._let_go = threading.Event()
        self.host.hold.side_effect = lambda **callbacks: self._let_go.wait(10)
        self.host.release.side_effect = self._let_go.set
        services = {"asr": self.asr, "llm": self.model, "tts": self.tts, **services}
        self.call = Call(self.host, profile, Services(**services), self.media, Path(), toolbox, self.errands)
        self.record: CallRecord | None = None

    def __enter__(self) -> Stage:
        self._thread = spawn("stage", self._run)
        until(lambda: self.call.turn.state is not State.READY)
        return self

    def __exit__(self, *exception: object) -> None:
        self.call.post(ev.HungUp("caller"))
        assert join([self._thread], 5.0) == []

    def _run(self) -> None:
        self.record = self.call.run()

    def after(self, state: State, *events: ev.Event) -> None:
        """They happen, and lead to `state`."""
        for event in events:
            assert self.call.post(event)
        until(lambda: self.call.turn.state is state)

    def asks(self, text: str, utterance: int = 1) -> None:
        """The caller says `text`, and their turn is over."""
        asked = len(self.model.asked)
        self.after(State.HEARING, ev.CallerBegan(0.0))
        self.after(State.THINKING, ev.CallerHeard(text, utterance), ev.CallerPaused(0.0), ev.TimerFired("endpoint"))
        until(lambda: len(self.model.asked) > asked)  # the machine says so first


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)
