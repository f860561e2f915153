"""What every synthesiser is held to when its service fails: one error, in time, that says whose fault it is (``test_synthesisers.py``)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from .nls_peer import ended, until
from .playing import Failure, Script, forbids, judge_forbidden, judge_throttled, judged
from .speakers import SPEAKERS, QwenCommitSpeaker
from .speaking import Speaker, SpeakingStage, whole

by_service = pytest.mark.parametrize("service", SPEAKERS.values(), ids=SPEAKERS)
BIT = bytes(320)
"""20 ms: so much is progress."""


def spoke_a_bit(speaker: Speaker) -> None:
    speaker.start()
    speaker.all_came()
    speaker.sound(BIT)


def trickles(what: Callable[[Any], Any]) -> Script:
    """Speaks a little, and then says something now and then that is no progress, for ever."""

    def script(speaker: Speaker) -> None:
        spoke_a_bit(speaker)
        while True:
            what(speaker)
            time.sleep(0.02)

    return script


FIRST, IDLE, CONNECT = {"first_audio_ms": "100"}, {"idle_ms": "100"}, {"connect_ms": "100"}
SILENT = "owed audio and sent nothing for 100 ms"

FAILURES = {
    "never upgraded": Failure(lambda s: s.hold(), "timed out", "network", CONNECT),
    "never ready": Failure(lambda s: [s.asked(), s.hold()], "was not ready within 100 ms", values=CONNECT),
    "owes the first audio": Failure(lambda s: [s.start(), s.text_came(), s.hold()], SILENT, values=FIRST),
    "owes everything at the end": Failure(
        lambda s: [s.start(), s.all_came(), s.hold()], SILENT, values=FIRST, finishes=True
    ),
    "owes the rest": Failure(lambda s: [spoke_a_bit(s), s.hold()], SILENT, values=IDLE, finishes=True),
    "a sample now and then": Failure(trickles(lambda s: s.sound(b"xx")), SILENT, values=IDLE, finishes=True),
    "messages of no audio": Failure(trickles(lambda s: s.sound(b"")), SILENT, values=IDLE, finishes=True),
    "words and no audio": Failure(trickles(lambda s: s.words()), SILENT, values=IDLE, finishes=True),
    "dropped": Failure(lambda s: [s.start(), s.text_came(), s.sound(BIT), s.peer.reset()], "broke", "network"),
    "dropped with text in hand": Failure(lambda s: [s.start(), s.text_came(), s.peer.reset()], "broke", "network"),
    "dropped with a tail": Failure(
        lambda s: [s.start(), s.text_came(), s.sound(BIT), s.said(), s.peer.reset()], "broke", "network"
    ),
    "closed before the end": Failure(
        lambda s: [spoke_a_bit(s), s.hang_up(1011, "gone")], "code 1011: gone", finishes=True
    ),
    "closed with text in hand": Failure(
        lambda s: [s.start(), s.text_came(), s.hang_up()], "code 1000"
    ),
    "the end before there was text": Failure(lambda s: [s.asked(), s.ends_by_itself(), s.hold()], "by itself"),
    "the end before it was asked for": Failure(
        lambda s: [s.start(), s.text_came(), s.sound(BIT), s.ends_by_itself(), s.hold()], "by itself"
    ),
    "nonsense": Failure(lambda s: [s.asked(), s.nonsense(), s.hold()], "{nonsense}: not JSON"),
}  # fmt: skip


SAID = {"owes everything at the end": "你好", "dropped with a tail": "一。二"}
"""What is said, if not 你好。 ."""


@by_service
@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_what_it_is_about_and_is_worth_another_try(service: type[Speaker], what: str) -> None:
    failure = FAILURES[what]
    with SpeakingStage(service, failure.script, **failure.values) as stage:
        error = judged(service, ended(stage.say(SAID.get(what, "你好。"), finish=failure.finishes)))
    assert failure.words.format(nonsense=service.no_message) in str(error), error
    assert (error.code, error.retry, error.kind) == ("", True, failure.kind)


@by_service
def test_a_service_that_never_says_its_end_is_given_up_unless_each_text_has_an_end_of_its_own(
    service: type[Speaker],
) -> None:
    with SpeakingStage(service, lambda s: [spoke_a_bit(s), s.said(), s.hold()], **IDLE) as stage:
        error = ended(stage.say("你好。"))
    if service is QwenCommitSpeaker:
        assert error is None
    else:
        assert SILENT in str(judged(service, error))


@by_service
def test_a_wrong_key_is_the_operators_fault(service: type[Speaker]) -> None:
    with SpeakingStage(service, forbids) as stage:
        judge_forbidden(service, ended(stage.say("你好。")))


@by_service
def test_a_service_that_has_too_much_to_do_is_worth_another_try(service: type[Speaker]) -> None:
    with SpeakingStage(service, lambda speaker: [speaker.asked(), speaker.throttle(), speaker.hold()]) as stage:
        judge_throttled(service, ended(stage.say("你好。")))


@by_service
def test_a_text_that_becomes_no_audio_is_a_failure(service: type[Speaker]) -> None:
    words, kind, retry = service.voiceless
    with SpeakingStage(service, lambda speaker: [speaker.start(), speaker.all_came(), speaker.end()]) as stage:
        error = judged(service, ended(stage.say("你好。")))
    assert words in str(error), error
    assert (error.code, error.retry, error.kind) == ("", retry, kind)


@by_service
@pytest.mark.parametrize("how", ["dropped", "never ready"])
def test_a_reply_whose_second_task_can_not_begin_fails_once_and_what_was_heard_stays(
    service: type[Speaker], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.rests, "REST_S", 0.1)

    def first(speaker: Speaker) -> None:
        spoke_a_bit(speaker)
        speaker.end()
        if service.shared:
            second(speaker)

    def second(speaker: Speaker) -> None:
        if how == "dropped":
            speaker.peer.reset()
        speaker.hold()

    with SpeakingStage(service, first, second, connect_ms="150") as stage:
        watch, work = stage.start()
        work.say("一。")
        until(lambda: stage.spoken and "mark" in watch.names())
        work.say("二。")
        error = judged(service, ended(watch))
        work.say("三。")
        work.finish()
    assert error.retry and watch.names() == ["audio", "mark", "failed"]
    watch.judge()


@by_service
def test_after_a_reply_that_failed_the_next_is_spoken(service: type[Speaker]) -> None:
    with SpeakingStage(service, lambda s: [spoke_a_bit(s), s.peer.reset()], whole) as stage:
        assert ended(stage.say("一。")) is not None
        assert ended(stage.say("二。")) is None
        until(lambda: stage.spoken)
    assert stage.spoken == ["二。"]
