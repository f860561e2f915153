"""NLS SpeechTranscriber as a client sees it."""

from __future__ import annotations

import time

import pytest
from nls_client import ASR, NlsClient

from firstword.audio import pcm as samples
from firstword.audio import tone
from firstword.gateway.engines import HeardText

SILENCE = samples.silence(1200, 8000)


def transcribe(gateway, audio, size=320, **payload):
    with NlsClient(gateway, ASR) as client:
        client.start(**payload)
        client.audio(audio, size)
        client.say("StopTranscription")
        return client.rest()


def test_two_sentences_are_heard_to_the_character_with_partial_results_that_grow(gateway):
    lead = samples.silence(200, 8000)
    audio = lead + tone.speak("今天北京天气怎么样？", 8000) + SILENCE + tone.speak("Bye 👋", 8000) + SILENCE
    received = transcribe(gateway, audio, enable_intermediate_result=True, max_sentence_silence=800)
    names = [name for name in received.names if name != "TranscriptionResultChanged"]
    assert names == ["TranscriptionStarted", *["SentenceBegin", "SentenceEnd"] * 2, "TranscriptionCompleted"]
    ends, begins = received.payloads("SentenceEnd"), received.payloads("SentenceBegin")
    assert [end["result"] for end in ends] == ["今天北京天气怎么样？", "Bye 👋"]
    assert [begin["index"] for begin in begins] == [end["index"] for end in ends] == [1, 2]
    assert begins[0]["time"] == ends[0]["begin_time"] == pytest.approx(200, abs=25)
    spoken_ms = 200 + tone.duration_ms("今天北京天气怎么样？")
    assert ends[0]["time"] == pytest.approx(spoken_ms + 800, abs=150)
    partials = [p["result"] for p in received.payloads("TranscriptionResultChanged") if p["index"] == 1]
    assert partials[0] == "今"
    assert all(longer.startswith(partials[n]) for n, longer in enumerate(partials[1:]))
    assert partials[-1] == "今天北京天气怎么样？"


def test_the_payloads_have_the_keys_of_the_wire(gateway):
    received = transcribe(gateway, tone.speak("好。", 8000) + SILENCE, enable_intermediate_result=True)
    assert received.events[0]["header"]["namespace"] == ASR
    assert "payload" not in received.events[0]
    assert list(received.payloads("TranscriptionResultChanged")[0]) == [
        "index", "time", "result", "confidence", "words", "status",
    ]  # fmt: skip
    end = received.payloads("SentenceEnd")[0]
    assert list(end) == [
        "index", "time", "result", "confidence", "words", "status", "gender", "begin_time", "fixed_result",
        "unfixed_result", "stash_result", "audio_extra_info", "sentence_id", "gender_score",
    ]  # fmt: skip
    assert end["status"] == 0
    assert end["stash_result"]["sentenceId"] == 2
    assert len(end["sentence_id"]) == 32


def test_the_journal_has_when_each_sound_of_the_caller_came(gateway):
    sent = []
    with NlsClient(gateway, ASR) as client:
        client.start()
        for text in ("好", "行"):
            time.sleep(0.35)  # as long as it is silent in life: sounds are told apart by the clock
            sent.append(time.monotonic())
            client.audio(tone.speak(text, 8000), 640)
        client.say("StopTranscription")
        client.rest()
    assert gateway.wait(lambda: gateway.seen("asr")[0].closed, 5)
    first, second = gateway.seen("asr")[0].sounds
    assert sent[0] <= first < sent[1] <= second <= time.monotonic()


def test_partial_results_come_only_if_they_were_asked_for(gateway):
    assert "TranscriptionResultChanged" not in transcribe(gateway, tone.speak("好。", 8000)).names


def test_the_silence_that_ends_a_sentence_is_counted_in_audio_not_in_time(gateway):
    with NlsClient(gateway, ASR) as client:
        client.start(max_sentence_silence=500)
        client.audio(tone.speak("好。", 8000) + samples.silence(300, 8000))
        client.until("SentenceBegin")
        time.sleep(0.6)
        client.audio(samples.silence(100, 8000))
        client.say("ControlTranscriber", {"max_sentence_silence": 500})
        client.audio(samples.silence(300, 8000))
        end = client.until("SentenceEnd")
        assert end["payload"]["time"] == pytest.approx(tone.duration_ms("好。") + 500, abs=100)


def test_a_sentence_under_way_ends_at_the_stop(gateway):
    received = transcribe(gateway, tone.speak("没说完", 8000))
    assert [end["result"] for end in received.payloads("SentenceEnd")] == ["没说完"]
    assert received.names[-1] == "TranscriptionCompleted"


def test_silence_brings_no_sentence(gateway):
    assert transcribe(gateway, SILENCE).names == ["TranscriptionStarted", "TranscriptionCompleted"]


@pytest.mark.parametrize("size", [1, 297, 320, 3201])
def test_audio_may_be_cut_anywhere(gateway, size):
    text = "你好" if size > 1 else "a"
    received = transcribe(gateway, tone.speak(text, 8000), size)
    assert [end["result"] for end in received.payloads("SentenceEnd")] == [text]


def test_sixteen_kilohertz_is_heard_too(gateway):
    received = transcribe(gateway, tone.speak("你好", 16000), 640, sample_rate=16000)
    assert [end["result"] for end in received.payloads("SentenceEnd")] == ["你好"]


def test_audio_before_the_service_has_started_fails_the_task(make_gateway):
    with NlsClient(make_gateway(start_ms=300), ASR) as client:
        client.say("StartTranscription", {"sample_rate": 8000})
        client.audio(bytes(320))
        assert client.rest().failure == (
            40000002,
            "Gateway:MESSAGE_INVALID:Invalid binary message while server state is 'ROUTING'!",
        )


def test_a_rate_that_is_no_telephone_rate_is_refused(gateway):
    with NlsClient(gateway, ASR) as client:
        client.say("StartTranscription", {"sample_rate": 24000})
        assert client.rest().failure[0] == 41010101


def test_the_final_result_may_be_made_late_and_the_session_id_comes_back(make_gateway):
    gateway = make_gateway(final_ms=300)
    with NlsClient(gateway, ASR) as client:
        assert client.start(session_id="a" * 32)["payload"] == {"session_id": "a" * 32}
        client.audio(tone.speak("好。", 8000) + SILENCE)
        client.until("SentenceBegin")
        began = time.monotonic()
        client.until("SentenceEnd")
        assert 0.2 < time.monotonic() - began < 1


def test_a_caller_who_sends_nothing_is_idle_and_audio_is_not(make_gateway):
    with NlsClient(make_gateway(idle_s=0.3), ASR) as client:
        client.start()
        for _ in range(5):
            time.sleep(0.1)
            client.audio(bytes(320))
        assert client.rest().failure == (
            40000004,
            "Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time, the last directive is 'StartTranscription'!",
        )


def test_two_directives_of_different_services_on_one_connection_do_not_go_together(gateway):
    with NlsClient(gateway, ASR) as client:
        client.start()
        client.say("StartSynthesis", {}, namespace="FlowingSpeechSynthesizer")
        assert client.rest().failure == (40000000, "Invalid namespace")


class Slow:
    """A hearer that blocks, as a real engine does."""

    quick = False

    def __init__(self, broken=False):
        self.broken = broken

    def open(self, rate, silence_ms):
        return self

    def feed(self, pcm):
        time.sleep(0.01)
        if self.broken:
            raise RuntimeError("deaf")
        return []

    def finish(self):
        return [HeardText("慢", 0, 100, final=True)]


def test_a_hearer_that_blocks_works_on_a_thread_of_its_own(make_gateway):
    received = transcribe(make_gateway(hearer=Slow()), bytes(16000))
    assert [end["result"] for end in received.payloads("SentenceEnd")] == ["慢"]
    assert received.names[-1] == "TranscriptionCompleted"


def test_a_hearer_that_breaks_is_a_server_error(make_gateway, caplog):
    with NlsClient(make_gateway(hearer=Slow(broken=True)), ASR) as client:
        client.start()
        client.audio(bytes(1600))
        assert client.rest().failure[0] == 50000000
    assert "deaf" in caplog.text


def test_a_hearer_is_fed_whole_samples_only_and_all_of_them(make_gateway):
    fed = []

    class Recording(Slow):
        def feed(self, pcm):
            fed.append(pcm)
            return []

    audio = tone.speak("你好", 8000)
    transcribe(make_gateway(hearer=Recording()), audio, 297)
    assert b"".join(fed) == audio
    assert not any(len(pcm) % 2 for pcm in fed)
