"""A telephone on loopback: one SIP call with real RTP in real time, heard with the kernel's arrival times.

    with Phone(port, "bot", codec="PCMA") as phone:
        phone.call()
        conversation = converse(phone, script)     # sim.caller: it is a `Telephone`
    phone.ear.gaps_ms(), phone.mouth.sent, phone.news

Two threads a phone: ``phone-speak`` sends a packet at each 20 ms of an absolute schedule, ``phone-listen`` receives both sockets and keeps
SIP's timers.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import select
import threading
from collections.abc import Callable
from types import TracebackType

from ..clock import SYSTEM
from ..errors import HostError, ScriptError
from ..sim.line import FRAMES_PER_SECOND, Line
from ..threads import join, spawn
from . import codecs, rtp, sdp, sip
from .dialog import Answered, Changed, Dialog, Ended, News, Rang, State, Unchanged
from .ear import Ear
from .mouth import Mouth
from .punctual import go_first
from .stamps import StampedSocket, udp_socket

log = logging.getLogger("firstword.live.phone")

HOST = "127.0.0.1"
FRAME_S = 1 / FRAMES_PER_SECOND
ANSWER_S = 15.0
"""How long `Phone.call` waits, unless it is told otherwise."""
KEY_S = 2.0
GOODBYE_S = 2.0
"""How long closing waits for the other side to take leave."""
LISTEN_S = 0.5
BEHIND_S = 0.2
"""A stall shorter than this is made up for by packets at once, as a phone's own jitter; of a longer one the packets are left out."""

_numbers = itertools.count(1)


class Phone:
    """One call to a switch on this machine. A context manager; any thread may call its methods.

    Args:
        port: where the switch listens for SIP, on 127.0.0.1.
        extension: whom to call.
        codec: the only one that is offered: ``PCMA``, ``PCMU``, ``G722`` or ``opus``.
        rtp: False for a caller that never sends a packet; what he says is lost.
        pause_ms: see `sim.line.Line`.

    Raises:
        ConfigError: no such codec, or its library is missing.
    """

    def __init__(
        self, port: int, extension: str, *, codec: str = "PCMA", rtp: bool = True, pause_ms: float = 300
    ) -> None:
        coder = codecs.make(codec)
        form = sdp.FORMATS[codec]
        self.line = Line(coder.rate, SYSTEM, pause_ms)
        self.ear = Ear(self.line, coder, form)
        """What has arrived: packets, gaps, losses, keys."""
        self.mouth = Mouth(self.line, coder, form)
        """What was sent."""
        self.news: list[tuple[float, News]] = []
        """All that has happened to the call, and when."""
        self.name = f"{extension}.{next(_numbers)}"
        self._form = form
        self._sends = rtp
        self._target = (HOST, port)
        self._changed = threading.Condition()  # also the lock of everything below
        self._due: float | None = None  # when the dialog has something to do
        self._to: sdp.Destination | None = None
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._rtp = StampedSocket(HOST)
        try:
            self._sip = udp_socket(HOST)
            try:
                self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            except BaseException:
                self._sip.close()
                raise
        except BaseException:
            self._rtp.close()
            raise
        self._open = True
        session = sdp.Session(HOST, self._rtp.port, form, self._rtp.port)
        self._dialog = Dialog(HOST, self._sip.getsockname()[1], f"sip:{extension}@{HOST}:{port}", session)

    def __enter__(self) -> Phone:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The call.

    def dial(self) -> None:
        """Begin to call. Next: `answered`, or `hang_up` to give it up."""
        with self._changed:
            if self._dialog.state is not State.IDLE:
                raise ScriptError("a phone calls once: make another one")
            self._dialog.invite(SYSTEM.now())
            self._flush()
            self._threads.append(spawn("phone-listen", self._listen, self.name))

    def answered(self, seconds: float = ANSWER_S) -> None:
        """Wait until the call is answered. Raises HostError, with what the switch said, if it is not; the call is given up then."""
        self._wait(lambda: self.answered_at or self._over, seconds)
        if self.answered_at:
            return
        over = self.ended
        if over is None:
            self.hang_up()
            raise HostError(f"the switch at {HOST}:{self._target[1]} did not answer the call within {seconds:g} s")
        raise HostError(f"the switch refused the call: {over.why or 'it was given up'}")

    def call(self, seconds: float = ANSWER_S) -> None:
        """`dial`, and wait for the answer. Raises HostError."""
        self.dial()
        self.answered(seconds)

    def hang_up(self) -> None:
        """CANCEL or BYE, whichever the call's state asks for; nothing if it is over. Does not wait. Next: `wait`."""
        with self._changed:
            self._dialog.hang_up(SYSTEM.now())
            self._flush()

    def wait(self, seconds: float) -> bool:
        """Wait until the call is over, at most `seconds`. Returns whether it is."""
        return self._wait(lambda: self._over, seconds)

    def press(self, key: str) -> None:
        """Press a key for 100 ms, and wait until it is sent."""
        if len(key) != 1 or key not in rtp.KEYS:
            raise ScriptError(f"{key!r} is no key: 0-9 * # A-D are")
        self.mouth.press(key)
        self._wait(lambda: not self.mouth.pressing or self._over, KEY_S)

    def hold(self, direction: sdp.Direction = "sendonly", seconds: float = 5.0) -> None:
        """Put the call on hold by a re-INVITE, and wait until that is agreed. Raises HostError if it is not."""
        with self._changed:
            seen = len(self.news)
            asked = self._dialog.reinvite(direction, SYSTEM.now())
            self._flush()
        answer: Changed | Unchanged | Ended | None = None

        def agreed() -> bool:
            nonlocal answer
            for _, news in self.news[seen:]:
                if isinstance(news, Unchanged | Ended) or (isinstance(news, Changed) and news.by == "caller"):
                    answer = news
            return answer is not None

        if not asked:
            raise HostError("hold: no call is up, or the last wish is not answered yet")
        if not self._wait(agreed, seconds) or answer is None:
            raise HostError(f"hold: no answer within {seconds:g} s")
        if not isinstance(answer, Changed):
            raise HostError(f"hold: the switch refused it: {answer.why}")

    def unhold(self, seconds: float = 5.0) -> None:
        """Take the call back. Raises HostError."""
        self.hold("sendrecv", seconds)

    # What is known of it.

    @property
    def ready(self) -> bool:
        """Whether the call is up."""
        return self._dialog.state is State.UP

    @property
    def rang_at(self) -> float:
        """When the first provisional answer but 100 came, or 0."""
        return self._moment(Rang)

    @property
    def answered_at(self) -> float:
        """When the call was answered, or 0."""
        return self._moment(Answered)

    @property
    def ended_at(self) -> float:
        """When the call was over, or 0."""
        return self._moment(Ended)

    @property
    def ended(self) -> Ended | None:
        """By whom the call was ended and why, or None."""
        return next((news for _, news in self.news if isinstance(news, Ended)), None)

    @property
    def call_id(self) -> str:
        """SIP's name for the call: FreeSWITCH has it in ``variable_sip_call_id``."""
        return self._dialog.call_id

    def close(self) -> list[str]:
        """Hang up if need be, and let everything go. Idempotent. Returns the names of threads that would not stop."""
        if self._dialog.state is not State.IDLE:
            self.hang_up()
            self.wait(GOODBYE_S)
        self._closing.set()
        self.line.end()
        with self._changed:
            if self._open:
                os.eventfd_write(self._wake, 1)
        stubborn = join(self._threads, GOODBYE_S)
        with self._changed:
            if self._open:
                self._open = False
                os.close(self._wake)
                self._sip.close()
                self._rtp.close()
        return stubborn

    # Inside.

    @property
    def _over(self) -> bool:
        return self._dialog.state is State.OVER or self._closing.is_set()

    def _moment(self, kind: type[News]) -> float:
        return next((at for at, news in self.news if isinstance(news, kind)), 0.0)

    def _wait(self, condition: Callable[[], object], seconds: float) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(condition, SYSTEM.real(seconds)))

    def _flush(self) -> None:
        """Send what the dialog wants sent, and note what it has to tell. With the lock held."""
        for datagram, to in self._dialog.outbox:
            with contextlib.suppress(BlockingIOError):  # it will be repeated
                self._sip.sendto(datagram, to)
        self._dialog.outbox.clear()
        for news in self._dialog.news:
            self.news.append((SYSTEM.now(), news))
            self._note(news)
        if self._dialog.news:
            self._dialog.news.clear()
            self._changed.notify_all()
        self._due = self._dialog.due()
        if self._open and self._due is not None:
            os.eventfd_write(self._wake, 1)  # it may be sooner than the listener waits for

    def _note(self, news: News) -> None:
        if isinstance(news, Ended):
            self.line.end()
        elif isinstance(news, Answered | Changed | Rang) and news.media is not None:
            self._to = sdp.Destination.of(
                news.media, self._form, news.ours if isinstance(news, Changed) else "sendrecv"
            )
            self.ear.agree(news.media)
            if len(self._threads) == 1:
                self._threads.append(spawn("phone-speak", self._speak, self.name))

    # phone-speak.

    def _speak(self) -> None:
        go_first()
        due, tick = SYSTEM.now(), 0
        while not self._over:
            behind = SYSTEM.now() - due
            if behind > BEHIND_S:
                skipped = int(behind / FRAME_S)
                due, tick = due + skipped * FRAME_S, tick + skipped
            SYSTEM.sleep(-behind)
            self._send_frame(tick)
            due, tick = due + FRAME_S, tick + 1

    def _send_frame(self, tick: int) -> None:
        to = self._to
        assert to is not None, "phone-speak begins with an agreement"
        if not self._sends:
            self.line.take()
            return
        if not to.open:
            self.mouth.rest()
            return
        pressing = self.mouth.pressing
        self._rtp.send(self.mouth.frame(tick, SYSTEM.now(), to.payload_type, to.events), to.address)
        if pressing and not self.mouth.pressing:
            with self._changed:
                self._changed.notify_all()

    # phone-listen.

    def _listen(self) -> None:
        doors = {
            self._wake: self._drain_wake,
            self._sip.fileno(): self._receive_sip,
            self._rtp.socket.fileno(): self._receive_rtp,
        }
        with select.epoll() as poll:
            for number in doors:
                poll.register(number, select.EPOLLIN)
            while not self._closing.is_set():
                due = self._due
                patience = LISTEN_S if due is None else min(LISTEN_S, max(0.0, due - SYSTEM.now()))
                for number, _ in poll.poll(patience):
                    doors[number]()
                if due is not None and SYSTEM.now() >= due:
                    with self._changed:
                        self._dialog.tick(SYSTEM.now())
                        self._flush()

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def _receive_rtp(self) -> None:
        received = self._rtp.receive()
        if received is None:
            return
        datagram, at, _ = received
        if len(datagram) > 1 and 72 <= datagram[1] & 0x7F <= 76:
            return  # RTCP on the same port (RFC 5761)
        try:
            self.ear.hear(datagram, at)
        except ValueError as error:
            log.warning("%s: %s", self.name, error)

    def _receive_sip(self) -> None:
        try:
            datagram, source = self._sip.recvfrom(65_536)
        except BlockingIOError:
            return
        try:
            message = sip.parse(datagram)
        except ValueError as error:
            log.warning("%s: %s", self.name, error)
            return
        with self._changed:
            self._dialog.receive(message, source, SYSTEM.now())
            self._flush()
