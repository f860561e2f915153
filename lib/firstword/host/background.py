"""A command of the switch that may take its time, without holding the interpreter.

``API().executeString`` holds the GIL until the command returns, and with it every call's audio: a configuration that mod_xml_curl fetched
from a slow server was 1.5 s of silence for everybody. So such a command is a ``bgapi`` job, on a thread of the switch; its answer is an
event, and `EventConsumer.pop` is the one call of the binding that gives up the GIL while it waits.
"""

from __future__ import annotations

import uuid
from typing import Any

from ..clock import Clock
from ..errors import HostError

POP_MS = 100


def answer(binding: Any, command: str, seconds: float, clock: Clock) -> str:
    """What `command` answers. Any thread; waits at most `seconds`, others go on meanwhile.

    Args:
        binding: the module ``freeswitch``.

    Raises:
        HostError: no answer came in time, or the switch knows no jobs (mod_commands is not loaded yet).
    """
    job = str(uuid.uuid4())
    deadline = clock.deadline(seconds)
    events = binding.EventConsumer("BACKGROUND_JOB")  # before the job: its answer may be quick
    try:
        accepted = binding.API().executeString(f"bgapi uuid:{job} {command}") or ""
        if not accepted.startswith("+OK"):
            raise HostError(f"the switch takes no jobs ({accepted.strip() or 'no answer'}): is mod_commands loaded?")
        while not deadline.passed():
            event = events.pop(1, POP_MS)
            if event is not None and event.getHeader("Job-UUID") == job:
                return event.getBody() or ""
    finally:
        events.cleanup()
    raise HostError(f"the switch did not answer {command.split()[0]} within {seconds:.0f} s")
