"""From ``firstword.conf`` (XML, already expanded by the switch) to typed settings, or one line that says what is wrong.

```xml
<configuration name="firstword.conf">
  <settings> <param name="records" value="/var/log/freeswitch/firstword.jsonl"/> </settings>
  <services>
    <service name="ears" does="asr" vendor="aliyun"> <param name="appkey" value="env:NLS_APPKEY"/> </service>
  </services>
  <tools>
    <tool name="order"> <param name="url" value="https://shop.example/orders/{id}"/> ... <header name="X-Key" value="env:SHOP_KEY"/> </tool>
  </tools>
  <profiles>
    <profile name="default"> <param name="asr" value="ears"/> ... </profile>
    <profile name="sales"> <param name="greeting" value="..."/> </profile>
  </profiles>
</configuration>
```

Names may be written with ``-`` or ``_``. Each profile inherits from the one called ``default``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import get_args

from ..audio.media_clock import DEPTH_FRAMES
from ..call.profile import Profile
from ..call.tools import HttpTool, Toolbox, builtin, http_tool
from ..errors import ConfigError
from ..options import bind, did_you_mean, option
from ..providers import registry
from . import agreement, markup

KINDS: tuple[registry.Kind, ...] = get_args(registry.Kind)


@dataclass(frozen=True)
class General:
    """Settings of the whole process."""

    records: str = option(
        "", help="the file call records are appended to; firstword.jsonl in the switch's log folder if empty"
    )
    log_level: str = option(
        "info", help="what goes to the switch's log", choices=("debug", "info", "notice", "warning", "err")
    )
    max_calls: int = option(
        0,
        help="how many calls may be in progress; further ones get `busy` in `firstword_result`; 0 for any number",
        low=0,
        high=10_000,
    )
    depth_frames: int = option(
        DEPTH_FRAMES,
        help="20 ms frames put into the pipe to the switch, and kept there to the half: so late may Python be before a caller hears a gap",
        low=2,
        high=100,
    )
    warm_phrases: bool = option(
        True,
        help="have the phrases of all profiles (greeting, apology and so on) synthesised when the configuration is loaded; "
        "otherwise each is kept once it was spoken",
    )
    phrases_mb: int = option(
        8,
        help="audio of phrases that is kept in memory, MB for each synthesiser; 16 KB are a second at 8 kHz",
        low=1,
        high=1_000,
    )
    breaker_failures: int = option(
        3, help="after so many failures in a row a service is passed over, if there is another", low=1, high=1000
    )
    breaker_s: float = option(
        30.0, help="for so long, and twice as long each time it fails when it is tried again", low=0.1, high=3600
    )
    switch_interval_ms: float = option(5.0, help="how often Python threads are made to take turns", low=0.05, high=20)


@dataclass(frozen=True)
class Common:
    """Settings of every service, beside its vendor's."""

    most: int = option(
        0,
        help="how many sessions it may have at once, over all calls: beyond it the next service of a list is used; 0 for any number",
        low=0,
        high=100_000,
    )


@dataclass(frozen=True)
class ServiceSection:
    """A service as the file describes it; made into a real one when a call first needs it."""

    name: str
    does: registry.Kind
    vendor: str
    values: Mapping[str, str] = field(repr=False)  # may hold secrets
    common: Common = Common()

    @property
    def where(self) -> str:
        return f"service {self.name!r}"


@dataclass(frozen=True)
class ToolSection:
    """A tool of a service on the network, as the file describes it."""

    name: str
    values: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)  # may hold secrets

    @property
    def where(self) -> str:
        return f"tool {self.name!r}"

    def make(self, *, secrets: bool = True) -> HttpTool:
        """Raises ConfigError. `secrets`: whether to look them up, or only to check everything else."""
        return http_tool.make(self.name, self.values, self.headers, self.where, secrets=secrets)


@dataclass(frozen=True)
class Settings:
    """A whole configuration, checked."""

    general: General
    services: Mapping[str, ServiceSection]
    profiles: Mapping[str, Profile]
    tools: Mapping[str, ToolSection] = field(default_factory=dict)

    def profile(self, name: str) -> Profile:
        """The profile `name`. Raises ConfigError (with the nearest known name) if there is none."""
        if name not in self.profiles:
            raise ConfigError(f"there is no profile {name!r}{did_you_mean(name, self.profiles)}")
        return self.profiles[name]


def parse(xml: str) -> Settings:
    """Read and check everything, also the services' own settings, so that a mistake is found when the file is loaded and not in a
    caller's ear. Secrets that come from the environment are looked up when a service is made, for they may be set later.

    Raises:
        ConfigError: one line.
    """
    found = markup.sections(xml, ("settings", "services", "tools", "profiles"))
    general = bind(General, markup.params(found.get("settings"), "settings"), "settings")
    services = {service.name: service for service in _services(found.get("services"))}
    tools = {tool.name: tool for tool in _tools(found.get("tools"))}
    profiles = {profile.name: profile for profile in _profiles(found.get("profiles"), services)}
    if not profiles:
        raise ConfigError("firstword.conf has no <profile>")
    declared = {name: tool.make(secrets=False) for name, tool in tools.items()}
    for profile in profiles.values():
        Toolbox(profile, declared, f"profile {profile.name!r}")
    return Settings(general, services, profiles, tools)


def _services(section: markup.Element | None) -> Iterable[ServiceSection]:
    for name, element in markup.entries(section, "service", "services", ("name", "does", "vendor")).items():
        vendor = element.get("vendor", "")
        where = f"service {name!r}"
        does = next((kind for kind in KINDS if kind == element.get("does")), None)
        if does is None:
            raise ConfigError(f"{where}: 'does' takes one of {', '.join(KINDS)}, not {element.get('does', '')!r}")
        values = markup.params(element, where)
        ours = {known.name: values.pop(known.name) for known in fields(Common) if known.name in values}
        common = bind(Common, ours, where)
        registry.check(does, vendor, values, where)
        yield ServiceSection(name, does, vendor, values, common)


def _tools(section: markup.Element | None) -> Iterable[ToolSection]:
    for name, element in markup.entries(section, "tool", "tools", ("name",)).items():
        if name in builtin.NAMES:
            raise ConfigError(f"tool {name!r}: there is another tool of that name")
        yield ToolSection(name, *markup.params_and_headers(element, f"tool {name!r}"))


def _profiles(section: markup.Element | None, services: Mapping[str, ServiceSection]) -> Iterable[Profile]:
    elements = markup.entries(section, "profile", "profiles", ("name",))
    given = {name: markup.params(element, f"profile {name!r}") for name, element in elements.items()}
    for name, values in given.items():
        where = f"profile {name!r}"
        profile = bind(Profile, {**given.get("default", {}), **values, "name": name}, where)
        for kind in KINDS:
            chosen: tuple[str, ...] = getattr(profile, kind)
            fitting = [service.name for service in services.values() if service.does == kind]
            for wanted in chosen or ("",):
                if wanted not in fitting:
                    known = did_you_mean(wanted, fitting) or f" (known: {', '.join(fitting) or 'none'})"
                    raise ConfigError(f"{where}: {kind}: there is no such service {wanted!r}{known}")
                if chosen.count(wanted) > 1:
                    raise ConfigError(f"{where}: {kind}: {wanted!r} is there twice")
        agreement.check(profile, where)
        yield profile
