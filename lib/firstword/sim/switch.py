"""A FreeSWITCH stand-in: what mod_python3 does to a script, without FreeSWITCH.

    with SimSwitch(Path("fs_scripts"), folder, configuration=xml) as switch:
        call = switch.call("voicebot demo")
        call.line.say(pcm)
        call.hang_up()
        call.wait(10)
        print(call.variables["firstword_result"])

Faithful where it hurts:

* The entry module is imported and reloaded for every call; two calls may reload at once.
* With ``faithful=True`` session threads have 240 KiB of stack, other threads too unless they ask, and the recursion
  limit of the interpreter is 240 (the simulator's own frames count, some eight of them). The limit is the whole
  interpreter's, and pytest alone is deeper than that: so this mode belongs in a process of its own, as `firstword
  call` is one.
* ``API().executeString`` holds the GIL until the command returns: ``msleep 600`` stops every Python thread for 600
  ms. ``bgapi`` returns at once and does its work on a thread of its own.
* ``displace_session PATH`` without ``m`` silences the caller for every recording; ``record_session PATH`` without its
  variables comes late, each variable by as much as was measured (`bugs.Record`). Both open a FIFO by a blocking open
  on the session thread.
* The FIFO that is played is read one 20 ms frame per tick by a blocking read on the session thread: a writer that
  stalls makes one gap, a writer that closes ends the displacing, and a writer that leaves its end open and dies hangs
  the channel; neither the caller's hang-up nor ``uuid_kill`` ends it. The FIFO that is recorded is written by a
  blocking write on the session thread (on a thread of its own without RECORD_USE_THREAD=false): a reader that does
  not read stops the channel when the pipe is full.
* Keys come by the input callback on the session thread, inside what plays; "break", any other word, no string and an
  exception end what plays. The hang-up hook comes on the session thread when it leaves the switch, and on any thread
  that asks ``ready``.
* ``bgapi uuid_break UUID`` makes streamFile return with the session ready; if nothing plays, the next thing that does
  ends at once.
* When ``handler`` returns the dialplan goes on, also after an exception, which is logged with its traceback; after a
  hang-up FIFOs get their end only then, applications are refused before. A session that is used later raises; one
  that is still referenced is told as `SimCall.leaked`: the real channel would never be destroyed.

Not simulated: SIP, RTP, jitter, loss, codecs and their delay, comfort noise, any echo but a script's own (`room`);
conversion between a file's rate and the channel's (they must be equal); any file but FIFOs, raw files and recordings
to WAV; ``silence_stream`` is the only thing that plays; bridges, holds, other legs; limits of time or silence on
recordings; events arriving in the input callback; the cost of FreeSWITCH's own threads. What the caller would have said
during a gap is said after it, where a real line would lose it.

The seams: `module` is what ``import freeswitch`` finds, `session` the object a script gets, `channel` the media,
`bugs` the two media bugs, `line` the caller's mouth and ears, `room` what else is on his line.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import sys
import threading
import traceback
import types
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from ..clock import SYSTEM, Clock
from ..threads import STACK_BYTES, join, spawn
from .channel import Channel, new_uuid
from .line import Line
from .module import Stream, make_module, sleep_with_gil
from .session import Session
from .ticker import Ticker

SESSION_STACK_BYTES = 240 * 1024
RECURSION_LIMIT = 240
LOG_LINES = 10_000


class SimCall:
    """One call in the simulated switch. Made by `SimSwitch.call`; any thread may call its methods."""

    def __init__(self, channel: Channel, dialplan: Sequence[tuple[str, str]], clock: Clock) -> None:
        self.channel = channel
        self.dialplan = dialplan
        self.variables: dict[str, str] = {}
        """The channel's variables when the last ``python`` action had returned: what the dialplan goes on with."""
        self.went_on: list[tuple[str, str, float]] = []
        """Each action that was run: its name, its data, and the seconds it took."""
        self.error = ""
        """The traceback of an exception that left ``handler``, or ""."""
        self.leaked = False
        """Whether something still held the session after ``handler`` had returned: the real channel would stay for ever."""
        self.done = threading.Event()
        self.thread: threading.Thread | None = None
        self._clock = clock

    @property
    def uuid(self) -> str:
        return self.channel.uuid

    @property
    def line(self) -> Line:
        return self.channel.line

    @property
    def ready(self) -> bool:
        """Whether the channel is up."""
        return self.channel.ready

    def hang_up(self) -> None:
        """The caller hangs up."""
        self.channel.hang_up("NORMAL_CLEARING")

    def press(self, key: str) -> None:
        """The caller presses a key."""
        self.channel.press(key)

    def wait(self, seconds: float) -> bool:
        """Wait until the call is over, at most `seconds` of the clock. Returns whether it is."""
        return self._clock.wait(self.done, seconds)


class SimSwitch:
    """The switch. A context manager: inside it, ``import freeswitch`` finds this one.

    Args:
        scripts: the folder of the entry modules.
        folder: where run_dir, log_dir, conf_dir and recordings_dir are made.
        configuration: what ``xml_locate configuration configuration name firstword.conf`` answers; "" for a file that
            is missing.
        rate: the channels' samples per second, 8000 or 16000.
        clock: all time; ``freeswitch.clock`` is this one, so that the library can follow.
        faithful: the stacks and the recursion limit of FreeSWITCH; only in a process of its own.
        echo: gets each line of the log as it comes, on the thread that wrote it.
    """

    def __init__(
        self,
        scripts: Path,
        folder: Path,
        *,
        configuration: str = "",
        rate: int = 8000,
        clock: Clock = SYSTEM,
        faithful: bool = False,
        echo: Callable[[str, str], None] | None = None,
    ) -> None:
        self.clock = clock
        self.configuration = configuration
        self.rate = rate
        self.faithful = faithful
        self.variables = {f"{name}_dir": str(folder / name) for name in ("run", "log", "conf", "recordings")}
        for path in self.variables.values():
            Path(path).mkdir(parents=True, exist_ok=True)
        self.modules = {"mod_python3", "mod_dptools", "mod_commands", "mod_sndfile", "mod_tone_stream"}
        """What ``module_exists`` knows."""
        self.variables |= {"script_dir": str(scripts), "base_dir": str(folder)}
        self.log: deque[tuple[str, str]] = deque(maxlen=LOG_LINES)
        """The last lines of the log: level and text."""
        self.events: deque[tuple[str, dict[str, str]]] = deque(maxlen=LOG_LINES)
        """The last events: subclass and headers."""
        self.consumers: list[queue.Queue[tuple[str, str]]] = []
        """Who is told of a job of ``bgapi`` that has ended."""
        self.calls: dict[str, SimCall] = {}
        """Those that are not over."""
        self._echo = echo
        self._ticker = Ticker(clock)
        self._entries: set[str] = set()
        self._jobs: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._undo = contextlib.ExitStack()

    # The life of the switch.

    def __enter__(self) -> SimSwitch:
        if "freeswitch" in sys.modules:
            raise RuntimeError("a freeswitch module is loaded already: one switch per process, as in life")
        sys.modules["freeswitch"] = make_module(self)
        self._undo.callback(sys.modules.pop, "freeswitch", None)
        script_dir = self.variables["script_dir"]
        sys.path.insert(0, script_dir)
        self._undo.callback(lambda: sys.path.remove(script_dir))
        importlib.invalidate_caches()
        if self.faithful:
            self._undo.callback(sys.setrecursionlimit, sys.getrecursionlimit())
            self._undo.callback(threading.stack_size, threading.stack_size(SESSION_STACK_BYTES))
            sys.setrecursionlimit(RECURSION_LIMIT)
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> list[str]:
        """Hang up all calls and take the module away. Returns the names of threads that would not stop.

        A channel that hangs on a FIFO is freed by opening the other end: in life only killing the process does that.
        """
        calls = list(self.calls.values())
        for call in calls:
            call.channel.hang_up("SYSTEM_SHUTDOWN")
        grace = self.clock.deadline(1.0)
        for call in calls:
            if not call.wait(grace.left()):
                self._unstick(call)
        threads = [call.thread for call in calls if call.thread is not None]
        stubborn = join([*threads, *self._jobs], 2.0) + self._ticker.close()
        self._undo.close()
        for name in self._entries:
            sys.modules.pop(name, None)
        return stubborn

    def startup(self, script: str = "voicebot") -> None:
        """What a ``startup-script`` in python.conf.xml does: ``runtime(args)``, on a thread. Returns when it has."""
        self._job("startup", lambda: self._evaluate("runtime", script, lambda args: (args,)), wait=60)

    # Calls.

    def call(
        self,
        data: str = "voicebot",
        *,
        dialplan: Sequence[tuple[str, str]] = (),
        line: Line | None = None,
        uuid: str = "",
    ) -> SimCall:
        """A call comes in; its session thread starts. Any thread.

        Args:
            data: of the one ``python`` action, unless a `dialplan` of (application, data) is given.
            line: the caller's end, if it was made before.
        """
        channel = Channel(
            uuid or new_uuid(), line or Line(self.rate, self.clock), self.clock, self.console, self._ticker
        )
        call = SimCall(channel, dialplan or [("python", data)], self.clock)
        with self._lock:
            self.calls[channel.uuid] = call
        stack = SESSION_STACK_BYTES if self.faithful else STACK_BYTES
        call.thread = spawn("session", lambda: self._run(call), channel.uuid, stack_bytes=stack)
        return call

    def _run(self, call: SimCall) -> None:
        channel = call.channel
        try:
            for application, data in call.dialplan:
                if not channel.ready:
                    break
                began = self.clock.now()
                self._apply(channel, application, data)
                call.went_on.append((application, data, self.clock.now() - began))
            channel.hang_up("NORMAL_CLEARING")
            channel.close()
        finally:
            with self._lock:
                self.calls.pop(channel.uuid, None)
            call.done.set()

    def _apply(self, channel: Channel, application: str, data: str) -> bool:
        """``switch_core_session_execute_application``, on the session thread."""
        if channel.cause:
            channel.err(f"channel is hung up, refusing {application} (application does not have the zombie_exec flag)")
            return False
        path, _, flags = data.partition(" ")
        if application == "python":
            self._run_python(self.calls[channel.uuid], data)
        elif application == "answer":
            channel.answer()
        elif application == "set":
            name, _, value = data.partition("=")
            channel.variables[name] = value
        elif application == "record_session":
            channel.record(path)
        elif application == "displace_session":
            channel.displace(path, flags)
        elif application == "stop_record_session":
            channel.stop("session_record", path)
        elif application == "stop_displace_session":
            channel.stop("displace", path)
        elif application == "hangup":
            channel.hang_up(data or "NORMAL_CLEARING")
        elif application == "transfer":
            channel.transfer(data)
        elif application == "playback":
            Session(channel, self._apply).streamFile(data)
        elif application == "sleep":
            Session(channel, self._apply).sleep(int(data))
        else:
            channel.err(f"invalid application {application}")
            channel.hang_up("DESTINATION_OUT_OF_ORDER")
            return False
        return True

    def _run_python(self, call: SimCall, data: str) -> None:
        held = self._handle(call, data)
        patience = self.clock.deadline(0.2)  # a thread may be just leaving it
        while held() is not None and not patience.passed():
            self.clock.sleep(0.01)
        call.leaked = held() is not None
        if call.leaked:
            call.channel.err(
                "the session is still referenced after its handler returned: the channel would never be destroyed"
            )

    def _handle(self, call: SimCall, data: str) -> weakref.ref[Session]:
        session = Session(call.channel, self._apply)
        call.error = self._evaluate("handler", data, lambda args: (session, args))
        call.variables = dict(call.channel.variables)
        session.finish()
        return weakref.ref(session)

    # Scripts.

    def _evaluate(self, function: str, data: str, arguments: Callable[[str], tuple[object, ...]]) -> str:
        """``eval_some_python``: import, reload, call. Returns the traceback of what was raised, or ""."""
        name, _, args = data.partition(" ")
        try:
            self._entries.add(name)
            module = importlib.reload(importlib.import_module(name))
            getattr(module, function)(*arguments(args.strip()))
        except SystemExit:
            return ""
        except Exception:  # noqa: BLE001 - the door: mod_python3 logs it and goes on
            error = traceback.format_exc()
            self.console("err", f"Error calling python script {name}\n{error}")
            return error
        return ""

    # Commands.

    def api(self, command: str) -> str:
        """Run a command as fs_cli does, on a thread of the switch: ``python voicebot status``. Returns what it wrote."""
        name, _, argument = command.partition(" ")
        answer: list[str] = []
        self._job("api", lambda: answer.append(self.execute_api(name, argument)), wait=30)
        return "".join(answer)

    def execute_api(self, command: str, argument: str) -> str:
        """``switch_api_execute``, on this thread, with its GIL. Any thread."""
        if command == "bgapi":
            return self._begin_job(argument)
        if command == "msleep":
            sleep_with_gil(self.clock.real(int(argument) / 1000))
            return "+OK\n"
        if command == "python":
            stream = Stream()
            env = types.SimpleNamespace(getHeader=lambda name: None, serialize=lambda: "")
            self._evaluate("fsapi", argument, lambda args: ("na", stream, env, args))
            return stream.text
        if command == "xml_locate":
            asked = argument.split() == ["configuration", "configuration", "name", "firstword.conf"]
            return self.configuration if asked and self.configuration else "can't find anything\n"
        if command == "module_exists":
            return "true" if argument in self.modules else "false"
        if (command, argument) == ("show", "codec"):
            return "type,name,ikey\ncodec,G.711 alaw,CORE_PCM_MODULE\ncodec,G.711 ulaw,CORE_PCM_MODULE\n\n2 total.\n"
        if command.startswith("uuid_"):
            return self._channel_command(command, argument)
        return "INVALID COMMAND!\n"

    def _channel_command(self, command: str, argument: str) -> str:
        uuid, _, rest = argument.partition(" ")
        with self._lock:
            call = self.calls.get(uuid)
        if command == "uuid_exists":
            return "true" if call else "false"
        if command == "uuid_buglist":
            bugs = call.channel.bugs if call else []
            rows = [
                f" <media-bug>\n  <function>{b.function}</function>\n  <target>{b.target}</target>\n"
                "  <thread-locked>0</thread-locked>\n </media-bug>\n"
                for b in tuple(bugs)
            ]
            return f"<media-bugs>\n{''.join(rows)}</media-bugs>\n" if call else ""
        if call is None:
            return "-ERR No such channel!\n"
        if command == "uuid_break":
            call.channel.break_off()
        elif command == "uuid_kill":
            call.channel.hang_up(rest or "NORMAL_CLEARING")
        elif command == "uuid_transfer":
            call.channel.transfer(rest)
        elif command == "uuid_send_dtmf":
            call.channel.keys_sent += rest
        else:
            return "INVALID COMMAND!\n"
        return "+OK\n"

    def _begin_job(self, command: str) -> str:
        job = "00000000-0000-4000-9000-000000000000"
        if command.startswith("uuid:"):
            job, _, command = command.removeprefix("uuid:").partition(" ")
        name, _, argument = command.partition(" ")
        self._job("bgapi", lambda: self._background(job, name, argument))
        return f"+OK Job-UUID: {job}\n"

    def _background(self, job: str, command: str, argument: str) -> None:
        """A job of ``bgapi``: a C thread, which sleeps without the GIL."""
        answer = "+OK\n"
        if command == "msleep":
            self.clock.sleep(int(argument) / 1000)
        else:
            answer = self.execute_api(command, argument)
        for consumer in tuple(self.consumers):
            with contextlib.suppress(queue.Full):
                consumer.put_nowait((job, answer))

    def _job(self, name: str, run: Callable[[], object], wait: float = 0) -> None:
        def body() -> None:
            run()

        thread = spawn(name, body, stack_bytes=SESSION_STACK_BYTES if self.faithful else STACK_BYTES)
        with self._lock:
            self._jobs = [job for job in self._jobs if job.is_alive()] + [thread]
        if wait:
            join([thread], wait)

    # What the module asks for.

    def fire(self, subclass: str, headers: dict[str, str]) -> None:
        self.events.append((subclass, headers))

    def console(self, level: str, line: str) -> None:
        """A line for the log. Not through `logging`: what firstword logs ends here, and would come back."""
        self.log.append((level, line))
        if self._echo is not None:
            self._echo(level, line)

    def _unstick(self, call: SimCall) -> None:
        """Be the other end of the FIFO that a session thread waits for, until it has left it."""
        patience = self.clock.deadline(2.0)
        while not call.done.is_set() and not patience.passed():
            path = call.channel.waiting_for
            with contextlib.suppress(OSError):
                if path:
                    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # never waits, and counts as both ends
                    try:
                        reading = any(bug.target == path and bug.function == "displace" for bug in call.channel.bugs)
                        if reading:
                            os.write(end, call.line.silence)
                        else:
                            os.read(end, 1 << 16)
                    finally:
                        os.close(end)
            call.wait(0.05)
