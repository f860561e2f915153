"""What the tests of fallbacks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .puppets import ALARMS


@pytest.fixture(autouse=True)
def alarms_end() -> Iterator[None]:
    """A reply that a test leaves under way is looked after no more."""
    yield
    while ALARMS:
        ALARMS.pop().close()
