"""SIP messages: text in, text out (RFC 3261). [pure]

    message = parse(datagram)
    message.method, message.cseq, message.get("Call-ID"), message.tag("To")
    request("BYE", target, headers).pack()

Only what one phone on loopback needs: UDP, no authentication, no multipart body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

COMPACT = {
    "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type", "f": "from", "s": "subject", "k": "supported",
    "t": "to", "v": "via",
}  # fmt: skip
LISTS = ("via", "route", "record-route", "contact")
"""Headers of which several may stand in one line, behind commas."""
BRANCH = "z9hG4bK"
"""What every branch begins with (RFC 3261, 8.1.1.7)."""

_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)(?![^<]*>)')
_TAG = re.compile(r";\s*tag=([^;>\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """A request or a response."""

    first: str
    """``INVITE sip:bot@127.0.0.1 SIP/2.0`` or ``SIP/2.0 200 OK``."""
    headers: Headers
    body: str = ""

    @property
    def status(self) -> int:
        """A response's status; 0 for a request."""
        return int(self.first.split(" ", 2)[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def reason(self) -> str:
        """A response as it is said to people: ``503 Service Unavailable``."""
        return self.first.removeprefix("SIP/2.0 ")

    @property
    def method(self) -> str:
        """A request's method, or that of the request a response answers."""
        return self.cseq[1] if self.status else self.first.split(" ", 1)[0]

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method."""
        number, _, method = self.get("CSeq").partition(" ")
        return int(number or 0), method.strip()

    @property
    def branch(self) -> str:
        """Of the topmost Via: what tells transactions apart."""
        found = re.search(r";\s*branch=([^;,\s]+)", self.get("Via"), re.IGNORECASE)
        return found[1] if found else ""

    def get(self, name: str) -> str:
        """The first header of this name, or ""."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """All headers of this name, in order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def tag(self, name: str) -> str:
        """The tag of ``From`` or ``To``, or ""."""
        found = _TAG.search(self.get(name))
        return found[1] if found else ""

    def pack(self) -> bytes:
        """As it goes into a datagram."""
        body = self.body.encode()
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def parse(datagram: bytes) -> Message:
    """The message in `datagram`: compact names written out, folded lines joined, lists split. Raises ValueError for what is none."""
    text = datagram.decode("utf-8", "replace")
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    if not (re.match(r"SIP/2\.0 \d{3} ", first + " ") or re.match(r"[A-Z]+ \S+ SIP/2\.0$", first)):
        raise ValueError(f"no SIP message begins with {first[:60]!r}")
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no SIP header: {line[:60]!r}")
        name = name.strip()
        name = COMPACT.get(name.lower(), name)
        if name.lower() == "content-length":
            continue
        several = _COMMA.split(value) if name.lower() in LISTS else [value]
        headers += [(name, one.strip()) for one in several]
    message = Message(first, tuple(headers), body)
    if not message.get("Call-ID") or not re.match(r"\d+ +[A-Z]+$", message.get("CSeq")):
        raise ValueError(f"a SIP message without Call-ID or CSeq: {first[:60]!r}")
    return message


def request(method: str, uri: str, headers: Iterable[tuple[str, str]], body: str = "") -> Message:
    """A request."""
    return Message(f"{method} {uri} SIP/2.0", _with_type(headers, body), body)


def response(
    to: Message, status: int, reason: str, tag: str, extra: Iterable[tuple[str, str]] = (), body: str = ""
) -> Message:
    """The response to a request, with what must be repeated of it; `tag` is ours, for a To that has none."""
    kept = [
        (name, value) for name in ("Via", "From", "To", "Call-ID", "CSeq", "Record-Route") for value in to.all(name)
    ]
    if not to.tag("To") and status > 100:
        kept = [(name, f"{value};tag={tag}" if name == "To" else value) for name, value in kept]
    return Message(f"SIP/2.0 {status} {reason}", _with_type([*kept, *extra], body), body)


def uri_of(address: str) -> str:
    """The URI in a Contact, Route or To: ``"Bot" <sip:bot@host;lr>;tag=1`` is ``sip:bot@host;lr``."""
    found = re.search(r"<([^>]+)>", address)
    return found[1] if found else address.split(";")[0].strip()


def host_and_port(uri: str) -> tuple[str, int]:
    """Where a ``sip:`` URI is reached; 5060 unless it says otherwise. Raises ValueError."""
    found = re.match(r"sips?:(?:[^@]*@)?([^:;?>]+)(?::(\d+))?", uri)
    if not found:
        raise ValueError(f"no SIP address: {uri!r}")
    return found[1], int(found[2] or 5060)


def _with_type(headers: Iterable[tuple[str, str]], body: str) -> Headers:
    return (*headers, ("Content-Type", "application/sdp")) if body else tuple(headers)
