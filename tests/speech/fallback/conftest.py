"""What the tests of fallbacks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from firstword.speech.watch import Watch

from .puppets import ALARMS


@pytest.fixture(autouse=True)
def alarms_end() -> Iterator[None]:
    """A reply that a test leaves under way is looked after no more."""
    yield
    while ALARMS:
        ALARMS.pop().close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """A listener; what it was told is in order, or the test fails."""
    made = Watch()
    yield made
    made.judge()
