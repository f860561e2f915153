"""The examination behind both doctors: of the machine, of the switch around us, of what is in force. Each part yields findings; nothing is
printed here, and no secret is in them."""

from __future__ import annotations

import importlib
import os
import resource
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from .. import __version__
from ..call.tools import http_tool
from ..clock import SYSTEM
from ..errors import FirstwordError, one_line
from ..options import in_clear
from ..privacy import readable_by_all
from ..providers import registry
from . import probe, renewal
from .api import Switch
from .findings import Finding
from .settings import Settings, parse

if TYPE_CHECKING:
    from .edition import Edition

PACKAGES = ("numpy", "soxr", "requests", "websocket", "webrtcvad", "jsonschema")
DESCRIPTORS_PER_CALL = 12
"""Two FIFOs, up to three sockets with their wake-ups, and room."""
MODULES = {
    "mod_python3": "runs this",
    "mod_dptools": "record_session and displace_session carry the audio",
    "mod_commands": "uuid_break and uuid_kill end calls",
    "mod_sndfile": "reads and writes the pipes (.r8)",
    "mod_tone_stream": "plays the silence that the bot is mixed into",
}
CODECS = ("PCMA", "PCMU")


def everything(edition: Edition) -> Iterator[Finding]:
    """What fs_cli's doctor tells, inside a running switch. Takes half a second, and as long as the services: at most some eight seconds."""
    yield from machine()
    yield _media_clock(edition)
    yield from switch(edition.switch)
    yield _run_folder(edition.switch.run_dir)
    yield _records(edition.records)
    yield _written(edition.switch.log_dir / "freeswitch.xml.fsxml", edition.settings)
    yield from in_force(edition)
    yield from (Finding(f"calls to {title}", ok, text) for title, ok, text in edition.shelf.standing())
    yield from probe.services(edition.settings.services.values())


# -- the machine -------------------------------------------------------------------------------------------------------


def machine() -> Iterator[Finding]:
    """Python, packages, descriptors, the clock."""
    version = sys.version.split()[0]
    yield Finding("python", sys.version_info >= (3, 11), f"{version}, firstword {__version__}")
    for name in PACKAGES:
        yield _package(name)
    yield _descriptors()
    yield _clock()


def _package(name: str) -> Finding:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        return Finding(f"package {name}", False, f"{error}: install firstword anew, with its dependencies")
    return Finding(f"package {name}", True, str(vars(module).get("__version__", "")))  # jsonschema warns of being asked


def _descriptors() -> Finding:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = sum(1 for _ in Path("/proc/self/fd").iterdir())
    room = (most - used) // DESCRIPTORS_PER_CALL
    text = f"{used} of {most} are open, which leaves room for {room} calls"
    ok = room >= 50
    return Finding("descriptors", ok, text if ok else f"{text}: raise the limit (ulimit -n, LimitNOFILE)")


def _clock() -> Finding:
    resolution = time.get_clock_info("monotonic").resolution
    late = sorted(_lateness() for _ in range(50))
    text = f"a 10 ms sleep is late by {late[25] * 1000:.2f} ms, at worst {late[-1] * 1000:.2f} ms; resolution {resolution * 1e9:.0f} ns"
    ok = late[45] < 0.005 and resolution <= 1e-4
    return Finding(
        "clock", ok, text if ok else f"{text}: the machine is too busy, or its timer too coarse, for audio in real time"
    )


def _lateness() -> float:
    began = SYSTEM.now()
    SYSTEM.sleep(0.01)
    return SYSTEM.now() - began - 0.01


def _media_clock(edition: Edition) -> Finding:
    lateness = edition.media.lateness
    if not edition.media.alive(edition.clock.now()):
        return Finding("media clock", False, "it has stopped: the next call starts another; the log says why")
    text = f"late p50 {lateness.p50_ms:.1f}, p99 {lateness.p99_ms:.1f}, max {lateness.max_ms:.1f} ms; {len(edition.calls())} calls"
    ok = lateness.p99_ms < 40
    return Finding(
        "media clock", ok, text if ok else f"{text}: gaps are heard; fewer calls (max-calls), or more processor"
    )


# -- the switch --------------------------------------------------------------------------------------------------------


def switch(asked: Switch) -> Iterator[Finding]:
    """What must be loaded."""
    for module, reason in MODULES.items():
        there = asked.ask(f"module_exists {module}").strip() == "true"
        text = f"loaded; {reason}"
        missing = f'not loaded, and it {reason}: say "load {module}" in fs_cli, and add <load module="{module}"/> to modules.conf.xml'
        yield Finding(module, there, text if there else missing)
    yield _codecs(asked.ask("show codec"))


def _codecs(table: str) -> Finding:
    """Of ``codec,G.711 alaw,CORE_PCM_MODULE``, a line each."""
    rows = [line.split(",") for line in table.splitlines() if line.startswith("codec,")]
    names = sorted(
        {row[1] for row in rows if len(row) > 1 and row[1] not in ("PROXY PASS-THROUGH", "PROXY VIDEO PASS-THROUGH")}
    )
    ok = any("711" in name for name in names)
    return Finding(
        "codecs",
        ok,
        ", ".join(names) if ok else "no G.711: no telephone can be understood; load the codecs in modules.conf.xml",
    )


def _run_folder(folder: Path) -> Finding:
    """The FIFOs' folder: ours alone, and one can be made in it."""
    what = "folder of the pipes"
    try:
        found = folder.stat()
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != 0o700:
            return Finding(
                what,
                False,
                f"{folder} has mode {stat.S_IMODE(found.st_mode):04o}, owner {found.st_uid}: chown it to the switch's user, chmod 700",
            )
        trial = folder / f"doctor-{os.getpid()}"
        os.mkfifo(trial, 0o600)
        trial.unlink()
    except OSError as error:
        return Finding(what, False, f"{folder}: {error.strerror}; it must be a folder of the switch's user, mode 0700")
    return Finding(what, True, f"{folder}, mode 0700")


def _records(path: Path) -> Finding:
    there = path.exists()
    if not os.access(path if there else path.parent, os.W_OK):
        return Finding(
            "records", False, f"{path} can not be written: make its folder, and give it to the switch's user"
        )
    if there and path.stat().st_mode & 0o007:
        return Finding("records", False, f"{path} holds what callers said, and others may read it: chmod 640")
    return Finding("records", True, f"{path}{', mode 0640' if there else ' (none yet)'}")


def _written(path: Path, settings: Settings) -> Finding:
    """What the switch writes of its configuration at its start and with every reloadxml, with every ``$${variable}`` replaced."""
    what = "secrets"
    clear = {
        f"{service.where}: {name!r}": text
        for service in settings.services.values()
        for name, text in in_clear(registry.settings_class(service.does, service.vendor), service.values).items()
    }
    clear |= {
        f"{tool.where}: header {name!r}": text
        for tool in settings.tools.values()
        for name, text in http_tool.in_clear(tool.headers).items()
    }
    if not clear or not readable_by_all(path):
        return Finding(what, True, "in no file of the switch's that everyone can read")
    try:
        written = path.read_text(errors="replace")
    except OSError as error:
        return Finding(what, False, f"{path}, which everyone can read, could not be: {error.strerror}")
    held = [place for place, text in clear.items() if text in written or escape(text, {'"': "&quot;"}) in written]
    if not held:
        return Finding(what, True, f"not in {path}")
    mend = f"chmod o-rwx {path.parent}, or take env:NAME or file:PATH"
    return Finding(what, False, f"{path}, which everyone can read, holds {', '.join(held)} in clear: {mend}")


# -- what is in force --------------------------------------------------------------------------------------------------


def in_force(edition: Edition) -> Iterator[Finding]:
    """Configuration and code: are they what a reload would take?"""
    try:
        now = parse(edition.switch.configuration())
    except FirstwordError as error:
        yield Finding(
            "configuration", False, f"the switch's is not the one in force and would be refused: {one_line(error)}"
        )
    else:
        same = now == edition.settings
        text = describe(edition.settings)
        yield Finding(
            "configuration", same, text if same else "the switch has another than the one in force: say reload"
        )
    try:
        edition.prepare()
    except FirstwordError as error:
        yield Finding("profiles", False, one_line(error))
    else:
        yield Finding("profiles", True, "each has its services and its judge of speech")
    same = not renewal.changed(edition.sources)
    yield Finding(
        "code", same, f"{edition.name} {edition.version}" if same else "newer code is on the disk: say reload"
    )


def describe(settings: Settings) -> str:
    tools = f", tools {', '.join(settings.tools)}" if settings.tools else ""
    return f"{len(settings.services)} services{tools}, profiles {', '.join(settings.profiles)}"
