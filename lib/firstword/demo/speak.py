"""``firstword speak``: how a text is read, and a WAV file of it through a streaming synthesiser, with the time to its first audio."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
import threading
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..call.profile import Profile
from ..clock import SYSTEM, Clock
from ..errors import ConfigError, ProviderError, ScriptError
from ..gateway import engines
from ..gateway.options import GatewayOptions
from ..gateway.server import Gateway
from ..host.settings import Settings, parse
from ..options import did_you_mean
from ..providers import registry
from ..speech.tts import Mark, Synthesiser
from ..text.lexicon import SYLLABLES, entries, syllables
from ..text.reader import phrase
from . import reading

DESCRIPTION = """\
Shows how a text is read: its pieces, what is said otherwise than it is written, what is not said. With -o it is spoken too, with the
synthesiser of a profile, or with a voice of this machine behind a local gateway, and what came is written.
"""
LONGEST_S = 600.0
"""How long a synthesis may take: the providers' own bounds end it earlier if nothing comes."""


@dataclass(frozen=True)
class Spoken:
    """What a synthesis brought: 16-bit little-endian mono at `rate`."""

    pcm: bytes
    rate: int
    first_audio_ms: float | None
    """From the start to the first audio, connecting included; None if there was none."""
    whole_ms: float
    """From the start to the end."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate


class _Collector:
    """The listener: keeps everything. The synthesiser's thread."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pieces: list[bytes] = []
        self.first: float | None = None
        self.error: ProviderError | None = None
        self.over = threading.Event()

    def audio(self, pcm: bytes) -> None:
        if self.first is None:
            self.first = self.clock.now()
        self.pieces.append(pcm)

    def mark(self, mark: Mark) -> None:
        """Of no interest here."""

    def finished(self) -> None:
        self.over.set()

    def failed(self, error: ProviderError) -> None:
        self.error = error
        self.over.set()


def synthesise(synthesiser: Synthesiser, text: str, clock: Clock = SYSTEM) -> Spoken:
    """Speak `text` and wait for all of it.

    Raises:
        ProviderError: the service failed, or took longer than `LONGEST_S`.
    """
    listener, begun = _Collector(clock), clock.now()
    synthesis = synthesiser.start("speak", listener)
    try:
        synthesis.say(text)
        synthesis.finish()
        if not clock.wait(listener.over, LONGEST_S):
            raise ProviderError(f"not finished within {LONGEST_S:g} s", provider=synthesiser.name, retry=True)
    finally:
        synthesis.cancel()
    if listener.error is not None:
        raise listener.error
    first_ms = None if listener.first is None else (listener.first - begun) * 1000
    return Spoken(b"".join(listener.pieces), synthesiser.rate, first_ms, (clock.now() - begun) * 1000)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags to its parser."""
    parser.description = DESCRIPTION
    parser.add_argument("text", metavar="TEXT", nargs="?", help="what to say; - reads it from the standard input")
    parser.add_argument("--text", dest="text_option", metavar="TEXT", help="the same")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="the WAV file to write; without it nothing is spoken"
    )
    parser.add_argument(
        "--as-written", action="store_true", help="speak the text as it is written, whatever the profile says"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a firstword.conf.xml, without $${variables}")
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="whose synthesiser and way of reading, of --config (default: the profile 'default')",
    )
    parser.add_argument(
        "--voice", metavar="NAME", help=f"a voice of this machine: {', '.join(engines.names('voice'))} (default: tone)"
    )
    parser.add_argument(
        "--rate", type=int, choices=(8000, 16000, 24000), help="samples per second of --voice (default: 8000)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write how it was read, and what was measured")
    parser.set_defaults(writes=("out", "json"))


def run(args: argparse.Namespace) -> int:
    """Speak. Returns the exit code: 0 if there was something to hear.

    Raises:
        ConfigError, ProviderError, ScriptError: a setting is wrong, the service failed, a file can not be written.
    """
    given = args.text_option if args.text is None else args.text
    text = (sys.stdin.read() if given == "-" else given or "").strip()
    if not text:
        raise ConfigError("there is no text to speak")
    if args.config is not None and (args.voice or args.rate):
        raise ConfigError("--voice and --rate are for the voices of this machine; with --config the profile says them")
    if args.config is None and args.profile:
        raise ConfigError("--profile needs the --config it is in")
    profile = _settings(args)[1] if args.config is not None else Profile()
    if args.as_written:
        profile = dataclasses.replace(profile, reading=False)
    if args.out is None:
        told = reading.read(text, profile)
        print(told.table())
        _write_json(args, {"text": text, **told.as_dict()})
        return 0
    with contextlib.ExitStack() as stack:
        synthesiser = _configured(args) if args.config is not None else _local(args, stack)
        stack.callback(synthesiser.close)
        synthesiser = pronouncing(synthesiser, profile)
        told = reading.read(text, profile, synthesiser.reads)
        print(told.table())
        spoken = synthesise(synthesiser, phrase(text, profile, synthesiser.reads)[0])
        name = synthesiser.name
    _write(args, spoken, name, {"text": text, **told.as_dict()})
    if spoken.first_audio_ms is None:
        sys.stderr.write(f"firstword speak: {name} had nothing to say for this text\n")
        return 1
    print(
        f"{name}: first audio after {spoken.first_audio_ms:.0f} ms, {spoken.seconds:.2f} s of audio in {spoken.whole_ms / 1000:.2f} s, "
        f"{spoken.rate} Hz -> {args.out}"
    )
    return 0


def pronouncing(synthesiser: Synthesiser, profile: Profile) -> Synthesiser:
    """`synthesiser`, told the syllables of the profile's lexicon, if it takes them."""
    words = syllables(entries(profile.lexicon))
    return synthesiser.pronouncing(words) if words and SYLLABLES in synthesiser.reads else synthesiser


def _settings(args: argparse.Namespace) -> tuple[Settings, Profile]:
    try:
        settings = parse(args.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"--config {args.config} can not be read: {reason}") from error
    return settings, settings.profile(args.profile or "default")


def _configured(args: argparse.Namespace) -> Synthesiser:
    settings, profile = _settings(args)
    section = settings.services[profile.tts[0]]
    return registry.make_tts(section.vendor, section.values, section.where)


def _local(args: argparse.Namespace, stack: contextlib.ExitStack) -> Synthesiser:
    voice, known = args.voice or "tone", engines.names("voice")
    if voice not in known:
        raise ConfigError(
            f"--voice: there is no voice {voice!r}{did_you_mean(voice, known)}; known: {', '.join(known)}"
        )
    gateway = stack.enter_context(Gateway(GatewayOptions(voice=voice)))
    values = {
        "url": gateway.tts_url,
        "token_url": gateway.token_url,
        "appkey": gateway.appkey,
        "access_key_id": gateway.access_key_id,
        "access_key_secret": gateway.access_key_secret,
        "sample_rate": str(args.rate or 8000),
    }
    return registry.make_tts("aliyun", values, "firstword speak")


def _write(args: argparse.Namespace, spoken: Spoken, name: str, told: Mapping[str, object]) -> None:
    measured = {
        "service": name,
        **told,
        "file": str(args.out),
        "rate": spoken.rate,
        "first_audio_ms": None if spoken.first_audio_ms is None else round(spoken.first_audio_ms, 1),
        "whole_ms": round(spoken.whole_ms, 1),
        "seconds": round(spoken.seconds, 3),
    }
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with args.out.open("wb") as raw, wave.open(raw, "wb") as file:
            file.setparams((1, 2, spoken.rate, 0, "NONE", ""))
            file.writeframes(spoken.pcm)
    except OSError as error:
        raise ScriptError(f"{error.filename} can not be written: {error.strerror}") from error
    _write_json(args, measured)


def _write_json(args: argparse.Namespace, values: Mapping[str, object]) -> None:
    if args.json is None:
        return
    try:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ScriptError(f"{error.filename} can not be written: {error.strerror}") from error
