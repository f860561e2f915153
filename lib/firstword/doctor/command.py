"""``firstword doctor``: is this machine fit, and do the services really answer? In a running switch, fs_cli's ``python voicebot
doctor`` examines the switch too (`host.examine`)."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..audio import vad
from ..clock import SYSTEM
from ..errors import ConfigError, FirstwordError
from ..gateway import options as local
from ..host import probe
from ..host.examine import describe, machine
from ..host.findings import Finding
from ..host.settings import Settings, parse
from ..host.shelf import Shelf
from . import live
from .variants import VARIANTS, at_gateway

DESCRIPTION = """\
Examines this machine and, with --config, asks the services of a configuration, all at once. With --live each service is asked in turn
and timed: those of the configuration; those of a local gateway (--gateway, --local); else all that the environment has keys for
(NLS_APPKEY with ALIYUN_AK_ID and ALIYUN_AK_SECRET; DASHSCOPE_API_KEY), which costs what so short a use costs. Ends with 0 only if
everything that was tried works.
"""
LOCAL_KEYS = {
    "NLS_APPKEY": local.LOCAL_APPKEY,
    "ALIYUN_AK_ID": local.LOCAL_KEY_ID,
    "ALIYUN_AK_SECRET": local.LOCAL_KEY_SECRET,
    "DASHSCOPE_API_KEY": local.LOCAL_API_KEY,
}
"""What a local gateway takes in the place of the real ones."""


def register(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("--live", action="store_true", help="ask one service after the other, and print times")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", type=Path, metavar="FILE", help="a firstword.conf.xml, without $${variables}")
    where.add_argument("--gateway", metavar="URL", help="with --live: a local gateway, such as http://127.0.0.1:8190")
    where.add_argument("--local", action="store_true", help="with --live: a gateway of our own, in this process")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found as JSON")


def run(args: argparse.Namespace) -> int:
    """Returns the exit code. Raises ConfigError."""
    if (args.gateway or args.local) and not args.live:
        raise ConfigError("--gateway and --local go with --live")
    return _live(args) if args.live else _examine(args)


# -- the machine, and a configuration ----------------------------------------------------------------------------------


def _examine(args: argparse.Namespace) -> int:
    findings = []
    for finding in (*machine(), *(_services(args.config) if args.config else ())):
        print(finding)
        findings.append(finding)
    _write(args.json, [asdict(finding) for finding in findings])
    return int(not all(finding.ok for finding in findings))


def _services(config: Path) -> Iterator[Finding]:
    """The configuration, and a finding for each of its profiles and services. Raises ConfigError."""
    settings = _settings(config)
    yield Finding("configuration", True, describe(settings))
    yield from _profiles(settings)
    yield from probe.services(settings.services.values(), seconds=live.SERVICE_S)


def _profiles(settings: Settings) -> Iterator[Finding]:
    """Whether each has what a call needs besides its services: a judge of speech, and the secrets of its tools."""
    shelf = Shelf(settings, SYSTEM)
    for profile in settings.profiles.values():
        what = f"profile {profile.name!r}"
        try:
            vad.make(profile.vad, profile.rate)
            shelf.toolbox(profile)
        except FirstwordError as error:
            yield Finding(what, False, str(error))
        else:
            yield Finding(what, True, "has its judge of speech and its tools")
    shelf.close()


def _settings(config: Path) -> Settings:
    try:
        return parse(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{config} can not be read: {reason}") from error


# -- one service after the other -----------------------------------------------------------------------------------------


def _live(args: argparse.Namespace) -> int:
    tried: list[live.Tried] = []
    with _asked(args) as asked:
        print(live.HEAD)
        for step in live.try_all(asked):
            if isinstance(step, live.Asked):
                print(f"{step.what:<44}", end="", flush=True)
            else:
                print(step)
                tried.append(step)
    count = {verdict: sum(one.verdict == verdict for one in tried) for verdict in ("works", "fails", "no key")}
    print(f"\n{live.LEGEND}\n{count['works']} work, {count['fails']} fail, {count['no key']} without a key")
    _write(args.json, {"command": " ".join(sys.argv[1:]), "services": [one.as_json() for one in tried]})
    return int(not all(one.ok for one in tried))


@contextlib.contextmanager
def _asked(args: argparse.Namespace) -> Iterator[list[live.Asked]]:
    if args.config is not None:
        yield [live.Asked.section(section) for section in _settings(args.config).services.values()]
    elif args.local:
        from ..gateway.server import Gateway  # needs packages that the doctor does without

        with Gateway() as gateway:
            yield _of_gateway(gateway.url, LOCAL_KEYS)
    elif args.gateway is not None:
        parts = urlsplit(args.gateway)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ConfigError("--gateway takes an address such as http://127.0.0.1:8190")
        yield _of_gateway(args.gateway, LOCAL_KEYS)
    else:
        yield [live.Asked.variant(variant, keys_given=False) for variant in VARIANTS]


def _of_gateway(url: str, keys: Mapping[str, str]) -> list[live.Asked]:
    return [live.Asked.variant(at_gateway(variant, url, keys), keys_given=True) for variant in VARIANTS]


def _write(path: Path | None, content: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
