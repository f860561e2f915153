"""The library and what it needs, in a virtual environment of the Python that is inside the switch."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ..errors import HostError

Say = Callable[[str], None]
Build = Callable[[Path, Path, Path, Say], None]

_SHOWN = re.compile(r" *(?:Downloading|Processing|Using cached) (?:.*/)?([^/ ]+\.(?:whl|tar\.gz))")


def sources(checkout: Path) -> list[Path]:
    """The files of a checkout that the package is made of, relative to it."""
    pyproject = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    data = pyproject["tool"]["setuptools"].get("data-files", {})
    found = {checkout / "pyproject.toml", checkout / pyproject["project"]["readme"]}
    found |= {path for path in (checkout / "lib" / "firstword").rglob("*") if "__pycache__" not in path.parts}
    found |= {path for patterns in data.values() for pattern in patterns for path in checkout.glob(pattern)}
    return sorted(path.relative_to(checkout) for path in found if path.is_file())


def digest(checkout: Path) -> str:
    """One SHA-256 over the names and contents of `sources`."""
    total = hashlib.sha256()
    for name in sources(checkout):
        total.update(f"{name}\0".encode() + hashlib.sha256((checkout / name).read_bytes()).digest())
    return total.hexdigest()


def usable(venv: Path) -> bool:
    """Whether the library in `venv` can be imported with all that a call needs."""
    return not _import_error(venv)


def build(python: Path, venv: Path, checkout: Path, say: Say) -> None:
    """Make `venv` with `python` if it is not there or not whole, and put the package of `checkout` into it.

    The package is built from a copy: building in place would leave files of root's in the checkout, and take along modules that
    were removed since the last build.

    Raises:
        HostError: what failed, with the last lines of pip.
    """
    if not _runs(venv, "import pip"):
        say(f"making {venv} with {python}")
        _run([str(python), "-m", "venv", "--clear", str(venv)], say)
    say("installing firstword and what it needs")
    with tempfile.TemporaryDirectory(prefix="firstword-") as folder:
        copy = Path(folder) / "firstword"
        for name in sources(checkout):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkout / name, copy / name)
        pip = [str(venv / "bin" / "python"), "-I", "-m", "pip", "install"]
        _run([*pip, "--no-input", "--disable-pip-version-check", "--progress-bar", "off", str(copy)], say)
    problem = _import_error(venv)
    if problem:
        raise HostError(f"the library in {venv} can not be imported: {problem}")


def _import_error(venv: Path) -> str:
    python = venv / "bin" / "python"
    if not python.exists():
        return "it is not there"
    done = _python(venv, "import firstword.host.service")
    return "" if done.returncode == 0 else (done.stderr.strip() or "no reason given").splitlines()[-1]


def _runs(venv: Path, code: str) -> bool:
    return (venv / "bin" / "python").exists() and _python(venv, code).returncode == 0


def _python(venv: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(venv / "bin" / "python"), "-I", "-B", "-c", code],
        check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, cwd="/",
    )  # fmt: skip


def _run(argv: list[str], say: Say) -> None:
    """Run it to its end, showing the packages as they come. Without a bound: a download takes what it takes, and Ctrl-C ends it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    last: deque[str] = deque(maxlen=5)
    with subprocess.Popen(
        argv, env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.strip())
            match = _SHOWN.match(line)
            if match:
                say(f"   {match[1]}")
    if process.returncode:
        raise HostError(f"{' '.join(argv[:5])} … failed: {' / '.join(last)}")
