from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import ConfigError, Kind
from firstword.net import streamed
from firstword.net.sse import SseEvent, SseReader
from firstword.providers.dashscope import generation_wire as wire
from firstword.providers.dashscope.generation import GenerationModel, GenerationSettings, make, parameters
from firstword.speech.answer import AnswerEvent, CallPart, Chunk, Fault, Malformed
from firstword.speech.llm import Completion, Message, Tool, ToolCall
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import ended
from .traces import differences, request, rows

KEY = "sk-FAKE0123456789abcdef0123456789ab"
ASK = (Message("user", "你好"),)
COUNTED = {"total_tokens": 22, "output_tokens": 2, "input_tokens": 20}


def recorded(name: str) -> bytes:
    """The stream that the SDK read."""
    return "".join(
        row["raw"] for row in rows(name) if row.get("dir") == "s2c" and row["raw"].startswith("id:")
    ).encode()


def read(stream: bytes, cuts: list[int] | None = None) -> list[AnswerEvent]:
    reader = SseReader()
    found: list[SseEvent] = []
    at = 0
    for cut in sorted({min(cut, len(stream)) for cut in cuts or []}):
        found += reader.feed(stream[at:cut])
        at = cut
    found += reader.feed(stream[at:]) + reader.feed(b"", final=True)
    return [wire.parse(event) for event in found]


def event(reason: str = "null", usage: Any = None, **message: Any) -> str:
    output = {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": reason}]}
    data = json.dumps({"output": output, "usage": usage, "request_id": "r"}, ensure_ascii=False)
    return f"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n"


def error(status: int, code: str, message: str, name: str = "error") -> str:
    data = json.dumps({"code": code, "message": message, "request_id": "b0-1"})
    return f"id:2\nevent:{name}\n:HTTP_STATUS/{status}\ndata:{data}\n\n"


# What is sent


def test_the_request_means_the_same_as_the_sdks() -> None:
    line, headers, body = request("dashscope_generation_sse")
    theirs = json.loads(body)
    messages = [Message(message["role"], message["content"]) for message in theirs["input"]["messages"]]
    ours = wire.request_body("qwen-plus", messages, (), parameters(GenerationSettings(api_key=KEY)))
    assert differences(json.loads(ours), theirs) == {}
    assert line.split()[1] == "/api/v1" + wire.PATH
    for name in ("Accept", "X-DashScope-SSE"):
        assert headers[name.lower()] == wire.HEADERS[name]
    assert headers["content-type"].startswith(wire.HEADERS["Content-Type"])
    assert "x-accel-buffering" in headers  # asks proxies not to hold the stream back; the service's own needs no asking


def test_only_what_is_set_is_sent_and_tools_stand_among_the_parameters() -> None:
    tool = Tool("order", "查订单", {"type": "object", "properties": {"id": {"type": "string"}}})
    settings = GenerationSettings(api_key=KEY, temperature=0.3, max_tokens=200, enable_thinking=True)
    sent = json.loads(wire.request_body("qwen-max", ASK, [tool], parameters(settings)))
    assert sent["parameters"] == {
        "result_format": "message",
        "incremental_output": True,
        "enable_thinking": True,
        "temperature": 0.3,
        "max_tokens": 200,
        "tools": [
            {
                "type": "function",
                "function": {"name": "order", "description": "查订单", "parameters": dict(tool.parameters)},
            }
        ],
    }


def test_a_conversation_with_tools_has_the_services_own_form() -> None:
    asked = Message("assistant", "", calls=(ToolCall("c1", "order", '{"id": "7"}'),))
    sent = json.loads(wire.request_body("m", [*ASK, asked, Message("tool", "shipped", answers="c1")], (), {}))
    assert sent["input"]["messages"][1]["tool_calls"][0]["function"] == {"name": "order", "arguments": '{"id": "7"}'}
    assert sent["input"]["messages"][2] == {"role": "tool", "content": "shipped", "tool_call_id": "c1"}


# What is understood


def test_the_recording_reads_as_the_sdk_read_it() -> None:
    assert read(recorded("dashscope_generation_sse")) == [
        Chunk("您好", usage=(20, 1)),
        Chunk("！", usage=(20, 2)),
        Chunk("", "stop", (20, 2), last=True),
    ]
    assert read(recorded("dashscope_generation_sse.error")) == [
        Fault("InvalidParameter", "Preprocessor error", 400, "00000000-1111-2222-3333-444444444444")
    ]


@given(st.lists(st.integers(0, 2000), max_size=10), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_the_recording_reads_the_same_however_it_is_cut(cuts: list[int], end: bytes) -> None:
    stream = recorded("dashscope_generation_sse")
    assert read(stream.replace(b"\n", end), cuts) == read(stream)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (event(content="x"), Chunk("x")),
        (event(content="", reasoning_content="let me think"), Chunk()),
        (event(content=None), Chunk()),
        (event(content=[{"text": "a"}, {"image": "b"}, {"text": "c"}]), Chunk("ac")),
        (event("stop", COUNTED, content="。"), Chunk("。", "stop", (20, 2), last=True)),
        (
            event("tool_calls", tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}]),
            Chunk("", "tool_calls", calls=(CallPart(0, "c", "f", "{"),), last=True),
        ),
        (event(tool_calls=[{"index": 0, "id": "", "function": {"arguments": "}"}}]), Chunk(calls=(CallPart(0, "", "", "}"),))),
        (error(429, "Throttling.RateQuota", "slow"), Fault("Throttling.RateQuota", "slow", 429, "b0-1")),
        (error(500, "InternalError", "x", name="result"), Fault("InternalError", "x", 500, "b0-1")),
        ('data:{"code": "DataInspectionFailed", "message": "no"}\n\n', Fault("DataInspectionFailed", "no")),
        ('event:error\ndata:{}\n\n', Fault("", "")),
        ('data:{"output": {"choices": []}, "usage": {"input_tokens": null}}\n\n', Chunk(usage=(0, 0))),
        ('data:{"output": {"choices": [3]}}\n\n', Chunk()),
        (":HTTP_STATUS/abc\ndata:{}\n\n", Chunk()),
        ("data:{\n\n", Malformed("an event of the stream is no JSON")),
        ("data:[1]\n\n", Malformed("an event of the stream is no JSON object")),
    ],
)  # fmt: skip
def test_every_event_has_a_meaning(text: str, value: AnswerEvent) -> None:
    assert read(text.encode()) == [value]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "finish_reason", "tool_calls", "function", "text", "index"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["output", "usage", "code", "message", "request_id"]), json_values),
    st.text(max_size=5),
    st.lists(st.text(max_size=18), max_size=2),
)
def test_no_event_whatever_raises(message: dict[str, Any], name: str, comments: list[str]) -> None:
    wire.parse(SseEvent(json.dumps(message), name, tuple(comments)))


# The service


def model(server: Loopback, **values: str) -> GenerationModel:
    return make({"url": f"{server.http}/api/v1/", "api_key": KEY, **values}, "test")


def stream(*events: str, cut: bool = False) -> Callable[[Peer], str]:
    def script(peer: Peer) -> str:
        head, body = peer.read_request()
        peer.begin_chunks()
        for text in events:
            peer.chunk(text)
        if not cut:
            peer.send("0\r\n\r\n")
        return head + body.decode()

    return script


def run(server: Loopback, **values: str) -> Watch:
    watch = Watch()
    service = model(server, **values)
    service.start("t", ASK, watch)
    ended(watch)
    service.close()
    return watch


def test_an_answer_is_told_token_by_token_what_is_thought_is_not_and_the_last_counts_count() -> None:
    events = (
        event(content="", reasoning_content="hm"),
        ": ping\n\n",
        event(content="您好", usage={"input_tokens": 20, "output_tokens": 1}),
        event(content="！", usage=COUNTED),
        event("stop", COUNTED, content=""),
    )
    with Loopback(stream(*events)) as server:
        watch = run(server, workspace="ws-1")
        assert [args[0] for name, args in watch.events if name == "token"] == ["您好", "！"]
        assert watch.events[-1] == ("finished", (Completion("stop", 20, 2),))
        head, _ = server.result().split("\r\n\r\n")
    assert head.startswith(f"POST /api/v1{wire.PATH} HTTP/1.1") and f"Authorization: Bearer {KEY}" in head
    assert "X-DashScope-SSE: enable" in head and "X-DashScope-WorkSpace: ws-1" in head


def test_calls_of_tools_are_put_together_from_pieces() -> None:
    pieces = [
        event(content="我查一下。"),
        event(content="", tool_calls=[{"index": 0, "id": "c1", "function": {"name": "order", "arguments": ""}}]),
        event(content="", tool_calls=[{"index": 0, "id": "", "function": {"arguments": '{"id":'}}]),
        event(content="", tool_calls=[{"index": 0, "id": "", "function": {"arguments": ' "7"}'}}]),
        event("tool_calls", COUNTED, content=""),
    ]
    with Loopback(stream(*pieces)) as server:
        watch = run(server)
    completion = Completion("tool_calls", 20, 2, (ToolCall("c1", "order", '{"id": "7"}'),))
    assert watch.events[-1] == ("finished", (completion,))


def test_the_end_is_told_with_the_last_event_and_not_with_the_end_of_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "TAIL_S", 30.0)

    def script(peer: Peer) -> None:
        stream(event(content="x"), event("stop", COUNTED, content=""), cut=True)(peer)
        peer.hold()

    with Loopback(script) as server:
        watch = run(server, idle_ms="60000")
        assert watch.names() == ["token", "finished"]


def refuse(status: str, body: str) -> Callable[[Peer], Any]:
    return lambda peer: [peer.read_request(), peer.answer(status, body)]


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool, Kind]] = {
    "wrong key": (refuse("401 No", f'{{"code": "InvalidApiKey", "message": "Invalid {KEY}", "request_id": "b0-1"}}'),
                  {}, "check api_key", "HTTP 401 InvalidApiKey", False, "credentials"),
    "says nothing": (refuse("404 No", "{}"), {}, "no such model", "HTTP 404", False, "settings"),
    "an unknown refusal": (refuse("418 No", "teapot"), {}, "teapot", "HTTP 418", False, "settings"),
    "a proxy's refusal": (refuse("502 No", "<html>"), {}, "<html>", "HTTP 502", True, "server"),
    "too many": (refuse("429 No", '{"code": "Throttling.RateQuota", "message": "m"}'), {},
                 "too many", "HTTP 429 Throttling.RateQuota", True, "throttled"),
    "no money": (refuse("400 No", '{"code": "Arrearage", "message": "m"}'), {}, "overdue", "HTTP 400 Arrearage", False, "quota"),
    "an error as the stream": (stream(error(400, "InvalidParameter", "Preprocessor error")), {},
                               "request b0-1", "HTTP 400 InvalidParameter", False, "settings"),
    "inspected in the middle": (stream(event(content="x"), error(400, "DataInspectionFailed", "Output data may contain")),
                                {}, "Output data may contain", "HTTP 400 DataInspectionFailed", False, "text"),
    "throttled in the middle": (stream(event(content="x"), error(429, "Throttling", "m")), {},
                                "m", "HTTP 429 Throttling", True, "throttled"),
    "nonsense": (stream("data:{\n\n"), {}, "no JSON", "", True, "server"),
    "ends in the middle": (stream(event(content="x")), {}, "ended in the middle", "", True, "server"),
    "cut": (stream(event(content="x"), cut=True), {}, "in the middle of its answer", "", True, "network"),
    "silent": (lambda peer: peer.hold(), {"first_token_ms": "200"}, "no word to speak came within 200 ms", "", True, "server"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = run(server, **values)
    failure = watch.events[-1][1][0]
    assert watch.names()[-1] == "failed" and words in str(failure), failure
    assert (failure.code, failure.retry, failure.kind) == (code, retry, kind)
    assert failure.provider == "dashscope qwen-plus" and KEY not in str(failure)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"api_key": "sk-with space"}, "api_key holds"),
        ({"incremental_output": "true"}, "unknown setting"),
        ({"enable_thinking": "maybe"}, "enable_thinking takes true or false"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_in_words(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"api_key": KEY, **values}, 'profile "x"')
    assert words in str(caught.value) and "with space" not in str(caught.value)
