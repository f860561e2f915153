"""``./install.sh [install] [OPTIONS]``: what is asked for, in which order, and what is said about it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import FirstwordError, HostError
from . import contents, interpreter, library
from .examine import Finding, examine
from .files import Step
from .host import Host, find
from .installation import DEFAULT_PREFIX, Installation, manifest_in, prefix_of, uninstall
from .library import Build
from .switch import DOCTOR_S

CHECKOUT = Path(__file__).parents[3]

_EPILOG = """exit codes: 0 installed, or taken away, as far as this could do it: what is left to do is listed.
1 it could not be done; with --check: something is left to do. 2 the options are wrong."""


def main(
    argv: Sequence[str],
    build: Build = library.build,
    apt_install: Callable[[list[str]], bool] = interpreter.apt_install,
) -> int:
    """The exit code. `build` makes the environment, `apt_install` gets Debian's packages."""
    options = _parser().parse_args(argv)
    os.umask(0o022)  # the switch's user reads what root puts there
    try:
        if options.uninstall:
            return _uninstall(options)
        host = find(options.freeswitch, options.fs_cli)
        prefix = prefix_of(host, options.prefix).absolute()
        installation = Installation.of(host, prefix, CHECKOUT, options.python)
        if options.check:
            return _check(installation)
        if options.dry_run:
            return _dry_run(installation)
        return _install(installation, build, apt_install)
    except PermissionError as error:
        print(f"install.sh: {error.filename} is not open to you: run it as root (sudo ./install.sh)", file=sys.stderr)
        return 1
    except (FirstwordError, OSError) as error:
        print(f"install.sh: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./install.sh install",
        description="Install firstword into the FreeSWITCH of this host.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--freeswitch", type=Path, metavar="DIR", help="the prefix of the switch; else the running one is asked"
    )
    parser.add_argument("--prefix", type=Path, metavar="DIR", help=f"where the library goes ({DEFAULT_PREFIX})")
    parser.add_argument(
        "--fs-cli", metavar="LINE", help="how to reach the running switch, such as 'fs_cli -P 8022 -p SECRET'"
    )
    parser.add_argument(
        "--python", type=Path, metavar="FILE", help="the interpreter, if mod_python3 does not tell its version"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="say what is there and what is missing, change nothing")
    what.add_argument(
        "--uninstall", action="store_true", help="take away what was installed and nobody has changed since"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
    return parser


def _install(installation: Installation, build: Build, apt_install: Callable[[list[str]], bool]) -> int:
    version = installation.version()
    installation.check_rights(installation.steps(version))
    _say(f"FreeSWITCH with its configuration in {installation.host.folders.conf}, Python {version}")
    fresh = not installation.library_is_current(version)
    if fresh:
        python = interpreter.ready(version, installation.python, apt_install)
        installation.install_library(version, python, build, _say)
    else:
        print(_line(Step("unchanged", installation.venv)))
    steps = installation.steps(version)
    for step in steps:
        step.carry_out(installation.manifest)
        print(_line(step))
    configured = any(step.changes and step.path.suffix == ".xml" for step in steps)
    _wake(installation.host, reload_xml=configured, renewed=fresh or configured)
    _left([finding for finding in examine(installation) if finding.state != "ok"])
    _doctor(installation.host)
    return 0


def _dry_run(installation: Installation) -> int:
    version = installation.version()
    if not installation.library_is_current(version):
        python = installation.python or interpreter.find(version)
        packages = interpreter.lacking(version, python)
        if packages:
            _say(f"would need, and install as root: {' '.join(packages)}")
        _say(f"would make or renew {installation.venv} with {python or version.program}, and install firstword into it")
    steps = installation.steps(version)
    for step in steps:
        print(_line(step))
    if any(step.changes and step.path.suffix == ".xml" for step in steps):
        _say(f"would run: {installation.host.line('reloadxml')}")
    _say(f"would run: {installation.host.line('python voicebot doctor')}")
    _say("nothing was changed")
    return 0


def _check(installation: Installation) -> int:
    findings = []
    for finding in examine(installation):
        print(finding, flush=True)
        findings.append(finding)
    well = _doctor(installation.host) if installation.manifest.library else True
    return 0 if well and all(finding.state != "todo" for finding in findings) else 1


def _uninstall(options: argparse.Namespace) -> int:
    host: Host | None = None
    try:
        host = find(options.freeswitch, options.fs_cli)
    except FirstwordError as error:
        if options.freeswitch:
            raise
        _say(f"no switch is told of it: {error}")  # it may be gone already
    manifest = manifest_in(prefix_of(host, options.prefix).absolute())
    conf = Path(manifest.switch["conf"])
    kept = uninstall(manifest, lambda step: print(_line(step)), dry=options.dry_run)
    for folder in kept:
        print(_line(Step("stays", folder, "not empty")))
    records = Path(manifest.switch["log"]) / "firstword.jsonl"
    if records.exists():
        print(_line(Step("stays", records, "what callers said is yours to keep or to delete")))
    python_conf = conf / "autoload_configs" / "python.conf.xml"
    if python_conf.exists() and contents.starts_voicebot(python_conf.read_bytes()):
        print(
            Finding("todo", f"{python_conf} is yours and still starts voicebot", f"take out: {contents.STARTUP_LINE}")
        )
    if options.dry_run:
        _say("nothing was changed")
    elif host and host.console and host.folders.conf.resolve() == conf.resolve():
        _say(f"reloadxml: {host.console.ask('reloadxml')}")
        _say("the running switch keeps the library in memory until it is started again")
    return 0


def _wake(host: Host, *, reload_xml: bool, renewed: bool) -> None:
    """Let the switch read its configuration, and import the library now instead of in the first caller's ear. An older one that it
    has in memory keeps its calls and gets no new ones."""
    if not host.console:
        return
    if reload_xml:
        _say(f"reloadxml: {host.console.ask('reloadxml')}")
    if host.console.loaded("mod_python3"):
        command = "python voicebot reload" if renewed else "python voicebot status"
        answer = host.console.ask(command, DOCTOR_S)
        _say(f"{command}: {answer.splitlines()[0] if answer else f'no answer; the log in {host.folders.log} says why'}")


def _doctor(host: Host) -> bool:
    """Let the switch examine itself. Whether it found nothing wrong; True if it can not be asked, for that was said already."""
    command = "python voicebot doctor"
    try:
        if not host.console or not host.console.loaded("mod_python3"):
            return True
        _say(host.line(command))
        answer = host.console.ask(command, DOCTOR_S)
    except HostError as error:
        print(Finding("todo", str(error)))
        return False
    print(answer)
    return (
        bool(answer)
        and not answer.startswith("-ERR")
        and not any("FAIL" in line.split() for line in answer.splitlines())
    )


def _left(findings: list[Finding]) -> None:
    if findings:
        _say("left to do (todo), and to know (warn)")
    for finding in findings:
        print(finding)


def _line(step: Step) -> str:
    return f"   {step.verb:<9} {step.path}" + (f"  ({step.note})" if step.note else "")


def _say(text: str) -> None:
    print(f"== {text}" if not text.startswith(" ") else text, flush=True)
