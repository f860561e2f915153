"""One configuration in force, and the services that were made from it. A reload makes a new one; the old one lives as long as its calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..call.call import Services
from ..call.profile import Profile
from ..clock import Clock
from ..providers import registry
from .settings import ServiceSection, Settings


class Generation:
    """Settings and services. Any thread may call any method.

    Services are made when a call first needs them, shared by all calls of this generation, and closed when it was retired and its last
    call has ended.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._services: dict[str, Any] = {}
        self._calls = 0
        self._retired = False

    def enter(self, profile: Profile) -> Services:
        """A call begins: its services. Next: `leave`, once. Raises ConfigError if one can not be made (a key is missing)."""
        sections = self.settings.services
        with self._lock:
            services = Services(*(self._service(sections[name]) for name in (profile.asr, profile.llm, profile.tts)))
            self._calls += 1
            return services

    def leave(self) -> None:
        """A call has ended."""
        with self._lock:
            self._calls -= 1
        self._close_if_done()

    def retire(self) -> None:
        """No call begins any more."""
        with self._lock:
            self._retired = True
        self._close_if_done()

    def close(self) -> None:
        """Close the services, calls or not. Idempotent."""
        with self._lock:
            services, self._services = self._services, {}
        for service in services.values():
            service.close()

    def _close_if_done(self) -> None:
        with self._lock:
            done = self._retired and not self._calls
        if done:
            self.close()

    def _service(self, section: ServiceSection) -> Any:
        if section.name not in self._services:
            makers: dict[str, Callable[..., Any]] = {
                "asr": registry.make_asr,
                "llm": registry.make_llm,
                "tts": registry.make_tts,
            }
            make = makers[section.does]
            self._services[section.name] = make(section.vendor, section.values, section.where, self._clock)
        return self._services[section.name]
