"""NLS SpeechSynthesizer and SpeechLongSynthesizer: one message, streamed audio."""

from __future__ import annotations

import pytest
from nls_client import LONG, WHOLE, NlsClient

from firstword.audio import tone

TEXT = "您好，欢迎致电。"


def synthesise(gateway, said, namespace=WHOLE, **payload):
    with NlsClient(gateway, namespace) as client:
        client.say("StartSynthesis", {"text": said, "voice": "aixia", "format": "pcm", "sample_rate": 8000} | payload)
        return client.rest()


@pytest.mark.parametrize("namespace", [WHOLE, LONG])
def test_the_text_arrives_to_the_character_and_nothing_is_said_before_the_audio(gateway, namespace):
    received = synthesise(gateway, TEXT, namespace)
    assert tone.hear(received.pcm, 8000) == TEXT
    assert set(received.names[:-1]) == {"audio"}
    assert received.names[-1] == "SynthesisCompleted"
    assert received.events[-1]["header"]["namespace"] == namespace
    assert received.ended == "closed"


def test_the_short_synthesiser_cuts_off_after_300_characters_and_the_long_one_does_not(gateway):
    text = "好" * 310
    assert tone.hear(synthesise(gateway, text).pcm, 8000) == text[:300]
    assert tone.hear(synthesise(gateway, text, LONG).pcm, 8000) == text


def test_subtitles_come_as_meta_information_with_times_and_indexes_of_the_whole_text(gateway):
    received = synthesise(gateway, TEXT, enable_subtitle=True)
    items = [item for payload in received.payloads("MetaInfo") for item in payload["subtitles"]]
    assert [(i["text"], i["begin_index"], i["end_index"], i["begin_time"], i["end_time"]) for i in items] == [
        (TEXT[index], index, index + 1, begin, end) for index, begin, end in tone.spans(TEXT)
    ]
    assert {item["phoneme"] for item in items} == {"null"}


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        ({"text": ""}, (40000000, "text is empty.")),
        ({"text": None}, (40010003, "Gateway:DIRECTIVE_INVALID:No text specified!")),
        ({"voice": "longxiaochun"}, (41020001, "TTS:TtsClientError:[tts]Engine return error code: 418")),
    ],
)
def test_what_can_not_be_spoken_fails_as_the_service_fails_it(make_gateway, payload, failure):
    gateway = make_gateway(voice_names=("aixia",))
    assert synthesise(gateway, TEXT, **payload).failure == failure


def test_a_second_start_fails_the_task(make_gateway):
    with NlsClient(make_gateway(real_time_factor=1.0), WHOLE) as client:
        client.say("StartSynthesis", {"text": TEXT, "sample_rate": 8000})
        client.say("StartSynthesis", {"text": TEXT, "sample_rate": 8000})
        assert client.rest().failure[0] == 40000000
