"""The doors: what fs_scripts/voicebot.py calls, on threads of the switch, and the one seat of the process behind them.

`startup` may be called at the switch's start, so that no caller waits for imports; otherwise the first call does it.
"""

from __future__ import annotations

import gc
import logging
from typing import Any, cast

from .. import __version__
from ..errors import FirstwordError, one_line
from . import edition, logs
from .edition import Edition, tell_dialplan
from .freeswitch import FreeSwitch, FreeSwitchHost
from .seat import Seat, settle_garbage

log = logging.getLogger("firstword.host")


def _first(seat: Seat) -> Edition:
    made = edition.opened(seat)
    settle_garbage()
    logs.to_switch(made.switch, made.settings.general.log_level)
    log.info("firstword %s is ready", __version__)
    return made


_seat = Seat(_first)


def current() -> Edition:
    """The edition in office, made when it is first asked for. Raises FirstwordError if the configuration is refused."""
    return cast(
        Edition, _seat.current()
    )  # after a reload of the code it has the name and the methods, but is another class


def startup(args: str = "") -> None:
    """What ``startup-script`` runs: import, read, start the clock, make the services. A mistake is logged, and said again to the first
    call it concerns."""
    try:
        current().prepare()
        settle_garbage()  # with what the services and judges of speech have imported
    except FirstwordError as error:
        _complain(error)


def handle(session: Any, args: str) -> None:
    """What the dialplan's ``python`` application runs: one call with the profile named in `args`."""
    error = _not_current()
    if error:
        with FreeSwitchHost(session) as host:
            tell_dialplan(host, "error", error=error)
    else:
        _seat.handle(session, args)


def console(stream: Any, args: str) -> None:
    """What ``fs_cli -x 'python voicebot ...'`` runs."""
    error = _not_current()
    stream.write(f"-ERR {error}\n" if error else current().answer(args or ""))


def _not_current() -> str:
    """Make the first edition if there is none. Returns why there can be none, after it was logged, or ""."""
    try:
        current()
    except FirstwordError as error:
        _complain(error)
        return one_line(error)
    except Exception as error:  # the door: whatever it is, the dialplan goes on and is told
        log.exception("firstword can not begin")
        return one_line(error)
    return ""


def end(seconds: float = 5.0) -> None:
    """Forget everything of this process: for tests and for the simulated switch's end."""
    _seat.end(seconds)
    gc.unfreeze()
    logs.from_switch()


def _complain(error: FirstwordError) -> None:
    """Log what kept the service from being made: the way to the switch's log may be what is missing."""
    try:
        logs.to_switch(FreeSwitch())
    except FirstwordError as other:
        log.error("%s", other)
    log.error("%s", error)
