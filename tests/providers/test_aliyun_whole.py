from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from firstword.errors import Kind
from firstword.providers.aliyun import wire
from firstword.providers.aliyun.tts import AliyunSynthesiser, SynthesiserSettings, make
from firstword.providers.aliyun.whole import whole_payload
from firstword.speech.tts import Mark
from firstword.speech.watch import Watch
from firstword.threads import alive
from net.loopback import Loopback, Peer

from .nls_peer import FIXED, Nls, ended, until
from .test_aliyun_wire import KEYS, OUR_CONTEXT, ours, without_version
from .traces import differences, message, received

TEXT = "你好，欢迎致电。"
SECOND = bytes(16_000)


def synthesiser(server: Loopback, **values: str) -> AliyunSynthesiser:
    return make({"url": server.ws, **FIXED, "whole_text": "true", "voice": "aixia", **values}, "test")


def play(script: Callable[[Nls], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Nls(peer))


def run(server: Loopback, text: str = TEXT, **values: str) -> Watch:
    watch = Watch()
    service = synthesiser(server, **values)
    service.speak("t", text, watch)
    ended(watch)
    service.close()
    return watch


# What is sent


@pytest.mark.parametrize(
    ("trace", "namespace", "settings", "why"),
    [
        ("nls_speech_synthesizer", wire.WHOLE, {"voice": "aixia", "subtitle": False}, {}),
        ("nls_speech_synthesizer.long_tts", wire.LONG, {"voice": "aixia", "subtitle": False}, {}),
        (
            "nls_speech_synthesizer.subtitle",
            wire.WHOLE,
            {"voice": "siyue", "sample_rate": 16000},
            {
                "payload.format": ("pcm", "wav")
            },  # what is played to a caller has no header; this run of the SDK wanted a file
        ),
    ],
)
def test_the_one_message_means_the_same_as_the_sdks(
    trace: str, namespace: str, settings: dict[str, Any], why: dict[str, Any]
) -> None:
    theirs = message(trace, "StartSynthesis")
    payload = whole_payload(SynthesiserSettings(**{**KEYS, **settings}), theirs["payload"]["text"])
    text = wire.start_whole(wire.Task(namespace, KEYS["appkey"], "0" * 32), "1" * 32, payload)
    assert without_version(differences(ours(text, theirs), theirs)) == OUR_CONTEXT | why


def test_every_message_of_the_service_is_understood() -> None:
    for trace in ("nls_speech_synthesizer", "nls_speech_synthesizer.long_tts", "nls_speech_synthesizer.subtitle"):
        for text in received(trace):
            assert isinstance(wire.parse(text), wire.MetaInfo | wire.Completed), text


@pytest.mark.parametrize(
    ("chars", "namespace"), [(1, wire.WHOLE), (300, wire.WHOLE), (301, wire.LONG), (5000, wire.LONG)]
)
def test_what_one_service_would_cut_off_is_the_others(chars: int, namespace: str) -> None:
    def script(nls: Nls) -> dict[str, Any]:
        start = nls.expect("StartSynthesis")
        nls.sound(SECOND)
        nls.tell("SynthesisCompleted")
        return start

    with Loopback(play(script)) as server:
        run(server, "好" * chars)
        start = server.result()
    assert start["header"]["namespace"] == namespace and start["payload"]["text"] == "好" * chars


def test_unless_it_is_wanted_a_whole_text_goes_the_way_of_all_replies() -> None:
    def script(nls: Nls) -> str:
        start = nls.expect("StartSynthesis")
        nls.tell("SynthesisStarted")
        nls.read_until("StopSynthesis")
        nls.sound(SECOND)
        nls.tell("SynthesisCompleted")
        return str(start["header"]["namespace"])

    with Loopback(play(script)) as server:
        run(server, whole_text="false")
        assert server.result() == wire.FLOWING


# What comes


def subtitles(*items: tuple[str, int, int, int]) -> dict[str, Any]:
    return {
        "subtitles": [
            {"text": text, "begin_time": begin, "end_time": end, "begin_index": at, "end_index": at + len(text), "phoneme": "null"}
            for text, begin, end, at in items
        ]
    }  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
def test_the_subtitles_are_marks_whether_they_come_at_once_or_with_the_audio(together: bool) -> None:
    items = [("你好", 0, 400, 0), ("欢迎", 500, 900, 3), ("致电", 900, 1300, 5)]

    def script(nls: Nls) -> None:
        nls.expect("StartSynthesis")
        if together:
            nls.tell("MetaInfo", subtitles(*items))
        for item in items:
            if not together:
                nls.tell("MetaInfo", subtitles(item))
            nls.sound(SECOND[:8001])  # the last byte belongs to the next sample
        nls.tell("SynthesisCompleted")

    with Loopback(play(script)) as server:
        watch = run(server)
    marks = [args[0] for name, args in watch.events if name == "mark"]
    assert marks == [Mark(2, 400), Mark(5, 900), Mark(7, 1300), Mark(8, 1500.125, exact=False)]
    assert sum(len(args[0]) for name, args in watch.events if name == "audio") == 24_002
    assert watch.names()[-1] == "finished"


def test_nothing_can_be_added_and_nothing_need_be_ended() -> None:
    def script(nls: Nls) -> dict[str, Any] | None:
        nls.expect("StartSynthesis")
        nls.sound(SECOND)
        nls.tell("SynthesisCompleted")
        return nls.read()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).speak("t", TEXT, watch)
        work.say("never")
        work.flush()
        work.finish()
        assert ended(watch) is None
        assert server.result() is None, "only the closing handshake follows"


def test_cancel_hangs_up_and_nothing_is_told_any_more() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartSynthesis")
        nls.sound(SECOND)
        nls.peer.read_until_close()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).speak("t", TEXT, watch)
        assert watch.began.wait(3)
        work.cancel()
        watch.cancelled()
        until(lambda: not [name for name in alive() if name.startswith("tts")])
        assert "finished" not in watch.names() and "failed" not in watch.names()
        watch.judge()


def silent(nls: Nls) -> None:
    nls.expect("StartSynthesis")
    nls.peer.hold()


def stops(nls: Nls) -> None:
    nls.expect("StartSynthesis")
    nls.sound(SECOND)
    nls.peer.hold()


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool, Kind]] = {
    "a CosyVoice voice": (
        play(lambda nls: [nls.read(), nls.fail(41020001, "TTS:TtsClientError:[tts]Engine return error code: 418")]),
        {}, "check voice", "41020001", False, "voice",
    ),
    "empty": (play(lambda nls: [nls.read(), nls.fail(40000000, "text is empty.")]), {}, "nothing to speak", "40000000", False, "text"),
    "silent": (play(silent), {"first_audio_ms": "200"}, "sent nothing for 200 ms", "", True, "server"),
    "stops": (play(stops), {"idle_ms": "200", "first_audio_ms": "3000"}, "sent nothing for 200 ms", "", True, "server"),
    "spoke nothing": (
        play(lambda nls: [nls.read(), nls.tell("SynthesisCompleted")]), {}, "was given text and sent no audio for it", "", True, "server",
    ),
    "nonsense": (play(lambda nls: [nls.read(), nls.peer.send_frame(1, "{")]), {}, "not JSON", "", True, "server"),
    "dropped": (play(lambda nls: [nls.read(), nls.sound(SECOND), nls.peer.reset()]), {}, "broke", "", True, "network"),
    "hung up": (play(lambda nls: [nls.read(), nls.peer.send_frame(8, b"\x03\xe8")]), {}, "closed the connection", "", True, "server"),
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True, "network"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is(what: str) -> None:
    script, values, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = run(server, **values)
    error = watch.events[-1][1][0]
    assert watch.names()[-1] == "failed" and words in str(error), error
    assert (error.code, error.retry, error.kind) == (code, retry, kind)


def test_a_text_without_anything_to_speak_owes_no_audio() -> None:
    with Loopback(play(lambda nls: [nls.read(), nls.tell("SynthesisCompleted")])) as server:
        assert run(server, "……").names()[-1] == "finished"


def test_a_subtitle_that_is_none_is_malformed() -> None:
    said = json.dumps({"header": {"name": "MetaInfo"}, "payload": {"subtitles": 3}})
    assert wire.parse(said) == wire.Malformed("MetaInfo holds a value of the wrong kind")


def test_a_text_too_long_for_one_message_is_spoken_as_a_stream() -> None:
    text = "好" * 60_000

    def script(nls: Nls) -> str:
        nls.expect("StartSynthesis")
        nls.tell("SynthesisStarted")
        nls.read_until("StopSynthesis")
        nls.sound(SECOND)
        nls.tell("SynthesisCompleted")
        return "".join(nls.texts)

    with Loopback(play(script)) as server:
        watch = run(server, text, first_audio_ms="1000")
        assert ended(watch) is None and server.result() == text
