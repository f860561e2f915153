"""The real engines behind the gateway: what one of them says the other understands."""

from __future__ import annotations

import difflib
import json
import time

import pytest
import requests
from nls_client import ASR, NlsClient

from firstword.errors import ConfigError
from firstword.gateway import engines

pytestmark = [pytest.mark.engines, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(120)]

SAID = "您好，请问有什么可以帮您？"


def installed(kind, name):
    try:
        return getattr(engines, kind)(name)
    except ConfigError as error:
        pytest.skip(str(error))


def test_a_sentence_that_is_spoken_is_recognised(make_gateway):
    gateway = make_gateway(voices={"": installed("voice", "zh-en")}, hearer=installed("hearer", "whisper"))
    with NlsClient(gateway) as voice:
        voice.ws.settimeout(60)
        pcm = voice.speak(SAID).pcm
    assert 1 < len(pcm) / 16000 < 6
    with NlsClient(gateway, ASR) as ears:
        ears.ws.settimeout(60)
        ears.start(max_sentence_silence=800)
        ears.audio(bytes(8000) + pcm + bytes(16000))
        heard = ears.until("SentenceEnd")["payload"]
    assert difflib.SequenceMatcher(None, heard["result"], SAID).ratio() > 0.7, heard
    assert heard["begin_time"] == pytest.approx(500, abs=250)


def test_the_model_streams_and_stops_when_the_client_leaves(make_gateway):
    gateway = make_gateway(mind=installed("mind", "qwen"))
    body = {"model": "qwen", "stream": True, "messages": [{"role": "user", "content": "请从一数到一百。"}]}
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    with requests.post(
        f"{gateway.chat_url}/chat/completions", json=body, headers=headers, timeout=60, stream=True
    ) as response:
        lines = response.iter_lines()
        first = [line for line, _ in zip((line for line in lines if line), range(5), strict=False)]
    tokens = [json.loads(line[6:])["choices"][0]["delta"]["content"] for line in first]
    assert "".join(tokens)
    left = time.monotonic()
    assert gateway.wait(lambda: gateway.seen("llm")[0].closed, 20)
    assert time.monotonic() - left < 20
    assert gateway.seen("llm")[0].ended == "client left"
