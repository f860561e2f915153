"""The running switch, asked through ``fs_cli``. Only commands that are safe to repeat; nothing is loaded, unloaded or stopped."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ..errors import ConfigError, HostError
from .layout import Folders

_ANSWER_S = 15.0
DOCTOR_S = 120.0  # it really asks every service, each with bounds of its own

_PLACES = ("/usr/bin", "/usr/local/bin", "/usr/local/freeswitch/bin", "/opt/freeswitch/bin")


class Console:
    """``fs_cli`` with its options. One process per command."""

    def __init__(self, argv: Iterable[str]) -> None:
        self.argv = tuple(argv)

    def __str__(self) -> str:
        """The command as it may be shown: without a password."""
        words = list(self.argv)
        for at, word in enumerate(words):
            if word in ("-p", "--password") and at + 1 < len(words):
                words[at + 1] = "***"
            elif word.startswith("--password="):
                words[at] = "--password=***"
            elif word.startswith("-p") and not word.startswith("--") and len(word) > 2:
                words[at] = "-p***"
        return " ".join(word if "***" in word else shlex.quote(word) for word in words)

    def line(self, command: str) -> str:
        """The line a person would type for `command`."""
        return f"{self} -x {shlex.quote(command)}"

    def ask(self, command: str, timeout_s: float = _ANSWER_S) -> str:
        """What the switch answers to `command`, without the blanks around it.

        Raises:
            HostError: there is no such program, no switch answers, or not within `timeout_s`.
        """
        try:
            done = subprocess.run(
                [*self.argv, "-x", command],
                check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise HostError(f"{self.line(command)}: no answer within {timeout_s:g} s") from None
        except OSError as error:
            raise HostError(f"{self} can not be run: {error.strerror}") from error
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
            raise HostError(f"{self}: {said}")
        return done.stdout.strip()

    def folders(self) -> Folders:
        """Where the running switch keeps what.

        Raises:
            HostError: no switch answers, or not as a switch does.
        """
        answers = {name: self.ask(f"global_getvar {name}_dir") for name in ("conf", "mod", "log", "run")}
        answers["scripts"] = self.ask("global_getvar script_dir")
        for name, answer in answers.items():
            if not answer.startswith("/"):
                raise HostError(f"{self}: the switch names no {name} folder: {answer[:80]!r}")
        return Folders(**{name: Path(answer) for name, answer in answers.items()})

    def loaded(self, module: str) -> bool:
        return self.ask(f"module_exists {module}") == "true"


def find(option: str | None, prefix: Path | None) -> Console | None:
    """The ``fs_cli`` of `option` (a command line), or else below `prefix`, on PATH or in the usual places; None if there is none.

    Raises:
        ConfigError: `option` is no command line.
    """
    if option is not None:
        try:
            argv = shlex.split(option)
        except ValueError as error:
            raise ConfigError(f"--fs-cli {option!r}: {error}") from error
        if not argv:
            raise ConfigError("--fs-cli takes a command line, such as 'fs_cli -P 8022'")
        return Console(argv)
    places = [str(prefix / "bin"), str(prefix / "usr/bin")] if prefix else []
    found = shutil.which("fs_cli", path=os.pathsep.join([*places, os.environ.get("PATH", ""), *_PLACES]))
    return Console([found]) if found else None


def process_of(folders: Folders) -> int | None:
    """The number of the switch's process by its pid file, if that process is there."""
    try:
        number = int((folders.run / "freeswitch.pid").read_text().strip())
    except (OSError, ValueError):
        return None
    return number if Path(f"/proc/{number}").exists() else None


def identity(folders: Folders) -> tuple[int, int]:
    """User and group the switch runs as: of its process, or else the owner of the folder it writes its log to, or else root."""
    number = process_of(folders)
    for path in ([Path(f"/proc/{number}")] if number else []) + [folders.log, folders.conf]:
        try:
            status = path.stat()
        except OSError:
            continue
        return status.st_uid, status.st_gid
    return 0, 0
