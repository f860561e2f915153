"""A reply that several synthesisers speak."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from firstword.speech.fallback.chain import Means
from firstword.speech.fallback.member import Member
from firstword.speech.fallback.synthesiser import FallbackSynthesis, FallbackSynthesiser
from firstword.speech.kept import Kept
from firstword.speech.sounds import Sound
from firstword.speech.tts import Mark
from firstword.speech.watch import Watch

from .puppets import Caller, Puppet, error, means, members, until

EACH = 1600  # bytes: 100 ms of a character
TEXT = "一二三四五六七八九十"


def sound(text: str, ms: float = 100) -> bytes:
    """Audio that tells its characters apart: each is a level of its own."""
    return b"".join(np.full(round(ms * 8), TEXT.index(c) * 100 + 500, "<i2").tobytes() for c in text)


def spoken(pcm: bytes) -> str:
    """The characters in audio, one for each run of a level; ``?`` for a run that is not whole."""
    samples = np.frombuffer(pcm, "<i2")
    runs = [(level, len(list(run))) for level, run in itertools.groupby(samples.tolist())]
    return "".join(TEXT[(level - 500) // 100] if size == 800 else "?" for level, size in runs)


class Scene:
    """Two services, a caller, and one reply."""

    def __init__(self, listener: Watch, bound: Means, most: int = 0, start: bool = True) -> None:
        self.near, self.far = Puppet("near"), Puppet("far")
        self.members = members(self.near, self.far, most=most)
        self.chain = FallbackSynthesiser(self.members, 8000, bound)
        self.caller = listener
        self.reply: FallbackSynthesis = self.chain.start("t", listener)

    def say(self, text: str, finish: bool = False) -> Scene:
        self.reply.say(text)
        if finish:
            self.reply.finish()
        return self

    def tell(self, text: str, marked: bool = True, at: int = 0, service: Puppet | None = None) -> Scene:
        """The service at work speaks `text`, which is `at` so many characters in what it was given."""
        work = (service or self.near).work
        for number, character in enumerate(text, at + 1):
            work.tell("audio", sound(character))
            if marked:
                work.tell("mark", Mark(number, number * 100.0))
        return self

    @property
    def taken(self) -> list[int]:
        return [member.limiter.taken for member in self.members]


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def scene(caller: Caller) -> Iterator[Scene]:
    made = Scene(caller, means())
    yield made
    caller.judge()
    assert made.taken == [0, 0], "every session was given back"
    made.chain.close()


def test_one_that_works_is_let_work(scene: Scene, caller: Caller) -> None:
    scene.say("一二", finish=True).tell("一二")
    scene.near.work.tell("finished")
    assert caller.names() == ["audio", "mark", "audio", "mark", "finished"]
    assert caller.audio_told == sound("一二") and scene.far.works == []


def test_the_next_one_says_the_rest_from_the_last_whole_character_on(scene: Scene, caller: Caller) -> None:
    scene.say(TEXT[:5]).tell("一二三")
    scene.near.work.tell("audio", sound("四")[:700])
    caller.heard = 120
    scene.near.work.tell("failed", error())
    assert caller.retracted == [300.0] and scene.near.work.cancelled
    assert scene.far.work.text == "四五"
    scene.say("六", finish=True).tell("四五六", service=scene.far)
    scene.far.work.tell("finished")
    assert spoken(caller.audio_told) == "一二三四五六"
    assert caller.marks[-1] == Mark(6, 600.0) and caller.names()[-1] == "finished"
    assert scene.chain.means.usage.providers() == {"tts": "near (near) | far (far)"}
    assert scene.chain.means.usage.switches() == {"tts": 1}


def test_what_was_heard_stays_though_it_is_half_a_character(scene: Scene, caller: Caller) -> None:
    scene.members[0].spoke("一二三", 300.0)
    scene.say(TEXT[:5]).tell("一二三")
    scene.near.work.tell("audio", sound("四")[:1200])
    caller.heard = 1000
    scene.near.work.tell("failed", error())
    assert scene.far.work.text == "五", "three quarters of it were heard"
    scene.reply.finish()
    scene.tell("五", service=scene.far)
    scene.far.work.tell("finished")
    assert spoken(caller.audio_told) == "一二三?五"


def test_with_nothing_heard_and_nothing_known_all_of_it_is_said_again(scene: Scene, caller: Caller) -> None:
    scene.say("一二三", finish=True).tell("一二", marked=False)
    scene.near.work.tell("failed", error())
    assert caller.retracted == [0.0] and caller.audio_told == b""
    assert scene.far.work.text == "一二三" and scene.far.work.finishing
    scene.tell("一二三", service=scene.far)
    scene.far.work.tell("finished")
    assert spoken(caller.audio_told) == "一二三"


def test_the_pace_of_the_voice_says_where_to_go_on_where_there_are_no_marks(scene: Scene, caller: Caller) -> None:
    for text in ("一二三", "四五六七"):
        scene.members[0].spoke(text, len(text) * 100.0)
    scene.say(TEXT, finish=True).tell("一二三四五六七", marked=False)
    caller.heard = 320
    scene.near.work.tell("failed", error())
    assert scene.far.work.text == TEXT[7:], "all that was told lies within a second of what was heard"
    scene.tell(TEXT[7:], service=scene.far)
    scene.far.work.tell("finished")
    assert spoken(caller.audio_told) == TEXT


def test_if_only_the_word_that_it_has_finished_was_missing_nobody_says_more(scene: Scene, caller: Caller) -> None:
    scene.say("一二", finish=True).tell("一二")
    scene.near.work.tell("failed", error())
    assert caller.names()[-1] == "finished" and scene.far.works == []
    assert spoken(caller.audio_told) == "一二"


def test_a_third_one_goes_on_where_the_second_broke_off(caller: Caller) -> None:
    services = [Puppet(name) for name in ("near", "far", "last")]
    chain = FallbackSynthesiser(members(*services), 8000, means())
    reply = chain.start("t", caller)
    reply.say(TEXT[:6])
    reply.finish()
    for service, said in zip(services, ("一二", "三四", "五六"), strict=True):
        for number, character in enumerate(said, 1):
            service.work.tell("audio", sound(character)).tell("mark", Mark(number, number * 100.0))
        service.work.tell("finished" if said == "五六" else "failed", *(() if said == "五六" else (error(),)))
    assert spoken(caller.audio_told) == TEXT[:6]
    assert [service.work.text for service in services] == [TEXT[:6], "三四五六", "五六"]
    caller.judge()
    chain.close()


def test_if_all_fail_the_last_error_is_told_and_what_was_told_stays(scene: Scene, caller: Caller) -> None:
    scene.say("一二三", finish=True).tell("一二")
    scene.near.work.tell("failed", error(code="first"))
    scene.far.work.tell("failed", error(code="second"))
    assert caller.names()[-1] == "failed" and caller.events[-1][1][0].code == "second"
    assert spoken(caller.audio_told) == "一二"


def test_a_listener_that_can_not_take_back_is_told_of_a_failure_once_something_was_told() -> None:
    watch = Watch()
    scene = Scene(watch, means())
    scene.say("一二三").tell("一")
    scene.near.work.tell("failed", error())
    assert watch.names()[-1] == "failed" and scene.far.works == []
    assert scene.taken == [0, 0]


def test_and_before_that_it_is_served_by_the_next() -> None:
    watch = Watch()
    scene = Scene(watch, means())
    scene.near.work.tell("failed", error())
    scene.say("一", finish=True).tell("一", service=scene.far)
    scene.far.work.tell("finished")
    assert watch.names() == ["audio", "mark", "finished"]


def test_who_would_be_asked_is_told_that_a_reply_is_near(scene: Scene) -> None:
    told: list[str] = []
    for service in (scene.near, scene.far):
        service.expect = lambda label, name=service.name: told.append(f"{name} {label}")  # type: ignore[method-assign, misc]
    scene.chain.expect("call")
    for _ in range(3):
        scene.members[0].blame(error())
    scene.chain.expect("call")
    assert told == ["near call", "far call"]
    scene.reply.cancel()


# -- late --------------------------------------------------------------------------------------------------------------


def test_one_that_falls_silent_is_given_up_when_the_caller_hears_its_last(caller: Caller) -> None:
    scene = Scene(caller, means(switch_ms=500))
    scene.say(TEXT[:8], finish=True).tell("一二三")
    scene.near.work.tell("audio", sound("四")[:700])
    until(lambda: caller.retracted)  # half a character is not to be heard
    assert caller.retracted == [300.0]
    until(lambda: scene.far.works)  # connected, before it is needed
    assert not scene.near.work.cancelled and scene.far.work.text == ""
    until(lambda: scene.far.work.text)
    assert scene.near.work.cancelled and scene.far.work.text == "四五六七八" and scene.far.work.finishing
    scene.near.work.tell("audio", sound("四"))  # too late
    scene.tell("四五六七八", service=scene.far)
    scene.far.work.tell("finished")
    assert spoken(caller.audio_told) == TEXT[:8]
    caller.judge()
    assert scene.taken == [0, 0]


def test_one_that_goes_on_in_time_loses_nothing_and_the_other_is_let_go(caller: Caller) -> None:
    scene = Scene(caller, means(switch_ms=2000))
    scene.say(TEXT[:4], finish=True).tell("一二")
    scene.near.work.tell("audio", sound("三")[:700])
    until(lambda: caller.retracted and scene.far.works)
    assert spoken(caller.audio_told) == "一二"
    scene.near.work.tell("audio", sound("三")[700:]).tell("mark", Mark(3, 300.0))
    scene.tell("四", at=3)
    scene.near.work.tell("finished")
    assert spoken(caller.audio_told) == "一二三四" and caller.marks[-1] == Mark(4, 400.0)
    assert scene.far.work.cancelled and scene.far.work.text == ""
    assert scene.chain.means.usage.switches() == {} and scene.taken == [0, 0]


def test_one_that_owes_nothing_is_not_late(caller: Caller) -> None:
    scene = Scene(caller, means(switch_ms=30))
    scene.say("一二三").tell("一二三")  # no sentence has ended: it may wait for more
    caller.heard = 300
    with pytest.raises(AssertionError):
        until(lambda: caller.retracted or scene.far.works, 0.3)
    scene.reply.cancel()


def test_one_that_has_enough_left_to_be_heard_is_not_late(caller: Caller) -> None:
    scene = Scene(caller, means(switch_ms=30))
    scene.say(TEXT, finish=True).tell(TEXT[:9])
    with pytest.raises(AssertionError):
        until(lambda: caller.retracted or scene.far.works, 0.3)
    caller.heard = 700
    until(lambda: scene.far.works and scene.far.work.text == TEXT[9:], 2)
    scene.reply.cancel()


def test_without_another_nobody_is_given_up(caller: Caller) -> None:
    near = Puppet("near")
    chain = FallbackSynthesiser(members(near), 8000, means(switch_ms=20))
    reply = chain.start("t", caller)
    reply.say("一二。")
    reply.finish()
    with pytest.raises(AssertionError):
        until(lambda: near.work.cancelled or caller.retracted, 0.2)
    reply.cancel()


# -- sessions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at once", "speaking", "on the second", "late", "finished", "failed"])
def test_every_session_is_given_back_whenever_it_is_cancelled(caller: Caller, when: str) -> None:
    scene = Scene(caller, means(switch_ms=60 if when == "late" else 60_000), most=1)
    if when != "at once":
        scene.say("一二三。", finish=True).tell("一")
    if when == "on the second":
        scene.near.work.tell("failed", error())
    if when == "late":
        until(lambda: scene.far.works)
    if when == "finished":
        scene.near.work.tell("finished")
    if when == "failed":
        for service in (scene.near, scene.far):
            service.work.tell("failed", error())
    for _ in range(3):
        scene.reply.cancel()
    assert scene.taken == [0, 0]
    assert when == "finished" or all(service.work.cancelled for service in (scene.near, scene.far) if service.works)
    told = len(caller.events)
    scene.say("never")
    assert len(caller.events) == told
    caller.judge()


def test_a_full_service_is_passed_by_and_if_all_are_full_a_session_is_waited_for(caller: Caller) -> None:
    scene = Scene(caller, means(wait_ms=5000), most=1)
    second, third = Caller(), Caller()
    beside = scene.chain.start("u", second)
    assert len(scene.far.works) == 1 and scene.taken == [1, 1]
    waiting = scene.chain.start("v", third)
    waiting.say("一")
    waiting.finish()
    assert len(scene.near.works) + len(scene.far.works) == 2
    scene.reply.cancel()
    until(lambda: len(scene.near.works) == 2)
    assert scene.near.work.text == "一" and scene.near.work.finishing
    beside.cancel()
    waiting.cancel()
    assert scene.taken == [0, 0]


def test_who_waits_in_vain_is_told_so(caller: Caller) -> None:
    scene = Scene(caller, means(wait_ms=60), most=1)
    scene.chain.start("u", Caller())
    third = Caller()
    scene.chain.start("v", third)
    until(third.over.is_set)
    told = third.events[-1][1][0]
    assert (told.kind, told.retry) == ("throttled", True) and "near, far" in str(told)


def test_the_user_is_told_nothing_before_start_has_returned(caller: Caller) -> None:
    near = Puppet("near")
    near.at_once = lambda work: work.tell("audio", sound("一")).tell("failed", error()) and None
    order: list[str] = []
    caller.audio = caller.failed = lambda *args: order.append("told")  # type: ignore[method-assign, assignment]
    chain = FallbackSynthesiser(members(near), 8000, means())
    chain.start("t", caller)
    order.append("returned")
    until(lambda: len(order) == 3)
    assert order == ["returned", "told", "told"]


# -- phrases -----------------------------------------------------------------------------------------------------------


def phrases(
    *texts: str, near: tuple[str, ...] = (), far: tuple[str, ...] = ()
) -> tuple[FallbackSynthesiser, list[Puppet]]:
    """Two services that keep phrases; those in `near` and `far` are in their memory."""
    services = [Puppet("near"), Puppet("far", 16000)]
    kept = [Kept(service, texts) for service in services]
    for one, known in zip(kept, (near, far), strict=True):
        for text in known:
            one._memory.put(text, Sound(bytes(one.rate // 10 * 2) * len(text), ()))
    return FallbackSynthesiser([Member(k.name, k, k.name) for k in kept], 8000, means()), services


def test_a_phrase_that_is_kept_is_heard_and_nobody_is_asked(caller: Caller) -> None:
    chain, services = phrases("一二三", near=("一二三",), far=("一二三",))
    chain.speak("t", "一二三", caller)
    assert caller.over.wait(5)
    assert caller.names()[-1] == "finished" and len(caller.audio_told) == 3 * EACH
    assert [service.works for service in services] == [[], []]
    assert chain.means.usage.providers() == {"tts": "near (near)"}


def test_a_phrase_is_not_heard_in_another_voice_while_the_preferred_one_works(caller: Caller) -> None:
    chain, (near, _) = phrases("一二三", far=("一二三",))
    chain.speak("t", "一二三", caller)
    assert near.work.text == "一二三"


def test_if_the_service_fails_the_phrase_is_heard_from_whoever_keeps_it(caller: Caller) -> None:
    chain, (near, far) = phrases("一二三", far=("一二三",))
    chain.speak("t", "一二三", caller)
    near.work.tell("failed", error())
    assert caller.over.wait(5)
    assert caller.names()[-1] == "finished" and len(caller.audio_told) == pytest.approx(3 * EACH, abs=40)
    assert far.works == [] and chain.means.usage.switches() == {"tts": 1}


def test_the_rate_of_each_is_turned_into_that_of_the_whole(caller: Caller) -> None:
    services = [Puppet("near", 24000), Puppet("far", 16000)]
    chain = FallbackSynthesiser(members(*services), 8000, means())
    reply = chain.start("t", caller)
    reply.say("一二三")
    reply.finish()
    services[0].work.tell("audio", bytes(24 * 2 * 250)).tell("mark", Mark(1, 100.0)).tell("mark", Mark(2, 200.0))
    services[0].work.tell("failed", error())
    services[1].work.tell("audio", bytes(16 * 2 * 100)).tell("finished")
    assert len(caller.audio_told) / 16 == pytest.approx(300, abs=1)
    assert services[1].work.text == "三"


def test_a_text_is_read_as_every_service_of_the_list_takes_it() -> None:
    one, other = Puppet("one"), Puppet("other")
    one.reads, other.reads = frozenset(("syllables", "ssml")), frozenset(("ssml",))
    assert FallbackSynthesiser(members(one, other), 8000).reads == {"ssml"}
    assert FallbackSynthesiser(members(one), 8000).reads == one.reads


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_one_that_can_not_even_be_begun_keeps_no_seat_and_the_next_is_asked(
    caller: Caller, both: bool, whole: bool
) -> None:
    """A machine that is out of descriptors or threads for a moment."""
    near, far = Puppet("near"), Puppet("far")
    for service in (near, far)[: 1 + both]:
        service.begins.append(OSError(24, "Too many open files"))
    each = members(near, far, most=1)
    chain = FallbackSynthesiser(each, 8000, means())
    reply = chain.speak("t", "一", caller) if whole else chain.start("t", caller)
    if both:
        assert caller.over.wait(5) and caller.events[-1][1][0].kind == "ours"
    else:
        if not whole:
            reply.say("一")
            reply.finish()
        far.work.tell("audio", sound("一")).tell("finished")
        assert caller.names() == ["audio", "finished"] and far.work.text == "一"
    reply.cancel()
    assert [member.limiter.taken for member in each] == [0, 0]
    caller.judge()


def test_the_next_that_can_not_be_begun_while_one_is_late_is_passed_over(caller: Caller) -> None:
    services = [Puppet(name) for name in ("near", "far", "third")]
    services[1].begins.append(OSError(24, "Too many open files"))
    each = members(*services, most=1)
    reply = FallbackSynthesiser(each, 8000, means(switch_ms=60)).start("t", caller)
    reply.say("一二。")
    reply.finish()
    until(lambda: services[2].works)
    until(lambda: services[0].work.cancelled)
    services[2].work.tell("audio", sound("一二")).tell("finished")
    assert caller.names() == ["audio", "finished"] and [member.limiter.taken for member in each] == [0, 0, 0]
    caller.judge()


def test_the_one_that_took_over_and_said_nothing_has_proved_nothing(caller: Caller) -> None:
    scene = Scene(caller, means())
    scene.say("一二三。", finish=True)
    scene.tell("一")
    scene.members[1]._breaker.failures = 2
    scene.near.work.tell("failed", error())
    assert scene.far.works
    scene.reply.cancel()
    assert scene.members[1]._breaker.failures == 2, "the caller interrupted before it spoke"


def test_the_next_one_is_asked_too_not_to_wait_for_more(scene: Scene) -> None:
    """Tools take seconds: what was said before them is not to wait at the next service for the text that comes after."""
    scene.say("一，")
    scene.reply.flush()
    scene.near.work.tell("failed", error())
    assert scene.far.work.asked == [("say", "一，"), ("flush", None)]
    scene.say("二，")
    scene.far.work.tell("audio", sound("一"))
    scene.reply.cancel()
