"""The `firstword` command as a whole: what each of its commands is for stands in its help and in the documentation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firstword import __version__, cli
from firstword.bench.command import BENCHES

ROOT = Path(__file__).parent.parent


ALL = [(name,) for name in cli.COMMANDS if name != "bench"] + [("bench", name) for name in BENCHES]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_help_that_says_more_than_its_name(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: firstword {' '.join(words)}") and "--json" in shown
    assert len(shown) > 250


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"firstword {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_list_of_commands_needs_none_of_their_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown and summary.split(",")[0][:30] in shown for name, (_, summary) in cli.COMMANDS.items())


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"firstword {__version__}\n"


@pytest.mark.parametrize(
    ("words", "package"), [("gateway", "aiohttp"), ("bench content", "yaml"), ("doctor --live --local", "aiohttp")]
)
def test_a_package_that_is_missing_is_named_with_the_line_that_brings_it(words: str, package: str) -> None:
    """As in the environment that `sudo ./install.sh` makes; at whatever moment it is found to be missing."""
    code = (
        f"import sys; sys.modules[{package!r}] = None; from firstword import cli; sys.exit(cli.main({words.split()!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    line = (
        f"firstword {words.split()[0]}: the package {package!r} is not in {sys.prefix}; .venv/bin/firstword of the checkout has it "
        "after ./install.sh demo, or ./install.sh test\n"
    )
    assert done.stderr == line


@pytest.mark.parametrize("arguments", [[], ["dance"]])
def test_a_misuse_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert "usage: firstword" in capsys.readouterr().err


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_is_in_the_documentation(name: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(name in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize(
    "words", [("demo", "--lite"), ("call", "{ok}"), ("bench", "content"), ("speak", "喂"), ("gateway",)], ids=" ".join
)
def test_what_is_measured_is_not_lost_to_a_file_that_can_not_be_written(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ok.yaml").write_text("steps: [hang_up]")
    arguments = [word.format(ok=tmp_path / "ok.yaml") for word in words]
    assert cli.main([*arguments, "--json", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.err == f"firstword {words[0]}: {tmp_path} can not be written: Is a directory\n"
    assert shown.out == "", "nothing was begun"


def test_an_older_result_stays_until_there_is_another(tmp_path: Path) -> None:
    older = tmp_path / "older.json"
    older.write_text("{}")
    assert cli.main(["call", str(tmp_path / "no.yaml"), "--json", str(older)]) == 1
    assert older.read_text() == "{}"
    assert cli.main(["call", str(tmp_path / "no.yaml"), "--json", str(tmp_path / "folder" / "new.json")]) == 1
    assert not (tmp_path / "folder" / "new.json").exists()


def test_a_command_that_is_terminated_leaves_no_gateway_behind(tmp_path: Path) -> None:
    script = tmp_path / "patient.yaml"
    script.write_text("steps: [{wait_for: silence}, {wait: 30 s}]")
    command = [sys.executable, "-m", "firstword.cli", "call", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ours:
        assert ours.stdout is not None and ours.stderr is not None
        assert "wait_for: silence" in ours.stdout.readline()
        gateway = int(Path(f"/proc/{ours.pid}/task/{ours.pid}/children").read_text())
        ours.send_signal(signal.SIGTERM)
        assert (ours.wait(20), ours.stderr.read()) == (128 + signal.SIGTERM, "")
    with pytest.raises(ProcessLookupError):
        os.kill(gateway, 0)


def test_ctrl_c_while_it_still_imports_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(module: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", interrupted)
    assert cli.main(["demo"]) == 130


def test_a_terminal_that_lacks_a_character_is_shown_another_one() -> None:
    command = [sys.executable, "-m", "firstword.cli", "speak", "好😀"]
    for encoding, shown in {"gbk": "好?", "ascii": "??", "utf-8": "好😀"}.items():
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(command, capture_output=True, env=environment, timeout=30, check=True)
        assert f"written  {shown}\n" in done.stdout.decode(encoding)


def test_who_has_seen_enough_of_it_ends_it_without_a_traceback(tmp_path: Path) -> None:
    script = tmp_path / "steps.yaml"
    script.write_text("steps: [{wait_for: silence}, {wait: 100 ms}, {wait: 100 ms}, hang_up]")
    line = f"{sys.executable} -m firstword.cli call {script} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=40, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("calls", "--calls", "0"), "argument --calls: takes 1 or more, not 0"),
        (("calls", "--seconds", "-1"), "argument --seconds: takes more than 0, not -1"),
        (("barge-in", "--interruptions", "-3"), "argument --interruptions: takes 1 or more, not -3"),
        (("first-word", "--tokens-per-s", "0"), "argument --tokens-per-s: takes more than 0, not 0"),
        (("first-word", "--turns", "many"), "argument --turns: invalid count value: 'many'"),
    ],
)
def test_a_number_that_measures_nothing_is_misuse(
    words: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["bench", *words])
    assert left.value.code == 2
    assert capsys.readouterr().err.endswith(f"{line}\n")


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("endpoint-sm=300", "unknown setting 'endpoint_sm' (did you mean 'endpoint_ms'?)"),
        ("endpoint-ms=soon", "endpoint_ms takes a whole number, not 'soon'"),
    ],
)
def test_bench_turns_plays_no_calls_that_all_fail_by_a_setting(
    setting: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", "turns", "--setting", setting]) == 1
    shown = capsys.readouterr()
    assert (shown.err, shown.out) == (f"firstword bench: --setting: {line}\n", "")
