"""The referees: the official NLS SDK and openai-python work against the gateway as they are."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from firstword.gateway.command import places
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

HERE = Path(__file__).parent
SPOKEN = "您好，这里是云呼叫中心，请问有什么可以帮您？再见"
ASKED = "今天北京天气怎么样？"


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """What the NLS SDK was told, and the gateway's journal of it."""
    if importlib.util.find_spec("nls") is None:  # not imported here: its source raises SyntaxWarnings
        pytest.skip("the NLS SDK is not installed: pip install firstword[referees]")
    folder = tmp_path_factory.mktemp("sdk")
    with Gateway(GatewayOptions()) as gateway:
        (folder / "at.json").write_text(json.dumps(places(gateway)))
        command = [sys.executable, "-W", "ignore", str(HERE / "sdk_driver.py"), "at.json", "got.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        got = json.loads((folder / "got.json").read_text())
        got["journal"] = gateway.log
    return got


def test_the_nls_sdk_gets_a_token(sdk):
    assert len(sdk["token"]) == 32


@pytest.mark.parametrize("rate", [8000, 24000])
def test_the_nls_sdk_speaks_a_stream_to_the_character(sdk, rate):
    told = sdk[f"flowing {rate}"]
    assert told["heard"] == SPOKEN
    assert "error" not in told["names"]
    indexes = [
        message["payload"]["index"] for message in told["messages"] if message and "index" in message.get("payload", {})
    ]
    assert indexes == [0, 1, 2, 3]
    assert [name for name in told["names"] if name != "sentence_synthesis"] == [
        *["sentence_begin", "sentence_end"] * 4, "completed", *["close"] * told["names"].count("close"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["whole", "long"])
def test_the_nls_sdk_speaks_a_whole_text_to_the_character(sdk, kind):
    told = sdk[kind]
    assert told["heard"] == SPOKEN
    items = [
        item for m in told["messages"] if m and m["header"]["name"] == "MetaInfo" for item in m["payload"]["subtitles"]
    ]
    assert "".join(item["text"] for item in items) == SPOKEN
    assert told["names"].count("completed") == 1
    assert "error" not in told["names"]


def test_the_nls_sdk_recognises_to_the_character(sdk):
    told = sdk["transcriber"]
    results = [m["payload"]["result"] for m in told["messages"] if m and m["header"]["name"] == "SentenceEnd"]
    assert results == [ASKED]
    assert told["names"][0] == "start"
    assert told["names"].count("result_changed") >= 2
    assert "completed" in told["names"]
    assert "error" not in told["names"]


def test_the_nls_sdk_is_refused_with_a_bad_token(sdk):
    assert "Must call start before send" in sdk["bad token"]
    assert [visit.ended for visit in sdk["journal"] if visit.service == "nls"] == ["HTTP 403"]


def test_all_the_nls_sdks_tasks_were_completed(sdk):
    ended = [(visit.service, visit.ended) for visit in sdk["journal"] if visit.service in ("tts", "asr")]
    assert ended == [("tts", "completed")] * 4 + [("asr", "completed")]


@pytest.fixture
def client(make_gateway):
    """openai-python, and the gateway it talks to."""
    openai = pytest.importorskip("openai", reason="openai-python is not installed: pip install firstword[referees]")
    gateway = make_gateway(mind=ScriptedMind([{"tokens": ["您", "好", "！"], "thinking": "嗯"}]), models=("qwen-plus",))
    with openai.OpenAI(base_url=gateway.chat_url, api_key=gateway.api_key, max_retries=0, timeout=5) as made:
        made.gateway = gateway
        yield made


def ask(client, **body):
    asked = {"model": "qwen-plus", "messages": [{"role": "user", "content": "你好"}]} | body
    return client.chat.completions.create(**asked)


def test_openai_python_streams_with_reasoning_and_a_usage_chunk(client):
    with ask(
        client, stream=True, stream_options={"include_usage": True}, extra_body={"enable_thinking": False}
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "您好！"
    assert chunks[1].choices[0].delta.reasoning_content == "嗯"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == chunks[-1].usage.prompt_tokens + chunks[-1].usage.completion_tokens
    request = json.loads(client.gateway.seen("llm")[0].text("request"))
    assert request["enable_thinking"] is False


def test_openai_python_reads_a_whole_answer_and_the_list_of_models(client):
    assert ask(client).choices[0].message.content == "您好！"
    assert [model.id for model in client.models.list()] == ["qwen-plus"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
    ],
)
def test_openai_python_raises_its_own_error_for_each_status(client, status, error, stream):
    import openai

    with client.gateway.faults.set("llm", Fault("status", status)), pytest.raises(getattr(openai, error)) as caught:
        ask(client, stream=stream)
    assert caught.value.status_code == status


def test_openai_python_with_a_wrong_key_or_model_is_told_so(client):
    import openai

    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        ask(client.with_options(api_key="sk-wrong"))
    with pytest.raises(openai.NotFoundError, match="gpt-0"):
        ask(client, model="gpt-0")


def test_openai_python_notices_a_stream_that_is_cut_or_blocked(client):
    import openai

    with (
        client.gateway.faults.set("llm", Fault("failed", events=3)),
        pytest.raises(openai.APIError, match="inappropriate"),
    ):
        list(ask(client, stream=True))
    with client.gateway.faults.set("llm", Fault("refused")), pytest.raises(openai.APIConnectionError):
        ask(client, stream=True)


CALLING = ScriptedMind(
    match=[
        {
            "when": "订单",
            "text": "我查一下。",
            "calls": [{"name": "order", "arguments": {"id": "订单7", "full": True}}, {"name": "note"}],
        },
        {"answered": "order", "when": "shipped", "text": "已经发货了。"},
    ]
)
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("order", "note")
]


@pytest.fixture
def caller(client, make_gateway):
    """openai-python, and a gateway whose mind uses tools."""
    gateway = make_gateway(mind=CALLING)
    with client.with_options(base_url=gateway.chat_url) as made:
        made.gateway = gateway
        yield made


def test_openai_python_puts_the_streamed_calls_of_tools_together(caller):
    messages = [{"role": "user", "content": "我的订单呢"}]
    with caller.chat.completions.stream(model="qwen-plus", messages=messages, tools=TOOLS) as stream:
        deltas = [event.chunk.choices[0].delta for event in stream if event.type == "chunk" and event.chunk.choices]
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls" and choice.message.content == "我查一下。"
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls]
    assert calls == [("order", {"id": "订单7", "full": True}), ("note", {})]
    pieces = [delta.tool_calls[0] for delta in deltas if delta.tool_calls]
    assert [bool(piece.id) for piece in pieces].count(True) == 2 and len(pieces) > 8
    assert {piece.index for piece in pieces} == {0, 1}


def test_openai_python_reads_a_whole_answer_with_calls_and_goes_on_with_their_answers(caller):
    messages = [{"role": "user", "content": "我的订单呢"}]
    first = ask(caller, messages=messages, tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls" and len({call.id for call in first.message.tool_calls}) == 2
    messages.append(first.message)
    for call, answer in zip(first.message.tool_calls, ["shipped", "noted"], strict=True):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": answer})
    assert ask(caller, messages=messages, tools=TOOLS).choices[0].message.content == "已经发货了。"


def test_openai_python_is_refused_a_conversation_that_the_service_would_refuse(caller):
    import openai

    first = ask(caller, messages=[{"role": "user", "content": "我的订单呢"}], tools=TOOLS).choices[0].message
    with pytest.raises(openai.BadRequestError, match="must be followed by tool messages"):
        ask(caller, messages=[{"role": "user", "content": "?"}, first, {"role": "user", "content": "喂"}])
