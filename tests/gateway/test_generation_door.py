"""DashScope's native generation as a client sees it, byte by byte; and the official SDK against it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from firstword.gateway.command import places
from firstword.gateway.engines import Thought
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

HERE = Path(__file__).parent
PATH = "/services/aigc/text-generation/generation"
USER = [{"role": "user", "content": "你好"}]
BLOCK = re.compile(r"id:(\d+)\nevent:(\w+)\n:HTTP_STATUS/(\d+)\ndata:(\{.*\})")
CALLING = {"text": "我查一下。", "calls": [{"name": "order", "arguments": {"id": "订单7"}}, {"name": "note"}]}


def post(gateway, *, stream=True, key="", given=None, model="qwen-plus", **parameters):
    body = {"model": model, "input": given or {"messages": USER}, "parameters": parameters}
    headers = {"Authorization": f"Bearer {key or gateway.api_key}"} | ({"X-DashScope-SSE": "enable"} if stream else {})
    return requests.post(gateway.dashscope_url + PATH, json=body, headers=headers, timeout=5)


def events(response):
    """Name, status and value of each event; fails if there is anything else in the stream."""
    *blocks, rest = response.content.decode().split("\n\n")
    found = [BLOCK.fullmatch(block) for block in blocks]
    assert rest == "" and all(found), response.text
    assert [int(match[1]) for match in found] == list(range(1, len(found) + 1))
    return [(match[2], int(match[3]), json.loads(match[4])) for match in found]


def messages(response):
    return [value["output"]["choices"][0]["message"] for _, _, value in events(response)]


def test_each_event_has_what_is_new_the_counts_so_far_and_a_reason_that_is_null_until_the_last(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([{"tokens": ["您好", "！"]}]))
    with post(gateway, result_format="message", incremental_output=True) as response:
        assert response.headers["Content-Type"] == "text/event-stream;charset=UTF-8"
        found = events(response)
    assert {(name, status) for name, status, _ in found} == {("result", 200)}
    values = [value for _, _, value in found]
    assert values[0] == {
        "output": {"choices": [{"message": {"content": "您好", "role": "assistant"}, "finish_reason": "null"}]},
        "usage": {
            "total_tokens": 2,
            "output_tokens": 1,
            "input_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
        "request_id": values[0]["request_id"],
    }
    choices = [value["output"]["choices"][0] for value in values]
    assert [choice["message"]["content"] for choice in choices] == ["您好", "！", ""]
    assert [choice["finish_reason"] for choice in choices] == ["null", "null", "stop"]
    assert [value["usage"]["output_tokens"] for value in values] == [1, 2, 2]
    assert gateway.wait(lambda: gateway.seen("generation")[0].ended == "completed", 2)


def test_without_incremental_output_each_event_repeats_everything(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([{"tokens": ["您", "好"], "thinking": "嗯", "token_chars": 1}, CALLING]))
    with post(gateway, result_format="message") as response:
        told = messages(response)
    assert [message["content"] for message in told] == ["", "您", "您好", "您好"]
    assert {message["reasoning_content"] for message in told} == {"嗯"}
    given = {"messages": [*USER, {"role": "assistant", "content": "您好"}, *USER]}
    with post(gateway, given=given, result_format="message") as response:
        last = messages(response)[-1]
    assert [call["function"]["name"] for call in last["tool_calls"]] == ["order", "note"]
    assert json.loads(last["tool_calls"][0]["function"]["arguments"]) == {"id": "订单7"}


def test_calls_come_in_pieces_whose_first_has_the_name_and_the_id(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([CALLING]))
    with post(gateway, result_format="message", incremental_output=True) as response:
        found = events(response)
    pieces = [m["tool_calls"][0] for m in messages(response) if "tool_calls" in m]
    assert [piece["function"].get("name") for piece in pieces if piece["id"]] == ["order", "note"]
    order = [piece["function"]["arguments"] for piece in pieces if piece["index"] == 0]
    assert order[0] == "" and len(order) > 3 and json.loads("".join(order)) == {"id": "订单7"}
    assert found[-1][2]["output"]["choices"][0]["finish_reason"] == "tool_calls"


def test_the_bare_text_is_the_result_unless_a_message_is_asked_for(make_gateway):
    gateway = make_gateway(mind=ScriptedMind(["您好"]))
    with post(gateway, given={"prompt": "你好"}, incremental_output=True) as response:
        outputs = [value["output"] for _, _, value in events(response)]
    assert outputs == [{"text": "您好", "finish_reason": "null"}, {"text": "", "finish_reason": "stop"}]
    assert post(gateway, stream=False).json()["output"] == {"text": "您好", "finish_reason": "stop"}


def test_a_whole_answer_has_everything_in_one_body(make_gateway):
    gateway = make_gateway(mind=ScriptedMind([CALLING]))
    answer = post(gateway, stream=False, result_format="message").json()
    choice = answer["output"]["choices"][0]
    assert choice["message"]["content"] == "我查一下。" and choice["finish_reason"] == "tool_calls"
    assert len(choice["message"]["tool_calls"]) == 2 and answer["usage"]["total_tokens"] > 1 and answer["request_id"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"given": {"x": 1}}, "input.messages"),
        ({"given": {"messages": []}}, "input.messages"),
        ({"given": {"messages": [{"role": "tool", "content": "x", "tool_call_id": "?"}]}}, "must be a response"),
        ({"model": ""}, "Model is required"),
        ({"model": "gpt-0"}, "Model can not be found: gpt-0"),
    ],
)
def test_what_is_wrong_with_a_streamed_request_stands_in_its_stream(make_gateway, asked, words, stream):
    gateway = make_gateway(models=("qwen-plus",))
    response = post(gateway, stream=stream, **asked)
    if stream:
        ((name, status, value),) = events(response)
        assert (response.status_code, name) == (200, "error")
    else:
        status, value = response.status_code, response.json()
    assert status == (404 if "gpt-0" in words else 400)
    assert words in value["message"] and value["code"] in ("InvalidParameter", "ModelNotFound") and value["request_id"]


def test_thinking_needs_a_stream(gateway):
    assert "must be set to false" in post(gateway, stream=False, enable_thinking=True).json()["message"]
    with post(gateway, enable_thinking=True, result_format="message") as response:
        assert events(response)[-1][0] == "result"


def test_before_the_stream_a_refusal_is_plain_json_with_its_status(make_gateway):
    gateway = make_gateway()
    response = post(gateway, key="sk-wrong")
    assert response.status_code == 401 and response.json()["code"] == "InvalidApiKey"
    with gateway.faults.set("generation", Fault("status", 429)):
        response = post(gateway)
    assert response.status_code == 429 and response.json()["code"] == "Throttling.RateQuota"
    assert [visit.ended for visit in gateway.seen("generation")] == ["HTTP 401", "HTTP 429"]


@pytest.mark.parametrize(
    ("value", "code", "status"),
    [(0, "DataInspectionFailed", 400), (402, "Arrearage", 400), (429, "Throttling.RateQuota", 429), (500, "InternalError.Algo", 500)],
)  # fmt: skip
def test_an_error_in_the_middle_is_an_event_with_its_own_status(gateway, value, code, status):
    with gateway.faults.set("generation", Fault("failed", value, events=1)):
        found = events(post(gateway, incremental_output=True))
    assert [(name, code_of) for name, code_of, _ in found] == [("result", 200), ("error", status)]
    assert found[-1][2]["code"] == code
    assert gateway.seen("generation")[0].ended == f"failed {code}"


def test_a_cut_falls_where_it_was_asked_for(gateway):
    with (
        gateway.faults.set("generation", Fault("cut", bytes=100)),
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        post(gateway)


def test_a_mind_that_breaks_is_an_error_of_the_service(make_gateway):
    class Broken:
        quick = True

        def answer(self, messages, wish):
            yield Thought("hm")
            raise RuntimeError("no model")

    gateway = make_gateway(mind=Broken())
    found = events(post(gateway))
    assert found[-1][:2] == ("error", 500) and "no model" not in found[-1][2]["message"]
    assert post(gateway, stream=False).status_code == 500


# The referee


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """What the official SDK was told, and the gateway's journal of it."""
    if importlib.util.find_spec("dashscope") is None:
        pytest.skip("the dashscope SDK is not installed: pip install firstword[referees]")
    folder = tmp_path_factory.mktemp("sdk")
    mind = ScriptedMind(
        match=[
            {"when": "订单", **CALLING},
            {"answered": "order", "when": "shipped", "text": "已经发货了。"},
            {"when": "想", "thinking": "让我想想", "text": "想好了。"},
        ],
        otherwise="您好！请问有什么可以帮您？",
    )
    with Gateway(GatewayOptions(models=("qwen-plus",)), mind=mind) as gateway:
        (folder / "at.json").write_text(json.dumps(places(gateway)))
        command = [sys.executable, "-W", "ignore", str(HERE / "generation_driver.py"), "at.json", "got.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        got = json.loads((folder / "got.json").read_text())
        with gateway.faults.set("generation", Fault("failed", events=2)):
            done = subprocess.run([*command[:-1], "blocked.json", "blocked"], cwd=folder, timeout=50, check=False)
        got["blocked"] = json.loads((folder / "blocked.json").read_text())
        got["journal"] = gateway.log
    return got


def test_the_sdk_streams_an_answer(sdk):
    told = sdk["stream"]
    assert {answer["status_code"] for answer in told} == {200}
    choices = [answer["output"]["choices"][0] for answer in told]
    assert "".join(choice["message"]["content"] for choice in choices) == "您好！请问有什么可以帮您？"
    assert [choice["finish_reason"] for choice in choices[:-1]] == ["null"] * (len(choices) - 1)
    assert choices[-1]["finish_reason"] == "stop"
    counts = [answer["usage"]["output_tokens"] for answer in told]
    assert counts == sorted(counts) and counts[-1] > 3


def test_the_sdk_gets_everything_so_far_unless_it_asks_for_increments(sdk):
    texts = [answer["output"]["choices"][0]["message"]["content"] for answer in sdk["repeating"]]
    assert texts[-1] == "您好！请问有什么可以帮您？" and all(b.startswith(a) for a, b in itertools.pairwise(texts))


def test_the_sdk_reads_what_was_thought_apart_from_what_is_said(sdk):
    messages = [answer["output"]["choices"][0]["message"] for answer in sdk["thinking"]]
    assert "".join(message.get("reasoning_content") or "" for message in messages) == "让我想想"
    assert "".join(message["content"] for message in messages) == "想好了。"


def test_the_sdk_uses_tools_and_goes_on_with_their_answers(sdk):
    pieces = [
        piece for answer in sdk["tools"] for piece in answer["output"]["choices"][0]["message"].get("tool_calls") or ()
    ]
    assert [piece["function"]["name"] for piece in pieces if piece["id"]] == ["order", "note"]
    order = "".join(piece["function"]["arguments"] for piece in pieces if piece["index"] == 0)
    assert json.loads(order) == {"id": "订单7"}
    assert sdk["tools"][-1]["output"]["choices"][0]["finish_reason"] == "tool_calls"
    assert sdk["whole with tools"]["output"]["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "order"
    assert sdk["after the tools"]["output"]["choices"][0]["message"]["content"] == "已经发货了。"


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("wrong key", 401, "InvalidApiKey"),
        ("wrong model", 404, "ModelNotFound"),
        ("wrong model, streamed", 400, "ModelNotFound"),  # the SDK's own number for any error inside a stream
        ("wrong messages", 400, "InvalidParameter"),
    ],
)
def test_the_sdk_is_told_what_is_wrong_in_the_services_words(sdk, what, status, code):
    assert (sdk[what]["status_code"], sdk[what]["code"]) == (status, code)


def test_the_sdk_is_told_in_the_middle_that_its_answer_was_blocked(sdk):
    *said, last = sdk["blocked"]
    assert {answer["status_code"] for answer in said} == {200} and len(said) == 2
    assert (last["status_code"], last["code"]) == (400, "DataInspectionFailed")
