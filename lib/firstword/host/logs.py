"""The log of ``firstword`` becomes lines of the switch's log."""

from __future__ import annotations

import logging

from .api import Switch

NOTICE = 25
"""Between INFO and WARNING, as on the switch: what an operator waits for."""
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": NOTICE,
    "warning": logging.WARNING,
    "err": logging.ERROR,
}
NAME = "firstword-switch"
"""The handler's name: a newer edition of this file finds the one of an older by it."""


class _SwitchHandler(logging.Handler):
    def __init__(self, switch: Switch) -> None:
        super().__init__()
        self.set_name(NAME)
        self.switch = switch
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        level = next((name for name, bound in reversed(LEVELS.items()) if record.levelno >= bound), "debug")
        self.switch.log(level, self.format(record) + "\n")


def to_switch(switch: Switch, level: str = "") -> None:
    """Send the log to `switch`, and nowhere else, from `level` on (one of `LEVELS`; as it was if empty)."""
    from_switch()
    logger = logging.getLogger("firstword")
    logger.addHandler(_SwitchHandler(switch))
    logger.propagate = False
    if level:
        logger.setLevel(LEVELS[level])


def from_switch() -> None:
    """No longer."""
    logger = logging.getLogger("firstword")
    for handler in [handler for handler in logger.handlers if handler.get_name() == NAME]:
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True
