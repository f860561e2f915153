"""Server-sent events from bytes in any pieces. [pure]"""

from __future__ import annotations

import codecs
from typing import NamedTuple

EVENT_BYTES = 1_048_576
"""The largest event; the largest line too."""
COMMENTS = 4
"""How many comments of one event are kept: a stream that only breathes (``: ping``) grows nothing."""


class SseEvent(NamedTuple):
    """One event: its ``data`` (lines joined), its ``event`` name ("" if none) and its comments, without the colon."""

    data: str
    name: str = ""
    comments: tuple[str, ...] = ()


class SseReader:
    """LF, CR LF or CR, with or without a space after the colon, a character cut in two. ``id`` and ``retry`` are passed over."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._data: list[str] = []
        self._size = 0
        self._name = ""
        self._comments: tuple[str, ...] = ()

    def feed(self, chunk: bytes, final: bool = False) -> list[SseEvent]:
        """Every event that `chunk` completes, but none without ``data``. `final`: nothing follows, so a last event needs no blank line.

        Raises:
            ValueError: an event is longer than `EVENT_BYTES`.
        """
        text = self._rest + self._decode(chunk, final)
        if final:
            text += "\n\n"
        elif text.endswith("\r"):  # perhaps half of a CR LF
            text, self._rest = text[:-1], "\r"
        else:
            self._rest = ""
        *lines, last = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = last + ("\r" if self._rest == "\r" else "")
        if len(self._rest) > EVENT_BYTES:
            raise ValueError("a line of the stream is too long")
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> SseEvent | None:
        if not line:
            event = SseEvent("\n".join(self._data), self._name, self._comments) if self._data else None
            self._data, self._size, self._name, self._comments = [], 0, "", ()
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(value)
            if self._size > EVENT_BYTES or len(self._data) > EVENT_BYTES // 16:
                raise ValueError("an event of the stream is too long")
        elif field == "event":
            self._name = value
        elif not field:
            self._comments = (*self._comments, value)[-COMMENTS:]
        return None
