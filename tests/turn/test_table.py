"""Each cell of the table, and any order of events."""

from __future__ import annotations

import dataclasses
import typing

from hypothesis import given, settings
from hypothesis import strategies as st

from firstword import events as ev
from firstword.commands import Fill, Finish, Hold, Release, Resume, Say, Silence, StartTimer, StopTimer, Think
from firstword.turn import RULES, Manners, State, Turn, join

from .playbook import BUSY, MANNERS, WRONG_KEY

TIMERS = ("idle", "endpoint", "ahead", "hear", "final", "think", "filler", "held", "keys", "warn", "closing", "call")


def some(kind: type, reply: int) -> ev.Event:
    """An event of `kind` about `reply`."""
    values = {
        "at": 1.0, "last_speech": 1.0, "text": "words", "utterance": 1, "error": BUSY, "reply": reply,
        "heard_in_ms": 1, "empty": False, "then": None, "key": "1", "name": "idle", "by": "caller", "why": "broken",
    }  # fmt: skip
    return kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})


def test_every_cell_of_the_table_leads_to_a_known_state_or_nothing() -> None:
    kinds = [kind for kind in typing.get_args(ev.Event) if kind is not ev.TimerFired]
    every = [some(kind, 3) for kind in kinds] + [ev.TimerFired(name) for name in TIMERS]
    assert len(RULES) == len(every) * len(State), "a row is missing from the table, or is about no event"
    for event in every:
        for state in State:
            turn = Turn(MANNERS)
            turn.floor.state, turn.floor.reply = state, 3
            commands = turn.handle(event, 2.0)
            assert turn.state in State
            assert (turn.state is State.OVER) == (state is State.OVER or any(isinstance(c, Finish) for c in commands))
            if state is State.OVER:
                assert commands == []


_events = st.one_of(
    st.sampled_from(
        [
            ev.CallerStirred(0.0),
            ev.CallerBegan(0.0),
            ev.CallerHushed(0.0),
            ev.CallerPaused(0.0),
            ev.RecogniserFailed(BUSY),
            ev.KeyPressed("5"),
            ev.SpeechAsked("x"),
        ]
    ),
    st.builds(ev.CallerPartlyHeard, st.text(max_size=3), st.integers(1, 5)),
    st.builds(ev.CallerHeard, st.text(max_size=3), st.integers(1, 5)),
    st.builds(ev.ReplyBegan, st.integers(1, 9)),
    st.builds(
        ev.ReplyDrained,
        st.integers(1, 9),
        st.booleans(),
        then=st.sampled_from([None, None, ev.EndCall(), ev.HandOver("x")]),
    ),
    st.builds(ev.ToolsBegan, st.integers(1, 9), st.integers(-2000, 2000)),
    st.builds(ev.ToolsAnswered, st.integers(1, 9)),
    st.builds(ev.ReplyFailed, st.integers(1, 9), st.sampled_from([BUSY, WRONG_KEY])),
    st.builds(ev.TimerFired, st.sampled_from(TIMERS)),
    st.sampled_from([ev.HungUp("caller"), ev.HangUpAsked(), ev.Broke("x")]),
)


EVERYTHING = dataclasses.replace(
    MANNERS, ahead_waste=40, filler_ms=1000, notice="notice", warning="warning", backchannels=("a", "b"), wait_first_ms=10,
    person_key="9", person="desk",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(_events, max_size=250), st.sampled_from([MANNERS, EVERYTHING, dataclasses.replace(EVERYTHING, hold_ms=0)])
)
def test_in_any_order_of_events_replies_are_numbered_and_no_state_is_a_dead_end(
    story: list[ev.Event], manners: Manners
) -> None:
    """100,000 events in a run."""
    turn, timers, numbers, open_reply, held, finished = Turn(manners), set(), [], None, False, 0
    for at, event in enumerate([ev.Answered(), *story]):
        if isinstance(event, ev.TimerFired):
            if event.name not in timers:
                continue  # a timer fires only if it was started
            timers.discard(event.name)
        for command in turn.handle(event, float(at)):
            match command:
                case StartTimer(name, ms):
                    assert ms >= 0
                    timers.add(name)
                case StopTimer(name):
                    timers.discard(name)
                case Think() | Say():
                    numbers.append(command.reply)
                    open_reply, held = command.reply, isinstance(command, Think)
                    assert command.text
                case Silence(reply):
                    assert reply == open_reply, "only the reply that was begun last can be silenced"
                    open_reply = None
                case Release(reply) | Resume(reply):
                    assert reply == open_reply and held, "only what is held goes on, and nothing that was silenced"
                    held = False
                case Hold(reply):
                    assert reply == open_reply and not held
                    held = True
                case Fill(reply):
                    assert reply == open_reply and not held
                case Finish():
                    finished += 1
        waits_for = {
            State.LISTENING: {"idle", "keys"}, State.HEARING: {"hear"}, State.SETTLING: {"final"}, State.THINKING: {"think"},
            State.HELD: {"held"}, State.CLOSING: {"closing"},
        }.get(turn.state)  # fmt: skip
        assert waits_for is None or waits_for & timers, f"{turn.state} has no timer after {event}"
        if turn.state in (State.THINKING, State.SPEAKING):
            assert not held, "the floor is ours: then we are heard"
    assert numbers == list(range(1, len(numbers) + 1))
    assert finished == (turn.state is State.OVER)


def test_utterances_are_joined_as_each_script_is_written() -> None:
    assert join(["我想寄快递", "到北京"]) == "我想寄快递到北京"
    assert join(["hello", "", "there"]) == "hello there"
