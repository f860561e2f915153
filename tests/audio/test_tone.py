"""The tone voice is heard to the character, and damage is heard as damage."""

from __future__ import annotations

import random

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.audio import pcm, tone, vad
from firstword.audio.ears import Ears

from .conftest import needs_silero

MIXED = "你好，今天北京 25°C。Hello, world! 😀👍🏽 aaaa 啊啊啊啊 0000 \x00\x7f\n"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=24)


def hear_in_chunks(audio: bytes, rate: int, byte_ms: int, sizes: list[int]) -> list[tone.Heard]:
    ear, heard, at = tone.Ear(rate, byte_ms), [], 0
    for size in sizes:
        heard += ear.feed(audio[at : at + size])
        at += size
    return heard + ear.feed(audio[at:]) + ear.finish()


def louder(audio: bytes, db: float) -> bytes:
    return (np.frombuffer(audio, "<i2") * 10 ** (db / 20)).astype("<i2").tobytes()


def frames(audio: bytes, rate: int = 8000) -> list[bytes]:
    size = pcm.frame_bytes(rate)
    return [audio[at : at + size] for at in range(0, len(audio), size)]


@pytest.mark.parametrize("byte_ms", [20, 25, 60])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000])
def test_every_kind_of_character_is_heard_as_it_was_spoken(rate: int, byte_ms: int) -> None:
    assert tone.hear(tone.speak(MIXED, rate, byte_ms), rate, byte_ms) == MIXED


@settings(max_examples=30, deadline=None)
@given(TEXT)
def test_any_text_is_heard_as_it_was_spoken(text: str) -> None:
    assert tone.hear(tone.speak(text, 8000, 20), 8000, 20) == text


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 1500), max_size=40))
def test_it_does_not_matter_how_the_audio_is_cut_into_chunks(sizes: list[int]) -> None:
    audio = pcm.silence(33, 8000) + tone.speak("你好 hello", 8000, 20) + pcm.silence(95, 8000)
    assert hear_in_chunks(audio, 8000, 20, sizes) == hear_in_chunks(audio, 8000, 20, [])


@pytest.mark.parametrize("byte_ms", [20, 60])
@pytest.mark.parametrize("peak_dbfs", [-3, -12, -35])
@pytest.mark.parametrize("source_rate", [24000, 16000, 8000])
def test_it_survives_rate_conversion_and_a_law_at_telephone_levels(
    source_rate: int, peak_dbfs: int, byte_ms: int
) -> None:
    audio = np.frombuffer(tone.speak(MIXED, source_rate, byte_ms), "<i2")
    line = soxr.resample(audio, source_rate, 8000).astype("<i2").tobytes()
    line = pcm.alaw_decode(pcm.alaw_encode(louder(line, peak_dbfs + 12)))
    assert tone.hear(line, 8000, byte_ms) == MIXED


def test_it_speaks_at_the_level_of_a_telephone_voice() -> None:
    samples = np.frombuffer(tone.speak(MIXED * 5, 8000), "<i2")
    assert 20 * np.log10(np.abs(samples).max() / 32768) == pytest.approx(-12, abs=1.5)
    assert -27 < pcm.level_dbfs(samples.tobytes()) < -21


@pytest.mark.parametrize("byte_ms", [20, 60])
def test_a_character_is_heard_when_it_was_spoken(byte_ms: int) -> None:
    text, lead_ms = "a你b", 137
    audio = pcm.silence(lead_ms, 8000) + tone.speak(text, 8000, byte_ms)
    assert len(audio) == pcm.frame_bytes(8000) // 20 * (lead_ms + tone.duration_ms(text, byte_ms))
    heard = hear_in_chunks(audio, 8000, byte_ms, [])
    for (index, begin, end), one in zip(tone.spans(text, byte_ms), heard, strict=True):
        assert one.text == text[index]
        assert one.begin_ms == pytest.approx(lead_ms + begin, abs=2)
        assert one.end_ms == pytest.approx(lead_ms + end - 0.18 * byte_ms, abs=2)


def test_a_stream_tells_a_character_soon_after_it_was_spoken() -> None:
    ear, told_ms = tone.Ear(8000, 20), {}
    audio = tone.speak("abc", 8000, 20) + pcm.silence(400, 8000)
    for index, frame in enumerate(frames(audio)):
        for heard in ear.feed(frame):
            told_ms[heard.text] = (index + 1) * 20 - heard.end_ms
    assert list(told_ms) == ["a", "b", "c"]
    assert max(told_ms.values()) <= 20 + 100 + 20


def test_silence_between_symbols_has_no_meaning() -> None:
    spoken = [tone.speak(char, 8000, 20) for char in "你好 hello"]
    for gap_ms in (0, 5, 40, 700):
        assert tone.hear(pcm.silence(gap_ms, 8000).join(spoken), 8000, 20) == "你好 hello"


@pytest.mark.parametrize("byte_ms", [20, 60])
def test_a_frame_that_is_dropped_anywhere_is_never_repaired(byte_ms: int) -> None:
    text = "0123456789天气"
    whole = frames(tone.speak(text, 8000, byte_ms))
    for index in range(len(whole)):
        heard = tone.hear(b"".join(whole[:index] + whole[index + 1 :]), 8000, byte_ms)
        assert heard != text, f"frame {index} of {len(whole)} was not missed"
        assert len(heard) >= len(text) - 2


def test_a_dropped_frame_that_is_not_a_symbol_s_shows_as_damage() -> None:
    text = "0123456789"
    audio = tone.speak(text, 8000, 60)
    for at in range(0, len(audio) - 320, 182):
        heard = tone.hear(audio[:at] + audio[at + 320 :], 8000, 60)
        assert tone.DAMAGED in heard, f"the cut at byte {at} was not heard"
        assert heard.replace(tone.DAMAGED, "") in {text.replace(a, "").replace(b, "") for a in text for b in text}


def test_a_frame_replaced_by_silence_or_sent_twice_shows_as_damage() -> None:
    text = "0123456789天气"
    whole = frames(tone.speak(text, 8000, 60))
    for index in range(len(whole) - 1):  # the last holds the end of a tone only
        for instead in ([bytes(320)], [whole[index], whole[index]]):
            heard = tone.hear(b"".join(whole[:index] + instead + whole[index + 1 :]), 8000, 60)
            assert tone.DAMAGED in heard, f"frame {index} of {len(whole)}: {heard}"


def test_an_underrun_inside_a_symbol_shows_as_damage() -> None:
    audio = tone.speak("abcdef", 8000, 60)
    inside = 16 * 80  # 80 ms: in the middle of b
    heard = tone.hear(audio[:inside] + pcm.silence(60, 8000) + audio[inside:], 8000, 60)
    assert heard == f"a{tone.DAMAGED * 2}cdef"


def test_audio_cut_in_mid_character_ends_in_damage() -> None:
    audio = tone.speak("你好吗", 8000, 60)
    cut = audio[: 16 * (2 * 180 + 90)]  # in the middle of the third character's second byte
    assert tone.hear(cut, 8000, 60) == f"你好{tone.DAMAGED}"


def test_pieces_in_the_wrong_order_are_heard_in_the_wrong_order() -> None:
    one, two = tone.speak("天气", 8000, 20), tone.speak("很好", 8000, 20)
    assert tone.hear(two + one, 8000, 20) == "很好天气"
    whole = frames(tone.speak("abcd", 8000, 60))
    whole[3], whole[7] = whole[7], whole[3]
    assert tone.hear(b"".join(whole), 8000, 60) != "abcd"


def test_two_halves_of_different_symbols_are_not_one_of_them() -> None:
    one, two = tone.speak("a", 8000, 60), tone.speak("z", 8000, 60)
    for share in (0.25, 0.5, 0.75):
        cut = round(share * 480) * 2
        assert tone.hear(one[:cut] + two[cut:], 8000, 60) == tone.DAMAGED


def test_two_voices_at_once_are_not_heard_as_either() -> None:
    one = np.frombuffer(tone.speak("hello", 8000, 60), "<i2") // 2
    two = np.frombuffer(tone.speak("98765", 8000, 60), "<i2") // 2
    heard = tone.hear((one + two).tobytes(), 8000, 60)
    assert heard.strip(tone.DAMAGED) == ""


def test_noise_and_music_and_silence_say_nothing() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(8000 * 6) / 8000
    for name, samples in {
        "silence": np.zeros(len(t)),
        "noise": 3000 * rng.standard_normal(len(t)),
        "noise in bursts of 49 ms": 3000 * rng.standard_normal(len(t)) * (t % 0.06 < 0.049),
        "a vowel": sum(2000 / h**1.3 * np.sin(2 * np.pi * 130 * h * t) for h in range(1, 28)) * (t % 0.3 < 0.2),
        "a dial tone": 5000 * np.sin(2 * np.pi * 425 * t),
    }.items():
        heard = tone.hear(np.clip(samples, -32768, 32767).astype("<i2").tobytes(), 8000, 60)
        assert len(heard) <= 2, name


@pytest.mark.parametrize("judge", ["webrtc:0", "webrtc:1", "webrtc:2", "webrtc:3", "level", "silero"])
@pytest.mark.parametrize("rate", [8000, 16000])
def test_voice_activity_takes_it_for_one_stretch_of_speech(judge: str, rate: int) -> None:
    if judge == "silero":
        needs_silero()
    for text in ("你好，请问明天会不会下雨？", "Hello, is it 1234567890?", "aaaaaaaaaaaaaaaaaaaaaaaa", "😀😀😀😀"):
        spoken = tone.speak(text, rate, 60)
        ears = Ears(vad.make(judge, rate), 100, 200, 500)
        edges = ears.feed(pcm.silence(500, rate) + spoken + pcm.silence(1000, rate), now=100.0)
        told = [type(edge).__name__ for edge in edges]
        assert [name for name in told if name != "CallerHushed"] == ["CallerStirred", "CallerBegan", "CallerPaused"], (
            text
        )
        began, stopped = 100 - 1 - len(spoken) / rate / 2, 100 - 1
        assert began <= edges[0].at <= began + 0.3  # type: ignore[union-attr]
        assert stopped - 0.35 <= edges[2].last_speech <= stopped + 0.4  # type: ignore[union-attr]


def test_bytes_that_are_no_utf_8_are_damage_of_one_character_each() -> None:
    symbols = tone._symbols(8000, 20)
    for data, text in {
        b"a\x80b": f"a{tone.DAMAGED}b",
        b"\xe4\xbda": f"{tone.DAMAGED}a",
        b"\xe4\xbd": tone.DAMAGED,
        b"\xff\xbf\xbfz": f"{tone.DAMAGED}z",
        b"\xed\xa0\x80": tone.DAMAGED,
        b"\xc0\xafx": f"{tone.DAMAGED}x",
    }.items():
        assert tone.hear(symbols[list(data)].tobytes(), 8000, 20) == text


def test_a_lone_surrogate_is_spoken_as_a_question_mark() -> None:
    assert tone.hear(tone.speak("a\ud83db", 8000, 20), 8000, 20) == "a?b"
    assert tone.duration_ms("a\ud83db", 20) == 60


def test_a_long_text_is_heard_to_the_last_character() -> None:
    alphabet = "".join(chr(code) for code in range(0x4E00, 0x4F00)) + "abcdefghij0123456789，。😀"
    text = "".join(random.Random(7).choices(alphabet, k=600))
    assert tone.hear(tone.speak(text, 8000, 20), 8000, 20) == text


def test_the_ear_refuses_what_it_can_not_hear() -> None:
    for rate, byte_ms in ((4000, 60), (8000, 10), (8000, 5000)):
        with pytest.raises(ValueError, match="tone voice needs"):
            tone.Ear(rate, byte_ms)
