"""Paraformer, Fun-ASR and Gummy keep the contract of a recogniser; what all clients do about faults is in ``test_faults.py``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.audio import tone
from firstword.audio.pcm import silence
from firstword.errors import Kind
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr
from firstword.speech.conform import check_gives_up, check_recogniser
from firstword.speech.watch import Watch

from .clients import work

ASKED = "今天北京天气怎么样？"
MODELS = [
    ("paraformer-realtime-8k-v2", 8000, {}),
    ("gummy-realtime-v1", 16000, {"translate_to": "en|ja"}),
]
BOUNDS = {"connect_ms": "400", "finish_ms": "400"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions(connect_ms=5, start_ms=5, final_ms=10)) as gateway:
        yield gateway


def make(gateway: Gateway, **values: str) -> Callable[[], Any]:
    account = {"url": gateway.inference_url, "api_key": LOCAL_API_KEY}
    return lambda: make_asr("dashscope", {**account, **values}, "test")


@pytest.mark.parametrize(("model", "rate", "values"), MODELS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_recogniser_conforms_and_hears_every_character(
    gateway: Gateway, model: str, rate: int, values: dict[str, str]
) -> None:
    audio = tone.speak(ASKED, rate) + silence(1000, rate)
    finals = check_recogniser(make(gateway, model=model, sample_rate=str(rate), **values), audio)
    assert "".join(finals) == ASKED


def test_a_translation_comes_with_the_words(gateway: Gateway) -> None:
    watch = Watch()
    service = make(gateway, model="gummy-realtime-v1", sample_rate="16000", translate_to="en|ja")()
    work = service.start("t", watch)
    work.feed(tone.speak("你好。", 16000) + silence(1000, 16000))
    work.finish()
    assert watch.over.wait(5)
    service.close()
    finals = [args[0] for name, args in watch.events if name == "final"]
    assert [(final.text, final.translations) for final in finals] == [
        ("你好。", (("en", "en: 你好。"), ("ja", "ja: 你好。")))
    ]


FAULTS: list[tuple[Fault, str, Kind, bool]] = [
    (Fault("refused"), "", "network", True),
    (Fault("status", 429), "Throttling.RateQuota", "throttled", True),
    (Fault("failed", 402), "Arrearage", "quota", False),
    (Fault("failed", 404, events=1), "ModelNotFound", "settings", False),
    (Fault("failed", 23, events=1), "CLIENT_ERROR", "server", True),
]


@pytest.mark.parametrize(("fault", "code", "kind", "retry"), FAULTS, ids=str)
def test_a_fault_of_a_task_ends_in_one_clear_error(
    gateway: Gateway, fault: Fault, code: str, kind: Kind, retry: bool
) -> None:
    with gateway.faults.set("paraformer", fault):
        error = check_gives_up(make(gateway, **BOUNDS), within_s=2.5, after=work)
    assert (error.code, error.kind, error.retry) == (code, kind, retry), error


def test_a_minute_of_silence_is_no_end_with_the_heartbeat_that_is_on_by_default() -> None:
    with Gateway(GatewayOptions(silent_task_s=2)) as gateway:
        for heartbeat, end in (("true", "finished"), ("false", "failed")):
            watch = Watch()
            service = make(gateway, heartbeat=heartbeat)()
            handle = service.start("t", watch)
            assert watch.began.wait(3)
            handle.feed(silence(2500, 8000))
            end_s = time.monotonic() + 3
            while gateway.seen("paraformer")[-1].bytes_in < 2500 * 16 and time.monotonic() < end_s:
                time.sleep(0.005)
            handle.feed(tone.speak("好。", 8000))
            handle.finish()
            assert watch.over.wait(5) and watch.names()[-1] == end, watch.names()
            service.close()
