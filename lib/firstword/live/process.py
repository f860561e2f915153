"""``freeswitch`` in a process of its own, with folders of its own: begun, asked, ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ..clock import SYSTEM
from ..errors import HostError
from .esl import EventSocket
from .find import Installation

START_S = 60.0
STOP_S = 20.0
FOLDERS = ("conf", "log", "db", "run", "temp", "storage", "cache", "recordings", "certs", "sounds", "grammar", "htdocs")


class SwitchProcess:
    """A switch that lasts as long as the context. It ends with it, whatever happens.

    Args:
        installation: see `find.find`; nothing is written there.
        folder: takes everything it writes, in `FOLDERS`; its configuration is there, in ``conf``, when the context is entered.
        scripts: the script folder.
        events: the port of the event socket that its configuration names, and the password there.
        profile: the SIP profile that must run for it to be up.
        environment: what its process finds in the environment besides.

    Raises:
        HostError: on entering, if it does not come up; with the last of what it said.
    """

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        *,
        scripts: Path,
        events: int,
        password: str,
        profile: str,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.installation = installation
        self.folder = folder
        self._scripts = scripts
        self._events = events
        self._password = password
        self._profile = profile
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        command = [str(self.installation.program), "-nf", "-nc", "-nonat", "-scripts", str(self._scripts)]
        command += ["-mod", str(self.installation.modules)]
        for name in FOLDERS:
            command += [f"-{name}", str(self.folder / name)]
        with (self.folder / "console").open("wb") as console:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd=self.folder,
                env=self._surroundings(),
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the switch was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def events(self) -> EventSocket:
        """A connection to its event socket, to be closed by the caller."""
        return EventSocket(self._events, self._password)

    def api(self, command: str, seconds: float = 30) -> str:
        """What it answers to a command of fs_cli."""
        with self.events() as esl:
            return esl.api(command, seconds)

    def log(self) -> str:
        """The switch's log so far."""
        path = self.folder / "log/freeswitch.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End it: asked first, killed if it will not. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)

    def _surroundings(self) -> dict[str, str]:
        """The environment: as bare as a service's. An interpreter inside a program looks for its home by the first ``python3`` in
        PATH: a virtual environment there would hide the packages of the Python that mod_python3 was built with."""
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        return {**kept, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **self._environment}

    def _wait_until_up(self) -> None:
        deadline = SYSTEM.deadline(START_S)
        while True:
            assert self._process is not None
            if self._process.poll() is not None or deadline.passed():
                said = (self.folder / "console").read_text(errors="replace").strip().splitlines()
                raise HostError(
                    f"FreeSWITCH did not come up in {self.folder}: {said[-1] if said else 'it said nothing'}"
                )
            try:
                profiles = self.api("sofia status").splitlines()
                if any(self._profile in line and "RUNNING" in line for line in profiles):
                    return
            except HostError:
                pass  # not yet
            SYSTEM.sleep(0.05)
