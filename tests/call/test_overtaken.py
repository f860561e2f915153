"""A caller who goes on before the answer is audible, and tools."""

from __future__ import annotations

import dataclasses

from firstword import events as ev
from firstword.call.tools import Answer
from firstword.errors import ProviderError
from firstword.turn import State

from .stage import PROFILE, Stage, until


def test_a_tool_that_the_model_wants_while_the_caller_goes_on_waits_until_they_have_finished() -> None:
    with Stage() as stage:
        stage.asks("订两张票")
        stage.after(State.HEARING, ev.CallerBegan(1.0))
        stage.model.wants(("order", "{}"), ("set_variable", '{"name": "mood", "value": "happy"}'))
        stage.after(State.THINKING, ev.CallerHeard("不对，三张", 2), ev.CallerPaused(1.0), ev.TimerFired("endpoint"))
        assert not stage.errands.start.called
        assert not stage.host.set_variable.called
        assert [message.content for message in stage.model.asked[-1][1:]] == ["订两张票不对，三张"]


def test_a_tool_that_the_model_wants_while_the_caller_coughs_is_used_afterwards() -> None:
    with Stage() as stage:
        stage.asks("订两张票")
        stage.after(State.HEARING, ev.CallerBegan(1.0))
        stage.model.wants(("order", "{}"))
        stage.after(State.THINKING, ev.CallerPaused(1.0), ev.TimerFired("endpoint"))
        until(lambda: stage.errands.start.called)
        assert stage.errands.start.call_count == 1


def test_a_cough_while_a_tool_is_under_way_does_not_ask_the_model_twice() -> None:
    with Stage() as stage:
        stage.asks("订两张票")
        stage.model.wants(("order", "{}"))
        until(lambda: stage.errands.start.called)
        stage.after(State.HEARING, ev.CallerBegan(1.0))
        stage.after(State.THINKING, ev.CallerPaused(1.0), ev.TimerFired("endpoint"))
        done = stage.errands.start.call_args[0][2]
        done(Answer("订好了", "done"))
        until(lambda: len(stage.model.asked) == 2)
        assert [message.role for message in stage.model.asked[1][1:]] == ["user", "assistant", "tool"]


def test_an_answer_that_was_never_audible_has_not_been_interrupted_by_voice() -> None:
    with Stage() as stage:
        stage.line.last_frame_at = 1.0  # of the greeting
        stage.asks("订两张票")
        stage.after(State.HEARING, ev.CallerStirred(50.0), ev.CallerBegan(50.0))
        stage.after(State.THINKING, ev.CallerHeard("不对，三张", 2), ev.CallerPaused(1.0), ev.TimerFired("endpoint"))
        stage.after(State.HEARING, ev.CallerBegan(51.0), ev.CallerHeard("四张", 3))
    assert stage.record is not None
    assert [turn.barge_in_ms for turn in stage.record.turns] == [None]


def test_a_tool_that_was_asked_is_in_the_record_though_nobody_waited_for_its_answer() -> None:
    with Stage() as stage:
        stage.asks("订两张票")
        stage.model.wants(("order", "{}"), ("nothing", "{}"))
        until(lambda: stage.errands.start.called)
    assert stage.record is not None
    used = [(tool["name"], tool["outcome"]) for tool in stage.record.turns[0].tools]
    assert used == [("nothing", "refused"), ("order", "cancelled")]
    assert stage.errands.start.return_value.cancel.called


def test_a_tool_that_the_model_wants_while_a_sound_holds_the_reply_waits_for_what_the_sound_was() -> None:
    with Stage() as stage:
        stage.asks("订两张票")
        stage.after(State.HELD, ev.ReplyBegan(1), ev.CallerStirred(1.0))
        stage.model.wants(("order", "{}"))
        stage.after(State.SPEAKING, ev.CallerPaused(1.0))
        until(lambda: stage.errands.start.called)
    with Stage() as stage:
        stage.asks("订两张票")
        stage.after(State.HELD, ev.ReplyBegan(1), ev.CallerStirred(1.0))
        stage.model.wants(("order", "{}"))
        stage.after(State.HEARING, ev.CallerHeard("不订了", 2))
    assert not stage.errands.start.called


def test_a_turn_that_the_operator_spoke_into_is_one_turn_of_the_record() -> None:
    with Stage() as stage:
        stage.asks("订两张票")
        stage.after(State.SPEAKING, ev.SpeechAsked("请稍等"), ev.ReplyBegan(2))
        stage.after(State.THINKING, ev.ReplyDrained(2))
        until(lambda: len(stage.model.asked) == 2)
    assert stage.record is not None
    assert [turn.caller for turn in stage.record.turns] == ["订两张票"]


def test_a_turn_whose_answer_was_asked_for_again_is_one_turn_of_the_record() -> None:
    with Stage(dataclasses.replace(PROFILE, ahead_waste=100)) as stage:
        stage.after(State.HEARING, ev.CallerBegan(0.0))
        stage.after(State.THINKING, ev.CallerHeard("票订到了吗？", 1), ev.CallerPaused(0.0), ev.TimerFired("endpoint"))
        until(lambda: len(stage.model.asked) == 1)
        stage.call.post(ev.ReplyFailed(1, ProviderError("busy", provider="test", retry=True)))
        until(lambda: len(stage.model.asked) == 2)
    assert stage.record is not None
    assert [turn.caller for turn in stage.record.turns] == ["票订到了吗？"]


def test_a_turn_that_failed_stays_in_the_record_when_the_caller_says_something_else() -> None:
    with Stage(dataclasses.replace(PROFILE, apology="")) as stage:
        stage.asks("订两张票")
        stage.after(State.LISTENING, ev.ReplyFailed(1, ProviderError("busy", provider="test", retry=True)))
        stage.asks("喂", 2)
    assert stage.record is not None
    assert [turn.caller for turn in stage.record.turns] == ["订两张票", "喂"]
