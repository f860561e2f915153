"""Audio on its way to a recogniser that may not be ready, or not keep up: for whoever implements `speech.asr`."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque

from ..audio.pcm import peak

MESSAGE_BYTES = 3_200  # NLS recommends 1,600 or 3,200 bytes a message, DashScope 1 to 16 KB: no more is sent in one
LOUD = 512  # the peak of a frame that may be speech
QUIET_AFTER_MS = 1_000
"""So much after the last sound nobody waits for the recogniser any more: it has ended its sentence."""
PAUSE_MS = 40
"""So much silence ends a sound: the closures of most plosives are as long, and cost messages."""
TAIL_MS = 200
"""So much of the silence after a sound goes as it comes, in messages as short as what is fed: a word is known when the recogniser has heard
what follows it, and with the last word the answer begins."""
LOSSES = 2_000
"""So many losses are known by their place: those of two minutes of a service that takes every message too late. It tells of its latest
sentence, not of what was long before."""
QUIET_SEND_MS = 200
"""Then messages are of so many ms: a caller who listens costs a fifth of one who talks."""


class Backlog:
    """Audio between the feeder and the connection: batched, bounded, the oldest dropped first.

    While the caller makes sounds, and a while after, messages are of `send_ms`; in a longer silence of `QUIET_SEND_MS`, and the first sound
    goes at once. So does the silence after it, for `TAIL_MS`: the last word is recognised up to `send_ms` sooner, and the answer begun.

    The service counts the audio it got; `fed_ms` turns its milliseconds into those of the audio that was fed.
    """

    def __init__(self, rate: int, send_ms: int, bound_ms: int) -> None:
        self._bytes_per_ms = rate * 2 // 1000
        self._batch = send_ms * self._bytes_per_ms
        self._quiet_batch = max(send_ms, QUIET_SEND_MS) * self._bytes_per_ms
        self._quiet_bytes = 0  # fed since the last sound
        self._urgent = False  # a sound begins, or has just ended: what is held goes, however little
        self._tail = (PAUSE_MS * self._bytes_per_ms, TAIL_MS * self._bytes_per_ms)
        self._bound = bound_ms * self._bytes_per_ms
        self._lock = threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._taken = 0
        self._lost = 0
        # At so many bytes of the service's audio, so many bytes have been lost; at most LOSSES of them.
        self._losses: list[tuple[int, int]] = []
        self.ready = False
        self.asked = False

    def service_is_ready(self) -> None:
        self.ready = True

    def add(self, pcm: bytes) -> bool:
        """Returns whether nothing had to be dropped for it."""
        loud = peak(pcm) > LOUD
        with self._lock:
            before = self._quiet_bytes
            self._quiet_bytes = 0 if loud else before + len(pcm)
            begin, end = self._tail
            onset = loud and before >= end
            self._urgent = self._urgent or onset or (before < end and self._quiet_bytes >= begin)
            self._pieces.append(pcm)
            self._held += len(pcm)
            lost = self._lost
            while (over := self._held - self._bound) > 0:
                oldest = self._pieces.popleft()
                if len(oldest) > over:  # one piece may be more than all that may wait: its latest stays
                    self._pieces.appendleft(oldest[over:])
                self._held -= min(over, len(oldest))
                self._lost += min(over, len(oldest))
            if self._lost > lost:
                self._note_loss()
            return self._lost == lost

    def _note_loss(self) -> None:
        if self._losses and self._losses[-1][0] == self._taken:
            self._losses.pop()
        self._losses.append((self._taken, self._lost))
        if len(self._losses) > LOSSES:
            del self._losses[: LOSSES // 2]

    def wants_sending(self) -> bool:
        """Whether the connection's thread should be asked to `take`; says so once until it has."""
        with self._lock:
            quiet = self._quiet_bytes > QUIET_AFTER_MS * self._bytes_per_ms
            enough = self._urgent or self._held >= (self._quiet_batch if quiet else self._batch)
            if self.asked or not self.ready or not enough:
                return False
            self.asked = True
            return True

    def take(self, everything: bool) -> bytes:
        """The next message; b"" if there is less than a batch, unless `everything` is to go or a sound has ended."""
        with self._lock:
            if self._held < self._batch and not (self._held and (everything or self._urgent)):
                return b""
            size = max(self._batch, MESSAGE_BYTES)
            parts, got = [], 0
            while self._pieces and got < size:
                piece = self._pieces.popleft()
                if got + len(piece) > size:
                    self._pieces.appendleft(piece[size - got :])
                    piece = piece[: size - got]
                parts.append(piece)
                got += len(piece)
            self._held -= got
            self._taken += got
            self._urgent = self._urgent and self._held > 0
            return b"".join(parts)

    def fed_ms(self, service_ms: int) -> int:
        """The service's position as milliseconds of the audio that was fed."""
        with self._lock:
            at = bisect_right(self._losses, (service_ms * self._bytes_per_ms, self._lost + 1))
            lost = self._losses[at - 1][1] if at else 0
        return service_ms + lost // self._bytes_per_ms
