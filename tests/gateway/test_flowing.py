"""NLS FlowingSpeechSynthesizer as a client sees it. Shapes: ``nls_flowing_tts`` of the recorded wire, and Aliyun's own mock server."""

from __future__ import annotations

import time

import pytest
import websocket
from nls_client import FLOWING, NlsClient

from firstword.audio import tone
from firstword.gateway.engines import Spoken

TEXT = "您好，这里是云呼叫中心，请问有什么可以帮您？我是 Bob，今天 12:30 见 😀。尾巴"
HEX = set("0123456789abcdef")


def test_what_is_heard_is_the_text_to_the_character_and_the_events_are_in_order(gateway):
    with NlsClient(gateway) as client:
        received = client.speak("您好", "，这里是", "云呼叫中心，请", TEXT[13:])
    assert tone.hear(received.pcm, 8000) == TEXT
    names = received.names
    assert names[0] == "SynthesisStarted"
    assert names[-1] == "SynthesisCompleted"
    assert [p["index"] for p in received.payloads("SentenceBegin")] == list(range(names.count("SentenceBegin")))
    sentence = "".join(
        {"SentenceBegin": "<", "audio": "a", "SentenceSynthesis": "s", "SentenceEnd": ">"}[n] for n in names[1:-1]
    )
    assert set(sentence.replace("as", "").replace("<>", "")) == set(), sentence
    assert received.ended == "closed"


def test_the_headers_are_as_on_the_wire(gateway):
    with NlsClient(gateway) as client:
        received = client.speak("好。")
        for event in received.events:
            header = event["header"]
            assert list(header) == ["namespace", "name", "status", "message_id", "task_id", "status_text"]
            assert header["namespace"] == FLOWING
            assert header["status"] == 20000000
            assert header["status_text"] == "Gateway:SUCCESS:Success."
            assert header["task_id"] == client.task
            assert len(header["message_id"]) == 32
            assert set(header["message_id"]) <= HEX
    assert len({event["header"]["message_id"] for event in received.events}) == len(received.events)
    assert received.payloads("SentenceSynthesis")[0] == received.payloads("SentenceEnd")[0] == {"subtitles": []}


def test_a_clause_is_spoken_at_its_mark_and_the_tail_only_at_the_stop(gateway):
    with NlsClient(gateway) as client:
        client.start()
        client.say("RunSynthesis", {"text": "您好，请问"})
        client.until("SentenceEnd")
        assert tone.hear(client.received.pcm, 8000) == "您好，"
        client.ws.settimeout(0.3)
        with pytest.raises(websocket.WebSocketTimeoutException):
            client.ws.recv()
        client.ws.settimeout(5)
        client.say("StopSynthesis")
        assert tone.hear(client.rest().pcm, 8000) == "您好，请问"


def test_flush_text_speaks_the_tail_without_ending_the_task(gateway):
    with NlsClient(gateway) as client:
        client.start()
        client.say("RunSynthesis", {"text": "请问"})
        client.say("FlushText", {"enable_long_silence": True})
        client.until("SentenceEnd")
        client.say("RunSynthesis", {"text": "好"})
        client.say("StopSynthesis")
        received = client.rest()
    assert tone.hear(received.pcm, 8000) == "请问好"
    assert received.names[-1] == "SynthesisCompleted"


def test_split_sentence_keeps_clauses_together(make_gateway):
    with NlsClient(make_gateway(split="sentence")) as client:
        received = client.speak("您好，请问。好")
    assert received.names.count("SentenceBegin") == 2


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_audio_comes_at_the_rate_that_was_asked_for(gateway, rate):
    with NlsClient(gateway) as client:
        received = client.speak("速度 ok。", sample_rate=rate)
    assert len(received.pcm) == tone.duration_ms("速度 ok。") * rate * 2 / 1000
    assert tone.hear(received.pcm, rate) == "速度 ok。"


def test_audio_messages_are_irregular_and_tear_samples(gateway):
    with NlsClient(gateway) as client:
        received = client.speak("一二三四五六七八九十" * 4 + "。")
    sizes = [len(frame) for frame in received.frames]
    assert 8000 in sizes
    assert 297 in sizes
    assert any(size % 2 for size in sizes)


def test_a_wav_has_one_header_in_front_of_the_whole_task(gateway):
    with NlsClient(gateway) as client:
        received = client.speak("您好，再见。", format="wav")
    assert received.pcm[:4] == b"RIFF"
    assert received.pcm.count(b"RIFF") == 1
    assert tone.hear(received.pcm[44:], 8000) == "您好，再见。"


def test_subtitles_tell_each_character_once_as_it_comes_and_all_of_a_sentence_at_its_end(gateway):
    first, second = "一二三四五六七八九十甲乙，", "好。"
    with NlsClient(gateway) as client:
        received = client.speak(first + second, enable_subtitle=True)
    ends = [payload["subtitles"] for payload in received.payloads("SentenceEnd")]
    for text, items in zip((first, second), ends, strict=True):
        assert items[0]["sentence"] is True
        assert items[0]["text"] == ""
        spans = tone.spans(text)
        assert [
            (
                item["text"],
                item["begin_index"],
                item["end_index"],
                item["begin_time"],
                item["end_time"],
                item["sentence"],
            )
            for item in items[1:]
        ] == [(text[index], index, index + 1, begin, end, False) for index, begin, end in spans]
    news = [item["text"] for payload in received.payloads("SentenceSynthesis") for item in payload["subtitles"][1:]]
    assert "".join(news) == first + second
    assert len(received.payloads("SentenceSynthesis")[0]["subtitles"]) - 1 < len(first)


def test_unknown_keys_a_session_id_and_a_context_are_taken(gateway):
    with NlsClient(gateway) as client:
        received = client.speak("好。", volumn=50, session_id="x", speech_rate=0, anything={"a": 1})
    assert received.names[-1] == "SynthesisCompleted"


def test_the_token_may_come_in_the_address(gateway):
    with NlsClient(gateway, url=f"{gateway.ws_url}?token={gateway.token()}", token="") as client:
        assert client.speak("好。").names[-1] == "SynthesisCompleted"


@pytest.mark.parametrize("why", ["made up", "missing", "revoked", "expired"])
def test_a_bad_token_is_refused_with_403_at_the_upgrade(make_gateway, why):
    gateway = make_gateway(token_lifetime_s=0.1)
    token = {"made up": "0" * 32, "missing": ""}.get(why) or (gateway.token() if why != "made up" else "0" * 32)
    if why == "missing":
        token = ""
    if why == "revoked":
        gateway.revoke_tokens()
    if why == "expired":
        time.sleep(0.12)
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        NlsClient(gateway, token=token)
    assert caught.value.status_code == 403
    assert gateway.wait(lambda: gateway.seen("nls")[0].ended == "HTTP 403", 2)


def run_before_start(client):
    client.say("RunSynthesis", {"text": "好"})


def stop_before_start(client):
    client.say("StopSynthesis")


def binary_first(client):
    client.ws.send_binary(b"\0\0")


def start_twice(client):
    client.start()
    client.say("StartSynthesis", {})


def another_task(client):
    client.start()
    client.say("RunSynthesis", {"text": "好"}, task_id="f" * 32)


def stop_twice(client):
    client.start()
    client.say("RunSynthesis", {"text": "好" * 3000})
    client.say("StopSynthesis")
    client.say("StopSynthesis")


WRONG = {
    "RunSynthesis before StartSynthesis": (run_before_start, 40000002, "'ROUTING'"),
    "StopSynthesis before StartSynthesis": (stop_before_start, 40000002, "'ROUTING'"),
    "audio before StartSynthesis": (binary_first, 40000002, "Invalid binary message while server state is 'ROUTING'"),
    "StartSynthesis twice": (start_twice, 40000000, "already started"),
    "another task's id": (another_task, 40000000, "Task ID not match"),
    "an upper-case message id": (
        lambda c: c.say("StartSynthesis", {}, message_id="F" * 32),
        40000002,
        "Gateway:MESSAGE_INVALID:Invalid message id 'FFFF",
    ),
    "no message id": (lambda c: c.say("StartSynthesis", {}, message_id=None), 40000002, "Invalid message id 'null'"),
    "a short task id": (lambda c: c.say("StartSynthesis", {}, task_id="abc"), 40000002, "Invalid task id 'abc'"),
    "no appkey": (lambda c: c.say("StartSynthesis", {}, appkey=None), 40000003, "appkey not set"),
    "a wrong appkey": (lambda c: c.say("StartSynthesis", {}, appkey="x"), 40020105, "Appkey not exist"),
    "an unknown namespace": (lambda c: c.say("StartSynthesis", {}, namespace="X"), 40010001, "NAMESPACE_NOT_FOUND"),
    "an unknown directive": (lambda c: c.say("DoSynthesis", {}), 40010002, "DIRECTIVE_NOT_SUPPORTED"),
    "no JSON": (lambda c: c.ws.send("{"), 40000000, "Message Not Json: {"),
    "no header": (lambda c: c.ws.send('{"payload": {}}'), 40000002, "Missing message header"),
    "an upper-case format": (lambda c: c.say("StartSynthesis", {"format": "PCM"}), 40010003, "Invalid format 'PCM'!"),
    "a format the gateway has not": (lambda c: c.say("StartSynthesis", {"format": "mp3"}), 41010100, "not 'mp3'"),
    "a rate nobody has": (lambda c: c.say("StartSynthesis", {"sample_rate": 44000}), 41010101, "'44000'"),
    "no text": (lambda c: (c.start(), c.say("RunSynthesis", {})), 40010003, "No text specified"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_in_order_fails_the_task_with_the_services_code_and_closes(gateway, case):
    act, code, says = WRONG[case]
    with NlsClient(gateway) as client:
        act(client)
        received = client.rest()
        assert received.failure[0] == code
        assert says in received.failure[1]
        assert received.events[-1]["header"]["namespace"] == "Default"
        assert received.ended == "closed"
    assert gateway.wait(lambda: gateway.log[0].ended == f"failed {code}", 2)


def test_text_before_the_service_has_started_fails_the_task(make_gateway):
    with NlsClient(make_gateway(start_ms=300)) as client:
        client.say("StartSynthesis", {"sample_rate": 8000})
        client.say("RunSynthesis", {"text": "好"})
        assert client.rest().failure[0] == 40000002


def test_a_second_stop_while_the_rest_is_being_spoken_is_a_task_state_error(make_gateway):
    with NlsClient(make_gateway(real_time_factor=1.0)) as client:
        stop_twice(client)
        assert client.rest().failure[0] == 40010005


def test_a_voice_that_is_not_served_fails_the_task(make_gateway):
    gateway = make_gateway(voice_names=("xiaoyun", "aixia"))
    with NlsClient(gateway) as client:
        assert client.speak("好。", voice="aixia").names[-1] == "SynthesisCompleted"
    with NlsClient(gateway) as client:
        client.say("StartSynthesis", {"voice": "nosuchvoice"})
        assert client.rest().failure == (40000003, "Gateway:PARAMETER_INVALID:Invalid voice name 'nosuchvoice'!")


def test_more_tasks_than_the_account_may_have_are_too_many_requests(make_gateway):
    gateway = make_gateway(most_tts=1)
    with NlsClient(gateway) as one, NlsClient(gateway) as two:
        one.start()
        two.say("StartSynthesis", {})
        assert two.rest().failure == (40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!")
        one.say("StopSynthesis")
        assert one.rest().names[-1] == "SynthesisCompleted"
    with NlsClient(gateway) as three:
        three.start()


def test_a_client_that_says_nothing_is_told_the_last_directive_and_closed(make_gateway):
    with NlsClient(make_gateway(idle_s=0.3)) as client:
        client.start()
        client.say("RunSynthesis", {"text": "您好，"})
        began = time.monotonic()
        code, text = client.rest().failure
    assert 0.25 < time.monotonic() - began < 2
    assert code == 40000004
    assert text == (
        "Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time, the last directive is 'RunSynthesis'!"
    )


def test_pings_keep_a_silent_client_for_the_longer_time_only(make_gateway):
    with NlsClient(make_gateway(idle_s=0.3, ping_idle_s=0.9)) as client:
        client.start()
        began = time.monotonic()
        client.ws.settimeout(0.1)
        failed = None
        while failed is None and time.monotonic() - began < 5:
            client.ws.ping()
            try:
                failed = client.step()
            except websocket.WebSocketTimeoutException:
                continue
        assert 0.8 < time.monotonic() - began < 3
        assert client.received.failure[0] == 40000004


def test_a_client_that_never_starts_is_closed_after_the_longer_time(make_gateway):
    gateway = make_gateway(ping_idle_s=0.2, idle_s=0.1)
    with NlsClient(gateway) as client:
        assert client.rest().names == []
    assert gateway.seen("nls")[0].ended == "never started"


def test_after_the_stop_a_slow_voice_is_not_an_idle_client(make_gateway):
    with NlsClient(make_gateway(idle_s=0.25, ping_idle_s=0.3, real_time_factor=0.25)) as client:
        received = client.speak("一二三四五六七八九十一二。")
    assert received.names[-1] == "SynthesisCompleted"
    assert tone.hear(received.pcm, 8000) == "一二三四五六七八九十一二。"


def test_the_first_packet_and_the_real_time_factor_set_the_pace(make_gateway):
    gateway = make_gateway(first_packet_ms=200, real_time_factor=0.5)
    with NlsClient(gateway) as client:
        client.speak("一二三四五六七八。")  # 1.62 s of audio
    visit = gateway.seen("tts")[0]
    asked, audio = visit.all("RunSynthesis")[0].at, visit.all("audio")
    assert 0.2 <= audio[0].at - asked < 0.35
    before_last = sum(frame.size for frame in audio[:-1]) / 16
    assert audio[-1].at - audio[0].at == pytest.approx(before_last / 1000 * 0.5, abs=0.12)


def test_a_client_that_leaves_stops_the_voice(make_gateway):
    closed = []

    class Endless:
        rate, quick = 8000, True

        def speak(self, text, rate):
            try:
                while True:
                    yield Spoken(bytes(8000))
            finally:
                closed.append(text)

    gateway = make_gateway(voices={"": Endless()}, real_time_factor=0.1)
    with NlsClient(gateway) as client:
        client.start()
        client.say("RunSynthesis", {"text": "好。"})
        client.step()
        client.step()
    assert gateway.wait(lambda: gateway.seen("tts")[0].closed, 3)
    assert gateway.seen("tts")[0].ended == "client left"
    assert closed == ["好。"]


def test_a_voice_that_breaks_is_a_server_error(make_gateway, caplog):
    class Broken:
        rate, quick = 8000, False

        def speak(self, text, rate):
            yield Spoken(bytes(800))
            raise RuntimeError("out of tune")

    with NlsClient(make_gateway(voices={"": Broken()})) as client:
        received = client.speak("好。")
    assert received.failure == (50000000, "Gateway:SERVER_ERROR:Server error!")
    assert "out of tune" in caplog.text


def test_voices_are_chosen_by_the_name_in_the_request(make_gateway):
    class Hum:
        rate, quick = 8000, True

        def speak(self, text, rate):
            yield Spoken(bytes(1600))

    gateway = make_gateway(voices={"hum": Hum()})
    with NlsClient(gateway) as client:
        assert len(client.speak("好。", voice="hum").pcm) == 1600
    with NlsClient(gateway) as client:
        client.say("StartSynthesis", {"voice": "sing"})
        assert client.rest().failure[0] == 40000003


def test_half_an_emoji_is_spoken_as_a_question_mark_and_breaks_nothing(gateway):
    with NlsClient(gateway) as client:
        client.start(enable_subtitle=True)
        client.say("RunSynthesis", {"text": "a\ud83d。"})
        client.say("StopSynthesis")
        received = client.rest()
    assert tone.hear(received.pcm, 8000) == "a?。"
    assert received.names[-1] == "SynthesisCompleted"
    assert [item["text"] for item in received.payloads("SentenceEnd")[0]["subtitles"]] == ["", "a", "?", "。"]
