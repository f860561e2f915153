"""An answer that several models may write."""

from __future__ import annotations

import pytest

from firstword.speech.fallback.breaker import State
from firstword.speech.fallback.model import FallbackModel
from firstword.speech.llm import Completion, Message, ToolCall
from firstword.speech.watch import Watch

from .puppets import Puppet, error, means, members, until

ASKED = [Message("user", "?")]


class Scene:
    def __init__(self, watch: Watch, switch_ms: float = 60_000, most: int = 0, alone: bool = False) -> None:
        self.near, self.far = Puppet("near"), Puppet("far")
        self.members = members(*([self.near] if alone else [self.near, self.far]), most=most)
        self.chain = FallbackModel(self.members, means(switch_ms=switch_ms))
        self.work = self.chain.start("t", ASKED, watch)

    @property
    def taken(self) -> list[int]:
        return [member.limiter.taken for member in self.members]


def test_an_answer_is_told_as_it_comes_and_its_connection_is_left_alone(watch: Watch) -> None:
    scene = Scene(watch)
    scene.near.work.tell("token", "您").tell("token", "好").tell("finished", Completion("stop"))
    assert watch.names() == ["token", "token", "finished"]
    assert not scene.near.work.cancelled and scene.taken == [0, 0]


@pytest.mark.parametrize("alone", [True, False])
def test_one_that_failed_is_asked_once_more_if_that_may_help_and_then_the_next(watch: Watch, alone: bool) -> None:
    scene = Scene(watch, alone=alone)
    scene.near.work.tell("failed", error(code="one"))
    assert len(scene.near.works) == 2 and scene.far.works == []
    scene.near.work.tell("failed", error(code="two"))
    if alone:
        assert watch.events[-1][1][0].code == "two"
    else:
        scene.far.work.tell("token", "您").tell("finished", Completion("stop"))
        assert watch.names() == ["token", "finished"]
        assert scene.chain.means.usage.switches() == {"llm": 1}
    assert set(scene.taken) == {0}


@pytest.mark.parametrize("what", [{"retry": False}, {"kind": "throttled"}])
def test_where_the_same_can_not_help_the_next_is_asked_at_once(watch: Watch, what: dict[str, object]) -> None:
    scene = Scene(watch)
    scene.near.work.tell("failed", error(**what))
    assert (len(scene.near.works), len(scene.far.works)) == (1, 1)
    scene.work.cancel()
    assert scene.taken == [0, 0] and scene.far.work.cancelled


def test_after_the_first_word_nobody_else_is_asked(watch: Watch) -> None:
    scene = Scene(watch)
    scene.near.work.tell("token", "您").tell("failed", error())
    assert watch.names() == ["token", "failed"] and len(scene.near.works) == 1 and scene.far.works == []


def test_tools_are_never_wanted_twice(watch: Watch) -> None:
    scene = Scene(watch)
    completion = Completion("tool_calls", calls=(ToolCall("a", "order", "{}"),))
    near = scene.near.work.tell("finished", completion)
    near._listener.failed(error())  # a service that breaks the contract
    near._listener.finished(completion)
    assert watch.events == [("finished", (completion,))] and scene.far.works == []


def test_one_that_is_late_with_its_first_word_is_left_for_the_next(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=40)
    until(lambda: scene.far.works)
    assert scene.near.work.cancelled
    scene.near.work._listener.token("late")
    scene.far.work.tell("token", "您").tell("finished", Completion("stop"))
    assert [args[0] for name, args in watch.events if name == "token"] == ["您"]
    assert scene.members[0]._breaker.failures == 1


def test_the_last_of_a_list_has_all_its_time(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=20, alone=True)
    with pytest.raises(AssertionError):
        until(lambda: scene.near.work.cancelled, 0.15)
    scene.work.cancel()


def test_one_that_has_begun_to_write_has_all_its_time(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=400)
    scene.near.work.tell("token", "您")
    with pytest.raises(AssertionError):
        until(lambda: scene.far.works, 0.6)
    scene.work.cancel()
    assert scene.members[0]._breaker.failures == 0


def test_if_all_fail_the_last_error_is_told(watch: Watch) -> None:
    scene = Scene(watch)
    scene.near.work.tell("failed", error(retry=False, code="one"))
    scene.far.work.tell("failed", error(retry=False, code="two"))
    assert watch.names() == ["failed"] and watch.events[0][1][0].code == "two" and scene.taken == [0, 0]


@pytest.mark.parametrize("when", ["at once", "writing", "on the second", "asked again"])
def test_every_session_is_given_back_whenever_it_is_cancelled(watch: Watch, when: str) -> None:
    scene = Scene(watch, most=1)
    if when == "writing":
        scene.near.work.tell("token", "您")
    elif when != "at once":
        scene.near.work.tell("failed", error(retry=when == "asked again"))
    for _ in range(3):
        scene.work.cancel()
    assert scene.taken == [0, 0]
    assert all(work.cancelled for service in (scene.near, scene.far) for work in service.works)


@pytest.mark.parametrize("both", [False, True])
def test_one_that_can_not_even_be_begun_keeps_no_seat_and_the_next_is_asked(watch: Watch, both: bool) -> None:
    """A machine that is out of descriptors or threads for a moment."""
    near, far = Puppet("near"), Puppet("far")
    for service in (near, far)[: 1 + both]:
        service.begins.append(OSError(24, "Too many open files"))
    each = members(near, far, most=1)
    work = FallbackModel(each, means()).start("t", ASKED, watch)
    if both:
        assert watch.over.wait(5) and watch.events[-1][1][0].kind == "ours"
    else:
        far.work.tell("token", "您").tell("finished", Completion("stop"))
        assert watch.names() == ["token", "finished"]
    work.cancel()
    assert [member.limiter.taken for member in each] == [0, 0]


def test_a_trial_that_could_not_be_begun_leaves_the_next_one_to_try_it(watch: Watch) -> None:
    near = Puppet("near")
    (member,) = members(near)
    member._breaker.state, member._breaker.error, member._breaker.until = State.OPEN, error(), 0.0
    chain = FallbackModel([member], means())
    near.begins.append(RuntimeError("can't start new thread"))
    chain.start("t", ASKED, watch)
    assert watch.over.wait(5) and member.due(chain.clock.now())
