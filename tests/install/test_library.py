"""The environment: what goes into it, and what of it the switch would see."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firstword.errors import HostError
from firstword.install import interpreter, library, probe

from .conftest import Machine

ROOT = Path(__file__).parents[2]


def checkout(folder: Path) -> Path:
    """A small one."""
    (folder / "lib/firstword/__pycache__").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nreadme = "README.md"\n[tool.setuptools.data-files]\n"share" = ["data/*.wav"]\n'
    )
    for name in (
        "README.md",
        "lib/firstword/a.py",
        "lib/firstword/__pycache__/a.pyc",
        "data/b.wav",
        "data/c.txt",
        "other",
    ):
        (folder / name).write_text(name)
    return folder


def test_only_what_the_package_is_made_of_is_taken(tmp_path: Path) -> None:
    names = [str(path) for path in library.sources(checkout(tmp_path))]
    assert names == ["README.md", "data/b.wav", "lib/firstword/a.py", "pyproject.toml"]
    assert {"fs_scripts/voicebot.py", "lib/firstword/py.typed"} <= {str(path) for path in library.sources(ROOT)}


def test_another_name_or_content_is_another_library(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    seen = {library.digest(folder)}
    (folder / "lib/firstword/a.py").write_text("changed")
    seen.add(library.digest(folder))
    (folder / "lib/firstword/a.py").rename(folder / "lib/firstword/d.py")
    seen.add(library.digest(folder))
    (folder / "other").write_text("changed")
    assert len(seen | {library.digest(folder)}) == 3


PIP = """#!/bin/sh
case "$*" in
  "-m venv --clear "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  *"import pip"*) exit 1 ;;
  *"import firstword"*) [ ! -e "$0.broken" ] || { echo "ImportError: no numpy" >&2; exit 1; } ;;
  *"-m pip install"*)
    for copy; do :; done
    echo "$copy" >"$0.copy"; (cd "$copy" && find . -type f | sort) >"$0.files"; echo "path:$PYTHONPATH" >"$0.environment"
    echo "  Downloading https://somewhere/numpy-2.0-cp311.whl (18 MB)"
    touch "$copy/build"
    [ ! -e "$0.fails" ] || { echo "ERROR: no matching distribution"; exit 1; } ;;
esac
"""


def test_it_is_built_from_a_copy_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, venv, python, said = (
        checkout(tmp_path / "checkout"),
        tmp_path / "venv",
        tmp_path / "python3.11",
        list[str](),
    )
    Machine.program(python, PIP)
    monkeypatch.setenv(
        "PYTHONPATH", "lib"
    )  # as install.sh sets it: pip must not take the checkout for an installed package
    before = sorted(folder.rglob("*"))
    library.build(python, venv, folder, said.append)
    inside = venv / "bin" / "python"
    assert Path(f"{inside}.files").read_text().split() == [f"./{name}" for name in library.sources(folder)]
    assert sorted(folder.rglob("*")) == before and not Path(Path(f"{inside}.copy").read_text().strip()).exists()
    assert Path(f"{inside}.environment").read_text() == "path:\n"
    assert said == [f"making {venv} with {python}", "installing firstword and what it needs", "   numpy-2.0-cp311.whl"]


def test_a_pip_that_fails_is_quoted_and_so_is_an_import(tmp_path: Path) -> None:
    folder, venv, python = checkout(tmp_path / "checkout"), tmp_path / "venv", tmp_path / "python3.11"
    Machine.program(python, PIP)
    library.build(python, venv, folder, str)
    Machine.program(venv / "bin/python", PIP.replace("*) exit 1 ;;", "*) exit 0 ;;"))
    Path(f"{venv}/bin/python.broken").touch()
    with pytest.raises(HostError, match="can not be imported: ImportError: no numpy"):
        library.build(python, venv, folder, str)
    Path(f"{venv}/bin/python.fails").touch()
    with pytest.raises(HostError, match=r"pip install … failed: .*ERROR: no matching distribution"):
        library.build(python, venv, folder, str)


def test_the_installer_runs_on_pythons_own_library_alone() -> None:
    code = f"import sys; sys.path[:0] = [{str(ROOT / 'lib')!r}]; from firstword.install.command import main; main(['--help'])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code], check=False, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0 and "--uninstall" in done.stdout, done.stderr


def distribution(folder: Path, name: str, version: str, *needs: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    (info / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize(("where", "told"), [("scripts", True), ("python3/dist-packages", False)])
def test_an_old_package_that_the_door_would_find_first_is_told(tmp_path: Path, where: str, told: bool) -> None:
    scripts, packages, before = tmp_path / "scripts", tmp_path / "venv/lib", tmp_path / where
    needs = ("urllib3>=2.3", "certifi", "numpy>=1.24", 'aiohttp>=3; extra == "gateway"')
    distribution(packages, "firstword", "1", *needs)
    for folder, name, version in (
        (packages, "urllib3", "2.5"),
        (before, "urllib3", "1.26.12"),
        (packages, "numpy", "2"),
        (packages, "certifi", "1"),
    ):
        distribution(folder, name, version)
    scripts.mkdir(exist_ok=True)
    shutil.copy(ROOT / "fs_scripts/voicebot.py", scripts)
    (scripts / "voicebot.path").write_text(f"{packages}\n")
    program = f"import runpy, sys; sys.path += [{str(before)!r}]; sys.argv = {[probe.__file__, str(scripts), str(tmp_path / 'venv')]!r}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", f"{program}; runpy.run_path(sys.argv[0], run_name='__main__')"],
        check=True, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.stdout == (f"urllib3\t1.26.12\t{before}\t2.3\n" if told else "")


@pytest.mark.parametrize(
    ("version", "bound", "older"),
    [
        ("1.26.12", "2.3", True),
        ("2.3.0", "2.3", False),
        ("2.10", "2.9", False),
        ("1.0", "", False),
        ("2.3rc1+ds", "2.3", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, bound: str, older: bool) -> None:
    assert probe.older(version, bound) is older


def test_a_package_that_is_too_old_for_us_is_something_to_do(machine: Machine) -> None:
    machine.start()
    machine.run()
    line = "urllib3\\t1.26.12\\t/usr/lib/python3/dist-packages\\t2.3"
    machine.program(
        machine.python, machine.python.read_text().replace("esac", f"*probe.py*) printf '{line}\\n' ;; esac")
    )
    done = machine.run("--check")
    assert done.code == 1
    assert (
        "todo  the switch would import urllib3 1.26.12 from /usr/lib/python3/dist-packages; 2.3 or newer is needed"
        in done.out
    )


def test_the_real_interpreter_is_asked_its_version() -> None:
    version = interpreter.version_of(Path(sys.executable))
    assert (version.major, version.minor) == sys.version_info[:2]
    assert Path(sys.prefix, version.packages).is_dir()
