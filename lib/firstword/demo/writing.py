"""A text as a model writes it: in tokens of the sizes that models use. [pure]"""

from __future__ import annotations

import re
import zlib

_TOKEN = re.compile(
    r"\n+| ?[A-Za-z]+|[0-9]{1,3}|[\u3400-\u9fff]+| +(?![A-Za-z])|\*{1,3}|#{1,6}|`{1,3}|-{2,5}|[，。！？：；、]\n*|.",
    re.DOTALL,
)
_LONGEST_LATIN = 9
_SIZES = (2, 1, 2, 3, 2, 1, 2, 4)
"""Of the tokens of Chinese: one to four characters, mostly two."""


def tokens(text: str) -> list[str]:
    """The same for the same text."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        part = match[0]
        if "\u3400" <= part[0] <= "\u9fff":
            found.extend(_chinese(part))
        elif len(part) > _LONGEST_LATIN and part.isascii():
            found.extend(part[at : at + _LONGEST_LATIN] for at in range(0, len(part), _LONGEST_LATIN))
        else:
            found.append(part)
    return found


def _chinese(part: str) -> list[str]:
    """Which sizes come next is decided by the text."""
    cut, at = [], 0
    while at < len(part):
        size = _SIZES[zlib.crc32(part[at : at + 2].encode()) % len(_SIZES)]
        cut.append(part[at : at + size])
        at += size
    return cut
