"""What two phones agree on: one audio stream, by offer and answer (RFC 4566, RFC 3264). [pure]"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
REVERSED: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
PTIME_MS = 20


@dataclass(frozen=True, slots=True)
class Format:
    """A codec as SDP and RTP name it."""

    name: str
    payload_type: int
    clock: int
    """Ticks of the RTP timestamp per second. 8000 for G.722 too, by an old mistake (RFC 3551, 4.5.2)."""
    encoding: str
    """What stands behind ``a=rtpmap``."""
    event_payload_type: int
    """Of telephone events, whose clock is the codec's (RFC 4733, 2.1)."""
    parameters: str = ""
    """What stands behind ``a=fmtp``."""

    @property
    def ticks(self) -> int:
        """Of one frame."""
        return self.clock * PTIME_MS // 1000


FORMATS = {
    form.name: form
    for form in (
        Format("PCMA", 8, 8000, "PCMA/8000", 101),
        Format("PCMU", 0, 8000, "PCMU/8000", 101),
        Format("G722", 9, 8000, "G722/8000", 101),
        Format("opus", 111, 48000, "opus/48000/2", 110, "useinbandfec=0"),
    )
}


@dataclass(frozen=True, slots=True)
class Media:
    """What the other side has said of its audio."""

    host: str
    port: int
    direction: Direction
    payload_types: tuple[int, ...]
    """In its order of preference."""
    encodings: dict[int, str]
    """Of the payload types it explains: ``{8: "PCMA/8000"}``."""

    def payload_type(self, form: Format) -> int | None:
        """What it calls `form`, or None if it will not have it."""
        for number in self.payload_types:
            if self.encodings.get(number, "").lower() == form.encoding.lower():
                return number
        static = form.payload_type < 96 and form.payload_type in self.payload_types
        return form.payload_type if static and form.payload_type not in self.encodings else None

    def events(self, form: Format) -> int | None:
        """What it calls telephone events on the clock of `form`, or None."""
        wanted = f"telephone-event/{form.clock}"
        return next((n for n in self.payload_types if self.encodings.get(n, "").lower() == wanted), None)


def describe(host: str, port: int, form: Format, direction: Direction, session: int, version: int) -> str:
    """An offer or an answer of one codec.

    Args:
        session: the same in all descriptions of a call.
        version: grows by one with each that differs.
    """
    events = form.event_payload_type
    lines = [
        "v=0",
        f"o=caller {session} {version} IN IP4 {host}",
        "s=call",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {form.payload_type} {events}",
        f"a=rtpmap:{form.payload_type} {form.encoding}",
        *([f"a=fmtp:{form.payload_type} {form.parameters}"] if form.parameters else []),
        f"a=rtpmap:{events} telephone-event/{form.clock}",
        f"a=fmtp:{events} 0-15",
        f"a=ptime:{PTIME_MS}",
        f"a={direction}",
    ]
    return "\r\n".join(lines) + "\r\n"


def parse(text: str) -> Media:
    """The first audio stream of a description. Raises ValueError: there is none, or it is no description."""
    session_host = host = ""
    media: list[str] = []
    direction: Direction = "sendrecv"
    encodings: dict[int, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        kind, _, value = line.partition("=")
        if kind == "m":
            if media:
                break
            media = value.split() if value.startswith("audio ") else []
        elif kind == "c":
            host = value.split()[-1]
            session_host = session_host or host
        elif kind == "a" and value in REVERSED:
            direction = value
        elif kind == "a" and value.startswith("rtpmap:") and media:
            number, _, encoding = value.removeprefix("rtpmap:").partition(" ")
            encodings[int(number)] = encoding.strip()
    if len(media) < 4 or not host:
        raise ValueError("an answer without an audio stream")
    return Media(host, int(media[1].split("/")[0]), direction, tuple(map(int, media[3:])), encodings)


class Destination(NamedTuple):
    """Where sound goes, by the last agreement."""

    address: tuple[str, int]
    open: bool
    """Whether anything may be sent."""
    payload_type: int
    events: int | None

    @classmethod
    def of(cls, media: Media, form: Format, ours: Direction) -> Destination:
        """What `media` and our own direction say of it."""
        theirs = media.payload_type(form)
        number = form.payload_type if theirs is None else theirs
        return cls((media.host, media.port), "send" in ours and media.port != 0, number, media.events(form))


class Session:
    """Our side of the audio: describes itself, with a version that grows with each description."""

    def __init__(self, host: str, port: int, form: Format, session: int) -> None:
        self.form = form
        self._host, self._port, self._session = host, port, session
        self._version = 0

    def describe(self, direction: Direction) -> str:
        """An offer, or an answer."""
        self._version += 1
        return describe(self._host, self._port, self.form, direction, self._session, self._version)
