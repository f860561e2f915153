"""What a file of contracts asks for by ``usefixtures``, beside a gateway of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from firstword.gateway.server import Gateway
from firstword.threads import alive


@pytest.fixture
def nothing_runs_on(gateway: Gateway) -> Iterator[None]:
    """No thread of a client's is left, and no fault of the gateway's."""
    before = alive()
    yield
    gateway.faults.clear()
    until = time.monotonic() + 2
    while set(alive()) - set(before) and time.monotonic() < until:
        time.sleep(0.005)
    assert set(alive()) <= set(before)
