"""CosyVoice as a client sees it. Shapes: the official pages' server events."""

from __future__ import annotations

import io
import sys

import pytest
from task_client import TaskClient

from firstword.audio import tone
from firstword.gateway.engines import Spoken

MODEL = "cosyvoice-v3-flash"
TEXT = "您好，这里是云呼叫中心，请问有什么可以帮您？我是 Bob，今天 12:30 见 😀。尾巴"
PCM = {"voice": "longanyang", "format": "pcm", "sample_rate": 8000}


def begin(client: TaskClient, model: str = MODEL, **parameters) -> None:
    client.run(model, **PCM | parameters)
    client.until("task-started")


def speak(client: TaskClient, *texts: str, **parameters):
    begin(client, **parameters)
    for text in texts:
        client.more(text=text)
    client.finish()
    client.until("task-finished")
    return client.received


def test_what_is_heard_is_the_text_to_the_character_and_one_binary_follows_each_announcement(gateway):
    with TaskClient(gateway) as client:
        received = speak(client, "您好", "，这里是", "云呼叫中心，请", TEXT[13:])
    assert tone.hear(received.pcm, 8000) == TEXT
    letters = {"sentence-begin": "<", "audio": "a", "sentence-synthesis": "s", "sentence-end": ">"}
    order = "".join(letters[name] for name in received.names[1:-1])
    assert set(order.replace("sa", "").replace("<>", "")) == set(), order
    begins, ends = received.outputs("sentence-begin"), received.outputs("sentence-end")
    assert [output["sentence"]["index"] for output in begins] == list(range(len(begins)))
    assert "".join(output["original_text"] for output in ends) == TEXT
    assert [output["original_text"] for output in begins] == [output["original_text"] for output in ends]


def test_usage_grows_with_what_was_spoken(gateway):
    with TaskClient(gateway) as client:
        received = speak(client, "床前明月光，疑是地上霜")
    usages = [event["payload"]["usage"]["characters"] for event in received.events if "usage" in event["payload"]]
    assert usages == [6, 11, 11], "as in the pages' own example: 6 for the first five characters and a comma"


def test_nothing_is_spoken_of_a_unit_that_is_not_complete_before_a_flush_or_the_end(gateway):
    with TaskClient(gateway) as client:
        begin(client)
        client.more(text="床前明月光，疑是地上霜")
        client.until("sentence-end")
        client.more(flush=True)
        assert client.until("sentence-end")["payload"]["output"]["original_text"] == "疑是地上霜"
        client.more(text="举头")
        client.finish()
        client.until("task-finished")
    assert [output["original_text"] for output in client.received.outputs("sentence-end")][-1] == "举头"


def test_words_come_with_the_sentences_end_when_they_were_asked_for(gateway):
    with TaskClient(gateway) as client:
        (end,) = speak(client, "床前。", word_timestamp_enabled=True).outputs("sentence-end")
    assert [(w["text"], w["begin_index"], w["end_index"]) for w in end["sentence"]["words"]] == [
        ("床", 0, 1), ("前", 1, 2), ("。", 2, 3),
    ]  # fmt: skip
    times = [(w["begin_time"], w["end_time"]) for w in end["sentence"]["words"]]
    assert times[0][0] == 0 and times == sorted(times)
    with TaskClient(gateway) as client:
        (end,) = speak(client, "床前。").outputs("sentence-end")
    assert end["sentence"]["words"] == []


def test_two_tasks_on_one_connection_speak_each_its_own_text(gateway):
    with TaskClient(gateway) as client:
        speak(client, "一。")
        speak(client, "二。", sample_rate=8000)
        assert tone.hear(client.received.pcm, 8000) == "一。二。"


def test_cancel_ends_at_once_and_closes(make_gateway):
    gateway = make_gateway(real_time_factor=1.0)
    with TaskClient(gateway) as client:
        begin(client)
        client.more(text="床前明月光，" * 20)
        client.until("sentence-synthesis")
        client.finish(directive="cancel")
        received = client.rest()
    assert received.names[-1] == "task-finished" and received.close == 1000
    assert "sentence-end" not in received.names


def test_text_with_markup_is_one_message_and_its_tags_are_not_spoken(gateway):
    with TaskClient(gateway) as client:
        received = speak(client, "<speak>您好<break time='1s'/>。</speak>", enable_ssml=True)
        assert tone.hear(received.pcm, 8000) == "您好。"
        begin(client, enable_ssml=True)
        client.more(text="<speak>一。</speak>")
        client.more(text="<speak>二。</speak>")
        assert client.rest().failure == ("InvalidParameter", "Text request limit violated, expected 1.")


def test_half_a_surrogate_pair_does_not_break_the_gateway(gateway):
    with TaskClient(gateway) as client:
        assert "您好" in tone.hear(speak(client, "您好\ud83d。").pcm, 8000)


REFUSED = {
    "no voice": ({"voice": ""}, {}, "Request voice is invalid!"),
    "another version's voice": ({"voice": "longxiaochun_v2"}, {}, "[tts:]Engine return error code: 418"),
    "a voice cloned for another model": ({"voice": "cosyvoice-v2-me-1"}, {}, "[tts:]Engine return error code: 418"),
    "another family's voice": (
        {"voice": "cosyvoice-v2-me-1"},
        {"model": "qwen-audio-3.0-tts-flash"},
        "[tts:]Engine return error code: 411",
    ),
    "an unknown model": ({}, {"model": "cosyvoice-old"}, "Model can not be found: cosyvoice-old"),
    "an unknown rate": ({"sample_rate": 8001}, {}, "Invalid format or sample_rate!"),
    "too fast": ({"rate": 3}, {}, "Invalid rate!"),
    "a format not made here": ({"format": "opus"}, {}, "This gateway makes pcm, wav and mp3, not 'opus'!"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_service_would_refuse_fails_the_task(gateway, what):
    parameters, run, says = REFUSED[what]
    with TaskClient(gateway) as client:
        client.run(run.get("model", MODEL), **PCM | parameters)
        received = client.rest()
    assert received.failure[1] == says


GOOD = [
    ("cosyvoice-v1", "longxiaochun"), ("cosyvoice-v2", "longxiaochun_v2"), ("cosyvoice-v3-plus", "longxiaochun_v3"),
    ("cosyvoice-v3-flash", "cosyvoice-v3-flash-me-0815"), ("cosyvoice-v3.5-plus", "cosyvoice-v3.5-plus-me-1"),
    ("qwen-audio-3.0-tts-flash", "longanyang"), ("cosyvoice-v3-flash-2026-01-28", "longanyang"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "voice"), GOOD)
def test_every_model_speaks_with_a_voice_of_its_own(gateway, model, voice):
    with TaskClient(gateway) as client:
        begin(client, model, voice=voice)


def test_only_the_voices_that_are_served(make_gateway):
    with TaskClient(make_gateway(voice_names=("longanyang",))) as client:
        client.run(MODEL, **PCM | {"voice": "longwan"})
        assert client.rest().failure == ("InvalidParameter", "[tts:]Engine return error code: 418")


@pytest.mark.parametrize("given", [{}, {"text": ""}, {"text": 7}, {"text": "长" * 10_001}])
def test_text_that_is_none_fails_the_task(gateway, given):
    with TaskClient(gateway) as client:
        begin(client)
        client.more(**given)
        assert client.rest().failure == ("InvalidParameter", "Please ensure input text is valid.")


def test_audio_up_is_refused(gateway):
    with TaskClient(gateway) as client:
        begin(client)
        client.ws.send_binary(bytes(320))
        assert "takes text" in client.rest().failure[1]


def test_wav_is_one_file_with_its_head_in_the_first_message(gateway):
    with TaskClient(gateway) as client:
        received = speak(client, "一。二。", format="wav")
    assert [frame[:4] == b"RIFF" for frame in received.frames].count(True) == 1 and received.pcm[:4] == b"RIFF"
    assert tone.hear(received.pcm[44:], 8000) == "一。二。"


@pytest.mark.parametrize("parameters", [{"format": "Default", "sample_rate": 0}, {}], ids=["as the SDK says", "none"])
def test_the_default_is_mp3_at_22050(make_gateway, parameters):
    gateway = make_gateway(frame_bytes=400)  # less than a frame of mp3
    av = pytest.importorskip("av", reason="PyAV is not installed: pip install firstword[live]")
    with TaskClient(gateway) as client:
        client.run(MODEL, voice="longanyang", **parameters)
        client.until("task-started")
        client.more(text="您好。再见。")
        client.finish()
        client.until("task-finished")
    with av.open(io.BytesIO(client.received.pcm)) as file:
        assert file.streams[0].rate == 22050
        frames = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    pcm = b"".join((frame.clip(-1, 1) * 32767).astype("<i2").tobytes() for frame in frames)
    assert tone.hear(pcm, 22050) == "您好。再见。"
    samples = len(tone.speak("您好。", 22050) + tone.speak("再见。", 22050)) // 2
    assert len(pcm) // 2 >= samples + 1105, "to the last sample, and LAME's own delay"
    assert all(client.received.frames)
    order = [name for name in client.received.names if name in ("audio", "sentence-synthesis")]
    assert order == ["sentence-synthesis", "audio"] * (len(order) // 2)


def test_without_an_encoder_a_task_of_mp3_fails_and_says_what_to_install(gateway, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with TaskClient(gateway) as client:
        client.run(MODEL, voice="longanyang")
        assert "pip install av" in client.rest().failure[1]


def test_the_first_packet_and_the_pace_are_the_gateways(make_gateway):
    gateway = make_gateway(first_packet_ms=100, real_time_factor=0.1, frame_bytes=1600)
    with TaskClient(gateway) as client:
        speak(client, "床前明月光，")
    (visit,) = gateway.seen("cosyvoice")
    given, audio = visit.all("continue-task")[0].at, [one.at for one in visit.all("audio")]
    assert audio[0] - given >= 0.1
    seconds = len(client.received.pcm) / 16000
    assert audio[-1] - audio[0] >= (seconds - 0.1) * 0.1


class BrokenVoice:
    rate, quick = 8000, True

    def speak(self, text, rate):
        yield Spoken(bytes(1600))
        raise RuntimeError("no breath")


def test_an_engine_that_breaks_is_an_internal_error_and_the_gateway_lives_on(make_gateway, caplog):
    gateway = make_gateway(voices={"": BrokenVoice()})
    for _ in range(2):
        with TaskClient(gateway) as client:
            begin(client)
            client.more(text="您好。")
            assert client.rest().failure[0] == "InternalError.Algo"
    assert "no breath" in caplog.text
