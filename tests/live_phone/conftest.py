"""After every test of a phone: no thread, no descriptor is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword import threads


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def nothing_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert threads.alive() == []
    assert descriptors() == before
