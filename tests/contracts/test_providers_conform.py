"""Every provider keeps the contract of its service, against the gateway, which speaks the real protocols."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from firstword.audio.pcm import silence
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import LOCAL_API_KEY, LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr, make_llm, make_tts
from firstword.speech.conform import check_calls, check_model, check_recogniser, check_synthesiser
from firstword.speech.kept import Kept
from firstword.speech.llm import Message, Tool

TEXTS = ["您好，", "这里是", "Cloud 9。", "再见！"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """One whose answers take a while, so that a cancel meets every phase."""
    options = GatewayOptions(
        connect_ms=5, start_ms=5, first_token_ms=10, tokens_per_s=200, first_packet_ms=10, frame_bytes=2961
    )
    with Gateway(options) as gateway:
        yield gateway


def access(gateway: Gateway) -> dict[str, str]:
    return {
        "url": gateway.ws_url,
        "token_url": gateway.token_url,
        "appkey": LOCAL_APPKEY,
        "access_key_id": LOCAL_KEY_ID,
        "access_key_secret": LOCAL_KEY_SECRET,
    }


def test_the_synthesiser_conforms_and_speaks_what_the_recogniser_hears(gateway: Gateway) -> None:
    audio = check_synthesiser(lambda: make_tts("aliyun", access(gateway), "test"), TEXTS)
    finals = check_recogniser(lambda: make_asr("aliyun", access(gateway), "test"), audio + silence(1000, 8000))
    assert "".join(finals) == "".join(TEXTS)


def test_cosyvoice_conforms_and_speaks_what_a_recogniser_hears(gateway: Gateway) -> None:
    values = {"url": gateway.inference_url, "api_key": LOCAL_API_KEY}
    audio = check_synthesiser(lambda: make_tts("cosyvoice", values, "test"), TEXTS)
    finals = check_recogniser(lambda: make_asr("aliyun", access(gateway), "test"), audio + silence(1000, 8000))
    assert "".join(finals) == "".join(TEXTS)


def test_the_model_conforms_and_says_it_all(gateway: Gateway) -> None:
    values = {"base_url": gateway.chat_url, "api_key": LOCAL_API_KEY}
    answer = check_model(lambda: make_llm("openai", values, "test"), [Message("user", "您好，世界。再见😀")])
    assert answer == "您好，世界。再见😀"


def test_a_synthesiser_that_keeps_its_phrases_conforms_as_it_did_without_them(gateway: Gateway) -> None:
    check_synthesiser(lambda: Kept(make_tts("aliyun", access(gateway), "test"), ["".join(TEXTS)]), TEXTS)


def test_the_model_conforms_when_it_uses_tools() -> None:
    wanted = [{"name": "order", "arguments": {"id": "订单7"}}, {"name": "hang_up"}]
    mind = ScriptedMind([{"text": "我查一下。", "calls": wanted}])
    with Gateway(GatewayOptions(first_token_ms=10, tokens_per_s=200), mind=mind) as gateway:
        values = {"base_url": gateway.chat_url, "api_key": LOCAL_API_KEY}
        offered = [Tool("order", "查订单"), Tool("hang_up", "挂断")]
        calls = check_calls(lambda: make_llm("openai", values, "test"), [Message("user", "我的订单呢")], offered)
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("order", {"id": "订单7"}), ("hang_up", {})]
