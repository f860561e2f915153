"""The real recogniser, and how audio is cut for it."""

from __future__ import annotations

import csv
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from firstword.audio.pcm import level_dbfs
from firstword.gateway.engines.whisper import LONGEST_MS, LOOP, Whisper, _chinese_marks, _joined, pieces
from firstword.gateway.engines.whisper_mel import RATE

from .conftest import words

CALLER = Path(__file__).parents[1] / "recordings" / "caller"
with (CALLER / "transcripts.tsv").open(encoding="utf-8", newline="") as _table:
    SENTENCES = {row["file"]: row["text"] for row in csv.DictReader(_table, delimiter="\t")}


def recording(name: str) -> bytes:
    with wave.open(str(CALLER / name)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return file.readframes(file.getnframes())


@pytest.mark.parametrize("name", SENTENCES)
def test_a_callers_sentence_is_heard_without_an_error(whisper: Whisper, name: str) -> None:
    assert words(whisper.transcribe(recording(name), 8000)) == words(SENTENCES[name])


@pytest.mark.parametrize("name", SENTENCES)
def test_the_recordings_are_small_and_as_loud_as_a_telephone(name: str) -> None:
    assert (CALLER / name).stat().st_size < 100_000
    assert -22 < level_dbfs(recording(name)) < -16


def test_every_recording_has_its_words() -> None:
    assert {path.name for path in CALLER.glob("*.wav")} == set(SENTENCES)


def test_what_is_not_speech_has_no_words(whisper: Whisper) -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 300, 16_000)
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 8000)
    for sound in (np.zeros(16_000), noise, tone):
        assert whisper.transcribe(sound.astype("<i2").tobytes(), 8000) == ""
    assert whisper.transcribe(b"", 8000) == ""


def test_a_quiet_caller_is_heard_too(whisper: Whisper) -> None:
    quiet = (np.frombuffer(recording("zh_goodbye.wav"), "<i2") // 30).astype("<i2").tobytes()
    assert words(whisper.transcribe(quiet, 8000)) == "好的谢谢再见"


def test_a_sentence_takes_far_less_work_than_the_stock_window_does(
    whisper: Whisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By processor time, which others on the machine hardly change: 0.5 s against 1.4 s measured."""

    def work() -> float:
        begun = time.process_time()
        whisper.transcribe(recording("zh_how_much_to_beijing.wav"), 8000)
        return time.process_time() - begun

    short = min(work() for _ in range(2))
    monkeypatch.setattr("firstword.gateway.engines.whisper.WINDOW_FRAMES", 3000)
    assert short < 0.6 * work()


def test_two_callers_at_once_are_both_heard(whisper: Whisper) -> None:
    names = ["zh_goodbye.wav", "en_do_you_deliver_on_weekends.wav"]
    with ThreadPoolExecutor(2) as threads:
        heard = list(threads.map(lambda name: words(whisper.transcribe(recording(name), 8000)), names))
    assert heard == [words(SENTENCES[name]) for name in names]


def test_more_than_a_window_is_heard_whole(whisper: Whisper) -> None:
    names = [
        "zh_when_will_it_arrive.wav",
        "zh_how_much_to_beijing.wav",
        "zh_wait_another_question.wav",
        "zh_goodbye.wav",
    ]
    pcm = bytes(8000).join(recording(name) for name in names)
    assert len(pcm) / 16 > LONGEST_MS
    heard = words(whisper.transcribe(pcm, 8000))
    assert "快递" in heard and "北京" in heard and heard.endswith("再见")


def test_long_audio_is_cut_where_it_is_quietest_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(7)
    sound = rng.normal(0, 0.1, 20 * RATE).astype(np.float32)
    sound[7 * RATE : 7 * RATE + RATE // 5] = 0.0
    cut = pieces(sound)
    assert np.array_equal(np.concatenate(cut), sound)
    assert all(len(piece) <= RATE * LONGEST_MS // 1000 for piece in cut)
    assert 7.0 <= len(cut[0]) / RATE <= 7.2


def test_short_audio_is_one_piece() -> None:
    assert [len(piece) for piece in pieces(np.zeros(RATE, np.float32))] == [RATE]


@pytest.mark.parametrize(
    ("texts", "whole"),
    [(["你好", "再见"], "你好再见"), (["Good", "", "bye"], "Good bye"), (["好", "bye"], "好bye"), ([], "")],
)
def test_pieces_of_an_utterance_are_joined_as_they_are_written(texts: list[str], whole: str) -> None:
    assert _joined(texts) == whole


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("您等 您等 您等 您等 您等", True),
        ("谢谢谢谢", False),
        ("88888888", False),
        ("好的好的好的好的", True),
        ("你好，再见", False),
    ],
)
def test_a_decoder_in_a_loop_is_known_by_what_it_writes(text: str, loops: bool) -> None:
    assert bool(LOOP.search(text)) is loops


@pytest.mark.parametrize(
    ("text", "written"),
    [("你好,能到吗?", "你好，能到吗？"), ("10:30,共1,000元!", "10:30，共1,000元！"), ("好。", "好。")],
)
def test_chinese_is_written_with_its_own_marks(text: str, written: str) -> None:
    assert _chinese_marks(text) == written
