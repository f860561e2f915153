"""What a process holds and uses, from ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path

from ..clock import SYSTEM


def resident_bytes(pid: int | str = "self") -> int:
    """The resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Processor:
    """The processor time of a process, or (None) of the whole machine, from here on."""

    def __init__(self, pid: int | None) -> None:
        self._stat = Path(f"/proc/{pid}/stat" if pid is not None else "/proc/stat")
        self._whole = pid is None
        self._began = SYSTEM.now()
        self._before = self._ticks()

    def percent(self) -> float:
        """Of one core."""
        seconds = (self._ticks() - self._before) / os.sysconf("SC_CLK_TCK")
        return 100 * seconds / max(0.001, SYSTEM.now() - self._began)

    def _ticks(self) -> int:
        if self._whole:
            user, nice, system, _, _, irq, softirq, *_ = (int(word) for word in self._stat.read_text().split()[1:9])
            return user + nice + system + irq + softirq
        after_name = self._stat.read_text().rpartition(")")[2].split()
        return int(after_name[11]) + int(after_name[12])
