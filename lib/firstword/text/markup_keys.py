"""A star that is a key of a telephone, and no emphasis. For `markup`. [pure]"""

from __future__ import annotations

import re

from .scan import NOT_MINE, WAIT

LONGEST_KEY = 12
"""Characters behind 按*, within which a second star makes it emphasis."""
LONGEST_SERVICE = 24
"""Characters of a service that is dialled, *100*2#."""
_DIALLED = re.compile(r"\*[*#]?\d[\d*#]{0,20}", re.ASCII)
_BEHIND = frozenset("键、，。；！？,.;")
_BEFORE = frozenset("按拨打送入以或和")
_PRESSED = frozenset("按拨打")
_QUOTED = {"“": "”", '"': '"', "「": "」", "‘": "’"}
_ENDS = re.compile(r"号键|[*，。；！？,.;!?#\n]")


def key_at(text: str, at: int, before: str, last: bool) -> int:
    """How many characters from the star at `at` on are dialled or pressed: *键, 按*返回, "*", *100*2#. `NOT_MINE` for 按*这里*, `WAIT` if
    the next characters decide."""
    dialled = _DIALLED.match(text, at)
    if dialled and dialled.end() == len(text) and len(text) - at < LONGEST_SERVICE and not last:
        return WAIT
    if dialled and dialled[0].endswith("#"):
        return len(dialled[0])
    following = text[at + 1 : at + 2 + LONGEST_KEY]
    if not following:
        return NOT_MINE
    if following[0] in _BEHIND or _QUOTED.get(before) == following[0]:
        return 1
    if before not in _BEFORE:
        return NOT_MINE
    end = _ENDS.search(following)
    if end:
        return NOT_MINE if end[0] == "*" else 1
    if len(following) <= LONGEST_KEY:
        return 1 if last else WAIT  # to the end of the reply none closes it
    return 1 if before in _PRESSED else NOT_MINE
