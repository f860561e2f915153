"""Phrases that are synthesised once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.clock import SYSTEM
from firstword.errors import ProviderError
from firstword.speech import kept as kept_module
from firstword.speech.conform import Bounds, check_synthesiser
from firstword.speech.fallback.limiter import Limiter
from firstword.speech.gate import Gate
from firstword.speech.kept import Kept
from firstword.speech.sounds import PIECE_MS, Memory, Playback, Sound
from firstword.speech.tts import Mark, Synthesiser, SynthesisListener
from firstword.speech.watch import Watch
from firstword.threads import alive, spawn

RATE = 8000
CHARACTER = 800  # bytes: 50 ms
GREETING, APOLOGY, GOODBYE = "您好", "抱歉，请再说一遍。", "再见。"


class Service(Synthesiser):
    """Speaks 50 ms a character, with a mark after each; or fails as `fault` says: ``down``, ``cut`` after half of it, ``mute``, or
    ``silent`` for ever. `held` keeps it from beginning."""

    name, rate = "service", RATE

    def __init__(self) -> None:
        self.said: list[str] = []
        self.cancelled: list[str] = []
        self.fault = ""
        self.bad: tuple[str, ...] = ()
        self.held = threading.Event()
        self.held.set()
        self.closed = 0
        self.expected: list[str] = []

    def start(self, label: str, listener: SynthesisListener) -> Work:
        return Work(self, label, listener)

    def expect(self, label: str) -> None:
        self.expected.append(label)

    def close(self) -> None:
        self.closed += 1


class Work:
    def __init__(self, service: Service, label: str, listener: SynthesisListener) -> None:
        self._service, self._label, self._listener = service, label, listener
        self._gate = Gate()
        self._text = ""
        self._ending = False

    def say(self, text: str) -> None:
        self._text += "" if self._ending else text

    def flush(self) -> None: ...

    def finish(self) -> None:
        if not self._ending:
            self._ending = True
            self._service.said.append(self._text)
            spawn("service", self._tell, self._label)

    def cancel(self) -> None:
        if self._gate.close():
            self._service.cancelled.append(self._text)

    def _tell(self) -> None:
        service, listener, fault = self._service, self._listener, self._service.fault
        while not service.held.wait(0.002):
            if not self._gate.open:
                return
        if fault == "silent":
            return
        error = ProviderError("it is down", provider=service.name, retry=True)
        if fault == "down" or self._text in service.bad:
            self._gate.last(listener.failed, error)
            return
        for at, character in enumerate(self._text if fault != "mute" else "", 1):
            self._gate.call(listener.audio, character.encode("utf-32-le")[:2] * (CHARACTER // 2))
            self._gate.call(listener.mark, Mark(at, at * 50.0))
            if fault == "cut" and at >= len(self._text) / 2:
                self._gate.last(listener.failed, error)
                return
        self._gate.last(listener.finished)


@pytest.fixture
def service() -> Iterator[Service]:
    """One that must be left alone by every thread."""
    made = Service()
    yield made
    made.held.set()
    deadline = SYSTEM.deadline(5)
    while alive():
        assert not deadline.passed(), alive()
        SYSTEM.sleep(0.002)


def spoken(synthesiser: Synthesiser, text: str) -> Watch:
    watch = Watch()
    synthesiser.speak("t", text, watch)
    assert watch.over.wait(5)
    watch.judge()
    return watch


def audio_of(watch: Watch) -> bytes:
    return b"".join(args[0] for name, args in watch.events if name == "audio")


def marks_of(watch: Watch) -> list[Mark]:
    return [args[0] for name, args in watch.events if name == "mark"]


def settled(*, seconds: float = 5.0) -> None:
    """Until no warm-up runs."""
    deadline = SYSTEM.deadline(seconds)
    while "phrases" in alive():
        assert not deadline.passed()
        SYSTEM.sleep(0.002)


def test_a_phrase_is_synthesised_once_and_sounds_the_same_from_memory(service: Service) -> None:
    kept = Kept(service, [GREETING])
    first, second = spoken(kept, GREETING), spoken(kept, GREETING)
    assert service.said == [GREETING]
    assert audio_of(first) == audio_of(second) != b""
    assert marks_of(first) == marks_of(second) == [Mark(1, 50.0), Mark(2, 100.0)]
    assert second.names()[-1] == "finished"
    kept.close()


def test_from_memory_no_connection_is_opened_and_a_service_that_is_down_is_not_noticed(service: Service) -> None:
    kept = Kept(service, [GREETING, APOLOGY])
    kept.warm()
    settled()
    service.fault = "down"
    assert audio_of(spoken(kept, APOLOGY)) != b""
    assert service.said == [GREETING, APOLOGY]
    kept.close()


def test_what_is_no_phrase_is_the_services_each_time_and_so_is_what_comes_in_pieces(service: Service) -> None:
    kept = Kept(service, [GREETING])
    spoken(kept, GREETING)
    for _ in range(2):
        spoken(kept, "明天到。")
    watch = Watch()
    work = kept.start("t", watch)
    work.say(GREETING)
    work.finish()
    assert watch.over.wait(5)
    assert service.said == [GREETING, "明天到。", "明天到。", GREETING]
    kept.close()


@pytest.mark.parametrize("fault", ["down", "cut", "mute"])
def test_what_did_not_end_well_is_not_kept(service: Service, fault: str) -> None:
    kept = Kept(service, [APOLOGY])
    service.fault = fault
    spoken(kept, APOLOGY)
    service.fault = ""
    assert len(audio_of(spoken(kept, APOLOGY))) == len(APOLOGY) * CHARACTER
    assert service.said == [APOLOGY, APOLOGY]
    kept.close()


def test_what_was_cancelled_is_not_kept(service: Service) -> None:
    kept = Kept(service, [GREETING])
    service.held.clear()
    kept.speak("t", GREETING, Watch()).cancel()
    service.held.set()
    spoken(kept, GREETING)
    spoken(kept, GREETING)
    assert service.said == [GREETING, GREETING]
    kept.close()


def test_a_warm_up_goes_one_after_the_other_each_phrase_once_and_empty_ones_never(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(service, [GREETING, "", GOODBYE, GREETING])
    with caplog.at_level(logging.INFO, "firstword.speech"):
        kept.warm()
        kept.warm()
        settled()
    kept.warm()
    assert service.said == [GREETING, GOODBYE]
    assert [record.message for record in caplog.records] == ["service: 2 phrases are kept, 3 KB"]
    kept.close()


def test_a_service_that_is_down_ends_the_warm_up_with_one_line(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(service, [GREETING, APOLOGY, GOODBYE, "还在吗"])
    service.fault = "down"
    for _ in range(2):
        kept.warm()
        settled()
    assert service.said == [GREETING, APOLOGY] * 2
    assert [record.message for record in caplog.records if record.levelno >= logging.INFO] == [
        "service: 4 of 4 phrases could not be prepared: service: it is down"
    ]
    kept.close()


def test_one_phrase_that_fails_does_not_keep_the_others_from_being_prepared(service: Service) -> None:
    kept = Kept(service, [GREETING, APOLOGY, GOODBYE, "还在吗"])
    service.bad = (GREETING, GOODBYE)
    kept.warm()
    settled()
    assert service.said == [GREETING, APOLOGY, GOODBYE, "还在吗"]
    service.fault = "down"
    assert audio_of(spoken(kept, "还在吗")) != b""
    kept.close()


def test_a_service_that_is_seen_to_work_again_is_asked_for_the_rest(service: Service) -> None:
    kept = Kept(service, [GREETING, APOLOGY])
    service.fault = "down"
    kept.warm()
    settled()
    service.fault = ""
    service.said.clear()
    spoken(kept, GREETING)
    settled()
    assert service.said == [GREETING, APOLOGY]
    kept.close()


def test_nothing_is_prepared_that_was_not_asked_for(service: Service) -> None:
    kept = Kept(service, [GREETING, APOLOGY])
    spoken(kept, GREETING)
    settled()
    assert service.said == [GREETING]
    kept.close()


def test_a_phrase_that_never_ends_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firstword.speech.warm_up.PHRASE_S", 0.02)
    kept = Kept(service, [GREETING, APOLOGY, GOODBYE])
    service.fault = "silent"
    kept.warm()
    settled()
    assert service.said == service.cancelled == [GREETING, APOLOGY]
    kept.close()


def test_closing_ends_a_warm_up_in_the_middle_of_a_phrase_without_a_word(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(service, [GREETING, APOLOGY])
    service.held.clear()
    kept.warm()
    while not service.said:
        SYSTEM.sleep(0.001)
    kept.close()
    assert "phrases" not in alive()
    assert service.said == [GREETING]
    assert service.closed == 1
    assert not caplog.records
    kept.warm()
    assert "phrases" not in alive()


def test_what_was_not_used_for_longest_makes_room_and_the_warm_up_leaves_it_at_that(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(service, ["一一", "二二", "三三", "四四"], bound_bytes=4 * CHARACTER)
    kept.warm()
    settled()
    assert "the phrases need more than 3 KB" in caplog.text
    assert service.said == ["一一", "二二", "三三"]
    service.said.clear()
    for text in ("二二", "一一", "三三", "一一", "二二"):  # 二二 makes room for 三三
        spoken(kept, text)
    settled()
    assert service.said == ["三三", "二二"]
    kept.close()


def test_a_phrase_longer_than_the_bound_is_spoken_and_not_kept(service: Service) -> None:
    kept = Kept(service, [GREETING, GOODBYE], bound_bytes=2 * CHARACTER)
    spoken(kept, GREETING)
    assert len(audio_of(spoken(kept, GOODBYE))) == len(GOODBYE) * CHARACTER
    service.fault = "down"
    assert audio_of(spoken(kept, GREETING)) != b""
    kept.close()


@given(
    st.lists(st.tuples(st.sampled_from(["put", "add", "get"]), st.sampled_from("abcde"), st.integers(0, 60))),
    st.integers(0, 100),
)
def test_the_memory_never_holds_more_than_its_bound_and_drops_what_was_not_used_for_longest(
    acts: list[tuple[str, str, int]], bound: int
) -> None:
    memory = Memory(bound)
    used: list[str] = []  # the latest is the last
    for act, text, size in acts:
        before = [key for key in used if key in memory]
        done = memory.get(text) if act == "get" else getattr(memory, act)(text, Sound(bytes(size), ()))
        if text in memory if act == "get" else done or (act == "put" and size <= bound):
            used = [*(key for key in used if key != text), text]
        left = [key for key in used if key in memory]
        assert memory.bytes == sum(len(memory._sounds[key].pcm) for key in left) <= bound
        assert len(memory) == len(left)
        if act == "put":
            assert (text in left) or size > bound
            others = [key for key in before if key != text]
            stayed = [key for key in others if key in left]
            assert stayed == others[len(others) - len(stayed) :]
        else:
            assert set(before) <= set(left)
    memory.clear()
    assert memory.bytes == len(memory) == 0


def test_a_long_sound_is_told_in_pieces_of_whole_samples_and_nothing_after_a_cancel() -> None:
    pcm = bytes(at % 251 for at in range(2 * 11025 * 2))
    whole = Watch()
    Playback(Sound(pcm, ()), 11025, whole).run()
    sizes = {len(args[0]) for name, args in whole.events if name == "audio"}
    assert audio_of(whole) == pcm and max(sizes) <= 11025 * PIECE_MS // 1000 * 2 and not any(n % 2 for n in sizes)
    for at in range(1, len(whole.events)):
        box: list[Playback] = []

        def hang_up(watch: Watch, count: int, at: int = at, box: list[Playback] = box) -> None:
            if count == at:
                box[0].cancel()
                watch.cancelled()

        cut = Watch(hang_up)
        box.append(Playback(Sound(pcm, ()), 11025, cut))
        box[0].run()
        cut.judge()
        assert cut.names() == ["audio"] * at


@pytest.mark.parametrize("phrases", [[], ["您好，再见！"]], ids=["passing on", "from memory"])
def test_it_conforms_whether_it_keeps_the_text_or_not(service: Service, phrases: list[str]) -> None:
    check_synthesiser(lambda: Kept(service, phrases), ["您好，", "再见！"], bounds=Bounds(cancels=20))


def test_it_says_what_it_stands_for() -> None:
    service = Service()
    kept = Kept(service, [])
    assert (kept.name, kept.rate) == ("service", RATE)
    assert kept_module.BOUND_BYTES == 8 << 20


def test_the_service_is_told_that_a_call_will_want_to_speak() -> None:
    service = Service()
    Kept(service, [GREETING]).expect("call")
    assert service.expected == ["call"]


def test_a_phrase_that_can_not_even_be_begun_keeps_no_session(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def out_of_everything(*_: object) -> None:
        raise OSError(24, "Too many open files")

    room = Limiter(1)
    kept = Kept(service, [GREETING, APOLOGY], room=room)
    monkeypatch.setattr(service, "speak", out_of_everything)
    kept.warm()
    settled()
    assert room.taken == 0 and "died" not in caplog.text
    assert "2 of 2 phrases could not be prepared" in caplog.text
    kept.close()
