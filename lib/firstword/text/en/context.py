"""What the English before a number says of it. [pure]"""

from __future__ import annotations

import re

from ..phrases import listed

NAMES = (
    "",
    *listed("""
    january | february | march | april | may | june | july | august | september | october | november | december
"""),
)
"""Of the months, by their number."""
MONTHS = {name[:cut]: name for name in NAMES[1:] for cut in (3, len(name))} | {"sept": "september"}
"""Whole and abbreviated, to whole."""
MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")(?![A-Za-z])\.?"

_GAP = (
    r"(?![A-Za-z])(?:[\s:#\-(\"'.]|numbers?|nr|no|ids?|codes?|is|are|was|the|in|with|your|at|of|to|please|ending|ends|as|=){0,20}"
    r"(?:(?-i:[A-Z]{2,3}) )?$"
)
"""Between the word that tells and the number; an airline may stand before a flight's."""
_CODE = re.compile(
    r"\b(?:orders?|tracking|accounts?|acct|codes?|pin|passcode|password|reference|ref|confirmation|booking|reservation"
    r"|tickets?|case|claim|policy|invoice|serial|model|card|passport|licen[cs]e|id|zip|postcode|postal|phone|telephone"
    r"|mobile|cell|fax|call|dial|text|reach(?: us| me)?|extension|ext|room|suite|apartment|apt|unit|gate|flight|train|bus"
    r"|route|locker|number|no|ending in|ends in|digits|otp|verification|member|membership|employee|shipment|parcel"
    r"|package|pnr|sku|vin|isbn|issn|iban|imei|plate|hotline|press|enter)" + _GAP,
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\b(?:than|about|around|nearly|almost|over|under|at least|at most|approximately|totals?|exactly|only|costs?"
    r"|balance(?: is)?|have|has|had|earn(?:ed)?)"
    r"\s+(?:of\s+|is\s+)?$",
    re.IGNORECASE,
)

_PRESSURE = re.compile(r"\b(?:pressure|BP|bp)\b[^.,;!?0-9]{0,12}$")

_SERIAL_BEFORE = re.compile(r"(?:(?:^|[^A-Za-z])[A-Za-z]{1,2}(?:-\d{1,8}){0,4}|\d)-$", re.ASCII)
_SERIAL_BEHIND = re.compile(r"-(?:(?:\d{1,8}-){0,4}(?:[A-Z]+|[A-Za-z]{1,2})(?![A-Za-z])|\d{1,8}-\d)", re.ASCII)


def is_code(text: str, at: int) -> bool:
    """Whether what stands before `at` names a number that is dictated: order number, ext., please dial."""
    return _CODE.search(text, max(0, at - 32), at) is not None


def is_serial(text: str, begin: int, end: int) -> bool:
    """Whether ``text[begin:end]`` hangs by dashes with letters or two more numbers, as in 133-ABC, b-1-5, 5-10-15.

    Its dashes say neither "to" nor "minus".
    """
    return (
        _SERIAL_BEHIND.match(text, end) is not None
        or _SERIAL_BEFORE.search(text, max(0, begin - 32), begin) is not None
    )


def is_amount(text: str, at: int) -> bool:
    """Whether it says that so many follow: more than, about."""
    return _AMOUNT.search(text, max(0, at - 20), at) is not None


def is_pressure(text: str, at: int) -> bool:
    """Whether 120/80 there is one number over another and no fraction."""
    return _PRESSURE.search(text, max(0, at - 24), at) is not None
