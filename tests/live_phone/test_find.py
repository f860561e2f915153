"""Which FreeSWITCH the live tests and benches run on, and why not another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.live.find import VARIABLE, find
from install.conftest import elf

ROOT = Path(__file__).parents[2]
HERE = f"libpython{sys.version_info[0]}.{sys.version_info[1]}{sys.abiflags}.so.1.0"


def freeswitch(prefix: Path, *libraries: str, mod: str = "mod") -> dict[str, str]:
    """A FreeSWITCH whose mod_python3 links `libraries`; and the environment that names it."""
    for name in ("bin/freeswitch", "bin/fs_cli", f"{mod}/mod_opus.so"):
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (prefix / name).touch()
    if libraries:
        (prefix / mod / "mod_python3.so").write_bytes(elf(*libraries))
    return {VARIABLE: str(prefix)}


@pytest.mark.parametrize("mod", ["mod", "lib/freeswitch/mod"])
def test_the_one_that_is_named_is_taken(tmp_path: Path, mod: str) -> None:
    found = find(freeswitch(tmp_path, "libc.so.6", HERE, mod=mod))
    assert (found.prefix, found.program, found.modules) == (tmp_path, tmp_path / "bin/freeswitch", tmp_path / mod)
    assert found.has("mod_opus") and not found.has("mod_opal")


def test_a_module_that_does_not_tell_its_python_is_taken(tmp_path: Path) -> None:
    assert find(freeswitch(tmp_path, "libc.so.6")).has("mod_python3")


@pytest.mark.parametrize(
    ("libraries", "line"),
    [
        ((), "has no mod_python3: install freeswitch-mod-python3"),
        (("libpython3.77.so.1.0",), r"is built with Python 3.77, and this is 3\.\d+, .*: make .* with python3.77$"),
        (("libpython2.7.so.1.0",), "is built with Python 2.7"),
    ],
)
def test_one_that_will_not_do_is_refused_in_one_line(tmp_path: Path, libraries: tuple[str, ...], line: str) -> None:
    with pytest.raises(ConfigError, match=line) as refused:
        find(freeswitch(tmp_path, *libraries))
    assert "\n" not in str(refused.value) and str(tmp_path) in str(refused.value)


def test_a_module_that_is_no_library_is_named(tmp_path: Path) -> None:
    environment = freeswitch(tmp_path, HERE)
    (tmp_path / "mod/mod_python3.so").write_text("?")
    with pytest.raises(ConfigError, match=r"mod/mod_python3\.so is no ELF file"):
        find(environment)


@pytest.mark.parametrize(("libraries", "code", "line"), [((HERE,), 0, "the FreeSWITCH at {}\n"), ((), 1, "")])
def test_the_command_says_it_before_any_package_is_installed(
    tmp_path: Path, libraries: tuple[str, ...], code: int, line: str
) -> None:
    environment = {**os.environ, **freeswitch(tmp_path, *libraries), "PYTHONPATH": str(ROOT / "lib")}
    argv = [sys.executable, "-S", "-B", "-P", "-m", "firstword.live.find"]
    done = subprocess.run(argv, check=False, env=environment, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == line.format(tmp_path) if line else "has no mod_python3" in done.stdout
