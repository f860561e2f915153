from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.net import streamed
from firstword.providers.openai.chat import ChatModel, make
from firstword.speech.llm import Completion, Message, Tool, ToolCall
from firstword.speech.watch import Watch
from firstword.threads import alive
from net.loopback import Loopback, Peer

from .nls_peer import ended, until

KEY = "sk-FAKE0123456789abcdef0123456789ab"
ASK = (Message("system", "你是客服。"), Message("user", "你好"))


def model(server: Loopback, **values: str) -> ChatModel:
    return make({"base_url": f"{server.http}/v1/", "api_key": KEY, "model": "qwen-plus", **values}, "test")


def said(text: str | None = None, reason: str | None = None, **delta: Any) -> str:
    return json.dumps({"choices": [{"delta": {"content": text, **delta}, "finish_reason": reason}], "usage": None})


USAGE = '{"choices": [], "usage": {"prompt_tokens": 22, "completion_tokens": 17}}'


def stream(*events: str, end: bool = True, pause_s: float = 0.0) -> Callable[[Peer], str]:
    def script(peer: Peer) -> str:
        head = ""
        while True:
            request_head, body = peer.read_request()
            head = head or request_head + body.decode()
            peer.begin_chunks()
            for event in events:
                peer.chunk(f"data: {event}\n\n")
                time.sleep(pause_s)
            if not end:
                return head
            peer.send("0\r\n\r\n")
            if pause_s == 0:
                return head

    return script


def tokens(watch: Watch) -> list[str]:
    return [args[0] for name, args in watch.events if name == "token"]


def run(server: Loopback, **values: str) -> Watch:
    watch = Watch()
    service = model(server, **values)
    service.start("t", ASK, watch)
    assert watch.over.wait(5)
    watch.judge()
    service.close()
    return watch


def test_an_answer_is_told_token_by_token_and_what_is_thought_is_not() -> None:
    events = (
        said("", role="assistant"),
        said(None, reasoning_content="hm"),
        said("您好"),
        said("！"),
        said("", "stop"),
        USAGE,
        "[DONE]",
    )
    with Loopback(stream(*events)) as server:
        watch = run(server, enable_thinking="false")
        assert tokens(watch) == ["您好", "！"]
        assert watch.events[-1] == ("finished", (Completion("stop", 22, 17),))
        head, body = server.result().split("\r\n\r\n")
    assert head.startswith("POST /v1/chat/completions HTTP/1.1") and f"Authorization: Bearer {KEY}" in head
    assert json.loads(body)["messages"][0] == {"role": "system", "content": "你是客服。"}
    assert json.loads(body)["enable_thinking"] is False


def test_without_a_key_none_is_sent() -> None:
    with Loopback(stream(said("x", "stop"), "[DONE]")) as server:
        run(server, api_key="")
        assert "authorization" not in server.result().lower() and "enable_thinking" not in server.result()


@pytest.mark.parametrize(
    ("events", "completion"),
    [
        ((said("a"), said("b", "stop"), "[DONE]"), Completion("stop")),
        ((said("a"), said("b", "length"), USAGE), Completion("length", 22, 17)),
        ((said("ab"), "[DONE]"), Completion("stop")),
        ((said("ab", "stop"),), Completion("stop")),
    ],
)
def test_every_proper_end_is_an_end(events: tuple[str, ...], completion: Completion) -> None:
    with Loopback(stream(*events)) as server:
        watch = run(server)
        assert "".join(tokens(watch)) == "ab" and watch.events[-1] == ("finished", (completion,))


def test_an_empty_answer_is_finished() -> None:
    with Loopback(stream(said("", "stop"), "[DONE]")) as server:
        assert run(server).names() == ["finished"]


def part(index: int, id: str, arguments: str, **name: str) -> str:
    return said(
        tool_calls=[{"index": index, "id": id, "type": "function", "function": {"arguments": arguments, **name}}]
    )


CALLING = (
    said("我查一下。"),
    part(0, "call_a", "", name="order"),
    part(0, "", '{"id": '),
    part(1, "call_b", "", name="hang_up"),
    part(0, "", '"7"}'),
)
CALLS = (ToolCall("call_a", "order", '{"id": "7"}'), ToolCall("call_b", "hang_up", ""))


@pytest.mark.parametrize(
    ("end", "completion"),
    [
        ((said("", "tool_calls"), USAGE, "[DONE]"), Completion("tool_calls", 22, 17, CALLS)),
        ((said("", "stop"), "[DONE]"), Completion("stop", calls=CALLS)),
        (("[DONE]",), Completion("tool_calls", calls=CALLS)),
    ],
)
def test_tools_are_offered_and_the_calls_come_with_the_end_after_the_text(
    end: tuple[str, ...], completion: Completion
) -> None:
    with Loopback(stream(*CALLING, *end)) as server:
        watch = Watch()
        service = model(server)
        service.start("t", ASK, watch, [Tool("order", "查订单")])
        assert watch.over.wait(5)
        service.close()
        assert tokens(watch) == ["我查一下。"] and watch.events[-1] == ("finished", (completion,))
        body = json.loads(server.result().split("\r\n\r\n")[1])
    assert body["tools"][0]["function"]["name"] == "order"


def test_a_call_that_is_being_written_is_no_silence() -> None:
    """Nothing to speak comes within first_token_ms, but the model is at work."""
    pieces = [part(0, "c", "{", name="x"), *[part(0, "", " ")] * 30, part(0, "", "}"), said("", "tool_calls"), "[DONE]"]
    with Loopback(stream(*pieces, pause_s=0.02)) as server:
        watch = run(server, **QUICK)
    assert watch.names() == ["finished"]


@pytest.mark.parametrize("then", ["silence", "comments"])
def test_token_counts_that_do_not_come_are_not_waited_for(then: str) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.begin_chunks()
        peer.chunk(f"data: {said('x', 'stop')}\n\n")
        while then == "comments":
            peer.chunk(": ping\n\n")
            time.sleep(0.02)
        peer.hold()

    with Loopback(script) as server:
        began = time.monotonic()
        watch = run(server)
        assert watch.names() == ["token", "finished"] and time.monotonic() - began < 2


def test_the_connection_stays_warm_from_turn_to_turn() -> None:
    with Loopback(stream(said("x", "stop"), "[DONE]", pause_s=0.001)) as server:
        service = model(server)
        for _ in range(3):
            watch = Watch()
            service.start("t", ASK, watch)
            assert ended(watch) is None
            time.sleep(0.05)  # a person listens
        assert server.connections == 1
        service.close()


def test_cancel_closes_the_connection_so_that_the_service_stops_writing() -> None:
    def script(peer: Peer) -> float:
        peer.read_request()
        peer.begin_chunks()
        try:
            while True:
                peer.chunk(f"data: {said('x')}\n\n")
                time.sleep(0.005)
        except OSError:
            return time.monotonic()

    with Loopback(script) as server:
        service = model(server)
        watch = Watch()
        work = service.start("t", ASK, watch)
        assert watch.began.wait(3)
        work.cancel()
        cancelled = time.monotonic()
        until(lambda: server.results)
        assert server.result() - cancelled < 0.5
        service.close()


def test_cancel_ends_the_wait_for_a_first_word_too() -> None:
    with Loopback(lambda peer: [peer.read_request(), peer.sock.recv(1) == b"" and time.monotonic()]) as server:
        service = model(server)
        work = service.start("t", ASK, Watch())
        until(lambda: server.connections)
        time.sleep(0.05)
        work.cancel()
        cancelled = time.monotonic()
        until(lambda: not [name for name in alive() if name == "llm-t"])
        assert time.monotonic() - cancelled < 0.5
        service.close()


def refuse(status: str, body: str) -> Callable[[Peer], Any]:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.answer(status, body)

    return script


def comments(peer: Peer) -> None:
    peer.read_request()
    peer.begin_chunks()
    while True:
        peer.chunk(": ping\n\n")
        time.sleep(0.02)


def thinks_for_ever(peer: Peer) -> None:
    peer.read_request()
    peer.begin_chunks()
    while True:
        peer.chunk(f"data: {said(None, reasoning_content='hm')}\n\n")
        time.sleep(0.02)


def stalls(peer: Peer) -> None:
    peer.read_request()
    peer.begin_chunks()
    peer.chunk(f"data: {said('x')}\n\n")
    peer.hold()


QUICK = {"connect_ms": "100", "first_token_ms": "200", "idle_ms": "200"}
FAULT = '{"error": {"message": "Output data may contain inappropriate content.", "code": "data_inspection_failed"}}'
FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool]] = {
    "wrong key": (
        refuse("401 No", f'{{"error": {{"message": "Incorrect API key {KEY}", "code": "invalid_api_key"}}}}'),
        {}, "check api_key", "HTTP 401 invalid_api_key", False,
    ),
    "wrong key, key unread": (refuse("403 No", "{}"), {}, "no right to this model", "HTTP 403", False),
    "no such model": (refuse("404 No", '{"error": {"code": "no_model"}}'), {}, "check base_url and model", "HTTP 404 no_model", False),
    "too many": (refuse("429 No", '{"error": {"code": "limit_requests"}}'), {}, "too many", "HTTP 429 limit_requests", True),
    "refused as SSE": (refuse("400 No", f"data: {FAULT}"), {}, "inappropriate", "HTTP 400 data_inspection_failed", False),
    "overloaded": (refuse("503 No", ""), {}, "overloaded", "HTTP 503", True),
    "fault in the stream": (stream(said("x"), FAULT), {}, "inappropriate", "data_inspection_failed", False),
    "throttled in the stream": (stream('{"error": {"message": "m", "code": "Throttling.X"}}'), {}, "m", "Throttling.X", True),
    "nonsense": (stream("{"), {}, "no JSON", "", True),
    "ends in the middle": (stream(said("x")), {}, "ended in the middle", "", True),
    "cut": (stream(said("x"), end=False), {}, "in the middle of its answer", "", True),
    "silent": (lambda peer: peer.hold(), QUICK, "no word to speak came within 200 ms", "", True),
    "only comments": (comments, QUICK, "no word to speak came within 200 ms", "", True),
    "only reasoning": (thinks_for_ever, QUICK, "no word to speak came within 200 ms", "", True),
    "stalls": (stalls, QUICK, "timed out waiting", "", True),
    "wants too much": (stream(*[part(n, f"c{n}", "", name="x") for n in range(17)]), {}, "more than 16 tools at once", "", False),
    "writes too much": (stream(*[part(0, "c", "a" * 9000, name="x")] * 8), {}, "longer than 65536 bytes", "", False),
    "calls nothing": (stream(part(0, "c", "{}"), said("", "tool_calls"), "[DONE]"), {}, "has no name", "", True),
    "takes for ever": (stream(*[said("x")] * 200, pause_s=0.01), {"total_ms": "1000"}, "more than 1000 ms", "", False),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry = FAILURES[what]
    with Loopback(script) as server:
        watch = run(server, **values)
    error = watch.events[-1][1][0]
    assert watch.names()[-1] == "failed" and words in str(error), error
    assert (error.code, error.retry, error.provider) == (code, retry, "openai qwen-plus")
    assert KEY not in str(error)


def test_nobody_listening_is_one_clear_line() -> None:
    with Loopback(comments) as server:
        pass
    error = run(server).events[-1][1][0]
    assert "nobody listens at 127.0.0.1" in str(error) and error.retry


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"api_key": "sk-with space"}, "api_key holds"),
        ({"modell": "x"}, "did you mean 'model'"),
        ({"temperature": "3"}, "temperature takes 0 to 2"),
        ({"enable_thinking": "maybe"}, "enable_thinking takes true or false"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_in_words(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"api_key": KEY, **values}, 'profile "x"')
    assert words in str(caught.value) and "with space" not in str(caught.value)


def test_a_refusal_names_the_request_for_the_services_support() -> None:
    body = '{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}, "request_id": "b02e047c-1"}'
    with Loopback(refuse("401 No", body)) as server:
        error = run(server).events[-1][1][0]
    assert "request b02e047c-1" in str(error) and error.kind == "credentials"


def test_a_workspaces_refusal_that_says_nothing_has_the_meaning_of_its_status() -> None:
    with Loopback(refuse("404 No", "{}")) as server:
        error = run(server).events[-1][1][0]
    assert "check base_url and model" in str(error) and error.kind == "settings"


def test_a_machine_without_a_thread_for_a_moment_keeps_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    service = make({"base_url": "http://127.0.0.1:9/v1", "api_key": KEY, "model": "m"}, "test")
    monkeypatch.setattr(streamed, "spawn", none_left)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(RuntimeError):
            service.start("t", ASK, Watch())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    service.close()


def test_the_connections_of_a_hundred_calls_stay_warm(caplog: pytest.LogCaptureFixture) -> None:
    calls = 100
    all_asked = threading.Barrier(calls)

    def script(peer: Peer) -> None:
        peer.read_request()
        all_asked.wait(5)
        peer.begin_chunks()
        peer.chunk(f"data: {said('好', 'stop')}\n\ndata: [DONE]\n\n")
        peer.send("0\r\n\r\n")
        peer.hold()

    with Loopback(script) as server:
        service = model(server)
        watches = [Watch() for _ in range(calls)]
        for number, watch in enumerate(watches):
            service.start(str(number), ASK, watch)
        assert all(ended(watch, 10) is None for watch in watches)
        until(lambda: not any(name.startswith("llm-") for name in alive()))
        service.close()
    assert "pool is full" not in caplog.text


def test_an_answer_that_breaks_on_our_own_side_ends_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever speaks it may be out of descriptors, say: nobody is left to wait for the rest."""

    def out_of_everything(watch: Watch, count: int) -> None:
        if count == 2:
            raise OSError(24, "Too many open files")

    with Loopback(stream(said("您"), said("好"), said("。", "stop"), "[DONE]", pause_s=0.01)) as server:
        watch = Watch(out_of_everything)
        service = model(server)
        service.start("t", ASK, watch)
        error = ended(watch)
        service.close()
    assert watch.names() == ["token", "token", "failed"]
    assert error is not None and error.kind == "ours" and "an answer broke" in caplog.text
