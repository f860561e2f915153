"""``firstword doctor``: is this machine fit, and do the configured services really answer? Each line says ok or what to do."""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..clock import SYSTEM
from ..errors import ConfigError, FirstwordError, ProviderError, one_line
from ..providers import registry
from ..speech.asr import Transcript
from ..speech.llm import Completion, Message
from ..speech.tts import Mark
from .settings import ServiceSection, parse

SERVICE_S = 15.0
"""How long one service may take to prove itself."""
PACKAGES = ("numpy", "soxr", "requests", "websocket", "webrtcvad")
DESCRIPTORS_PER_CALL = 12
"""Two FIFOs, up to three sockets with their wake-ups, and room."""


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    what: str
    ok: bool
    text: str


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a firstword.conf.xml; its services are really asked"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON")


def run(args: argparse.Namespace) -> int:
    findings = []
    for finding in (*examine_machine(), *(examine_services(args.config) if args.config else ())):
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what:<24} {finding.text}")
        findings.append(finding)
    if args.json:
        args.json.write_text(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1) + "\n")
    return int(not all(finding.ok for finding in findings))


def examine_machine() -> Iterator[Finding]:
    """Python, packages, descriptors, the clock."""
    version = sys.version.split()[0]
    yield Finding("python", sys.version_info >= (3, 11), f"{version}, firstword {__version__}")
    for name in PACKAGES:
        try:
            module = importlib.import_module(name)
            yield Finding(f"package {name}", True, str(getattr(module, "__version__", "")))
        except ImportError as error:
            yield Finding(f"package {name}", False, f"{error}: pip install firstword")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield Finding(
        "descriptors", soft >= 1024, f"{soft}, enough for {soft // DESCRIPTORS_PER_CALL} calls; raise with ulimit -n"
    )
    late = sorted(_lateness() for _ in range(50))
    yield Finding(
        "clock",
        late[45] < 0.005,
        f"a 10 ms sleep is late by {late[25] * 1000:.2f} ms, at worst {late[-1] * 1000:.2f} ms",
    )


def _lateness() -> float:
    began = SYSTEM.now()
    SYSTEM.sleep(0.01)
    return SYSTEM.now() - began - 0.01


def examine_services(config: Path) -> Iterator[Finding]:
    """Each service does a little real work: a sentence spoken, a question answered, a second of silence recognised."""
    try:
        settings = parse(config.read_text())
    except OSError as error:
        raise ConfigError(f"{config} can not be read: {error.strerror}") from error
    yield Finding("configuration", True, f"{len(settings.services)} services, profiles {', '.join(settings.profiles)}")
    probes: dict[str, Callable[[ServiceSection, _Probe], Any]] = {"asr": _ask_asr, "llm": _ask_llm, "tts": _ask_tts}
    for section in settings.services.values():
        probe = _Probe()
        began = SYSTEM.now()
        try:
            service = probes[section.does](section, probe)
        except FirstwordError as error:
            yield Finding(section.where, False, one_line(error))
            continue
        probe.over.wait(SERVICE_S)
        service.close()
        if probe.error is not None:
            yield Finding(section.where, False, one_line(probe.error))
        elif not probe.over.is_set():
            yield Finding(
                section.where, False, f"{section.vendor} {section.does} did not answer within {SERVICE_S:.0f} s"
            )
        else:
            first = "" if probe.first is None else f", first answer after {(probe.first - began) * 1000:.0f} ms"
            yield Finding(section.where, True, f"{service.name} works{first}")


def _ask_asr(section: ServiceSection, probe: _Probe) -> Any:
    service = registry.make_asr(section.vendor, section.values, section.where, SYSTEM)
    recognition = service.start("doctor", probe)
    recognition.feed(bytes(2 * service.rate))
    recognition.finish()
    return service


def _ask_llm(section: ServiceSection, probe: _Probe) -> Any:
    service = registry.make_llm(section.vendor, section.values, section.where, SYSTEM)
    service.start("doctor", [Message("user", "你好")], probe)
    return service


def _ask_tts(section: ServiceSection, probe: _Probe) -> Any:
    service = registry.make_tts(section.vendor, section.values, section.where, SYSTEM)
    synthesis = service.start("doctor", probe)
    synthesis.say("你好。")
    synthesis.finish()
    return service


class _Probe:
    """A listener of all three contracts that only notes when something first came, and how it ended."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.error: ProviderError | None = None
        self.over = threading.Event()

    def _came(self) -> None:
        self.first = self.first or SYSTEM.now()

    def ready(self) -> None:
        self._came()

    def partial(self, transcript: Transcript) -> None:
        self._came()

    def final(self, transcript: Transcript) -> None:
        self._came()

    def token(self, text: str) -> None:
        self._came()

    def audio(self, pcm: bytes) -> None:
        self._came()

    def mark(self, mark: Mark) -> None:
        pass

    def finished(self, completion: Completion | None = None) -> None:
        self.over.set()

    def failed(self, error: ProviderError) -> None:
        self.error = error
        self.over.set()
