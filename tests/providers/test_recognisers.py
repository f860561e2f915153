"""What every recogniser is held to, whatever its protocol: audio goes in its order, words come with their place in it, it fails in words.

Each story is played once for each of `hearers.HEARERS`. What only one protocol has is in that service's own file.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time

import pytest

from firstword.threads import alive

from .hearers import HEARERS
from .hearing import FRAME, Hearer
from .nls_peer import ended, until, waited
from .playing import Failure, Stage, forbids, judge_forbidden, judge_throttled, judged

by_service = pytest.mark.parametrize("service", HEARERS.values(), ids=HEARERS)


def numbered(*numbers: int) -> list[bytes]:
    """Frames that can be told from each other."""
    return [bytes([number % 251]) * 320 for number in numbers]


# Audio


@by_service
def test_audio_fed_before_the_service_is_ready_is_kept_and_sent_after_in_order(service: type[Hearer]) -> None:
    go = threading.Event()

    def script(hearer: Hearer) -> None:
        hearer.keep_waiting(lambda: waited(go))
        hearer.all_came()
        hearer.end()

    with Stage(service, script) as stage:
        watch, work = stage.start()
        frames = numbered(*range(60))
        assert all(work.feed(one) for one in frames[:30])
        time.sleep(0.05)
        assert not watch.names()
        go.set()
        waited(watch.began)
        assert all(work.feed(one) for one in frames[30:])
        work.finish()
        assert ended(watch) is None
        hearer = stage.parts[0]
    assert watch.names() == ["ready", "finished"]
    assert hearer.audio == b"".join(frames) and set(hearer.asked_for) <= {"begin", "audio", "end"}
    assert max(hearer.audio_messages) <= 3200 and all(size % 2 == 0 for size in hearer.audio_messages)


@by_service
def test_audio_is_sent_in_messages_of_as_many_milliseconds_as_are_set(service: type[Hearer]) -> None:
    with Stage(service, lambda hearer: [hearer.start(), hearer.all_came(), hearer.end()], send_ms="60") as stage:
        watch, work = stage.start()
        waited(watch.began)
        for _ in range(12):
            work.feed(FRAME)
            time.sleep(0.005)
        work.finish()
        assert ended(watch) is None
        sizes = stage.parts[0].audio_messages
    assert sum(sizes) == 12 * len(FRAME) and min(sizes[:-1]) >= 3 * len(FRAME)


@by_service
def test_audio_fed_in_pieces_of_any_size_goes_whole(service: type[Hearer]) -> None:
    audio = b"".join(numbered(*range(100)))
    cuts = [0, 0, 2, 4, 330, 332, 6_732, 20_000, 20_002, len(audio)]
    with Stage(service, lambda hearer: [hearer.start(), hearer.all_came(), hearer.end()]) as stage:
        watch, work = stage.start()
        waited(watch.began)
        for begin, end in itertools.pairwise(cuts):
            work.feed(audio[begin:end])
        work.finish()
        work.finish()
        assert not work.feed(FRAME)
        assert ended(watch) is None
        assert stage.parts[0].audio == audio
    assert watch.names() == ["ready", "finished"]


@by_service
def test_a_slow_service_loses_the_oldest_audio_and_the_times_stay_those_of_the_audio_fed(service: type[Hearer]) -> None:
    go = threading.Event()

    def script(hearer: Hearer) -> None:
        hearer.keep_waiting(lambda: waited(go))
        hearer.all_came()
        hearer.heard("x", 100, 500)
        hearer.end()

    with Stage(service, script) as stage:
        watch, work = stage.start()
        frames = stage.client.backlog_ms // 20
        taken = [work.feed(one) for one in numbered(*range(frames + 25))]
        assert all(taken[:frames]) and not any(taken[frames:])
        go.set()
        work.finish()
        assert ended(watch) is None
        assert stage.parts[0].audio == b"".join(numbered(*range(25, frames + 25)))
    final = next(args[0] for name, args in watch.events if name == "final")
    assert (final.begin_ms, final.end_ms) == (600, 1000)  # 500 ms were dropped before the first that the service heard


# Words


@by_service
def test_what_is_heard_is_told_in_words_with_its_place_in_the_audio(service: type[Hearer]) -> None:
    def script(hearer: Hearer) -> None:
        hearer.start()
        hearer.ready()  # said twice
        hearer.hears("今年双", 880, 1800)
        hearer.hears("", 880, 1900)
        hearer.something_new()
        hearer.heard("今年好。", 880, 2520)
        hearer.heard("", 2900, 3000)
        hearer.heard("再见。", 3100, 3500)
        hearer.all_came()
        hearer.end()

    with Stage(service, script) as stage:
        watch, work = stage.start()
        work.feed(FRAME)
        until(lambda: watch.names().count("final") == 2)
        work.finish()
        assert ended(watch) is None
    assert watch.names() == ["ready", "partial", "final", "final", "finished"]
    partial, *finals = (args[0] for name, args in watch.events if args)
    assert (partial.text, partial.index) == ("今年双", 1)
    assert not service.tells_partial_times or (partial.begin_ms, partial.end_ms) == (880, 1800)
    assert [(one.text, one.begin_ms, one.end_ms) for one in finals] == [("今年好。", 880, 2520), ("再见。", 3100, 3500)]
    assert finals[0].index == 1 < finals[1].index


# The end


@by_service
def test_a_service_that_says_its_end_twice_has_ended_once(service: type[Hearer]) -> None:
    script = lambda hearer: [hearer.start(), hearer.all_came(), hearer.end(times=2), hearer.hold()]  # noqa: E731
    with Stage(service, script) as stage:
        watch, work = stage.start()
        work.feed(FRAME)
        work.finish()
        assert ended(watch) is None
        time.sleep(0.02)
    assert watch.names() == ["ready", "finished"]
    watch.judge()


@by_service
def test_cancel_hangs_up_at_once_and_nothing_is_told_any_more(service: type[Hearer]) -> None:
    with Stage(service, lambda hearer: [hearer.start(), hearer.peer.read_until_close()]) as stage:
        watch, work = stage.start()
        waited(watch.began)
        work.cancel()
        watch.cancelled()
        assert not work.feed(FRAME)
        until(lambda: not [name for name in alive() if name.startswith("asr")])
        assert watch.names() == ["ready"]
        watch.judge()


@by_service
def test_why_a_service_hung_up_is_known_though_audio_was_on_its_way(service: type[Hearer]) -> None:
    """It says why, and closes with audio unread: whatever is sent then is answered by a reset, before its words were looked at."""
    gone, blocked, go = threading.Event(), threading.Event(), threading.Event()

    def script(hearer: Hearer) -> None:
        hearer.start()
        waited(blocked)
        hearer.throttle()
        hearer.peer.sock.shutdown(socket.SHUT_WR)
        hearer.peer.reset()
        gone.set()

    def block() -> None:
        blocked.set()
        waited(go)

    with Stage(service, script) as stage:
        watch, work = stage.start()
        until(lambda: watch.names() == ["ready"])
        work.connection.run(block)  # the sockets' thread is busy for a moment
        waited(gone)
        assert work.feed(FRAME * 20)
        go.set()
        judge_throttled(service, ended(watch))


# Failures

CONNECT, FINISH = {"connect_ms": "100"}, {"finish_ms": "100"}
FAILURES = {
    "never upgraded": Failure(lambda h: h.hold(), "timed out", "network", CONNECT),
    "never ready": Failure(lambda h: [h.asked(), h.hold()], "was not ready within 100 ms", values=CONNECT),
    "never done": Failure(
        lambda h: [h.start(), h.all_came(), h.hold()], "did not finish within 100 ms", values=FINISH, finishes=True
    ),
    "nonsense at first": Failure(lambda h: [h.asked(), h.nonsense(), h.hold()], "{nonsense}: not JSON"),
    "nonsense later": Failure(lambda h: [h.start(), h.nonsense(), h.hold()], "{nonsense}: not JSON"),
    "ends by itself": Failure(lambda h: [h.start(), h.ends_by_itself(), h.hold()], "ended the task by itself"),
    "ends before it has begun": Failure(lambda h: [h.asked(), h.ends_by_itself(), h.hold()], "ended the task by itself"),
    "dropped at first": Failure(lambda h: [h.asked(), h.peer.reset()], "broke", "network"),
    "dropped": Failure(lambda h: [h.start(), h.peer.reset()], "broke", "network"),
    "closed at first": Failure(
        lambda h: [h.asked(), h.hang_up()], "closed the connection (code 1000)"
    ),
    "closed": Failure(lambda h: [h.start(), h.hang_up()], "closed the connection (code 1000)"),
    "closed before the end": Failure(
        lambda h: [h.start(), h.all_came(), h.hang_up(1011, "gone")], "code 1011: gone", finishes=True
    ),
}  # fmt: skip


@by_service
@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_what_it_is_about_and_is_worth_another_try(service: type[Hearer], what: str) -> None:
    failure = FAILURES[what]
    with Stage(service, failure.script, **failure.values) as stage:
        watch, work = stage.start()
        if failure.finishes:
            work.finish()
        error = judged(service, ended(watch))
        assert not work.feed(FRAME)
    assert failure.words.format(nonsense=service.no_message) in str(error), error
    assert (error.code, error.retry, error.kind) == ("", True, failure.kind)


@by_service
def test_a_wrong_key_is_the_operators_fault(service: type[Hearer]) -> None:
    with Stage(service, forbids) as stage:
        watch, work = stage.start()
        judge_forbidden(service, ended(watch))
        assert not work.feed(FRAME)


@by_service
def test_a_service_that_has_too_much_to_do_is_worth_another_try(service: type[Hearer]) -> None:
    with Stage(service, lambda hearer: [hearer.asked(), hearer.throttle(), hearer.hold()]) as stage:
        watch, _ = stage.start()
        judge_throttled(service, ended(watch))


@by_service
def test_a_service_that_stops_reading_costs_the_oldest_audio_and_makes_nobody_wait(service: type[Hearer]) -> None:
    with Stage(service, lambda hearer: [hearer.start(), hearer.hold()]) as stage:
        watch, work = stage.start()
        waited(watch.began)
        longest = 0.0
        for _ in range(600):  # 20 min
            began = time.monotonic()
            work.feed(FRAME * 100)
            longest = max(longest, time.monotonic() - began)
        assert longest < 0.2
        assert not work.feed(FRAME * 100) and watch.names() == ["ready"]
        work.cancel()
