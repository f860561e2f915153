"""Everything that a reload renews: this code, one configuration, the services made from it, a media clock, and its calls. See `seat`."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__, threads
from ..audio import vad
from ..audio.media_clock import MediaClock
from ..call import announce
from ..call import record as records
from ..call.call import Call
from ..call.dialogue import Services
from ..call.profile import Profile
from ..call.record import CallRecord
from ..call.tools.permissions import destinations
from ..clock import Clock
from ..errors import ConfigError, FirstwordError, one_line
from ..net.loop import LOOP
from . import console, logs, renewal, telling
from .api import Host, Switch
from .freeswitch import FreeSwitch, FreeSwitchHost
from .seat import PROTOCOL, Seat
from .settings import parse
from .shelf import Shelf

log = logging.getLogger("firstword.host")
renewal.sources()  # as they are while this code is being imported

__all__ = ["PROTOCOL", "Edition", "opened", "ready"]


def opened(seat: Seat) -> Edition:
    """An edition of the switch's configuration, its clock running. Raises ConfigError, HostError."""
    switch = FreeSwitch()
    return Edition(switch, switch.clock, seat)


def ready(seat: Seat) -> Edition:
    """The same, and nothing is left that could keep its first call from being served. Raises ConfigError, HostError."""
    edition = opened(seat)
    try:
        edition.prepare()
    except BaseException:
        edition.close(1.0)
        raise
    return edition


class Edition:
    """`seat.Edition`, and what the same code asks of it. Any thread may call any method.

    Args:
        switch: where configuration comes from and log lines go.
    """

    def __init__(self, switch: Switch, clock: Clock, seat: Seat) -> None:
        self.name = __name__.rpartition(".host.")[0]
        self.version = __version__
        self.switch = switch
        self.clock = clock
        self.seat = seat
        self.settings = parse(switch.configuration())
        self.sources = renewal.sources()  # now the vendors are imported too
        self.shelf = Shelf(self.settings, clock)
        self._lock = threading.Lock()  # _calls, media
        self._calls: dict[str, Call] = {}
        self.media = self._new_clock()

    # -- for the seat ------------------------------------------------------------------------------------------------

    def take_office(self) -> None:
        """See `seat.Edition`."""
        general = self.settings.general
        logs.to_switch(self.switch, general.log_level)
        sys.setswitchinterval(general.switch_interval_ms / 1000)

    def handle(self, session: Any, args: str) -> None:
        """See `seat.Edition`."""
        with FreeSwitchHost(session) as host:
            try:
                self.run(host, args.strip() or "default")
            except Exception as error:  # the door: whatever it is, the dialplan goes on and is told
                log.exception("call %s broke", host.uuid)
                tell_dialplan(host, "error", error=one_line(error))

    def uuids(self) -> tuple[str, ...]:
        """See `seat.Edition`."""
        return tuple(self.calls())

    def answer(self, line: str) -> str:
        """See `seat.Edition`."""
        try:
            return console.answer(self, line)
        except FirstwordError as error:
            return f"-ERR {error}\n"
        except Exception as error:  # the door: an operator gets a line, the log the traceback
            log.exception("voicebot %s broke", line)
            return f"-ERR {one_line(error)}\n"

    def tell(self, command: str, uuid: str, rest: str) -> str:
        """See `seat.Edition`."""
        call = self.calls().get(uuid)
        if call is None:
            return f"-ERR the call {uuid} is over\n"
        try:
            return telling.COMMANDS[command](call, rest, self.clock.now())
        except FirstwordError as error:  # here, for the class may be foreign to who asks
            return f"-ERR {error}\n"

    def line(self) -> str:
        """See `seat.Edition`."""
        lateness = self.media.lateness
        return (
            f"{self.name} {self.version}: {len(self.calls())} calls, {_threads()}, {LOOP.connections} connections, media clock "
            f"{'running' if self.media.alive(self.clock.now()) else 'STOPPED'}, late p50 {lateness.p50_ms:.1f} p99 {lateness.p99_ms:.1f} "
            f"max {lateness.max_ms:.1f} ms"
        )

    def close(self, seconds: float = 5.0) -> None:
        """See `seat.Edition`."""
        self.media.stop(seconds)
        self.shelf.close()

    # -- calls -------------------------------------------------------------------------------------------------------

    def calls(self) -> Mapping[str, Call]:
        """The calls in progress, by channel uuid, oldest first."""
        with self._lock:
            return dict(self._calls)

    def run(self, host: Host, profile_name: str) -> CallRecord | None:
        """A whole call, on the session thread. Never raises a fault of ours: the channel's variables tell the dialplan. Returns the
        call's record, or None if it could not begin."""
        busy = self.seat.admit(self.settings.general.max_calls)
        if busy:
            log.log(logs.NOTICE, "call %s was refused: %s", host.uuid, busy)
            self._could_not_begin(host, profile_name, "busy", busy)
            return None
        failed, full = True, False
        try:
            profile = self.settings.profile(profile_name)
            with self.shelf.enter(profile, host.ready) as entry:
                full = bool(entry.busy)
                if full:
                    log.log(logs.NOTICE, "call %s was refused: %s", host.uuid, entry.busy)
                    self._could_not_begin(host, profile_name, "busy", entry.busy)
                    failed = False
                    return None
                record = self._run(host, profile, entry.services)
                failed = record.result == "error"
                return record
        except ConfigError as error:
            log.error("call %s could not begin: %s", host.uuid, error)
            self._could_not_begin(host, profile_name, "error", one_line(error))
            return None
        finally:
            self.seat.left(failed, full)

    def _run(self, host: Host, profile: Profile, services: Services) -> CallRecord:
        call = self._new_call(host, profile, services)
        with self._lock:
            self._calls[host.uuid] = call
        try:
            record = call.run()
        finally:
            with self._lock:
                self._calls.pop(host.uuid, None)
        self._keep(record)
        tell_dialplan(host, record.result, len(record.turns), record.first_word_ms(), record.error)
        host.set_variable("firstword_destination", record.destination)
        host.set_variable("firstword_summary", record.summary)
        announce.call_over(host, record)
        if record.destination:
            host.transfer(destinations(profile, profile.name)[record.destination])
        return record

    def _new_call(self, host: Host, profile: Profile, services: Services) -> Call:
        toolbox = self.shelf.toolbox(profile)
        folder = self.switch.run_dir
        return Call(host, profile, services, self._running_clock(), folder, toolbox, self.shelf.errands, self.clock)

    def _could_not_begin(self, host: Host, profile_name: str, result: str, error: str) -> None:
        tell_dialplan(host, result, error=error)
        for name in ("firstword_destination", "firstword_summary"):  # of a call that this channel had before
            host.set_variable(name, "")
        announce.call_over(host, records.not_begun(host.uuid, profile_name, result, error))

    def _keep(self, record: CallRecord) -> None:
        path = self.records
        try:
            records.append(record, path)
        except OSError as error:
            log.error("the record of call %s could not be written to %s: %s", record.call, path, error.strerror)
        level = logging.ERROR if record.result == "error" else logging.INFO
        log.log(level, "call %s ended: %s %s", record.call, record.result, record.error)

    @property
    def records(self) -> Path:
        """The file call records are appended to."""
        return Path(self.settings.general.records or self.switch.log_dir / "firstword.jsonl")

    # -- services and clock ------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make what every profile needs. Raises ConfigError: the first that can not be made."""
        for profile in self.settings.profiles.values():
            try:
                self.shelf.services(profile)
                self.shelf.toolbox(profile)
                vad.make(profile.vad, profile.rate)
            except FirstwordError as error:
                raise ConfigError(f"profile {profile.name!r}: {error}") from error

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


def tell_dialplan(host: Host, result: str, turns: int = 0, first_word_ms: float | None = None, error: str = "") -> None:
    """Set the channel's ``firstword_...`` variables. An error may hold the words of a service, and in these the caller's: the dialplan,
    which logs it, would expand ``${...}`` in them, commands of the switch too."""
    host.set_variable("firstword_result", result)
    host.set_variable("firstword_turns", str(turns))
    host.set_variable("firstword_first_word_ms", "" if first_word_ms is None else f"{first_word_ms:.0f}")
    host.set_variable("firstword_error", error.replace("${", "＄{"))


def _threads() -> str:
    """How many there are, and what for: ``3 threads (call 2, media-clock)``."""
    jobs = threads.jobs()
    names = ", ".join(f"{job} {count}" if count > 1 else job for job, count in sorted(jobs.items()))
    return f"{jobs.total()} threads" + (f" ({names})" if names else "")
