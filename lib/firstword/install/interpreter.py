"""The Python inside mod_python3, and an interpreter of the same version that can make a virtual environment for it.

Packages with compiled parts (numpy, soxr) fit one version of Python only, so the environment must be of the version the module links.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError, HostError
from . import elf

OLDEST = (3, 11)
_PLACES = ("/usr/bin", "/usr/local/bin", "/opt/python/bin")


@dataclass(frozen=True)
class Version:
    """A version of Python as far as compiled packages care: ``3.11``, and ``t`` for the build without the GIL."""

    major: int
    minor: int
    flags: str = ""

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}{self.flags}"

    @property
    def program(self) -> str:
        return f"python{self}"

    @property
    def packages(self) -> Path:
        """Where an environment of this version keeps its packages, below itself."""
        return Path("lib") / f"python{self}" / "site-packages"


def linked(module: Path) -> Version:
    """The version that ``mod_python3.so`` links.

    Raises:
        HostError: there is no such module, it links no libpython, or one that is too old.
    """
    if not module.exists():
        raise HostError(
            f"{module} is not there: install FreeSWITCH's mod_python3 (packages: apt-get install freeswitch-mod-python3; "
            "from source: languages/mod_python3 in modules.conf)"
        )
    version = named(elf.needed(module))
    if version is None:
        raise HostError(
            f"{module} links no libpython (Python is inside it, or comes from elsewhere): name the interpreter of the same version, "
            "such as --python /usr/bin/python3.11"
        )
    if (version.major, version.minor) < OLDEST:
        raise HostError(f"{module} is built with Python {version}; firstword needs 3.11 or newer (Debian 12 has it)")
    return version


def named(libraries: Iterable[str]) -> Version | None:
    """The version of the libpython among `libraries`; None if there is none."""
    for name in libraries:
        match = re.fullmatch(r"libpython(\d+)\.(\d+)(t?)[a-z]*\.so.*", name)
        if match:
            return Version(int(match[1]), int(match[2]), match[3])
    return None


def version_of(python: Path) -> Version:
    """The version of an interpreter, by asking it.

    Raises:
        ConfigError: it can not be run.
    """
    code = "import sys, sysconfig; print(*sys.version_info[:2], 't' if sysconfig.get_config_var('Py_GIL_DISABLED') else '')"
    answer = _run(python, code)
    if answer is None:
        raise ConfigError(f"{python} is no Python that can be run")
    major, minor, *flags = answer.split()
    return Version(int(major), int(minor), "".join(flags))


def find(version: Version) -> Path | None:
    """An interpreter of that very version: the system's before others, for it is the one the module was built with."""
    places = [*_PLACES, *os.environ.get("PATH", "").split(os.pathsep)]
    for place in dict.fromkeys(places):
        found = shutil.which(version.program, path=place) if place else None
        if found and _answers(Path(found), version):
            return Path(found)
    return None


def makes_environments(python: Path) -> bool:
    """Whether its ``venv`` and ``ensurepip`` are installed; Debian packs them apart."""
    return _run(python, "import venv, ensurepip") is not None


def lacking(version: Version, python: Path | None) -> list[str]:
    """Debian's packages that are missing for an environment of `version`."""
    if python and makes_environments(python):
        return []
    return ([] if python else [version.program]) + [f"{version.program}-venv"]


def ready(version: Version, given: Path | None, apt_install: Callable[[list[str]], bool]) -> Path:
    """An interpreter of `version` that makes environments; what Debian lacks for it is asked of `apt_install`.

    Raises:
        HostError: there is none; the text has the line that installs it.
    """
    python = given or find(version)
    packages = lacking(version, python)
    if packages and apt_install(packages):
        python = given or find(version)
        packages = lacking(version, python)
    if packages or not python:
        what = f"{python} can not make virtual environments" if python else f"{version.program} is missing"
        raise HostError(f"{what}: sudo apt-get install {' '.join(packages)}")
    return python


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages if we may. Raises HostError with apt-get's last lines if it fails."""
    program = shutil.which("apt-get")
    if os.geteuid() != 0 or not program:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [program, *arguments],
            check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
        if done.returncode:
            last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
            raise HostError(f"apt-get {' '.join(arguments)} failed: {last}")
    return True


def _answers(python: Path, version: Version) -> bool:
    try:
        return version_of(python) == version
    except ConfigError:
        return False


def _run(python: Path, code: str) -> str | None:
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", code],
            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
