"""The `firstword` command as a whole: what each of its commands is for stands in its help and in the documentation."""

from __future__ import annotations

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


def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(module: str) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name="aiohttp")

    monkeypatch.setattr(cli.importlib, "import_module", gone)
    assert cli.main(["gateway"]) == 1
    assert "'aiohttp' is missing: pip install 'firstword[gateway]'" in capsys.readouterr().err


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
