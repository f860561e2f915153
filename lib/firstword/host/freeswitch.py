"""FreeSWITCH by way of mod_python3: `FreeSwitchHost` is one channel, `FreeSwitch` the process.

What is unusual here is forced by the binding (docs/freeswitch.md, and mod_python3's source):

* `session.execute`, `streamFile`, `sleep` and `hangup` swap the *session thread's* saved thread state. Another thread
  that calls one of them breaks the interpreter. So whatever may come from any thread goes through ``bgapi``; only
  `getVariable`, `setVariable` and `ready` are harmless.
* ``API().executeString`` holds the GIL until the command returns. Only commands that return at once are run by it.
* An input callback must return a string: "" goes on, anything else, None and an exception too, ends what plays.
* The C++ session holds its callbacks where the garbage collector can not see them. A callback that reaches the
  session keeps it, and with it the channel, alive for ever; so what is given to the switch never refers to the
  session, and `close` lets go of it.
* ``uuid_break`` marks the channel, and the mark stays until something that plays finds it. One that comes too late
  would silence what the dialplan plays next; so it is sent only while `hold` plays.

`import freeswitch` happens when it is needed: the library can be imported without a switch.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from ..clock import SYSTEM, Clock
from ..errors import ConfigError, HostError, one_line
from . import background, markup

log = logging.getLogger("firstword.host")

START_VARIABLES = {
    "RECORD_READ_ONLY": "true",  # the caller alone
    "RECORD_MIN_SEC": "0",  # or the switch removes the FIFO of a call shorter than 3 s
    "RECORD_USE_THREAD": "false",  # 16 ms -> 11 ms
    "RECORD_PRE_BUFFER_FRAMES": "1",  # or the first half second comes late and at once
    "enable_file_write_buffering": "false",  # or everything comes 4.1 s late
    # What the dialplan may have set for a recording of its own, and would spoil this one.
    "RECORD_WRITE_ONLY": "false",
    "RECORD_STEREO": "false",
    "RECORD_STEREO_SWAP": "false",
    "RECORD_BRIDGE_REQ": "false",
    "RECORD_HANGUP_ON_ERROR": "false",
    "RECORD_INITIAL_TIMEOUT_MS": "0",
    "RECORD_FINAL_TIMEOUT_MS": "0",
    "DISPLACE_HANGUP_ON_ERROR": "false",
}
STOP_VARIABLES = {"record_post_process_exec_app": "", "record_post_process_exec_api": ""}
"""What is done with recordings when they end is not for a pipe."""
CONFIGURATION = "xml_locate configuration configuration name firstword.conf"
CONFIGURATION_S = 20.0
"""How long the switch may take to say its configuration: mod_xml_curl may have to fetch it."""
SILENCE = "silence_stream://-1"
KEYS = "0123456789*#ABCDwW"
"""``w`` waits for half a second, ``W`` for a whole one."""
BARREN_SECONDS = 0.1
"""A silence that ends sooner than this, unasked, does not play at all."""
BARREN_TIMES = 10


class FreeSwitchHost:
    """One channel: `host.api.Host` on a mod_python3 session.

    Made on the session thread, first thing in ``handler``, and closed there before ``handler`` returns::

        with FreeSwitchHost(session) as host:
            ...

    After `close` the methods for any thread do nothing, `ready` is False and `variable` is "".
    """

    def __init__(self, session: Any) -> None:
        self.uuid: str = session.getVariable("uuid") or ""
        self.callback_errors = 0
        """How many exceptions callbacks raised. They are logged, and never reach the switch."""
        self._session = session
        self._clock = _clock()
        self._lock = threading.Lock()
        self._released = False
        self._playing = False
        self._paths: tuple[str, str] | None = None
        self._gone: list[str] = []
        session.setHangupHook(_remember(self._gone))

    def __enter__(self) -> FreeSwitchHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The session thread.

    def answer(self) -> None:
        """See `host.api.Host`."""
        session = self._live()
        session.answer()
        if not session.ready():
            raise HostError(f"call {self.uuid}: the channel was gone before it could be answered")

    def open_early(self) -> None:
        """See `host.api.Host`."""
        session = self._live()
        session.preAnswer()
        if not session.ready():
            raise HostError(f"call {self.uuid}: the channel was gone before its audio could be opened")

    def start_audio(self, caller: Path, bot: Path) -> None:
        """See `host.api.Host`. The recording comes first: the caller is heard from the first frame on."""
        session = self._live()
        for path in (caller, bot):
            if not str(path).isprintable() or " " in str(path):
                raise HostError(f"{str(path)!r} holds a space: record_session and displace_session can not name it")
        rate = str(1000 * int(caller.suffix.removeprefix(".r")))
        self._paths = (str(caller), str(bot))
        with _set_meanwhile(session, {**START_VARIABLES, "record_sample_rate": rate}):
            session.execute("record_session", str(caller))
            self._must_be_attached("record_session", caller)
            # m: mixed into silence, or every later bug hears silence instead of the caller. f: before every other bug, or a
            # recording that the dialplan began earlier lacks the bot.
            session.execute("displace_session", f"{bot} mf")
            self._must_be_attached("displace_session", bot)

    def stop_audio(self) -> None:
        """See `host.api.Host`. After a hang-up the switch refuses to be asked, and closes the FIFOs when ``handler`` has
        returned."""
        session, paths = self._session, self._paths
        self._paths = None
        if session is None or paths is None or not session.ready():
            return
        with _set_meanwhile(session, STOP_VARIABLES):
            session.execute("stop_record_session", paths[0])
        session.execute("stop_displace_session", paths[1])

    def hold(self, on_key: Callable[[str], object], on_hang_up: Callable[[str], object]) -> None:
        """See `host.api.Host`. Raises HostError if the switch can not play silence (mod_tone_stream is not loaded)."""
        session = self._live()
        session.setInputCallback(self._key_callback(on_key))
        try:
            self._play(session)
        finally:
            session.unsetInputCallback()
        if not session.ready():
            self._guarded(on_hang_up, self._gone[0] if self._gone else "hangup")

    def transfer(self, destination: str) -> None:
        """See `host.api.Host`."""
        session = self._session
        if session is not None and session.ready():
            session.execute("transfer", _clean(destination))

    def variable(self, name: str) -> str:
        """See `host.api.Host`."""
        session = self._session
        return (session.getVariable(name) or "") if session is not None else ""

    def set_variable(self, name: str, value: str) -> None:
        """See `host.api.Host`."""
        session = self._session
        if session is not None:
            session.setVariable(name, _clean(value))

    def close(self) -> None:
        """Let go of the session. Idempotent."""
        with self._lock:
            self._session = None
            self._released = True

    # Any thread.

    def ready(self) -> bool:
        """See `host.api.Host`."""
        with self._lock:  # or `close` could let the switch free the session meanwhile
            return self._session is not None and bool(self._session.ready())

    def release(self) -> None:
        """See `host.api.Host`."""
        with self._lock:
            first, self._released = not self._released, True
            if first and self._playing:
                _api(f"bgapi uuid_break {self.uuid}")

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """See `host.api.Host`."""
        with self._lock:
            if self._session is not None:
                _api(f"bgapi uuid_kill {self.uuid} {cause}")

    def send_keys(self, keys: str) -> None:
        """See `host.api.Host`."""
        if not keys or set(keys) - set(KEYS):
            raise HostError(f"call {self.uuid}: keys are of {KEYS}")
        with self._lock:
            if self._session is not None:
                _api(f"bgapi uuid_send_dtmf {self.uuid} {keys}")

    def fire(self, event: str, fields: Mapping[str, str], body: str = "") -> None:
        """See `host.api.Host`."""
        message = _binding().Event("CUSTOM", f"firstword::{event}")
        message.addHeader("Unique-ID", self.uuid)
        for name, value in fields.items():
            message.addHeader(name, _clean(value))
        if body:
            message.addBody(_clean(body))
        message.fire()

    # Inside.

    def _live(self) -> Any:
        if self._session is None:
            raise HostError(f"call {self.uuid}: the channel was used after its session had been closed")
        return self._session

    def _play(self, session: Any) -> None:
        """Play silence until there is a reason to stop. What ends it unasked (somebody else's uuid_break) is played again."""
        barren = 0
        while True:
            with self._lock:
                if self._released:
                    return
                self._playing = True
            began = self._clock.now()
            session.streamFile(SILENCE)
            with self._lock:
                self._playing = False
            if not session.ready():
                return
            barren = barren + 1 if self._clock.now() - began < BARREN_SECONDS else 0
            if barren >= BARREN_TIMES and not self._released:
                raise HostError(f"call {self.uuid}: the switch can not play {SILENCE}: is mod_tone_stream loaded?")

    def _key_callback(self, on_key: Callable[[str], object]) -> Callable[..., str]:
        def callback(session: Any, what: str, thing: Any, *rest: Any) -> str:
            if what == "dtmf":
                self._guarded(on_key, str(thing.digit))
            return ""

        return callback

    def _guarded(self, callback: Callable[[str], object], word: str) -> None:
        """Call `callback`; what it raises would end what plays, or vanish in the switch: it is logged and counted."""
        try:
            callback(word)
        except Exception:  # the door: a callback of ours, called by the switch
            self.callback_errors += 1
            log.exception("call %s: the callback for %r failed", self.uuid, word)

    def _must_be_attached(self, application: str, path: Path) -> None:
        """`session.execute` tells nothing about success; the list of media bugs does (it returns at once). A caller who has hung up
        meanwhile is no fault: `hold` tells of it."""
        attached = f"<target>{path}</target>" in _api(f"uuid_buglist {self.uuid}")
        if not attached and self._live().ready():
            raise HostError(f"call {self.uuid}: the switch refused {application} {path}; its log says why")


class FreeSwitch:
    """The process: `host.api.Switch`. Any thread may call any method.

    Raises:
        HostError: when made, if the switch's run directory can not hold FIFOs that nobody else can open.
    """

    def __init__(self) -> None:
        self.run_dir = _private(Path(_binding().getGlobalVariable("run_dir") or "") / "firstword")
        self.log_dir = Path(_binding().getGlobalVariable("log_dir") or "")
        self.clock = _clock()
        """Real time, except in a simulated switch."""

    def configuration(self) -> str:
        """See `host.api.Switch`."""
        text = background.answer(_binding(), CONFIGURATION, CONFIGURATION_S, self.clock)
        file = Path(_binding().getGlobalVariable("conf_dir") or "") / "autoload_configs" / "firstword.conf.xml"
        if not text.lstrip().startswith("<"):
            raise ConfigError(
                f"the switch knows no firstword.conf: put firstword.conf.xml into {file.parent} and say reloadxml in fs_cli"
            )
        with suppress(OSError):  # it may come from elsewhere
            markup.check_encoding(file.read_bytes(), str(file))
        return text

    def ask(self, command: str) -> str:
        """See `host.api.Switch`."""
        return _api(command)

    def log(self, level: str, line: str) -> None:
        """See `host.api.Switch`."""
        _binding().consoleLog(level, _clean(line).rstrip("\n") + "\n")


def _binding() -> Any:
    """The module of the switch, which exists only inside it."""
    import freeswitch  # type: ignore[import-not-found]

    return freeswitch


def _api(command: str) -> str:
    """Run an API command, holding the GIL: only for what returns at once."""
    return _binding().API().executeString(command) or ""


def _clock() -> Clock:
    """Real time. A simulated switch may run faster than life, and brings its clock in its module."""
    clock = getattr(_binding(), "clock", SYSTEM)
    return clock if isinstance(clock, Clock) else SYSTEM


@contextmanager
def _set_meanwhile(session: Any, values: Mapping[str, str]) -> Iterator[None]:
    """Channel variables while the context lasts; what the dialplan had set comes back."""
    before = {name: session.getVariable(name) for name in values}
    for name, value in values.items():
        session.setVariable(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            session.setVariable(name, old or "")


def _remember(gone: list[str]) -> Callable[..., None]:
    """A hang-up hook that leaves a note: it may come on any thread that asks the session whether it is ready."""

    def hook(session: Any, what: str, *rest: Any) -> None:
        gone.append("transfer" if what == "transfer" else "hangup")

    return hook


def _clean(text: str) -> str:
    """What the binding takes: UTF-8 without lone surrogates, up to the first NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def _private(folder: Path) -> Path:
    """Make `folder`, for this user alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise HostError(f"{folder} is not a folder of the switch's user: remove it")
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise HostError(f"{folder} can not be made: {one_line(error)}") from error
    return folder
