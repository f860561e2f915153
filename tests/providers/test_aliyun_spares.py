"""Spares of NLS, against a gateway that takes its time to connect: a reply does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from firstword.gateway.faults import Fault
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.aliyun import asr, token, tts
from firstword.providers.aliyun.account import Account
from firstword.providers.aliyun.wire import TaskFailed
from firstword.speech.watch import Watch

from .nls_peer import ended, until

CONNECT_MS = 400.0


def access(gateway: Gateway, **values: str) -> dict[str, str]:
    options = gateway.options
    return {
        "url": gateway.ws_url,
        "token_url": gateway.token_url,
        "appkey": options.appkey,
        "access_key_id": options.access_key_id,
        "access_key_secret": options.access_key_secret,
        **values,
    }


def end(gateway: Gateway, service: Any, account: Account) -> None:
    """Both ends in order: no connection is on its way when the gateway closes."""
    until(lambda: all(spare.open for spare in account.spares._spares))
    service.close()
    assert gateway.wait(lambda: all(visit.closed for visit in gateway.seen()), 3.0)


@contextmanager
def synthesiser(gateway: Gateway, **values: str) -> Iterator[tts.AliyunSynthesiser]:
    service = tts.make(access(gateway, **values), "test")
    try:
        yield service
    finally:
        end(gateway, service, service.account)


def reached(gateway: Gateway, text: str) -> float:
    """When a text reached the gateway, in the clock's seconds."""
    assert gateway.wait(lambda: any(text in visit.text("RunSynthesis") for visit in gateway.seen("tts")), 3.0)
    return next(
        happened.at
        for visit in gateway.seen("tts")
        for happened in visit.all("RunSynthesis")
        if text in happened.detail
    )


def warm(service: tts.AliyunSynthesiser) -> None:
    service.expect("call")
    until(lambda: service.account.spares.ready == 1)


def test_a_reply_after_an_interruption_waits_for_no_handshake() -> None:
    with Gateway(GatewayOptions(connect_ms=CONNECT_MS)) as gateway, synthesiser(gateway) as service:
        warm(service)
        for number in range(4):
            began = time.monotonic()
            work = service.start(f"call-{number}", Watch())
            work.say(f"第{number}句。")
            assert reached(gateway, f"第{number}句") - began < CONNECT_MS / 1000
            work.cancel()
            until(lambda: service.account.spares.ready == 1)
        assert (service.account.spares.lent, service.account.spares.cold) == (4, 0)


def test_without_spares_it_would() -> None:
    with Gateway(GatewayOptions(connect_ms=CONNECT_MS)) as gateway, synthesiser(gateway, spares="0") as service:
        service.expect("call")
        began = time.monotonic()
        work = service.start("call-1", Watch())
        work.say("一。")
        assert reached(gateway, "一") - began > CONNECT_MS / 1000
        work.cancel()


def test_a_recogniser_that_is_begun_again_is_ready_at_once() -> None:
    with Gateway(GatewayOptions(connect_ms=CONNECT_MS)) as gateway:
        service = asr.make(access(gateway), "test")
        try:
            work = service.start("call", Watch())
            until(lambda: service._account.spares.ready == 1)
            work.cancel()
            again = Watch()
            began = time.monotonic()
            work = service.start("call", again)
            until(lambda: again.names() == ["ready"])
            assert time.monotonic() - began < CONNECT_MS / 1000
            work.cancel()
        finally:
            end(gateway, service, service._account)


def test_a_spare_the_gateway_has_dropped_costs_a_handshake_and_no_word() -> None:
    with Gateway(GatewayOptions()) as gateway, synthesiser(gateway) as service:
        warm(service)
        gateway.faults.set("tts", Fault("cut", times=1))  # accepts StartSynthesis, and is gone
        watch = Watch()
        work = service.start("call-1", watch)
        work.say("您好，再见。")
        work.finish()
        assert ended(watch) is None
        assert gateway.wait(lambda: [visit.ended for visit in gateway.seen("tts")] == ["cut", "completed"], 3.0)


def test_what_has_begun_to_speak_and_is_cut_is_a_failure_as_before() -> None:
    with Gateway(GatewayOptions()) as gateway, synthesiser(gateway) as service:
        warm(service)
        gateway.faults.set("tts", Fault("cut", events=3, times=1))
        watch = Watch()
        work = service.start("call-1", watch)
        work.say("您好，再见。")
        work.finish()
        error = ended(watch)
        assert error is not None and error.retry


def test_a_spare_connected_with_a_token_that_is_refused_is_not_used() -> None:
    with Gateway(GatewayOptions()) as gateway, synthesiser(gateway) as service:
        warm(service)
        gateway.revoke_tokens()
        failed = TaskFailed(40000001, "Gateway:ACCESS_DENIED:The token 'x' has expired!")
        assert service.account.task_failed(
            failed, service.account.spares._spares[0].connection
        ).retry  # what a task was told
        assert service.account.spares.ready == 0
        warm(service)
        watch = Watch()
        work = service.start("call-1", watch)
        work.say("好。")
        work.finish()
        assert ended(watch) is None and service.account.spares.lent == 1


def test_no_connection_ever_waits_for_a_token_to_be_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "SPARE_S", 0.2)
    with Gateway(GatewayOptions(token_lifetime_s=3.0)) as gateway, synthesiser(gateway, spares="0") as service:
        watch = Watch()
        service.start("call-0", watch).finish()
        cache: Any = service.account._tokens
        until(lambda: cache.requests == 1 and cache._shared._held)
        gateway.faults.set("token", Fault("slow", 150))  # from here on each takes a while
        number = after = 0
        while after < 3 and number < 40:
            number += 1
            after += cache.requests > 1
            began = time.monotonic()
            work = service.start(f"call-{number}", Watch())
            work.say(f"第{number}句。")
            assert reached(gateway, f"第{number}句") - began < 0.1, f"reply {number} waited"
            work.cancel()
            time.sleep(0.1)
        assert cache.requests >= 2
