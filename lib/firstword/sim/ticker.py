"""One thread that drives the ticks of all channels, as long as none of them has to wait.

In life a channel's thread is the switch's own, and has nothing to do with the interpreter's lock. A Python thread per channel would wake
fifty times a second and queue up for that lock each time: with fifty calls that was 80 us of processor a tick, and a switch of
threads or two on everybody else's account. One thread that finds several channels due at each wake needs 46 us.

Nothing else is different. A session thread that plays something hands its channel over, and gets it back before the tick that would
wait for a FIFO, and where there is more to do than tick: a hang-up, a break, a key. It waits in the FIFO itself, so a channel that hangs
holds up nobody else.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from dataclasses import dataclass, field

from ..clock import Clock
from ..threads import join, spawn
from .channel import Channel

PATIENCE_S = 1.0
"""How long a wait of either side lasts before it looks whether the other is still there."""


@dataclass(slots=True, eq=False)
class _Ride:
    channel: Channel
    left: int | None
    """Ticks still to do; None for no end."""
    done: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


Queue = list[tuple[float, int, _Ride]]
"""A heap: when it is due, a number that tells those apart that are due together, who."""


class Ticker:
    """The riders of one switch. `ride` is for session threads; `close` for whoever closes the switch. The thread starts with the
    first rider."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # _thread, and _new against the thread's end
        self._new: deque[_Ride] = deque()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ride(self, channel: Channel, ticks: int | None) -> int:
        """Let `channel` be ticked, at most `ticks` times. Returns how often it was: fewer if its own thread must look after it. Session
        thread."""
        ride = _Ride(channel, ticks)
        with self._lock:
            if self._closed:
                return 0
            if self._thread is None:
                self._thread = spawn("ticker", self._run)
            self._new.append(ride)
        self._wake.set()
        while not ride.over.wait(PATIENCE_S):
            if not self._thread.is_alive():
                raise RuntimeError("the ticker of the simulated switch is gone")
        if ride.error is not None:
            raise ride.error
        return ride.done

    def close(self) -> list[str]:
        """Give every channel back, and end. Idempotent. Returns the thread's name if it would not stop."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        return join([thread], 2.0) if thread is not None else []

    # The thread.

    def _run(self) -> None:
        riders: Queue = []
        numbers = itertools.count()
        try:
            while not self._closed:
                if not riders and not self._new:
                    self._wake.wait(PATIENCE_S)
                    self._wake.clear()
                while self._new:
                    ride = self._new.popleft()
                    heapq.heappush(riders, (ride.channel.due, next(numbers), ride))
                if riders:
                    self._clock.sleep(riders[0][0] - self._clock.now())
                    self._tick_due(riders)
        finally:
            with self._lock:
                self._closed = True
            for ride in (*(ride for _, _, ride in riders), *self._new):
                ride.over.set()

    def _tick_due(self, riders: Queue) -> None:
        now = self._clock.now()
        while riders and riders[0][0] <= now:
            _, number, ride = riders[0]
            if self._goes_on(ride):
                heapq.heapreplace(riders, (ride.channel.due, number, ride))
            else:
                heapq.heappop(riders)
                ride.over.set()

    def _goes_on(self, ride: _Ride) -> bool:
        """Tick once, if nothing is in the way. Returns whether the ride goes on."""
        channel = ride.channel
        if channel.wanted or not channel.flows:
            return False
        try:
            channel.tick()
        except BaseException as error:  # noqa: BLE001 - it belongs to the session thread, and is raised there
            ride.error = error
            return False
        ride.done += 1
        return ride.left is None or ride.done < ride.left
