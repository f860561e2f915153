"""A FreeSWITCH of one's own: its own folders, ports and configuration, on loopback, with the firstword of this checkout in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..clock import SYSTEM
from ..errors import HostError
from ..sim.stage import SCRIPTS
from .configuration import MODULES, PASSWORD, Ports, document
from .esl import EventSocket
from .find import Installation

START_S = 60.0
STOP_S = 20.0
FOLDERS = ("conf", "log", "db", "run", "temp", "storage", "cache", "recordings", "certs", "sounds", "grammar", "htdocs")
LIBRARY = Path(__file__).parents[2]
RTP_PORTS = range(42_000, 48_000)


class Instance:
    """``freeswitch`` in a process of its own, while the context lasts. It ends with it, whatever happens.

    Args:
        installation: see `find.find`.
        folder: takes everything it writes; records go to ``log/firstword.jsonl``.
        firstword: the ``firstword.conf`` section; see `sim.stage.configuration`.
        dialplan: extensions that come before the usual ones (`configuration.DIALPLAN`).
        library: where ``firstword`` is imported from.
        environment: what its process finds in the environment besides.

    Raises:
        HostError: on entering, if it does not come up; with the last of what it said.
    """

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        firstword: str,
        *,
        dialplan: str = "",
        sessions: int = 1000,
        library: Path = LIBRARY,
        environment: Mapping[str, str] = {},
    ) -> None:
        self.installation = installation
        self.folder = folder
        self.ports = Ports(free_port(), free_port(), RTP_PORTS.start, RTP_PORTS.stop - 1)
        self._firstword = firstword
        self._dialplan = dialplan
        self._sessions = sessions
        self._library = library
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Instance:
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.configure(self._firstword)
        command = [str(self.installation.program), "-nf", "-nc", "-nonat", "-scripts", str(SCRIPTS)]
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
        assert self._process is not None, "the instance was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def configure(self, firstword: str) -> None:
        """Write the configuration. A switch that runs takes it with ``reloadxml``."""
        modules = [module for module in MODULES if self.installation.has(module)]
        text = document(self.ports, modules, firstword, self._dialplan, self._sessions)
        (self.folder / "conf/freeswitch.xml").write_text(text)

    def events(self) -> EventSocket:
        """A connection to its event socket, to be closed by the caller."""
        return EventSocket(self.ports.events, PASSWORD)

    def api(self, command: str, seconds: float = 30) -> str:
        """What it answers to a command of fs_cli."""
        with self.events() as esl:
            return esl.api(command, seconds)

    def records(self) -> dict[str, dict[str, Any]]:
        """The call records so far, by channel uuid."""
        path = self.folder / "log/firstword.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return {record["call"]: record for record in map(json.loads, lines)}

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
        packages = sysconfig.get_paths()["purelib"]
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "FIRSTWORD_LIB": f"{self._library}:{packages}",
            **self._environment,
        }

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
                if "live" in self.api("sofia status") and "RUNNING" in self.api("sofia status"):
                    return
            except HostError:
                pass  # not yet
            SYSTEM.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that is free for TCP and UDP just now."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port
