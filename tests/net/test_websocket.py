from __future__ import annotations

import gc
import ssl
import struct
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from firstword.errors import ProviderError
from firstword.net.timers import Bounds
from firstword.net.websocket import Closed, Connection

from .loopback import BINARY, CLOSE, PING, PONG, TEXT, Loopback, Peer, frame


class Diary:
    """A listener that writes everything down."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.opened = threading.Event()
        self.over = threading.Event()
        self.reason: Closed | None = None
        self.endings = 0
        self.hook: Callable[[], None] = lambda: None

    def on_open(self) -> None:
        self.opened.set()
        self.hook()

    def on_text(self, text: str) -> None:
        self.told.append(text)
        self.hook()

    def on_binary(self, data: bytes) -> None:
        self.told.append(data)
        self.hook()

    def on_alarm(self) -> None:
        self.told.append("alarm")

    def on_closed(self, closed: Closed) -> None:
        self.reason = closed
        self.endings += 1
        self.over.set()

    def ending(self, within_s: float = 5.0) -> Closed:
        assert self.over.wait(within_s)
        time.sleep(0.01)
        assert self.endings == 1 and self.reason is not None
        return self.reason


def connect(url: str, diary: Diary, **options: Any) -> Connection:
    connection = Connection(url, diary, job="ws", label="t", **options)
    connection.open()
    return connection


def echo(peer: Peer) -> list[tuple[int, bytes]]:
    peer.upgrade()
    frames = []
    while True:
        opcode, data = peer.read_frame()
        frames.append((opcode, data))
        peer.send_frame(opcode, data)
        if opcode == CLOSE:
            return frames


def test_what_is_sent_before_the_connection_is_open_is_kept_in_order() -> None:
    with Loopback(echo) as server:
        diary = Diary()
        connection = Connection(server.ws, diary, job="ws", label="t")
        assert connection.send_text("one") and connection.send_binary(b"\x01\x02") and connection.send_text("三")
        connection.close()
        connection.open()
        assert diary.ending().kind == "closed"
    assert server.result() == [(TEXT, b"one"), (BINARY, b"\x01\x02"), (TEXT, "三".encode()), (CLOSE, b"\x03\xe8")]


def test_after_its_end_nothing_is_taken() -> None:
    with Loopback(echo) as server:
        diary = Diary()
        connection = connect(server.ws, diary)
        connection.close()
        diary.ending()
        assert (
            not connection.send_text("late")
            and not connection.send_binary(b"late")
            and not connection.run(lambda: None)
        )
        connection.close()
        connection.abort()


def test_a_connection_that_is_over_leaves_nothing_for_the_collector() -> None:
    gc.disable()
    try:
        with Loopback(echo) as server:
            diary = Diary()
            connection = connect(server.ws, diary)
            assert diary.opened.wait(5)
            gone = [weakref.ref(thing) for thing in (connection, connection._pipe, connection._ws)]
            connection.close()
            diary.ending()
            del connection
            deadline = time.monotonic() + 5
            while any(reference() for reference in gone) and time.monotonic() < deadline:
                time.sleep(0.01)
        assert [reference() for reference in gone] == [None, None, None]
    finally:
        gc.enable()


def test_after_the_peer_has_gone_nothing_is_taken() -> None:
    with Loopback(lambda peer: peer.upgrade()) as server:
        diary = Diary()
        connection = connect(server.ws, diary)
        assert diary.ending().kind == "lost"
        assert not connection.send_text("late") and not connection.run(lambda: None)


def test_a_redirect_is_not_followed() -> None:
    def away(peer: Peer) -> None:
        peer.read_head()
        peer.answer("302 Found", "", f"Location: {elsewhere.ws}\r\n")

    with Loopback(echo) as elsewhere, Loopback(away) as server:
        diary = Diary()
        connect(server.ws, diary, headers=lambda wait, deadline: {"X-NLS-Token": "secret"})
        closed = diary.ending()
        assert (closed.kind, closed.code) == ("refused", 302) and elsewhere.connections == 0


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 300_000])
def test_messages_of_every_length_encoding_arrive_both_ways(size: int) -> None:
    data = bytes(at * 7 & 0xFF for at in range(size))
    with Loopback(echo) as server:
        diary = Diary()
        connection = connect(server.ws, diary, bounds=Bounds(outbox_bytes=400_000))
        diary.hook = lambda: connection.close() if diary.told else None
        assert connection.send_binary(data)
        assert diary.ending().kind == "closed"
    assert diary.told == [data]


def test_frames_are_understood_however_the_network_cuts_them() -> None:
    stream = (
        frame(TEXT, "头", fin=False)
        + frame(PING, b"now")
        + frame(0, "尾")
        + frame(BINARY, bytes(300))
        + frame(CLOSE, b"\x03\xe8bye")
    )

    def drip(peer: Peer) -> list[tuple[int, bytes]]:
        peer.upgrade()
        for at in range(0, len(stream), 3):
            peer.send(stream[at : at + 3])
            if at < 30:
                time.sleep(0.002)
        return peer.read_until_close()

    with Loopback(drip) as server:
        diary = Diary()
        connect(server.ws, diary)
        closed = diary.ending()
    assert diary.told == ["头尾", bytes(300)]
    assert (closed.kind, closed.code) == ("peer", 1000) and "bye" in closed.text
    assert server.result() == [(PONG, b"now"), (CLOSE, b"\x03\xe8")]


def test_a_message_that_comes_with_the_handshake_is_not_lost() -> None:
    def eager(peer: Peer) -> None:
        sent: list[bytes] = []
        send, peer.send = peer.send, lambda data: sent.append(data if isinstance(data, bytes) else data.encode())  # type: ignore[method-assign]
        peer.upgrade()
        send(b"".join([*sent, frame(TEXT, "at once"), frame(CLOSE, b"\x03\xe8")]))

    with Loopback(eager) as server:
        diary = Diary()
        connect(server.ws, diary)
        assert diary.ending().kind == "peer"
    assert diary.told == ["at once"]


@pytest.mark.parametrize(("status", "retry"), [(401, False), (403, False), (429, True), (503, True), (302, False)])
def test_a_refused_handshake_tells_the_status_and_the_words(status: int, retry: bool) -> None:
    def refuse(peer: Peer) -> None:
        peer.read_head()
        peer.answer(f"{status} No", "you sent abcdefgh12345678, and that is bad", "Location: http://127.0.0.1:9/\r\n")

    with Loopback(refuse) as server:
        diary = Diary()
        connect(server.ws, diary, headers=lambda wait, deadline: {"X-NLS-Token": "abcdefgh12345678"})
        closed = diary.ending()
    assert (closed.kind, closed.code, closed.retry) == ("refused", status, retry)
    assert not diary.opened.is_set() and "abcdefgh" not in closed.text


def test_what_we_sent_is_not_told_again_by_whoever_closes() -> None:
    def say_it_again(peer: Peer) -> None:
        key = peer.upgrade().partition("Bearer ")[2].split()[0]
        peer.send_frame(CLOSE, struct.pack("!H", 4001) + f"no right for {key}".encode())

    with Loopback(say_it_again) as server:
        diary = Diary()
        connect(server.ws, diary, headers=lambda wait, deadline: {"Authorization": "Bearer abcdefgh12345678"})
        closed = diary.ending()
    assert "no right for ***" in closed.text


def test_nobody_listening_is_told_at_once() -> None:
    with Loopback(echo) as server:
        pass
    diary = Diary()
    connect(server.ws, diary)
    closed = diary.ending(1.0)
    assert closed.kind == "unreachable" and "refused" in closed.text and closed.retry


def test_an_unknown_name_is_told_in_words() -> None:
    diary = Diary()
    connect("ws://no-such-host.invalid/", diary)
    closed = diary.ending()
    assert closed.kind == "unresolved" and "no-such-host.invalid" in closed.text


SILENCES: dict[str, Callable[[Peer], Any]] = {
    "says nothing at all": lambda peer: peer.hold(),
    "drips its headers": lambda peer: [
        peer.send("HTTP/1.1 101 Switching Protocols\r\n"),
        [drip(peer) for _ in range(100)],
    ],
    "refuses, and drips the body": lambda peer: [
        peer.send("HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\n"),
        [drip(peer) for _ in range(100)],
    ],
}


def drip(peer: Peer) -> None:
    time.sleep(0.05)
    peer.send("X")


@pytest.mark.parametrize("silence", SILENCES)
def test_a_handshake_that_never_ends_is_given_up_within_its_bound(silence: str) -> None:
    with Loopback(SILENCES[silence]) as server:
        diary = Diary()
        began = time.monotonic()
        connect(server.ws, diary, bounds=Bounds(connect_s=0.3))
        assert diary.ending(2.0).kind in (
            "timeout",
            "refused",
        )  # by its version websocket-client waits for all of a refusal's body
        assert time.monotonic() - began < 1.0
        assert not diary.opened.is_set()


ENDINGS: dict[str, tuple[Callable[[Peer], Any], str]] = {
    "a close frame with a code": (lambda peer: peer.send_frame(CLOSE, struct.pack("!H", 1011) + b"oops"), "peer"),
    "a close frame without": (lambda peer: peer.send_frame(CLOSE), "peer"),
    "the end of TCP": (lambda peer: None, "lost"),
    "a reset": (lambda peer: peer.reset(), "lost"),
    "half a frame": (lambda peer: peer.send(frame(TEXT, "whole")[:3]), "lost"),
    "text that is no UTF-8": (lambda peer: peer.send_frame(TEXT, b"\xff\xfe"), "protocol"),
    "an unknown opcode": (lambda peer: peer.send(b"\x83\x01x"), "protocol"),
    "a continuation of nothing": (lambda peer: peer.send_frame(0, "x"), "protocol"),
    "a compressed frame": (lambda peer: peer.send(b"\xc1\x01x"), "protocol"),
    "a message without bound": (
        lambda peer: [peer.send(b"\x82\x7f" + struct.pack("!Q", 1 << 40)), peer.send(bytes(9000))],
        "protocol",
    ),
}


@pytest.mark.parametrize("what", ENDINGS)
def test_every_ending_is_told_once_and_by_its_kind(what: str) -> None:
    act, kind = ENDINGS[what]

    def script(peer: Peer) -> None:
        peer.upgrade()
        act(peer)

    with Loopback(script) as server:
        diary = Diary()
        connect(server.ws, diary)
        assert diary.ending().kind == kind
    assert not diary.told


@pytest.mark.parametrize("phase", ["credentials", "connecting", "handshake", "open"])
def test_abort_ends_any_phase_at_once(phase: str) -> None:
    def script(peer: Peer) -> None:
        if phase == "open":
            peer.upgrade()
        peer.hold()

    def headers(wait: Any, deadline: Any) -> dict[str, str]:
        if phase == "credentials":
            wait.until({}, deadline, "waiting for credentials")
        return {}

    with Loopback(script) as server:
        url = "ws://192.0.2.1/" if phase == "connecting" else server.ws  # TEST-NET-1: nobody answers
        diary = Diary()
        connection = connect(url, diary, headers=headers)
        if phase == "open":
            assert diary.opened.wait(2)
        else:
            time.sleep(0.05)
        began = time.monotonic()
        connection.abort()
        kind = diary.ending(1.0).kind
        assert kind == "aborted" or (
            phase == "connecting" and kind == "unreachable"
        )  # a machine without a route says so
        assert time.monotonic() - began < 0.3


def test_abort_inside_a_callback_lets_nothing_follow() -> None:
    hooked = threading.Event()

    def script(peer: Peer) -> None:
        peer.upgrade()
        hooked.wait(5)
        peer.send(b"".join(frame(TEXT, str(number)) for number in range(50)))
        peer.hold()

    with Loopback(script) as server:
        diary = Diary()
        connection = connect(server.ws, diary)
        diary.hook = lambda: connection.abort() if len(diary.told) == 3 else None
        hooked.set()
        assert diary.ending().kind == "aborted"
    assert diary.told == ["0", "1", "2"]


def test_credentials_that_can_not_be_had_end_it_with_their_error() -> None:
    error = ProviderError("no token", provider="token", code="X", retry=False)

    def headers(wait: Any, deadline: Any) -> dict[str, str]:
        raise error

    diary = Diary()
    connect("ws://127.0.0.1:9/", diary, headers=headers)
    closed = diary.ending()
    assert (closed.kind, closed.error, closed.retry) == ("credentials", error, False)


def test_a_header_can_not_smuggle_another() -> None:
    with Loopback(echo) as server:
        diary = Diary()
        connect(server.ws, diary, headers=lambda wait, deadline: {"X": "a\r\nY: b"})
        assert diary.ending().kind == "protocol"


def test_a_full_outbox_refuses_and_a_peer_that_takes_nothing_is_given_up() -> None:
    def deaf(peer: Peer) -> None:
        peer.upgrade()
        peer.hold()

    with Loopback(deaf, receive_buffer=4096) as server:
        diary = Diary()
        connection = connect(server.ws, diary, bounds=Bounds(send_s=0.3, outbox_bytes=100_000))
        assert diary.opened.wait(2)
        refused = 0
        until = time.monotonic() + 10
        while (
            not diary.over.is_set() and time.monotonic() < until
        ):  # until the kernel's buffers are full, and 0.3 s beyond
            refused += not connection.send_binary(bytes(50_000))
            assert connection.waiting_bytes <= 100_000
            time.sleep(0.001)
        assert refused
        closed = diary.ending()
    assert closed.kind == "timeout" and "takes no more" in closed.text


def test_a_peer_that_once_answered_a_ping_and_then_falls_silent_is_given_up() -> None:
    def script(peer: Peer) -> None:
        peer.upgrade()
        opcode, data = peer.read_frame()
        assert opcode == PING
        peer.send_frame(PONG, data)
        peer.hold()

    with Loopback(script) as server:
        diary = Diary()
        connect(server.ws, diary, bounds=Bounds(ping_s=0.05, idle_s=0.2))
        assert diary.ending().kind == "timeout"


def test_a_peer_that_never_answers_pings_is_left_alone() -> None:
    def script(peer: Peer) -> int:
        peer.upgrade()
        pings = [peer.read_frame()[0] for _ in range(6)]
        peer.send_frame(TEXT, "still here")
        peer.send_frame(CLOSE, b"\x03\xe8")
        return pings.count(PING)

    with Loopback(script) as server:
        diary = Diary()
        connect(server.ws, diary, bounds=Bounds(ping_s=0.05, idle_s=0.1))
        assert diary.ending().kind == "peer"
    assert diary.told == ["still here"] and server.results == [6]


def test_without_pings_the_idle_bound_counts_from_the_start() -> None:
    def script(peer: Peer) -> None:
        peer.upgrade()
        peer.hold()

    with Loopback(script) as server:
        diary = Diary()
        connect(server.ws, diary, bounds=Bounds(idle_s=0.15))
        assert diary.ending().kind == "timeout"


def test_a_closing_handshake_that_is_not_answered_is_bounded() -> None:
    def script(peer: Peer) -> None:
        peer.upgrade()
        peer.hold()

    with Loopback(script) as server:
        diary = Diary()
        connection = connect(server.ws, diary, bounds=Bounds(close_s=0.1))
        connection.close()
        assert diary.ending(1.0).kind == "closed"


def test_after_our_close_nothing_more_is_told() -> None:
    def script(peer: Peer) -> None:
        peer.upgrade()
        assert peer.read_frame()[0] == CLOSE
        peer.send_frame(TEXT, "not wanted any more")
        peer.send_frame(CLOSE, b"\x03\xe8")

    with Loopback(script) as server:
        diary = Diary()
        connect(server.ws, diary).close()
        assert diary.ending().kind == "closed"
    assert not diary.told


def test_a_connection_without_traffic_costs_nothing() -> None:
    with Loopback(echo) as server:
        diary = Diary()
        connection = connect(server.ws, diary)
        assert diary.opened.wait(2)
        time.sleep(0.05)
        began = time.process_time()
        time.sleep(0.3)
        assert time.process_time() - began < 0.1
        connection.close()
        diary.ending()


def test_an_alarm_comes_when_it_is_due_and_not_if_it_was_taken_back() -> None:
    with Loopback(echo) as server:
        diary = Diary()
        connection = Connection(server.ws, diary, job="ws", label="t")
        diary.hook = lambda: connection.alarm(time.monotonic() + 0.05)
        connection.open()
        assert diary.opened.wait(2)
        until = time.monotonic() + 2
        while not diary.told and time.monotonic() < until:
            time.sleep(0.002)
        assert diary.told == ["alarm"]
        connection.run(lambda: connection.alarm(time.monotonic() + 0.05))
        connection.run(lambda: connection.alarm(0))
        time.sleep(0.1)
        assert diary.told == ["alarm"]
        connection.close()
        diary.ending()


def test_acts_and_messages_keep_their_order() -> None:
    with Loopback(echo) as server:
        diary, order = Diary(), []
        connection = connect(server.ws, diary)
        for number in range(20):
            connection.send_text(str(number))
            connection.run(lambda number=number: order.append((number, threading.current_thread().name)))  # type: ignore[misc]
        connection.close()
        diary.ending()
    assert [number for number, _ in order] == list(range(20))
    # Its own thread while it connects, then the one of all open connections, for good.
    threads = [name for _, name in order]
    assert threads == sorted(threads, reverse=True) and set(threads) <= {"ws-t", "sockets"}


def test_an_error_of_the_listener_ends_the_connection_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with Loopback(echo) as server:
        diary = Diary()

        def stumble() -> None:
            raise ZeroDivisionError

        diary.hook = stumble
        connect(server.ws, diary)
        assert diary.ending().kind == "broken"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.usefixtures("trusting")
def test_over_tls_nothing_gets_stuck_whatever_the_records(server_tls: ssl.SSLContext) -> None:
    """A first record with the handshake's answer and messages behind it, records of many messages, a message of many records."""

    def script(peer: Peer) -> list[tuple[int, bytes]]:
        sent: list[bytes] = []
        send = peer.send
        peer.send = lambda data: sent.append(data if isinstance(data, bytes) else data.encode())  # type: ignore[method-assign]
        peer.upgrade()
        send(b"".join([*sent, *(frame(BINARY, bytes([at]) * 1000) for at in range(12))]))
        send(b"".join(frame(TEXT, str(at)) for at in range(100)))
        send(frame(BINARY, bytes(100_000)))
        return peer.read_until_close()

    with Loopback(script, tls=server_tls) as server:
        diary = Diary()
        diary.hook = lambda: connection.close() if len(diary.told) == 113 else None
        connection = Connection(server.ws, diary, job="ws", label="t")
        connection.send_binary(bytes(200_000))
        connection.open()
        assert diary.ending().kind == "closed"
        assert server.result() == [(BINARY, bytes(200_000)), (CLOSE, b"\x03\xe8")]
    assert diary.told == [*(bytes([at]) * 1000 for at in range(12)), *(str(at) for at in range(100)), bytes(100_000)]


def test_many_threads_may_send_and_no_message_is_torn_or_lost() -> None:
    def count(peer: Peer) -> list[bytes]:
        peer.upgrade()
        return [data for opcode, data in peer.read_until_close() if opcode == BINARY]

    with Loopback(count) as server:
        diary = Diary()
        connection = connect(server.ws, diary)

        def work(number: int) -> None:
            for at in range(50):
                assert connection.send_binary(struct.pack("!II", number, at) * 40)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        connection.close()
        diary.ending()
    messages = server.result()
    assert len(messages) == 300
    for number in range(6):
        mine = [message for message in messages if message[:4] == struct.pack("!I", number)]
        assert mine == [struct.pack("!II", number, at) * 40 for at in range(50)]


def test_a_refusal_may_be_answered_with_other_headers_once_and_nobody_hears_of_it() -> None:
    def refuses(peer: Peer) -> str:
        head = peer.read_head()
        peer.answer("403 Forbidden")
        return head

    keys = iter(["old", "new", "newer"])
    asked: list[int] = []
    with Loopback(refuses, echo) as server:
        diary = Diary()
        refused = lambda status: asked.append(status) is None  # noqa: E731
        connection = connect(server.ws, diary, headers=lambda wait, deadline: {"X-Key": next(keys)}, refused=refused)
        connection.send_text("kept meanwhile")
        assert diary.opened.wait(3)
        connection.close()
        assert diary.ending().kind == "closed" and asked == [403]
        assert "X-Key: old" in server.result(0) and server.result(1)[0] == (TEXT, b"kept meanwhile")


def test_a_second_refusal_is_the_answer() -> None:
    def refuses(peer: Peer) -> None:
        peer.read_head()
        peer.answer("403 Forbidden")

    with Loopback(refuses, refuses) as server:
        diary = Diary()
        connect(server.ws, diary, headers=lambda wait, deadline: {}, refused=lambda status: True)
        assert diary.ending().code == 403 and server.connections == 2


def test_the_second_try_has_what_is_left_of_the_bound() -> None:
    def refuses_late(peer: Peer) -> None:
        peer.read_head()
        time.sleep(0.2)
        peer.answer("403 Forbidden")

    with Loopback(refuses_late, lambda peer: peer.hold()) as server:
        diary = Diary()
        began = time.monotonic()
        connect(server.ws, diary, headers=lambda wait, deadline: {}, refused=lambda status: True, bounds=Bounds(0.4))
        assert diary.ending().kind == "timeout"
        assert 0.35 < time.monotonic() - began < 0.56
