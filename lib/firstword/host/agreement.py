"""Whether the settings of a profile agree with each other: each may be right, and the two together be in vain. [pure]"""

from __future__ import annotations

from ..call.profile import Profile
from ..call.tools.permissions import destinations, variables
from ..errors import ConfigError
from ..options import did_you_mean
from ..text.lexicon import entries

KEYS = "0123456789*#ABCD"


def check(profile: Profile, where: str) -> None:
    """Raises ConfigError: the first two that do not agree, or the one that names what there is not, in one line."""
    entries(profile.lexicon, f"{where}: lexicon")
    variables(profile, where)
    _keys(profile, where)
    if profile.endpoint_least_ms > profile.endpoint_most_ms:
        raise ConfigError(
            f"{where}: endpoint_least_ms ({profile.endpoint_least_ms}) is more than endpoint_most_ms ({profile.endpoint_most_ms})"
        )
    if profile.warning and profile.warning_ms >= profile.call_ms:
        raise ConfigError(
            f"{where}: the warning would never be said: warning_ms ({profile.warning_ms}) before the end, of a call of at most "
            f"call_ms ({profile.call_ms})"
        )


def _keys(profile: Profile, where: str) -> None:
    known = destinations(profile, where)
    if profile.person and profile.person not in known:
        hint = did_you_mean(profile.person, known) or f" (known: {', '.join(known) or 'none'})"
        raise ConfigError(f"{where}: person: there is no such destination {profile.person!r}{hint}")
    for name, key in (("person_key", profile.person_key), ("keys_end", profile.keys_end)):
        if key and (len(key) > 1 or key not in KEYS):
            raise ConfigError(f"{where}: {name} takes one key (0-9 * # A-D), not {key!r}")
    if profile.person_key and not profile.person:
        raise ConfigError(f"{where}: person_key needs a person: the name of one of destinations")
    if profile.person_key and profile.person_key == profile.keys_end:
        raise ConfigError(
            f"{where}: person_key and keys_end are both {profile.keys_end!r}: choose another, or an empty keys_end"
        )
