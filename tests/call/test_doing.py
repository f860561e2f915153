"""What a model wants done: what is kept for later, and what an interruption takes back."""

from __future__ import annotations

from mock import Mock

from firstword.call.doing import Doing, ToolsWanted
from firstword.call.profile import Profile
from firstword.call.tools import Toolbox
from firstword.clock import SYSTEM
from firstword.errors import HostError
from firstword.events import EndCall, HandOver
from firstword.speech.llm import ToolCall

PROFILE = Profile(tools=("transfer", "hang_up", "send_keys"), destinations=("人工=transfer:9000",), max_tool_rounds=2)


def doing(host: object = None) -> Doing:
    toolbox = Toolbox(PROFILE, {}, "test")
    return Doing("call", host or Mock(), PROFILE, toolbox, Mock(), Mock(), Mock(), SYSTEM)


def wanted(*calls: tuple[str, str]) -> ToolsWanted:
    return ToolsWanted(1, tuple(ToolCall(f"c{at}", name, arguments) for at, (name, arguments) in enumerate(calls)))


def test_a_transfer_and_the_end_wait_until_what_is_said_was_heard() -> None:
    made = doing()
    made.begin_turn()
    made.begin_round(wanted(("transfer", '{"name": "人工", "summary": "退货"}')))
    assert made.then == HandOver("人工", "退货")
    assert [answer.outcome for _, answer in made.finished() or ()] == ["done"]
    made.begin_turn()
    assert made.then is None
    made.begin_round(wanted(("hang_up", "{}")))
    assert made.then == EndCall()


def test_an_interruption_takes_it_back() -> None:
    made = doing()
    made.begin_turn()
    made.begin_round(wanted(("hang_up", "{}")))
    made.cancel()
    assert made.then is None, "or the next phrase of the bot's would end the call"


def test_what_the_switch_refuses_is_told_to_the_model() -> None:
    made = doing(Mock(send_keys=Mock(side_effect=HostError("no"))))
    made.begin_turn()
    made.begin_round(wanted(("send_keys", '{"keys": "1"}')))
    assert [(answer.text, answer.outcome) for _, answer in made.finished() or ()] == [
        ("The switch refused it.", "failed")
    ]


def test_rounds_have_a_bound_and_then_the_model_is_asked_for_words_alone() -> None:
    made = doing()
    made.begin_turn()
    outcomes = []
    for _ in range(3):
        made.begin_round(wanted(("send_keys", '{"keys": "1"}')))
        outcomes += [answer.outcome for _, answer in made.finished() or ()]
    assert outcomes == ["done", "done", "refused"]
    assert made.offered == ()
