from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from firstword.clock import SYSTEM
from firstword.net import dial as dialling
from firstword.net.dial import dial
from firstword.net.wait import Cancelled, NetError, Wait

from .loopback import Loopback, Peer


@pytest.fixture
def wait() -> Iterator[Wait]:
    wait = Wait(SYSTEM)
    yield wait
    wait.close()


@pytest.fixture(autouse=True)
def no_names_kept() -> Iterator[None]:
    dialling._names.clear()
    yield
    dialling._names.clear()


def addresses(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    """The names server's answer, in its order; ``dead`` ones take the packets and never answer."""

    def lookup(host: str, port: int, *rest: object, flags: int = 0, **more: object) -> list[object]:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@contextmanager
def hole(port: int) -> Iterator[None]:
    """127.0.0.2 takes the packets for `port`, and never answers."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.2", port))
        listener.listen(0)
        for _ in range(3):  # fill its queue: the kernel then drops what comes
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.2", port))
        time.sleep(0.02)
        yield


def test_an_address_that_does_not_answer_costs_a_quarter_of_a_second(
    monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    with Loopback(lambda peer: peer.hold()) as server, hole(server.port):
        addresses(monkeypatch, "127.0.0.2", "127.0.0.1")
        began = time.monotonic()
        line = dial("two.test", server.port, tls=False, wait=wait, deadline=SYSTEM.deadline(3))
        took = time.monotonic() - began
        assert line.sock.getpeername()[0] == "127.0.0.1" and 0.2 < took < 0.6
        line.close()


def test_what_is_given_to_a_connection_before_it_is_open_hurries_no_second_address(
    monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    """Every connection has its first message before it dials, and each was made twice where the name was known."""
    with Loopback(lambda peer: peer.hold()) as server, hole(server.port):
        addresses(monkeypatch, "127.0.0.2", "127.0.0.1")
        dialling._resolve("two.test", server.port, wait, SYSTEM.deadline(3))
        wait.wake.set()
        began = time.monotonic()
        dial("two.test", server.port, tls=False, wait=wait, deadline=SYSTEM.deadline(3)).close()
        assert 0.2 < time.monotonic() - began < 0.6


def test_an_address_that_has_stopped_to_answer_is_looked_up_again(monkeypatch: pytest.MonkeyPatch, wait: Wait) -> None:
    with Loopback(lambda peer: peer.hold()) as server, hole(server.port):
        addresses(monkeypatch, "127.0.0.2")
        with pytest.raises(NetError, match="timed out"):
            dial("moved.test", server.port, tls=False, wait=wait, deadline=SYSTEM.deadline(0.2))
        addresses(monkeypatch, "127.0.0.1")
        dial("moved.test", server.port, tls=False, wait=wait, deadline=SYSTEM.deadline(0.5)).close()


def test_an_address_that_refuses_costs_nothing(monkeypatch: pytest.MonkeyPatch, wait: Wait) -> None:
    with Loopback(lambda peer: peer.hold()) as server:
        addresses(monkeypatch, "::1", "127.0.0.3", "127.0.0.1")
        began = time.monotonic()
        dial("three.test", server.port, tls=False, wait=wait, deadline=SYSTEM.deadline(3)).close()
        assert time.monotonic() - began < 0.2


def test_the_families_take_turns() -> None:
    with pytest.MonkeyPatch.context() as patch:
        addresses(patch, "2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2")
        order = [address[0] for _, address in dialling._lookup("x", 1, 0)]
    assert order == ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]


def test_all_addresses_refusing_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, wait: Wait) -> None:
    with Loopback(lambda peer: None) as server:
        port = server.port
    addresses(monkeypatch, "127.0.0.1", "127.0.0.2")
    with pytest.raises(NetError, match=r"nobody listens at gone\.test:\d+ \(connection refused\)") as caught:
        dial("gone.test", port, tls=False, wait=wait, deadline=SYSTEM.deadline(3))
    assert caught.value.kind == "unreachable" and caught.value.retry


@pytest.mark.parametrize(
    "found",
    [("127.0.0.1",), ("169.254.169.254",), ("::1",), ("10.1.2.3",), ("100.100.100.200",), ("8.8.8.8", "127.0.0.1"), ("::ffff:10.0.0.1",)],
)  # fmt: skip
def test_who_must_be_public_and_is_not_is_never_connected_to(
    monkeypatch: pytest.MonkeyPatch, wait: Wait, found: tuple[str, ...]
) -> None:
    addresses(monkeypatch, *found)
    monkeypatch.setattr(dialling, "_connect", lambda *_: pytest.fail("it was connected to"))
    with pytest.raises(NetError, match=r"rebound\.test is at .*, which is no public address") as caught:
        dial("rebound.test", 80, tls=False, wait=wait, deadline=SYSTEM.deadline(3), public=True)
    assert caught.value.kind == "forbidden" and not caught.value.retry


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0", "::1", "localhost"])
def test_there_is_no_way_of_writing_loopback_that_is_public(wait: Wait, host: str) -> None:
    with pytest.raises(NetError, match="no public address"):
        dial(host, 9, tls=False, wait=wait, deadline=SYSTEM.deadline(3), public=True)


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    """The name's answer changes between two look-ups, as an attacker's would: there is only one."""
    told = []

    def turncoat(host: str, port: int, *rest: object, flags: int = 0, **more: object) -> list[object]:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        told.append("8.8.8.8" if not told else "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (told[-1], port))]

    tried: list[object] = []
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(socket, "getaddrinfo", turncoat)
    monkeypatch.setattr(dialling, "_tune", lambda sock: None)
    monkeypatch.setattr(dialling, "_connect", lambda addresses, *_: tried.extend(addresses) or ours)
    dial("turncoat.test", 80, tls=False, wait=wait, deadline=SYSTEM.deadline(3), public=True).close()
    theirs.close()
    assert tried == [(socket.AF_INET, ("8.8.8.8", 80))] and told == ["8.8.8.8"]


def test_a_name_that_is_looked_up_slowly_is_bounded_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    release = threading.Event()

    def stuck(host: str, port: int, *rest: object, flags: int = 0, **more: object) -> list[object]:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        release.wait(5)
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    try:
        with pytest.raises(NetError, match=r"timed out looking up the name slow\.test"):
            dial("slow.test", 80, tls=False, wait=wait, deadline=SYSTEM.deadline(0.1))
        threading.Timer(0.05, wait.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            dial("slow.test", 80, tls=False, wait=wait, deadline=SYSTEM.deadline(5))
        assert time.monotonic() - began < 0.5
    finally:
        release.set()


def test_a_name_is_looked_up_once_for_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups = []
    real = socket.getaddrinfo

    def counted(host: str, port: int, *rest: object, flags: int = 0, **more: object) -> object:
        if not flags & socket.AI_NUMERICHOST:
            lookups.append(host)
            time.sleep(0.05)
        return real(
            "127.0.0.1" if not flags & socket.AI_NUMERICHOST else host, port, type=socket.SOCK_STREAM, flags=flags
        )

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    with Loopback(lambda peer: peer.hold()) as server:

        def call() -> None:
            wait = Wait(SYSTEM)
            dial("many.test", server.port, tls=False, wait=wait, deadline=SYSTEM.deadline(3)).close()
            wait.close()

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert lookups == ["many.test"]


# TLS


@pytest.mark.usefixtures("trusting")
def test_a_tls_line_carries_bytes_both_ways(server_tls: ssl.SSLContext, wait: Wait) -> None:
    def echo(peer: Peer) -> None:
        peer.send(peer.read(200_000))

    with Loopback(echo, tls=server_tls) as server:
        line = dial("127.0.0.1", server.port, tls=True, wait=wait, deadline=SYSTEM.deadline(3))
        line.deadline = SYSTEM.deadline(5)
        sent = bytes(at * 3 & 0xFF for at in range(200_000))
        line.send_all(sent, "sending")
        got = b""
        while len(got) < len(sent):
            got += line.receive_some(65536, "receiving")
        assert got == sent and line.receive_some(1, "receiving") == b""
        line.close()


def test_a_certificate_that_is_not_trusted_is_told_and_not_tried_again(server_tls: ssl.SSLContext, wait: Wait) -> None:
    with Loopback(lambda peer: None, tls=server_tls) as server:
        with pytest.raises(NetError, match="certificate") as caught:
            dial("127.0.0.1", server.port, tls=True, wait=wait, deadline=SYSTEM.deadline(3))
        assert caught.value.kind == "tls" and not caught.value.retry


def test_a_server_without_tls_is_told(wait: Wait) -> None:
    with Loopback(lambda peer: peer.send("HTTP/1.1 400 plain\r\n\r\n")) as server:
        with pytest.raises(NetError, match="TLS handshake") as caught:
            dial("127.0.0.1", server.port, tls=True, wait=wait, deadline=SYSTEM.deadline(3))
        assert caught.value.kind == "tls"


def test_a_tls_handshake_that_never_ends_is_bounded(wait: Wait) -> None:
    with Loopback(lambda peer: peer.hold()) as server, pytest.raises(NetError, match="timed out in the TLS handshake"):
        dial("127.0.0.1", server.port, tls=True, wait=wait, deadline=SYSTEM.deadline(0.1))
