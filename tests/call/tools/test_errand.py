from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.call.tools import Answer, Errand, Errands, Request
from firstword.net import dial as dialling
from firstword.threads import alive
from net.loopback import Loopback, Peer

from .shop import KEY, ORDER, tool

QUERY = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


@pytest.fixture
def errands() -> Iterator[Errands]:
    errands = Errands()
    yield errands
    errands.close()


@pytest.fixture(autouse=True)
def no_names_kept() -> Iterator[None]:
    dialling._names.clear()
    yield
    dialling._names.clear()


class Told:
    """Who waits for the answers."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.threads: list[str] = []
        self.came = threading.Event()

    def __call__(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.threads.append(threading.current_thread().name)
        self.came.set()

    def one(self) -> Answer:
        assert self.came.wait(5)
        assert len(self.answers) == 1
        return self.answers[0]


def request(server: Loopback | str, method: str = "GET", path: str = "/orders/{order}", **values: str) -> Request:
    base = server if isinstance(server, str) else server.http
    reading = method == "GET"
    made = tool(
        f"{base}{path}",
        schema=QUERY if reading else ORDER,
        method=method,
        **{"allow_private": "true", "timeout_ms": "2000", **values},
    )
    wanted = made.act({"order": "A7"} if reading else {"order": "A7", "note": "急"})
    assert isinstance(wanted, Request)
    return wanted


def run(errands: Errands, wanted: Request) -> Answer:
    told = Told()
    errands.start("call-1", wanted, told)
    answer = told.one()
    assert told.threads == ["tool-call-1"]
    return answer


def answering(status: str, body: bytes | str = b"", headers: str = "") -> Callable[[Peer], Any]:
    def script(peer: Peer) -> tuple[str, bytes]:
        asked = peer.read_request()
        peer.answer(status, body, headers)
        return asked

    return script


def test_a_service_is_asked_and_its_answer_is_told(errands: Errands) -> None:
    with Loopback(answering("200 OK", "已发货", "Content-Type: text/plain; charset=utf-8\r\n")) as server:
        answer = run(errands, request(server))
        head, body = server.result()
    assert (answer.text, answer.outcome, answer.ok) == ("已发货", "done", True) and 0 <= answer.ms < 2000
    assert head.startswith("GET /orders/A7 HTTP/1.1") and f"Authorization: Bearer {KEY}" in head and body == b""


def test_what_is_posted_is_the_arguments_as_json_on_a_connection_of_its_own(errands: Errands) -> None:
    with Loopback(answering("201 Created", '{"id": 1}')) as server:
        answer = run(errands, request(server, "POST"))
        head, body = server.result()
    assert answer.text == '{"id": 1}' and json.loads(body) == {"note": "急"}
    assert "Content-Type: application/json" in head and "Connection: close" in head


def test_a_connection_is_kept_warm_for_reading(errands: Errands) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.read_request()
            peer.answer("200 OK", "x")

    with Loopback(script) as server:
        for _ in range(3):
            assert run(errands, request(server)).text == "x"
        assert server.connections == 1
        errands.close()


def test_what_was_posted_and_perhaps_done_is_not_posted_again(errands: Errands) -> None:
    """The service keeps the connection of the first order; it takes the second one and dies before it answers."""

    def keeps(peer: Peer) -> str:
        peer.read_request()
        peer.answer("200 OK", "first")
        try:
            peer.read_request()
        except ConnectionError:
            return "closed by us"
        peer.reset()
        return "used again"

    def dies(peer: Peer) -> str:
        peer.read_request()
        peer.reset()
        return "died"

    with Loopback(keeps, dies, dies) as server:
        assert run(errands, request(server, "POST")).ok
        answer = run(errands, request(server, "POST"))
        assert (answer.text, answer.outcome) == ("The service could not be reached.", "failed")
        until = time.monotonic() + 2
        while len(server.results) < 2 and time.monotonic() < until:
            time.sleep(0.002)
        assert sorted(server.results) == ["closed by us", "died"] and server.connections == 2


CUT = "… [cut here: these are the first {} bytes of a longer answer]"
NESTED = json.dumps({"data": [{"status": "已发货", "secret_cost": 3}]})


@pytest.mark.parametrize(
    ("status", "body", "values", "text", "outcome"),
    [
        ("200 OK", NESTED, {"pointer": "/data/0/status"}, "已发货", "done"),
        ("200 OK", NESTED, {"pointer": "/data/1"}, "The service failed: its answer has no /data/1.", "failed"),
        ("200 OK", "<html>", {"pointer": "/data"}, "The service failed: its answer is no JSON.", "failed"),
        ("200 OK", "x" * 1_100_000, {"pointer": "/data"}, "The service failed: its answer is longer than 1048576 bytes.", "failed"),
        ("200 OK", json.dumps({"a": "长" * 99}), {"pointer": "/a", "most_bytes": "64"}, "长" * 21 + CUT.format(63), "done"),
        ("200 OK", "", {}, "It is done; the service answered nothing.", "done"),
        ("204 No Content", "", {}, "It is done; the service answered nothing.", "done"),
        ("200 OK", f"you sent Bearer {KEY}", {}, "you sent Bearer ***", "done"),
        ("404 Not Found", '{"error": "no order A7"}', {}, 'The service refused it (HTTP 404): {"error": "no order A7"}', "failed"),
        ("401 No", f"bad key {KEY}", {}, "The service refused it (HTTP 401): bad key ***", "failed"),
        ("400 Bad", "x" * 3000, {}, "The service refused it (HTTP 400): " + "x" * 500 + CUT.format(500), "failed"),
        ("410 Gone", "", {}, "The service failed (HTTP 410).", "failed"),
        ("500 Oops", f"Traceback ... {KEY} ... SELECT * FROM customers", {}, "The service failed (HTTP 500).", "failed"),
        ("503 Busy", "", {}, "The service failed (HTTP 503).", "failed"),
        ("302 Found", "", {}, "The service failed (HTTP 302, a redirect, which is not followed).", "failed"),
    ],
)  # fmt: skip
def test_every_answer_becomes_one_honest_text(
    errands: Errands, status: str, body: str, values: dict[str, str], text: str, outcome: str
) -> None:
    with Loopback(answering(status, body)) as server:
        answer = run(errands, request(server, **values))
    assert (answer.text, answer.outcome) == (text, outcome)


def test_a_redirect_is_not_followed_wherever_it_leads(errands: Errands) -> None:
    with Loopback(lambda peer: pytest.fail("it was followed")) as other:
        for place in ("http://169.254.169.254/latest/meta-data/", f"{other.http}/", "/again"):
            with Loopback(answering("307 Go", "", f"Location: {place}\r\n")) as server:
                assert not run(errands, request(server, "POST")).ok
                assert server.connections == 1
        assert other.connections == 0


@pytest.mark.parametrize("chunked", [True, False])
def test_a_huge_answer_is_read_to_its_bound_and_no_further(errands: Errands, chunked: bool) -> None:
    sent = []

    def script(peer: Peer) -> None:
        peer.read_request()
        if chunked:
            peer.begin_chunks()
        else:
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        send = peer.chunk if chunked else peer.send
        try:
            while len(sent) < 10_000:
                send(b"x" * 10_000)
                sent.append(1)
        except OSError:
            pass

    with Loopback(script) as server:
        answer = run(errands, request(server))
    assert answer.ok and answer.text == "x" * 8192 + CUT.format(8192)
    assert len(sent) < 2000


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.hold()


def stalling(peer: Peer) -> None:
    peer.read_request()
    peer.begin_chunks()
    peer.chunk("x")
    peer.hold()


def dripping(peer: Peer) -> None:
    peer.read_request()
    peer.begin_chunks()
    while True:
        peer.chunk("x")
        time.sleep(0.02)


@pytest.mark.parametrize("script", [silent, stalling, dripping])
def test_a_slow_service_is_given_up_within_its_bound_whatever_it_does(
    errands: Errands, script: Callable[[Peer], Any]
) -> None:
    with Loopback(script) as server:
        began = time.monotonic()
        answer = run(errands, request(server, timeout_ms="200", most_bytes="100000"))
        assert (answer.text, answer.outcome) == ("The service did not answer within 0.2 seconds.", "timeout")
        assert answer.ms >= 190 and time.monotonic() - began < 1.5


def test_nobody_listening_is_said_without_a_word_about_where(
    errands: Errands, caplog: pytest.LogCaptureFixture
) -> None:
    with Loopback(silent) as server:
        wanted = request(server)
    with caplog.at_level(logging.WARNING):
        answer = run(errands, wanted)
    assert (answer.text, answer.outcome) == ("The service could not be reached.", "failed")
    assert "call-1: the tool order_status failed: nobody listens at 127.0.0.1" in caplog.text


# Where it may not go


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:9",
        "http://localhost:9",
        "http://[::1]:9",
        "http://169.254.169.254",
        "http://100.100.100.200",
        "http://10.0.0.1",
        "http://2130706433:9",
        "http://[::ffff:127.0.0.1]:9",
        "https://127.0.0.1:9",
    ],
)
def test_an_address_that_is_not_public_is_refused_unless_the_tool_allows_it(
    errands: Errands, base: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling, "_connect", lambda *_: pytest.fail("it was connected to"))
    with caplog.at_level(logging.WARNING):
        answer = run(errands, request(base, allow_private="false"))
    assert answer.outcome == "refused" and "not allowed" in answer.text
    assert "which is no public address; say allow-private in the <tool> if it is yours" in caplog.text


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "169.254.169.254"], ["::1"], ["10.9.8.7"]])
def test_a_name_that_leads_to_a_private_address_is_refused(
    errands: Errands, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *rest: object, flags: int = 0, **more: object) -> Any:
        if host != "rebound.test" or flags & socket.AI_NUMERICHOST:
            return real(host, port, type=socket.SOCK_STREAM, flags=flags)
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(dialling, "_connect", lambda *_: pytest.fail("it was connected to"))
    assert run(errands, request("http://rebound.test", allow_private="false")).outcome == "refused"


def test_a_connection_of_a_tool_that_may_does_not_serve_one_that_may_not(errands: Errands) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.read_request()
            peer.answer("200 OK", "inside")

    with Loopback(script) as server:
        assert run(errands, request(server)).text == "inside"
        assert run(errands, request(server, allow_private="false")).outcome == "refused"
        assert server.connections == 1
        errands.close()


def test_the_environments_proxy_is_no_way_around(errands: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback(answering("200 OK", "by proxy")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.http)
        assert run(errands, request("http://127.0.0.1:9", allow_private="false")).outcome == "refused"
        assert proxy.connections == 0


# Ends


@pytest.mark.parametrize("script", [silent, stalling, dripping])
def test_a_cancel_ends_any_wait_and_nothing_is_told_after_it(errands: Errands, script: Callable[[Peer], Any]) -> None:
    told = Told()
    with Loopback(script) as server:
        errand = errands.start("call-1", request(server, most_bytes="100000"), told)
        while not server.connections:
            time.sleep(0.001)
        time.sleep(0.05)
        errand.cancel()
        errand.cancel()
        until = time.monotonic() + 1
        while "tool-call-1" in alive() and time.monotonic() < until:
            time.sleep(0.002)
        assert "tool-call-1" not in alive() and told.answers == []


def test_an_answer_that_came_as_it_was_cancelled_is_not_told(errands: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_the_last_moment(errand: Errand) -> tuple[str, str]:
        errand.cancel()
        return "x", "done"

    monkeypatch.setattr(Errand, "_ask", at_the_last_moment)
    told = Told()
    errands.start("call-1", request("http://127.0.0.1:9"), told)
    until = time.monotonic() + 2
    while alive() and time.monotonic() < until:
        time.sleep(0.002)
    assert not alive() and told.answers == []


def test_a_cancel_after_the_answer_does_nothing(errands: Errands) -> None:
    told = Told()
    with Loopback(answering("200 OK", "x")) as server:
        errand = errands.start("call-1", request(server), told)
        told.one()
        errand.cancel()
    assert [answer.text for answer in told.answers] == ["x"]


def test_whatever_breaks_somebody_who_waits_is_told(
    errands: Errands, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "_read", lambda *_: 1 / 0)
    with Loopback(answering("200 OK", "x")) as server:
        answer = run(errands, request(server))
    assert (answer.text, answer.outcome) == ("The tool failed.", "failed")
    assert "the tool order_status broke" in caplog.text and KEY not in caplog.text


def test_secrets_and_what_the_caller_said_are_in_no_log(errands: Errands, caplog: pytest.LogCaptureFixture) -> None:
    scripts = [
        answering("401 No", f"bad key {KEY} for A7"),
        answering("500 No", f"{KEY} A7"),
        answering("200 OK", f"{KEY} A7"),
        answering("302 No", "", f"Location: /{KEY}/A7\r\n"),
        lambda peer: peer.send(f"HTTP/1.1 {KEY} A7\r\n"),
        silent,
    ]
    with caplog.at_level(logging.DEBUG, logger="firstword"):
        for script in scripts:
            with Loopback(script) as server:
                answer = run(errands, request(server, timeout_ms="200"))
                assert KEY not in answer.text
    assert caplog.records and KEY not in caplog.text and "A7" not in caplog.text


def test_many_at_once_do_not_mix(errands: Errands) -> None:
    def script(peer: Peer) -> None:
        while True:
            head, _ = peer.read_request()
            peer.answer("200 OK", head.split()[1])

    made: dict[str, Told] = {}
    with Loopback(script) as server:
        for number in range(20):
            path = f"/{number}/{{order}}"
            made[f"/{number}/A7"] = told = Told()
            errands.start(f"call-{number}", request(server, path=path), told)
        assert {path: told.one().text for path, told in made.items()} == {path: path for path in made}
        errands.close()
