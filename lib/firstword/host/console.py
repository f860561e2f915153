"""What an operator can ask on ``fs_cli``: ``python voicebot COMMAND``. Text in, text out.

What concerns one call is answered by the edition that has it (`seat`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import ConfigError
from ..options import did_you_mean
from . import examine, renewal, telling
from .findings import Finding, text_of

if TYPE_CHECKING:
    from . import seat
    from .edition import Edition


def answer(edition: Edition, line: str) -> str:
    """The answer to one command line, ending in a newline. Raises ConfigError for one that is not understood."""
    words = line.split(None, 1)
    name, rest = (words[0] if words else "help"), (words[1].strip() if len(words) > 1 else "")
    if name not in COMMANDS:
        raise ConfigError(f"unknown command {name!r}{did_you_mean(name, COMMANDS)}; try: help")
    return COMMANDS[name](edition, rest)


def _help(edition: Edition, rest: str) -> str:
    """help                 this"""
    return "".join(f"python voicebot {command.__doc__}\n" for command in COMMANDS.values())


def _status(edition: Edition, rest: str) -> str:
    """status               calls, what is in force, how late the media clock is, which services fail"""
    seat, most = edition.seat, edition.settings.general.max_calls
    older = [other for other in seat.editions() if other is not edition]
    return (
        f"firstword {__version__} on Python {sys.version.split()[0]}: {_drained(seat)}\n"
        f"calls: {seat.talking} now{f' of at most {most}' if most else ''}, {seat.finished} finished, {seat.failed} failed, "
        f"{seat.refused} refused\n"
        f"profiles: {', '.join(edition.settings.profiles)}; reloaded {seat.reloads} times\n"
        f"{edition.line()}\n"
        + "".join(f"service {title}: {text}\n" for title, _, text in edition.shelf.standing())
        + "".join(f"until its calls have ended: {other.line()}\n" for other in older)
    )


def _calls(edition: Edition, rest: str) -> str:
    """calls                a line per call: state, turn, first word, underruns"""
    return _of_all(edition, "calls", telling.CALLS)


def _levels(edition: Edition, rest: str) -> str:
    """levels               how loud callers and bot are: silent, quiet, clipping?"""
    return _of_all(edition, "levels", telling.LEVELS)


def _call(edition: Edition, rest: str) -> str:
    """call UUID            its turns, with their milliseconds; as everywhere, the beginning of the UUID will do"""
    return _of_one(edition, "call", rest)


def _say(edition: Edition, rest: str) -> str:
    """say UUID TEXT        speak TEXT now"""
    return _of_one(edition, "say", rest)


def _hangup(edition: Edition, rest: str) -> str:
    """hangup UUID          end the call"""
    return _of_one(edition, "hangup", rest)


def _reload(edition: Edition, rest: str) -> str:
    """reload               take the new configuration and the new code for new calls"""
    try:
        what = renewal.renew(edition.seat)
    except ConfigError as error:
        raise ConfigError(f"{error}; what was in force stays") from error
    left = sum(len(other.uuids()) for other in edition.seat.editions()[:-1])
    old = f"; {left} calls go on with the old" if left else ""
    return f"+OK reloaded: {what}{old}\n"


def _drain(edition: Edition, rest: str) -> str:
    """drain [off]          refuse new calls (busy), until drain off; status and the log say when the last has ended"""
    if rest not in ("", "on", "off"):
        raise ConfigError(f"drain takes nothing or off, not {rest!r}")
    edition.seat.drain(rest != "off")
    return f"+OK {_drained(edition.seat)}\n"


def _doctor(edition: Edition, rest: str) -> str:
    """doctor               examine the switch, the machine and the services: ok, or what to do"""
    findings: list[Finding] = list(examine.everything(edition))
    wrong = sum(not finding.ok for finding in findings)
    return text_of(findings) + (f"-ERR {wrong} of {len(findings)} need attention\n" if wrong else "+OK\n")


COMMANDS: dict[str, Callable[[Edition, str], str]] = {
    "help": _help,
    "status": _status,
    "calls": _calls,
    "call": _call,
    "levels": _levels,
    "say": _say,
    "hangup": _hangup,
    "reload": _reload,
    "drain": _drain,
    "doctor": _doctor,
}


def _drained(seat: seat.Seat) -> str:
    if not seat.draining:
        return "takes calls"
    return (
        f"draining, {seat.talking} calls left" if seat.talking else "drained: no calls are left, new ones are refused"
    )


def _of_all(edition: Edition, command: str, header: str) -> str:
    lines = [other.tell(command, uuid, "") for other in edition.seat.editions() for uuid in other.uuids()]
    return header + "".join(lines) if lines else "no calls\n"


def _of_one(edition: Edition, command: str, line: str) -> str:
    asked, _, rest = line.partition(" ")
    owners = {uuid: other for other in edition.seat.editions() for uuid in other.uuids()}
    if not asked:
        raise ConfigError(f"{command} takes a UUID: see calls")
    fitting = [uuid for uuid in owners if uuid.startswith(asked)]
    if len(fitting) > 1 and asked not in owners:
        raise ConfigError(f"{len(fitting)} calls begin with {asked!r}")
    if not fitting:
        raise ConfigError(f"there is no call {asked!r}{did_you_mean(asked, [uuid[: len(asked)] for uuid in owners])}")
    uuid = asked if asked in owners else fitting[0]
    return owners[uuid].tell(command, uuid, rest.strip())
