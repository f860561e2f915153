"""How the tests are shared out between processes, when there are several (``./install.sh test``; pytest-xdist).

A file stays together: its tests may share a gateway, and what they measure is not measured twice at once. All of ``tests/live`` stays
together, for there is one switch. What takes long begins first, so that no process is left alone with it at the end.

The scheduler is our own by two lines: the mark ``xdist_group`` is without effect in xdist 3.8 with pytest 9, and says nothing.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

LONG = ("live", "bench", "journeys", "demo", "host", "contracts", "sim")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: order(item.nodeid))


def group(nodeid: str) -> str:
    """What stays on one process with the test `nodeid`."""
    return "live" if folder(nodeid) == "live" else nodeid.split("::")[0]


def order(nodeid: str) -> int:
    return LONG.index(folder(nodeid)) if folder(nodeid) in LONG else len(LONG)


def folder(nodeid: str) -> str:
    """The folder of tests/ that it is in."""
    return PurePosixPath(nodeid.split("::")[0]).parts[1]
