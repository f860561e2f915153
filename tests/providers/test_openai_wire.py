from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.providers.openai import wire
from firstword.speech.llm import Message, Tool, ToolCall

from .traces import differences, request, rows


def events(stream: bytes, cuts: list[int] | None = None) -> list[str]:
    reader = wire.SseReader()
    found: list[str] = []
    at = 0
    for cut in sorted({min(cut, len(stream)) for cut in cuts or []}):
        found += reader.feed(stream[at:cut])
        at = cut
    return found + reader.feed(stream[at:]) + reader.feed(b"", final=True)


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
    assert [chunk.text for chunk in chunks if isinstance(chunk, wire.Chunk) and chunk.text] == ["您好", "！"]
    assert wire.Chunk(finish_reason="stop") in chunks and wire.Chunk(usage=(22, 17)) in chunks
    assert chunks[-1] == wire.Done() and len(chunks) == 6


@given(st.lists(st.integers(0, 3000), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_the_recording_reads_the_same_however_it_is_cut(cuts: list[int], end: bytes) -> None:
    assert events(recorded().replace(b"\n", end), cuts) == events(recorded())


lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=12)


@given(st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5), st.data())
def test_any_data_survives_any_chunking_comments_and_line_ends(payloads: list[list[str]], data: st.DataObject) -> None:
    stream = ""
    for payload in payloads:
        end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
        stream += f": comment{end}event: x{end}id{end}"
        for line in payload:
            space = (
                " " if line.startswith(" ") else data.draw(st.sampled_from(["", " "]))
            )  # one space is not the data's
            stream += f"data:{space}{line}{end}"
        stream += end
    raw = stream.encode()
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=8))
    assert events(raw, cuts) == ["\n".join(payload) for payload in payloads]


@pytest.mark.parametrize("cut", range(40))
def test_a_cr_lf_may_be_cut_anywhere(cut: int) -> None:
    stream = b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n"
    assert events(stream, [cut]) == ["a\nb", "c"]


def test_a_last_event_without_a_blank_line_counts_when_nothing_follows() -> None:
    assert events(b'data: {"a": 1}') == ['{"a": 1}']


def test_a_line_that_never_ends_is_refused() -> None:
    reader = wire.SseReader()
    with pytest.raises(ValueError, match="too long"):
        for _ in range(20):
            reader.feed(b"x" * 100_000)


# Values from events


def chunk(**choice: Any) -> str:
    return json.dumps({"choices": [{"index": 0, **choice}], "usage": None})


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (chunk(delta={"content": "我是"}, finish_reason=None), wire.Chunk("我是")),
        (chunk(finish_reason="stop", delta={"content": "。"}), wire.Chunk("。", "stop")),
        (chunk(delta={"content": None, "reasoning_content": "let me think"}), wire.Chunk()),
        (chunk(delta={"content": "", "reasoning_content": "hm"}), wire.Chunk()),
        (chunk(delta={"content": "x", "reasoning_content": None}), wire.Chunk("x")),
        (chunk(delta={"role": "assistant"}), wire.Chunk()),
        (chunk(delta=None, finish_reason="length"), wire.Chunk("", "length")),
        (
            chunk(delta={"tool_calls": [{}]}, finish_reason="tool_calls"),
            wire.Chunk("", "tool_calls", calls=(wire.CallPart(),)),
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
            wire.Chunk(calls=(wire.CallPart(0, "c", "f", '{"a'),)),
        ),
        (
            chunk(delta={"tool_calls": [{"id": None, "function": {"name": None, "arguments": {"a": "深"}}}, 7]}),
            wire.Chunk(calls=(wire.CallPart(arguments='{"a": "深"}'),)),
        ),
        (chunk(delta={"tool_calls": [{"index": "0", "id": 3, "function": []}]}), wire.Chunk(calls=(wire.CallPart(),))),
        (chunk(delta={"tool_calls": {"index": 0}}), wire.Chunk()),
        ('{"choices": [], "usage": {"prompt_tokens": 22, "completion_tokens": 17}}', wire.Chunk(usage=(22, 17))),
        ('{"choices": [], "usage": {"prompt_tokens": null}}', wire.Chunk(usage=(0, 0))),
        ('{"choices": null}', wire.Chunk()),
        ("{}", wire.Chunk()),
        ("[DONE]", wire.Done()),
        (" [DONE] ", wire.Done()),
        (
            '{"error": {"message": "Output data may contain", "type": "t", "param": null, "code": "data_inspection_failed"}}',
            wire.Fault("data_inspection_failed", "Output data may contain"),
        ),
        ('{"error": {"message": "busy", "type": "server_error"}}', wire.Fault("server_error", "busy")),
        ('{"error": "model not found"}', wire.Fault("", "model not found")),
        ('{"code": "InvalidParameter", "message": "bad", "request_id": "x"}', wire.Fault("InvalidParameter", "bad")),
        ("{", wire.Malformed("an event of the stream is no JSON")),
        ("[1]", wire.Malformed("an event of the stream is no JSON object")),
        ("[" * 100_000, wire.Malformed("an event of the stream is no JSON")),
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
    wire.parse_refusal(json.dumps(message))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            '{"error":{"message":"Incorrect API key","type":"x","param":null,"code":"invalid_api_key"},"request_id":"b0"}',
            wire.Fault("invalid_api_key", "Incorrect API key"),
        ),
        (
            'data: {"error":{"code":"data_inspection_failed","param":null,"message":"Input text"}}\n\n',
            wire.Fault("data_inspection_failed", "Input text"),
        ),
        (
            '{"code":"InvalidApiKey","message":"Invalid API-key","request_id":"x"}',
            wire.Fault("InvalidApiKey", "Invalid API-key"),
        ),
        ("{}", wire.Fault("", "")),
        ("", wire.Fault("", "")),
        ("<html>502</html>", wire.Fault("", "<html>502</html>")),
        ("[]", wire.Fault("", "[]")),
    ],
)
def test_every_refusal_has_a_meaning(body: str, fault: wire.Fault) -> None:
    assert wire.parse_refusal(body) == fault


# Characters cut in two


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=10), st.integers(0, 20))
def test_a_character_cut_between_two_deltas_is_joined(text: str, cut: int) -> None:
    units = text.encode("utf-16-le")
    parts = units[: cut * 2], units[cut * 2 :]
    joiner = wire.Surrogates()
    assert "".join(joiner.feed(part.decode("utf-16-le", "surrogatepass")) for part in parts) == text


def test_half_a_character_alone_is_never_told() -> None:
    joiner = wire.Surrogates()
    assert joiner.feed("a\ud83d") == "a"
    told = joiner.feed("b\ude00c")
    told.encode()
    assert told.endswith("c") and "b" in told


# Calls from pieces

P = wire.CallPart
WEATHER, TIME = ToolCall("c1", "weather", '{"city": "杭州"}'), ToolCall("c2", "time", "{}")
WAYS: dict[str, tuple[list[wire.CallPart], list[ToolCall]]] = {
    "as OpenAI does": ([P(0, "c1", "weather"), P(0, "", "", '{"city": "'), P(0, "", "", '杭州"}')], [WEATHER]),
    "whole, at once": ([P(0, "c1", "weather", WEATHER.arguments)], [WEATHER]),
    "arguments in the first piece too": ([P(0, "c1", "weather", '{"city"'), P(0, "", "", ': "杭州"}')], [WEATHER]),
    "the id again in every piece": ([P(0, "c1", "weather", '{"city": '), P(0, "c1", "", '"杭州"}')], [WEATHER]),
    "another id in every piece": ([P(0, "c1", "weather", '{"city": '), P(0, "x9", "", '"杭州"}')], [WEATHER]),
    "the name again in every piece": ([P(0, "c1", "weather", '{"city": '), P(0, "", "weather", '"杭州"}')], [WEATHER]),
    "the name in two pieces": ([P(0, "c1", "wea"), P(0, "", "ther"), P(0, "", "", WEATHER.arguments)], [WEATHER]),
    "the name after the id": ([P(0, "c1"), P(0, "", "weather"), P(0, "", "", WEATHER.arguments)], [WEATHER]),
    "no arguments at all": ([P(0, "c2", "time")], [ToolCall("c2", "time", "")]),
    "one after the other": ([P(0, "c1", "weather", WEATHER.arguments), P(1, "c2", "time", "{}")], [WEATHER, TIME]),
    "interleaved": (
        [P(0, "c1", "weather"), P(1, "c2", "time"), P(0, "", "", '{"city": '), P(1, "", "", "{}"), P(0, "", "", '"杭州"}')],
        [WEATHER, TIME],
    ),
    "indexes from one": ([P(1, "c1", "weather", WEATHER.arguments), P(2, "c2", "time", "{}")], [WEATHER, TIME]),
    "all under index 0": ([P(0, "c1", "weather", '{"city": '), P(0, "", "", '"杭州"}'), P(0, "c2", "time", "{}")], [WEATHER, TIME]),
    "all under index 0, without ids": (
        [P(0, "", "weather", WEATHER.arguments), P(0, "", "time", "{}")],
        [ToolCall("new1", "weather", WEATHER.arguments), ToolCall("new2", "time", "{}")],
    ),
    "no index": ([P(None, "c1", "weather", '{"city": '), P(None, "", "", '"杭州"}'), P(None, "c2", "time", "{}")], [WEATHER, TIME]),
    "no index, interleaved by id": (
        [P(None, "c1", "weather"), P(None, "c2", "time"), P(None, "c1", "", WEATHER.arguments), P(None, "c2", "", "{}")],
        [WEATHER, TIME],
    ),
    "no index, another id in every piece": ([P(None, "c1", "weather", '{"city": '), P(None, "x9", "", '"杭州"}')], [WEATHER]),
    "no index and no id": (
        [P(None, "", "time", "{}"), P(None, "", "time", "{}")],
        [ToolCall("new1", "time", "{}"), ToolCall("new2", "time", "{}")],
    ),
    "no id": ([P(0, "", "time"), P(0, "", "", "{}")], [ToolCall("new1", "time", "{}")]),
    "one id for two": (
        [P(0, "c1", "time", "{}"), P(1, "c1", "time", "{}")],
        [ToolCall("c1", "time", "{}"), ToolCall("new1", "time", "{}")],
    ),
    "an empty piece": ([P()], []),
    "none": ([], []),
}  # fmt: skip


def put_together(parts: list[wire.CallPart], per_event: int = 1) -> list[ToolCall]:
    made = iter(f"new{n}" for n in range(1, 99))
    calls = wire.Calls(lambda: next(made))
    for at in range(0, len(parts), per_event):
        calls.feed(parts[at : at + per_event])
    return list(calls.finish())


@pytest.mark.parametrize("per_event", [1, 9])
@pytest.mark.parametrize("way", WAYS)
def test_the_pieces_of_a_call_find_together_in_whatever_way_a_server_sends_them(way: str, per_event: int) -> None:
    parts, calls = WAYS[way]
    assert put_together(parts, per_event) == calls


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
    calls, text = wire.Calls(), ""
    for event in (wire.parse(data) for data in events(stream, cuts)):
        if isinstance(event, wire.Chunk):
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


@given(many_calls, st.integers(1, 9), st.randoms())
def test_pieces_of_several_calls_may_come_in_any_order_among_each_other(
    calls: list[ToolCall], size: int, random: Any
) -> None:
    queues = [
        [P(n, call.id, call.name), *(P(n, "", "", call.arguments[at : at + size]) for at in range(0, len(call.arguments), size))]
        for n, call in enumerate(calls)
    ]  # fmt: skip
    parts = []
    while queues := [queue for queue in queues if queue]:
        parts.append(random.choice(queues).pop(0))
    assert sorted(put_together(parts), key=lambda call: call.id) == calls


def test_a_character_of_the_arguments_cut_between_two_pieces_is_joined() -> None:
    parts = [P(0, "c", "say"), P(0, "", "", '{"x": "\ud83d'), P(0, "", "", '\ude00"}')]
    assert put_together(parts) == [ToolCall("c", "say", '{"x": "😀"}')]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([P(n, f"c{n}", "x") for n in range(17)], "more than 16 tools at once"),
        ([P(0, "c", "x", "a" * 1000)] * 66, "longer than 65536 bytes"),
        ([P(0, "c", "x"), *[P(0, "", "", "中" * 1000)] * 22], "longer than 65536 bytes"),
        ([P(0, "c", "x" * 1000), *[P(0, "", "y" * 1000)] * 66], "longer than 65536 bytes"),
        ([P(0, "c", "", "{}")], "has no name"),
        ([P(0, "c")], "has no name"),
    ],
)
def test_a_model_that_has_lost_its_way_is_bounded(parts: list[wire.CallPart], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        put_together(parts)


def test_sixteen_calls_of_64_kib_are_still_taken() -> None:
    parts = [P(n, f"c{n}", "x" * 6, "a" * 65_530) for n in range(16)]
    assert len(put_together(parts)) == 16


def test_ids_that_are_made_are_never_the_same() -> None:
    made = [wire.Calls() for _ in range(2)]
    for calls in made:
        calls.feed([P(0, "", "x"), P(1, "", "x")])
    assert len({call.id for calls in made for call in calls.finish()}) == 4
