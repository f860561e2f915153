"""A gateway in a process of its own, as it stands beside a switch: it shares neither the GIL nor the fate of the caller's process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from ..clock import SYSTEM
from ..errors import ConfigError
from .stage import Place

START_S = 120.0
"""How long it may take to come up: real engines load models of half a gigabyte."""
STOP_S = 15.0


class GatewayProcess:
    """``firstword gateway`` while the context lasts; `place` says where it listens.

    Args:
        options: flags of ``firstword gateway`` without the dashes, such as ``{"first-token-ms": 200}``.
        faults: as for ``--fault``.

    Raises:
        ConfigError: on entering, if it does not come up; with what it said.
    """

    def __init__(self, options: Mapping[str, object], faults: tuple[str, ...] = ()) -> None:
        self._options = options
        self._faults = faults
        self._folder = tempfile.TemporaryDirectory(prefix="firstword-gateway-")
        self._process: subprocess.Popen[bytes] | None = None
        self.place: Place

    @property
    def pid(self) -> int:
        assert self._process is not None, "the gateway was not started"
        return self._process.pid

    def __enter__(self) -> GatewayProcess:
        folder = Path(self._folder.name)
        where = folder / "gateway.json"
        command = [sys.executable, "-m", "firstword.cli", "gateway", "--json", str(where)]
        command += [f"--{name}={value}" for name, value in self._options.items()]
        command += [f"--fault={fault}" for fault in self._faults]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ}
            )
        deadline = SYSTEM.deadline(START_S)
        while (place := _read(where)) is None:
            if self._process.poll() is not None or deadline.passed():
                said = (folder / "log").read_text(errors="replace").strip().splitlines()
                self.close()
                raise ConfigError(f"the gateway did not come up: {said[-1] if said else 'it said nothing'}")
            SYSTEM.sleep(0.05)
        self.place = place
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_S)
        self._folder.cleanup()


def _read(path: Path) -> Place | None:
    """What the gateway wrote, once it has written all of it."""
    try:
        return Place.read(json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
