"""One thread for all open connections: what each is owed, and what none may do to the others."""

from __future__ import annotations

import itertools
import select
import time
from typing import Any

import pytest

from firstword.clock import SYSTEM
from firstword.net.loop import LOOP, Loop, Pause, Work, _Members
from firstword.net.masks import POOL_BYTES, Masks
from firstword.net.wait import Wait
from firstword.net.websocket import FRAMES_A_TURN, Closed, Connection
from firstword.threads import alive

from .loopback import BINARY, CLOSE, Loopback, Peer, frame
from .test_websocket import Diary, connect, echo


def until(condition: Any, seconds: float = 5.0) -> None:
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        assert not deadline.passed(), "it never came"
        time.sleep(0.002)


def test_many_connections_are_one_thread_which_ends_with_the_last_and_starts_anew() -> None:
    with Loopback(echo) as server:
        for _ in range(2):
            _thirty_connections(server.ws)
            until(lambda: alive() == [])
            assert LOOP.connections == 0


def _thirty_connections(url: str) -> None:
    diaries = [Diary() for _ in range(30)]
    connections = [connect(url, diary) for diary in diaries]
    for number, connection in enumerate(connections):
        connection.send_text(str(number))
    until(lambda: all(diary.told for diary in diaries))
    until(lambda: alive() == ["sockets"])
    assert [diary.told for diary in diaries] == [[str(number)] for number in range(30)]
    assert LOOP.connections == 30
    for connection in connections:
        connection.close()
    assert {diary.ending().kind for diary in diaries} == {"closed"}


def test_a_listener_that_breaks_takes_nobody_with_it(caplog: pytest.LogCaptureFixture) -> None:
    with Loopback(echo) as server:
        good, bad = Diary(), Diary()
        healthy, sick = connect(server.ws, good), connect(server.ws, bad)

        def stumble() -> None:
            if bad.told:
                raise ZeroDivisionError

        bad.hook = stumble
        sick.send_text("x")
        assert bad.ending().kind == "broken"
        healthy.send_text("still here")
        until(lambda: good.told)
        healthy.close()
        assert good.ending().kind == "closed"
    assert "ZeroDivisionError" in caplog.text


def test_a_peer_that_never_pauses_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def flood(peer: Peer) -> None:
        peer.upgrade()
        peer.send(frame(BINARY, b"x") * 5_000)
        peer.read_frame()

    diary, seen = Diary(), [0]
    resume = _Members.resume

    def noted(self: _Members, member: Any, readable: bool) -> None:
        resume(self, member, readable)
        seen.append(len(diary.told))

    monkeypatch.setattr(_Members, "resume", noted)
    with Loopback(flood) as server:
        connection = connect(server.ws, diary)
        until(lambda: len(diary.told) == 5_000)
        connection.close()
        diary.ending()
    turns = [after - before for before, after in itertools.pairwise(seen)]
    assert max(turns) <= 2 * FRAMES_A_TURN, "the first may hold one of the connecting thread's"


def test_what_one_connections_listener_gives_another_connection_goes_at_once() -> None:
    """Both are the same thread's, which need not wake itself; but the other one must be looked at."""
    with Loopback(echo) as server:
        first, second = Diary(), Diary()
        other = connect(server.ws, second)
        other.send_text("before")
        until(lambda: second.told == ["before"])
        one = connect(server.ws, first)
        first.hook = lambda: first.told and other.send_text("passed on")  # type: ignore[assignment, func-returns-value]
        one.send_text("x")
        until(lambda: second.told == ["before", "passed on"], 2.0)
        for connection, diary in ((one, first), (other, second)):
            connection.close()
            diary.ending()


def test_a_cancel_from_a_listener_of_another_connection_ends_it() -> None:
    with Loopback(echo) as server:
        first, second = Diary(), Diary()
        other = connect(server.ws, second)
        assert second.opened.wait(5)
        one = connect(server.ws, first)
        first.hook = lambda: first.told and other.abort()  # type: ignore[assignment, func-returns-value]
        one.send_text("x")
        assert second.ending(2.0).kind == "aborted"
        one.close()
        first.ending()


def test_a_fault_of_the_loop_itself_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, closed = Loop(), []

    def work() -> Work:
        try:
            yield Pause(wait.wake.fileno(), select.POLLIN, 5.0)
        finally:
            closed.append(True)

    monkeypatch.setattr("firstword.net.loop._Members.wait", lambda self: 1 / 0)
    wait, own = Wait(SYSTEM), Wait(SYSTEM)
    made = work()
    loop.adopt(made, own.wake, next(made))
    until(lambda: closed)
    wait.close()
    own.close()
    until(lambda: alive() == [])


def test_no_two_messages_are_masked_alike() -> None:
    masks = Masks()
    keys = [masks(4) for _ in range(POOL_BYTES)]
    assert len(set(keys)) > POOL_BYTES - 5, "random ones may meet by chance"
    assert {len(key) for key in keys} == {4}
    assert len(masks(2 * POOL_BYTES)) == 2 * POOL_BYTES


def test_the_masks_of_a_connection_are_the_pools() -> None:
    seen: list[bytes] = []

    def listen(peer: Peer) -> None:
        peer.upgrade()
        while True:
            head = peer.read(2)
            size = head[1] & 0x7F
            seen.append(peer.read(4))
            peer.read(size)
            if head[0] & 0x0F == CLOSE:
                peer.send_frame(CLOSE, b"")
                return

    with Loopback(listen) as server:
        diary = Diary()
        connection: Connection = connect(server.ws, diary)
        for _ in range(20):
            connection.send_text("x")
        connection.close()
        assert isinstance(diary.ending(), Closed)
    assert len(set(seen)) == len(seen) == 21
