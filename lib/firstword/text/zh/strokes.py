"""The stroke, in Mandarin: 元/月, 30片/盒, 是/否. [pure]"""

from __future__ import annotations

import re

from ..kinds import Found, Kind, kind
from ..reading import Reading
from ..units import UNITS, signs

_MONEY = frozenset("万元块角分钱币费次人米度件斤克吨个")
_PORTIONS = frozenset("片粒颗丸支袋包瓶盒箱张台条份双只升卷板本套")
_EACH = frozenset("学季月年天日次人个件晚分小秒间周位台盒瓶斤吨米公平度条张份千克立笔单票趟席场桌户枚") | _PORTIONS
_UNIT = re.compile(rf"/ ?(?P<unit>{signs(UNITS)})(?![A-Za-z0-9²³])", re.ASCII)
_LETTER_BEFORE = re.compile(r"(?<![A-Za-z])[A-Z]$")
_LETTER_BEHIND = re.compile(r"[A-Z](?![A-Za-z0-9])")
_COUNTED = re.compile(r"[0-9](?:[%‰]|[\u4e00-\u9fff]{1,2})$", re.ASCII)
_SPAN = re.compile(r"[0-9半](?:年|天|周|日|个?月)$", re.ASCII)
"""3 天/次: once in three days."""
NEXT = re.compile(r"[0-9][0-9.,]{0,12} ?(?P<word>[\u4e00-\u9fff])", re.ASCII)


def _per(found: Found, reading: Reading) -> str | None:
    """元/月, 30片/盒, 元/30分钟, 是/否; 10元/20元 are two to choose from."""
    text, begin, end = found.string, found.start(), found.end()
    before, behind = text[:begin][-1:], text[end : end + 1]
    if (
        _LETTER_BEFORE.search(text, max(0, begin - 2), begin)
        and _LETTER_BEHIND.match(text, end)
        and text[begin - 1 : end + 1] != "N/A"
    ):
        return "、"
    if behind.isdecimal() and before:
        following = NEXT.match(text, end)
        each = before in _MONEY and following and following["word"] in _EACH and following["word"] != before
        return "每" if each else "、"
    if behind == "次" and _SPAN.search(text, max(0, begin - 3), begin):
        return "一"
    if (
        behind in _EACH
        and (before in _PORTIONS or before in "%‰时钟天")
        and _COUNTED.search(text, max(0, begin - 4), begin)
    ):
        return "每"
    if not ("\u4e00" <= behind <= "\u9fff" and "\u4e00" <= before <= "\u9fff"):
        return None
    if before in _MONEY and behind in _EACH:
        return "每"
    return "" if before in "或和" or behind in "或和" else "或"


def _per_unit(found: Found, reading: Reading) -> str | None:
    """元/㎡, 次/min."""
    before = found.string[: found.start()][-1:]
    return f"每{UNITS[found['unit']][0]}" if before in _MONEY or before in _PORTIONS else None


KINDS = (Kind("sign", "/", _UNIT, _per_unit), kind("sign", "/", "/", _per))
