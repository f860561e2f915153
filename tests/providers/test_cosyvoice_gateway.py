"""CosyVoice's client against the gateway: what it says is heard, and how the service's refusals end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from firstword.audio import tone
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.dashscope import cosyvoice_task
from firstword.providers.dashscope.cosyvoice import CosyVoice, make
from firstword.speech.watch import Watch

from .nls_peer import ended, until
from .speaking import audio_of, marks_of, say

MADE: list[CosyVoice] = []


def close_all() -> None:
    while MADE:
        MADE.pop().close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions(frame_bytes=2961)) as gateway:
        yield gateway
        close_all()


def of(gateway: Gateway, **values: str) -> CosyVoice:
    MADE.append(make({"url": gateway.inference_url, "api_key": LOCAL_API_KEY, "spares": "0", **values}, "test"))
    return MADE[-1]


MODELS = {
    "cosyvoice-v1": "longxiaochun", "cosyvoice-v2": "longxiaochun_v2", "cosyvoice-v3-flash": "longanyang",
    "cosyvoice-v3-plus": "longanyang", "cosyvoice-v3.5-flash": "longanyang", "cosyvoice-v3.5-plus": "longanyang",
    "qwen-audio-3.0-tts-flash": "longanyang",
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_heard_to_the_character(gateway: Gateway, model: str) -> None:
    watch = say(of(gateway, model=model, voice=MODELS[model]), "您好，这里", "是 Cloud 9。", "再见")
    assert ended(watch) is None
    assert tone.hear(audio_of(watch), 8000) == "您好，这里是 Cloud 9。再见"


def test_the_marks_are_where_the_tone_voice_says_each_sentence_ends(gateway: Gateway) -> None:
    watch = say(of(gateway), "您好，这里是云。再见")
    assert ended(watch) is None
    ends = [tone.spans(text)[-1][2] for text in ("您好，", "这里是云。", "再见")]
    expected = [(3, ends[0], True), (8, ends[0] + ends[1], True), (10, sum(ends), True)]
    assert marks_of(watch) == [(chars, pytest.approx(ms, abs=1), exact) for chars, ms, exact in expected]


def test_with_word_times_each_character_is_a_mark(gateway: Gateway) -> None:
    watch = say(of(gateway, word_timestamp_enabled="true"), "您好，再见")
    assert ended(watch) is None
    marks = marks_of(watch)
    assert [chars for chars, _, _ in marks] == [1, 2, 3, 4, 5]
    truth = list(itertools.accumulate(span[2] - span[1] for span in tone.spans("您好，再见")))
    assert [ms for _, ms, _ in marks] == pytest.approx(truth, abs=2)


def test_a_flush_is_heard_before_the_end_of_a_sentence(gateway: Gateway) -> None:
    watch = Watch()
    work = of(gateway).start("t", watch)
    work.say("好")
    work.flush()
    until(lambda: "audio" in watch.names())
    work.finish()
    assert ended(watch) is None and tone.hear(audio_of(watch), 8000) == "好"


def test_markup_is_spoken_without_its_tags(gateway: Gateway) -> None:
    watch = say(of(gateway, enable_ssml="true"), "<speak>您好，", "再见。</speak>")
    assert ended(watch) is None and tone.hear(audio_of(watch), 8000) == "您好，再见。"


REFUSALS = [
    (429, "throttled", True), (402, "quota", False), (418, "voice", False), (428, "settings", False),
    (451, "text", False), (404, "settings", False), (401, "credentials", False), (500, "server", True),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "retry"), REFUSALS)
@pytest.mark.parametrize("events", [0, 3])
def test_a_task_that_fails_is_about_what_the_service_says(
    gateway: Gateway, value: int, kind: str, retry: bool, events: int
) -> None:
    gateway.faults.set("cosyvoice", Fault("failed", value, events=events))
    error = ended(say(of(gateway), "您好，这里是云。"))
    assert error is not None and (error.kind, error.retry) == (kind, retry)


def test_a_wrong_key_is_the_operators_fault_and_is_not_shown(gateway: Gateway) -> None:
    error = ended(say(of(gateway, api_key="sk-of-somebody-else"), "您好。"))
    assert error is not None and (error.kind, error.code, error.retry) == ("credentials", "HTTP 401", False)
    assert "somebody" not in str(error) and "check api_key" in str(error)


def test_a_reply_longer_than_the_services_patience_is_heard_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosyvoice_task, "REST_S", 0.2)
    with Gateway(GatewayOptions(task_idle_s=0.4)) as gateway:
        watch = Watch()
        service = of(gateway)
        work = service.start("t", watch)
        for text in ("您好，", "这里是", "云。"):
            work.say(text)
            gateway.wait(lambda: False, 0.45)
        work.finish()
        assert ended(watch) is None
        assert tone.hear(audio_of(watch), 8000) == "您好，这里是云。"
        runs = [one for visit in gateway.seen("cosyvoice") for one in visit.all("run-task")]
        assert len(runs) >= 3 and not any(visit.ended.startswith("failed") for visit in gateway.log)
        close_all()
