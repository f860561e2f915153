"""What the tests of the simulated switch share: a switch in a folder, scripts, and a check that nothing is left."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firstword import threads
from firstword.clock import SYSTEM
from firstword.sim.switch import SimCall, SimSwitch

MakeSwitch = Callable[..., SimSwitch]


def until(condition: Callable[[], object], seconds: float = 3.0) -> None:
    """Wait for `condition`, which the switch's threads bring about."""
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        assert not deadline.passed(), "it never came"
        time.sleep(0.005)


def finish(call: SimCall) -> SimCall:
    """The caller hangs up, and the call ends."""
    call.hang_up()
    assert call.wait(5), "the call did not end"
    return call


def open_files() -> set[str]:
    """What this process has open, by target: pipes and files, not the test runner's own."""
    found = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(fd.readlink()))
        except OSError:
            continue
    return found


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """After the test: no thread of ours, no open file of its folder, no FIFO."""
    before = threading.active_count()
    yield
    for thread in threading.enumerate():
        if thread.name.split("-")[0] in ("session", "caller", "bgapi", "api", "record", "startup"):
            thread.join(2.0)
    assert threads.alive() == []
    assert threading.active_count() <= before
    assert [name for name in open_files() if name.startswith(str(tmp_path))] == []


@pytest.fixture
def make_switch(tmp_path: Path, nothing_left: None) -> Iterator[MakeSwitch]:
    """``make_switch(bot="...source...", **options)``: a started switch whose entry module is ``bot``."""
    made: list[SimSwitch] = []

    def make(bot: str = "", **options: object) -> SimSwitch:
        scripts = tmp_path / "scripts"
        scripts.mkdir(exist_ok=True)
        (scripts / "bot.py").write_text(textwrap.dedent(bot))
        switch = SimSwitch(scripts, tmp_path / "switch", **options)  # type: ignore[arg-type]
        made.append(switch.__enter__())
        return switch

    yield make
    stubborn = [name for switch in made for name in switch.close()]
    assert stubborn == []
