"""Calls that the switch makes, by the line of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firstword.live.instance import Instance

from .conftest import GREETING, Callers, until

pytestmark = pytest.mark.live
PAGE = Path(__file__).parents[2] / "docs" / "conversation.md"


@pytest.mark.parametrize(("quote", "greeting"), [("'", "送货"), ("", GREETING)], ids=["quoted", "not quoted"])
def test_who_is_called_talks_with_the_profile_that_is_named_if_it_is_quoted_as_the_page_says(
    switch: Instance, quote: str, greeting: str
) -> None:
    callers = Callers(switch)
    line = re.search(r'fs_cli -x "(originate .*)"', PAGE.read_text(encoding="utf-8"))
    assert line is not None
    ours = line[1].replace("sofia/gateway/trunk/13800138000", f"sofia/live/echo@127.0.0.1:{switch.ports.sip}")
    uuid = switch.api(ours.replace("'", quote)).split()[-1]
    for state in ("speaking", "listening"):
        until(lambda: callers.state(uuid) == state, f"the greeting is not {state}")  # noqa: B023  (called at once)
    switch.api(f"uuid_kill {uuid}")
    (phrase,) = callers.record(uuid)["phrases"]  # type: ignore[misc, call-overload]
    assert phrase["heard"] == greeting
