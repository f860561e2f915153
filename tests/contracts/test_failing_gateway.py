"""What providers say of a gateway that fails, and what they spare their callers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from firstword.clock import SYSTEM
from firstword.errors import Kind, ProviderError
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.net.wait import Wait
from firstword.providers.aliyun.token import give_back, lease
from firstword.providers.registry import make_asr, make_llm, make_tts
from firstword.speech.conform import check_gives_up
from firstword.speech.watch import Watch


def ended(watch: Watch) -> ProviderError | None:
    """Wait for the end; the error, if it failed."""
    assert watch.over.wait(5), watch.names()
    watch.judge()
    name, args = watch.events[-1]
    return args[0] if name == "failed" else None


AT_THE_DOOR: list[tuple[str, Fault, Kind]] = [
    ("tts", Fault("refused"), "network"),
    ("asr", Fault("cut", events=1), "network"),
    ("tts", Fault("status", 403), "credentials"),
    ("asr", Fault("status", 429), "throttled"),
    ("tts", Fault("status", 503), "server"),
    ("tts", Fault("failed", 40000010), "quota"),
    ("asr", Fault("failed", 40020105), "credentials"),
    ("tts", Fault("malformed", events=1), "server"),
    ("llm", Fault("refused"), "network"),
    ("llm", Fault("status", 401), "credentials"),
    ("llm", Fault("status", 429), "throttled"),
    ("llm", Fault("failed", events=2), "text"),
    ("llm", Fault("cut", events=2), "network"),
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


@pytest.mark.parametrize(("service", "fault", "kind"), AT_THE_DOOR, ids=str)
def test_a_service_that_fails_says_what_it_is_about(gateway: Gateway, service: str, fault: Fault, kind: Kind) -> None:
    def work(handle: Any) -> None:
        if hasattr(handle, "say"):
            handle.say("您好。")
            handle.finish()
        elif hasattr(handle, "feed"):
            handle.feed(bytes(3200))
            handle.finish()

    makers = {
        "tts": lambda: make_tts("aliyun", {"url": gateway.tts_url, **account(gateway)}, "test"),
        "asr": lambda: make_asr("aliyun", {"url": gateway.asr_url, **account(gateway)}, "test"),
        "llm": lambda: make_llm("openai", {"base_url": gateway.chat_url, "api_key": LOCAL_API_KEY}, "test"),
    }
    with gateway.faults.set(service, fault):
        error = check_gives_up(makers[service], within_s=3, after=work)
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
    for work in works:
        work.say("好。")
        work.finish()
    assert [ended(watch) for watch in watches] == [None] * 20
    assert cache.requests == asked + 1
    service.close()
