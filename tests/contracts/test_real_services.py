"""The real services keep their contracts, if their keys are in the environment: NLS_APPKEY with ALIYUN_AK_ID and ALIYUN_AK_SECRET;
DASHSCOPE_API_KEY. What ``firstword doctor --live`` tries is tried here by `speech.conform`; a run of all costs a few cents."""

from __future__ import annotations

import dataclasses
import wave
from pathlib import Path

import pytest

from firstword.audio.pcm import silence
from firstword.audio.resample import Resampler
from firstword.audio.tone import speak
from firstword.doctor.command import LOCAL_KEYS
from firstword.doctor.variants import VARIANTS, Variant, at_gateway, missing_keys
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr, make_llm, make_tts
from firstword.speech.conform import Bounds, check_model, check_recogniser, check_synthesiser
from firstword.speech.llm import Message

RECORDING = Path(__file__).parent.parent / "recordings" / "caller" / "zh_how_much_to_beijing.wav"
REAL = Bounds(whole_s=30.0, gone_s=5.0, cancels=3)
"""The network is slow at times; and each cancel is a request that counts."""
TEXTS = ["您好，", "这里是云上客服。", "再见！"]


def recorded(rate: int) -> bytes:
    with wave.open(str(RECORDING), "rb") as file:
        pcm, source = file.readframes(file.getnframes()), file.getframerate()
    resampler = Resampler(source, rate)
    return resampler.feed(pcm) + resampler.finish() + silence(1500, rate)


def keeps_its_contract(variant: Variant, audio: bytes, bounds: Bounds) -> None:
    where = str(variant)
    if variant.kind == "tts":
        check_synthesiser(lambda: make_tts(variant.vendor, variant.values, where), TEXTS, bounds=bounds)
    elif variant.kind == "asr":
        finals = check_recogniser(lambda: make_asr(variant.vendor, variant.values, where), audio, bounds=bounds)
        assert "".join(finals)
    else:
        asked = [Message("user", "请用一句话介绍北京。")]
        assert check_model(lambda: make_llm(variant.vendor, variant.values, where), asked, bounds=bounds)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_real_service_keeps_its_contract(variant: Variant) -> None:
    if missing := missing_keys(variant):
        pytest.skip(f"no key: {', '.join(missing)} not set")
    rate = 8000
    if variant.kind == "asr":
        service = make_asr(variant.vendor, variant.values, str(variant))
        rate = service.rate
        service.close()
    keeps_its_contract(variant, recorded(rate), REAL)


@pytest.mark.parametrize("kind", ["tts", "asr", "llm"])
def test_the_same_is_asked_of_a_local_gateway(kind: str) -> None:
    variant = next(variant for variant in VARIANTS if variant.kind == kind)
    with Gateway(GatewayOptions(byte_ms=20)) as gateway:
        there = at_gateway(variant, gateway.url, LOCAL_KEYS)
        keeps_its_contract(there, speak("您好", 8000, 20) + silence(1000, 8000), dataclasses.replace(REAL, cancels=1))
