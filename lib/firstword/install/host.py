"""Which switch this is about: the one that runs, the one below a given prefix, or the only one in the usual places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError, HostError
from . import layout, switch
from .layout import Folders
from .switch import Console


@dataclass(frozen=True)
class Host:
    """A switch on this machine.

    Attributes:
        folders: where it keeps what.
        console: its ``fs_cli``, or None if it does not run (or does not answer).
        silence: why there is no console, one line; empty if there is one.
    """

    folders: Folders
    console: Console | None
    silence: str = ""

    def line(self, command: str) -> str:
        """What a person types to have the switch do `command`, now or later."""
        return (self.console or Console(["fs_cli"])).line(command)


def find(prefix: Path | None, fs_cli: str | None) -> Host:
    """The switch below `prefix`, or else the running one, or else the one in the usual places.

    A switch that answers is asked where its folders are. One that answers but has another configuration folder than `prefix` is
    another switch: it is left alone.

    Raises:
        ConfigError: there is none, or more than one.
    """
    given = layout.below(prefix) if prefix else None
    if prefix and not given:
        raise ConfigError(
            f"--freeswitch {prefix}: no switch is there (neither conf/freeswitch.xml nor etc/freeswitch/freeswitch.xml)"
        )
    running, console, silence = _ask(fs_cli, prefix)
    if running and (not given or running.same_switch(given)):
        return Host(running, console)
    if running:
        silence = f"the switch that {console} reaches is another one, with its configuration in {running.conf}"
    found = [given] if given else layout.usual()
    if len(found) != 1:
        places = ", ".join(str(folders.conf) for folders in found)
        what = f"there are several: {places}" if found else "none is in the usual places"
        raise ConfigError(
            f"which FreeSWITCH? {silence}, and {what}. Name it: --freeswitch DIR, or --fs-cli 'fs_cli -P PORT'"
        )
    return Host(found[0], None, silence)


def _ask(fs_cli: str | None, prefix: Path | None) -> tuple[Folders | None, Console | None, str]:
    console = switch.find(fs_cli, prefix)
    if not console:
        return None, None, "there is no fs_cli to ask a running switch with"
    try:
        return console.folders(), console, ""
    except HostError as error:
        return None, None, f"no switch answers ({error})"
