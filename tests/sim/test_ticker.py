"""Whose thread a tick is done on, and that nobody waits for another's FIFO."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from firstword.clock import SYSTEM
from firstword.sim.channel import TICK, Channel
from firstword.sim.line import Line
from firstword.sim.ticker import Ticker
from firstword.threads import join, spawn

from .conftest import until


class Bug:
    """Notes who ticks it; does not flow while `stuck`, and then waits in its frame."""

    function, target = "displace", "fifo"

    def __init__(self) -> None:
        self.ticked_by: list[str] = []
        self.stuck = threading.Event()
        self.free = threading.Event()
        self.fault: Exception | None = None

    @property
    def flows(self) -> bool:
        return not self.stuck.is_set()

    def frame(self, caller: bytes, bot: bytes) -> bytes | None:
        self.ticked_by.append(threading.current_thread().name)
        if self.fault is not None:
            raise self.fault
        if self.stuck.is_set():
            assert self.free.wait(5)
            self.stuck.clear()
        return bot

    def close(self) -> None:
        pass


@pytest.fixture
def ticker() -> Iterator[Ticker]:
    made = Ticker(SYSTEM)
    yield made
    assert made.close() == []


def channel_of(ticker: Ticker) -> tuple[Channel, Bug]:
    channel, bug = Channel("c", Line(), driver=ticker), Bug()
    channel.bugs.append(bug)
    channel.answer()
    return channel, bug


def test_channels_that_flow_are_ticked_by_one_thread_at_their_moments(ticker: Ticker) -> None:
    for _ in range(5):
        apart_s = ride_together(ticker, 20)
        if all(abs(apart) <= 0.04 for apart in apart_s):
            break  # else the machine stood still for a moment at the first frame or the last
    assert apart_s == pytest.approx([0.0] * 20, abs=0.04)


def ride_together(ticker: Ticker, count: int) -> list[float]:
    """So many channels take ten frames each. Returns by how much the last of each came too late or too soon after the first, in s."""
    rides: list[int] = []
    channels = [channel_of(ticker) for _ in range(count)]
    sessions = [
        spawn("session", lambda c=channel: rides.append(c.ride(10)), str(n)) for n, (channel, _) in enumerate(channels)
    ]
    assert join(sessions, 5) == []
    assert rides == [10] * count
    assert all(set(bug.ticked_by) == {"ticker"} for _, bug in channels)
    return [
        channel.line.arrivals[9] - channel.line.arrivals[0] - (9 + sum(gap for _, gap in channel.line.gaps)) * TICK
        for channel, _ in channels
    ]


def test_a_channel_that_must_wait_waits_on_its_own_thread_and_holds_up_nobody(ticker: Ticker) -> None:
    (hung, stuck), (other, _) = channel_of(ticker), channel_of(ticker)
    stuck.stuck.set()

    def play() -> None:
        if not hung.ride(None):
            hung.tick()

    session = spawn("session", play, "hung")
    assert other.ride(10) == 10
    assert stuck.ticked_by == ["session-hung"]
    assert session.is_alive()
    stuck.free.set()
    assert join([session], 5) == []


@pytest.mark.parametrize("mark", ["hang up", "transfer", "break", "key"])
def test_whatever_is_no_tick_is_the_session_threads(ticker: Ticker, mark: str) -> None:
    channel, _ = channel_of(ticker)
    rides: list[int] = []
    session = spawn("session", lambda: rides.append(channel.ride(None)))
    until(lambda: channel.line.frames >= 2)
    {
        "hang up": channel.hang_up,
        "transfer": lambda: channel.transfer("100"),
        "break": channel.break_off,
        "key": lambda: channel.press("1"),
    }[mark]()
    assert join([session], 5) == []
    assert rides[0] == channel.line.frames
    assert channel.wanted


def test_a_fault_of_a_tick_is_raised_where_the_channel_belongs_and_stops_nobody_else(ticker: Ticker) -> None:
    (broken, bug), (other, _) = channel_of(ticker), channel_of(ticker)
    bug.fault = ZeroDivisionError("a fault")
    with pytest.raises(ZeroDivisionError):
        broken.ride(None)
    assert other.ride(3) == 3


def test_a_closed_ticker_gives_every_channel_back() -> None:
    ticker = Ticker(SYSTEM)
    channel, bug = channel_of(ticker)
    rides: list[int] = []
    session = spawn("session", lambda: rides.append(channel.ride(None)))
    until(lambda: bug.ticked_by)
    assert ticker.close() == []
    assert join([session], 5) == []
    assert rides == [len(bug.ticked_by)]
    assert channel.ride(5) == 0
