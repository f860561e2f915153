"""Several services in a list keep the contract of one: of two gateways that are well, and of one that is broken before one that is well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import pytest

from firstword.audio import tone
from firstword.audio.pcm import silence
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr, make_llm, make_tts
from firstword.speech.conform import (
    Bounds,
    check_calls,
    check_gives_up,
    check_model,
    check_recogniser,
    check_synthesiser,
)
from firstword.speech.fallback.chain import Chain
from firstword.speech.fallback.member import Member
from firstword.speech.fallback.model import FallbackModel
from firstword.speech.fallback.recogniser import FallbackRecogniser
from firstword.speech.fallback.synthesiser import FallbackSynthesiser
from firstword.speech.llm import Message, Tool

TEXTS = ["您好，", "这里是", "Cloud 9。", "再见！"]
BOUNDS = Bounds(cancels=4)
OPTIONS = GatewayOptions(
    connect_ms=5, start_ms=5, first_token_ms=10, tokens_per_s=200, first_packet_ms=10, frame_bytes=2961
)
FAULTS = {"well": None, "broken": Fault("cut")}

C = TypeVar("C", bound=Chain)
MADE: list[Chain] = []


@pytest.fixture(scope="module")
def gateways() -> Iterator[tuple[Gateway, Gateway]]:
    mind = ScriptedMind(match={"订单": {"text": "我查一下。", "calls": [{"name": "order"}]}}, otherwise="echo")
    with Gateway(OPTIONS, mind=mind) as near, Gateway(OPTIONS, mind=mind) as far:
        yield near, far


@pytest.fixture(autouse=True)
def none_is_left_open() -> Iterator[None]:
    """Whatever a check found."""
    yield
    while MADE:
        MADE.pop().close()


@pytest.fixture(params=FAULTS)
def pair(gateways: tuple[Gateway, Gateway], request: pytest.FixtureRequest) -> Iterator[tuple[Gateway, Gateway]]:
    """Two gateways; of the first each service has the fault, or none has."""
    fault = FAULTS[request.param]
    if fault is not None:
        for service in ("tts", "asr", "llm"):
            gateways[0].faults.set(service, fault)
    yield gateways
    gateways[0].faults.clear()


def speech(gateway: Gateway, url: str, **more: str) -> dict[str, str]:
    names = ("token_url", "appkey", "access_key_id", "access_key_secret")
    return {"url": url, **{name: getattr(gateway, name) for name in names}, **more}


def members(services: list[Any]) -> list[Member]:
    return [Member(f"service{number}", service, service.name) for number, service in enumerate(services)]


def opened(chain: C) -> C:
    MADE.append(chain)
    return chain


def synthesiser(gateways: tuple[Gateway, ...]) -> FallbackSynthesiser:
    rates = ("8000", "24000")
    made = [
        make_tts("aliyun", speech(gateway, gateway.tts_url, sample_rate=rate), "test")
        for gateway, rate in zip(gateways, rates, strict=True)
    ]
    return opened(FallbackSynthesiser(members(made), 8000))


def recogniser(gateways: tuple[Gateway, ...]) -> FallbackRecogniser:
    rates = ("8000", "16000")
    made = [
        make_asr("aliyun", speech(gateway, gateway.asr_url, sample_rate=rate), "test")
        for gateway, rate in zip(gateways, rates, strict=True)
    ]
    return opened(FallbackRecogniser(members(made), 8000))


def model(gateways: tuple[Gateway, ...]) -> FallbackModel:
    values = [{"base_url": gateway.chat_url, "api_key": gateway.api_key} for gateway in gateways]
    return opened(FallbackModel(members([make_llm("openai", each, "test") for each in values])))


def test_synthesisers_conform_and_what_they_say_is_understood(pair: tuple[Gateway, Gateway]) -> None:
    audio = check_synthesiser(lambda: synthesiser(pair), TEXTS, bounds=BOUNDS)
    assert tone.hear(audio, 8000) == "".join(TEXTS)


def test_recognisers_conform(pair: tuple[Gateway, Gateway]) -> None:
    audio = tone.speak("".join(TEXTS), 8000) + silence(1000, 8000)
    assert "".join(check_recogniser(lambda: recogniser(pair), audio, bounds=BOUNDS)) == "".join(TEXTS)


def test_models_conform(pair: tuple[Gateway, Gateway]) -> None:
    answer = check_model(lambda: model(pair), [Message("user", "您好，世界。再见😀")], bounds=BOUNDS)
    assert answer == "您好，世界。再见😀"


def test_models_conform_when_they_use_tools(pair: tuple[Gateway, Gateway]) -> None:
    calls = check_calls(lambda: model(pair), [Message("user", "我的订单")], [Tool("order", "查订单")], bounds=BOUNDS)
    assert [call.name for call in calls] == ["order"]


@pytest.mark.parametrize("kind", ["tts", "asr", "llm"])
def test_if_all_fail_the_last_error_is_told(gateways: tuple[Gateway, Gateway], kind: str) -> None:
    make: Any = {"tts": synthesiser, "asr": recogniser, "llm": model}[kind]
    with gateways[0].faults.set(kind, Fault("status", 401)), gateways[1].faults.set(kind, Fault("status", 403)):
        after = (lambda handle: handle.say("您好。")) if kind == "tts" else None
        error = check_gives_up(lambda: make(gateways), within_s=3.0, after=after)
    assert "403" in error.code or "403" in str(error)
