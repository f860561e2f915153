"""Short calls in a row leave nothing behind. Two thousand, with the memory of the process, are ``firstword bench endurance --live``."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstword.bench.endurance import make_calls
from firstword.live.holdings import holdings
from firstword.live.instance import Instance

from .conftest import Callers, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
CALLS = 40
BLOCKS = 30
"""Of memory, that may be left of a call. What a call needs while it lasts is over 150 objects."""


def test_forty_short_calls_leave_no_object_thread_descriptor_or_file(
    callers: Callers, switch: Instance, tmp_path: Path
) -> None:
    def blocks_after(folder: str) -> int:
        assert make_calls(switch, tmp_path / folder, "bot", CALLS) == 0
        until(lambda: not holdings(switch).channels, "calls are left")
        return int(switch.api("python memory"))

    before = blocks_after("first")
    assert (blocks_after("second") - before) / CALLS < BLOCKS
