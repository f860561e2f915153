"""NLS's service for whole texts keeps the contract of a synthesiser, and speaks what it is given to the last character."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.audio import tone
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_tts
from firstword.speech.conform import check_synthesiser
from firstword.speech.watch import Watch

TEXTS = ["您好，", "这里是", "Cloud 9。", "再见！"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions(connect_ms=5, start_ms=5, first_packet_ms=10, frame_bytes=2961)) as gateway:
        yield gateway


def make(gateway: Gateway) -> Callable[[], Any]:
    account = {"token_url": gateway.token_url, "appkey": LOCAL_APPKEY}
    key = {"access_key_id": LOCAL_KEY_ID, "access_key_secret": LOCAL_KEY_SECRET}
    return lambda: make_tts("aliyun", {"url": gateway.tts_url, **account, **key, "whole_text": "true"}, "test")


def test_the_service_for_whole_texts_conforms(gateway: Gateway) -> None:
    check_synthesiser(make(gateway), TEXTS)


@pytest.mark.parametrize("chars", [8, 304])
def test_every_character_is_heard_and_marked_though_the_short_service_would_cut_it_off(
    gateway: Gateway, chars: int
) -> None:
    text = ("您好，再见。" * 51)[:chars]
    watch = Watch()
    service = make(gateway)()
    service.speak("t", text, watch)
    assert watch.over.wait(10) and watch.names()[-1] == "finished"
    service.close()
    pcm = b"".join(args[0] for name, args in watch.events if name == "audio")
    assert tone.hear(pcm, 8000) == text
    marks = [args[0] for name, args in watch.events if name == "mark"]
    assert marks[-1].chars == chars and len(marks) >= chars * 2 // 3
    assert all(mark.exact for mark in marks[:-1])


def test_a_cut_in_the_middle_is_a_failure(gateway: Gateway) -> None:
    with gateway.faults.set("tts", Fault("cut", bytes=9000)):
        watch = Watch()
        service = make(gateway)()
        service.speak("t", "".join(TEXTS), watch)
        assert watch.over.wait(5) and watch.names()[-1] == "failed"
        service.close()
    assert watch.events[-1][1][0].kind == "network"
