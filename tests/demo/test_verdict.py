"""What makes a demonstration a failure after the call has run through."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firstword.audio import tone
from firstword.demo import command
from firstword.demo.parts import Parts
from firstword.sim.caller import Conversation
from firstword.sim.line import Line
from firstword.sim.stage import Played

WHOLE = "您好。一共 三十 元。周末也送再见。"  # the record has 30, as the model wrote it


def played(record: dict[str, Any], heard: str, **call: Any) -> Played:
    """A call in which the caller heard this in the tone voice."""
    line, pcm = Line(), tone.speak(heard, 8000, 20)
    for at in range(0, len(pcm), line.frame_bytes):
        line.hear(pcm[at : at + line.frame_bytes].ljust(line.frame_bytes, b"\0"), at / 16000)
    seen = SimpleNamespace(**{"error": "", "leaked": False, "variables": {"firstword_result": "completed"}, **call})
    return Played(Conversation(line, 20), seen, record)


def finish(folder: Path, call: Played, parts: Parts | None = None) -> int:
    return command._finish(argparse.Namespace(out=folder, json=None, byte_ms=20), parts or Parts(), call, 0.0)


def test_a_call_in_which_every_character_was_heard_is_none(tmp_path: Path, record: dict[str, Any]) -> None:
    assert finish(tmp_path, played(record, WHOLE)) == 0


@pytest.mark.parametrize("heard", [WHOLE.replace("三十", "三"), WHOLE + "喂", ""])
def test_a_character_too_few_or_too_many_is_one_and_everything_is_kept(
    tmp_path: Path, record: dict[str, Any], capsys: pytest.CaptureFixture[str], heard: str
) -> None:
    assert finish(tmp_path, played(record, heard)) == 1
    said = capsys.readouterr()
    assert said.err.startswith("firstword demo: ") and said.err.count("\n") == 1 and "the ear" in said.err
    assert "by ear: every character" not in said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.html", "call.json", "call.wav"]


def test_a_real_voice_is_not_judged_by_the_ear_of_the_tone_voice(tmp_path: Path, record: dict[str, Any]) -> None:
    assert finish(tmp_path, played(record, ""), Parts(voice="zh-en")) == 0
    assert "by ear" not in (tmp_path / "call.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ({"error": "Traceback\nValueError: no\n"}, "the door raised: ValueError: no"),
        ({"leaked": True}, "the session was still referenced when its handler had returned"),
        ({"variables": {"firstword_error": "no such profile"}}, "the call failed: no such profile"),
        ({"variables": {"firstword_result": "error"}}, "the call failed: its log says why (--verbose)"),
    ],
)
def test_what_the_bot_says_of_itself_is_the_cause(
    tmp_path: Path, record: dict[str, Any], capsys: pytest.CaptureFixture[str], call: dict[str, Any], line: str
) -> None:
    broken = played(record, WHOLE, **call)
    broken.conversation.failure = "step 3: the call ended first"
    assert finish(tmp_path, broken) == 1
    assert capsys.readouterr().err == f"firstword demo: {line}\n"


def test_a_call_that_was_never_answered_leaves_nothing_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = played({}, "")
    silent.conversation.failure = "the beginning: the call was not answered"
    arguments = argparse.Namespace(out=tmp_path, json=None, byte_ms=20)
    assert command._finish(arguments, Parts(), silent, None) == 1
    assert capsys.readouterr().err == "firstword demo: the beginning: the call was not answered\n"
    assert list(tmp_path.iterdir()) == []
