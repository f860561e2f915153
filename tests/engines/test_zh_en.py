"""Two voices as one."""

from __future__ import annotations

from collections.abc import Generator

from firstword.audio.pcm import duration_ms
from firstword.gateway.engines import Spoken
from firstword.gateway.engines.zh_en import BETWEEN_MS, TwoVoices

RATE = 8000


class OneSound:
    """A voice that says 100 ms of one sample value for each character, and remembers what it was asked."""

    rate, quick = RATE, False

    def __init__(self, sample: int, knows_when: bool) -> None:
        self.sound = sample.to_bytes(2, "little") * 800
        self.knows_when = knows_when
        self.asked: list[str] = []
        self.closed = 0

    def speak(self, text: str, rate: int) -> Generator[Spoken, None, None]:
        self.asked.append(text)
        try:
            for index, _ in enumerate(text):
                yield Spoken(self.sound, ((index, 100.0 * index, 100.0 * (index + 1)),) if self.knows_when else ())
        finally:
            self.closed += 1


def test_each_run_is_spoken_by_its_voice_with_its_pauses_and_times_of_the_whole() -> None:
    mandarin, english = OneSound(1, True), OneSound(2, False)
    spoken = list(TwoVoices(mandarin, english).speak("您的VIP卡，好", RATE))
    assert mandarin.asked == ["您的", "卡，", "好"] and english.asked == ["VIP"]
    assert (
        duration_ms(b"".join(piece.pcm for piece in spoken), RATE)
        == 200 + BETWEEN_MS + 300 + BETWEEN_MS + 200 + 150 + 100
    )
    times = {index: begin for piece in spoken for index, begin, _ in piece.characters}
    assert times == {0: 0.0, 1: 100.0, 5: 620.0, 6: 720.0, 7: 970.0}


def test_closing_it_closes_the_voice_that_speaks() -> None:
    mandarin = OneSound(1, True)
    speaking = TwoVoices(mandarin, OneSound(2, False)).speak("您好，再见", RATE)
    next(speaking)
    speaking.close()
    assert mandarin.asked == ["您好，"] and mandarin.closed == 1


def test_without_an_english_voice_the_mandarin_one_gets_it_all() -> None:
    mandarin = OneSound(1, True)
    list(TwoVoices(mandarin, None).speak("您的VIP卡", RATE))
    assert mandarin.asked == ["您的VIP卡"]
