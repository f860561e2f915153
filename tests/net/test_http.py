from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from firstword.errors import ProviderError
from firstword.net.http import Client, Exchange, HttpBounds, RefusedError
from firstword.net.wait import Cancelled

from .loopback import Loopback, Peer

QUICK = HttpBounds(connect_s=0.3, first_byte_s=0.3, idle_s=0.3)


@pytest.fixture
def client() -> Any:
    client = Client("test llm", secrets=("very-secret-key",))
    yield client
    client.close()


def post(client: Client, server: Loopback, bounds: HttpBounds | None = None, body: bytes = b'{"q": 1}') -> Exchange:
    headers = {"Authorization": "Bearer very-secret-key", "Content-Type": "application/json"}
    return client.post(f"{server.http}/v1/chat", headers=headers, body=body, bounds=bounds)


def read_all(exchange: Exchange) -> bytes:
    data = b""
    while more := exchange.read():
        data += more
    return data


def test_a_post_is_sent_as_it_is_and_nothing_is_added_but_the_necessary(client: Client) -> None:
    def script(peer: Peer) -> tuple[str, bytes]:
        request = peer.read_request()
        peer.answer("200 OK", "yes")
        return request

    with Loopback(script) as server:
        exchange = post(client, server)
        exchange.open()
        assert read_all(exchange) == b"yes"
        exchange.close()
        client.close()
        head, body = server.result()
    lines = head.split("\r\n")
    assert lines[0] == "POST /v1/chat HTTP/1.1" and body == b'{"q": 1}'
    names = {line.split(":")[0].lower() for line in lines[1:] if line}
    assert names == {"host", "user-agent", "accept-encoding", "authorization", "content-type", "content-length"}
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("DELETE", None), ("PUT", b"{}"), ("PATCH", b"")])
def test_any_method_may_be_asked_and_the_answer_says_what_it_is(
    client: Client, method: str, body: bytes | None
) -> None:
    def script(peer: Peer) -> tuple[str, bytes]:
        request = peer.read_request()
        peer.answer("200 OK", "yes", "Content-Type: text/plain; charset=gbk\r\n")
        return request

    with Loopback(script) as server:
        exchange = client.request(method, f"{server.http}/a%2Fb?c=%26%23", headers={}, body=body)
        assert exchange.content_type == ""
        exchange.open()
        assert read_all(exchange) == b"yes" and exchange.content_type == "text/plain; charset=gbk"
        exchange.close()
        client.close()
        head, sent = server.result()
    assert head.startswith(f"{method} /a%2Fb?c=%26%23 HTTP/1.1\r\n") and sent == (body or b"")
    assert ("content-length" in head.lower()) == (method != "GET")


def test_a_client_of_public_hosts_does_not_reach_this_machine() -> None:
    with Loopback(lambda peer: peer.read_request()) as server:
        client = Client("tool", public=True)
        exchange = client.request("GET", f"{server.http}/", headers={})
        with pytest.raises(ProviderError, match=r"127\.0\.0\.1 is at 127\.0\.0\.1, which is no public") as caught:
            exchange.open()
        exchange.close()
        client.close()
        assert not caught.value.retry and server.connections == 0


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + 3
    while not what() and time.monotonic() < until:
        time.sleep(0.002)
    return what()


@pytest.mark.parametrize("chunked", [True, False])
def test_every_chunk_is_handed_over_as_soon_as_it_comes(client: Client, chunked: bool) -> None:
    told = threading.Event()

    def script(peer: Peer) -> None:
        peer.read_request()
        if chunked:
            peer.begin_chunks()
        else:  # as some servers stream: without a length, to the end of the connection
            peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        send = peer.chunk if chunked else peer.send
        for number in range(5):
            told.clear()
            send(f"part {number}")
            assert told.wait(2), "the reader holds it back"
        if chunked:
            peer.send("0\r\n\r\n")

    with Loopback(script) as server:
        exchange = post(client, server)
        exchange.open()
        parts = []
        while data := exchange.read():
            parts.append(data)
            told.set()
        exchange.close()
    assert parts == [f"part {number}".encode() for number in range(5)]


def test_a_connection_is_kept_warm_and_used_again_also_by_another_thread(client: Client) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.read_request()
            peer.begin_chunks()
            peer.chunk("x")
            peer.send("0\r\n\r\n")

    with Loopback(script) as server:

        def turn() -> None:
            exchange = post(client, server)
            exchange.open()
            read_all(exchange)
            exchange.close()

        turn()
        thread = threading.Thread(target=turn)
        thread.start()
        thread.join()
        turn()
        assert server.connections == 1
        client.close()


def test_an_answer_that_was_not_read_to_its_end_closes_its_connection(client: Client) -> None:
    def script(peer: Peer) -> bool:
        peer.read_request()
        peer.begin_chunks()
        peer.chunk("x")
        return peer.sock.recv(1) == b""

    with Loopback(script) as server:
        exchange = post(client, server)
        exchange.open()
        assert exchange.read() == b"x"
        exchange.close()
        assert wait_for(lambda: server.results) == [True]


def test_a_warm_connection_that_dies_as_it_is_used_again_is_replaced_once(client: Client) -> None:
    def first(peer: Peer) -> None:
        peer.read_request()
        peer.answer("200 OK", "one")
        peer.read_request()
        peer.reset()

    def second(peer: Peer) -> None:
        peer.read_request()
        peer.answer("200 OK", "two")

    with Loopback(first, second) as server:
        answers = []
        for _ in range(2):
            exchange = post(client, server)
            exchange.open()
            answers.append(read_all(exchange))
            exchange.close()
        assert answers == [b"one", b"two"]
        client.close()


def test_a_new_connection_that_dies_is_not_tried_again(client: Client) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.reset()

    with Loopback(script) as server:
        exchange = post(client, server)
        with pytest.raises(ProviderError, match="the connection broke before it answered") as caught:
            exchange.open()
        exchange.close()
        assert server.connections == 1 and caught.value.retry


@pytest.mark.parametrize(
    ("status", "retry"),
    [(400, False), (401, False), (403, False), (404, False), (429, True), (500, True), (503, True), (302, False)],
)
def test_a_status_that_is_no_success_is_an_error_with_its_words_and_no_secret(
    client: Client, status: int, retry: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.answer(
            f"{status} No",
            "bad key very-secret-key or sk-0123456789abcdef " + "x" * 9000,
            "Location: http://127.0.0.1:9/\r\n",
        )

    with Loopback(script) as server:
        exchange = post(client, server)
        with pytest.raises(RefusedError) as caught:
            exchange.open()
        exchange.close()
    error = caught.value
    assert (error.status, error.code, error.retry) == (status, f"HTTP {status}", retry)
    assert "secret-key" not in str(error) + error.body and "sk-0" not in str(error) + error.body
    assert len(str(error)) < 300 and len(error.body) <= 4096


SILENCES: dict[str, tuple[Callable[[Peer], Any], str]] = {
    "takes the request and is silent": (lambda peer: peer.hold(), "timed out waiting"),
    "drips its headers": (
        lambda peer: [peer.send("HTTP/1.1 200 OK\r\n"), [drip(peer) for _ in range(60)]],
        "timed out waiting",
    ),
    "sends headers and then nothing": (
        lambda peer: [peer.read_request(), peer.begin_chunks(), peer.hold()],
        "timed out waiting",
    ),
    "drips a chunk's length": (
        lambda peer: [peer.read_request(), peer.begin_chunks(), [drip(peer, "0") for _ in range(60)]],
        "timed out waiting",
    ),
    "closes in the middle of a chunk": (
        lambda peer: [peer.read_request(), peer.begin_chunks(), peer.send("5\r\nab")],
        "in the middle",
    ),
    "closes between two chunks": (
        lambda peer: [peer.read_request(), peer.begin_chunks(), peer.chunk("abc")],
        "in the middle",
    ),
    "sends less than it promised": (
        lambda peer: [peer.read_request(), peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")],
        "in the middle",
    ),
    "resets in the middle": (
        lambda peer: [peer.read_request(), peer.begin_chunks(), peer.chunk("abc"), peer.reset()],
        "broke",
    ),
    "speaks no HTTP": (
        lambda peer: [peer.read_request(), peer.send("SSH-2.0-OpenSSH_9\r\n")],
        "broke before it answered",
    ),
    "sends a chunk that is none": (
        lambda peer: [peer.read_request(), peer.begin_chunks(), peer.send("zz\r\nab\r\n")],
        "in the middle",
    ),
}


def drip(peer: Peer, what: str = "X") -> None:
    time.sleep(0.05)
    peer.send(what)


@pytest.mark.parametrize("what", SILENCES)
def test_whatever_a_server_does_wrong_ends_within_the_bounds_in_one_clear_error(client: Client, what: str) -> None:
    act, words = SILENCES[what]
    with Loopback(act) as server:
        exchange = post(client, server, QUICK)
        began = time.monotonic()
        with pytest.raises(ProviderError, match=words) as caught:
            exchange.open()
            read_all(exchange)
        exchange.close()
        assert time.monotonic() - began < 1.5
        assert caught.value.retry and caught.value.provider == "test llm"


def test_the_limit_cuts_a_wait_short_and_a_stream_of_comments_too(client: Client) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.begin_chunks()
        for _ in range(100):
            peer.chunk(": ping\n\n")
            time.sleep(0.02)

    with Loopback(script) as server:
        exchange = post(client, server)
        exchange.open()
        exchange.limit = client.clock.deadline(0.2)
        began = time.monotonic()
        with pytest.raises(ProviderError, match="timed out"):
            read_all(exchange)
        assert 0.1 < time.monotonic() - began < 0.6
        exchange.close()


@pytest.mark.parametrize("phase", ["connecting", "sending", "headers", "body", "before"])
def test_cancel_ends_any_phase_at_once_and_nothing_is_delivered(client: Client, phase: str) -> None:
    def script(peer: Peer) -> None:
        if phase != "sending":
            peer.read_request()
        if phase == "body":
            peer.begin_chunks()
            peer.chunk("first")
        peer.hold()

    with Loopback(script, receive_buffer=4096) as server:
        body = bytes(8_000_000) if phase == "sending" else b"{}"
        url = "http://192.0.2.1/" if phase == "connecting" else f"{server.http}/x"
        exchange = client.post(url, headers={}, body=body)
        got: list[bytes] = []
        ended: list[tuple[float, BaseException]] = []

        def run() -> None:
            try:
                exchange.open()
                while True:
                    got.append(exchange.read())
            except (Cancelled, ProviderError) as error:
                ended.append((time.monotonic(), error))
            finally:
                exchange.close()

        thread = threading.Thread(target=run)
        if phase == "before":
            exchange.cancel()
        thread.start()
        time.sleep(0.1)
        cancelled = time.monotonic()
        exchange.cancel()
        exchange.cancel()
        thread.join(2)
        assert not thread.is_alive()
        at, error = ended[0]
        if phase != "connecting" or at > cancelled:  # a machine without a route says so at once
            assert isinstance(error, Cancelled) and at - cancelled < 0.2
        assert got == ([b"first"] if phase == "body" else [])


def test_cookies_netrc_and_proxies_of_the_environment_are_not_used(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")

    def script(peer: Peer) -> str:
        head = ""
        for _ in range(2):
            head = peer.read_request()[0]
            peer.answer("200 OK", "x", "Set-Cookie: a=b\r\n")
        return head

    with Loopback(script) as server:
        for _ in range(2):
            exchange = post(client, server)
            exchange.open()
            read_all(exchange)
            exchange.close()
        head = server.result()
        client.close()
    assert "Authorization: Bearer very-secret-key" in head and "Cookie" not in head


def test_many_exchanges_at_once_do_not_mix(client: Client) -> None:
    def script(peer: Peer) -> None:
        while True:
            _, body = peer.read_request()
            peer.begin_chunks()
            for _ in range(5):
                peer.chunk(body)
            peer.send("0\r\n\r\n")

    with Loopback(script) as server:
        wrong: list[object] = []

        def work(number: int) -> None:
            for turn in range(10):
                body = f"<{number}.{turn}>".encode()
                exchange = post(client, server, body=body)
                exchange.open()
                if (got := read_all(exchange)) != body * 5:
                    wrong.append(got)
                exchange.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong and server.connections <= 8
        client.close()


def test_an_address_that_is_none_is_the_operators_fault(client: Client) -> None:
    for url in ("ftp://x/", "http://", "nonsense"):
        exchange = client.post(url, headers={}, body=b"")
        with pytest.raises(ProviderError) as caught:
            exchange.open()
        exchange.close()
        assert not caught.value.retry
