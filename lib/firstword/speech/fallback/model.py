"""A model that is several: before the first word of an answer another can be asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ...errors import ProviderError, one_line
from ..gate import Gate
from ..llm import Completion, Generation, GenerationListener, Message, Tool
from .alarms import Alarm
from .chain import WAIT_STEP_S, Chain
from .member import Member, Session
from .serial import Serial

log = logging.getLogger("firstword.speech")

AGAIN_S = 2.0
"""A model that failed sooner is asked a second time, if its error says that it may help; nobody waits for the bound of another twice."""


class FallbackModel(Chain):
    """See `speech.llm.Model`, and `speech.fallback`. `Means.switch_ms` bounds the wait for the first word. Tools are never wanted twice:
    they come with an answer's end, and after that nothing is asked."""

    kind = "llm"

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> FallbackGeneration:
        work = FallbackGeneration(self, label, messages, listener, tools)
        work.open()
        return work


class FallbackGeneration:
    """One answer. What its services tell is taken one at a time (`serial`)."""

    def __init__(
        self,
        chain: FallbackModel,
        label: str,
        messages: Sequence[Message],
        listener: GenerationListener,
        tools: Sequence[Tool],
    ) -> None:
        self._chain = chain
        self._label = label
        self._messages = messages
        self._listener = listener
        self._tools = tools
        self._serial = Serial(chain.means.alarms.soon)
        self._gate = Gate()
        self._attempt: _Attempt | None = None
        self._tried: list[Member] = []
        self._wrote = False
        self._alarm: Alarm | None = None
        self._room_by = chain.clock.now() + chain.means.wait_ms / 1000

    def open(self) -> None:
        self._serial.asked(self._next, None)

    def cancel(self) -> None:
        """See `speech.llm.Generation`."""
        self._gate.close()
        self._serial.asked(self._end)

    # One at a time:

    def _next(self, after: ProviderError | None) -> None:
        """Ask the best that was not asked."""
        if not self._gate.open:
            return
        session = self._chain.begin(self._tried)
        if session is not None:
            self._tried.append(session.member)
            self._chain.took(self._label, session.member, after)
            self._ask(session)
        elif len(self._tried) == len(self._chain.members) or self._chain.clock.now() >= self._room_by:
            self._give_up(after or self._chain.full())
        else:
            self._set_alarm(WAIT_STEP_S, lambda: self._next(after))

    def _ask(self, session: Session, again: bool = False) -> None:
        attempt = self._attempt = _Attempt(self, session, self._chain.clock.now(), again)
        try:
            attempt.handle = session.member.service.start(self._label, self._messages, attempt, self._tools)
        except Exception as fault:  # noqa: BLE001 - a door: the service's code, on a machine that may be out of everything
            self._attempt = None
            self._next(self._chain.broke(self._label, session, fault))
            return
        if len(self._tried) < len(self._chain.members):
            self._set_alarm(self._chain.means.switch_ms / 1000, lambda: self._late(attempt))

    def _late(self, attempt: _Attempt) -> None:
        if attempt is self._attempt and not self._wrote:
            text = f"no word came within {self._chain.means.switch_ms:g} ms, and there is another service"
            error = ProviderError(text, provider=attempt.session.member.called, retry=True)
            self._lose(attempt, error)
            self._next(error)

    def _token(self, attempt: _Attempt, text: str) -> None:
        if attempt is self._attempt:
            self._wrote = True
            self._quiet()
            self._gate.call(self._listener.token, text)

    def _finished(self, attempt: _Attempt, completion: Completion) -> None:
        if attempt is self._attempt:
            self._attempt = None  # and it is not cancelled: its connection stays warm
            attempt.session.succeeded()
            self._gate.last(self._listener.finished, completion)
            self._end()

    def _failed(self, attempt: _Attempt, error: ProviderError) -> None:
        if attempt is not self._attempt:
            return
        self._lose(attempt, error)
        if self._wrote:
            self._give_up(error)
        elif not self._asked_again(attempt, error):
            self._next(error)

    def _asked_again(self, attempt: _Attempt, error: ProviderError) -> bool:
        """The same service, once, if that may help."""
        quick = self._chain.clock.now() - attempt.began <= AGAIN_S
        if attempt.again or not error.retry or error.kind == "throttled" or not quick or not self._gate.open:
            return False
        session = attempt.session.member.begin()
        if session is None:
            return False
        log.info("%s: %s is asked again: %s", self._label, session.member.title, one_line(error))
        self._ask(session, again=True)
        return True

    def _lose(self, attempt: _Attempt, error: ProviderError) -> None:
        """What it still says is not listened to."""
        self._attempt = None
        self._quiet()
        attempt.session.failed(error)
        if attempt.handle is not None:
            attempt.handle.cancel()

    def _give_up(self, error: ProviderError) -> None:
        self._gate.last(self._listener.failed, error)
        self._end()

    def _end(self) -> None:
        """Idempotent."""
        self._gate.close()
        self._quiet()
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        if self._wrote:
            attempt.session.succeeded()  # it was interrupted while it worked
        else:
            attempt.session.left()
        if attempt.handle is not None:
            attempt.handle.cancel()

    def _set_alarm(self, seconds: float, act: Callable[[], None]) -> None:
        self._quiet()
        at = self._chain.clock.now() + seconds
        self._alarm = self._chain.means.alarms.set(at, lambda: self._serial.told(act))

    def _quiet(self) -> None:
        alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.cancel()


class _Attempt:
    """One service at the answer: its listener."""

    def __init__(self, work: FallbackGeneration, session: Session, began: float, again: bool) -> None:
        self.session = session
        self.began = began
        self.again = again
        self.handle: Generation | None = None
        self._work = work

    def token(self, text: str) -> None:
        self._work._serial.told(self._work._token, self, text)

    def finished(self, completion: Completion) -> None:
        self._work._serial.told(self._work._finished, self, completion)

    def failed(self, error: ProviderError) -> None:
        self._work._serial.told(self._work._failed, self, error)
