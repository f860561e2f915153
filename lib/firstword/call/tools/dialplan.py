"""Texts that somebody else wrote, as values of channel variables. [pure]

A dialplan pastes variables into strings that it then takes apart: ``{sip_h_X-Summary=${firstword_summary}}user/1000`` is common, and
there a comma begins another variable, ``${`` another expansion. So what has such a meaning is replaced by its full-width twin, which reads
the same.
"""

from __future__ import annotations

import unicodedata

TEXT_CHARS = 500

_WIDE = {ord(char): chr(ord(char) + 0xFEE0) for char in "$,;'\"`\\{}[]<>^|"}


def plain(text: str, most: int = TEXT_CHARS) -> str:
    """`text` on one line, of at most `most` characters, without control characters and without meaning to a dialplan."""
    visible = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text)
    line = " ".join(visible.split()).translate(_WIDE)
    return line if len(line) <= most else line[: most - 1] + "…"
