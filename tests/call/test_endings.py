"""How a call ends when something of it will not."""

from __future__ import annotations

import dataclasses

import pytest
from mock import Mock

from firstword import events as ev
from firstword.call import call as calls

from .stage import PROFILE, Stage, until


def test_a_call_that_gets_no_thread_leaves_no_line_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    monkeypatch.setattr(calls, "spawn", Mock(side_effect=RuntimeError("can't start new thread")))
    record = stage.call.run()
    assert (record.result, record.error) == ("error", "RuntimeError: can't start new thread")
    assert stage.line.close.called
    assert not stage.host.start_audio.called


def test_a_switch_that_breaks_when_the_audio_is_taken_down_finds_no_pipe_left() -> None:
    stage = Stage()
    stage.host.stop_audio.side_effect = OSError("broken")
    stage.host.ready.return_value = False
    with pytest.raises(OSError, match="broken"):
        stage.call.run()
    assert stage.line.close.called


def test_a_service_that_breaks_when_it_is_stopped_does_not_keep_the_caller_on_the_line() -> None:
    stage = Stage()
    stage.asr.start.return_value.cancel.side_effect = OSError("broken")
    with stage:
        stage.call.post(ev.HangUpAsked())
        until(lambda: stage.host.release.called)
    assert stage.record is not None
    assert (stage.record.result, stage.host.hang_up.called) == ("completed", True)


def test_a_model_that_wants_tools_for_ever_is_not_asked_for_ever() -> None:
    with Stage(dataclasses.replace(PROFILE, max_tool_rounds=2)) as stage:
        stage.asks("你好")
        for asked in range(2, 6):
            stage.model.wants(("set_variable", '{"name": "mood", "value": "happy"}'))
            until(lambda asked=asked: len(stage.model.asked) == asked or stage.line.end.called)
    assert [len(tools) for tools in stage.model.offered] == [3, 3, 0, 0], "two rounds, and two words that it may not"
    assert stage.host.set_variable.call_count == 2


def test_blanks_before_a_tool_are_nothing_to_speak() -> None:
    with Stage() as stage:
        stage.asks("转人工")
        stage.model.listeners[-1].token("\n\n")
        stage.model.wants(("transfer", '{"name": "desk"}'))
        until(lambda: stage.line.end.called)
        assert not stage.tts.start.return_value.say.called
