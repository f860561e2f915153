"""A caller whom several recognisers hear."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from firstword.speech.asr import Transcript
from firstword.speech.fallback.breaker import State
from firstword.speech.fallback.recogniser import FallbackRecogniser
from firstword.speech.watch import Watch

from .puppets import Puppet, error, means, members, until

MS = b"\1\0" * 8


def loud(ms: int) -> bytes:
    return np.full(ms * 8, 3000, "<i2").tobytes()


class Scene:
    def __init__(self, watch: Watch, switch_ms: float = 60_000, rates: tuple[int, ...] = (8000, 8000)) -> None:
        self.services = [Puppet(f"ear{number}", rate) for number, rate in enumerate(rates)]
        self.members = members(*self.services, most=1)
        self.chain = FallbackRecogniser(self.members, 8000, means(switch_ms=switch_ms))
        self.work = self.chain.start("t", watch)

    def feed(self, pcm: bytes) -> Scene:
        for at in range(0, len(pcm), 320):
            assert self.work.feed(pcm[at : at + 320])
        return self

    @property
    def taken(self) -> list[int]:
        return [member.limiter.taken for member in self.members]


def test_what_was_not_final_is_said_again_to_the_next(watch: Watch) -> None:
    scene = Scene(watch)
    near, far = scene.services
    scene.feed(MS * 100)
    near.work.tell("ready")
    scene.feed(MS * 200)
    near.work.tell("final", Transcript("一", 1, 0, 100)).tell("partial", Transcript("二", 2, 120, 200))
    near.work.tell("failed", error())
    assert far.work.fed == b"", "it is not ready"
    scene.feed(MS * 60)
    far.work.tell("ready")
    assert len(far.work.fed) == len(MS) * 260, "from the end of the first utterance on"
    far.work.tell("partial", Transcript("二三", 1, 20, 120)).tell("final", Transcript("二三四", 1, 20, 160))
    scene.work.finish()
    far.work.tell("finished")
    assert watch.events == [
        ("ready", ()),
        ("final", (Transcript("一", 1, 0, 100),)),
        ("partial", (Transcript("二", 2, 120, 200),)),
        ("partial", (Transcript("二三", 2, 120, 220),)),
        ("final", (Transcript("二三四", 2, 120, 260),)),
        ("finished", ()),
    ]
    assert near.work.cancelled and not far.work.cancelled and scene.taken == [0, 0]
    assert scene.chain.means.usage.switches() == {"asr": 1}


def test_a_long_utterance_is_said_again_in_parts_that_none_of_it_is_dropped(watch: Watch) -> None:
    scene = Scene(watch)
    near, far = scene.services
    near.work.tell("ready")
    scene.feed(MS * 8000)
    near.work.tell("failed", error())
    far.work.tell("ready")
    sizes = []
    for _ in range(8):
        scene.feed(MS * 20)
        sizes.append(len(far.work.fed))
    parts = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
    assert max(parts[1:]) <= far.backlog_ms // 2 * len(MS)
    assert sizes[-1] == len(MS) * 8160


def test_each_gets_its_own_rate(watch: Watch) -> None:
    scene = Scene(watch, rates=(8000, 16000))
    near, far = scene.services
    near.work.tell("ready")
    scene.feed(MS * 500)
    near.work.tell("failed", error())
    far.work.tell("ready")
    scene.feed(MS * 500)
    scene.work.finish()
    assert len(far.work.fed) == pytest.approx(len(MS) * 2 * 1000, abs=8)
    assert far.work.finishing


def test_one_that_does_not_get_ready_is_replaced(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=40)
    near, far = scene.services
    until(lambda: scene.feed(MS * 20) and far.works)
    until(lambda: near.work.cancelled)
    far.work.tell("ready")
    assert watch.names() == ["ready"] and len(far.work.fed) > 0


def test_one_that_hears_nothing_where_another_hears_words_has_failed(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=60)
    near, far = scene.services
    near.work.tell("ready")
    scene.feed(loud(400))
    until(lambda: scene.feed(MS * 20) and far.works)
    assert scene.members[0]._breaker.failures == 0, "perhaps nobody speaks"
    far.work.tell("ready").tell("partial", Transcript("一", 1, 0, 100))
    assert scene.members[0]._breaker.failures == 1


def test_where_nobody_hears_words_it_is_noise_and_nobody_is_to_blame(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=40)
    near, far = scene.services
    near.work.tell("ready")
    scene.feed(loud(400))
    until(lambda: scene.feed(MS * 20) and far.works)
    far.work.tell("ready")
    scene.feed(loud(2000))
    with pytest.raises(AssertionError):
        until(lambda: scene.feed(MS * 20) and (len(near.works) > 1 or far.work.cancelled), 0.15)
    scene.work.cancel()
    assert [member._breaker.failures for member in scene.members] == [0, 0] and scene.taken == [0, 0]


def test_short_sounds_far_apart_are_no_speech(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=40)
    near, far = scene.services
    near.work.tell("ready")
    for _ in range(3):
        scene.feed(loud(160))
        with pytest.raises(AssertionError):
            until(lambda: scene.feed(MS * 20) and far.works, 0.08)
    scene.work.cancel()


def test_if_all_fail_the_last_error_is_told_and_after_words_all_may_be_asked_again(watch: Watch) -> None:
    scene = Scene(watch)
    near, far = scene.services
    near.work.tell("failed", error(code="one"))
    far.work.tell("ready").tell("final", Transcript("一", 1, 0, 0))
    far.work.tell("failed", error(code="two"))
    assert len(near.works) == 2, "it has been long since"
    near.work.tell("failed", error(code="three"))
    assert watch.names()[-1] == "failed" and watch.events[-1][1][0].code == "three"
    assert scene.taken == [0, 0] and not scene.work.feed(MS)


@pytest.mark.parametrize("when", ["at once", "ready", "on the second"])
def test_the_session_is_given_back_whenever_it_is_cancelled(watch: Watch, when: str) -> None:
    scene = Scene(watch)
    if when == "ready":
        scene.services[0].work.tell("ready")
    if when == "on the second":
        scene.services[0].work.tell("failed", error())
    for _ in range(3):
        scene.work.cancel()
    assert scene.taken == [0, 0] and not scene.work.feed(MS)
    assert all(work.cancelled for service in scene.services for work in service.works)


def test_a_seat_that_is_held_for_the_call_is_used_and_stays_held(watch: Watch) -> None:
    services = [Puppet("near"), Puppet("far")]
    both = members(*services, most=1)
    seat = both[0].limiter.take()
    assert seat is not None
    chain = FallbackRecogniser(both, 8000, means(held=(both[0], seat)))
    work = chain.start("t", watch)
    assert len(services[0].works) == 1 and both[0].limiter.taken == 1
    work.cancel()
    assert both[0].limiter.taken == 1
    seat.leave()
    assert both[0].limiter.taken == 0


def test_where_none_has_room_it_fails_as_throttled(watch: Watch) -> None:
    services = [Puppet("near"), Puppet("far")]
    both = members(*services, most=1)
    for member in both:
        member.limiter.take()
    FallbackRecogniser(both, 8000, means()).start("t", watch)
    assert watch.over.wait(5)
    assert watch.events[-1][1][0].kind == "throttled"


def test_a_switch_while_audio_is_fed_waits_for_nobody_who_waits_for_the_feeder(watch: Watch) -> None:
    """The call's ears feed under a lock that their own `final` takes: a `feed` that waited for a delivery would wait for ever, and with it
    the media clock of all calls."""
    scene = Scene(watch, switch_ms=40)
    near, far = scene.services
    near.work.tell("ready")
    ears, entered, fed = threading.Lock(), threading.Event(), threading.Event()

    def in_a_delivery() -> None:
        def hold() -> None:
            entered.set()
            with ears:
                pass

        near.work._gate.call(hold)

    with ears:
        threading.Thread(target=in_a_delivery, daemon=True).start()
        assert entered.wait(5)

        def feed() -> None:
            until(lambda: scene.feed(loud(20)) and far.works)
            fed.set()

        threading.Thread(target=feed, daemon=True).start()
        assert fed.wait(3), "feed waits for a delivery of the recogniser that it leaves"
    until(lambda: near.work.cancelled)
    scene.work.cancel()


def test_where_no_other_has_room_the_one_that_goes_on_is_not_blamed_for_the_silence_it_ends(watch: Watch) -> None:
    scene = Scene(watch, switch_ms=40)
    near, far = scene.services
    seat = scene.members[1].limiter.take()
    assert seat is not None
    near.work.tell("ready")
    for _ in range(3):
        scene.feed(loud(400))
        until(lambda: scene.feed(MS * 20) and scene.work._sound_at is None)
        near.work.tell("partial", Transcript("一", 1, 0, 100))
    assert scene.members[0]._breaker.failures == 0 and not far.works
    scene.work.cancel()
    seat.leave()


def test_translations_come_through(watch: Watch) -> None:
    scene = Scene(watch)
    told = Transcript("一", 1, 0, 100, (("en", "one"),))
    scene.services[0].work.tell("ready").tell("final", told)
    assert watch.events[-1] == ("final", (told,))
    scene.work.cancel()


def test_a_single_recogniser_is_told_a_long_utterance_again_in_parts_too(watch: Watch) -> None:
    """A call that begins its recogniser anew says up to 10 s again at once; the service takes 3."""
    service = Puppet("ear", 16000)
    work = FallbackRecogniser(members(service), 8000, means()).start("t", watch)
    assert work.feed(MS * 9000)
    service.work.tell("ready")
    for _ in range(8):
        assert work.feed(MS * 20)
    sizes = [len(pcm) for what, pcm in service.work.asked if what == "feed"]
    assert max(sizes) <= service.backlog_ms // 2 * 32
    assert len(service.work.fed) == pytest.approx(32 * 9160, abs=32 * 40), "but for what the converter holds"
    work.cancel()


@pytest.mark.parametrize("both", [False, True])
def test_one_that_can_not_even_be_begun_keeps_no_seat_and_the_next_is_asked(watch: Watch, both: bool) -> None:
    """A machine that is out of descriptors or threads for a moment."""
    services = [Puppet("ear0"), Puppet("ear1")]
    for service in services[: 1 + both]:
        service.begins.append(OSError(24, "Too many open files"))
    each = members(*services, most=1)
    work = FallbackRecogniser(each, 8000, means()).start("t", watch)
    if both:
        assert watch.over.wait(5) and watch.events[-1][1][0].kind == "ours"
    else:
        assert services[1].works and not watch.events
    work.cancel()
    assert [member.limiter.taken for member in each] == [0, 0]


def test_what_is_said_again_of_an_utterance_keeps_its_number_and_what_follows_gets_a_new_one(watch: Watch) -> None:
    """Words under a number that was answered already are passed over: so must no others be."""
    scene = Scene(watch)
    near, far = scene.services
    near.work.tell("ready").tell("final", Transcript("一", 1, 0, 0))
    near.work.tell("partial", Transcript("二", 3, 0, 0))  # of the second, only a cough, nothing was told
    near.work.tell("failed", error())
    far.work.tell("ready").tell("final", Transcript("二", 1, 0, 0)).tell("final", Transcript("三", 2, 0, 0))
    told = [(args[0].text, args[0].index) for name, args in watch.events if name in ("partial", "final")]
    assert told == [("一", 1), ("二", 3), ("二", 3), ("三", 4)]
    scene.work.cancel()


def test_one_that_is_tried_and_hears_words_is_healthy_while_its_call_goes_on(watch: Watch) -> None:
    """A call lasts: for an hour all others were sent to the next service, though this one worked."""
    scene = Scene(watch)
    scene.work.cancel()
    member = scene.members[0]
    member._breaker.state, member._breaker.error, member._breaker.until = State.OPEN, error(), 0.0
    work = scene.chain.start("t", Watch())
    scene.services[0].work.tell("ready")
    assert not member.due(scene.chain.clock.now()), "it is being tried"
    scene.services[0].work.tell("partial", Transcript("一", 1, 0, 0))
    assert member.due(scene.chain.clock.now()) and member.limiter.taken == 1
    work.cancel()
    assert member.limiter.taken == 0


def test_that_it_heard_words_long_ago_says_nothing_of_one_that_fails_now(watch: Watch) -> None:
    scene = Scene(watch)
    scene.services[0].work.tell("ready").tell("final", Transcript("一", 1, 0, 0))
    for _ in range(3):
        scene.members[0].blame(error())
    scene.work.cancel()
    assert not scene.members[0].due(scene.chain.clock.now())
