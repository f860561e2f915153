"""Many short calls in a row leave nothing behind. The whole of it is ``firstword bench endurance --live``, two thousand calls."""

from __future__ import annotations

import pytest

from firstword.bench.endurance import endure
from firstword.live.find import Installation

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
CALLS = 60
GROWTH_KB = 60.0
"""Of a call among so few; the collector, the allocator and the switch have not settled yet. A call that is kept whole is 300 KB and more."""


def test_sixty_short_calls_leave_no_thread_descriptor_or_file_and_little_memory(installation: Installation) -> None:
    run = endure(CALLS, warm=40)
    assert run.failed == 0
    assert run.answered > 0.8 * run.calls
    assert run.after.holdings.beyond(run.before.holdings) == {}
    assert (run.after.resident - run.between.resident) / (CALLS // 2) / 1024 < GROWTH_KB
