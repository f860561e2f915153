"""What every network test is held to: no thread and no descriptor stays behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword.threads import alive

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    before = len(list(DESCRIPTORS.iterdir()))
    yield
    until = time.monotonic() + 3
    while (alive() or len(list(DESCRIPTORS.iterdir())) > before) and time.monotonic() < until:
        time.sleep(0.005)
    assert not alive()
    assert len(list(DESCRIPTORS.iterdir())) <= before
