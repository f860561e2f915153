"""What an operator can ask on ``fs_cli``: ``python voicebot COMMAND``. Text in, text out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import __version__, threads
from ..call.call import Call
from ..errors import ConfigError
from ..events import HangUpAsked, SpeechAsked
from ..options import did_you_mean

if TYPE_CHECKING:
    from .service import Service


def answer(service: Service, line: str) -> str:
    """The answer to one command line, ending in a newline. Raises ConfigError for one that is not understood."""
    words = line.split(None, 1)
    name, rest = (words[0] if words else "help"), (words[1] if len(words) > 1 else "")
    if name not in COMMANDS:
        raise ConfigError(f"unknown command {name!r}{did_you_mean(name, COMMANDS)}; try: help")
    return COMMANDS[name](service, rest)


def _help(service: Service, rest: str) -> str:
    """help                 this"""
    return "".join(f"python voicebot {command.__doc__}\n" for command in COMMANDS.values())


def _status(service: Service, rest: str) -> str:
    """status               version, calls, clock"""
    lateness = service.media.lateness
    return (
        f"firstword {__version__} on Python {sys.version.split()[0]}\n"
        f"calls: {len(service.calls())} now, {service.finished} finished, {service.failed} failed\n"
        f"media clock: {'running' if service.media.alive(service.clock.now()) else 'STOPPED'}, "
        f"late p50 {lateness.p50_ms:.1f} ms, p99 {lateness.p99_ms:.1f} ms, max {lateness.max_ms:.1f} ms\n"
        f"threads: {len(threads.alive())}\n"
    )


def _calls(service: Service, rest: str) -> str:
    """calls                one line per call"""
    lines = [_call_line(uuid, call) for uuid, call in service.calls().items()]
    return "".join(lines) or "no calls\n"


def _call(service: Service, rest: str) -> str:
    """call UUID            one call"""
    call = _find(service, rest)
    turns = (f"  {turn.caller!r} -> {turn.reply!r} {turn.ms()}\n" for turn in tuple(call.record.turns))
    return _call_line(call.host.uuid, call) + "".join(turns)


def _say(service: Service, rest: str) -> str:
    """say UUID TEXT        speak TEXT now"""
    uuid, _, text = rest.partition(" ")
    if not text.strip():
        raise ConfigError("say takes UUID TEXT")
    return _posted(_find(service, uuid).post(SpeechAsked(text.strip())))


def _hangup(service: Service, rest: str) -> str:
    """hangup UUID          end the call"""
    return _posted(_find(service, rest).post(HangUpAsked()))


def _reload(service: Service, rest: str) -> str:
    """reload               take the new configuration for new calls"""
    service.reload()
    return "+OK\n"


COMMANDS: dict[str, Callable[[Service, str], str]] = {
    "help": _help,
    "status": _status,
    "calls": _calls,
    "call": _call,
    "say": _say,
    "hangup": _hangup,
    "reload": _reload,
}


def _call_line(uuid: str, call: Call) -> str:
    first_word = call.record.first_word_ms()
    return (
        f"{uuid} {call.record.profile} {call.turn.state.name.lower()} turn {len(call.record.turns)} "
        f"first word {'-' if first_word is None else f'{first_word:.0f} ms'}\n"
    )


def _find(service: Service, uuid: str) -> Call:
    calls = service.calls()
    uuid = uuid.strip()
    if uuid not in calls:
        raise ConfigError(f"there is no call {uuid!r}{did_you_mean(uuid, calls)}")
    return calls[uuid]


def _posted(taken: bool) -> str:
    return "+OK\n" if taken else "-ERR the call is over\n"
