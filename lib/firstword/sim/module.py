"""The module that ``import freeswitch`` finds inside the simulated switch.

Like the real binding it does not give up the GIL in ``API().executeString``, ``API().execute`` and ``msleep``: while
such a command runs, no Python thread does.
"""

from __future__ import annotations

import ctypes
import queue
import types
from collections.abc import Callable
from typing import Protocol

from ..clock import Clock
from .session import DTMF, Session, text_argument


class Answering(Protocol):
    """What the module asks of the switch. Any thread."""

    clock: Clock
    variables: dict[str, str]
    """The global variables."""
    consumers: list[queue.Queue[tuple[str, str]]]
    """Who is told of a job of ``bgapi`` that has ended: its name and its answer."""

    def execute_api(self, command: str, argument: str) -> str:
        """Run an API command."""

    def fire(self, subclass: str, headers: dict[str, str]) -> None:
        """An event was fired."""

    def console(self, level: str, line: str) -> None:
        """A line for the log."""


class Stream:
    """What ``fsapi`` writes its answer into."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, data: str) -> None:
        self.text += text_argument(data)

    def get_data(self) -> str:
        return self.text


def sleep_with_gil(seconds: float) -> None:
    """Sleep and keep the GIL, as a C function does that was called without giving it up."""
    usleep = _LIBC.usleep
    left = seconds
    while left > 0:  # usleep may refuse a whole second
        usleep(int(min(left, 0.5) * 1e6))
        left -= 0.5


_LIBC = ctypes.PyDLL(None)


def make_module(switch: Answering) -> types.ModuleType:
    """A module named ``freeswitch`` that answers for `switch`."""
    module = types.ModuleType("freeswitch", "The simulated switch's binding.")

    def publish(thing: Callable[..., object]) -> None:
        setattr(module, thing.__name__, thing)

    class API:
        def __init__(self, s: Session | None = None) -> None:
            pass

        def executeString(self, command: str) -> str:  # noqa: N802 - the binding's name
            name, _, argument = text_argument(command).partition(" ")
            return switch.execute_api(name, argument)

        def execute(self, command: str, data: str | None = None) -> str:
            return switch.execute_api(text_argument(command), text_argument(data))

        def getTime(self) -> str:  # noqa: N802 - the binding's name
            return str(int(switch.clock.wall() * 1000))

    class Event:
        def __init__(self, type: str, subclass_name: str | None = None) -> None:
            self._type, self._subclass = text_argument(type), text_argument(subclass_name)
            self._headers: dict[str, str] = {}

        def addHeader(self, header_name: str, value: str) -> bool:  # noqa: N802 - the binding's name
            self._headers[text_argument(header_name)] = text_argument(value)
            return True

        def addBody(self, value: str) -> bool:  # noqa: N802 - the binding's name
            self._headers["_body"] = text_argument(value)
            return True

        def delHeader(self, header_name: str) -> bool:  # noqa: N802 - the binding's name
            return self._headers.pop(text_argument(header_name), None) is not None

        def getHeader(self, header_name: str) -> str | None:  # noqa: N802 - the binding's name
            return self._headers.get(text_argument(header_name))

        def getBody(self) -> str | None:  # noqa: N802 - the binding's name
            return self._headers.get("_body")

        def getType(self) -> str:  # noqa: N802 - the binding's name
            return self._type

        def serialize(self, format: str | None = None) -> str:
            return "".join(f"{name}: {value}\n" for name, value in self._headers.items())

        def fire(self) -> bool:
            switch.fire(self._subclass or self._type, dict(self._headers))
            return True

    class EventConsumer:
        """Gets what ``bgapi`` jobs answer: of other events it is told nothing. `pop` gives up the GIL, as no other call of the binding."""

        def __init__(self, event_name: str | None = None, subclass_name: str = "", len: int = 5000) -> None:
            self._jobs: queue.Queue[tuple[str, str]] = queue.Queue(len)
            if text_argument(event_name) == "BACKGROUND_JOB":
                switch.consumers.append(self._jobs)

        def pop(self, block: int = 0, timeout: int = 0) -> Event | None:
            try:
                job, answer = self._jobs.get(bool(block), switch.clock.real(timeout / 1000) if timeout else None)
            except queue.Empty:
                return None
            event = Event("BACKGROUND_JOB")
            event.addHeader("Job-UUID", job)
            event.addBody(answer)
            return event

        def cleanup(self) -> None:
            if self._jobs in switch.consumers:
                switch.consumers.remove(self._jobs)

    def consoleLog(level_str: str, msg: str) -> None:  # noqa: N802 - the binding's name
        switch.console(text_argument(level_str), text_argument(msg).rstrip("\n"))

    def getGlobalVariable(var_name: str) -> str | None:  # noqa: N802 - the binding's name
        return switch.variables.get(text_argument(var_name))

    def setGlobalVariable(var_name: str, var_val: str) -> None:  # noqa: N802 - the binding's name
        switch.variables[text_argument(var_name)] = text_argument(var_val)

    def msleep(ms: int) -> None:
        sleep_with_gil(ms / 1000)

    def running() -> bool:
        return True

    for thing in (
        API,
        Event,
        EventConsumer,
        consoleLog,
        getGlobalVariable,
        setGlobalVariable,
        msleep,
        running,
        DTMF,
        Stream,
        Session,
    ):
        publish(thing)
    module.clock = switch.clock  # type: ignore[attr-defined]  # not in the real one: so that a library can run faster than life
    return module
