"""What happened at the gateway, as values: for tests, and for ``firstword gateway --verbose``.

Written by the gateway's loop alone; read by any thread.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ..clock import Clock

Way = Literal["in", "out"]
VISITS = 2000
HAPPENINGS = 5000


@dataclass(frozen=True, slots=True)
class Happened:
    """One message.

    `at` is in seconds of the gateway's clock, `what` a directive, an event, ``audio``, ``token`` or the like, `detail` the text of
    a RunSynthesis or a token, or the whole of an event as it was sent, `size` its bytes.
    """

    at: float
    way: Way
    what: str
    detail: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """One connection (NLS) or request (chat, token), as it stood when it was asked for."""

    number: int
    service: str
    """``tts``, ``asr``, ``llm``, ``token``, ``cosyvoice``, ``paraformer``, ``qwen-tts``, ``qwen-asr``, ``generation``;
    ``nls``, ``realtime`` or ``dashscope`` while a connection has not said what it wants."""
    opened: float
    closed: float | None
    ended: str
    """How: ``completed``, ``failed 40000004``, ``client left``, ``cut``, ``refused``, ``HTTP 403``, ``gateway closed``; "" while open."""
    happened: tuple[Happened, ...]
    """In order. Audio of the caller is counted, and only its first message listed."""
    bytes_in: int
    bytes_out: int
    sounds: tuple[float, ...] = ()
    """When the first message came that held the beginning of a sound of the caller's, each time, in the clock's seconds."""

    def all(self, what: str) -> list[Happened]:
        """Everything called `what`, in order."""
        return [h for h in self.happened if h.what == what]

    def text(self, what: str) -> str:
        """The texts of everything called `what`, joined: ``visit.text("RunSynthesis")`` is what was given to be spoken."""
        return "".join(h.detail for h in self.happened if h.what == what)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts since the start."""

    visits: dict[str, int]
    now: dict[str, int]
    peak: dict[str, int]
    bytes_in: int
    bytes_out: int


@dataclass
class Record:
    """One visit under way. Of the gateway's loop."""

    journal: Journal
    number: int
    service: str
    opened: float
    closed: float | None = None
    ended: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    hears: bool = False
    happened: list[Happened] = field(default_factory=list)
    sounds: list[float] = field(default_factory=list)

    def note(self, way: Way, what: str, detail: str = "", size: int = 0) -> None:
        if way == "in":
            self.bytes_in += size
        else:
            self.bytes_out += size
        if len(self.happened) < HAPPENINGS:
            self.happened.append(Happened(self.journal.clock.now(), way, what, detail, size))
        self.journal.changed()

    def heard(self, size: int) -> None:
        """Audio of the caller came."""
        if self.hears:
            self.bytes_in += size
        else:
            self.hears = True
            self.note("in", "audio", size=size)

    def sounded(self) -> None:
        """The caller began to make a sound."""
        if len(self.sounds) < HAPPENINGS:
            self.sounds.append(self.journal.clock.now())

    def serves(self, service: str) -> None:
        """Now it is known what the connection wants."""
        self.journal.moved(self, service)

    def end(self, how: str) -> None:
        """The visit is over; only the first call counts."""
        if self.closed is None:
            self.closed, self.ended = self.journal.clock.now(), how
            self.journal.left(self)

    def value(self) -> Visit:
        return Visit(
            self.number,
            self.service,
            self.opened,
            self.closed,
            self.ended,
            tuple(self.happened),
            self.bytes_in,
            self.bytes_out,
            tuple(self.sounds),
        )


class Journal:
    """The last `VISITS` visits and the counts of all.

    `on_left`, if it is set, is told each visit that has ended, on the gateway's loop.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._records: deque[Record] = deque(maxlen=VISITS)
        self._visits: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._peak: Counter[str] = Counter()
        self._gone_in = self._gone_out = 0
        self._changed = threading.Condition()
        self.on_left: Callable[[Visit], None] | None = None

    def open(self, service: str) -> Record:
        """A visit begins."""
        record = Record(self, sum(self._visits.values()) + 1, service, self.clock.now())
        if len(self._records) == VISITS:
            self._gone_in += self._records[0].bytes_in
            self._gone_out += self._records[0].bytes_out
        self._records.append(record)
        self._came(service)
        return record

    def moved(self, record: Record, service: str) -> None:
        if record.service != service:
            self._visits[record.service] -= 1
            self._now[record.service] -= 1
            record.service = service
            self._came(service)

    def left(self, record: Record) -> None:
        self._now[record.service] -= 1
        if self.on_left is not None:
            self.on_left(record.value())
        self.changed()

    def now(self, service: str) -> int:
        """How many visits of a service are open."""
        return self._now[service]

    def asked(self, service: str) -> int:
        """The same, without those whose client has only connected: a spare is no session."""
        under_way = (record for record in self._records if record.service == service and record.closed is None)
        return sum(any(happened.way == "in" for happened in record.happened) for record in under_way)

    def changed(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def seen(self, service: str = "") -> list[Visit]:
        """The visits of a service, or all, oldest first. Any thread."""
        return [record.value() for record in tuple(self._records) if service in ("", record.service)]

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait until `until()` is true, asked again whenever something happens, at most `seconds`. Any thread but the gateway's."""
        with self._changed:
            return self._changed.wait_for(until, self.clock.real(seconds))

    def statistics(self) -> Statistics:
        """Any thread."""
        records = tuple(self._records)
        return Statistics(
            visits={k: v for k, v in self._visits.items() if v},
            now={k: v for k, v in self._now.items() if v},
            peak=dict(self._peak),
            bytes_in=self._gone_in + sum(r.bytes_in for r in records),
            bytes_out=self._gone_out + sum(r.bytes_out for r in records),
        )

    def _came(self, service: str) -> None:
        self._visits[service] += 1
        self._now[service] += 1
        self._peak[service] = max(self._peak[service], self._now[service])
        self.changed()
