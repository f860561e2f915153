"""Dates, times of day and durations, in Mandarin. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, Found, after, kind
from ..reading import Reading
from .context import COUNTED, is_code, is_date, is_score, is_version, lasts
from .numbers import amount, digits

_HALVES = {"a": "上午", "p": "下午"}
_BEHIND_A_DAY = re.compile(
    r"\d{1,2}:\d\d|上午|下午|早上|晚上|凌晨|中午|前(?![缀提期])|起|截止|截至|止(?![痛血])|当[天日]|之前|到期|周[一二三四五六日末]",
    re.ASCII,
)
_PORTIONED = ("分", "的比", "比例", "配")
_BY = re.compile(r"(?:按照?|比例|分别|尺码|码)[^，。；]{0,3}$")
_HOURS = ("点", "时", "件", "个", "份")
_DAYTIME = re.compile(r"(?:上午|下午|早上|早晨|清晨|晚上|凌晨|中午|傍晚|夜里|午夜|今晚|明早) ?$")


def _day(year: str, month: str, day: str) -> str | None:
    """None if there is no such day."""
    if not (1 <= int(month) <= 12 and (not day or 1 <= int(day) <= 31)):
        return None
    said = f"{digits(year)}年" if year else ""
    return f"{said}{amount(month)}月" + (f"{amount(day)}日" if day else "")


def _whole(found: Found, reading: Reading) -> str | None:
    if is_version(found.string, found.start()):
        return None
    return _day(found["year"], found["month"], found["day"])


def _short_year(found: Found, reading: Reading) -> str | None:
    """24/03/05, 24/3/5; not 12/6/3期, 按 10/5/5 分."""
    padded = len(found["month"]) == len(found["day"]) == 2
    behind = after(found)
    counted = behind[:1] in COUNTED and not _BEHIND_A_DAY.match(behind)
    portions = counted or behind.startswith(_PORTIONED) or _BY.search(found.string, 0, found.start())
    if not (padded or is_date(found.string, found.start())) and behind and portions:
        return None
    return _day(found["year"], found["month"], found["day"])


def _year_last(found: Found, reading: Reading) -> str | None:
    """12/25/2024, and 25/12/2024 where there is no twenty-fifth month."""
    first, second = found["a"], found["b"]
    if is_code(found.string, found.start()):
        return None
    return _day(found["year"], first, second) if int(first) <= 12 else _day(found["year"], second, first)


def _month_of_year(found: Found, reading: Reading) -> str | None:
    return None if is_version(found.string, found.start()) else _day(found["year"], found["month"], "")


def _day_of_month(found: Found, reading: Reading) -> str | None:
    """08/08 and 08.08; 3/5 only where a date is spoken of, 10/25 also before a time."""
    month, day, text, begin = found["month"], found["day"], found.string, found.start()
    dated = is_date(text, begin) or _BEHIND_A_DAY.match(after(found)) is not None
    if found["sep"] == "-" and not len(month) == len(day) == 2:
        dated = is_date(text, begin)
    padded = month[0] == "0" or (day[0] == "0" and found["sep"] == "/")
    if month == "0" or after(found).startswith(_HOURS) or not (padded or (dated and found["sep"] != ".")):
        return None
    return _day("", month, day)


def _days(found: Found, reading: Reading) -> str | None:
    """11/28-11/30; 1/3-1/2 are fractions, of which the second is more and none more than one; 12/30-1/2 are none."""
    a, b, c, d = (int(found[group]) for group in ("a", "b", "c", "d"))
    if not b or not d or is_code(found.string, found.start()):
        return None
    fractions = a < b and c < d and a * d < c * b and (a == 1 or b <= 12)
    if fractions and not is_date(found.string, found.start()):
        return None
    first, last = _day("", found["a"], found["b"]), _day("", found["c"], found["d"])
    return f"{first}到{last}" if first and last else None


def _era(found: Found, reading: Reading) -> str:
    return f"公元{'前' if found['era'][0] in 'bB' else ''}{digits(found['year'])}年"


def _clock(found: Found, reading: Reading) -> str | None:
    """14:30, 9:05:00, 3:30pm; a score or a duration where one is spoken of."""
    text, begin = found.string, found.start()
    hour, minute, second, letter = int(found["hour"]), int(found["minute"]), found["second"], found["half"]
    if is_score(text, begin, after(found)):
        return None
    if lasts(text, begin) and not letter:
        return _duration(hour, minute, int(second)) if second else _duration(0, hour, minute)
    said_before = _DAYTIME.search(text, max(0, begin - 4), begin) is not None
    half = _HALVES[letter[0].lower()] if letter and hour <= 12 and not said_before else ""
    if half and hour == 12:
        half, hour = ("中午", 12) if half == "下午" else ("凌晨", 0)
    if reading.clock == "12" and not letter and not said_before:
        half, hour = _part_of_day(hour), (hour - 12 if hour > 12 else hour)
    return half + _hours(hour, minute, second)


def _part_of_day(hour: int) -> str:
    for before, name in ((5, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < before:
            return name
    return "晚上"


def _hours(hour: int, minute: int, second: str | None) -> str:
    said = f"{amount(str(hour), two='两')}点"
    if second and not int(second) and not minute:
        return f"{said}整"
    if minute or second:
        said += f"{_padded(minute)}分"
    return f"{said}{_padded(int(second))}秒" if second and int(second) else said


def _padded(value: int) -> str:
    """零五, as one says minutes and seconds."""
    return ("零" if 0 < value < 10 else "") + amount(str(value))


def _duration(hours: int, minutes: int, seconds: int) -> str:
    parts = ((hours, "小时"), (minutes, "分" if seconds else "分钟"), (seconds, "秒"))
    return "".join(f"{amount(str(value), two='两')}{unit}" for value, unit in parts if value) or "零秒"


def _hour(found: Found, reading: Reading) -> str:
    """3pm."""
    hour = int(found["hour"])
    if hour == 12:
        return "中午十二点" if found["half"][0] in "pP" else "凌晨零点"
    return (_HALVES[found["half"][0].lower()] if hour <= 12 else "") + _hours(hour, 0, None)


_HALF = r" ?(?P<half>[aApP]\.?[mM](?![A-Za-z])\.?)"

KINDS = (
    kind(
        "date",
        FIGURE,
        r"(?P<year>\d{4})(?P<sep>[-/.·])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?![\d:A-SU-Za-z]|[-/.·]\d)(?:T(?=\d))?",
        _whole,
    ),
    kind("date", FIGURE, r"(?P<year>\d{2})/(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/])", _short_year),
    kind("date", FIGURE, r"(?P<a>\d{1,2})[-/](?P<b>\d{1,2})[-/](?P<year>(?:19|20)\d{2})(?!\d)", _year_last),
    kind(
        "date",
        FIGURE,
        r"(?P<year>(?:18|19|20)\d{2})(?:[-/.](?=\d\d)|/)(?P<month>0[1-9]|1[0-2]|[1-9])(?![\d%A-Za-z]|[-./]\d|[元万亿])",
        _month_of_year,
    ),
    kind(
        "date",
        FIGURE,
        r"(?P<month>0[1-9](?=[-/.])|1[0-2](?=[-/]))[-/.](?P<year>(?:19|20)\d{2})(?![\d/.-])",
        _month_of_year,
    ),
    kind(
        "date", FIGURE, r"(?P<month>\d{1,2})(?P<sep>[-/.])(?P<day>\d{1,2})(?![\d%:/A-Za-z°℃²³]|[-.]\d)", _day_of_month
    ),
    kind(
        "date",
        FIGURE,
        r"(?P<a>\d{1,2})/(?P<b>\d{1,2}) ?[-~–—] ?(?P<c>\d{1,2})/(?P<d>\d{1,2})(?![\d/%])",
        _days,
    ),
    kind("date", FIGURE, r"(?P<year>\d{1,4}) ?(?P<era>[aA]\.?[dD]|[bB]\.?[cC]\.?[eE]?)(?![A-Za-z])\.?", _era),
    kind(
        "time",
        FIGURE,
        rf"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?(?![\d:])(?:{_HALF})?",
        _clock,
    ),
    kind("time", FIGURE, rf"(?P<hour>[01]?\d|2[0-4]){_HALF}", _hour),
)
