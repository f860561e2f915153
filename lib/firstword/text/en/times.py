"""Times of day, in English. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, Found, kind
from ..reading import Reading
from .numbers import amount


def _half(found: Found) -> str:
    said = f" {found['half'][0].upper()}M" if found["half"] else ""
    zone = re.sub(r"[^A-Za-z]", "", found["zone"] or "").upper()
    return f"{said} {zone}" if zone else said


def _clock(found: Found, reading: Reading) -> str | None:
    hour, minute, second = int(found["hour"]), int(found["minute"]), found["second"]
    if second:
        return _counted(hour, minute, int(second)) + _half(found)
    half = _half(found)
    if reading.clock == "12" and not found["half"]:
        half = f" {'PM' if hour >= 12 else 'AM'}{half}"
        hour = hour - 12 if hour > 12 else hour or 12
    if minute == 0:
        return amount(str(hour)) + (half or " o'clock")
    said = f"oh {amount(str(minute))}" if minute < 10 else amount(str(minute))
    return f"{amount(str(hour))} {said}{half}"


def _counted(hours: int, minutes: int, seconds: int) -> str:
    said = [
        f"{amount(str(value))} {name}{'' if value == 1 else 's'}"
        for value, name in ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
    ]
    return f"{said[0]} {said[1]} and {said[2]}"


def _lasting(found: Found, reading: Reading) -> str:
    """2h30m."""
    hours, minutes = found["hours"], found["minutes"]
    return (
        f"{amount(hours)} hour{'' if hours == '1' else 's'} {amount(minutes)} minute{'' if int(minutes) == 1 else 's'}"
    )


def _hour(found: Found, reading: Reading) -> str:
    return amount(found["hour"]) + _half(found)


def _hours(found: Found, reading: Reading) -> str:
    """3-5 pm."""
    return f"{amount(found['hour'])} to {amount(found['last'])}{_half(found)}"


def _o_clock(found: Found, reading: Reading) -> str:
    return f"{amount(found['hour'])}{found['rest']}"


_HALF = r"(?P<half>[ap]\. ?m(?![a-z])\.?|[ap]m(?![a-z]))"
_ZONE = r"(?: ?(?P<zone>(?:est|pst|cst|mst|edt|pdt|cdt|mdt|gmt|utc|cet|bst)(?![a-z])|[ecmpg]\.[sdm]\.t\.?(?![a-z])))?"

KINDS = (
    kind("duration", FIGURE, r"(?P<hours>\d{1,3})h ?(?P<minutes>\d{1,2})m(?:in)?(?![A-Za-z0-9])", _lasting),
    kind(
        "time",
        FIGURE,
        rf"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])(?: ?{_HALF})?{_ZONE}",
        _clock,
        re.IGNORECASE,
    ),
    kind(
        "time",
        FIGURE,
        rf"(?P<hour>1[0-2]|0?[1-9])\.(?P<minute>[0-5]\d)(?P<second>)? ?{_HALF}{_ZONE}",
        _clock,
        re.IGNORECASE,
    ),
    kind(
        "time",
        FIGURE,
        rf"(?P<hour>1[0-2]|[1-9]) ?[-–] ?(?P<last>1[0-2]|[1-9]) ?{_HALF}{_ZONE}",
        _hours,
        re.IGNORECASE,
    ),
    kind("time", FIGURE, rf"(?P<hour>1[0-2]|0?[1-9]|2[0-3]|1[3-9]) ?{_HALF}{_ZONE}", _hour, re.IGNORECASE),
    kind("time", FIGURE, r"(?P<hour>\d{1,2})(?P<rest> o['’]clock)", _o_clock, re.IGNORECASE),
)
