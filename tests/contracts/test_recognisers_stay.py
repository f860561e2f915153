"""A recogniser that was ready in time works on as long as the call does, whatever its bounds for connecting and finishing are."""

from __future__ import annotations

import time

import pytest

from firstword.audio import tone
from firstword.audio.pcm import silence
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr
from firstword.speech.watch import Watch

CONNECT_S = 0.2


@pytest.mark.parametrize("vendor", ["aliyun", "dashscope", "qwen"])
def test_a_recogniser_that_was_ready_in_time_is_not_given_up_later(vendor: str) -> None:
    with Gateway(GatewayOptions()) as gateway:
        access = {
            "aliyun": {"url": gateway.asr_url, "token": gateway.token(), "appkey": gateway.appkey},
            "dashscope": {"url": gateway.inference_url, "api_key": LOCAL_API_KEY},
            "qwen": {"url": gateway.realtime_url, "api_key": LOCAL_API_KEY},
        }[vendor]
        service, watch = make_asr(vendor, {**access, "connect_ms": str(round(CONNECT_S * 1000))}, "test"), Watch()
        work = service.start("stays", watch)
        assert watch.began.wait(5) and watch.names() == ["ready"]
        time.sleep(CONNECT_S * 1.5)
        work.feed(tone.speak("在", 8000) + silence(1000, 8000))
        work.finish()
        assert watch.over.wait(5)
        service.close()
    assert watch.names()[-1] == "finished" and "final" in watch.names(), watch.events
    watch.judge()
