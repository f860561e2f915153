"""A caller's script: what is understood, and the one line for what is not."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

from firstword.errors import ScriptError
from firstword.sim.room import Echo, Noise
from firstword.sim.script import (
    Backchannel,
    HangUp,
    MakeNoise,
    Pause,
    Play,
    Press,
    Say,
    SayInParts,
    Wait,
    WaitFor,
    load,
    parse,
)
from firstword.sim.wav import at_rate, read_wav

WHOLE = """
name: asks once
byte_ms: 40
silence: 500 ms
within: 10 s
steps:
  - wait_for: silence
  - say: 你好
  - {say: slowly, byte_ms: 100}
  - say: [我的号码是, pause: 0.7 s, "0138", {noise: knock, ms: 90}, pause: 600 ms, "1234"]
  - backchannel: 嗯
  - noise: cough
  - {noise: hiss, ms: 400, dbfs: -30}
  - wait_for: reply
    within: 3 s
  - interrupt_after: 800 ms
  - wait_for: {words: 再见}
  - wait_for: silence
    silence: 1.5 s
  - wait: 0.25 s
  - key: 12#
  - key: 5
  - wait_for: end
  - hang_up
"""


def test_every_step_of_the_language_is_understood(tmp_path: Path) -> None:
    script = parse(WHOLE, "a.yaml", tmp_path)
    assert script.name == "asks once"
    assert script.byte_ms == 40
    assert script.steps == (
        WaitFor("silence", within=10, silence=0.5),
        Say("你好", 40),
        Say("slowly", 100),
        SayInParts(("我的号码是", Pause(0.7), "0138", Noise("knock", 90), Pause(0.6), "1234"), 40),
        Backchannel("嗯", 40),
        MakeNoise(Noise()),
        MakeNoise(Noise("hiss", 400, -30)),
        WaitFor("reply", within=3, silence=0.5),
        WaitFor("reply", within=10, silence=0.5),
        Wait(0.8),
        WaitFor("words", "再见", within=10, silence=0.5),
        WaitFor("silence", within=10, silence=1.5),
        Wait(0.25),
        Press("12#"),
        Press("5"),
        WaitFor("end", within=10, silence=0.5),
        HangUp(),
    )


def test_a_list_of_steps_alone_is_a_script(tmp_path: Path) -> None:
    assert parse("- say: hello\n- hang_up\n", "a.yaml", tmp_path).steps == (Say("hello"), HangUp())


def test_what_the_line_does_and_what_is_for_others_stands_beside_the_steps(tmp_path: Path) -> None:
    text = "echo: {db: -26}\nline_noise: -50\nabout: {tags: [a], model: [b]}\nsteps: [hang_up]\n"
    script = parse(text, "a.yaml", tmp_path)
    assert (script.echo, script.line_noise, script.about) == (Echo(-26, 120), -50, {"tags": ["a"], "model": ["b"]})
    plain = parse("- hang_up", "a.yaml", tmp_path)
    assert (plain.echo, plain.line_noise, plain.about) == (None, None, {})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- say: [a, pause: 1 s]", "a.yaml, step 1: what is said in parts begins and ends with a text"),
        ("- say: []", "what is said in parts begins and ends with a text"),
        (
            "- say: [a, pause: 1 s, 0123]",
            "a part is a text (digits in quotes), 'pause: 700 ms' or 'noise: cough', not 83",
        ),
        ("- say: [a, puase: 1 s, b]", "a part is a text"),
        ("- say: [a, pause: 700, b]", "700 is no time"),
        ("- say: [a, {pause: 1 s, ms: 1}, b]", "unknown setting of a pause 'ms'"),
        ("- say: [a, {noise: cough, db: 1}, b]", "unknown setting of noise 'db'"),
        ("- backchannel:", "backchannel needs a text"),
        ("- noise: cuogh", "noise takes cough, knock, hiss, not 'cuogh' (did you mean 'cough'?)"),
        ("- noise: cough\n  ms: 5", "ms takes 20 to 10000, not 5"),
        ("- noise: cough\n  dbfs: 3", "dbfs takes -60 to -10, not 3"),
        ("echo: -20\nsteps: [hang_up]", "a.yaml: echo takes {{db: -20, delay_ms: 120}}, not -20"),
        ("echo: {delay: 90}\nsteps: [hang_up]", "unknown setting of echo 'delay' (did you mean 'delay_ms'?)"),
        ("echo: {delay_ms: 5}\nsteps: [hang_up]", "delay_ms takes 20 to 1000, not 5"),
        ("line_noise: loud\nsteps: [hang_up]", "line_noise takes -80 to -10, not 'loud'"),
        ("about: [a]\nsteps: [hang_up]", "about takes names with values"),
        ("- sya: hello", "a.yaml, step 1: unknown step 'sya' (did you mean 'say'?)"),
        ("- say: hello\n- hangup", "a.yaml, step 2: unknown step 'hangup' (did you mean 'hang_up'?)"),
        ("- say: hello\n  bite_ms: 40", "a.yaml, step 1: unknown setting of say 'bite_ms' (did you mean 'byte_ms'?)"),
        ("- say: a\n  wait: 1 s", "two steps in one: say and wait"),
        ("- say:", "say needs a text"),
        ("- wait: 3", "3 is no time: write 500 ms or 1.5 s"),
        ("- wait: soon", "'soon' is no time"),
        ("- wait_for: repply", "not 'repply' (did you mean 'reply'?)"),
        ("- wait_for: words", "wait_for words needs a text"),
        ("- wait_for: {words: ''}", "wait_for words needs a text"),
        ("- wait_for: {word: a}", "unknown thing to wait for 'word' (did you mean 'words'?)"),
        ("- key: E", "key takes some of 0-9 * # A-D"),
        ("- key:", "key takes some of"),
        ("- say: a\n  byte_ms: 5", "byte_ms takes 20 to 1000, not 5"),
        ("- 5", "a step is a word with a value, such as 'say: hello', not 5"),
        ("- play: none.wav", "step 1: {folder}/none.wav can not be read: No such file or directory"),
        ("steps: []", "there are no steps"),
        ("", "there are no steps"),
        ("stpes:\n- hang_up", "unknown setting 'stpes' (did you mean 'steps'?)"),
        ("- say: a\n- [", "a.yaml, line 2: expected the node content"),
        ("hello", "there are no steps"),
    ],
)
def test_what_is_not_understood_is_one_clear_line(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptError) as error:
        parse(text, "a.yaml", tmp_path)
    assert complaint.format(folder=tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_script_that_is_missing_or_no_text_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"none\.yaml can not be read: No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScriptError, match="not text in UTF-8"):
        load(tmp_path / "bin.yaml")


def write_wav(path: Path, samples: np.ndarray, rate: int, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1] if samples.ndim == 2 else 1)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2" if width == 2 else np.uint8).tobytes())
    return path


def test_a_recording_is_found_beside_the_script_and_mixed_to_one_channel(tmp_path: Path) -> None:
    stereo = np.stack((np.full(800, 1000), np.full(800, 3000)), axis=1)
    write_wav(tmp_path / "a.wav", stereo, 8000)
    (tmp_path / "a.yaml").write_text("- play: a.wav\n")
    (step,) = load(tmp_path / "a.yaml").steps
    assert isinstance(step, Play)
    assert (step.name, step.rate) == ("a.wav", 8000)
    assert set(np.frombuffer(step.pcm, "<i2")) == {2000}


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 44100, 48000])
def test_a_recording_of_any_rate_keeps_its_length_and_its_pitch(tmp_path: Path, rate: int) -> None:
    sine = 8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    pcm, found = read_wav(write_wav(tmp_path / "a.wav", sine, rate))
    samples = np.frombuffer(at_rate(pcm, found, 8000), "<i2")
    assert len(samples) == pytest.approx(8000, abs=2)
    assert np.abs(np.fft.rfft(samples)).argmax() == pytest.approx(440, abs=1)
    assert soxr.resample(samples, 8000, 8000) is not None


def test_what_is_no_such_wav_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "empty.wav").write_bytes(b"")
    write_wav(tmp_path / "bytes.wav", np.zeros(80), 8000, width=1)
    write_wav(tmp_path / "slow.wav", np.zeros(80), 4000)
    write_wav(tmp_path / "mute.wav", np.zeros(0), 8000)
    for name, complaint in {
        "text.wav": "is not a WAV file of 16-bit samples",
        "empty.wav": "is not a WAV file of 16-bit samples (it is too short)",
        "mute.wav": "holds no audio",
        "bytes.wav": "has 8 bits, 1 channels and 8000 Hz: mono or stereo, 16 bits, 8 to 48 kHz is understood",
        "slow.wav": "4000 Hz",
    }.items():
        with pytest.raises(ScriptError) as error:
            read_wav(tmp_path / name)
        assert complaint in str(error.value)
        assert str(tmp_path / name) in str(error.value)
