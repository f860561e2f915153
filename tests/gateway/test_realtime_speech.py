"""Qwen-TTS-Realtime as a client sees it. Shapes: the pages', as the scripted server of the recorded SDK sends them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import websocket
from realtime_client import RealtimeClient

from firstword.audio import tone
from firstword.gateway.engines import Spoken
from firstword.gateway.faults import Fault
from firstword.threads import alive

TEXT = "您好，这里是云呼叫中心，请问有什么可以帮您？我是 Bob，今天 12:30 见 😀。尾巴"
TRACES = Path(__file__).parent.parent / "recordings" / "traces"
RESPONSE = [
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    "response.audio.delta",
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]


def shape(value):
    """The keys of a message and the kinds of its values, in their order."""
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def squeezed(types):
    """Several deltas in a row as one."""
    return [t for at, t in enumerate(types) if t != "response.audio.delta" or types[at - 1] != t]


def test_every_event_has_the_shape_of_the_recorded_one(gateway):
    rows = [json.loads(line) for line in (TRACES / "qwen_tts_realtime.options.jsonl").read_text().splitlines()]
    theirs = [json.loads(r["text"]) for r in rows if r.get("dir") == "s2c" and r.get("op") == "text"]
    ours = [json.loads(r["text"]) for r in rows if r.get("dir") == "c2s" and r.get("op") == "text"]
    with RealtimeClient(gateway) as client:
        for message in ours:
            client.ws.send(json.dumps(message))
            if message["type"] == "input_text_buffer.commit":
                client.until("response.done")
        while client.step() is not None:
            pass
    committed = (
        "input_text_buffer.committed"  # may come before or after the response to what the service took by itself
    )
    order = [squeezed([m["type"] for m in messages if m["type"] != committed]) for messages in (client.events, theirs)]
    assert order[0] == order[1]
    assert client.types.count(committed) == 1
    by_type = {message["type"]: message for message in theirs}
    for message in client.events:
        if message["type"] == "session.updated":  # the pages do not say in which order; the same keys
            assert message["session"].keys() == by_type["session.updated"]["session"].keys()
        else:
            assert shape(message) == shape(by_type[message["type"]])
    assert len({message["event_id"] for message in client.events}) == len(client.events)
    assert client.all("response.done")[0]["response"]["usage"] == {"characters": 3}
    assert client.ended == "closed"


def test_the_first_event_is_unasked_and_has_the_documented_defaults(gateway):
    with RealtimeClient(gateway) as client:
        session = client.step()["session"]
    assert {key: session[key] for key in ("mode", "voice", "response_format", "sample_rate", "model")} == {
        "mode": "server_commit",
        "voice": "Cherry",
        "response_format": "pcm",
        "sample_rate": 24000,
        "model": "qwen3-tts-flash-realtime",
    }


def test_in_server_commit_each_clause_is_a_response_and_the_tail_is_spoken_at_the_end(gateway):
    with RealtimeClient(gateway) as client:
        client.update(mode="server_commit", sample_rate=8000)
        for piece in ("您好", "，这里是", "云呼叫中心，请", TEXT[13:]):
            client.append(piece)
        client.until("response.done")
        client.rest()
    assert tone.hear(client.pcm, 8000) == TEXT
    responses = client.types.count("response.done")
    assert responses > 3
    assert squeezed(client.types) == ["session.created", "session.updated", *RESPONSE * responses, "session.finished"]
    assert client.ended == "closed"


def test_in_server_commit_a_commit_speaks_what_waits(gateway):
    with RealtimeClient(gateway) as client:
        client.update(mode="server_commit", sample_rate=8000)
        client.append("请问")
        client.say("input_text_buffer.commit")
        client.until("response.done")
    assert tone.hear(client.pcm, 8000) == "请问"
    assert client.types[2] == "input_text_buffer.committed"


def test_in_commit_nothing_is_spoken_before_the_commit_and_one_response_per_commit(gateway):
    with RealtimeClient(gateway) as client:
        client.update(mode="commit", sample_rate=8000)
        client.append("您好。")
        client.append("再见。")
        client.ws.settimeout(0.2)
        with pytest.raises(websocket.WebSocketTimeoutException):
            client.ws.recv()
        client.ws.settimeout(5)
        client.say("input_text_buffer.commit")
        client.until("response.done")
        client.append("尾巴")
        client.rest()
    assert tone.hear(client.pcm, 8000) == "您好。再见。尾巴"
    assert client.types.count("response.done") == 2
    assert client.types.count("input_text_buffer.committed") == 1


def test_text_may_come_right_after_the_upgrade(gateway):
    with RealtimeClient(gateway) as client:
        client.append("好。")
        client.rest()
    assert tone.hear(client.pcm, 24000) == "好。"


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_audio_comes_at_the_rate_that_was_asked_for(gateway, rate):
    with RealtimeClient(gateway) as client:
        client.update(sample_rate=rate)
        client.append("速度 ok。")
        client.rest()
    assert len(client.pcm) == tone.duration_ms("速度 ok。") * rate * 2 / 1000


def test_deltas_are_irregular_and_tear_samples(gateway):
    with RealtimeClient(gateway) as client:
        client.update(sample_rate=8000)
        client.append("一二三四五六七八九十" * 4 + "。")
        client.rest()
    assert any(len(delta) % 2 for delta in client.deltas)


def test_what_was_cleared_is_not_spoken(gateway):
    with RealtimeClient(gateway) as client:
        client.update(mode="commit", sample_rate=8000)
        client.append("你好")
        client.say("input_text_buffer.clear")
        client.until("input_text_buffer.cleared")
        client.append("再见。")
        client.rest()
    assert tone.hear(client.pcm, 8000) == "再见。"


def test_a_cancelled_response_ends_early_and_the_session_goes_on(make_gateway):
    with RealtimeClient(make_gateway(real_time_factor=1.0)) as client:
        client.update(mode="commit", sample_rate=8000)
        client.append("一二三四五六七八九十")
        client.say("input_text_buffer.commit")
        client.until("response.audio.delta")
        client.say("response.cancel")
        done = client.until("response.done")
        assert done["response"]["status"] == "cancelled"
        assert len(client.pcm) < 16 * tone.duration_ms("一二三四五六七八九十")
        client.append("好")
        client.rest()
    assert client.types[-1] == "session.finished"
    assert client.all("response.done")[-1]["response"]["status"] == "completed"


SAYS = {
    "an update after the start": (
        [("input_text_buffer.append", {"text": "好。"}), ("session.update", {"session": {"voice": "x"}})],
        "Session update error: session already started or finished or failed.",
    ),
    "a commit of nothing": ([("input_text_buffer.commit", {})], "the buffer is empty"),
    "no text": ([("input_text_buffer.append", {})], "non-empty string"),
    "no settings": ([("session.update", {})], "must be an object"),
    "another mode": ([("session.update", {"session": {"mode": "x"}})], "Supported values are: server_commit, commit."),
    "another rate": ([("session.update", {"session": {"sample_rate": 11025}})], "Supported values are: 8000"),
    "a format it has not": ([("session.update", {"session": {"response_format": "opus"}})], "pcm, wav"),
    "a speed it has not": ([("session.update", {"session": {"speech_rate": 3}})], "speech_rate takes 0.5 to 2"),
    "another event": ([("input_audio_buffer.append", {"audio": ""})], "Invalid value: 'input_audio_buffer.append'."),
}


@pytest.mark.parametrize("what", SAYS)
def test_what_is_not_in_order_is_an_error_with_code_and_message_and_the_session_goes_on(gateway, what):
    messages, words = SAYS[what]
    with RealtimeClient(gateway) as client:
        for type_, fields in messages:
            client.say(type_, **fields)
        error = client.until("error")["error"]
        assert error.keys() == {"code", "message"}
        assert error["code"] == "invalid_value"
        assert words in error["message"]
        client.rest()
    assert client.types[-1] == "session.finished"


@pytest.mark.parametrize("raw", ["{", "[]", '{"type": "session.finish"}', '{"event_id": "x"}'])
def test_what_is_no_event_is_an_error(gateway, raw):
    with RealtimeClient(gateway) as client:
        client.ws.send(raw)
        assert client.until("error")["error"]["code"] == "invalid_value"
        client.ws.send_binary(b"\0\0")
        assert "binary" in client.until("error")["error"]["message"]


def test_after_session_finish_nothing_more_is_taken(make_gateway):
    with RealtimeClient(make_gateway(first_packet_ms=100)) as client:
        client.append("好")
        client.say("session.finish")
        client.append("再")
        assert "after 'session.finish'" in client.until("error")["error"]["message"]
        client.until("session.finished")


def test_the_old_model_takes_none_of_the_new_settings(gateway):
    with RealtimeClient(gateway, model="qwen-tts-realtime") as client:
        assert "24000" in client.update(sample_rate=8000)["error"]["message"]
        assert "does not support 'volume'" in client.update(volume=50)["error"]["message"]
        assert client.update(voice="Cherry")["type"] == "session.updated"


def test_a_voice_that_is_not_served_is_refused(make_gateway):
    with RealtimeClient(make_gateway(voice_names=("Cherry",))) as client:
        assert client.update(voice="Bob")["error"]["message"] == "The requested voice 'Bob' is not supported."
        assert client.update(voice="Cherry")["type"] == "session.updated"


def test_a_model_that_is_none_is_told_only_after_the_upgrade(gateway):
    with RealtimeClient(gateway, model="gpt-x") as client:
        client.append("好")
        assert client.until("error")["error"]["code"] == "ModelNotFound"
        assert client.step() is None


def test_a_wrong_key_is_refused_at_the_upgrade_with_the_services_body(gateway):
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        RealtimeClient(gateway, key="sk-wrong")
    assert caught.value.status_code == 401
    assert json.loads(caught.value.resp_body)["code"] == "InvalidApiKey"
    assert [(visit.service, visit.ended) for visit in gateway.log] == [("realtime", "HTTP 401")]


def test_one_more_than_may_speak_at_once_is_throttled(make_gateway):
    gateway = make_gateway(most_tts=1)
    with RealtimeClient(gateway) as first, RealtimeClient(gateway) as second:
        first.until("session.created")
        assert second.until("error")["error"]["code"] == "Throttling.RateQuota"


def test_the_first_packet_and_the_rest_come_when_they_are_due(make_gateway):
    with RealtimeClient(make_gateway(first_packet_ms=80, real_time_factor=0.5, frame_bytes=800)) as client:
        client.update(mode="commit", sample_rate=8000)
        client.append("好")
        began = time.monotonic()
        client.say("input_text_buffer.commit")
        client.until("response.audio.delta")
        assert 0.08 <= time.monotonic() - began < 0.2
        client.until("response.done")
        assert time.monotonic() - began >= 0.08 + tone.duration_ms("好") / 2000 - 0.05


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (Fault("failed", 418, events=2), "InvalidParameter", "The requested voice 'xxx' is not supported."),
        (Fault("failed", 429), "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        (Fault("failed", events=9), "InternalError", ""),
    ],
)
def test_a_fault_may_be_an_error_that_ends_the_session(gateway, fault, code, message):
    with gateway.faults.set("qwen-tts", fault), RealtimeClient(gateway) as client:
        client.append(TEXT)
        error = client.until("error")["error"]
        assert error["code"] == code
        assert message in error["message"]
        assert len(client.events) == fault.events + 1
        assert client.step() is None


def test_a_cut_by_bytes_delivers_exactly_so_much_audio(gateway):
    with gateway.faults.set("qwen-tts", Fault("cut", bytes=10_001)), RealtimeClient(gateway) as client:
        client.append(TEXT)
        while client.step() is not None:
            pass
    assert len(client.pcm) == 10_001
    assert gateway.wait(lambda: gateway.seen("qwen-tts")[0].ended == "cut", 2)


@pytest.mark.parametrize("service", ["realtime", "qwen-tts"])
@pytest.mark.parametrize(("fault", "error"), [(Fault("refused"), ConnectionError), (Fault("status", 503), Exception)])
def test_the_upgrade_may_go_wrong(gateway, service, fault, error):
    with gateway.faults.set(service, fault), pytest.raises(error):
        RealtimeClient(gateway)
    assert gateway.log[0].ended == ("refused" if fault.kind == "refused" else "HTTP 503")


def test_the_journal_tells_what_was_said_on_both_sides(gateway):
    with RealtimeClient(gateway) as client:
        client.append("您好，")
        client.append("再见")
        client.rest()
    assert gateway.wait(lambda: gateway.seen("qwen-tts") and gateway.seen("qwen-tts")[0].closed, 2)
    visit = gateway.seen("qwen-tts")[0]
    assert visit.ended == "completed"
    assert visit.text("input_text_buffer.append") == "您好，再见"
    assert sum(happened.size for happened in visit.all("audio")) == len(client.pcm) == visit.bytes_out
    assert len(visit.all("response.done")) == 2


@pytest.mark.usefixtures("nothing_left_over")
def test_a_client_that_leaves_ends_the_voice(make_gateway):
    from firstword.gateway.options import GatewayOptions
    from firstword.gateway.server import Gateway

    class Endless:
        rate, quick = 8000, False

        def speak(self, text, rate):
            while True:
                yield Spoken(bytes(160))

    with Gateway(GatewayOptions(), voices={"": Endless()}) as gateway:
        with RealtimeClient(gateway) as client:
            client.append("好。")
            client.until("response.audio.delta")
        assert gateway.wait(lambda: gateway.seen("qwen-tts")[0].ended == "client left", 2)
    assert not [name for name in alive() if name.startswith("gateway")]
