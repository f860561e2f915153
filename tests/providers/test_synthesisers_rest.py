"""What every synthesiser is held to when a model thinks for long, and its service has more than one task to speak a reply in.

See ``test_synthesisers.py``.
"""

from __future__ import annotations

import threading
import time

import pytest

from .nls_peer import ended, until, waited
from .speakers import SPEAKERS
from .speaking import TENTH, Speaker, SpeakingStage, audio_of, marks_of, whole

by_service = pytest.mark.parametrize("service", SPEAKERS.values(), ids=SPEAKERS)


@pytest.fixture
def short_rest(service: type[Speaker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.rests, "REST_S", 0.1)


@by_service
@pytest.mark.usefixtures("short_rest")
def test_a_reply_whose_model_pauses_is_spoken_by_two_tasks_without_a_gap_in_the_text(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole) as stage:
        watch, work = stage.start()
        work.say("你好，")
        until(lambda: stage.spoken)  # it rested
        work.say("再见。")
        work.finish()
        assert ended(watch) is None
        until(lambda: len(stage.spoken) == 2)
    assert stage.spoken == ["你好，", "再见。"]
    assert len(audio_of(watch)) == 6 * len(TENTH)
    assert marks_of(watch) == [(3, 300.0, service.exact), (6, 600.0, service.exact)], (
        "both count from the reply's start"
    )


@by_service
@pytest.mark.usefixtures("short_rest")
def test_text_that_keeps_coming_is_one_task(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole) as stage:
        watch, work = stage.start()
        for text in "一二三四五六":
            work.say(text)
            time.sleep(0.03)
        work.finish()
        assert ended(watch) is None
        until(lambda: stage.spoken)
    assert stage.spoken == ["一二三四五六"] and stage.connections == 1


def said_while_a_task_ends(service: type[Speaker], times: int) -> None:
    """Half of the text comes while the first task is being brought to its end, which the service says so many times."""
    stopping, go = threading.Event(), threading.Event()

    def first(speaker: Speaker) -> None:
        speaker.start()
        speaker.all_came()
        stopping.set()
        waited(go)
        speaker.sound(TENTH * 2)
        speaker.end(times)
        whole(speaker)

    with SpeakingStage(service, first, whole) as stage:
        watch, work = stage.start()
        work.say("一。")
        waited(stopping)
        work.say("二。")
        work.finish()
        go.set()
        assert ended(watch) is None
        until(lambda: "".join(stage.spoken) == "一。二。")
    assert len(audio_of(watch)) == 4 * len(TENTH)
    assert marks_of(watch) == [(2, 200.0, service.exact), (4, 400.0, service.exact)]


@by_service
@pytest.mark.usefixtures("short_rest")
def test_text_said_while_a_task_is_being_brought_to_its_end_is_spoken_after_it(service: type[Speaker]) -> None:
    said_while_a_task_ends(service, times=1)


@by_service
@pytest.mark.usefixtures("short_rest")
def test_a_service_that_says_its_end_twice_ends_one_task_and_not_the_next(service: type[Speaker]) -> None:
    said_while_a_task_ends(service, times=2)


@by_service
@pytest.mark.usefixtures("short_rest")
def test_a_reply_whose_model_is_slow_to_begin_rests_and_is_then_spoken(service: type[Speaker]) -> None:
    def idle(speaker: Speaker) -> None:
        speaker.start()
        speaker.came("text", "end")

    with SpeakingStage(service, idle, whole) as stage:
        watch, work = stage.start()
        until(lambda: stage.parts and stage.parts[0].left)
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and audio_of(watch) == TENTH


@by_service
@pytest.mark.usefixtures("short_rest")
def test_a_reply_that_ends_while_resting_is_finished(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole) as stage:
        watch, work = stage.start()
        work.say("好。")
        until(lambda: stage.spoken and "mark" in watch.names())
        time.sleep(0.02)
        work.flush()  # of nothing
        work.finish()
        assert ended(watch) is None
        assert stage.connections == 1 and stage.spoken == ["好。"]


@by_service
@pytest.mark.parametrize("how", ["says why", "hangs up", "drops"])
def test_a_service_that_gives_up_before_there_was_text_costs_nothing(service: type[Speaker], how: str) -> None:
    gone = threading.Event()

    def first(speaker: Speaker) -> None:
        speaker.start()
        if how == "drops":
            speaker.peer.reset()
        elif how == "hangs up":
            gone.set()
            speaker.hang_up()
        else:
            speaker.tire()
        gone.set()

    with SpeakingStage(service, first, whole) as stage:
        watch, work = stage.start()
        waited(gone)
        time.sleep(0.05)
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and audio_of(watch) == TENTH


@by_service
@pytest.mark.usefixtures("short_rest")
def test_an_end_said_twice_while_the_model_rests_counts_its_text_once(service: type[Speaker]) -> None:
    def first(speaker: Speaker) -> None:
        speaker.start()
        speaker.sound(TENTH * len(speaker.all_came()))
        speaker.end(times=2)
        whole(speaker)

    with SpeakingStage(service, first, whole) as stage:
        watch, work = stage.start()
        work.say("你好，")
        until(lambda: stage.spoken)
        work.say("再见。")
        work.finish()
        assert ended(watch) is None
    assert marks_of(watch) == [(3, 300.0, service.exact), (6, 600.0, service.exact)]


@by_service
@pytest.mark.usefixtures("short_rest")
def test_a_task_that_has_ended_owes_nothing_to_the_next_one_however_long_its_connection_takes_to_close(
    service: type[Speaker],
) -> None:
    def first(speaker: Speaker) -> None:
        speaker.start()
        speaker.all_came()
        speaker.sound(TENTH)
        speaker.end()
        if speaker.shared:
            second(speaker)
        speaker.peer.hold()  # and answers no close frame

    def second(speaker: Speaker) -> None:
        speaker.start()
        speaker.all_came()
        time.sleep(0.2)
        speaker.sound(TENTH)
        speaker.end()

    with SpeakingStage(service, first, second, idle_ms="100") as stage:
        watch, work = stage.start()
        work.say("一。")
        until(lambda: stage.spoken and "mark" in watch.names())
        work.say("二。")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == TENTH * 2


@by_service
def test_a_pause_of_the_model_is_no_silence_of_the_service(service: type[Speaker]) -> None:
    with SpeakingStage(service, answers_twice, idle_ms="100", first_audio_ms="100") as stage:
        watch, work = stage.start()
        work.say("一。")
        until(lambda: "audio" in watch.names())
        time.sleep(0.15)
        work.say("二。")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == TENTH * 2


def answers_twice(speaker: Speaker) -> None:
    speaker.start()
    for _ in range(2):
        speaker.text_came()
        speaker.sound(TENTH)
        speaker.said()
    speaker.finish()


@by_service
def test_a_sentence_that_is_not_whole_yet_owes_no_audio(service: type[Speaker]) -> None:
    with SpeakingStage(service, whole, first_audio_ms="100") as stage:
        watch, work = stage.start()
        work.say("一二")
        time.sleep(0.15)
        assert not watch.names()
        work.say("三。")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == TENTH * 4
