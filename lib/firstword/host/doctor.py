"""``firstword doctor``: is this machine fit, and do the configured services really answer? In a running switch, fs_cli's ``python voicebot
doctor`` examines the switch too (`examine`)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ..errors import ConfigError
from . import probe
from .examine import describe, machine
from .findings import Finding
from .settings import parse

SERVICE_S = 15.0
"""Outside the switch there is time: a local engine may have to load first."""


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a firstword.conf.xml; its services are really asked"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON")


def run(args: argparse.Namespace) -> int:
    findings = []
    for finding in (*machine(), *(examine_services(args.config) if args.config else ())):
        print(finding)
        findings.append(finding)
    if args.json:
        args.json.write_text(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1) + "\n")
    return int(not all(finding.ok for finding in findings))


def examine_services(config: Path) -> Iterator[Finding]:
    """The configuration, and a finding for each of its services. Raises ConfigError."""
    try:
        settings = parse(config.read_text())
    except OSError as error:
        raise ConfigError(f"{config} can not be read: {error.strerror}") from error
    yield Finding("configuration", True, describe(settings))
    yield from probe.services(settings.services.values(), seconds=SERVICE_S)
