"""A gateway for a test, closed after it; and the check that it leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def make_gateway() -> Iterator[Callable[..., Gateway]]:
    """``make_gateway(engines..., option=value...)``: a gateway that is up until the test ends."""
    with ExitStack() as stack:

        def make(voices: Any = None, hearer: Any = None, mind: Any = None, **options: Any) -> Gateway:
            gateway = Gateway(GatewayOptions(**options), voices=voices, hearer=hearer, mind=mind)
            return stack.enter_context(gateway)

        yield make


@pytest.fixture
def gateway(make_gateway: Callable[..., Gateway]) -> Gateway:
    """One with no delays, the tone voice, the tone hearer and a mind that repeats the caller."""
    return make_gateway()


@pytest.fixture
def nothing_left_over() -> Iterator[None]:
    """Fails if the test leaves a thread or a descriptor behind."""
    threads, descriptors = set(threading.enumerate()), len(list(DESCRIPTORS.iterdir()))
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in threads]
    assert not left
    assert len(list(DESCRIPTORS.iterdir())) <= descriptors
