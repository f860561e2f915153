"""Where a switch keeps its folders, below a prefix or in the places of the distributions' packages. Nothing is asked of the switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

USUAL = (Path("/"), Path("/usr/local/freeswitch"), Path("/opt/freeswitch"), Path("/usr/local"))

# The first that exists below the prefix is taken, the first of all if none does. Two shapes: everything in the prefix
# (what building from source makes) and the File Hierarchy Standard (packages, with "/" as their prefix, and --enable-fhs).
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "conf": ("conf",),
    "scripts": ("scripts",),
    "mod": ("mod",),
    "log": ("log",),
    "run": ("run",),
}
_FHS: Mapping[str, tuple[str, ...]] = {
    "conf": ("etc/freeswitch",),
    "scripts": ("usr/share/freeswitch/scripts", "share/freeswitch/scripts"),
    "mod": ("usr/lib/freeswitch/mod", "lib/freeswitch/mod", "usr/lib64/freeswitch/mod", "lib64/freeswitch/mod"),
    "log": ("var/log/freeswitch",),
    "run": ("run/freeswitch", "var/run/freeswitch"),
}


@dataclass(frozen=True)
class Folders:
    """The folders of one switch, by the names of its variables without ``_dir``. Not every one must exist."""

    conf: Path
    scripts: Path
    mod: Path
    log: Path
    run: Path

    @property
    def autoload(self) -> Path:
        return self.conf / "autoload_configs"

    @property
    def modules_conf(self) -> Path:
        """The file that says which modules are loaded at the start."""
        return self.autoload / "modules.conf.xml"

    @property
    def mod_python3(self) -> Path:
        return self.mod / "mod_python3.so"

    def same_switch(self, other: Folders) -> bool:
        """Whether `other` reads the same configuration, whatever the rest."""
        return self.conf.resolve() == other.conf.resolve()


def below(prefix: Path) -> Folders | None:
    """The folders below `prefix`, or None if there is no ``freeswitch.xml`` in either shape. ``/usr`` means the packages."""
    prefix = Path("/") if prefix == Path("/usr") else prefix
    for shape in (_PLAIN, _FHS):
        if (prefix / shape["conf"][0] / "freeswitch.xml").exists():
            return Folders(**{name: _first(prefix, places) for name, places in shape.items()})
    return None


def usual(prefixes: Iterable[Path] = USUAL) -> list[Folders]:
    """The switches in the usual places, with their configuration there. A folder that is a link to another counts once."""
    found: list[Folders] = []
    for prefix in prefixes:
        folders = below(prefix)
        if folders and not any(folders.same_switch(other) for other in found):
            found.append(folders)
    return found


def _first(prefix: Path, places: tuple[str, ...]) -> Path:
    return next((prefix / place for place in places if (prefix / place).exists()), prefix / places[0])
