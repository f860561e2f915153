"""DashScope's native generation keeps the contract of a model, and says what its codes are about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.errors import Kind
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_llm
from firstword.speech.conform import check_calls, check_gives_up, check_model
from firstword.speech.llm import Message, Tool

BOUNDS = {"connect_ms": "400", "first_token_ms": "400", "idle_ms": "400"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions(connect_ms=5, first_token_ms=10, tokens_per_s=200)) as gateway:
        yield gateway


def make(gateway: Gateway, **values: str) -> Callable[[], Any]:
    settings = {"url": gateway.dashscope_url, "api_key": LOCAL_API_KEY, **values}
    return lambda: make_llm("dashscope", settings, "test")


def test_the_native_model_conforms_and_says_it_all(gateway: Gateway) -> None:
    assert check_model(make(gateway), [Message("user", "您好，世界。再见😀")]) == "您好，世界。再见😀"


def test_the_native_model_conforms_when_it_uses_tools() -> None:
    wanted = [{"name": "order", "arguments": {"id": "订单7"}}, {"name": "hang_up"}]
    mind = ScriptedMind([{"text": "我查一下。", "thinking": "嗯", "calls": wanted}])
    with Gateway(GatewayOptions(first_token_ms=10, tokens_per_s=200), mind=mind) as gateway:
        offered = [Tool("order", "查订单"), Tool("hang_up", "挂断")]
        calls = check_calls(make(gateway), [Message("user", "我的订单呢")], offered)
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("order", {"id": "订单7"}), ("hang_up", {})]


FAULTS: list[tuple[Fault, str, Kind, bool]] = [
    (Fault("status", 401), "HTTP 401 InvalidApiKey", "credentials", False),
    (Fault("status", 429), "HTTP 429 Throttling.RateQuota", "throttled", True),
    (Fault("status", 503), "HTTP 503 InternalError", "server", True),
    (Fault("failed"), "HTTP 400 DataInspectionFailed", "text", False),
    (Fault("failed", 402, events=1), "HTTP 400 Arrearage", "quota", False),
    (Fault("failed", 500, events=1), "HTTP 500 InternalError.Algo", "server", True),
    (Fault("cut", bytes=150), "", "network", True),
]


@pytest.mark.parametrize(("fault", "code", "kind", "retry"), FAULTS, ids=str)
def test_a_fault_ends_in_one_clear_error(gateway: Gateway, fault: Fault, code: str, kind: Kind, retry: bool) -> None:
    with gateway.faults.set("generation", fault):
        error = check_gives_up(make(gateway, **BOUNDS), within_s=2.5, messages=[Message("user", "您好，世界。")])
    assert (error.code, error.kind, error.retry) == (code, kind, retry)
