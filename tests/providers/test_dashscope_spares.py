"""Spares of DashScope's services, against a gateway that takes its time to connect."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from firstword.audio.tone import hear
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.net.spares import Spares
from firstword.providers.registry import make_asr, make_tts
from firstword.speech.watch import Watch

from .nls_peer import ended, until

CONNECT_MS = 400.0


def cosyvoice(gateway: Gateway) -> tuple[Any, Spares]:
    service: Any = make_tts("cosyvoice", {"url": gateway.inference_url, "api_key": LOCAL_API_KEY}, "test")
    return service, service.account.spares


def qwen(gateway: Gateway) -> tuple[Any, Spares]:
    service: Any = make_tts("qwen", {"url": gateway.realtime_url, "api_key": LOCAL_API_KEY}, "test")
    return service, service.realtime.account.spares


@contextmanager
def both(
    make: Callable[[Gateway], tuple[Any, Spares]], connect_ms: float = CONNECT_MS
) -> Iterator[tuple[Gateway, Any, Spares]]:
    with Gateway(GatewayOptions(connect_ms=connect_ms)) as gateway:
        service, spares = make(gateway)
        try:
            yield gateway, service, spares
        finally:
            until(lambda: all(spare.open for spare in spares._spares))
            service.close()
            assert gateway.wait(lambda: all(visit.closed for visit in gateway.seen()), 3.0)


def heard(watch: Watch) -> str:
    return hear(b"".join(args[0] for name, args in watch.events if name == "audio"), 8000)


@pytest.mark.parametrize("make", [cosyvoice, qwen])
def test_a_reply_after_an_interruption_waits_for_no_handshake(make: Callable[[Gateway], tuple[Any, Spares]]) -> None:
    with both(make) as (_, service, spares):
        service.expect("call")
        until(lambda: spares.ready == 1)
        for number in range(3):
            watch = Watch()
            began = time.monotonic()
            work = service.start(f"call-{number}", watch)
            work.say(f"第{number}句。")
            until(lambda watch=watch: "audio" in watch.names())  # type: ignore[misc]
            assert time.monotonic() - began < CONNECT_MS / 1000
            work.cancel()
            until(lambda: spares.ready == 1)
        assert (spares.lent, spares.cold) == (3, 0)


def test_replies_that_end_in_order_take_turns_on_two_connections() -> None:
    with both(cosyvoice, connect_ms=20) as (gateway, service, spares):
        for number in range(6):
            watch = Watch()
            work = service.start(f"call-{number}", watch)
            work.say(f"第{number}句。")
            work.finish()
            assert ended(watch) is None and heard(watch) == f"第{number}句。"
            until(lambda number=number: spares.ready == 2)  # type: ignore[misc]
        assert len(gateway.seen()) == 2 and (spares.lent, spares.cold) == (5, 1)


@pytest.mark.parametrize(
    ("make", "service_name", "fault"),
    [
        (cosyvoice, "cosyvoice", Fault("cut", times=1)),  # at run-task
        (qwen, "qwen-tts", Fault("cut", events=1, times=1)),  # after session.created
    ],
)
def test_a_spare_that_was_dead_costs_a_handshake_and_no_word(
    make: Callable[[Gateway], tuple[Any, Spares]], service_name: str, fault: Fault
) -> None:
    with both(make, connect_ms=0) as (gateway, service, spares):
        gateway.faults.set(service_name, fault)
        service.expect("call")
        until(lambda: spares.ready == 1)
        watch = Watch()
        work = service.start("call-1", watch)
        work.say("您好，再见。")
        work.finish()
        assert ended(watch) is None and heard(watch) == "您好，再见。"
        assert spares.lent == 1 and any(visit.ended == "cut" for visit in gateway.seen())


@pytest.mark.parametrize(("vendor", "url"), [("dashscope", "inference_url"), ("qwen", "realtime_url")])
def test_a_recogniser_that_is_begun_again_is_ready_at_once(vendor: str, url: str) -> None:
    def make(gateway: Gateway) -> tuple[Any, Spares]:
        service: Any = make_asr(vendor, {"url": getattr(gateway, url), "api_key": LOCAL_API_KEY}, "test")
        return service, (service._account if vendor == "dashscope" else service._realtime.account).spares

    with both(make) as (_, service, spares):
        work = service.start("call", Watch())
        until(lambda: spares.ready == 1)
        work.cancel()
        again = Watch()
        began = time.monotonic()
        work = service.start("call", again)
        until(lambda: again.names() == ["ready"])
        assert time.monotonic() - began < CONNECT_MS / 1000
        work.cancel()
