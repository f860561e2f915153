"""The services and tools made from one configuration: each when it is first needed, once, for all calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ..call.dialogue import Services
from ..call.profile import Profile
from ..call.tools import Errands, HttpTool, Toolbox
from ..clock import Clock
from ..errors import ConfigError
from ..options import phrases
from ..providers import registry
from ..speech.fallback.alarms import Alarms
from ..speech.fallback.breaker import BreakerBounds
from ..speech.fallback.limiter import Limiter, Rooms
from ..speech.fallback.member import Member
from ..speech.kept import Kept
from ..speech.tts import Synthesiser
from ..text.lexicon import SYLLABLES, entries, syllables
from ..text.reader import phrase
from .entry import Entry, Members, composed
from .settings import ServiceSection, Settings


class Shelf:
    """Any thread may call any method. Next: `close`, when no call uses its services any more."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self.errands = Errands(clock)
        """Makes the requests of the tools."""
        self._clock = clock
        self._lock = threading.Lock()
        self._rooms = Rooms(clock)
        self._alarms = Alarms(clock)
        self._members: dict[str, Member] = {}
        self._tools: dict[str, HttpTool] = {}

    def services(self, profile: Profile) -> Services:
        """Those of a profile, for one call, whether there is room or not. Raises ConfigError if one can not be made (a key is missing); it
        is tried again the next time."""
        return composed(profile, self._members_of(profile), self._alarms, self._clock)

    def enter(self, profile: Profile, of_use: Callable[[], bool] = lambda: True) -> Entry:
        """A call asks for the services of its profile; waits for a session of each, where the profile says so. Next: `Entry.leave`.

        Args:
            of_use: whether the caller is still there.

        Raises:
            ConfigError: see `services`.
        """
        return Entry(profile, self._members_of(profile), self._rooms, self._alarms, self._clock, of_use)

    def standing(self) -> list[tuple[str, bool, str]]:
        """Each service that calls have asked for: its title, whether it is asked as usual, and how it is."""
        with self._lock:
            members = list(self._members.values())
        now = self._clock.now()
        return [(member.title, *member.standing(now)) for member in members]

    def toolbox(self, profile: Profile) -> Toolbox:
        """The tools of a profile. Raises ConfigError: a secret of one is missing (it is tried again the next time)."""
        where = f"profile {profile.name!r}"
        with self._lock:
            names = [name for name in profile.tools if name in self._settings.tools]
            return Toolbox(profile, {name: self._tool(name) for name in names}, where)

    def close(self) -> None:
        """Close them: what they keep warm ends. Idempotent."""
        with self._lock:
            members, self._members = self._members, {}
        self._alarms.close()
        for member in members.values():
            member.service.close()
        self.errands.close()

    def _tool(self, name: str) -> HttpTool:
        if name not in self._tools:
            self._tools[name] = self._settings.tools[name].make()
        return self._tools[name]

    def _members_of(self, profile: Profile) -> Members:
        with self._lock:
            sections = self._settings.services
            asr, llm, tts = (
                [self._member(sections[name]) for name in names] for names in (profile.asr, profile.llm, profile.tts)
            )
        return asr, llm, tts

    def _member(self, section: ServiceSection) -> Member:
        if section.name not in self._members:
            makers: dict[str, Callable[..., Any]] = {
                "asr": registry.make_asr,
                "llm": registry.make_llm,
                "tts": registry.make_tts,
            }
            service = makers[section.does](section.vendor, section.values, section.where, self._clock)
            called, limiter = service.name, self._rooms.limiter(section.common.most)
            if section.does == "tts":
                service = self._kept(section.name, service, limiter)
            general = self._settings.general
            bounds = BreakerBounds(general.breaker_failures, general.breaker_s)
            self._members[section.name] = Member(
                section.name, service, called, limiter=limiter, bounds=bounds, clock=self._clock
            )
        return self._members[section.name]

    def _kept(self, name: str, synthesiser: Synthesiser, limiter: Limiter) -> Kept:
        """`synthesiser`, which keeps the phrases of the profiles that speak with it."""
        general = self._settings.general
        speaking = [profile for profile in self._settings.profiles.values() if name in profile.tts]
        synthesiser = self._pronouncing(name, synthesiser, speaking)
        texts = [phrase(text, profile, synthesiser.reads)[0] for profile in speaking for text in phrases(profile)]
        kept = Kept(synthesiser, texts, bound_bytes=general.phrases_mb << 20, clock=self._clock, room=limiter)
        if general.warm_phrases:
            kept.warm()
        return kept

    @staticmethod
    def _pronouncing(name: str, synthesiser: Synthesiser, speaking: Sequence[Profile]) -> Synthesiser:
        """`synthesiser`, told the syllables in the lexicons of the profiles that speak with it, if it takes them."""
        words: dict[str, str] = {}
        for profile in speaking:
            for word, said in syllables(entries(profile.lexicon)).items():
                if words.setdefault(word, said) != said:
                    raise ConfigError(
                        f"profile {profile.name!r}: lexicon: {word!r} is {said!r} here and {words[word]!r} in another profile of the "
                        f"service {name!r}, which reads a word in one way only"
                    )
        return synthesiser.pronouncing(words) if words and SYLLABLES in synthesiser.reads else synthesiser
