"""Peers that send without end: each is given up within a bound, and what they sent is not kept."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from firstword.errors import ProviderError
from firstword.net.http import Client, HttpBounds
from firstword.net.timers import Bounds
from firstword.providers.openai.chat import make
from firstword.speech.llm import Message
from firstword.speech.watch import Watch

from .loopback import BINARY, PING, TEXT, Loopback, Peer, frame
from .test_websocket import Diary, connect

MEGABYTE = bytes(1 << 20)
SPACES = b" " * (1 << 20)
MOST_KIB = 48 << 10
"""What the process may grow by: the largest message a peer may send is 4 MiB, and is held twice while it is decoded. Threads and buffers
of the peer, which is in the process too, take the rest."""


@contextmanager
def memory_is_bounded() -> Iterator[None]:
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _peak_kib("VmRSS")
    yield
    grown = _peak_kib("VmHWM") - before
    assert grown < MOST_KIB, f"the process grew by {grown} KiB"


def _peak_kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def for_ever(peer: Peer, data: bytes, first: bytes = b"", pause_s: float = 0.0) -> None:
    """Until the client hangs up, or much more than any bound has gone."""
    end = time.monotonic() + 10
    with suppress(OSError):
        peer.send(first)
        while time.monotonic() < end:
            peer.send(data)
            if pause_s:
                time.sleep(pause_s)


GIGABYTE = b"\x82\x7f" + struct.pack("!Q", 1 << 30)
TEXT_OF_50_MB = b"\x81\x7f" + struct.pack("!Q", 50 << 20) + b'{"header": "'
FLOODS: dict[str, tuple[Callable[[Peer], Any], str]] = {
    "a message of a gigabyte": (lambda peer: for_ever(peer, MEGABYTE, GIGABYTE), "bytes"),
    "a text of 50 MB": (lambda peer: for_ever(peer, SPACES, TEXT_OF_50_MB), "bytes"),
    "a message in fragments without end": (
        lambda peer: for_ever(peer, frame(0, MEGABYTE, fin=False), frame(TEXT, "x", fin=False)),
        "bytes",
    ),
    "fragments of a byte": (
        lambda peer: for_ever(peer, frame(0, "x", fin=False) * 1000, frame(TEXT, "x", fin=False)),
        "fragments",
    ),
    "fragments of nothing": (
        lambda peer: for_ever(peer, frame(0, "", fin=False) * 1000, frame(BINARY, "x", fin=False)),
        "fragments",
    ),
    "messages of nothing": (lambda peer: for_ever(peer, frame(BINARY) * 1000), "nothing but empty frames and pings"),
    "pings": (lambda peer: for_ever(peer, frame(PING, "x" * 125) * 200), "nothing but empty frames and pings"),
    "a byte now and then": (
        lambda peer: for_ever(peer, b"x", b"\x81\x7d", pause_s=0.02),
        "has gone silent",
    ),
}


@pytest.mark.parametrize("what", FLOODS)
def test_a_peer_that_floods_a_connection_is_given_up_and_nothing_of_it_is_kept(what: str) -> None:
    act, words = FLOODS[what]

    def script(peer: Peer) -> None:
        peer.upgrade()
        act(peer)

    with Loopback(script) as server:
        diary = Diary()
        began = time.monotonic()
        with memory_is_bounded():
            connect(server.ws, diary, bounds=Bounds(idle_s=1.0))
            closed = diary.ending(5.0)
        assert closed.kind in ("protocol", "timeout") and words in closed.text, closed
        assert "127.0.0.1" in closed.text and time.monotonic() - began < 3.0


def test_other_connections_are_served_while_one_is_flooded() -> None:
    """They share a thread: a flood of full messages, which is no fault, must leave the others their turn."""

    def loud(peer: Peer) -> None:
        peer.upgrade()
        for_ever(peer, frame(BINARY, bytes(50)) * 1000)

    def quiet(peer: Peer) -> None:
        peer.upgrade()
        while True:
            peer.send_frame(*peer.read_frame())

    with Loopback(loud) as flood, Loopback(quiet) as server:
        noise, diary = Diary(), Diary()
        flooded = connect(flood.ws, noise)
        noise.hook = noise.told.clear
        assert noise.opened.wait(2)
        connection = connect(server.ws, diary)
        assert diary.opened.wait(2)
        took = []
        for number in range(10):
            began = time.monotonic()
            connection.send_text(str(number))
            while len(diary.told) <= number and time.monotonic() < began + 2:
                time.sleep(0.0005)
            took.append(time.monotonic() - began)
        assert sorted(took)[5] < 0.25 and len(diary.told) == 10
        for one, listener in ((flooded, noise), (connection, diary)):
            one.abort()
            listener.ending()


# HTTP


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
BODY = HEAD + b"Connection: close\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TOKEN = b'data: {"choices": [{"index": 0, "delta": {"content": "' + "说".encode() * 300 + b'"}}]}\n\n'
ANSWERS: dict[str, Callable[[Peer], Any]] = {
    "headers without end": lambda peer: for_ever(peer, b"X-Header: yes\r\n" * 1000, HEAD),
    "a header without end": lambda peer: for_ever(peer, SPACES, HEAD + b"X: "),
    "a status line without end": lambda peer: for_ever(peer, SPACES, b"HTTP/1.1 200 "),
    "continue, continue": lambda peer: for_ever(peer, b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "headers a byte at a time": lambda peer: for_ever(peer, b"x", HEAD + b"X: ", pause_s=0.02),
    "a refusal of a gigabyte": lambda peer: for_ever(
        peer, MEGABYTE, b"HTTP/1.1 400 No\r\nContent-Length: 1073741824\r\n\r\n"
    ),
    "a line without end": lambda peer: for_ever(peer, SPACES, BODY + b"data: "),
    "an event of lines without end": lambda peer: for_ever(peer, b"data: more\n" * 1000, BODY),
    "a chunk's size without end": lambda peer: for_ever(peer, b"0" * 65536, CHUNKED),
    "a chunk's extension without end": lambda peer: for_ever(peer, SPACES, CHUNKED + b"5;"),
    "comments without end": lambda peer: for_ever(peer, b": ping\n\n" * 1000, BODY),
    "comments now and then": lambda peer: for_ever(peer, b": ping\n\n", BODY, pause_s=0.02),
    "a byte now and then": lambda peer: for_ever(peer, b"x", BODY + b"data: ", pause_s=0.02),
    "an answer without end": lambda peer: for_ever(peer, TOKEN * 100, BODY),
    "reasoning without end": lambda peer: for_ever(peer, TOKEN.replace(b"content", b"reasoning_content") * 100, BODY),
    "a tool's arguments without end": lambda peer: for_ever(
        peer,
        b'data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "x", "arguments": "'
        + b"1" * 3000
        + b'"}}]}}]}\n\n',
        BODY,
    ),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_a_model_that_floods_is_given_up_and_nothing_of_it_is_kept(what: str) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        ANSWERS[what](peer)

    bounds = {"connect_ms": "400", "first_token_ms": "400", "idle_ms": "400", "total_ms": "60000"}
    with Loopback(script) as server:
        model = make({"base_url": server.http, "api_key": "sk-secret-key-0123456789", **bounds}, "test")
        watch = Watch(lambda watch, count: watch.events.clear() if watch.names() == ["token"] else None)
        began = time.monotonic()
        with memory_is_bounded():
            model.start("t", [Message("user", "您好")], watch)
            assert watch.over.wait(5.0)
        assert time.monotonic() - began < 3.0
        name, (error,) = watch.events[-1]
        assert name == "failed" and isinstance(error, ProviderError) and error.provider == "openai qwen-plus"
        model.close()


def test_a_body_of_a_gigabyte_that_is_not_wanted_is_not_kept() -> None:
    """Such as a token service that answers with something else; the reader decides how much it takes."""

    def script(peer: Peer) -> None:
        peer.read_request()
        for_ever(peer, MEGABYTE, b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")

    with Loopback(script) as server, memory_is_bounded():
        client = Client("a service")
        exchange = client.post(server.http, headers={}, body=b"", bounds=HttpBounds(1.0, 1.0, 1.0))
        exchange.open()
        assert len(exchange.read()) <= 1 << 17
        exchange.close()
        client.close()
