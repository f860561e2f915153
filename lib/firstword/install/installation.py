"""One installation: its library in a folder of its own, its doors and configuration in the switch's folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..errors import ConfigError, HostError
from . import contents, files, interpreter, library
from .files import Manifest, Step
from .host import Host
from .interpreter import Version
from .library import Build, Say

DEFAULT_PREFIX = Path("/opt/firstword")
_MANIFEST = "installed.json"


def prefix_of(host: Host | None, given: Path | None) -> Path:
    """Where the library is or goes: `given`, or where the door of this switch finds it now, or the default.

    Raises:
        ConfigError: this switch has an installation elsewhere than `given`.
    """
    try:
        lines = (host.folders.scripts / "voicebot.path").read_text().splitlines() if host else []
    except OSError:
        lines = []
    packages = Path(lines[0]) if lines else Path("/")
    there = packages.parents[3] if len(packages.parents) > 3 else Path("/")
    if not (there / _MANIFEST).exists():
        return given or DEFAULT_PREFIX
    if given and given.resolve() != there.resolve():
        raise ConfigError(f"this switch has its installation in {there}: --uninstall it first, or leave --prefix away")
    return there


@dataclass
class Installation:
    """What is or will be installed, and for which switch. Nothing is changed but by `install` and `uninstall`."""

    host: Host
    prefix: Path
    checkout: Path
    manifest: Manifest
    python: Path | None = None

    @classmethod
    def of(cls, host: Host, prefix: Path, checkout: Path, python: Path | None) -> Installation:
        """Raises ConfigError if `prefix` belongs to another switch, or to something else."""
        manifest = Manifest.read(prefix / _MANIFEST)
        if manifest.exists and Path(manifest.switch["conf"]).resolve() != host.folders.conf.resolve():
            raise ConfigError(f"{prefix} holds the installation for {manifest.switch['conf']}: give another --prefix")
        if not manifest.exists and (prefix / "venv").exists():
            raise ConfigError(f"{prefix}/venv is there and was not made by this: give another --prefix")
        return cls(host, prefix, checkout, manifest, python)

    @property
    def venv(self) -> Path:
        return self.prefix / "venv"

    def version(self) -> Version:
        """The Python of the switch. Raises HostError or ConfigError if it can not be told, or is not the given interpreter's."""
        if not self.python:
            return interpreter.linked(self.host.folders.mod_python3)
        given = interpreter.version_of(self.python)
        try:
            wanted = interpreter.linked(self.host.folders.mod_python3)
        except HostError:
            return given  # no module yet, or one that does not tell: the operator knows
        if given != wanted:
            raise ConfigError(f"{self.python} is Python {given}, but mod_python3 is built with {wanted}")
        return given

    def library_is_current(self, version: Version) -> bool:
        """Whether the environment holds this very checkout's library, for this very Python."""
        return self.manifest.library == self._stamp(version) and library.usable(self.venv)

    def steps(self, version: Version) -> list[Step]:
        """What is to be done about each file."""
        items = contents.items(self.checkout, self.host.folders, self.venv / version.packages)
        return files.plan(items, self.manifest)

    def check_rights(self, steps: Iterable[Step]) -> None:
        """Raises HostError if a folder can not be written to."""
        for folder in [self.venv, *(step.path.parent for step in steps if step.changes)]:
            there = next(path for path in (folder, *folder.parents) if path.exists())
            if not os.access(there, os.W_OK | os.X_OK):
                raise HostError(f"{there} can not be written to: run it as root (sudo ./install.sh)")

    def install_library(self, version: Version, python: Path, build: Build, say: Say) -> None:
        """Make the environment, or bring it up to date. If it fails, the next run begins here again. Raises HostError."""
        self.manifest.switch = {name: str(path) for name, path in asdict(self.host.folders).items()}
        self.manifest.library = {}
        self.manifest.make_folder(self.prefix)
        self.manifest.save()
        if self.venv.exists() and not (self.venv / version.packages).exists():
            shutil.rmtree(self.venv)  # of another Python
        build(python, self.venv, self.checkout, say)
        self.manifest.library = self._stamp(version)
        self.manifest.save()

    def _stamp(self, version: Version) -> dict[str, str]:
        return {"sha256": library.digest(self.checkout), "python": str(version)}


def uninstall(manifest: Manifest, done: Callable[[Step], None], *, dry: bool) -> list[Path]:
    """Take away all that `manifest` names and nobody has changed since, telling `done` each step. Returns the folders that stay.

    Call ``reloadxml`` next: the switch still has the configuration in memory.
    """
    prefix = manifest.path.parent
    venv = prefix / "venv"
    for step in reversed(files.removal(manifest)):
        if not dry:
            step.carry_out(manifest)
            if step.verb == "remove" and step.path.suffix == ".py":
                _remove_compiled(step.path)
        done(step)
    if venv.exists():
        if not dry:
            shutil.rmtree(venv)
        done(Step("remove", venv))
    if dry:
        return []
    manifest.path.unlink()
    made_by_the_door = [str(Path(manifest.switch["run"]) / "firstword")]
    return files.remove_empty(replace(manifest, folders=[*manifest.folders, *made_by_the_door]))


def manifest_in(prefix: Path) -> Manifest:
    """What was installed in `prefix`. Raises ConfigError if nothing was."""
    manifest = Manifest.read(prefix / _MANIFEST)
    if not manifest.exists:
        raise ConfigError(f"nothing is installed in {prefix} (another place: --prefix DIR)")
    return manifest


def _remove_compiled(script: Path) -> None:
    """What Python left of a script when the switch imported it."""
    cache = script.parent / "__pycache__"
    for compiled in cache.glob(f"{script.stem}.*.pyc"):
        compiled.unlink()
    if cache.is_dir() and not any(cache.iterdir()):
        cache.rmdir()
