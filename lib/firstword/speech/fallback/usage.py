"""Which services a call has used, for its record."""

from __future__ import annotations

import threading


class Usage:
    """Of one call. Any thread may call any method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: dict[str, dict[str, None]] = {}
        self._switches: dict[str, int] = {}

    def served(self, kind: str, title: str) -> None:
        """`title` has begun to do a piece of the work that is called `kind` (``asr``, ``llm``, ``tts``)."""
        with self._lock:
            self._served.setdefault(kind, {})[title] = None

    def switched(self, kind: str) -> None:
        """In the middle of a piece of work another service took over."""
        with self._lock:
            self._switches[kind] = self._switches.get(kind, 0) + 1

    def providers(self) -> dict[str, str]:
        """By kind: the services that were used, in the order of their first use."""
        with self._lock:
            return {kind: " | ".join(titles) for kind, titles in self._served.items()}

    def switches(self) -> dict[str, int]:
        """By kind, how often; only of those where it happened."""
        with self._lock:
            return dict(self._switches)
