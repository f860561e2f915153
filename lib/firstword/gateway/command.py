"""``firstword gateway``: a gateway in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from xml.sax.saxutils import quoteattr

from ..errors import ConfigError
from ..options import bind
from .faults import parse
from .journal import Visit
from .options import LOCAL_API_KEY, LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, LOOPBACK, GatewayOptions
from .server import Gateway

DESCRIPTION = """\
Speaks the protocols of Aliyun NLS (flowing and whole-text synthesis, transcription, CreateToken), of DashScope's tasks
(CosyVoice, Paraformer, Fun-ASR, Gummy), realtime sessions (Qwen) and native generation, and of OpenAI chat completions
on one port of this machine, for trying firstword without keys, for sites without internet, and for tests.
"""
FAULTS = (
    "go wrong on purpose, such as tts:cut-events=5, llm:status=429,times=1, asr:silent; may be given more than once"
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags to its parser: one per field of `GatewayOptions`."""
    parser.description = DESCRIPTION
    for field in dataclasses.fields(GatewayOptions):
        meta = field.metadata
        shown = "" if meta["secret"] or field.default in ("", ()) else f" (default: {field.default})"
        secret = "; env:NAME or file:PATH keep it off the command line" if meta["secret"] else ""
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=f"gateway_{field.name}",
            metavar="|".join(meta["choices"]) or "VALUE",
            help=(meta["help"] + secret + shown).replace("%", "%%"),
        )
    parser.add_argument("--fault", action="append", default=[], metavar="SERVICE:FAULT", help=FAULTS)
    parser.add_argument("--json", metavar="FILE", help="write where it listens, and with which credentials, as JSON")
    parser.add_argument(
        "--print-config", action="store_true", help="print the configuration that uses it, and exit; for a fixed --port"
    )
    parser.add_argument(
        "--journal",
        metavar="FILE",
        help="append a line of JSON for each connection that ends: service, times, bytes, when the caller's sounds began",
    )
    parser.add_argument("--verbose", action="store_true", help="print a line for each connection that ends")
    parser.set_defaults(writes=("json", "journal"))


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code, 0. Main thread.

    Raises:
        ConfigError, ScriptError: a setting, a fault, an engine or the script can not be used.
    """
    names = {field.name: getattr(args, f"gateway_{field.name}") for field in dataclasses.fields(GatewayOptions)}
    options = bind(GatewayOptions, {k: v for k, v in names.items() if v is not None}, "options")
    faults = [parse(text) for text in args.fault]
    gateway = Gateway(options)
    for service, fault in faults:
        gateway.faults.set(service, fault)
    if args.journal:
        gateway.tell(functools.partial(_write, Path(args.journal)))
    with _stop_asked() as stop, gateway:
        if args.json:
            _write_private(Path(args.json), places(gateway))
        _say(_configuration(gateway))
        if args.print_config:
            return 0
        _say(f"<!-- listening on {gateway.url}; Ctrl-C ends it -->")
        told = 0
        while not stop.wait(0.5):
            if args.verbose:
                told = _tell(gateway, told)
        statistics = gateway.statistics()
    served = ", ".join(f"{count} {service}" for service, count in sorted(statistics.visits.items())) or "nothing"
    _say(f"<!-- served: {served} -->")
    return 0


@contextlib.contextmanager
def _stop_asked() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, from before anybody is told that there is a gateway."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(gateway: Gateway, told: int) -> int:
    """Print the visits that have ended since number `told`, in order. Returns the last one printed."""
    for visit in gateway.seen():
        if visit.number == told + 1:
            if visit.closed is None:
                break
            _say(_line(visit))
            told = visit.number
    return told


def _write(path: Path, visit: Visit) -> None:
    told = {
        "number": visit.number,
        "service": visit.service,
        "opened": visit.opened,
        "closed": visit.closed,
        "ended": visit.ended,
        "bytes_in": visit.bytes_in,
        "bytes_out": visit.bytes_out,
        "sounds": visit.sounds,
    }
    with path.open("a") as file:
        file.write(json.dumps(told) + "\n")


def _line(visit: Visit) -> str:
    assert visit.closed is not None
    seconds = visit.closed - visit.opened
    clock = time.strftime("%H:%M:%S")
    return f"{clock} {visit.number} {visit.service} {seconds:.2f} s, {visit.ended}, {visit.bytes_in} B in, {visit.bytes_out} B out"


def places(gateway: Gateway) -> dict[str, Any]:
    """Where a gateway listens and what it wants to be shown: the content of ``--json``. Holds secrets."""
    return {
        "url": gateway.url,
        "ws_url": gateway.ws_url,
        "tts_url": gateway.tts_url,
        "asr_url": gateway.asr_url,
        "token_url": gateway.token_url,
        "chat_url": gateway.chat_url,
        "inference_url": gateway.inference_url,
        "realtime_url": gateway.realtime_url,
        "dashscope_url": gateway.dashscope_url,
        "appkey": gateway.appkey,
        "access_key_id": gateway.access_key_id,
        "access_key_secret": gateway.access_key_secret,
        "api_key": gateway.api_key,
        "pid": os.getpid(),
    }


def _write_private(path: Path, content: dict[str, Any]) -> None:
    """The file holds secrets: only its owner may read it."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
    except OSError as error:
        raise ConfigError(f"--json {path}: {error.strerror}") from error


def _configuration(gateway: Gateway) -> str:
    """The services of firstword.conf.xml that use this gateway. Credentials of the operator's own are not repeated."""

    def shown(value: str, built_in: str, variable: str) -> str:
        return value if value == built_in else f"env:{variable}"

    nls = {
        "url": gateway.ws_url,
        "token-url": gateway.token_url,
        "appkey": shown(gateway.appkey, LOCAL_APPKEY, "NLS_APPKEY"),
        "access-key-id": shown(gateway.access_key_id, LOCAL_KEY_ID, "ALIYUN_AK_ID"),
        "access-key-secret": shown(gateway.access_key_secret, LOCAL_KEY_SECRET, "ALIYUN_AK_SECRET"),
    }
    chat = {
        "base-url": gateway.chat_url,
        "api-key": shown(gateway.api_key, LOCAL_API_KEY, "OPENAI_API_KEY"),
        "model": (gateway.options.models or (gateway.options.mind,))[0],
    }
    if gateway.options.host not in LOOPBACK:  # of another machine's configuration
        nls["allowed-hosts"] = chat["allowed-hosts"] = gateway.options.host
    return "\n".join(
        (
            *_service("local-ears", "asr", "aliyun", nls),
            *_service("local-voice", "tts", "aliyun", nls),
            *_service("local-mind", "llm", "openai", chat),
        )
    )


def _service(name: str, does: str, vendor: str, settings: dict[str, str]) -> list[str]:
    lines = [f'<param name="{key}" value={quoteattr(value)}/>' for key, value in settings.items()]
    return [f'<service name="{name}" does="{does}" vendor="{vendor}">', *(f"  {line}" for line in lines), "</service>"]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
