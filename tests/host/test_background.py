"""A command that takes its time does not hold the interpreter, nor anybody for ever."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firstword import threads
from firstword.clock import SYSTEM
from firstword.errors import HostError
from firstword.host import background
from firstword.host.freeswitch import FreeSwitch
from firstword.sim.switch import SimSwitch


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[SimSwitch]:
    with SimSwitch(tmp_path, tmp_path / "switch", configuration="<configuration/>") as made:
        yield made


def binding() -> Any:
    return sys.modules["freeswitch"]


def test_the_answer_of_a_job_is_told_to_who_asked_for_it(switch: SimSwitch) -> None:
    answers: list[str] = []

    def ask(uuid: str) -> None:
        answers.append(background.answer(binding(), f"uuid_exists {uuid}", 5, SYSTEM))

    asking = [threads.spawn("ask", lambda n=n: ask(str(n))) for n in range(4)]  # type: ignore[misc]
    assert threads.join(asking, 5) == []
    assert answers == ["false"] * 4
    assert switch.consumers == []


def test_python_goes_on_while_the_switch_thinks(switch: SimSwitch) -> None:
    beats = []
    asking = threads.spawn("ask", lambda: beats.append(background.answer(binding(), "msleep 300", 5, SYSTEM)))
    longest = 0.0
    while asking.is_alive():
        began = SYSTEM.now()
        SYSTEM.sleep(0.005)
        longest = max(longest, SYSTEM.now() - began)
    assert beats == ["+OK\n"]
    assert longest < 0.2


def test_a_switch_that_does_not_answer_is_not_waited_for_longer_than_allowed(switch: SimSwitch) -> None:
    with pytest.raises(HostError, match=r"the switch did not answer msleep within 0 s"):
        background.answer(binding(), "msleep 1000", 0.2, SYSTEM)
    assert switch.consumers == []


def test_a_switch_without_jobs_says_so(switch: SimSwitch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "execute_api", lambda command, argument: "INVALID COMMAND!\n")
    with pytest.raises(HostError, match=r"takes no jobs \(INVALID COMMAND!\): is mod_commands loaded\?"):
        FreeSwitch().configuration()


def test_the_configuration_is_asked_for_as_a_job(switch: SimSwitch, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    execute = switch.execute_api

    def overheard(command: str, argument: str) -> str:
        asked.append(command)
        return execute(command, argument)

    monkeypatch.setattr(switch, "execute_api", overheard)
    assert FreeSwitch().configuration() == "<configuration/>"
    assert asked == ["bgapi", "xml_locate"]
