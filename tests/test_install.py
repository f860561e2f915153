"""``install.sh`` on machines that lack things: the script is real; what it runs is a few lines that write down what they were asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED_OUT = "-n 3 --dist loadscope --no-loadscope-reorder"

PYTHON = """#!/bin/bash
# A python3.11: makes a folder with a python in it instead of a virtual environment.
case "$*" in
  *version_info*) exit 0 ;;
  *ensurepip*) [ -e "$MACHINE/venv-package" ] ;;
  --version) echo "Python 3.11.2" ;;
  "-B -P -m firstword.install"*)
    printf "%s in %s of %s\\n" "$*" "$PWD" "$PYTHONPATH" >>"$MACHINE/ran"; exit "${INSTALL_CODE:-0}" ;;
  "-m venv --clear "*) mkdir -p "$4/bin" && cp "$MACHINE/venv-python" "$4/bin/python" ;;
  *) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""
VENV_PYTHON = """#!/bin/bash
case "$*" in "-c import pip") exit 0 ;; *libgomp*) [ ! -e "$MACHINE/no-libgomp" ]; exit ;; esac
case "$*" in *live.find) cat "$MACHINE/freeswitch" 2>/dev/null || { echo "no FreeSWITCH: set it"; exit 1; }; exit ;; esac
echo "$*" >>"$MACHINE/ran"
case "$*" in
  "-m pip install "*)
    echo "Collecting numpy"; echo "  Downloading https://somewhere/numpy-2.0-cp311.whl (18.0 MB)"
    [ ! -e "$MACHINE/no-network" ] || { echo "ERROR: no matching distribution" >&2; exit 1; } ;;
  "-m firstword.gateway.engines.install "*) [ ! -e "$MACHINE/no-engines" ] ;;
  "-m firstword.demo.options "*--jsn*) echo "firstword demo: error: unrecognized arguments: --jsn" >&2; exit 2 ;;
  "-m firstword.cli demo"*) echo "engines in $FIRSTWORD_ENGINES"; exit "${DEMO_CODE:-0}" ;;
esac
"""
APT_GET = """#!/bin/bash
echo "apt-get $*" >>"$MACHINE/ran"
[ ! -e "$MACHINE/no-network" ] || { echo "E: Unable to locate package" >&2; exit 100; }
case "$*" in *venv*) touch "$MACHINE/venv-package" ;; *espeak*) cp "$MACHINE/bin/id" "$MACHINE/bin/espeak-ng" ;; esac
"""


@dataclass
class Machine:
    """A folder with a checkout that has only what install.sh touches, and a PATH of its own."""

    folder: Path

    def __post_init__(self) -> None:
        self.checkout = self.folder / "check out"
        (self.folder / "bin").mkdir()
        self.checkout.mkdir()
        for name in ("install.sh", "pyproject.toml"):
            shutil.copy(ROOT / name, self.checkout / name)
        self.program("python3.11", PYTHON)
        self.program("apt-get", APT_GET)
        self.program("id", "#!/bin/bash\necho ${USER_ID:-0}\n")
        (self.folder / "venv-python").write_text(VENV_PYTHON)
        (self.folder / "venv-python").chmod(0o755)
        for name in (
            "bash",
            "sed",
            "grep",
            "sha256sum",
            "cut",
            "mktemp",
            "rm",
            "tail",
            "dirname",
            "basename",
            "readlink",
            "mkdir",
            "cp",
            "touch",
            "cat",
        ):
            (self.folder / "bin" / name).symlink_to(shutil.which(name) or name)

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def lacks(self, what: str) -> None:
        (self.folder / f"no-{what}").touch()

    def has_venv(self) -> None:
        (self.folder / "venv-package").touch()

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        values = {
            "PATH": str(self.folder / "bin"),
            "MACHINE": str(self.folder),
            "HOME": str(self.folder),
            **environment,
        }
        return subprocess.run(
            [str(self.checkout / "install.sh"), *arguments],
            check=False, env=values, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        )  # fmt: skip

    @property
    def ran(self) -> list[str]:
        path = self.folder / "ran"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_help_names_the_commands_and_ends_with_zero(machine: Machine) -> None:
    done = machine.run("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert re.findall(r"^  (\w+) \[", done.stdout, re.MULTILINE) == ["install", "demo", "test"]
    assert machine.ran == []


def test_a_misuse_changes_nothing_and_ends_with_two(machine: Machine) -> None:
    done = machine.run("dmeo")
    assert done.returncode == 2 and done.stdout == ""
    assert "unknown command 'dmeo'; there are install, demo and test" in done.stderr
    assert machine.ran == [] and not (machine.checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ([], ""),
        (["install"], ""),
        (["install", "--help"], " --help"),
        (["--check", "--fs-cli", "fs_cli -P 8022"], " --check --fs-cli fs_cli -P 8022"),
        (["--uninstall"], " --uninstall"),
    ],
)
def test_without_a_command_it_installs_into_the_switch_from_where_it_was_called(
    machine: Machine, arguments: list[str], passed: str
) -> None:
    done = machine.run(*arguments, INSTALL_CODE="3")
    assert done.returncode == 3, done.stderr
    assert machine.ran == [f"-B -P -m firstword.install{passed} in / of {machine.checkout}/lib"]
    assert not (machine.checkout / ".venv").exists()


@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_what_changes_nothing_installs_no_python_either(machine: Machine, option: str) -> None:
    (machine.folder / "bin" / "python3.11").unlink()
    done = machine.run(option)
    assert done.returncode == 1 and "Python 3.11 or newer is missing" in done.stderr and machine.ran == []


def test_what_python_lacks_is_installed_by_root(machine: Machine) -> None:
    done = machine.run("demo", "--lite")
    assert done.returncode == 0, done.stderr
    assert machine.ran[:2] == ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends python3.11-venv"]


def test_what_python_lacks_is_named_to_others_with_the_line_that_installs_it(machine: Machine) -> None:
    done = machine.run("demo", "--lite", USER_ID="1000")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("can not make virtual environments: sudo apt-get install python3.11-venv")
    assert machine.ran == []


def test_an_apt_get_that_fails_is_quoted(machine: Machine) -> None:
    machine.lacks("network")
    done = machine.run("demo", "--lite")
    assert done.returncode == 1
    assert "E: Unable to locate package" in done.stderr and "sudo apt-get install" in done.stderr


def test_a_python_that_is_too_old_or_missing_is_named(machine: Machine) -> None:
    (machine.folder / "bin" / "python3.11").unlink()
    machine.program("python3", "#!/bin/bash\nexit 1\n")
    done = machine.run("test", USER_ID="1000")
    assert done.returncode == 1
    assert done.stderr == "install.sh: Python 3.11 or newer is missing: sudo apt-get install python3\n"


def test_the_packages_are_shown_as_they_come_and_only_the_first_time(machine: Machine) -> None:
    machine.has_venv()
    first, second = machine.run("demo", "--lite"), machine.run("demo", "--lite")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "   numpy-2.0-cp311.whl (18.0 MB)" in first.stdout and "numpy" not in second.stdout
    assert sum("-m pip install" in line for line in machine.ran) == 1
    (pip,) = (line for line in machine.ran if "pip install" in line)
    assert pip.endswith("--editable .[gateway]")


def test_another_pyproject_is_installed_again(machine: Machine) -> None:
    machine.has_venv()
    machine.run("demo", "--lite")
    with (machine.checkout / "pyproject.toml").open("a") as file:
        file.write("# another\n")
    machine.run("demo", "--lite")
    assert sum("-m pip install" in line for line in machine.ran) == 2


def test_a_pip_that_fails_ends_it_and_the_next_run_tries_again(machine: Machine) -> None:
    machine.has_venv()
    machine.lacks("network")
    done = machine.run("demo", "--lite")
    assert done.returncode == 1
    assert "ERROR: no matching distribution" in done.stderr and "the packages could not be installed" in done.stderr
    assert not any("firstword.cli" in line for line in machine.ran)
    (machine.folder / "no-network").unlink()
    assert machine.run("demo", "--lite").returncode == 0


def test_demo_passes_its_options_on_and_ends_as_the_demo_does(machine: Machine) -> None:
    machine.has_venv()
    done = machine.run("demo", "--lite", "--json", "a b.json", DEMO_CODE="7")
    assert done.returncode == 7
    assert machine.ran[-1] == "-m firstword.cli demo --lite --json a b.json"
    assert f"engines in {machine.checkout}/.firstword/engines" in done.stdout
    assert not any("engines.install" in line or "apt-get" in line for line in machine.ran)


def test_without_lite_the_engines_come_first_and_the_call_goes_on_without_them(machine: Machine) -> None:
    machine.has_venv()
    machine.lacks("engines")
    done = machine.run("demo")
    assert done.returncode == 0, done.stderr
    assert "the engines could not be installed; the call goes on with what there is" in done.stdout
    at = machine.ran.index(f"-m firstword.gateway.engines.install --dir {machine.checkout}/.firstword/engines")
    assert "espeak-ng" in machine.ran[at - 1] and machine.ran[at + 1] == "-m firstword.cli demo"


def test_a_mistake_in_the_options_is_told_before_the_engines_are_brought(machine: Machine) -> None:
    done = machine.run("demo", "--jsn", "out.json")
    assert (done.returncode, done.stderr) == (2, "firstword demo: error: unrecognized arguments: --jsn\n")
    assert not [line for line in machine.ran if "engines" in line]


def test_without_espeak_and_without_rights_the_demo_goes_on(machine: Machine) -> None:
    machine.has_venv()
    done = machine.run("demo", USER_ID="1000")
    assert done.returncode == 0
    assert (
        "missing for English words (espeak-ng) or the language model (libgomp1): sudo apt-get install espeak-ng"
        in done.stdout
    )


def test_the_libraries_of_the_engines_are_installed_by_root_at_once(machine: Machine) -> None:
    machine.has_venv()
    machine.lacks("libgomp")
    assert machine.run("demo").returncode == 0
    assert "apt-get install -y -qq --no-install-recommends espeak-ng libgomp1" in machine.ran


def test_the_engines_may_lie_elsewhere(machine: Machine) -> None:
    machine.has_venv()
    assert "engines in /srv/engines" in machine.run("demo", FIRSTWORD_ENGINES="/srv/engines").stdout
    assert "-m firstword.gateway.engines.install --dir /srv/engines" in machine.ran


def test_tests_are_run_after_the_linters_with_the_options_that_were_given(machine: Machine) -> None:
    machine.has_venv()
    done = machine.run("test", "-k", "ear", "-x")
    assert done.returncode == 0
    assert "== without the live tests: no FreeSWITCH: set it\n" in done.stdout
    commands = [line for line in machine.ran if "pip" not in line]
    assert commands == ["-m ruff check .", "-m ruff format --check .", "-m mypy", f"-m pytest {SHARED_OUT} -k ear -x"]
    assert any(line.endswith("--editable .[gateway,test,referees]") for line in machine.ran)
    assert machine.run("demo", "--lite").returncode == 0
    assert sum("-m pip install" in line for line in machine.ran) == 1  # the demo needs nothing more


def test_where_there_is_a_freeswitch_its_tests_are_run_with_what_they_need(machine: Machine) -> None:
    machine.has_venv()
    assert machine.run("test").returncode == 0
    (machine.folder / "freeswitch").write_text("the FreeSWITCH at /opt/fs\n")
    done = machine.run("test")
    assert done.returncode == 0
    assert "== the live tests run on the FreeSWITCH at /opt/fs\n" in done.stdout
    assert [line.partition(".[")[2] for line in machine.ran if "pip" in line] == [
        "gateway,test,referees]",
        "gateway,test,referees,live]",
    ]


def test_no_registry_and_no_path_of_a_machine_stands_in_what_is_run() -> None:
    for name in ("install.sh", ".ci/run", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|index-url|/home/|/root/|/opt/|/work/", text), name
        if not name.endswith(".toml"):
            assert os.access(ROOT / name, os.X_OK)


def test_an_installed_package_has_every_file_that_its_code_reads() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    named = {
        file
        for package, patterns in setuptools["package-data"].items()
        for pattern in patterns
        for file in (ROOT / "lib" / package.replace(".", "/")).glob(pattern)
    }
    kept = {
        path
        for path in (ROOT / "lib" / "firstword").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert named == kept
    for patterns in setuptools["data-files"].values():
        assert all(list(ROOT.glob(pattern)) for pattern in patterns)
