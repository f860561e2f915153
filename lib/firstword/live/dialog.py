"""One SIP call as its caller has it: INVITE, CANCEL, BYE, hold, and what the other side asks (RFC 3261). [pure]

`now` is an argument everywhere, in seconds; what is to be sent waits in `outbox`, what has happened in `news`:

    dialog.invite(now); send(dialog.outbox); dialog.receive(message, now); dialog.tick(now); dialog.due()

Not done, for one phone on loopback: authentication, forked calls, 100rel, TCP, session timers.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from . import sdp, sip
from .sip import Message
from .transactions import PATIENCE, T2, Address, Repeat, Requests

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY"
KEPT_ANSWERS = 16

By = Literal["caller", "bot"]


@dataclass(frozen=True, slots=True)
class Rang:
    """A provisional answer, and the early audio it agrees on."""

    status: int
    media: sdp.Media | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up."""

    media: sdp.Media


@dataclass(frozen=True, slots=True)
class Changed:
    """A later agreement: `ours` is what we may do now."""

    media: sdp.Media
    ours: sdp.Direction
    by: By


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The other side would not have our re-INVITE."""

    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over. `why` is what the other side said: a final response or a Reason header, or ""."""

    by: By
    why: str


News = Rang | Answered | Changed | Unchanged | Ended


class State(Enum):
    """Where a call is in its life."""

    IDLE = "idle"
    CALLING = "calling"
    RINGING = "ringing"
    UP = "up"
    ENDING = "ending"
    OVER = "over"


class Dialog:
    """One call. One thread at a time.

    Args:
        host, port: where we are reached.
        target: whom to call, ``sip:bot@127.0.0.1:5060``.
        session: our side of the audio.
    """

    def __init__(self, host: str, port: int, target: str, session: sdp.Session) -> None:
        self.state = State.IDLE
        self.outbox: list[tuple[bytes, Address]] = []
        self.news: list[News] = []
        self.call_id = f"{secrets.token_hex(12)}@{host}"
        self._session = session
        self._via = f"SIP/2.0/UDP {host}:{port}"
        self._contact = f"<sip:caller@{host}:{port}>"
        self._from = f"<sip:caller@{host}:{port}>;tag={secrets.token_hex(6)}"
        self._to = f"<{target}>"
        self._target = target  # where requests of the dialog go, once there is one
        self._routes: list[str] = []
        self._cseq = 0
        self._theirs = 0  # CSeq of their latest request
        self._requests = Requests()
        self._acks: OrderedDict[int, tuple[bytes, Address]] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str], tuple[bytes, Address]] = OrderedDict()
        self._unacked: Repeat | None = None  # our 200 to their re-INVITE
        self._wanted: sdp.Direction = "sendrecv"
        self._cancelling = False  # the caller has hung up before the answer
        self._cancelled = False  # and the other side was told
        self._why = ""  # we hung up, where it was not the caller's wish

    # What the caller does.

    def invite(self, now: float) -> None:
        """Call."""
        self.state = State.CALLING
        self._send("INVITE", now, self._session.describe("sendrecv"), cap=PATIENCE)

    def reinvite(self, direction: sdp.Direction, now: float) -> bool:
        """Hold (``sendonly``, ``inactive``) or take the call back (``sendrecv``). Returns whether it could be asked: not outside a call
        that is up, nor while the last such wish is unanswered."""
        if self.state is not State.UP or self._requests.find("INVITE"):
            return False
        self._wanted = direction
        self._send("INVITE", now, self._session.describe(direction), cap=PATIENCE)
        return True

    def hang_up(self, now: float) -> None:
        """End the call, in whatever state it is."""
        if self.state is State.UP:
            self._bye(now)
        elif self.state in (State.CALLING, State.RINGING) and not self._cancelling:
            self._cancelling = True
            if self.state is State.RINGING:  # before that there may be nothing to cancel (9.1)
                self._cancel(now)

    # Time.

    def due(self) -> float | None:
        """When `tick` has something to do, or None."""
        moments = (self._requests.due(), self._unacked.at if self._unacked else None)
        return min((at for at in moments if at is not None), default=None)

    def tick(self, now: float) -> None:
        """Repeat what is not answered, and give up what never will be."""
        again, hopeless = self._requests.tick(now)
        if self._unacked and now >= self._unacked.until:
            self._unacked = None
        elif self._unacked and now >= self._unacked.at:
            self._unacked.again(now)
            again.append(self._unacked)
        self.outbox += [(repeat.message.pack(), repeat.to) for repeat in again]
        for repeat in hopeless:
            self._unanswered(repeat.message.method)

    def _unanswered(self, method: str) -> None:
        if method == "INVITE" and self.state is State.UP:
            self.news.append(Unchanged("no answer"))
        elif method != "CANCEL":
            self._over("caller" if self._cancelling or method == "BYE" else "bot", "no answer")

    # What comes.

    def receive(self, message: Message, source: Address, now: float) -> None:
        """A message from `source`."""
        if message.status:
            self._response(message, now)
        else:
            self._request(message, source, now)

    def _response(self, message: Message, now: float) -> None:
        number, method = message.cseq
        sent = self._requests.of(message)
        if sent is None:
            if method == "INVITE" and message.status >= 200 and number in self._acks:
                self.outbox.append(self._acks[number])  # our ACK was lost
            return
        if message.status < 200:
            self._provisional(message, sent, now)
            return
        self._requests.done(sent)
        if method == "INVITE":
            self._acknowledge(message, sent.message)
            if self.state in (State.CALLING, State.RINGING):
                self._first_final(message, now)
            elif self.state is State.UP:
                self._later_final(message)
        elif method == "BYE":
            self._over("caller", self._why)

    def _provisional(self, message: Message, sent: Repeat, now: float) -> None:
        if message.method != "INVITE":
            return
        sent.rest(sent.until)  # 17.1.1.2
        if self.state not in (State.CALLING, State.RINGING):
            return
        self.state = State.RINGING
        if self._cancelling:
            self._cancel(now)
        elif message.status > 100:
            self.news.append(Rang(message.status, _media(message)))

    def _first_final(self, message: Message, now: float) -> None:
        media = _media(message)
        if message.status >= 300:
            by: By = "caller" if self._cancelling else "bot"
            self._over(by, "" if message.status == 487 and self._cancelling else message.reason)
        elif self._cancelling or media is None:
            self._why = "" if self._cancelling else "an answer without audio"
            self._bye(now)
        else:
            self.state = State.UP
            self.news.append(Answered(media))

    def _later_final(self, message: Message) -> None:
        media = _media(message)
        if message.status < 300 and media is not None:
            self.news.append(Changed(media, self._wanted, "caller"))
        else:
            self.news.append(Unchanged(message.reason))

    def _acknowledge(self, message: Message, invite: Message) -> None:
        """ACK a final response: within the transaction if it refuses, as a request of its own if it agrees (13.2.2.4, 17.1.1.3)."""
        number = message.cseq[0]
        if message.status >= 300:
            kept = [(name, value) for name, value in invite.headers if name in ("Via", "From", "Call-ID", "Route")]
            headers = [*kept, ("To", message.get("To")), ("CSeq", f"{number} ACK"), ("Max-Forwards", "70")]
            uri = invite.first.split(" ")[1]
            ack = sip.request("ACK", uri, headers)
        else:
            self._to = message.get("To")
            if message.get("Contact"):
                self._target = sip.uri_of(message.get("Contact"))
            if not self._acks:
                self._routes = message.all("Record-Route")[::-1]
            ack = sip.request("ACK", self._target, self._headers("ACK", number, self._branch()))
        self._acks[number] = (ack.pack(), self._next_hop())
        self.outbox.append(self._acks[number])

    # What the other side asks.

    def _request(self, message: Message, source: Address, now: float) -> None:
        key = (message.branch, message.method)
        if message.method == "ACK":
            self._acknowledged(message)
        elif key in self._answers:
            self.outbox.append(self._answers[key])  # our answer was lost
        else:
            answer = self._answer(message, now)
            datagram = (answer.pack(), source)
            self.outbox.append(datagram)
            self._answers[key] = datagram
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
            if message.method == "INVITE" and answer.status == 200:
                self._unacked = Repeat.begin(answer, source, now)

    def _answer(self, message: Message, now: float) -> Message:
        number, method = message.cseq
        if message.get("Call-ID") != self.call_id or (self.state is State.OVER and method != "OPTIONS"):
            return self._say(message, 481, "Call/Transaction Does Not Exist")
        if number < self._theirs:
            return self._say(message, 500, "Out of Order")
        self._theirs = number
        if method == "BYE":
            self._over("bot", message.get("Reason"))
            return self._say(message, 200, "OK")
        if method in ("INVITE", "UPDATE"):
            return self._agree(message)
        if method in ("OPTIONS", "INFO", "NOTIFY"):
            return self._say(message, 200, "OK")
        return self._say(message, 405, "Method Not Allowed")

    def _agree(self, message: Message) -> Message:
        """Answer an offer; make one where they ask for it (an INVITE without a body)."""
        if message.get("Contact"):
            self._target = sip.uri_of(message.get("Contact"))
        if self._requests.find("INVITE") or self._unacked:
            return self._say(message, 491, "Request Pending")
        if not message.body:
            offer = self._session.describe(self._wanted) if message.method == "INVITE" else ""
            return self._say(message, 200, "OK", offer)
        media = _media(message)
        if media is None or media.payload_type(self._session.form) is None:
            return self._say(message, 488, "Not Acceptable Here")
        ours = self._allowed(media)
        self.news.append(Changed(media, ours, "bot"))
        return self._say(message, 200, "OK", self._session.describe(ours))

    def _acknowledged(self, message: Message) -> None:
        if self._unacked and message.cseq[0] == self._unacked.message.cseq[0]:
            self._unacked = None
            media = _media(message)
            if media is not None:  # the answer to the offer they had asked for
                self.news.append(Changed(media, self._allowed(media), "bot"))

    def _allowed(self, media: sdp.Media) -> sdp.Direction:
        """What both sides want."""
        theirs = sdp.REVERSED[media.direction]
        send = "send" in theirs and "send" in self._wanted
        receive = "recv" in theirs and "recv" in self._wanted
        return "sendrecv" if send and receive else "sendonly" if send else "recvonly" if receive else "inactive"

    # Making messages.

    def _send(self, method: str, now: float, body: str = "", cap: float = T2) -> None:
        """A new request, repeated until it is answered."""
        self._cseq += 1
        headers = self._headers(method, self._cseq, self._branch())
        message = sip.request(method, self._target, headers, body)
        self._start(Repeat.begin(message, self._next_hop(), now, cap))

    def _cancel(self, now: float) -> None:
        """CANCEL has the branch, the number and the To of what it cancels (9.1)."""
        invite = self._requests.find("INVITE")
        if self._cancelled or invite is None:
            return
        self._cancelled = True
        invite.rest(now + PATIENCE)
        kept = [
            (n, v) for n, v in invite.message.headers if n in ("Via", "From", "To", "Call-ID", "Route", "Max-Forwards")
        ]
        headers = [*kept, ("CSeq", f"{invite.message.cseq[0]} CANCEL")]
        message = sip.request("CANCEL", invite.message.first.split(" ")[1], headers)
        self._start(Repeat.begin(message, invite.to, now))

    def _bye(self, now: float) -> None:
        self._requests.clear()
        self.state = State.ENDING
        self._send("BYE", now)

    def _start(self, repeat: Repeat) -> None:
        self._requests.add(repeat)
        self.outbox.append((repeat.message.pack(), repeat.to))

    def _headers(self, method: str, number: int, branch: str) -> list[tuple[str, str]]:
        return [
            ("Via", f"{self._via};branch={branch};rport"),
            *(("Route", route) for route in self._routes),
            ("Max-Forwards", "70"),
            ("From", self._from),
            ("To", self._to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", self._contact),
            ("Allow", ALLOW),
            ("User-Agent", "firstword"),
        ]

    def _say(self, to: Message, status: int, reason: str, body: str = "") -> Message:
        tag = sip.Message("", (("From", self._from),)).tag("From")
        return sip.response(to, status, reason, tag, [("Contact", self._contact), ("Allow", ALLOW)], body)

    def _branch(self) -> str:
        return sip.BRANCH + secrets.token_hex(8)

    def _next_hop(self) -> Address:
        return sip.host_and_port(sip.uri_of(self._routes[0]) if self._routes else self._target)

    def _over(self, by: By, why: str) -> None:
        if self.state is not State.OVER:
            self.state = State.OVER
            self._requests.clear()
            self.news.append(Ended(by, why))


def _media(message: Message) -> sdp.Media | None:
    """What the message says of audio, or None."""
    try:
        return sdp.parse(message.body) if message.body else None
    except ValueError:
        return None
