"""Callers go before other programs, where they may."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("firstword.live")

PRIORITY = 2


def go_first(pid: int = 0) -> None:
    """Let this thread, or all threads of the process `pid` and those they make from now on, run before others (``SCHED_FIFO``): the
    switch's own threads do, and on a busy machine the caller would stutter. Only root may; others are logged and run as they are."""
    try:
        for thread in [0] if not pid else [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]:
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except FileNotFoundError:
        log.debug("process %d has ended already", pid)
    except PermissionError:
        log.debug("a caller may not go before other programs: packets come late where the machine is busy")
    except ProcessLookupError:
        log.debug("process %d has ended already", pid)
