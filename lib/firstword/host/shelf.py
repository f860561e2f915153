"""The services and tools made from one configuration: each when it is first needed, once, for all calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..call.call import Services
from ..call.profile import Profile
from ..call.tools import Errands, HttpTool, Toolbox
from ..call.tools.permissions import destinations
from ..clock import Clock
from ..errors import ConfigError
from ..options import did_you_mean, phrases
from ..providers import registry
from ..speech.kept import Kept
from ..speech.tts import Synthesiser
from .settings import ServiceSection, Settings


class Shelf:
    """Any thread may call any method. Next: `close`, when no call uses its services any more."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self.errands = Errands(clock)
        """Makes the requests of the tools."""
        self._clock = clock
        self._lock = threading.Lock()
        self._services: dict[str, Any] = {}
        self._tools: dict[str, HttpTool] = {}

    def services(self, profile: Profile) -> Services:
        """Those of a profile. Raises ConfigError if one can not be made (a key is missing); it is tried again the next time."""
        with self._lock:
            sections = self._settings.services
            return Services(*(self._service(sections[name]) for name in (profile.asr, profile.llm, profile.tts)))

    def toolbox(self, profile: Profile) -> Toolbox:
        """The tools of a profile.

        Raises:
            ConfigError: a secret of one is missing (it is tried again the next time), or the person whom a key reaches is none of the
                profile's destinations.
        """
        where = f"profile {profile.name!r}"
        known = destinations(profile, where)
        if profile.person and profile.person not in known:
            raise ConfigError(
                f"{where}: person {profile.person!r} is none of its destinations{did_you_mean(profile.person, known)}"
            )
        with self._lock:
            names = [name for name in profile.tools if name in self._settings.tools]
            return Toolbox(profile, {name: self._tool(name) for name in names}, where)

    def close(self) -> None:
        """Close them: what they keep warm ends. Idempotent."""
        with self._lock:
            services, self._services = self._services, {}
        for service in services.values():
            service.close()
        self.errands.close()

    def _tool(self, name: str) -> HttpTool:
        if name not in self._tools:
            self._tools[name] = self._settings.tools[name].make()
        return self._tools[name]

    def _service(self, section: ServiceSection) -> Any:
        if section.name not in self._services:
            makers: dict[str, Callable[..., Any]] = {
                "asr": registry.make_asr,
                "llm": registry.make_llm,
                "tts": registry.make_tts,
            }
            make = makers[section.does]
            service = make(section.vendor, section.values, section.where, self._clock)
            self._services[section.name] = self._kept(section.name, service) if section.does == "tts" else service
        return self._services[section.name]

    def _kept(self, name: str, synthesiser: Synthesiser) -> Kept:
        """`synthesiser`, which keeps the phrases of the profiles that speak with it."""
        general = self._settings.general
        speaking = [profile for profile in self._settings.profiles.values() if profile.tts == name]
        texts = [text for profile in speaking for text in phrases(profile)]
        kept = Kept(synthesiser, texts, bound_bytes=general.phrases_mb << 20, clock=self._clock)
        if general.warm_phrases:
            kept.warm()
        return kept
