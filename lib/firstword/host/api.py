"""What a call needs of its host: sixteen methods. `host.freeswitch` does them on a mod_python3 session; `sim` simulates
that session, so that the same code runs without a FreeSWITCH.

The facts behind each docstring were measured; they stand in docs/freeswitch.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol


class Host(Protocol):
    """One channel of a switch. Made on the session thread for one call, and not used after the session thread has returned
    from `Call.run`: the switch frees the session then.

    Where a method says *any thread* it may be called by any thread until then; the others only by the session thread.
    """

    uuid: str
    """The channel's name, unique; 1 to 64 characters of ``[A-Za-z0-9-]``."""

    def answer(self) -> None:
        """Answer the call; nothing happens if it is answered. Raises HostError if the channel is gone."""

    def open_early(self) -> None:
        """Let audio flow before the call is answered (early media); nothing happens if it flows. Raises HostError if the channel is
        gone."""

    def ready(self) -> bool:
        """Whether the channel still lives: False after a hang-up or a transfer. Any thread."""

    def start_audio(self, caller: Path, bot: Path) -> None:
        """Connect two FIFOs that exist: the switch writes what the caller says into `caller` and plays what it reads from `bot`, mixed
        into silence. 16-bit little-endian mono at the rate of the file names' suffix (``.r8``, ``.r16``). The switch *opens* both ends
        here, and an open waits for the other side: whoever serves the FIFOs must be running already. Raises HostError if refused."""

    def stop_audio(self) -> None:
        """Disconnect both, if the channel lives; the FIFOs are then at their end."""

    def hold(self, on_key: Callable[[str], object], on_hang_up: Callable[[str], object]) -> None:
        """Keep the channel, and this thread, until `release`, a hang-up or a transfer. The callbacks come on this thread: `on_key` with
        each key (``0-9 * # A-D``), `on_hang_up` once with ``hangup`` or ``transfer``. They must return at once."""

    def release(self) -> None:
        """Make `hold` return soon, or at once if it has not begun. Any thread; idempotent; does not wait."""

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """End the call. Nothing happens if it has ended. Any thread; does not wait."""

    def transfer(self, destination: str) -> None:
        """Let the channel go on at `destination`, ``EXTENSION [DIALPLAN [CONTEXT]]``, from configuration: never what a model or a caller
        wrote. After `hold`, last thing; nothing happens if the channel is gone."""

    def send_keys(self, keys: str) -> None:
        """Send keys (``0-9 * # A-D``; ``w`` and ``W`` wait for half a second and a second) to the other side. Any thread; does not wait.
        Raises HostError for anything else."""

    def variable(self, name: str) -> str:
        """A channel variable, or ""."""

    def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable; an empty value removes it. Any thread."""

    def fire(self, event: str, fields: Mapping[str, str], body: str = "") -> None:
        """Send ``CUSTOM firstword::<event>`` with `fields` as headers to whoever listens on the switch (80 us). Any thread. The switch
        leaves out a header without a value."""


class Switch(Protocol):
    """What the process needs of the switch, once, for all calls. Any thread may call any method."""

    run_dir: Path
    """Where FIFOs may be made: a folder that only the switch's user can enter."""
    log_dir: Path
    """Where call records are appended."""

    def configuration(self) -> str:
        """``firstword.conf`` as XML text, after ``$${variables}`` and includes were expanded. May wait for a server (mod_xml_curl); other
        threads go on. Raises ConfigError if there is none, HostError if the switch does not answer."""

    def ask(self, command: str) -> str:
        """What an API command answers. It holds every Python thread meanwhile: only for commands that return at once."""

    def log(self, level: str, line: str) -> None:
        """A line for the switch's log; `level` is one of ``debug info notice warning err``."""
