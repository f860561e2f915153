"""What there is, what is missing, and the line that mends it. Reads, and changes nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from ..errors import FirstwordError
from . import contents, exposure, interpreter, probe, switch
from .installation import Installation
from .interpreter import Version

_NUMBERS = ("7000", "7001")  # of the example extension


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: ``ok``; ``todo``, without which there is no call; ``warn``, which an operator should know.
        text: what was found.
        remedy: the line to add or to run; may be empty.
    """

    state: Literal["ok", "todo", "warn"]
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"   {self.state:<5} {self.text}" + "".join(f"\n         {line}" for line in self.remedy.splitlines())


def examine(installation: Installation) -> Iterator[Finding]:
    """Everything that a call needs of this host, the installation included."""
    yield from _switch(installation)
    try:
        version = installation.version()
    except FirstwordError as error:
        yield Finding("todo", str(error))
    else:
        yield Finding("ok", f"mod_python3 is built with Python {version}")
        yield from _library(installation, version)
        yield from _files(installation, version)
    yield from _configuration(installation)
    yield from _secrets(installation)


def _switch(installation: Installation) -> Iterator[Finding]:
    host, folders = installation.host, installation.host.folders
    yield Finding("ok", f"FreeSWITCH: configuration {folders.conf}, scripts {folders.scripts}, modules {folders.mod}")
    at_start = contents.loads_module(folders)
    if not at_start:
        yield Finding(
            "todo",
            "mod_python3 is not loaded when the switch starts",
            f"into {folders.modules_conf}: {contents.MODULE_LINE}",
        )
    if not host.console:
        yield Finding(
            "warn", f"not asked: {host.silence}",
            f"when the switch starts{' it loads mod_python3 and firstword; then' if at_start else ' again'}: "
            + host.line("python voicebot doctor"),
        )  # fmt: skip
    elif host.console.loaded("mod_python3"):
        yield Finding("ok", "the switch runs, with mod_python3 loaded")
    else:
        yield Finding("todo", "the switch runs without mod_python3", host.line("load mod_python3"))


def _library(installation: Installation, version: Version) -> Iterator[Finding]:
    python = installation.python or interpreter.find(version)
    packages = interpreter.lacking(version, python)
    if packages:
        what = f"{python} can not make virtual environments" if python else f"{version.program} is missing"
        yield Finding("todo", what, f"sudo apt-get install {' '.join(packages)}")
    if not installation.manifest.library:
        yield Finding("todo", f"the library is not installed in {installation.venv}", "sudo ./install.sh")
    elif not installation.library_is_current(version):
        yield Finding(
            "todo",
            f"the library in {installation.venv} is not that of this checkout, or not whole",
            "sudo ./install.sh",
        )
    else:
        yield Finding("ok", f"the library is in {installation.venv}")
        if python:
            yield from _hidden(installation, python)


def _hidden(installation: Installation, python: Path) -> Iterator[Finding]:
    """Packages that come before those of the environment in the switch, and are too old."""
    argv = [str(python), "-I", "-B", probe.__file__, str(installation.host.folders.scripts), str(installation.venv)]
    done = subprocess.run(
        argv, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, cwd="/"
    )
    if done.returncode:
        yield Finding(
            "todo", f"the door can not be imported: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}"
        )
    for line in done.stdout.splitlines():
        name, found, place, bound = line.split("\t")
        if probe.older(found, bound):
            yield Finding("todo", f"the switch would import {name} {found} from {place}; {bound} or newer is needed")


def _files(installation: Installation, version: Version) -> Iterator[Finding]:
    for step in installation.steps(version):
        note = f" ({step.note})" if step.note else ""
        if step.verb == "unchanged":
            new = step.path.suffix == ".new"
            yield Finding("warn" if new else "ok", f"{step.path}" + (": what ships, beside yours" if new else ""))
        elif step.verb == "yours":
            yield Finding("ok", f"{step.path} is yours{note}")
        elif step.path.suffix == ".new":
            yield Finding(
                "warn", f"{step.path} {'would be removed' if step.verb == 'remove' else 'would be written'}{note}"
            )
        else:
            what = "is not there" if step.verb == "new" else "is of another version"
            yield Finding("todo", f"{step.path} {what}")


def _configuration(installation: Installation) -> Iterator[Finding]:
    folders = installation.host.folders
    python_conf = folders.autoload / "python.conf.xml"
    if python_conf.exists() and not contents.starts_voicebot(python_conf.read_bytes()):
        yield Finding(
            "warn", "the first caller after a start waits for the imports",
            f"into the <settings> of {python_conf}: {contents.STARTUP_LINE}",
        )  # fmt: skip
    if not contents.includes_example(folders):
        example = contents.example(folders)
        yield Finding(
            "todo", f"no file of the dialplan includes {example.parent}",
            f"into the <context> of {folders.conf / 'dialplan' / 'default.xml'}: {contents.INCLUDE_LINE}",
        )  # fmt: skip
    if contents.delays_calls(folders):
        yield Finding(
            "warn", "every call waits ten seconds before it is taken: FreeSWITCH's dialplan does so while its first password is unchanged",
            f"in {folders.conf / 'vars.xml'}: another default_password than 1234",
        )  # fmt: skip
    for path, expression in _claims(folders.conf / "dialplan", contents.example(folders)):
        yield Finding(
            "warn", f"{path} wants calls to {' or '.join(_NUMBERS)} too ({expression}): the first that is included wins"
        )


def _secrets(installation: Installation) -> Iterator[Finding]:
    folders = installation.host.folders
    configuration = folders.autoload / "firstword.conf.xml"
    try:
        found = exposure.secrets(configuration)
    except ElementTree.ParseError as error:
        yield Finding("todo", f"{configuration} is no well-formed XML: {error}")
        return
    for text, remedy in exposure.exposed(folders, found):
        yield Finding("warn", text, remedy)
    lacking = set(exposure.variables(found)) - _environment(installation)
    if lacking:
        yield Finding(
            "warn",
            f"not known to be in the switch's environment: {', '.join(sorted(lacking))}",
            "docs/installing.md says how",
        )


def _environment(installation: Installation) -> set[str]:
    """The names in the environment that the running switch was started with; none if they can not be read."""
    number = switch.process_of(installation.host.folders)
    try:
        text = Path(f"/proc/{number}/environ").read_bytes() if number else b""
    except OSError:
        return set()
    return {entry.split(b"=", 1)[0].decode(errors="replace") for entry in text.split(b"\0") if entry}


def _claims(dialplan: Path, example: Path) -> Iterator[tuple[Path, str]]:
    """Other extensions for the example's numbers. One that takes every number is a rule of its own and not counted."""
    fields = re.compile(r"""field\s*=\s*["']destination_number["']\s+expression\s*=\s*["']([^"']*)["']""")
    for path in sorted(dialplan.rglob("*.xml")):
        for expression in fields.findall(contents.uncommented(path)) if path != example else ():
            if any(_matches(expression, number) for number in _NUMBERS) and not _matches(expression, "0"):
                yield path, expression


def _matches(expression: str, number: str) -> bool:
    try:
        return re.search(expression, number) is not None
    except re.error:
        return False  # a variable of the switch, or an expression only PCRE knows
