"""Where a FreeSWITCH stands on this machine: ``FREESWITCH_PREFIX``, or else the usual places."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError

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
    """The FreeSWITCH to use. Raises ConfigError, with what was looked for: there is none, or it lacks mod_python3."""
    asked = environment.get(VARIABLE, "")
    places = [Path(asked)] if asked else [Path(place) for place in USUAL]
    for prefix in places:
        found = _at(prefix)
        if found is None:
            continue
        if not found.has("mod_python3"):
            raise ConfigError(f"the FreeSWITCH at {prefix} has no mod_python3: install freeswitch-mod-python3")
        return found
    where = " ".join(str(place) for place in places)
    raise ConfigError(f"no FreeSWITCH at {where}: set {VARIABLE} to where bin/freeswitch is")


def _at(prefix: Path) -> Installation | None:
    for modules in (prefix / "mod", prefix / "lib/freeswitch/mod"):
        program, fs_cli = prefix / "bin/freeswitch", prefix / "bin/fs_cli"
        if program.exists() and modules.is_dir():
            return Installation(prefix, program, fs_cli, modules)
    return None
