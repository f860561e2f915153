"""How the tests are shared out between processes, when there are several (``./install.sh test``; pytest-xdist, ``--dist loadgroup``).

A file stays together: its tests may share a gateway, and what they measure is not measured twice at once. All of ``tests/live`` stays
together, for there is one switch. What takes long begins first, so that no process is left alone with it at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LONG = ("live", "bench", "journeys", "demo", "host", "contracts", "sim")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item.path)))
    items.sort(key=lambda item: order(item.path))


def group(path: Path) -> str:
    place = path.relative_to(TESTS).with_suffix("")
    return "live" if place.parts[0] == "live" else str(place)


def order(path: Path) -> int:
    folder = path.relative_to(TESTS).parts[0]
    return LONG.index(folder) if folder in LONG else len(LONG)
