"""Moments at which a work has to be looked after: one thread for all of them."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from ...clock import SYSTEM, Clock
from ...threads import join, spawn

log = logging.getLogger("firstword.speech")

CLOSE_S = 1.0
SPARE = 64
"""So many that were cancelled may lie about."""
IDLE_S = 60.0
"""How often the thread wakes up for nothing."""


class Alarm:
    """One moment to come. `cancel` it when it is not wanted any more; idempotent."""

    __slots__ = ("_alarms", "act", "at")

    def __init__(self, alarms: Alarms, at: float, act: Callable[[], None]) -> None:
        self._alarms = alarms
        self.at = at
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self._alarms._drop(self)


class Alarms:
    """Any thread may call any method; none but `close` waits. The thread is made with the first alarm and stays until `close`: to begin one
    for each would cost every answer milliseconds."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._change = threading.Condition()
        self._heap: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._cancelled = 0  # about so many of the heap
        self._closed = False

    def set(self, at: float, act: Callable[[], None]) -> Alarm:
        """Have `act`, which must return at once, called at `at` (the clock's seconds)."""
        alarm = Alarm(self, at, act)
        with self._change:
            if self._closed:
                alarm.act = None
                return alarm
            heapq.heappush(self._heap, (at, next(self._numbers), alarm))
            if self._thread is None:
                self._thread = spawn("fallback", self._run)
            elif self._heap[0][2] is alarm:
                self._change.notify()
        return alarm

    def soon(self, act: Callable[[], None]) -> bool:
        """Have `act` called now, on the alarms' thread. Returns False if they are closed."""
        return self.set(self._clock.now(), act).act is not None

    def close(self) -> None:
        """None of them is called any more. Waits at most `CLOSE_S` for the thread; idempotent."""
        with self._change:
            self._closed = True
            self._heap.clear()
            thread = self._thread
            self._change.notify()
        if thread is not None:
            join([thread], CLOSE_S, self._clock)

    def _drop(self, alarm: Alarm) -> None:
        with self._change:
            if alarm.act is None:
                return
            alarm.act = None
            self._cancelled += 1
            if self._cancelled > len(self._heap) // 2 + SPARE:
                self._heap = [entry for entry in self._heap if entry[2].act is not None]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def _run(self) -> None:
        while True:
            with self._change:
                act = self._due()
                if self._closed:
                    return
            if act is None:
                continue
            try:
                act()
            except Exception:  # the door between a work and the alarms of all works
                log.exception("a look at a service broke")

    def _due(self) -> Callable[[], None] | None:
        """What is due; None if nothing is yet, but may be now. Waits."""
        while self._heap and self._heap[0][2].act is None:
            heapq.heappop(self._heap)
            self._cancelled = max(0, self._cancelled - 1)
        left = self._heap[0][0] - self._clock.now() if self._heap else IDLE_S
        if left > 0:
            if not self._closed:
                self._change.wait(self._clock.real(left))
            return None
        alarm = heapq.heappop(self._heap)[2]
        act, alarm.act = alarm.act, None
        return act
