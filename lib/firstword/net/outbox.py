"""What other threads leave for a connection's thread."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from .wait import Wait


class Outbox:
    """What other threads leave for the connection's thread: messages and acts, in order, bounded in bytes.

    The connection's thread puts things here too; it looks before it waits (`empty`), and need not be woken.
    """

    def __init__(self, bound: int, wait: Wait) -> None:
        self.lock = threading.Lock()
        self.items: deque[Any] = deque()
        self.bytes = 0
        self.bound = bound
        self.open = True
        self.reader = 0
        """The connection's thread, once it runs."""
        self._wait = wait

    def put(self, item: Any, size: int = 0) -> bool:
        with self.lock:
            if not self.open or (size and self.bytes + size > self.bound):
                return False
            asleep = not self.items  # whoever has put the first has written the eventfd
            self.items.append(item)
            self.bytes += size
        if asleep and threading.get_ident() != self.reader:
            self._wait.wake.set()
        return True

    def take(self) -> Any | None:
        with self.lock:
            return self.items.popleft() if self.items else None

    def put_back(self, items: list[tuple[Any, int]]) -> None:
        """What was taken goes to the front again, with its sizes: it has got nowhere. Beyond the bound, if need be."""
        with self.lock:
            if self.open:
                self.items.extendleft(item for item, _ in reversed(items))
                self.bytes += sum(size for _, size in items)

    @property
    def empty(self) -> bool:
        return not self.items

    def sent(self, size: int) -> None:
        with self.lock:
            self.bytes -= size

    def close(self) -> None:
        with self.lock:
            self.open = False
            self.items.clear()
            self.bytes = 0
