"""``firstword call``: a whole call by the real door, and one clear line for what can not be."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from firstword import cli
from firstword.gateway.server import Gateway
from firstword.sim.command import table

SCRIPT = """
name: hello
steps:
  - wait_for: silence
    silence: 300 ms
  - say: hello
  - wait_for: silence
    silence: 300 ms
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "hello.yaml"
    path.write_text(SCRIPT)
    return path


EXAMPLE = Path(__file__).parents[2] / "conf" / "autoload_configs" / "firstword.conf.xml"


def firstword(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firstword.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


def test_a_call_runs_through_and_leaves_its_recording_and_its_record(script: Path, tmp_path: Path) -> None:
    done = firstword("call", script, "--record", tmp_path / "kept", "--json", tmp_path / "out.json")
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads((tmp_path / "out.json").read_text())
    assert outcome["failure"] == ""
    assert outcome["result"] == "hangup"
    assert outcome["heard"] == outcome["record"]["phrases"][0]["heard"] + "hello"
    (turn,) = outcome["record"]["turns"]
    assert (turn["caller"], turn["heard"]) == ("hello", "hello")
    assert [step["step"] for step in outcome["steps"]] == ["wait_for: silence", "say: hello", "wait_for: silence"]
    assert "hello   hello" in done.stdout
    assert "result: hangup, ended by the caller" in done.stdout
    with wave.open(str(tmp_path / "kept" / "hello.wav")) as file:
        assert file.getnchannels() == 2
        assert file.getnframes() / 8000 == pytest.approx(outcome["ended_ms"] / 1000, abs=0.5)
    assert json.loads((tmp_path / "kept" / "hello.json").read_text()) == outcome


def test_a_script_that_does_not_run_through_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "in_vain.yaml"
    path.write_text("- wait_for: {words: never said}\n  within: 300 ms\n")
    with Gateway() as gateway:
        done = firstword("call", path, "--gateway", gateway.url)
    assert done.returncode == 1
    line = "firstword call: step 1 (wait_for: words never said): they were not heard within 0.3 s"
    assert done.stderr.splitlines()[-1] == line


def test_an_unreachable_gateway_is_named_in_one_line(script: Path) -> None:
    done = firstword("call", script, "--gateway", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "nobody listens at 127.0.0.1:1" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["{folder}/none.yaml"], "none.yaml can not be read: No such file or directory"),
        (
            ["{folder}/hello.yaml", "--config", "{folder}/none.xml"],
            "none.xml can not be read: No such file or directory",
        ),
        (
            ["{folder}/hello.yaml", "--config", "{folder}/hello.yaml"],
            "firstword.conf is no well-formed XML: syntax error: line 2, column 0",
        ),
        (["{folder}/hello.yaml", "--config", str(EXAMPLE), "--profile", "defualt"], "(did you mean 'default'?)"),
        (["{folder}/hello.yaml", "--config", "{folder}"], "can not be read: Is a directory"),
        (
            ["{folder}/hello.yaml", "--gateway", "here"],
            "--gateway takes an address such as http://127.0.0.1:8190, not 'here'",
        ),
        (["{folder}/hello.yaml", "--speed", "0"], "--speed takes 0.1 to 20, not 0"),
        (["{folder}/hello.yaml", "--record", "/proc/none"], "/proc/none can not be made"),
    ],
)
def test_bad_input_gets_one_clear_line(
    script: Path, tmp_path: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["call", *(argument.format(folder=tmp_path) for argument in arguments)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("firstword call: ")
    assert complaint in line


def test_a_table_keeps_its_columns_with_chinese_in_them() -> None:
    rows = [("a", "b"), ("你好", "1"), ("x" * 40, "2")]
    assert table(rows).splitlines() == [
        f"a{' ' * 29}b",
        f"{'-' * 28}  -",
        f"你好{' ' * 24}  1",
        f"{'x' * 27}…  2",
    ]
