"""The session object that mod_python3 hands to ``handler``, on a simulated channel.

Names, signatures and results are those of ``freeswitch.Session``. Where the real one breaks the process when it is
used wrongly, this one raises: after ``handler`` has returned, and when a method that gives up the GIL is called by
another thread than the session's.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from .channel import TICK, Channel

Callback = Callable[..., Any]


class DTMF:
    """What the input callback gets for a key."""

    def __init__(self, digit: str, duration: int = 2000) -> None:
        self.digit = digit
        self.duration = duration


class Session:
    """One call, as the script sees it. Which thread may call: the session thread; `getVariable`, `setVariable` and
    `ready` any, until ``handler`` has returned.

        As in the real binding: strings only (a path or a number raises TypeError); an absent variable is None;
        ``execute`` tells nothing about success; the hang-up hook runs where the binding enters or leaves the switch, and
        also inside `ready` on whatever thread asks; a callback that returns no string, or raises, ends what plays.
    """

    def __init__(self, channel: Channel, applications: Callable[[Channel, str, str], bool]) -> None:
        self._channel = channel
        self._applications = applications
        self._thread = threading.get_ident()
        self._over = False
        self._callback: tuple[Callback, tuple[Any, ...]] | None = None
        self._hook: tuple[Callback, tuple[Any, ...]] | None = None
        self._hooked_ready = True
        self._hook_called = False

    # Any thread, until handler has returned.

    def ready(self) -> bool:
        self._check(any_thread=True)
        self._run_hook()
        return self._channel.ready

    def getVariable(self, var: str) -> str | None:  # noqa: N802 - the binding's name
        self._check(any_thread=True)
        return self._channel.variables.get(text_argument(var))

    def setVariable(self, var: str, val: str | None) -> None:  # noqa: N802 - the binding's name
        self._check(any_thread=True)
        if text_argument(val):
            self._channel.variables[text_argument(var)] = text_argument(val)
        else:
            self._channel.variables.pop(text_argument(var), None)

    def get_uuid(self) -> str:
        self._check(any_thread=True)
        return self._channel.uuid

    def consoleLog(self, level_str: str, msg: str) -> None:  # noqa: N802 - the binding's name
        self._check(any_thread=True)
        self._channel.console(text_argument(level_str), text_argument(msg).rstrip("\n"))

    # The session thread.

    def answer(self) -> int:
        self._check()
        return int(self._channel.answer())

    def preAnswer(self) -> int:  # noqa: N802 - the binding's name
        self._check()
        return int(self._channel.answer(early=True))

    def answered(self) -> bool:
        self._check()
        return self._channel.answered

    mediaReady = answered  # noqa: N815 - the binding's name

    def bridged(self) -> bool:
        self._check()
        return False

    def getState(self) -> str:  # noqa: N802 - the binding's name
        self._check()
        return "CS_HANGUP" if self._channel.cause else "CS_ROUTING" if self._channel.transferred else "CS_EXECUTE"

    def hangupCause(self) -> str:  # noqa: N802 - the binding's name
        self._check()
        return self._channel.cause or "NONE"

    def hangup(self, cause: str = "normal_clearing") -> None:
        self._check()
        self._run_hook()
        self._channel.hang_up(text_argument(cause).upper())
        self._run_hook()

    def execute(self, app: str, data: str | None = None) -> None:
        self._check()
        self._run_hook()
        self._applications(self._channel, text_argument(app), text_argument(data))
        self._run_hook()

    def streamFile(self, file: str, starting_sample_count: int = 0) -> int:  # noqa: N802 - the binding's name
        self._check()
        self._run_hook()
        ended = self._run_media(self._stream_frames(text_argument(file)))
        self._run_hook()
        return int(ended == "done")

    def sleep(self, ms: int, sync: int = 0) -> int:
        self._check()
        self._run_hook()
        ended = self._run_media(round(ms / 1000 / TICK))
        self._run_hook()
        return int(ended == "done")

    def flushDigits(self) -> int:  # noqa: N802 - the binding's name
        self._check()
        self._channel.keys.clear()
        return 1

    def setAutoHangup(self, val: bool) -> int:  # noqa: N802 - the binding's name
        self._check()
        return 0

    def setInputCallback(self, cbfunc: Callback, *funcargs: Any) -> None:  # noqa: N802 - the binding's name
        self._check()
        self._callback = (cbfunc, funcargs[:1])

    def unsetInputCallback(self) -> None:  # noqa: N802 - the binding's name
        self._check()
        self._callback = None

    def setHangupHook(self, pyfunc: Callback, *arg: Any) -> None:  # noqa: N802 - the binding's name
        self._check()
        self._hook = (pyfunc, arg[:1])
        self._hooked_ready = self._channel.ready  # a hook hears of changes, not of a channel that is gone already

    # Of the simulator.

    def finish(self) -> None:
        """``handler`` has returned: from here on every method raises."""
        self._over = True

    def _check(self, any_thread: bool = False) -> None:
        if self._over:
            raise RuntimeError(f"session {self._channel.uuid} was used after its handler had returned")
        if not any_thread and threading.get_ident() != self._thread:
            raise RuntimeError(
                f"session {self._channel.uuid} was used by {threading.current_thread().name}, not by its own thread: "
                "the real one swaps the wrong thread state here"
            )

    def _run_hook(self) -> None:
        if self._hook is None or self._hook_called or not self._hooked_ready or self._channel.ready:
            return
        self._hook_called = True
        what = "hangup" if self._channel.cause else "transfer"
        function, args = self._hook
        try:
            function(self, what, *args)
        except Exception:  # noqa: BLE001 - the door: PyErr_Print
            self._channel.err(f"the hang-up hook raised\n{traceback.format_exc()}")

    def _run_media(self, frames: int | None) -> str:
        """Play silence for so many frames, or until something ends it: the loop of ``switch_ivr_play_file``."""
        channel, done = self._channel, 0
        if not channel.answered:
            channel.answer()
        while frames is None or done < frames:
            if not channel.ready:
                return "gone"
            if channel.broken:
                channel.broken = False
                return "break"
            if channel.keys and self._callback is not None and not self._key(channel.keys.popleft()):
                return "callback"
            ticked = channel.ride(None if frames is None else frames - done)
            done += ticked
            if not ticked:
                channel.tick()
                done += 1
        return "done"

    def _stream_frames(self, file: str) -> int | None:
        """How long a file plays. Only ``silence_stream://`` can: for ever if it says -1, else so many milliseconds."""
        if not file.startswith("silence_stream://"):
            self._channel.err(f"can not open {file}: the simulated switch only plays silence_stream")
            return 0
        ms = int(file.removeprefix("silence_stream://").partition(",")[0] or 0)
        return None if ms < 0 else round(ms / 1000 / TICK)

    def _key(self, digit: str) -> bool:
        """Call the input callback. Returns whether what plays goes on."""
        assert self._callback is not None
        function, args = self._callback
        try:
            answer = function(self, "dtmf", DTMF(digit), *args)
        except Exception:  # noqa: BLE001 - the door: PyErr_Print
            self._channel.err(f"the input callback raised\n{traceback.format_exc()}")
            return False
        if not isinstance(answer, str):
            self._channel.err(f"the input callback returned {answer!r}, not a string: what plays ends")
            return False
        return answer in ("", "true", "undefined")


def text_argument(value: str | None) -> str:
    """A ``char *`` argument: a string, or None for NULL; anything else is refused as SWIG does."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"argument of type 'char const *' expected, not {type(value).__name__}")
    value.encode()  # SWIG wants UTF-8: a lone surrogate raises here as there
    return value.partition("\0")[0]
