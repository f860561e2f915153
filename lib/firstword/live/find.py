"""Where a FreeSWITCH stands on this machine: ``FREESWITCH_PREFIX``, or else the usual places.

``python -m firstword.live.find`` says which, or why there is none (and ends with 1). Needs Python's standard library only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError, HostError
from ..install import elf
from ..install.interpreter import Version, named

VARIABLE = "FREESWITCH_PREFIX"
USUAL = ("/usr", "/usr/local/freeswitch", "/usr/local", "/opt/freeswitch")
"""The packages' place first, then those of a build from source."""


@dataclass(frozen=True)
class Installation:
    """The programs of one FreeSWITCH. Nothing in it is ever changed."""

    prefix: Path
    program: Path
    fs_cli: Path
    modules: Path

    def has(self, module: str) -> bool:
        """Whether it brings a module, such as ``mod_opus``."""
        return (self.modules / f"{module}.so").exists()


def find(environment: Mapping[str, str] = os.environ) -> Installation:
    """The FreeSWITCH to use, whose mod_python3 is built with the Python that runs this: it is given the packages of this one.

    Raises:
        ConfigError: with what was looked for: there is none, it lacks mod_python3, or that has another Python inside.
    """
    asked = environment.get(VARIABLE, "")
    places = [Path(asked)] if asked else [Path(place) for place in USUAL]
    for prefix in places:
        found = _at(prefix)
        if found is None:
            continue
        if not found.has("mod_python3"):
            raise ConfigError(f"the FreeSWITCH at {prefix} has no mod_python3: install freeswitch-mod-python3")
        _same_python(found)
        return found
    where = " ".join(str(place) for place in places)
    raise ConfigError(f"no FreeSWITCH at {where}: set {VARIABLE} to where bin/freeswitch is")


def main() -> int:
    """One line about the FreeSWITCH to use; 0 if there is one."""
    try:
        found = find()
    except ConfigError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write(f"the FreeSWITCH at {found.prefix}\n")
    return 0


def _same_python(found: Installation) -> None:
    """Compiled packages fit one version only. A module that does not tell its version is taken."""
    try:
        inside = named(elf.needed(found.modules / "mod_python3.so"))
    except HostError as error:
        raise ConfigError(str(error)) from error
    here = Version(*sys.version_info[:2], sys.abiflags)
    if inside not in (None, here):
        raise ConfigError(
            f"mod_python3 of the FreeSWITCH at {found.prefix} is built with Python {inside}, and this is {here}, whose packages do not "
            f"fit there: make the virtual environment with python{inside}"
        )


def _at(prefix: Path) -> Installation | None:
    for modules in (prefix / "mod", prefix / "lib/freeswitch/mod"):
        program, fs_cli = prefix / "bin/freeswitch", prefix / "bin/fs_cli"
        if program.exists() and modules.is_dir():
            return Installation(prefix, program, fs_cli, modules)
    return None


if __name__ == "__main__":
    sys.exit(main())
