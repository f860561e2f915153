"""``firstword demo --lite`` as it is run: a process of its own, with the stacks and the recursion limit of FreeSWITCH."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstword.audio import tone
from firstword.call.record import MARKS
from firstword.demo import story
from firstword.sim.script import Play, Say, WaitFor

BYTE_MS = 20
CALLER = """
silence: 500 ms
within: 15 s
byte_ms: 20
steps:
  - wait_for: silence
  - say: 多少钱？
  - interrupt_after: 500 ms
  - say: 算了，不用了。
  - wait_for: silence
  - say: 再见
  - wait_for: end
"""
REPLIES = """
match:
  - {when: 多少钱, text: 首重 12 元，续重每公斤 5 元，两天左右就能送到您家门口。}
  - {when: 不用了, text: 好的。}
"""


@dataclass
class Ran:
    code: int
    out: str
    error: str


def demo(folder: Path, *flags: str, caller: str = CALLER) -> Ran:
    """Run it in `folder`."""
    (folder / "caller.yaml").write_text(caller, encoding="utf-8")
    (folder / "replies.yaml").write_text(REPLIES, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "firstword.cli", "demo", "--lite", f"--byte-ms={BYTE_MS}"]
    command += ["--caller=caller.yaml", "--model-script=replies.yaml", *flags]
    ran = subprocess.run(
        command, check=False, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def ran(folder: Path) -> Ran:
    """One call, which all stories below look at."""
    return demo(folder, "--json", "deep/out.json", "--out", "here")


@pytest.fixture
def record(folder: Path, ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.error
    made = json.loads((folder / "deep" / "out.json").read_text(encoding="utf-8"))
    assert isinstance(made, dict)
    return made


def channels(folder: Path) -> tuple[bytes, bytes]:
    with wave.open(str(folder / "here" / "call.wav"), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0].tobytes(), both[:, 1].tobytes()


def test_it_ends_with_the_table_and_says_where_everything_is(ran: Ran) -> None:
    assert ran.code == 0 and ran.error == ""
    for words in (
        "多少钱？",
        "算了，不用了。",
        "好的。",
        "[interrupted]",
        "by ear: every character",
        "ended by the bot: completed",
    ):
        assert words in ran.out
    for name in ("here/call.wav", "here/call.json", "here/call.html", "deep/out.json"):
        assert name in ran.out


def test_it_tells_the_call_while_it_runs(ran: Ran) -> None:
    told = ran.out[: ran.out.index("turn  endpoint")]
    places = [
        told.index(words)
        for words in ("caller    多少钱？", "heard as  多少钱？", "stops: the caller interrupts", "再见")
    ]
    assert places == sorted(places)


def test_the_json_is_the_call_record_itself(folder: Path, record: dict[str, Any]) -> None:
    assert record == json.loads((folder / "here" / "call.json").read_text(encoding="utf-8"))
    assert (record["result"], record["ended_by"], record["error"]) == ("completed", "bot", "")
    first, second = record["turns"]
    assert first["caller"] == "多少钱？" and first["interrupted"]
    assert first["reply"].startswith(first["heard"]) and 0 < len(first["heard"]) < len(first["reply"])
    assert second["reply"] == second["heard"] == "好的。" and not second["interrupted"]
    assert all(turn["ms"][mark] > 0 for turn in record["turns"] for mark in MARKS)
    assert all(
        "ear" not in entry for entry in record["turns"] + record["phrases"]
    )  # what was checked afterwards is not the record


def test_the_recording_has_the_caller_left_and_the_bot_right(folder: Path, record: dict[str, Any]) -> None:
    caller, bot = channels(folder)
    assert tone.hear(caller, 8000, BYTE_MS) == "多少钱？算了，不用了。再见"
    heard = tone.hear(bot, 8000, BYTE_MS).replace(tone.DAMAGED, "")
    assert heard.startswith(story.PROFILE["greeting"]) and heard.endswith(f"好的。{story.PROFILE['goodbye']}")
    recorded = record["turns"][0]["heard"]
    assert recorded.startswith("首重 12 元") and recorded.replace("12", "十二").replace(" 5", " 五")[:-1] in heard


def test_the_page_holds_the_recording_and_its_marks_lie_on_the_sound(folder: Path, record: dict[str, Any]) -> None:
    text = (folder / "here" / "call.html").read_text(encoding="utf-8")
    assert "data:audio/wav;base64,UklGR" in text and text.count("by ear: ") == 4
    caller, bot = channels(folder)
    # `playFrom` of the turn's row: three seconds before its zero, on the recording's own clock
    begin = float(text.split('<tr data-at="')[1].split('"')[0]) + 3.0
    spoken = np.flatnonzero(np.abs(np.frombuffer(caller, "<i2").astype(int)) > 1000) / 8000
    gap = int(np.flatnonzero(np.diff(spoken) > 0.5)[0])
    assert -0.02 <= begin - spoken[gap] < 0.1  # to a frame, and the pipe is so much behind the caller's lips
    first_word = begin + record["turns"][0]["ms"]["first_word"] / 1000
    sound = np.flatnonzero(np.abs(np.frombuffer(bot, "<i2").astype(int)) > 1000) / 8000
    after = sound[sound > begin][0]
    assert -0.02 <= after - first_word < 0.1  # the mark knows to a frame when the switch takes it


def test_a_caller_who_waits_in_vain_fails_the_demo_with_one_line(tmp_path: Path) -> None:
    ran = demo(tmp_path, caller="- {wait_for: {words: 不会说的话}, within: 1 s}")
    assert ran.code == 1
    assert ran.error == "firstword demo: step 1 (wait_for: words 不会说的话): they were not heard within 1 s\n"
    assert (tmp_path / "out" / "demo" / "call.html").is_file()  # what there is, is kept


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--byte-ms=5"], "--byte-ms takes 20 to 200, not 5"),
        (["--caller=nobody.yaml"], "nobody.yaml can not be read: No such file or directory"),
        (["--model-script=nothing.yaml"], "nothing.yaml can not be read: No such file or directory"),
        (["--out=caller.yaml"], "caller.yaml can not be made: File exists"),
    ],
)
def test_a_mistake_is_one_line_before_any_call(tmp_path: Path, flags: list[str], line: str) -> None:
    ran = demo(tmp_path, *flags)
    assert ran.code == 1 and "the call (" not in ran.out
    assert len(ran.error.splitlines()) == 1 and ran.error.strip().endswith(line)


def test_the_shipped_callers_ask_three_things_interrupt_once_and_say_goodbye() -> None:
    recorded = story.caller(None, story.recordings(), BYTE_MS)
    toned = story.caller(None, None, BYTE_MS)
    said = story.sentences(recorded, story.recordings())
    assert [type(step) for step in recorded.steps if isinstance(step, Play | Say)] == [Play] * 5
    assert [step.byte_ms for step in toned.steps if isinstance(step, Say)] == [BYTE_MS] * 5
    for script in (recorded, toned):
        waits = [step.what for step in script.steps if isinstance(step, WaitFor)]
        assert waits.count("reply") == 1 and waits[-1] == "end"
    assert all(text.endswith(("。", "？")) for text in said.values())  # each is known by its words, not by its file


@pytest.mark.parametrize(
    ("flags", "code"), [(["--lite", "--json", "x"], 0), (["--jsn", "x"], 2), (["--byte-ms", "slow"], 2)]
)
def test_options_are_judged_without_playing_anything(flags: list[str], code: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "firstword.demo.options", *flags]
    ran = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert not list(tmp_path.iterdir())
