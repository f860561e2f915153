"""Paraformer, Fun-ASR and Gummy as a client of the task protocol sees them."""

from __future__ import annotations

import pytest
from task_client import TaskClient, name_of

from firstword.audio import tone
from firstword.gateway.faults import Fault

ASKED = "今天北京天气怎么样？"
PARAFORMER, FUN, GUMMY = "paraformer-realtime-8k-v2", "fun-asr-realtime", "gummy-realtime-v1"


def run(client, model=PARAFORMER, **parameters):
    asked = {"format": "pcm", "sample_rate": 8000} | parameters
    client.run(model, task="asr", function="recognition", **asked)


def hear(client, *texts, rate=8000, silence_ms=900):
    for text in texts:
        audio = tone.speak(text, rate) + bytes(rate * 2 * silence_ms // 1000)
        for at in range(0, len(audio), 3200):
            client.ws.send_binary(audio[at : at + 3200])


def results(client):
    """Every output that has come, heartbeats included."""
    outputs = [event["payload"] for event in client.received.events if name_of(event) == "result-generated"]
    return [(output["output"], output["usage"]) for output in outputs]


def recognised(gateway, *texts, model=PARAFORMER, rate=8000, **parameters):
    with TaskClient(gateway) as client:
        run(client, model, sample_rate=rate, **({"max_sentence_silence": 500} | parameters))
        client.until("task-started")
        hear(client, *texts, rate=rate)
        client.finish()
        client.until("task-finished")
        return results(client), client.received


def test_sentences_come_as_they_are_heard_and_are_final_by_both_signs(gateway):
    found, received = recognised(gateway, ASKED, "再见。")
    sentences = [output["sentence"] for output, _ in found]
    finals = [sentence for sentence in sentences if sentence["sentence_end"]]
    assert [sentence["text"] for sentence in finals] == [ASKED, "再见。"]
    assert all((sentence["end_time"] is not None) is sentence["sentence_end"] for sentence in sentences)
    assert len(sentences) > 6 and sentences[0]["text"] == "今" and not any(s["heartbeat"] for s in sentences)
    assert finals[0]["begin_time"] < finals[0]["end_time"] <= finals[1]["begin_time"]
    usages = [usage for output, usage in found if output["sentence"]["sentence_end"]]
    assert usages == [{"duration": 3}, {"duration": 4}] and found[0][1] is None
    assert received.events[-1]["payload"] == {"output": {}, "usage": None}
    assert gateway.wait(lambda: gateway.seen("paraformer")[0].ended == "completed", 2)


def test_the_words_of_a_sentence_make_the_sentence_with_their_marks(gateway):
    found, _ = recognised(gateway, ASKED)
    final = found[-1][0]["sentence"]
    assert "".join(word["text"] + word["punctuation"] for word in final["words"]) == ASKED
    assert final["words"][-1]["punctuation"] == "？"
    times = [(word["begin_time"], word["end_time"]) for word in final["words"]]
    assert times == sorted(times) and times[0][0] == final["begin_time"]
    assert (final["emo_tag"], final["emo_confidence"]) == ("neutral", 0.9)


def test_only_the_telephone_model_tells_a_mood(gateway):
    found, _ = recognised(gateway, "好。", model=FUN)
    assert "emo_tag" not in found[-1][0]["sentence"]


@pytest.mark.parametrize("rate", [16000, 24000])
def test_gummy_transcribes_and_translates(gateway, rate):
    found, _ = recognised(
        gateway, "你好。", model=GUMMY, rate=rate, translation_enabled=True, translation_target_languages=["en", "ja"]
    )
    output = found[-1][0]
    assert output["transcription"]["text"] == "你好。" and output["transcription"]["sentence_end"] is True
    assert [(item["lang"], item["text"]) for item in output["translations"]] == [
        ("en", "en: 你好。"),
        ("ja", "ja: 你好。"),
    ]
    partial = found[0][0]["transcription"]
    assert partial["end_time"] is None and partial["current_time"] >= partial["begin_time"]
    assert output["transcription"]["words"][0]["fixed"] is True and partial["sentence_id"] == 0


def test_gummy_may_be_told_not_to_transcribe_or_translate(gateway):
    found, _ = recognised(gateway, "好。", model=GUMMY, rate=16000)
    assert found[-1][0]["translations"] == []
    found, _ = recognised(
        gateway, "好。", model=GUMMY, rate=16000, transcription_enabled=False, translation_enabled=True,
        translation_target_languages=["en"],
    )  # fmt: skip
    assert "transcription" not in found[-1][0] and found[-1][0]["translations"]


def test_fun_asr_takes_a_context_and_the_others_do_not(gateway):
    context = [{"role": "user", "content": [{"type": "input_text", "text": "呼叫中心"}]}]
    with TaskClient(gateway) as client:
        run(client, FUN)
        client.until("task-started")
        client.more(context=context)
        hear(client, "好。")
        client.finish()
        client.until("task-finished")
    with TaskClient(gateway) as client:
        run(client, PARAFORMER)
        client.until("task-started")
        client.more(context=context)
        assert client.rest().failure == ("InvalidParameter", "Please ensure input context is valid.")


@pytest.mark.parametrize(
    ("model", "parameters", "code", "words"),
    [
        (PARAFORMER, {"sample_rate": 16000}, "InvalidParameter", "sample_rate 16000 is not supported"),
        ("fun-asr-flash-8k-realtime", {"sample_rate": 16000}, "InvalidParameter", "is not supported"),
        ("paraformer-realtime-v1", {"sample_rate": 8000}, "InvalidParameter", "is not supported"),
        (GUMMY, {"sample_rate": 8000}, "InvalidParameter", "is not supported"),
        (PARAFORMER, {"sample_rate": None}, "InvalidParameter", "sample_rate"),
        (PARAFORMER, {"format": "opus"}, "InvalidParameter", "has pcm"),
        (PARAFORMER, {"max_sentence_silence": 100}, "InvalidParameter", "[200, 6000]"),
        ("paraformer-realtime-v9", {}, "ModelNotFound", "paraformer-realtime-v9"),
    ],
)
def test_what_the_service_would_refuse_fails_the_task(gateway, model, parameters, code, words):
    with TaskClient(gateway) as client:
        run(client, model, **parameters)
        failure = client.rest().failure
    assert failure[0] == code and words in failure[1]


def test_audio_before_the_task_has_started_is_refused(make_gateway):
    with TaskClient(make_gateway(start_ms=500)) as client:
        run(client)
        client.ws.send_binary(bytes(320))
        assert client.rest().failure[0] == "InvalidParameter"


def test_a_connection_carries_one_recognition_after_another(gateway):
    with TaskClient(gateway) as client:
        for text in ("一。", "二。"):
            run(client)
            client.until("task-started")
            hear(client, text)
            client.finish()
            client.until("task-finished")
        finals = [output["sentence"]["text"] for output, _ in results(client) if output["sentence"]["sentence_end"]]
    assert finals == ["一。", "二。"]


def test_a_task_that_gets_nothing_for_long_fails_as_the_service_says(make_gateway):
    with TaskClient(make_gateway(task_idle_s=0.2)) as client:
        run(client)
        client.until("task-started")
        assert client.rest().failure == ("CLIENT_ERROR", "request timeout after 23 seconds.")


def test_silence_ends_a_task_without_a_heartbeat(make_gateway):
    gateway = make_gateway(silent_task_s=6)
    with TaskClient(gateway) as client:
        run(client)
        client.until("task-started")
        hear(client, "好。", silence_ms=7000)
        client.rest()
        assert client.received.close == 1000 and client.received.names[-1] == "result-generated"
    assert gateway.wait(lambda: gateway.seen("paraformer")[0].ended == "silent for too long", 2)


def test_a_heartbeat_keeps_it_and_is_told_now_and_then(make_gateway):
    with TaskClient(make_gateway(silent_task_s=6)) as client:
        run(client, heartbeat=True)
        client.until("task-started")
        hear(client, "好。", silence_ms=11_000)
        hear(client, "再见。")
        client.finish()
        client.until("task-finished")
        sentences = [output["sentence"] for output, _ in results(client)]
    beats = [sentence for sentence in sentences if sentence["heartbeat"]]
    assert len(beats) == 2 and all(beat["text"] == "" and not beat["sentence_end"] for beat in beats)
    assert [sentence["text"] for sentence in sentences if sentence["sentence_end"]] == ["好。", "再见。"]


@pytest.mark.parametrize(
    ("value", "code"), [(0, "InternalError.Algo"), (429, "Throttling.RateQuota"), (23, "CLIENT_ERROR")]
)
def test_a_fault_in_the_middle_fails_the_task_with_the_services_words(gateway, value, code):
    with gateway.faults.set("paraformer", Fault("failed", value, events=2)), TaskClient(gateway) as client:
        run(client)
        client.until("task-started")
        hear(client, ASKED)
        assert client.rest().failure[0] == code
    assert gateway.wait(lambda: gateway.seen("paraformer")[0].ended == f"failed {code}", 2)


def test_there_are_only_so_many_at_once(make_gateway):
    gateway = make_gateway(most_asr=1)
    with TaskClient(gateway) as first, TaskClient(gateway) as second:
        run(first)
        first.until("task-started")
        run(second)
        assert second.rest().failure[0] == "Throttling.RateQuota"
