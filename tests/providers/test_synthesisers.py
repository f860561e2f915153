"""What every synthesiser is held to, whatever its protocol: text goes in its order and becomes sound, until somebody has had enough.

Each story is played once for each of `speakers.SPEAKERS`. What is told of a model that pauses is in ``test_synthesisers_rest.py``, of a
service that fails in ``test_synthesisers_fail.py``; what only one protocol has, in that service's own file.
"""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from firstword.providers.aliyun import wire as nls_wire
from firstword.providers.dashscope import cosyvoice_task

from .nls_peer import ended, until, waited
from .speakers import SPEAKERS, AliyunSpeaker, CosyVoiceSpeaker
from .speaking import TENTH, Speaker, SpeakingStage, audio_of, briefly, marks_of, whole

by_service = pytest.mark.parametrize("service", SPEAKERS.values(), ids=SPEAKERS)
LONG = "".join(chr(0x4E00 + number % 5000) + ("。" if number % 7 == 6 else "") for number in range(4000))


@by_service
def test_a_whole_reply_is_spoken_and_its_end_is_known(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole) as stage:
        watch = stage.say("您好，", "这里", "是。")
        assert ended(watch) is None
        if not service.shared:  # else the connection may wait for the next reply
            until(lambda: stage.parts[0].left)
    assert stage.spoken == ["您好，这里是。"] and len(audio_of(watch)) == 7 * len(TENTH)
    assert marks_of(watch)[-1] == (7, 700.0, service.exact) and watch.names()[-1] == "finished"


@by_service
def test_text_said_before_the_service_is_ready_is_kept_and_sent_after_in_order(service: type[Speaker]) -> None:
    go = threading.Event()

    def script(speaker: Speaker) -> None:
        speaker.keep_waiting(lambda: waited(go))
        speaker.goes_on()

    with SpeakingStage(service, script) as stage:
        watch = stage.say("您好，", "这里", "是。")
        time.sleep(0.05)
        assert not watch.names()
        go.set()
        assert ended(watch) is None
        until(lambda: stage.spoken)
    assert stage.spoken == ["您好，这里是。"]
    assert marks_of(watch) == [(7, 700.0, service.exact)]


@by_service
def test_each_text_goes_as_it_is_said_once_the_service_is_ready(service: type[Speaker]) -> None:
    seen = [threading.Event() for _ in range(3)]

    def script(speaker: Speaker) -> None:
        speaker.start()
        for event in seen:
            speaker.text_came()
            event.set()
            speaker.sound(TENTH)
            speaker.said()
        speaker.finish()

    with SpeakingStage(service, script) as stage:
        watch, work = stage.start()
        for text, event in zip(("一，", "二，", "三。"), seen, strict=True):
            work.say(text)
            waited(event)
        work.finish()
        assert ended(watch) is None
        until(lambda: stage.spoken)
    assert stage.spoken == ["一，二，三。"] and audio_of(watch) == 3 * TENTH
    assert [what for what in stage.parts[0].asked_for if what != "flush"] == ["begin", *["text"] * 3, "end"]


@by_service
def test_a_long_text_is_cut_to_what_one_message_may_hold_and_loses_nothing(service: type[Speaker]) -> None:
    sizes: list[int] = []

    def script(speaker: Speaker) -> None:
        speaker.start()
        speaker.goes_on(lambda text: [sizes.extend(map(len, speaker.texts)), TENTH][1])

    with SpeakingStage(service, script) as stage:
        assert ended(stage.say(LONG)) is None
        until(lambda: stage.spoken)
    assert "".join(stage.spoken) == LONG
    assert set(sizes[:-1]) == {service.message_chars} and sizes[-1] <= service.message_chars


@by_service
def test_a_text_of_any_length_that_a_task_may_hold_is_given_to_the_service_whole(service: type[Speaker]) -> None:
    """More than may wait for a socket at once: the rest follows when that has gone."""
    text = LONG * 18
    with SpeakingStage(service, briefly) as stage:
        assert ended(stage.say(text)) is None
        until(lambda: stage.spoken)
    assert "".join(stage.spoken) == text and len(text) > 80_000


@by_service
def test_audio_cut_anywhere_becomes_whole_samples_and_nothing_is_lost(service: type[Speaker]) -> None:
    pcm = bytes(at % 251 for at in range(9000))
    cuts = [0, 1, 2, 5, 6, 6, 301, 302, 8296, 8999, 9000]

    def script(speaker: Speaker) -> None:
        speaker.start()
        speaker.all_came()
        for begin, end in itertools.pairwise(cuts):
            speaker.sound(pcm[begin:end])
        speaker.end()

    with SpeakingStage(service, script) as stage:
        watch = stage.say("x")
        assert ended(watch) is None
    assert audio_of(watch) == pcm
    assert all(len(args[0]) % 2 == 0 and args[0] for name, args in watch.events if name == "audio")


@by_service
def test_half_a_sample_at_an_end_does_not_turn_what_follows_into_noise(
    service: type[Speaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.rests, "REST_S", 0.1)

    def script(speaker: Speaker) -> None:
        whole(speaker, lambda text: b"\1\2\3" if "一" in text else b"\4\5\6\7")

    with SpeakingStage(service, script) as stage:
        watch, work = stage.start()
        work.say("一。")
        until(lambda: marks_of(watch))
        work.say("二。")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == b"\1\2\4\5\6\7"


@by_service
def test_no_character_is_lost_however_strange(service: type[Speaker]) -> None:
    """A model may write half of a pair, and cut between two of one picture."""
    texts = ("好😀", "a\ud83d", "\x00\u2028", "𠮷", '"\\，', "👩\u200d🦽é。")
    with SpeakingStage(service, briefly) as stage:
        watch = stage.say(*texts)
        assert ended(watch) is None
        until(lambda: stage.spoken)
    assert stage.spoken == ["".join(texts)]
    assert marks_of(watch)[-1][0] == len("".join(texts))


@by_service
def test_two_replies_at_once_do_not_mix(service: type[Speaker]) -> None:
    with SpeakingStage(service, lambda s: whole(s, lambda text: b"\1\0" if "一" in text else b"\2\0")) as stage:
        for _ in range(3):
            first, work = stage.start()
            second, other = stage.start()
            work.say("一。")
            other.say("二。")
            work.finish()
            other.finish()
            assert ended(first) is None and ended(second) is None
            assert (audio_of(first), audio_of(second)) == (b"\1\0", b"\2\0")
        until(lambda: len(stage.spoken) == 6)
    assert sorted(stage.spoken) == ["一。"] * 3 + ["二。"] * 3


@by_service
def test_what_is_said_after_the_finish_is_not_spoken_and_a_second_finish_is_none(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole) as stage:
        watch, work = stage.start()
        work.say("一。")
        work.finish()
        work.say("二。")
        work.flush()
        work.finish()
        assert ended(watch) is None
        until(lambda: stage.spoken)
        work.finish()
        work.cancel()
    assert stage.spoken == ["一。"] and watch.names().count("finished") == 1
    watch.judge()


# A flush


@by_service
def test_what_was_said_is_spoken_at_once_when_it_is_asked_for(service: type[Speaker]) -> None:
    heard_before: list[str] = []

    def script(speaker: Speaker) -> None:
        speaker.start()
        speaker.came("flush")
        heard_before.extend(speaker.texts)
        speaker.sound(TENTH * 2)
        speaker.said()
        speaker.all_came()
        speaker.sound(TENTH)
        speaker.end()

    with SpeakingStage(service, script) as stage:
        watch, work = stage.start()
        began = time.monotonic()
        work.say("一")
        work.say("二")
        work.flush()
        until(lambda: "audio" in watch.names())
        assert time.monotonic() - began < 0.5
        work.say("三")
        work.finish()
        assert ended(watch) is None
        until(lambda: stage.spoken)
    assert "".join(heard_before) == "一二" and stage.spoken == ["一二三"]
    assert audio_of(watch) == TENTH * 3


@pytest.mark.parametrize("service", [one for one in SPEAKERS.values() if one.flush_waits_its_turn])
def test_a_flush_is_asked_for_where_it_was_called(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole) as stage:
        watch, work = stage.start()
        for text in ("one ", "two "):
            work.say(text)
        work.flush()
        work.say("three")
        work.finish()
        assert ended(watch) is None
    assert stage.parts[0].asked_for[:5] == ["begin", "text", "flush", "text", "end"]
    assert stage.spoken == ["one two three"]


@pytest.mark.parametrize("service", [AliyunSpeaker, CosyVoiceSpeaker])
def test_a_service_that_refuses_to_flush_is_not_asked_again(
    service: type[Speaker], caplog: pytest.LogCaptureFixture
) -> None:
    def script(speaker: Speaker) -> None:
        speaker.start()
        if speaker.came("flush", "end") == "flush":
            speaker.refuse_flush()
        else:
            speaker.sound(TENTH)
            speaker.end()

    with SpeakingStage(service, script) as stage:
        errors = []
        for _ in range(2):
            watch, work = stage.start()
            work.say("x")
            work.flush()
            work.finish()
            errors.append(ended(watch))
    assert errors[0] is not None and errors[0].code and errors[1] is None
    assert "flush" in caplog.text.lower() and service.name in caplog.text


# An end


@by_service
def test_a_reply_without_text_ends_without_waiting_for_anybody(service: type[Speaker]) -> None:
    with SpeakingStage(service, lambda speaker: speaker.peer.hold()) as stage:
        began = time.monotonic()
        watch = stage.say()
        assert ended(watch) is None and watch.names() == ["finished"]
        assert time.monotonic() - began < 0.5


@by_service
def test_text_without_anything_to_speak_owes_no_audio(service: type[Speaker]) -> None:
    def script(speaker: Speaker) -> None:
        speaker.start()
        speaker.all_came()
        speaker.end()

    with SpeakingStage(service, script, first_audio_ms="100") as stage:
        watch, work = stage.start()
        work.say("……！")
        time.sleep(0.15)
        work.finish()
        assert ended(watch) is None and watch.names()[-1] == "finished"


@by_service
def test_an_interruption_closes_the_connection_and_waits_for_nobody(service: type[Speaker]) -> None:
    gone = threading.Event()

    def script(speaker: Speaker) -> None:
        speaker.start()
        speaker.text_came()
        speaker.sound(TENTH)
        try:
            while True:
                speaker.peer.read(1)
        except OSError:
            gone.set()

    with SpeakingStage(service, script) as stage:
        watch, work = stage.start()
        work.say("您好。")
        until(lambda: "audio" in watch.names())
        began = time.monotonic()
        work.cancel()
        watch.cancelled()
        waited(gone)
        assert time.monotonic() - began < 0.2
    assert watch.names() == ["audio"]
    watch.judge()


@pytest.mark.parametrize(
    ("service", "module", "bound"),
    [(AliyunSpeaker, nls_wire, "REPLY_CHARS"), (CosyVoiceSpeaker, cosyvoice_task, "TASK_CHARS")],
)
def test_a_reply_too_long_for_the_service_is_about_the_text(
    service: type[Speaker], module: object, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, bound, 10)
    with SpeakingStage(service, lambda speaker: [speaker.start(), speaker.peer.hold()]) as stage:
        error = ended(stage.say("一二三四五六七八九十零"))
    assert (
        error is not None and (error.kind, error.retry) == ("text", False) and "more than 10 characters" in str(error)
    )
