"""A FreeSWITCH of one's own: its own folders, ports and configuration, on loopback, with the firstword of this checkout in it."""

from __future__ import annotations

import json
import random
import socket
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ..sim.stage import SCRIPTS
from .configuration import MODULES, PASSWORD, PROFILE, Ports, document
from .find import Installation
from .process import SwitchProcess

LIBRARY = Path(__file__).parents[2]
RTP_PORTS = range(12_000, 32_000)
"""Below those that the system gives to whoever asks for any, phones and SIPp among them."""


class Instance(SwitchProcess):
    """``freeswitch`` in a process of its own, while the context lasts. It ends with it, whatever happens.

    Args:
        installation: see `find.find`.
        folder: takes everything it writes; records go to ``log/firstword.jsonl``.
        firstword: the ``firstword.conf`` section; see `sim.stage.configuration`.
        dialplan: extensions that come before the usual ones (`configuration.DIALPLAN`).
        scripts: further scripts, which stand beside the door.
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
        scripts: Sequence[Path] = (),
        library: Path = LIBRARY,
        environment: Mapping[str, str] = {},
    ) -> None:
        first = random.choice(RTP_PORTS[:: 2 * sessions])  # another instance may be running: these are rarely its
        self.ports = Ports(free_port(), free_port(), first, first + 2 * sessions - 1)
        packages = sysconfig.get_paths()["purelib"]
        super().__init__(
            installation,
            folder,
            scripts=folder / "scripts",
            events=self.ports.events,
            password=PASSWORD,
            profile=PROFILE,
            environment={"FIRSTWORD_LIB": f"{library}:{packages}", **environment},
        )
        self._firstword = firstword
        self._dialplan = dialplan
        self._sessions = sessions
        self._further = tuple(scripts)

    def __enter__(self) -> Self:
        (self.folder / "conf").mkdir(parents=True, exist_ok=True)
        self.configure(self._firstword)
        (self.folder / "scripts").mkdir()
        for script in (*SCRIPTS.glob("voicebot.*"), *self._further):
            (self.folder / "scripts" / script.name).symlink_to(script.absolute())
        return super().__enter__()

    def configure(self, firstword: str) -> None:
        """Write the configuration. A switch that runs takes it with ``reloadxml``."""
        modules = [module for module in MODULES if self.installation.has(module)]
        text = document(self.ports, modules, firstword, self._dialplan, self._sessions)
        (self.folder / "conf/freeswitch.xml").write_text(text)

    def records(self) -> dict[str, dict[str, Any]]:
        """The call records so far, by channel uuid."""
        path = self.folder / "log/firstword.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return {record["call"]: record for record in map(json.loads, lines)}


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
