"""Chat completions as a client sees them, byte by byte."""

from __future__ import annotations

import json
import re
import time

import pytest
import requests

from firstword.gateway.engines import Thought
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind

REPLY = {"tokens": ["您好", "，世界", {"text": "。", "delay_ms": 120}]}


def post(gateway, key="", path="/v1/chat/completions", **body):
    sent = {"model": "qwen-plus", "messages": [{"role": "user", "content": "你好"}]} | body
    headers = {"Authorization": f"Bearer {key or gateway.api_key}"}
    return requests.post(gateway.url + path, json=sent, headers=headers, timeout=5, stream=True)


def events(response):
    """The data of the SSE events, in order; fails if there is anything else in the stream."""
    found = []
    for block in response.content.decode().split("\n\n")[:-1]:
        assert block.startswith("data: "), block
        found.append(block[6:])
    return found


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/compatible-mode/v1/chat/completions"])
def test_the_stream_has_a_role_the_tokens_a_finish_the_usage_and_the_end(make_gateway, path):
    gateway = make_gateway(mind=ScriptedMind([REPLY]))
    with post(gateway, path=path, stream=True, stream_options={"include_usage": True}) as response:
        assert response.headers["Content-Type"] == "text/event-stream;charset=UTF-8"
        data = events(response)
    assert data.pop() == "[DONE]"
    chunks = [json.loads(text) for text in data]
    usage = chunks.pop()
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 3
    assert usage["usage"]["total_tokens"] == usage["usage"]["prompt_tokens"] + 3
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0] == {
        "delta": {"content": "", "role": "assistant"},
        "index": 0,
        "logprobs": None,
        "finish_reason": None,
    }
    assert [choice["delta"]["content"] for choice in choices[1:-1]] == ["您好", "，世界", "。"]
    assert choices[-1]["finish_reason"] == "stop"
    assert all(choice["finish_reason"] is None for choice in choices[:-1])
    assert list(choices[0]) != list(choices[1])  # the order of keys varies, as on the wire
    assert {chunk["id"] for chunk in chunks} == {usage["id"]}
    assert all(chunk["usage"] is None and chunk["object"] == "chat.completion.chunk" for chunk in chunks)


def test_without_stream_options_there_is_no_usage_chunk(gateway):
    with post(gateway, stream=True) as response:
        assert all(json.loads(text)["choices"] for text in events(response)[:-1])


def test_an_answer_that_is_not_streamed_comes_whole(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]), first_token_ms=100, tokens_per_s=20)
    began = time.monotonic()
    with post(gateway) as response:
        body = response.json()
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "您好，世界。"}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert time.monotonic() - began >= 0.1 + 2 * 0.05 + 0.12


def test_tokens_come_at_the_pace_of_the_gateway_and_the_script(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]), first_token_ms=150, tokens_per_s=10)
    with post(gateway, stream=True) as response:
        events(response)
    visit = gateway.seen("llm")[0]
    asked = visit.opened
    due = [asked + 0.15, asked + 0.25, asked + 0.35 + 0.12]
    late = [token.at - at for token, at in zip(visit.all("token"), due, strict=True)]
    assert min(late) >= 0
    assert max(late) < 0.08
    assert visit.text("token") == "您好，世界。"
    assert visit.ended == "completed"


def test_thoughts_are_sent_as_reasoning_content_before_the_answer(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([{"text": "好", "thinking": "想想"}]))
    with post(gateway, stream=True) as response:
        deltas = [json.loads(text)["choices"][0]["delta"] for text in events(response)[:-1]]
    assert deltas[1] == {"content": None, "reasoning_content": "想想"}
    assert deltas[2] == {"content": "好"}
    with post(gateway) as response:
        assert response.json()["choices"][0]["message"]["reasoning_content"] == "想想"


def test_calls_of_tools_are_sent_in_pieces_with_an_id_in_the_first(make_gateway):
    mind = ScriptedMind([{"text": "好", "calls": [{"name": "f", "arguments": '{"a": 1}'}], "token_chars": 2}])
    gateway = make_gateway(mind=mind)
    with post(gateway, stream=True) as response:
        choices = [json.loads(text)["choices"][0] for text in events(response)[:-1]]
    pieces = [choice["delta"]["tool_calls"] for choice in choices if "tool_calls" in choice["delta"]]
    assert all(len(piece) == 1 and piece[0]["index"] == 0 and piece[0]["type"] == "function" for piece in pieces)
    first, *rest = [piece[0] for piece in pieces]
    assert first["id"].startswith("call_") and first["function"] == {"name": "f", "arguments": ""}
    assert [piece["function"] for piece in rest] == [{"arguments": '{"a"'}, {"arguments": ": 1}"}]
    assert {piece["id"] for piece in rest} == {""}
    assert choices[-1]["finish_reason"] == "tool_calls"
    assert gateway.seen("llm")[0].text("call") == "f"
    assert gateway.seen("llm")[0].text("arguments") == '{"a": 1}'


def test_calls_come_at_the_pace_of_tokens_and_max_tokens_cuts_their_arguments(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([{"calls": [{"name": "f", "arguments": "12345678"}]}]), tokens_per_s=20)
    with post(gateway, stream=True, max_tokens=2) as response:
        chunks = [json.loads(text)["choices"][0] for text in events(response)[:-1]]
    assert chunks[-1]["finish_reason"] == "length"
    visit = gateway.seen("llm")[0]
    assert visit.text("arguments") == "1234"
    assert visit.all("arguments")[0].at - visit.opened >= 0.05


USER = {"role": "user", "content": "?"}


def assistant(*ids, arguments="{}"):
    calls = [{"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}} for id in ids]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def tool(id):
    return {"role": "tool", "tool_call_id": id, "content": "x"}


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([USER, assistant("a"), tool("a")], ""),
        ([USER, assistant("a", "b"), tool("b"), tool("a"), USER, {"role": "assistant", "content": "x"}, USER], ""),
        ([USER, {"role": "assistant", "content": "x", "tool_calls": None}, USER], ""),
        ([USER, tool("a")], "must be a response to a preceeding message"),
        ([USER, assistant("a"), tool("b")], "must be a response to a preceeding message"),
        ([USER, assistant("a"), tool("a"), tool("a")], "must be a response to a preceeding message"),
        ([USER, assistant("a"), USER], "must be followed by tool messages .* response messages: a"),
        ([USER, assistant("a", "b"), tool("a"), USER], "response messages: b"),
        ([USER, assistant("a")], "response messages: a"),
        ([USER, assistant("a", arguments="{"), tool("a")], "must be in JSON format"),
        ([USER, assistant("a", arguments=""), tool("a")], "must be in JSON format"),
        ([USER, {"role": "assistant", "tool_calls": [{"id": "a"}]}], "must have an 'id' and a 'function'"),
        ([USER, {"role": "assistant", "tool_calls": "a"}], "must be an array"),
    ],
)
def test_messages_that_the_service_would_refuse_are_refused(gateway, messages, words):
    with post(gateway, messages=messages) as response:
        assert response.status_code == (400 if words else 200)
        assert not words or re.search(words, response.json()["error"]["message"])


def test_max_tokens_ends_the_answer_with_length(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]))
    with post(gateway, stream=True, max_tokens=2) as response:
        chunks = [json.loads(text) for text in events(response)[:-1]]
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == "您好，世界"
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"


def test_an_empty_answer_has_a_finish_and_an_end(make_gateway):
    with post(make_gateway(mind=ScriptedMind([""])), stream=True) as response:
        data = events(response)
    assert json.loads(data[0])["choices"][0]["finish_reason"] == "stop"
    assert data[1] == "[DONE]"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "sk-wrong"}, 401, "invalid_api_key"),
        ({"model": "gpt-0"}, 404, "model_not_found"),
        ({"model": ""}, 400, "invalid_parameter_error"),
        ({"messages": []}, 400, "invalid_parameter_error"),
        ({"messages": "hi"}, 400, "invalid_parameter_error"),
    ],
)
def test_a_request_that_is_not_in_order_is_answered_with_the_services_envelope(make_gateway, change, status, code):
    gateway = make_gateway(models=("qwen-plus",))
    with post(gateway, **change) as response:
        assert response.status_code == status
        assert set(response.json()) == {"error", "request_id"}
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
        assert response.json()["error"]["code"] == code
        assert gateway.api_key not in response.text
    assert gateway.seen("llm")[0].ended == f"HTTP {status}"


def test_the_error_of_a_streamed_request_is_an_sse_event_with_status_400(gateway):
    with post(gateway, stream=True, messages=[]) as response:
        assert response.status_code == 400
        assert json.loads(events(response)[0])["error"]["code"] == "invalid_parameter_error"


def test_no_json_is_a_bad_request(gateway):
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    with requests.post(f"{gateway.chat_url}/chat/completions", data="{", headers=headers, timeout=5) as response:
        assert response.status_code == 400


def test_more_answers_than_allowed_at_once_are_429(make_gateway):
    gateway = make_gateway(most_llm=1, first_token_ms=1000)
    with post(gateway, stream=True) as one, post(gateway, stream=True) as two:
        assert (one.status_code, two.status_code) == (200, 429)
        assert two.json()["error"]["code"] == "limit_requests"


def test_the_models_are_listed_for_who_has_the_key(make_gateway):
    gateway = make_gateway(models=("qwen-plus", "qwen-turbo"))
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    with requests.get(f"{gateway.chat_url}/models", headers=headers, timeout=5) as response:
        assert [model["id"] for model in response.json()["data"]] == ["qwen-plus", "qwen-turbo"]
    with requests.get(f"{gateway.chat_url}/models", timeout=5) as response:
        assert response.status_code == 401


class Endless:
    """A mind that never stops of itself, on a thread, as a real one."""

    quick = False

    def __init__(self):
        self.closed = 0

    def answer(self, messages, wish):
        try:
            while True:
                time.sleep(0.005)
                yield "字"
        finally:
            self.closed += 1


def test_a_client_that_leaves_stops_the_mind(make_gateway):
    mind = Endless()
    gateway = make_gateway(mind=mind)
    with post(gateway, stream=True) as response:
        next(response.iter_content(64))
    assert gateway.wait(lambda: gateway.seen("llm")[0].closed, 3)
    assert gateway.seen("llm")[0].ended == "client left"
    deadline = time.monotonic() + 3
    while not mind.closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert mind.closed == 1


def test_a_mind_that_breaks_ends_the_stream_with_an_error(make_gateway, caplog):
    class Broken:
        quick = True

        def answer(self, messages, wish):
            yield Thought("hm")
            raise RuntimeError("lost the thread")

    with post(make_gateway(mind=Broken()), stream=True) as response:
        last = json.loads(events(response)[-1])
    assert last["error"]["code"] == "internal_error"
    assert "lost the thread" in caplog.text


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_status_fault_answers_with_that_status(gateway, status):
    with gateway.faults.set("llm", Fault("status", status)), post(gateway, stream=True) as response:
        assert response.status_code == status
        assert "error" in response.json()


def test_a_cut_by_bytes_breaks_the_stream_exactly_there(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]))
    gateway.faults.set("llm", Fault("cut", bytes=300))
    got = b""
    with post(gateway, stream=True) as response, pytest.raises(requests.exceptions.ChunkedEncodingError):
        for chunk in response.iter_content(None):
            got += chunk
    assert len(got) == 300
    assert gateway.wait(lambda: gateway.seen("llm")[0].ended == "cut", 2.0)


def test_a_cut_by_events_leaves_a_prefix_of_the_tokens(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]), tokens_per_s=50)
    gateway.faults.set("llm", Fault("cut", events=2))
    got = b""
    with post(gateway, stream=True) as response, pytest.raises(requests.exceptions.ChunkedEncodingError):
        for chunk in response.iter_content(None):
            got += chunk
    assert got.count(b"data: ") == 2
    assert "您好" in got.decode()


def test_one_chunk_may_be_malformed_and_the_next_is_sound(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]))
    with gateway.faults.set("llm", Fault("malformed", events=2)), post(gateway, stream=True) as response:
        data = events(response)
    broken = [n for n, text in enumerate(data[:-1]) if not sound(text)]
    assert broken == [2]


def sound(text):
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


def test_the_output_may_be_blocked_in_the_middle_without_an_end(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([REPLY]))
    with gateway.faults.set("llm", Fault("failed", events=2)), post(gateway, stream=True) as response:
        data = events(response)
    assert json.loads(data[-1])["error"]["code"] == "data_inspection_failed"
    assert len(data) == 3


def test_a_silent_mind_says_nothing_until_the_client_has_enough(gateway):
    gateway.faults.set("llm", Fault("silent", times=1))
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "你好"}]}
    response = requests.post(
        f"{gateway.chat_url}/chat/completions", json=body, headers=headers, timeout=0.3, stream=True
    )
    with response, pytest.raises(requests.exceptions.ConnectionError, match="timed out"):
        next(response.iter_content(1))
    assert gateway.wait(lambda: gateway.seen("llm")[0].closed, 3)
    with post(gateway, stream=True) as again:
        assert events(again)[-1] == "[DONE]"


def test_a_slow_fault_delays_every_event(gateway):
    began = time.monotonic()
    with gateway.faults.set("llm", Fault("slow", 60)), post(gateway, stream=True) as response:
        count = len(events(response))
    assert time.monotonic() - began >= count * 0.06
