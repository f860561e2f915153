"""What providers say of a gateway that fails, and what they spare their callers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from firstword.clock import SYSTEM
from firstword.errors import Kind, ProviderError
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.net.wait import Wait
from firstword.providers.aliyun.token import give_back, lease
from firstword.providers.registry import make_asr, make_tts
from firstword.speech.conform import check_gives_up
from firstword.speech.watch import Watch

from .clients import CLIENTS, work


def ended(watch: Watch) -> ProviderError | None:
    """Wait for the end; the error, if it failed."""
    assert watch.over.wait(5), watch.names()
    watch.judge()
    name, args = watch.events[-1]
    return args[0] if name == "failed" else None


FAILED: list[tuple[str, Fault, Kind]] = [
    ("aliyun tts", Fault("failed", 40000010), "quota"),
    ("aliyun asr", Fault("failed", 40020105), "credentials"),
    ("chat", Fault("failed", events=2), "text"),
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions()) as gateway:
        yield gateway


def account(gateway: Gateway) -> dict[str, str]:
    return {
        "token_url": gateway.token_url,
        "appkey": LOCAL_APPKEY,
        "access_key_id": LOCAL_KEY_ID,
        "access_key_secret": LOCAL_KEY_SECRET,
    }


@pytest.mark.parametrize(("name", "fault", "kind"), FAILED, ids=str)
def test_a_service_that_fails_says_what_it_is_about(gateway: Gateway, name: str, fault: Fault, kind: Kind) -> None:
    with gateway.faults.set(CLIENTS[name].service, fault):
        error = check_gives_up(CLIENTS[name].made(gateway, 0), within_s=3, after=work)
    assert error.kind == kind, error


# A gateway that was restarted knows none of the tokens that are kept.


@pytest.mark.parametrize("service", ["tts", "asr"])
def test_a_kept_token_that_the_gateway_no_longer_knows_is_replaced_before_anybody_hears_of_it(
    gateway: Gateway, service: str
) -> None:
    values = {"url": gateway.ws_url, **account(gateway), "spares": "0"}
    before = len(gateway.seen("nls"))
    made = make_tts("aliyun", values, "test") if service == "tts" else make_asr("aliyun", values, "test")
    for revoked in (False, True):
        if revoked:
            gateway.revoke_tokens()
        watch = Watch()
        work: Any = made.start("t", watch)
        if service == "tts":
            work.say("您好。")
        else:
            work.feed(bytes(3200))
        work.finish()
        assert ended(watch) is None
    refused = [visit for visit in gateway.seen("nls")[before:] if visit.ended == "HTTP 403"]
    assert len(refused) == 1
    made.close()


def test_a_new_token_that_is_refused_too_is_a_failure_and_nobody_goes_round_in_circles(gateway: Gateway) -> None:
    values = {"url": gateway.ws_url, **account(gateway)}
    cache = lease(gateway.token_url, LOCAL_KEY_ID, LOCAL_KEY_SECRET, SYSTEM)
    wait = Wait(SYSTEM)
    cache.get(wait, SYSTEM.deadline(3))
    wait.close()
    asked = cache.requests
    with gateway.faults.set("nls", Fault("status", 403)):
        error = check_gives_up(lambda: make_tts("aliyun", values, "test"), within_s=3, after=lambda work: work.say("x"))
    assert error.kind == "credentials" and "HTTP 403" in error.code and cache.requests == asked + 1
    give_back(cache)


def test_a_token_that_was_asked_for_just_now_is_not_asked_for_twice(gateway: Gateway) -> None:
    values = {"url": gateway.ws_url, **account(gateway)}
    before = len(gateway.seen("token"))
    with gateway.faults.set("nls", Fault("status", 403)):
        error = check_gives_up(lambda: make_tts("aliyun", values, "test"), within_s=3, after=lambda work: work.say("x"))
    assert error.kind == "credentials" and len(gateway.seen("token")) == before + 1


def test_twenty_calls_with_a_dead_token_ask_for_one_new_one(gateway: Gateway) -> None:
    service: Any = make_tts("aliyun", {"url": gateway.ws_url, **account(gateway)}, "test")
    cache = service.account._tokens
    wait = Wait(SYSTEM)
    cache.get(wait, SYSTEM.deadline(3))
    wait.close()
    gateway.revoke_tokens()
    asked = cache.requests
    watches = [Watch() for _ in range(20)]
    works = [service.start(str(n), watch) for n, watch in enumerate(watches)]
    for one in works:
        one.say("好。")
        one.finish()
    assert [ended(watch) for watch in watches] == [None] * 20
    assert cache.requests == asked + 1
    service.close()
