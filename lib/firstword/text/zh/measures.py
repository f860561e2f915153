"""Ranges and measures, in Mandarin. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, NUMBER, Found, after, kind
from ..reading import Reading
from ..units import PER_ZH, UNITS, signs
from .context import COUNTED, is_code, is_of_a_team, is_score, two
from .numbers import amount, digits, is_year

_UNIT = signs(UNITS)
_SEP = r" ?[-~–—−] ?"
_HAN = re.compile(r"[\u4e00-\u9fff]")
_CALCULATED = frozenset("算求减差等得是的为满立再")
_CLAUSE_ENDS = frozenset("，。、；！？：,.;!?:）)”」")


def _range(found: Found, reading: Reading) -> str | None:
    """3-5天, 3~5kg, 2020-2024年; 3-0 where a score is spoken of, 10-3 is calculated."""
    text, begin, behind = found.string, found.start(), after(found)
    low, high, unit = found["low"], found["high"], found["unit"]
    if unit and behind.startswith("/"):
        return None  # 60~80km/h: a measure
    if not unit and (
        is_code(text, begin) or behind[:1] in ("室", "房") or (low[0] == "0" and len(low) > 2 and low[1] != ".")
    ):
        return None
    if found["first"] and not unit and behind[:1] not in COUNTED:
        return None  # 5W-30
    if _of_years(low, high, behind, unit):
        return f"{digits(low)}到{digits(high)}"
    if found["dash"].strip() == "-" and not unit:
        counted = behind[:1] in COUNTED if behind else False
        if (
            is_score(text, begin, behind)
            or (behind.startswith("的比分"))
            or _between_names(text, begin, behind, low, high)
            or (len(low) < 3 and len(high) < 3 and is_of_a_team(text, begin, behind))
        ):
            return f"{amount(low)}比{amount(high)}"
        if len(low) > 4 and not counted:
            return None
        if _value(low) >= _value(high):
            off = text[begin - 1 : begin] == "满"  # 满200-50元
            return None if counted and not off else f"{amount(low)}减{amount(high)}"
    name = UNITS[unit][0] if unit else ""
    if name.endswith("度"):
        return f"{amount(low)}到{amount(high)}{name}"
    counts = name or behind
    return f"{amount(low, two=two(text, begin, counts))}到{amount(high, two=two(text, begin, counts))}{name}"


def _between_names(text: str, begin: int, behind: str, low: str, high: str) -> bool:
    """广东102-98辽宁: a score, for who calculates says what comes of it."""
    names = _HAN.match(text[begin - 1 : begin]) and _HAN.match(behind) and behind[0] not in COUNTED
    calculated = text[begin - 1 : begin] in _CALCULATED or behind[:1] in _CALCULATED
    return bool(names) and not calculated and _value(low) >= _value(high)


def _of_years(low: str, high: str, behind: str, unit: str | None) -> bool:
    if unit or not is_year(low) or behind.startswith(("年前", "年后", "元", "人", "个", "块")):
        return False
    if len(high) == 2:
        return int(high) == (int(low) + 1) % 100
    return is_year(high) and (low < high or behind.startswith("年"))


def _value(figures: str) -> float:
    return float(figures.replace(",", ""))


# -- measures ---------------------------------------------------------------------------------------------------------


def _measure(found: Found, reading: Reading) -> str | None:
    sign, per, text, begin = found["unit"], found["per"], found.string, found.start()
    if _is_letter(found, sign) or (sign == "W" and _OIL.match(text, found.end())):
        return None
    name = UNITS[sign][0]
    if name in ("摄氏度", "华氏度") and text[max(0, begin - 2) : begin] == name[:2]:
        name = "度"  # 华氏 98°F
    number = amount(found["low"], two="二" if name.endswith("度") else "两")
    if found["high"]:
        number += f"到{amount(found['high'], two='两')}"
    said_before = per == "h" and text[max(0, begin - 2) : begin] == "时速"
    return f"每{PER_ZH[per]}{number}{name}" if per and not said_before else number + name


def _of_a_hundred(found: Found, reading: Reading) -> str:
    """6.5L/100km."""
    return f"每百公里{amount(found['low'], two='两')}升"


def _times(found: Found, reading: Reading) -> str | None:
    """1920x1080, 25 x 7 m; 7x24小时 also behind 客服, which else names a code."""
    hours = after(found).startswith("小时")
    if found["low"] == "0" or (is_code(found.string, found.start()) and not hours):
        return None
    name = UNITS[found["unit"]][0] if found["unit"] else ""
    return f"{amount(found['low'])}乘{amount(found['high'], two='两' if name else '二')}{name}"


def _against(found: Found, reading: Reading) -> str | None:
    """1v1."""
    return None if is_code(found.string, found.start()) else f"{amount(found['a'])}对{amount(found['b'])}"


def _hours_and_minutes(found: Found, reading: Reading) -> str:
    """1h30min."""
    return f"{amount(found['hours'], two='两')}小时{amount(found['minutes'])}分钟"


def _around_the_clock(found: Found, reading: Reading) -> str:
    """24H服务."""
    return f"{amount(found['hours'])}小时"


_OIL = re.compile(r"-[0-9]{2}(?![0-9A-Za-z.])")
"""5W-30 is no power."""


def _is_letter(found: Found, sign: str) -> bool:
    """3A 景区 and 4S 店 are no amperes and no seconds, 10s 后 and 2A 电流 are."""
    glued = found.string[found.end("unit") - len(sign) - 1] != " "
    behind = after(found)
    if not glued or sign not in ("A", "N", "J", "V", "t"):
        return False
    if sign in "AV":
        return not behind.startswith(("电", "的电", "保险", "充", "输", "快充", "直流", "交流", "插")) and not (
            sign == "V" and behind[:1] in _CLAUSE_ENDS | {""}
        )
    return bool(behind) and behind[0] not in _CLAUSE_ENDS


_SCREENS = frozenset("248")
_PAID = frozenset("薪资价")


def _thousands(found: Found, reading: Reading) -> str | None:
    """300w is 三百万, 5k is 五千, as people write to people; 60W are watts, 4K is a screen."""
    figures, sign, behind, text, begin = found["low"], found["sign"], after(found), found.string, found.start()
    if sign == "w":
        return f"{amount(figures, two='两')}万{'以上' if found['more'] else ''}"
    if behind.startswith("金"):
        return f"{amount(figures)}K"  # 24k金
    screen = figures in _SCREENS and not behind.startswith(("元", "块", "人")) and text[begin - 1 : begin] not in _PAID
    if sign == "K" and (screen or behind[:1] in ("", "画", "视", "高", "分", "超", "屏", "电", "显")):
        return None
    whole, _, part = figures.replace(",", "").partition(".")
    more = "以上" if found["more"] else ""
    return amount(whole + part.ljust(3, "0"), two="两") + more if len(part) <= 3 else None


_OF_MEGABYTES = ("宽", "带宽", "流量", "网", "光纤", "的", "以", "每秒", "下")


def _megabytes(found: Found, reading: Reading) -> str | None:
    return f"{amount(found['low'], two='两')}兆" if after(found).startswith(_OF_MEGABYTES) else None


def _million(found: Found, reading: Reading) -> str:
    """1.5亿: the unit is part of it, so that its 2 is 两."""
    more = {"": "", "+": "以上"}[found["more"] or ""]
    return amount(found["low"], two="两") + found["tens"] + more


def _and_more(found: Found, reading: Reading) -> str | None:
    """100+人 is 一百多人."""
    behind = after(found)
    if behind[:1] in COUNTED and behind and not behind[:1].isascii():
        return f"{amount(found['low'])}多"
    return f"{amount(found['low'])}以上" if not behind or behind[0] in _CLAUSE_ENDS else None


_PER = f"(?: ?/ ?(?P<per>{signs(PER_ZH)}))?"
MEASURES = (
    kind("measure", FIGURE, rf"(?P<low>{NUMBER}) ?[Ll] ?/ ?100 ?(?:km|公里)", _of_a_hundred),
    kind("score", FIGURE, r"(?P<a>\d)[vV](?P<b>\d)(?![A-Za-z0-9])", _against),
    kind("duration", FIGURE, r"(?P<hours>24|48|72)H(?![A-Za-z0-9])", _around_the_clock),
    kind("duration", FIGURE, r"(?P<hours>\d{1,3})h ?(?P<minutes>\d{1,2})m(?:in)?(?![A-Za-z0-9])", _hours_and_minutes),
    kind(
        "sign",
        FIGURE,
        rf"(?P<low>{NUMBER}) ?[xX] ?(?P<high>{NUMBER})(?: ?(?P<unit>{_UNIT}))?(?![A-Za-z0-9.²³])",
        _times,
    ),
    kind(
        "range",
        FIGURE,
        rf"(?P<low>{NUMBER})(?: ?(?P<first>{_UNIT}))?(?P<dash>{_SEP})(?P<high>{NUMBER})(?! ?=|[-–:/]?\d)"
        rf"(?: ?(?P<unit>{_UNIT})(?![A-Za-z0-9²³]))?(?![A-Za-z])",
        _range,
    ),
    kind(
        "measure",
        FIGURE,
        rf"(?P<low>{NUMBER})(?:(?: ?(?:{_UNIT}))?{_SEP}(?P<high>{NUMBER}))? ?(?P<unit>{_UNIT})(?![A-Za-z0-9²³]){_PER}(?![A-Za-z])",
        _measure,
    ),
    kind("amount", FIGURE, rf"(?P<low>{NUMBER}) ?(?P<sign>[wkK])(?![A-Za-z0-9])(?P<more>\+)?", _thousands),
    kind("measure", FIGURE, rf"(?P<low>{NUMBER})M(?![A-Za-z0-9])", _megabytes),
    kind("amount", FIGURE, rf"(?P<low>{NUMBER}) ?(?P<tens>[万亿]亿?)(?P<more>\+)?", _million),
    kind("amount", FIGURE, rf"(?P<low>{NUMBER})\+(?! ?[\dA-Za-z])", _and_more),
)
