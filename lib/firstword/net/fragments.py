"""Messages that come in fragments, within bounds."""

from __future__ import annotations

from websocket import WebSocketProtocolException
from websocket._abnf import ABNF, continuous_frame

MOST = 4_096
"""Fragments of one message. Gateways cut at 16 KB or not at all: the largest message is 256 of those."""


class Fragments(continuous_frame):
    """websocket-client's, which has no bound of its own: it joins fragments as they come without coming back, and copies what it has for
    each, so a peer that sends small ones without end would keep the thread of all connections."""

    def __init__(self) -> None:
        super().__init__(fire_cont_frame=False, skip_utf8_validation=True)
        self._count = 0

    def add(self, frame: ABNF) -> None:
        super().add(frame)
        self._count = 0 if frame.fin else self._count + 1
        if self._count > MOST:
            raise WebSocketProtocolException(f"a message in more than {MOST} fragments")
