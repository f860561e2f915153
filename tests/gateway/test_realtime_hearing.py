"""Qwen-ASR-Realtime as a client sees it."""

from __future__ import annotations

import base64

import pytest
from realtime_client import HEARS, RealtimeClient

from firstword.audio import tone
from firstword.gateway.engines import HeardText
from firstword.gateway.faults import Fault

FIRST, SECOND = "今天北京天气怎么样？", "好的。"
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def speech(text, rate=8000, pause_ms=1000):
    return tone.speak(text, rate) + bytes(rate * 2 * pause_ms // 1000)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_utterances_are_found_told_as_they_come_and_told_whole(gateway, rate):
    with RealtimeClient(gateway, HEARS) as client:
        updated = client.update(sample_rate=rate, input_audio_transcription={"language": "zh"})
        assert updated["session"]["sample_rate"] == rate
        client.audio(speech(FIRST, rate) + speech(SECOND, rate))
        client.rest()
    assert [event["transcript"] for event in client.all(f"{TRANSCRIPTION}.completed")] == [FIRST, SECOND]
    partials = [event["text"] + event["stash"] for event in client.all(f"{TRANSCRIPTION}.text")]
    assert len(partials) > 3
    assert all((FIRST + SECOND).find(partial) >= 0 for partial in partials)
    order = [type_ for type_ in client.types if not type_.endswith("transcription.text")]
    one = [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        f"{TRANSCRIPTION}.completed",
    ]
    assert order == ["session.created", "session.updated", *one, *one, "session.finished"]
    assert client.ended == "closed"
    committed = client.all("input_audio_buffer.committed")
    assert (committed[0]["previous_item_id"], committed[1]["previous_item_id"]) == (None, committed[0]["item_id"])
    started, stopped = client.all("input_audio_buffer.speech_started"), client.all("input_audio_buffer.speech_stopped")
    assert abs(stopped[0]["audio_end_ms"] - started[0]["audio_start_ms"] - tone.duration_ms(FIRST)) < 60
    assert started[1]["audio_start_ms"] >= tone.duration_ms(FIRST) + 900


def test_without_speech_the_session_is_finished_at_once(gateway):
    with RealtimeClient(gateway, HEARS) as client:
        client.audio(bytes(16000))
        client.rest()
    assert client.types == ["session.created", "session.finished"]


def test_without_turn_detection_each_commit_is_an_utterance_and_the_rest_is_the_last(gateway):
    with RealtimeClient(gateway, HEARS) as client:
        client.update(sample_rate=8000, turn_detection=None)
        client.audio(speech(FIRST, pause_ms=1500) + speech(SECOND))
        client.say("input_audio_buffer.commit")
        client.until(f"{TRANSCRIPTION}.completed")
        client.audio(speech("喂"))
        client.say("input_audio_buffer.clear")
        client.until("input_audio_buffer.cleared")
        client.audio(speech("再见"))
        client.rest()
    assert [event["transcript"] for event in client.all(f"{TRANSCRIPTION}.completed")] == [FIRST + SECOND, "再见"]
    assert "input_audio_buffer.speech_started" not in client.types


SAYS = {
    "an update after the start": (
        [
            ("input_audio_buffer.append", {"audio": base64.b64encode(bytes(320)).decode()}),
            ("session.update", {"session": {}}),
        ],
        "session already started",
    ),
    "a commit where the service commits": ([("input_audio_buffer.commit", {})], "not available with turn detection"),
    "a commit of nothing": (
        [("session.update", {"session": {"turn_detection": None}}), ("input_audio_buffer.commit", {})],
        "the buffer is empty",
    ),
    "no base64": ([("input_audio_buffer.append", {"audio": "音"})], "must be base64"),
    "no audio": ([("input_audio_buffer.append", {})], "must be base64"),
    "another rate": ([("session.update", {"session": {"sample_rate": 24000}})], "8000, 16000"),
    "another format": ([("session.update", {"session": {"input_audio_format": "opus"}})], "pcm"),
    "another detection": ([("session.update", {"session": {"turn_detection": {"type": "x"}}})], "server_vad"),
    "too short a silence": (
        [("session.update", {"session": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 100}}})],
        "200 to 6000",
    ),
    "text": ([("input_text_buffer.append", {"text": "x"})], "Invalid value: 'input_text_buffer.append'."),
}


@pytest.mark.parametrize("what", SAYS)
def test_what_is_not_in_order_is_an_error_about_that_event_and_the_session_goes_on(gateway, what):
    messages, words = SAYS[what]
    with RealtimeClient(gateway, HEARS) as client:
        for type_, fields in messages:
            event_id = client.say(type_, **fields)
        error = client.until("error")["error"]
        assert list(error) == ["type", "code", "message", "param", "event_id"]
        assert (error["type"], error["code"], error["event_id"]) == ("invalid_request_error", "invalid_value", event_id)
        assert words in error["message"]
        client.rest()
    assert client.types[-1] == "session.finished"


def test_an_utterance_of_more_than_a_minute_can_not_be_committed(gateway):
    with RealtimeClient(gateway, HEARS) as client:
        client.update(sample_rate=8000, turn_detection=None)
        client.audio(bytes(16 * 61_000), size=16 * 10_000)
        assert "60 seconds" in client.until("error")["error"]["message"]


def test_a_result_may_take_its_time(make_gateway):
    gateway = make_gateway(final_ms=150)
    with RealtimeClient(gateway, HEARS) as client:
        client.update(sample_rate=8000)
        client.audio(speech(SECOND))
        client.rest()
    visit = gateway.seen("qwen-asr")[0]
    (stopped,), (completed,) = visit.all("input_audio_buffer.speech_stopped"), visit.all(f"{TRANSCRIPTION}.completed")
    assert completed.at - stopped.at >= 0.14
    assert len(visit.sounds) == 1


def test_a_hearer_that_breaks_is_a_server_error_that_ends_the_session(make_gateway):
    class Broken:
        quick = False

        def open(self, rate, silence_ms):
            return self

        def feed(self, pcm):
            raise RuntimeError("no")

        def finish(self):
            return [HeardText("", 0, 0, final=True)]

    with RealtimeClient(make_gateway(hearer=Broken()), HEARS) as client:
        client.audio(bytes(3200))
        error = client.until("error")["error"]
        assert (error["type"], error["code"]) == ("server_error", "InternalError")
        assert client.step() is None


def test_one_more_than_may_be_heard_at_once_is_throttled(make_gateway):
    gateway = make_gateway(most_asr=1)
    with RealtimeClient(gateway, HEARS) as first, RealtimeClient(gateway, HEARS) as second:
        first.until("session.created")
        assert second.until("error")["error"]["code"] == "Throttling.RateQuota"


def test_its_faults_have_a_name_of_their_own(gateway):
    with gateway.faults.set("qwen-asr", Fault("failed", events=2)), RealtimeClient(gateway, HEARS) as client:
        client.update(sample_rate=8000)
        client.audio(speech(SECOND))
        error = client.until("error")["error"]
    assert error["type"] == "server_error"
    assert gateway.wait(lambda: gateway.seen("qwen-asr")[0].ended == "failed InternalError", 2)
