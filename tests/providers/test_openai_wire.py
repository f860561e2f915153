from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.providers.openai import wire

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
    messages = [(message["role"], message["content"]) for message in theirs["messages"]]
    ours = wire.request_body("qwen-plus", messages, enable_thinking=False)
    assert differences(json.loads(ours), theirs) == {}
    assert line.split()[1].endswith("/chat/completions") and headers["content-type"] == "application/json"
    assert headers["authorization"].startswith("Bearer sk-")


def test_what_is_not_set_is_not_sent() -> None:
    sent = json.loads(wire.request_body("m", [("user", "x")]))
    assert set(sent) == {"model", "stream", "messages", "stream_options"}
    sent = json.loads(wire.request_body("m", [("user", "x")], temperature=0.0, max_tokens=7, enable_thinking=True))
    assert (sent["temperature"], sent["max_tokens"], sent["enable_thinking"]) == (0.0, 7, True)


def test_half_a_surrogate_pair_does_not_break_the_request() -> None:
    json.loads(wire.request_body("m", [("user", "a\ud83d")]))


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
        (chunk(delta={"tool_calls": [{}]}, finish_reason="tool_calls"), wire.Chunk("", "tool_calls")),
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
        | st.dictionaries(st.sampled_from(["delta", "content", "finish_reason"]), inner, max_size=3)
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
