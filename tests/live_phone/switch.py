"""A small SIP switch on loopback that does to a call what a test says, and echoes or speaks RTP."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable

from firstword.clock import SYSTEM
from firstword.live import rtp, sdp, sip
from firstword.live.sip import Message
from firstword.threads import join, spawn

HOST = "127.0.0.1"
TAG = "switch"
Address = tuple[str, int]


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for what another thread brings about."""
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        assert not deadline.passed(), "it never came"
        time.sleep(0.005)


class SmallSwitch:
    """Answers every request with 200, and INVITE as `invited` says; sends each RTP packet back. A context manager."""

    def __init__(self, form: sdp.Format = sdp.FORMATS["PCMA"], *, echoes: bool = True, deaf: int = 0) -> None:
        self.form = form
        self.echoes = echoes
        self.deaf = deaf
        """So many datagrams at the beginning are lost."""
        self.answer: Callable[[Message], list[Message]] = lambda invite: [self.ok(invite)]
        """What an INVITE is answered with; nothing is an answer too."""
        self.requests: list[Message] = []
        self.responses: list[Message] = []
        self.packets: list[tuple[float, rtp.Packet]] = []
        self.caller: Address = (HOST, 0)
        self.media: sdp.Media | None = None
        """Where the caller wants its sound."""
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for sock in (self._sip, self._rtp):
            sock.bind((HOST, 0))
            sock.setblocking(False)
        self.port: int = self._sip.getsockname()[1]
        self._session = sdp.Session(HOST, self._rtp.getsockname()[1], form, 7)
        self._invite: Message | None = None
        self._number = 100
        self._stop = threading.Event()

    def __enter__(self) -> SmallSwitch:
        self._thread = spawn("switch", self._run, "test")
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        stubborn = join([self._thread], 2.0)
        self._sip.close()
        self._rtp.close()
        assert stubborn == []

    # What a test lets it do.

    def ok(self, request: Message, direction: sdp.Direction = "sendrecv") -> Message:
        return self.response(request, 200, "OK", self._session.describe(direction))

    def response(self, request: Message, status: int, reason: str, body: str = "") -> Message:
        return sip.response(request, status, reason, TAG, [("Contact", f"<sip:bot@{HOST}:{self.port}>")], body)

    def send(self, message: Message) -> None:
        self._sip.sendto(message.pack(), self.caller)

    def ask(self, method: str, body: str = "", extra: tuple[tuple[str, str], ...] = (), number: int = 0) -> Message:
        """A request of the switch within the call."""
        assert self._invite is not None
        self._number += 1
        headers = [
            ("Via", f"SIP/2.0/UDP {HOST}:{self.port};branch={sip.BRANCH}{self._number}"),
            ("From", f"{self._invite.get('To')};tag={TAG}"),
            ("To", self._invite.get("From")),
            ("Call-ID", self._invite.get("Call-ID")),
            ("CSeq", f"{number or self._number} {method}"),
            ("Contact", f"<sip:bot@{HOST}:{self.port}>"),
            *extra,
        ]
        message = sip.request(method, sip.uri_of(self._invite.get("Contact")), headers, body)
        self.send(message)
        return message

    def describe(self, direction: sdp.Direction) -> str:
        return self._session.describe(direction)

    def speak(self, packet: rtp.Packet) -> None:
        assert self.media is not None
        self._rtp.sendto(packet.pack(), (self.media.host, self.media.port))

    def asked(self, method: str) -> list[Message]:
        return [message for message in tuple(self.requests) if message.method == method]

    def answered(self, method: str) -> list[Message]:
        return [message for message in tuple(self.responses) if message.method == method]

    # Its thread.

    def _run(self) -> None:
        while not self._stop.is_set():
            ready, _, _ = select.select([self._sip, self._rtp], [], [], 0.05)
            if self._sip in ready:
                self._hear(*self._sip.recvfrom(65536))
            if self._rtp in ready:
                datagram, source = self._rtp.recvfrom(4096)
                self.packets.append((SYSTEM.now(), rtp.unpack(datagram)))
                if self.echoes:
                    self._rtp.sendto(datagram, source)

    def _hear(self, datagram: bytes, source: Address) -> None:
        if self.deaf:
            self.deaf -= 1
            return
        message = sip.parse(datagram)
        self.caller = source
        if message.status:
            self.responses.append(message)
            return
        self.requests.append(message)
        if message.method == "INVITE":
            self._invite = self._invite or message
            self.media = sdp.parse(message.body)
            for response in self.answer(message):
                self.send(response)
        elif message.method != "ACK":
            self.send(self.response(message, 200, "OK"))
