"""The gateway as a whole: faults at the wire, its life, its journal, many clients at once."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import websocket
from nls_client import ASR, NlsClient

from firstword.audio import tone
from firstword.clock import Clock
from firstword.errors import ConfigError
from firstword.gateway.engines import HeardText, Spoken
from firstword.gateway.faults import Fault
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.threads import alive

TEXT = "您好，请问有什么可以帮您？"


def test_a_cut_by_events_resets_the_connection_after_exactly_so_many_messages(gateway):
    with gateway.faults.set("tts", Fault("cut", events=5)), NlsClient(gateway) as client:
        received = client.speak(TEXT)
    assert len(received.names) == 5
    assert received.ended in ("ConnectionResetError", "WebSocketConnectionClosedException")
    assert gateway.wait(lambda: gateway.seen("tts")[0].ended == "cut", 2)


def test_a_cut_by_bytes_delivers_exactly_so_much_audio(gateway):
    with gateway.faults.set("tts", Fault("cut", bytes=10_001)), NlsClient(gateway) as client:
        received = client.speak(TEXT)
    assert len(received.pcm) == 10_001
    assert tone.hear(received.pcm, 8000).startswith(TEXT[:1])


def test_the_first_connections_go_wrong_and_the_next_one_is_sound(gateway):
    gateway.faults.set("tts", Fault("failed", 40000005, events=1, times=2))
    codes = []
    for _ in range(3):
        with NlsClient(gateway) as client:
            received = client.speak(TEXT)
        codes.append(received.events[-1]["header"]["status"])
    assert codes == [40000005, 40000005, 20000000]


def test_a_silent_service_takes_everything_and_never_answers_nor_closes(make_gateway):
    gateway = make_gateway(idle_s=0.1, ping_idle_s=0.1)
    with gateway.faults.set("tts", Fault("silent")), NlsClient(gateway) as client:
        client.say("StartSynthesis", {"sample_rate": 8000})
        client.ws.settimeout(0.4)
        with pytest.raises(websocket.WebSocketTimeoutException):
            client.ws.recv()
        assert gateway.seen("tts")[0].closed is None


def test_a_service_may_fall_silent_in_the_middle(gateway):
    with gateway.faults.set("tts", Fault("silent", events=2)), NlsClient(gateway) as client:
        client.start()
        client.say("RunSynthesis", {"text": TEXT})
        client.until("SentenceBegin")
        client.ws.settimeout(0.2)
        with pytest.raises(websocket.WebSocketTimeoutException):
            client.ws.recv()


def test_one_message_may_be_malformed(gateway):
    with gateway.faults.set("asr", Fault("malformed")), NlsClient(gateway, ASR) as client:
        client.say("StartTranscription", {"sample_rate": 8000})
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            client.step()


def test_a_slow_service_delays_every_message(gateway):
    began = time.monotonic()
    with gateway.faults.set("tts", Fault("slow", 50)), NlsClient(gateway) as client:
        received = client.speak("好。")
    assert time.monotonic() - began > 0.05 * len(received.names)


@pytest.mark.parametrize("service", ["tts", "asr"])
def test_a_status_or_a_refusal_happens_at_the_upgrade_where_the_address_names_the_service(gateway, service):
    url = {"tts": gateway.tts_url, "asr": gateway.asr_url}[service]
    with gateway.faults.set(service, Fault("status", 429)):
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            NlsClient(gateway, url=url)
        assert caught.value.status_code == 429
    with gateway.faults.set(service, Fault("refused")), pytest.raises((ConnectionError, websocket.WebSocketException)):
        NlsClient(gateway, url=url)
    with NlsClient(gateway, ASR if service == "asr" else "FlowingSpeechSynthesizer", url=url) as client:
        client.start()


def test_where_the_address_does_not_say_a_status_becomes_the_failure_that_means_the_same(gateway):
    with gateway.faults.set("tts", Fault("status", 403)), NlsClient(gateway) as client:
        client.say("StartSynthesis", {})
        assert client.rest().failure[0] == 40000001
    with (
        gateway.faults.set("nls", Fault("status", 500)),
        pytest.raises(websocket.WebSocketBadStatusException, match="500"),
    ):
        NlsClient(gateway)


def test_a_fault_of_one_service_leaves_the_others_alone(gateway):
    with gateway.faults.set("tts", Fault("cut")), NlsClient(gateway, ASR) as client:
        client.start()


def test_the_journal_tells_what_happened_in_order_with_times(gateway):
    before = time.monotonic()
    with NlsClient(gateway) as client:
        client.speak("您好，", "再见。")
    assert gateway.wait(lambda: gateway.seen("tts") and gateway.seen("tts")[0].closed, 2)
    (visit,) = gateway.seen("tts")
    assert visit.ended == "completed"
    assert visit.text("RunSynthesis") == "您好，再见。"
    assert before < visit.opened <= visit.happened[0].at <= visit.happened[-1].at <= visit.closed < time.monotonic()
    assert [h.at for h in visit.happened] == sorted(h.at for h in visit.happened)
    assert visit.bytes_out == tone.duration_ms("您好，再见。") * 16
    statistics = gateway.statistics()
    assert (statistics.visits, statistics.now, statistics.peak["tts"]) == ({"tts": 1}, {}, 1)


def test_the_clock_may_run_faster_than_life():
    options = GatewayOptions(first_packet_ms=2000)
    with Gateway(options, clock=Clock(speed=20)) as gateway, NlsClient(gateway) as client:
        began = time.monotonic()
        client.speak("好。")
        assert 0.1 <= time.monotonic() - began < 1
        visit = gateway.seen("tts")[0]
        assert visit.all("audio")[0].at - visit.all("RunSynthesis")[0].at >= 2.0


@pytest.mark.usefixtures("nothing_left_over")
def test_closing_ends_open_connections_and_work_and_leaves_nothing():
    class Stubborn:
        rate, quick = 8000, False

        def speak(self, text, rate):
            while True:
                time.sleep(0.01)
                yield Spoken(bytes(160))

    class Patient:
        quick = False

        def open(self, rate, silence_ms):
            return self

        def feed(self, pcm):
            return [HeardText("…", 0, 1, final=False)]

        def finish(self):
            return []

    gateway = Gateway(GatewayOptions(), voices={"": Stubborn()}, hearer=Patient()).start()
    with NlsClient(gateway) as speaker, NlsClient(gateway, ASR) as listener, NlsClient(gateway):
        speaker.start()
        speaker.say("RunSynthesis", {"text": "好。"})
        speaker.until("SentenceBegin")
        listener.start()
        listener.audio(bytes(3200))
        listener.until("SentenceBegin")
        began = time.monotonic()
        gateway.close()
        assert time.monotonic() - began < 4
        assert {visit.ended for visit in gateway.log} == {"gateway closed"}
    assert not [name for name in alive() if name.startswith("gateway")]
    gateway.close()


@pytest.mark.usefixtures("nothing_left_over")
def test_a_gateway_that_was_never_started_closes_too():
    Gateway(GatewayOptions()).close()


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"can not listen on 127.0.0.1:{port}: Address already in use"):
            Gateway(GatewayOptions(port=port)).start()


def test_beyond_this_machine_it_wants_credentials_of_its_own():
    with pytest.raises(ConfigError, match="of your own"):
        Gateway(GatewayOptions(host="0.0.0.0"))
    own = GatewayOptions(host="0.0.0.0", appkey="a", access_key_id="b", access_key_secret="c", api_key="d")
    assert Gateway(own).options.host == "0.0.0.0"


def test_secrets_are_not_in_the_options_repr():
    assert "secret-of-mine" not in repr(GatewayOptions(api_key="secret-of-mine"))


def test_ten_calls_at_once_each_hear_their_own_words(make_gateway):
    gateway = make_gateway(real_time_factor=0.2)
    together = threading.Barrier(10)

    def call(number):
        said, asked = f"第{number}位，您好。", f"我是{number}号"
        with NlsClient(gateway) as voice, NlsClient(gateway, ASR) as ears:
            together.wait(5)
            ears.start()
            ears.audio(tone.speak(asked, 8000))
            heard = tone.hear(voice.speak(*said).pcm, 8000)
            ears.say("StopTranscription")
            recognised = ears.rest().payloads("SentenceEnd")[0]["result"]
        return (heard, recognised) == (said, asked)

    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(call, range(10)))
    assert gateway.statistics().peak["tts"] == 10


def test_a_gateway_that_closes_while_clients_connect_forgets_no_socket():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(6):
            gateway = Gateway(GatewayOptions()).start()
            clients, stop = [], threading.Event()

            def connect(gateway=gateway, clients=clients, stop=stop):
                with contextlib.suppress(OSError):  # until nobody listens
                    while not stop.is_set():
                        clients.append(socket.create_connection(("127.0.0.1", gateway.port)))

            threads = [threading.Thread(target=connect) for _ in range(2)]
            for thread in threads:
                thread.start()
            time.sleep(0.02)  # in the middle of it
            gateway.close()
            stop.set()
            for thread in threads:
                thread.join()
            for client in clients:
                client.close()
            gc.collect()
    assert not [str(warning.message) for warning in caught if "unclosed" in str(warning.message)]
