from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.net.sse import SseReader
from firstword.providers.openai import wire
from firstword.speech.answer import CallPart, Calls, Chunk, Done, Fault, Malformed, refusal
from firstword.speech.llm import Message, Tool, ToolCall

from .traces import differences, request, rows


def events(stream: bytes, cuts: list[int] | None = None) -> list[str]:
    reader = SseReader()
    found = []
    at = 0
    for cut in sorted({min(cut, len(stream)) for cut in cuts or []}):
        found += reader.feed(stream[at:cut])
        at = cut
    found += reader.feed(stream[at:]) + reader.feed(b"", final=True)
    return [event.data for event in found]


def recorded() -> bytes:
    """The stream that the openai client read."""
    parts = [
        row["raw"]
        for row in rows("openai_compat_chat_sse")
        if row.get("dir") == "s2c" and row["raw"].startswith("data:")
    ]
    return "".join(parts).encode()


# What is sent


def test_the_request_is_the_openai_clients_field_by_field() -> None:
    line, headers, body = request("openai_compat_chat_sse")
    theirs = json.loads(body)
    messages = [Message(message["role"], message["content"]) for message in theirs["messages"]]
    ours = wire.request_body("qwen-plus", messages, enable_thinking=False)
    assert differences(json.loads(ours), theirs) == {}
    assert line.split()[1].endswith("/chat/completions") and headers["content-type"] == "application/json"
    assert headers["authorization"].startswith("Bearer sk-")


def test_what_is_not_set_is_not_sent() -> None:
    sent = json.loads(wire.request_body("m", [Message("user", "x")]))
    assert set(sent) == {"model", "stream", "messages", "stream_options"}
    sent = json.loads(
        wire.request_body("m", [Message("user", "x")], temperature=0.0, max_tokens=7, enable_thinking=True)
    )
    assert (sent["temperature"], sent["max_tokens"], sent["enable_thinking"]) == (0.0, 7, True)


def test_half_a_surrogate_pair_does_not_break_the_request() -> None:
    json.loads(wire.request_body("m", [Message("user", "a\ud83d")]))


ORDER = Tool("order", "查询订单", {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]})


def test_tools_and_what_became_of_them_are_told_as_functions() -> None:
    asked = (ToolCall("call_1", "order", '{"id": "7"}'), ToolCall("call_2", "hang_up", ""))
    messages = [
        Message("user", "查一下"),
        Message("assistant", "好的。", asked),
        Message("tool", "已发货", answers="call_1"),
    ]
    sent = json.loads(wire.request_body("m", messages, [ORDER, Tool("hang_up", "挂断")]))
    assert sent["tools"] == [
        {"type": "function", "function": {"name": "order", "description": "查询订单", "parameters": ORDER.parameters}},
        {
            "type": "function",
            "function": {"name": "hang_up", "description": "挂断", "parameters": {"type": "object", "properties": {}}},
        },
    ]
    assert sent["messages"][1:] == [
        {
            "role": "assistant",
            "content": "好的。",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "order", "arguments": '{"id": "7"}'}},
                {"id": "call_2", "type": "function", "function": {"name": "hang_up", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "content": "已发货", "tool_call_id": "call_1"},
    ]


@pytest.mark.parametrize("written", ["", "{", "[1]", "null", '{"a": ', "[" * 100_000])
def test_what_the_model_wrote_instead_of_json_is_not_held_against_the_conversation(written: str) -> None:
    sent = json.loads(wire.request_body("m", [Message("assistant", "", (ToolCall("c", "x", written),))]))
    assert sent["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize(
    ("invented", "told"), [("functions.order", "functions_order"), ("查 订单", "____"), ("x" * 99, "x" * 64)]
)
def test_a_name_that_the_model_invented_is_told_again_as_one_that_can_be(invented: str, told: str) -> None:
    sent = json.loads(wire.request_body("m", [Message("assistant", "", (ToolCall("c", invented, "{}"),))]))
    assert sent["messages"][0]["tool_calls"][0]["function"]["name"] == told


# Events from bytes


def test_the_recording_reads_as_the_client_read_it() -> None:
    chunks = [wire.parse(data) for data in events(recorded())]
    assert [chunk.text for chunk in chunks if isinstance(chunk, Chunk) and chunk.text] == ["您好", "！"]
    assert Chunk(finish_reason="stop") in chunks and Chunk(usage=(22, 17)) in chunks
    assert chunks[-1] == Done() and len(chunks) == 6


@given(st.lists(st.integers(0, 3000), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_the_recording_reads_the_same_however_it_is_cut(cuts: list[int], end: bytes) -> None:
    assert events(recorded().replace(b"\n", end), cuts) == events(recorded())


# Values from events


def chunk(**choice: Any) -> str:
    return json.dumps({"choices": [{"index": 0, **choice}], "usage": None})


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (chunk(delta={"content": "我是"}, finish_reason=None), Chunk("我是")),
        (chunk(finish_reason="stop", delta={"content": "。"}), Chunk("。", "stop")),
        (chunk(delta={"content": None, "reasoning_content": "let me think"}), Chunk()),
        (chunk(delta={"content": "", "reasoning_content": "hm"}), Chunk()),
        (chunk(delta={"content": "x", "reasoning_content": None}), Chunk("x")),
        (chunk(delta={"role": "assistant"}), Chunk()),
        (chunk(delta=None, finish_reason="length"), Chunk("", "length")),
        (
            chunk(delta={"tool_calls": [{}]}, finish_reason="tool_calls"),
            Chunk("", "tool_calls", calls=(CallPart(),)),
        ),
        (
            chunk(
                delta={
                    "content": None,
                    "tool_calls": [
                        {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a'}}
                    ],
                }
            ),
            Chunk(calls=(CallPart(0, "c", "f", '{"a'),)),
        ),
        (
            chunk(delta={"tool_calls": [{"id": None, "function": {"name": None, "arguments": {"a": "深"}}}, 7]}),
            Chunk(calls=(CallPart(arguments='{"a": "深"}'),)),
        ),
        (chunk(delta={"tool_calls": [{"index": "0", "id": 3, "function": []}]}), Chunk(calls=(CallPart(),))),
        (chunk(delta={"tool_calls": {"index": 0}}), Chunk()),
        ('{"choices": [], "usage": {"prompt_tokens": 22, "completion_tokens": 17}}', Chunk(usage=(22, 17))),
        ('{"choices": [], "usage": {"prompt_tokens": null}}', Chunk(usage=(0, 0))),
        ('{"choices": null}', Chunk()),
        ("{}", Chunk()),
        ("[DONE]", Done()),
        (" [DONE] ", Done()),
        (
            '{"error": {"message": "Output data may contain", "type": "t", "param": null, "code": "data_inspection_failed"}}',
            Fault("data_inspection_failed", "Output data may contain"),
        ),
        ('{"error": {"message": "busy", "type": "server_error"}}', Fault("server_error", "busy")),
        ('{"error": "model not found"}', Fault("", "model not found")),
        (
            '{"code": "InvalidParameter", "message": "bad", "request_id": "x"}',
            Fault("InvalidParameter", "bad", request="x"),
        ),
        ("{", Malformed("an event of the stream is no JSON")),
        ("[1]", Malformed("an event of the stream is no JSON object")),
        ("[" * 100_000, Malformed("an event of the stream is no JSON")),
    ],
)
def test_every_event_has_a_meaning(data: str, value: object) -> None:
    assert wire.parse(data) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["delta", "content", "finish_reason", "tool_calls", "function", "index", "arguments", "id", "name"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["choices", "usage", "error", "code", "message"]), json_values))
def test_no_event_whatever_raises(message: dict[str, Any]) -> None:
    wire.parse(json.dumps(message))
    refusal(json.dumps(message))


WEATHER, TIME = ToolCall("c1", "weather", '{"city": "杭州"}'), ToolCall("c2", "time", "{}")


def dashscope(calls: list[ToolCall], size: int) -> bytes:
    """As DashScope streams them: the id is "" after the first piece, and there is text before."""
    said = [chunk(delta={"content": "", "role": "assistant"}), chunk(delta={"content": "稍等。"})]
    for index, call in enumerate(calls):
        pieces = [call.arguments[at : at + size] for at in range(0, len(call.arguments), size)]
        for n, piece in enumerate(["", *pieces]):
            function = {"arguments": piece} | ({"name": call.name} if n == 0 else {})
            part = {"function": function, "index": index, "id": call.id if n == 0 else "", "type": "function"}
            said.append(chunk(delta={"content": None, "tool_calls": [part]}))
    return "".join(
        f"data: {event}\n\n" for event in [*said, chunk(delta={}, finish_reason="tool_calls"), "[DONE]"]
    ).encode()


def understood(stream: bytes, cuts: list[int]) -> tuple[str, list[ToolCall]]:
    calls, text = Calls(), ""
    for event in (wire.parse(data) for data in events(stream, cuts)):
        if isinstance(event, Chunk):
            text += event.text
            calls.feed(event.calls)
    return text, list(calls.finish())


def test_a_stream_of_calls_cut_at_any_byte_is_the_same_stream() -> None:
    stream = dashscope([WEATHER, TIME], 3)
    for cut in range(len(stream) + 1):
        assert understood(stream, [cut]) == ("稍等。", [WEATHER, TIME])


arguments = st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3).map(
    lambda value: json.dumps(value, ensure_ascii=len(value) > 1)
)
many_calls = st.lists(st.tuples(st.sampled_from(["weather", "time"]), arguments), max_size=5).map(
    lambda pairs: [ToolCall(f"c{n}", *pair) for n, pair in enumerate(pairs)]
)


@given(many_calls, st.integers(1, 9), st.lists(st.integers(0, 5000), max_size=8))
def test_any_calls_survive_any_pieces_and_any_cuts(calls: list[ToolCall], size: int, cuts: list[int]) -> None:
    assert understood(dashscope(calls, size), cuts) == ("稍等。", calls)
