"""Files that are put where an operator works: what was written is remembered by its SHA-256, and what differs from that is his.

`plan` only reads, and says what would be done; `Step.carry_out` does it. So a dry run and a real one can not differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import ConfigError


@dataclass
class Manifest:
    """What an installation has made, in a file in its own folder.

    Attributes:
        switch: the folders of the switch it was made for, by name.
        files: by path, the SHA-256 of what was last written there.
        folders: those that were not there before, outermost first.
        library: what the virtual environment was made of; empty until it is finished.
    """

    path: Path
    switch: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    library: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest at `path`, or an empty one if there is none. Raises ConfigError if it can not be understood."""
        try:
            return cls(path, **json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(f"{path}, which says what was installed, can not be read: {error}") from error

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def save(self) -> None:
        """Write it, if it differs. The folder must exist."""
        values = asdict(self)
        del values["path"]
        text = (json.dumps(values, indent=1) + "\n").encode()
        if not self.path.exists() or self.path.read_bytes() != text:
            write(self.path, text, 0o644, None)

    def make_folder(self, folder: Path) -> None:
        """Make `folder` and those above it, as their parents are (mode, owner), and remember which."""
        for path in reversed([folder, *folder.parents]):
            if not path.exists():
                above = path.parent.stat()
                path.mkdir()
                path.chmod(stat.S_IMODE(above.st_mode) & 0o775 if above.st_mode & stat.S_ISVTX == 0 else 0o755)
                _give(path, (above.st_uid, above.st_gid))
                self.folders.append(str(path))


@dataclass(frozen=True)
class Item:
    """A file that is wanted.

    Attributes:
        target: where.
        content: what.
        mode: its permissions, if it is not there yet.
        owner: of a new file, user and group; None leaves it to whoever runs this.
        ours: nobody is meant to edit it: one that was taken away comes back.
        serves: whether a file that an operator wrote himself has all that this one is for.
    """

    target: Path
    content: bytes
    mode: int
    owner: tuple[int, int] | None
    ours: bool = False
    serves: Callable[[bytes], bool] = lambda content: False


@dataclass(frozen=True)
class Step:
    """What is to be done about one file.

    Attributes:
        verb: one word or two for a person: ``new``, ``update``, ``unchanged``, ``yours``, ``remove``.
        path: the file it concerns.
        note: what else there is to say; may be empty.
        content: what is written to `path`, or None if nothing is.
    """

    verb: str
    path: Path
    note: str = ""
    content: bytes | None = None
    mode: int = 0o644
    owner: tuple[int, int] | None = None

    @property
    def changes(self) -> bool:
        return self.content is not None or self.verb == "remove"

    def carry_out(self, manifest: Manifest) -> None:
        """Do it, and remember it at once."""
        if self.content is not None:
            manifest.make_folder(self.path.parent)
            write(self.path, self.content, self.mode, self.owner)
            manifest.files[str(self.path)] = digest(self.content)
        elif self.verb == "remove":
            self.path.unlink()
            del manifest.files[str(self.path)]
        else:
            return
        manifest.save()


def plan(items: Iterable[Item], manifest: Manifest) -> list[Step]:
    """What is to be done so that `items` are there and nothing of the operator's is lost. Reads, and changes nothing."""
    steps: list[Step] = []
    for item in items:
        step, beside = _step(item, manifest)
        steps += [step, *([beside] if beside else [])]
    return steps


def removal(manifest: Manifest) -> list[Step]:
    """The steps that take away what `manifest` says was written, except what was changed since."""
    steps = []
    for name, last in manifest.files.items():
        path = Path(name)
        now = current(path)
        if now is not None:
            steps.append(Step("remove", path) if now == last else Step("yours", path, "changed since; stays"))
    return steps


def remove_empty(manifest: Manifest) -> list[Path]:
    """Remove the folders that were made and are empty now, innermost first. Returns those that are not."""
    kept = []
    for name in reversed(manifest.folders):
        try:
            Path(name).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            kept.append(Path(name))
    return kept


def current(path: Path) -> str | None:
    """The SHA-256 of what is at `path`; None if nothing is; "" if it is something else than a file (a link is someone's doing)."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ""
        return digest(path.read_bytes())
    except FileNotFoundError:
        return None


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(path: Path, content: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    """Replace `path` at once: a reader sees the old file or the new one. A file that was there keeps its mode and owner."""
    with contextlib.suppress(FileNotFoundError):
        before = path.stat()
        mode, owner = stat.S_IMODE(before.st_mode), (before.st_uid, before.st_gid)
    handle, name = tempfile.mkstemp(prefix=".firstword-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        _give(draft, owner)
        draft.chmod(mode)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _step(item: Item, manifest: Manifest) -> tuple[Step, Step | None]:
    """What to do about the file, and about the one beside it."""
    wanted, last, now = digest(item.content), manifest.files.get(str(item.target)), current(item.target)
    beside = item.target.with_name(item.target.name + ".new")
    over = _no_longer_needed(beside, manifest)
    if now is None:
        if last == wanted and not item.ours:
            return Step("yours", item.target, "you took it away; it stays away"), over
        return _write("new", item, item.target), over
    if now == wanted:
        return (Step("unchanged", item.target) if last in (None, wanted) else _write("update", item, item.target)), over
    if now == last:
        return _write("update", item, item.target), over
    if now and item.serves(item.target.read_bytes()):
        return Step("yours", item.target, "it has what is needed"), over
    return Step("yours", item.target, f"left as it is; what ships: {beside.name}"), _offer(item, beside, manifest)


def _offer(item: Item, beside: Path, manifest: Manifest) -> Step:
    wanted, last, now = digest(item.content), manifest.files.get(str(beside)), current(beside)
    if now == wanted:
        return Step("unchanged", beside)
    if now is None:
        gone = last == wanted
        return Step("yours", beside, "you took it away; it stays away") if gone else _write("new", item, beside)
    if now == last:
        return _write("update", item, beside)
    return Step("yours", beside, "changed by you; left as it is")


def _no_longer_needed(beside: Path, manifest: Manifest) -> Step | None:
    last = manifest.files.get(str(beside))
    return Step("remove", beside, "no longer needed") if last is not None and current(beside) == last else None


def _write(verb: str, item: Item, path: Path) -> Step:
    return Step(verb, path, content=item.content, mode=item.mode, owner=item.owner)


def _give(path: Path, owner: tuple[int, int] | None) -> None:
    """Change the owner, if we may and it differs."""
    if owner and os.geteuid() == 0:
        status = path.lstat()
        if (status.st_uid, status.st_gid) != owner:
            os.chown(path, *owner)
