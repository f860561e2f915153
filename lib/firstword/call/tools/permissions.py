"""What the model of a profile may do. [pure]"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import ConfigError
from ...options import did_you_mean, option

PREFIX = "firstword_"
RESERVED = ("result", "turns", "first_word_ms", "error", "summary", "destination")
"""Variables, after the prefix, that the call itself sets."""


@dataclass(frozen=True)
class Permissions:
    """The part of a profile about tools."""

    tools: tuple[str, ...] = option(
        (),
        help="what the model may use, split at |: transfer, hang_up, send_keys, set_variable, collect_digits, and names of <tools>",
    )
    destinations: tuple[str, ...] = option(
        (),
        help="where transfer may lead, split at |: name=transfer:extension dialplan context, such as 人工=transfer:9000 XML default",
    )
    variables: tuple[str, ...] = option(
        (),
        help="channel variables set_variable may set, split at |: a name, set as firstword_name, or name=channel_variable",
    )
    private_arguments: tuple[str, ...] = option(
        (), help="names of arguments whose values the call record hides, split at |: phone | id_card"
    )
    max_tool_rounds: int = option(
        4, help="how often in one turn the model may ask for tools before it must answer", low=1, high=20
    )
    max_tool_calls: int = option(30, help="how many tools may be used in one call", low=1, high=1000)


def destinations(permissions: Permissions, where: str) -> dict[str, str]:
    """By name: extension, and perhaps dialplan and context. Raises ConfigError."""
    found = {}
    for name, target in _pairs(permissions.destinations, f"{where}: destinations", "name=transfer:extension"):
        how, colon, rest = target.partition(":")
        if how != "transfer" or not colon:
            hint = did_you_mean(how, ("transfer",))
            raise ConfigError(f"{where}: destinations: {name}={target} takes transfer:extension dialplan context{hint}")
        words = rest.split()
        if not 1 <= len(words) <= 3 or any(not char.isprintable() or char in "'\"" for char in rest):
            raise ConfigError(f"{where}: destinations: {name} takes an extension, and perhaps dialplan and context")
        found[name] = " ".join(words)
    return found


def variables(permissions: Permissions, where: str) -> dict[str, str]:
    """The channel's variable by the name that the model knows. Raises ConfigError."""
    found = {}
    written = (entry if "=" in entry else f"{entry}={PREFIX}{entry}" for entry in permissions.variables)
    for name, variable in _pairs(tuple(written), f"{where}: variables", "name, or name=channel_variable"):
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", variable):
            raise ConfigError(f"{where}: variables: {variable!r} is no channel variable's name")
        if variable.removeprefix(PREFIX) in RESERVED and variable.startswith(PREFIX):
            raise ConfigError(f"{where}: variables: {variable} is set by firstword itself")
        found[name] = variable
    return found


def _pairs(entries: tuple[str, ...], where: str, form: str) -> list[tuple[str, str]]:
    pairs: Mapping[str, str] = {}
    for entry in entries:
        name, equals, value = (part.strip() for part in entry.partition("="))
        if not (name and equals and value):
            raise ConfigError(f"{where} takes {form}, not {entry!r}")
        if name in pairs:
            raise ConfigError(f"{where}: {name!r} is there twice")
        pairs = {**pairs, name: value}
    return list(pairs.items())
