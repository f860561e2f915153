"""The one service of a process: everything that outlives a call. The door in fs_scripts calls it and holds no state of its own.

`startup` may be called at the switch's start, so that no caller waits for imports; otherwise the first call does it.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..audio.media_clock import MediaClock
from ..call import record as records
from ..call.call import Call
from ..call.record import CallRecord
from ..clock import SYSTEM, Clock
from ..errors import FirstwordError, one_line
from . import console as fs_cli
from .api import Host, Switch
from .freeswitch import FreeSwitch, FreeSwitchHost
from .generation import Generation
from .settings import Settings, parse

log = logging.getLogger("firstword.host")


class Service:
    """Settings, services, media clock and the calls in progress. Any thread may call any method.

    Args:
        switch: where configuration comes from and log lines go.
    """

    def __init__(self, switch: Switch, clock: Clock = SYSTEM) -> None:
        self.switch = switch
        self.clock = clock
        self.generation = Generation(parse(switch.configuration()), clock)
        self.media = self._new_clock()
        self.finished = 0
        self.failed = 0
        self._lock = threading.Lock()  # generation, _calls
        self._calls: dict[str, Call] = {}

    @property
    def settings(self) -> Settings:
        """The configuration in force for new calls."""
        return self.generation.settings

    def run(self, host: Host, profile_name: str) -> CallRecord | None:
        """A whole call, on the session thread. Never raises a fault of ours: the channel's variables tell the dialplan. Returns the
        call's record, or None if it could not begin."""
        with self._lock:
            generation = self.generation
        try:
            profile = generation.settings.profile(profile_name)
            services = generation.enter(profile)
        except FirstwordError as error:
            log.error("call %s could not begin: %s", host.uuid, error)
            self.failed += 1
            tell(host, "error", error=one_line(error))
            return None
        try:
            call = Call(host, profile, services, self._running_clock(), self.switch.run_dir, self.clock)
            with self._lock:
                self._calls[host.uuid] = call
            record = call.run()
        finally:
            with self._lock:
                self._calls.pop(host.uuid, None)
            generation.leave()
        self._keep(record)
        first_word = record.first_word_ms()
        tell(host, record.result, len(record.turns), first_word, record.error)
        return record

    def _keep(self, record: CallRecord) -> None:
        self.finished += 1
        self.failed += record.result == "error"
        path = Path(self.settings.general.records or self.switch.log_dir / "firstword.jsonl")
        try:
            records.append(record, path)
        except OSError as error:
            log.error("the record of call %s could not be written to %s: %s", record.call, path, error.strerror)
        level = logging.ERROR if record.result == "error" else logging.INFO
        log.log(level, "call %s ended: %s %s", record.call, record.result, record.error)

    def _new_clock(self) -> MediaClock:
        media = MediaClock(self.clock, depth_frames=self.settings.general.depth_frames)
        media.start()
        return media

    def _running_clock(self) -> MediaClock:
        """The media clock, or another one if it has died or hangs: its calls were lost with it, the next ones need not be."""
        with self._lock:
            if not self.media.alive(self.clock.now()):
                log.error("the media clock has stopped; a new one serves the calls from here on")
                self.media.stop(0)
                self.media = self._new_clock()
            return self.media

    def calls(self) -> Mapping[str, Call]:
        """The calls in progress, by channel uuid."""
        with self._lock:
            return dict(self._calls)

    def reload(self) -> None:
        """Read the configuration again: new calls take it, running calls keep theirs. A refused one changes nothing.

        Raises:
            ConfigError: what is wrong with the new one.
        """
        fresh = Generation(parse(self.switch.configuration()), self.clock)
        with self._lock:
            old, self.generation = self.generation, fresh
        old.retire()

    def close(self, seconds: float = 5.0) -> None:
        """End the process's part: services and media clock. Calls in progress break."""
        self.media.stop(seconds)
        self.generation.close()


def tell(host: Host, result: str, turns: int = 0, first_word_ms: float | None = None, error: str = "") -> None:
    """Set the channel's ``firstword_...`` variables."""
    host.set_variable("firstword_result", result)
    host.set_variable("firstword_turns", str(turns))
    host.set_variable("firstword_first_word_ms", "" if first_word_ms is None else f"{first_word_ms:.0f}")
    host.set_variable("firstword_error", error)


# -- the doors: called by fs_scripts/voicebot.py, on threads of the switch -----------------------------------------------

_making = threading.Lock()
_service: Service | None = None


def current() -> Service:
    """The service of this process, made when it is first asked for. Raises ConfigError if the configuration is refused."""
    global _service  # noqa: PLW0603 - the one thing that a process has one of
    with _making:
        if _service is None:
            switch = FreeSwitch()
            _to_switch(switch)
            _service = Service(switch, switch.clock)
            _settle_garbage()
            sys.setswitchinterval(_service.settings.general.switch_interval_ms / 1000)
            logging.getLogger("firstword").setLevel(
                {"err": "ERROR"}.get(level := _service.settings.general.log_level, level.upper())
            )
            log.info("firstword %s is ready", __version__)
        return _service


def _settle_garbage() -> None:
    """What is here now stays: the collector need not look at it again. It holds the interpreter, and so every call's audio, for 130 ms
    when it looks at everything (measured with a hundred calls)."""
    gc.collect()
    gc.freeze()


def end(seconds: float = 5.0) -> None:
    """Forget the service of this process: for tests and for the simulated switch's end."""
    global _service
    with _making:
        service, _service = _service, None
    if service is not None:
        service.close(seconds)
        gc.unfreeze()
    _from_switch()


def startup(args: str = "") -> None:
    """What ``startup-script`` runs: import, read, start the clock. A mistake is logged, and said again to the first call."""
    try:
        current()
    except FirstwordError as error:
        _complain(error)


def handle(session: Any, args: str) -> None:
    """What the dialplan's ``python`` application runs: one call with the profile named in `args`."""
    with FreeSwitchHost(session) as host:
        try:
            current().run(host, args.strip() or "default")
        except FirstwordError as error:
            _complain(error)
            tell(host, "error", error=one_line(error))
        except Exception as error:  # the door: whatever it is, the dialplan goes on and is told
            log.exception("call %s broke", host.uuid)
            tell(host, "error", error=one_line(error))


def console(stream: Any, args: str) -> None:
    """What ``fs_cli -x 'python voicebot ...'`` runs."""
    try:
        stream.write(fs_cli.answer(current(), args or ""))
    except FirstwordError as error:
        stream.write(f"-ERR {error}\n")
    except Exception as error:  # the door: an operator gets a line, the log the traceback
        log.exception("voicebot %s broke", args)
        stream.write(f"-ERR {one_line(error)}\n")


def _complain(error: FirstwordError) -> None:
    """Log what kept the service from being made: the way to the switch's log may be what is missing."""
    try:
        _to_switch(FreeSwitch())
    except FirstwordError as other:
        log.error("%s", other)
    log.error("%s", error)


class _SwitchHandler(logging.Handler):
    """Log records of ``firstword`` as lines of the switch's log."""

    LEVELS = ((logging.ERROR, "err"), (logging.WARNING, "warning"), (logging.INFO, "info"))

    def __init__(self, switch: Switch) -> None:
        super().__init__()
        self.switch = switch
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        level = next((name for bound, name in self.LEVELS if record.levelno >= bound), "debug")
        self.switch.log(level, self.format(record) + "\n")


def _to_switch(switch: Switch) -> None:
    """Send the log of ``firstword`` to the switch, and nowhere else."""
    _from_switch()
    logger = logging.getLogger("firstword")
    logger.addHandler(_SwitchHandler(switch))
    logger.propagate = False


def _from_switch() -> None:
    logger = logging.getLogger("firstword")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _SwitchHandler)]:
        logger.removeHandler(handler)
    logger.propagate = True
