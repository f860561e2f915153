"""Connected spares, on loopback."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firstword.clock import SYSTEM
from firstword.net import dial as dialling
from firstword.net import spares as module
from firstword.net import websocket as connections
from firstword.net.spares import Spares
from firstword.net.timers import Bounds
from firstword.net.websocket import Closed, Connection, ConnectionListener, Lender

from .loopback import CLOSE, PING, TEXT, Loopback, Peer
from .test_websocket import Diary


def until(what: Callable[[], Any], within_s: float = 3.0) -> None:
    end = time.monotonic() + within_s
    while not what() and time.monotonic() < end:
        time.sleep(0.002)
    assert what()


class Service:
    """What a provider has: one address, and its spares."""

    def __init__(self, url: str, bounds: Bounds | None = None, **options: Any) -> None:
        self.url = url
        self.bounds = bounds or Bounds(connect_s=2.0, close_s=0.3)
        self.dialled: list[str] = []
        values = {"most": 4, "refresh_s": 12.0, "usable_s": 18.0} | options
        self.spares = Spares("our service", self.make, job="ws", clock=SYSTEM, **values)

    def make(self, listener: ConnectionListener, job: str, label: str, lender: Lender | None = None) -> Connection:
        def headers(wait: Any, deadline: Any) -> dict[str, str]:
            self.dialled.append(label)
            return {}

        return Connection(
            self.url, listener, job=job, label=label, headers=headers, bounds=self.bounds, lender=lender, clock=SYSTEM
        )

    def work(self, label: str = "call1-1", *texts: str) -> tuple[Connection, Diary]:
        """As a provider begins one: the first message is given before the connection is opened."""
        diary = Diary()
        connection = self.spares.take(diary, "ws", label)
        for text in texts:
            assert connection.send_text(text)
        connection.open()
        return connection, diary

    def warm(self, calls: int = 1, spares: int = 1) -> None:
        for number in range(calls):
            self.spares.expect(f"call{number + 1}")
        until(lambda: self.spares.ready == spares)


@contextmanager
def service(*scripts: Callable[[Peer], Any], **options: Any) -> Iterator[tuple[Service, Loopback]]:
    with Loopback(*scripts) as server:
        ours = Service(server.ws, **options)
        try:
            yield ours, server
        finally:
            ours.spares.close()


def echo(peer: Peer) -> list[str]:
    """Answers each text with itself. Its result: what came."""
    peer.upgrade()
    texts: list[str] = []
    while True:
        opcode, data = peer.read_frame()
        if opcode == CLOSE:
            peer.send_frame(CLOSE, data)
            return texts
        if opcode == TEXT:
            texts.append(data.decode())
            peer.send_frame(TEXT, data)


def slowly(seconds: float) -> Callable[[Peer], list[str]]:
    def script(peer: Peer) -> list[str]:
        time.sleep(seconds)
        return echo(peer)

    return script


def test_a_piece_of_work_takes_the_spare_and_waits_for_no_handshake() -> None:
    with service(slowly(0.3)) as (ours, server):
        ours.warm()
        began = time.monotonic()
        connection, diary = ours.work("call1-1", "hello")
        until(lambda: diary.told == ["hello"])
        assert time.monotonic() - began < 0.1 and diary.opened.is_set()
        assert connection.send_text("again")
        until(lambda: diary.told == ["hello", "again"])
        connection.close()
        assert diary.ending().kind == "closed"
        assert server.result() == ["hello", "again"] and ours.spares.lent == 1
        assert ours.dialled[0] == "spare" and "call1-1" not in ours.dialled


def test_another_takes_its_place_so_an_interruption_finds_one_too() -> None:
    with service(slowly(0.1)) as (ours, _):
        ours.warm()
        for number in range(5):
            connection, diary = ours.work(f"call1-{number}", "hello")
            until(lambda diary=diary: diary.told)  # type: ignore[misc]
            connection.abort()  # the caller interrupts: the socket is thrown away
            assert diary.ending().kind == "aborted"
            until(lambda: ours.spares.ready == 1)
        assert (ours.spares.lent, ours.spares.cold) == (5, 0)


def test_without_a_spare_the_work_dials_for_itself() -> None:
    with service(echo) as (ours, _):
        connection, diary = ours.work("call1-1", "hello")
        until(lambda: diary.told == ["hello"])
        assert ours.dialled[0] == "call1-1" and ours.spares.cold == 1
        until(lambda: ours.spares.ready == 1)
        connection.close()
        diary.ending()


def test_a_spare_that_is_still_connecting_is_taken_and_none_is_dialled_beside_it() -> None:
    with service(slowly(0.2)) as (ours, _):
        ours.spares.expect("call1")
        until(lambda: ours.dialled == ["spare"])
        time.sleep(0.1)
        began = time.monotonic()
        connection, diary = ours.work("call1-1", "hello")
        until(lambda: diary.told == ["hello"])
        assert time.monotonic() - began < 0.18 and "call1-1" not in ours.dialled
        connection.close()
        diary.ending()


def test_one_that_has_been_connecting_for_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.02)
    with service(lambda peer: peer.hold(), echo) as (ours, _):
        ours.spares.expect("call1")
        until(lambda: ours.dialled == ["spare"])
        time.sleep(0.05)
        connection, diary = ours.work("call1-1", "hello")
        until(lambda: diary.told == ["hello"])
        connection.close()
        diary.ending()


def test_a_work_given_up_while_it_waits_for_a_spare_ends_when_that_is_connected() -> None:
    with service(slowly(0.1)) as (ours, _):
        ours.spares.expect("call1")
        connection, diary = ours.work("call1-1", "hello")
        connection.abort()
        assert diary.ending(1.0).kind == "aborted" and not diary.told and not diary.opened.is_set()


def test_a_spare_is_replaced_before_the_service_would_close_it_and_there_is_always_one() -> None:
    def idles(peer: Peer) -> str:
        peer.upgrade()
        peer.sock.settimeout(0.5)  # the service's own bound
        try:
            while peer.read_frame()[0] != CLOSE:
                pass
        except TimeoutError:
            return "idle for too long"
        peer.send_frame(CLOSE, b"\x03\xe8")
        return "closed by the client"

    with service(idles, refresh_s=0.15, usable_s=0.4) as (ours, server):
        ours.warm()
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            assert ours.spares.ready >= 1
            time.sleep(0.005)
        assert 4 <= server.connections <= 12 and ours.spares.died == 0
        assert set(server.results) == {"closed by the client"}


def test_one_that_can_not_be_replaced_is_kept_as_long_as_the_service_allows() -> None:
    with service(echo, lambda peer: peer.reset(), refresh_s=0.1, usable_s=0.5) as (ours, _):
        ours.warm()
        time.sleep(0.3)
        assert ours.spares.ready == 1
        until(lambda: ours.spares.ready == 0, 1.0)


def test_some_time_after_the_last_call_there_are_no_spares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_S", 0.2)
    with service(echo, refresh_s=0.1, usable_s=5.0) as (ours, server):
        connection, diary = ours.work("call1-1", "hello")
        until(lambda: ours.spares.ready == 1)
        time.sleep(0.5)
        assert ours.spares.ready >= 1, "the call is still there"
        connection.close()
        diary.ending()
        until(lambda: ours.spares.ready == 0, 2.0)
        before = server.connections
        time.sleep(0.3)
        assert server.connections == before


@pytest.mark.parametrize(
    ("calls", "most", "spares"), [(1, 8, 1), (3, 8, 3), (10, 8, 4), (30, 8, 6), (60, 8, 8), (5, 2, 2), (5, 0, 0)]
)
def test_there_are_as_many_as_the_calls_in_progress_need(calls: int, most: int, spares: int) -> None:
    with service(echo, most=most) as (ours, server):
        ours.warm(calls, spares)
        time.sleep(0.05)
        assert server.connections == spares
        ours.spares.expect("call1-77")  # a reply of a call that is known
        time.sleep(0.02)
        assert server.connections == spares


def test_a_spare_that_dies_is_dropped_and_nobody_hears_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "firstword")
    go = threading.Event()

    def dies(peer: Peer) -> None:
        peer.upgrade()
        go.wait(3)
        peer.reset()

    with service(dies, echo) as (ours, _):
        ours.warm()
        until(lambda: ours.spares.ready == 1)
        ours.spares._spares[0].opened_at -= 10  # it is not young any more
        go.set()
        until(lambda: ours.spares.died == 1)
        until(lambda: ours.spares.ready == 1)
        connection, diary = ours.work("call1-1", "hello")
        until(lambda: diary.told == ["hello"])
        connection.close()
        diary.ending()
    assert not caplog.text


def dead(peer: Peer) -> list[tuple[int, bytes]]:
    """Accepts, reads what the work says first, and hangs up: as one that a middle box had forgotten."""
    peer.upgrade()
    frames = [peer.read_frame()]
    peer.reset()
    return frames


def test_a_spare_that_turns_out_to_be_dead_is_replaced_and_nothing_is_lost() -> None:
    with service(dead, echo) as (ours, server):
        ours.warm()
        connection, diary = ours.work("call1-1", "one", "two")
        assert connection.send_text("three")
        until(lambda: diary.told == ["one", "two", "three"])
        assert not diary.endings
        acts: list[str] = []
        assert connection.run(lambda: acts.append("done"))
        until(lambda: acts == ["done"])
        connection.close()
        assert diary.ending().kind == "closed"
        assert server.result(0) == [(TEXT, b"one")]


@pytest.mark.parametrize("how", ["a close frame", "the end of TCP"])
def test_the_same_when_the_service_had_closed_it_in_order(how: str) -> None:
    def idles_out(peer: Peer) -> None:
        peer.upgrade()
        peer.read_frame()
        if how == "a close frame":
            peer.send_frame(CLOSE, b"\x03\xe8idle")

    with service(idles_out, echo) as (ours, _):
        ours.warm()
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        connection.close()
        diary.ending()


def test_it_is_told_that_it_is_open_once() -> None:
    opened = []
    with service(dead, echo) as (ours, _):
        ours.warm()
        diary = Diary()
        connection = ours.spares.take(diary, "ws", "call1-1")
        diary.hook = lambda: opened.append(list(diary.told))
        connection.send_text("one")
        connection.open()
        until(lambda: diary.told == ["one"])
        assert opened == [[], ["one"]]
        connection.close()
        diary.ending()


def test_what_is_dialled_in_its_place_is_not_replaced_again() -> None:
    with service(dead) as (ours, _):
        ours.warm()
        _, diary = ours.work("call1-1", "one")
        assert diary.ending().kind == "lost"


def test_once_the_service_has_answered_an_end_is_an_end() -> None:
    def answers_and_dies(peer: Peer) -> None:
        peer.upgrade()
        peer.send_frame(*peer.read_frame())
        peer.read_frame()
        peer.reset()

    with service(answers_and_dies, echo) as (ours, _):
        ours.warm()
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        connection.send_text("two")
        assert diary.ending().kind == "lost"


def test_a_pong_is_no_answer() -> None:
    def pongs(peer: Peer) -> None:
        peer.upgrade()
        while peer.read_frame()[0] != PING:
            pass
        peer.send_frame(10, b"")
        peer.read_frame()
        peer.reset()

    bounds = Bounds(connect_s=2, ping_s=0.05, close_s=0.3)
    with service(pongs, echo, bounds=bounds) as (ours, _):
        ours.warm()
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        connection.close()
        diary.ending()


def test_an_aborted_work_is_not_dialled_for_again() -> None:
    with service(lambda peer: [peer.upgrade(), peer.hold()]) as (ours, _):
        ours.warm()
        connection, diary = ours.work("call1-1", "one")
        assert diary.opened.wait(1)
        connection.abort()
        assert diary.ending().kind == "aborted" and "call1-1" not in ours.dialled


def test_a_taken_spare_that_can_not_be_connected_leaves_the_work_to_dial() -> None:
    def late_refusal(peer: Peer) -> None:
        peer.read_head()
        time.sleep(0.1)
        peer.answer("503 No")

    with service(late_refusal, echo) as (ours, _):
        ours.spares.expect("call1")
        until(lambda: ours.dialled == ["spare"])
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        connection.close()
        diary.ending()


def test_a_service_that_can_not_be_reached_is_not_stormed_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", "firstword")
    monkeypatch.setattr(module, "BACKOFF_S", (0.1, 0.3))
    monkeypatch.setattr(module, "YOUNG_S", 0.1)
    broken = True

    def sometimes(peer: Peer) -> Any:
        return peer.answer("503 No") if peer.read_head() and broken else None

    with service(sometimes) as (ours, server):
        end = time.monotonic() + 0.8
        while time.monotonic() < end:
            ours.spares.expect("call1")
            time.sleep(0.002)
        assert 2 <= server.connections <= 6
        assert caplog.text.count("no spare connection") == 1 and "HTTP 503" in caplog.text
        server._scripts[:] = [echo]
        until(lambda: ours.spares.expect("call1") or ours.spares.ready == 1)
        until(lambda: ours.spares.expect("call1") or "can be had again" in caplog.text)
        assert caplog.text.count("no spare connection") == 1


def test_a_service_that_closes_every_spare_at_once_is_not_stormed_either(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF_S", (0.1, 0.3))
    with service(lambda peer: peer.upgrade()) as (ours, server):
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            ours.spares.expect("call1")
            time.sleep(0.002)
        assert 2 <= server.connections <= 8
        assert caplog.text.count("no spare connection") == 1


def test_what_the_service_says_by_itself_waits_for_whoever_takes_the_spare() -> None:
    def greets(peer: Peer) -> list[str]:
        peer.upgrade()
        peer.send_frame(TEXT, "session.created")
        opcode, data = peer.read_frame()
        if opcode != TEXT:  # the next spare, which nobody takes
            return []
        peer.send_frame(TEXT, data)
        return [data.decode(), *(str(opcode) for opcode, _ in peer.read_until_close())]

    with service(greets, bounds=Bounds(connect_s=2, close_s=0.3, greetings=1)) as (ours, server):
        ours.warm()
        time.sleep(0.03)
        connection, diary = ours.work("call1-1", "update")
        until(lambda: len(diary.told) == 2)
        assert diary.told == ["session.created", "update"]
        connection.close()
        diary.ending()
        assert server.result(0) == ["update", str(CLOSE)]


def test_a_spare_that_is_told_something_unexpected_is_dropped() -> None:
    def speaks(peer: Peer) -> None:
        peer.upgrade()
        peer.send_frame(TEXT, "TaskFailed")
        peer.hold()

    with service(speaks) as (ours, _):
        ours.spares.expect("call1")
        until(lambda: ours.spares.died == 1)
        assert ours.spares.ready == 0


def test_what_a_work_has_done_with_is_given_back_and_serves_the_next() -> None:
    with service(echo, lambda peer: peer.hold()) as (ours, server):
        first, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        assert ours.spares.give_back(first)
        assert diary.ending().kind == "passed"
        assert not first.send_text("late")
        until(lambda: ours.spares.ready == 1)
        second, diary = ours.work("call1-2", "two")
        until(lambda: diary.told == ["two"])
        second.close()
        diary.ending()
        assert server.result(0) == ["one", "two"]


def test_what_nobody_wants_is_closed_instead_of_kept() -> None:
    with service(echo, most=1) as (ours, server):
        works = [ours.work("call1-1", "one"), ours.work("call1-2", "one")]
        for _, diary in works:
            until(lambda diary=diary: diary.told)  # type: ignore[misc]
        ours.spares.close()
        for connection, diary in works:
            assert not ours.spares.give_back(connection)
            assert diary.ending().kind == "closed"
        assert ours.spares.ready == 0 and server.results


def test_giving_back_what_has_just_died_leaves_nothing_behind() -> None:
    go = threading.Event()

    def dies(peer: Peer) -> None:
        peer.upgrade()
        go.wait(3)
        peer.reset()

    with service(dies, echo) as (ours, _):
        connection, diary = ours.work("call1-1", "one")
        assert diary.opened.wait(1)
        go.set()
        diary.ending()
        ours.spares.give_back(connection)
        assert not ours.spares._returning


def test_after_close_there_is_no_spare_and_work_dials() -> None:
    with service(echo) as (ours, _):
        ours.warm()
        ours.spares.close()
        ours.spares.close()
        until(lambda: ours.spares.ready == 0)
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        assert ours.dialled[-1] == "call1-1" and ours.spares.ready == 0
        connection.close()
        diary.ending()


def test_spares_connected_with_what_is_no_good_any_more_are_let_go() -> None:
    with service(echo) as (ours, server):
        ours.warm()
        ours.spares.renew()
        assert ours.spares.ready == 0
        ours.warm()
        assert server.connections == 2


def test_an_address_that_does_not_answer_costs_a_spare_a_quarter_of_a_second_and_the_work_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lookup(host: str, port: int, *rest: object, flags: int = 0, **more: object) -> list[object]:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    dialling._names.clear()
    with Loopback(echo) as server, socket.socket() as hole:
        hole.bind(("127.0.0.2", server.port))
        hole.listen(0)
        fillers = [socket.socket() for _ in range(3)]  # fill its queue: the kernel then drops what comes
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.2", server.port))
        time.sleep(0.02)
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        ours = Service(f"ws://two.test:{server.port}/")
        began = time.monotonic()
        ours.warm()
        assert 0.2 < time.monotonic() - began < 0.6
        began = time.monotonic()
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["one"])
        assert time.monotonic() - began < 0.1
        connection.close()
        diary.ending()
        ours.spares.close()
        for filler in fillers:
            filler.close()
    dialling._names.clear()


def test_whatever_happens_every_work_is_told_one_end_and_what_it_sent_is_answered_or_lost_with_it() -> None:
    """Many threads, a service that drops at random: nothing hangs, nothing is told twice, no socket is left."""
    chance = random.Random(7)

    def moody(peer: Peer) -> None:
        if chance.random() < 0.1:
            return
        peer.upgrade()
        for _ in range(chance.randrange(4)):
            opcode, data = peer.read_frame()
            peer.send_frame(opcode, data)
            if opcode == CLOSE:
                return
        if chance.random() < 0.5:
            peer.reset()

    with service(moody, refresh_s=0.02, usable_s=0.05) as (ours, _):
        diaries: list[Diary] = []

        def work(thread: int) -> None:
            mine = random.Random(thread)
            for number in range(25):
                connection, diary = ours.work(f"call{thread}-{number}", "one", "two")
                diaries.append(diary)
                time.sleep(mine.random() * 0.01)
                act = mine.randrange(4)
                if act == 0:
                    connection.abort()
                elif act == 1:
                    answered = time.monotonic() + 0.05
                    while len(diary.told) < 2 and time.monotonic() < answered:
                        time.sleep(0.001)
                    if len(diary.told) == 2:  # the work is done
                        ours.spares.give_back(connection)
                    else:
                        connection.abort()
                elif act == 2:
                    connection.close()
                else:
                    connection.send_text("three")
                    time.sleep(mine.random() * 0.01)
                    connection.abort()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for diary in diaries:
            assert diary.over.wait(4)
        time.sleep(0.02)
        assert all(diary.endings == 1 for diary in diaries) and len(diaries) == 100
        assert all(diary.told == ["one", "two", "three"][: len(diary.told)] for diary in diaries)
        assert not ours.spares._at_work and not ours.spares._returning
        assert {diary.reason.kind for diary in diaries if diary.reason} <= {
            "aborted", "closed", "passed", "lost", "peer",
        }  # fmt: skip


def test_a_listener_that_gives_back_inside_a_callback_is_told_nothing_more() -> None:
    class Done(Diary):
        def on_text(self, text: str) -> None:
            super().on_text(text)
            box[0].give_back(self.connection)

        connection: Connection

    box: list[Spares] = []

    def chatty(peer: Peer) -> None:
        peer.upgrade()
        peer.read_frame()
        peer.send_frame(TEXT, "finished")
        peer.hold()

    with service(chatty) as (ours, _):
        box.append(ours.spares)
        diary = Done()
        diary.connection = ours.spares.take(diary, "ws", "call1-1")
        diary.connection.send_text("one")
        diary.connection.open()
        closed: Closed = diary.ending()
        assert closed.kind == "passed" and diary.told == ["finished"]


def test_a_greeting_that_comes_late_is_no_answer() -> None:
    def greets_and_dies(peer: Peer) -> None:
        peer.upgrade()
        peer.read_frame()
        peer.send_frame(TEXT, "session.created")
        time.sleep(0.05)
        peer.reset()

    with service(greets_and_dies, echo, bounds=Bounds(connect_s=2, close_s=0.3, greetings=1)) as (ours, _):
        ours.warm()
        connection, diary = ours.work("call1-1", "one")
        until(lambda: diary.told == ["session.created", "one"])
        connection.close()
        diary.ending()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_machine_without_a_thread_for_a_moment_has_its_spares_later_and_nothing_is_left_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "BACKOFF_S", (0.05, 0.1))
    with service(echo) as (ours, _):
        before = descriptors()
        with monkeypatch.context() as patch:
            patch.setattr(connections, "spawn", none_left)
            ours.spares.expect("call1")  # by the call's thread, which it must not end
            with pytest.raises(RuntimeError):
                ours.work("call1-1")
        assert descriptors() == before
        assert not ours.spares._at_work and not ours.spares._spares
        time.sleep(0.15)
        ours.warm()


def test_who_has_a_connection_keeps_it_though_there_is_no_descriptor_for_a_spare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(module, "BACKOFF_S", (0.05, 0.1))
    with service(echo) as (ours, _):
        diary = Diary()
        connection = ours.spares.take(diary, "ws", "call1-1")
        connection.send_text("hello")
        with monkeypatch.context() as patch:
            patch.setattr(ours.spares, "_make", none_left)
            connection.open()
            until(lambda: diary.told == ["hello"])
            ours.spares.expect("call2")
            assert not ours.spares.give_back(connection), "it is closed instead"
            assert diary.ending().kind == "closed"
        time.sleep(0.15)
        ours.spares.expect("call1")
        until(lambda: ours.spares.ready)
