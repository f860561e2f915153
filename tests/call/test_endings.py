"""How a call ends when something of it will not."""

from __future__ import annotations

import pytest
from mock import Mock

from firstword.call import call as calls

from .stage import Stage


def test_a_call_that_gets_no_thread_leaves_no_line_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    monkeypatch.setattr(calls, "spawn", Mock(side_effect=RuntimeError("can't start new thread")))
    record = stage.call.run()
    assert (record.result, record.error) == ("error", "RuntimeError: can't start new thread")
    assert stage.line.close.called
    assert not stage.host.start_audio.called
