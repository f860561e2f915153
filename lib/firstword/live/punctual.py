"""Callers go before other programs, where they may."""

from __future__ import annotations

import logging
import os

log = logging.getLogger("firstword.live")

PRIORITY = 2


def go_first(pid: int = 0) -> None:
    """Let this thread, or the process `pid` and the threads it makes from now on, run before others (``SCHED_FIFO``): the switch's own
    threads do, and on a busy machine the caller would stutter. Only root may; others are logged and run as they are."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except PermissionError:
        log.debug("a caller may not go before other programs: packets come late where the machine is busy")
    except ProcessLookupError:
        log.debug("process %d has ended already", pid)
