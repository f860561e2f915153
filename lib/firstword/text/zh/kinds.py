"""Plain numbers, and the table of all kinds, in Mandarin. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, NUMBER, Found, after, kind, table
from ..phrases import listed
from ..reading import Reading
from . import amounts, codes, dates, letters, measures, signs
from .codes import by_one, grouped
from .context import COUNTED, is_amount, is_code, is_dialled, two
from .numbers import amount, digits, ordinal

_FEASTS = frozenset(
    ("3.8", "5.1", "6.1", "10.1", "315", "520", "618", "1111", "1212", "11.11", "12.12", "6.18", "3.15")
)
_OF_A_FEAST = tuple(
    listed("""
    大促 | 活动 | 购物 | 促销 | 晚会 | 年中 | 狂欢 | 特惠 | 期间 | 假期 | 放假 | 当天 | 当日 | 开售 | 开抢 | 小长 | 黄金 | 长假 | 劳动 |
    国庆 | 儿童 | 妇女
""")
)
"""618大促, 5.1假期: the day by its figures."""
_OF_A_YEAR = (
    "学年",
    "赛季",
    "财年",
    "款",
    "届",
    "版",
    "级",
    "世界",
    "奥运",
    "春节",
    "欧洲",
    "高考",
    "双十",
    "国庆",
    "元旦",
    "中国",
    "亚运",
    "考研",
)
_SPANS = ("年前", "年后", "年来", "年以", "年历", "年的", "年间", "年左", "年内")
_SPAN_BEFORE = ("过去", "近", "超过", "满", "历经", "每", "了", "有", "约")
_ROOMS = (
    "室",
    "房",
    "号房",
    "病房",
    "包间",
    "包厢",
    "教室",
    "会议",
    "医院",
    "宿舍",
    "寝室",
    "展厅",
    "诊室",
    "柜台",
    "号柜",
    "号桌",
)
_CALLED = ("报警", "急救", "火警", "热线", "电话", "客服")
"""Behind a service's short number."""
_IS_CALLED = ("是报", "是急", "是火", "是热", "是客")
"""119是火警电话, of which two characters are seen."""
_ALARMS = frozenset(("110", "114", "119"))
_SERVICES = re.compile(r"95\d{3}|96\d{3,4}|100\d\d|101\d\d|12[1-3]\d\d|1860\d|11[0249]|12[0-3]|999|911|12580|111\d\d")
_KNOWN = re.compile(
    r"100(?:10|86)|12(?:306|315|345|333|366|348|358|320|369|377|378|329|122|123|318)|955\d\d|95(?:338|311|320|353|379|519)|96110|1118[35]"
)
"""Read by one even where nothing says that they are telephones'."""


def _number(found: Found, reading: Reading) -> str | None:
    text, begin, figures, behind = found.string, found.start(), found[0], after(found)
    if len(figures) >= 7 and behind.startswith("期") and figures.isdecimal():
        return by_one(figures, reading)  # a lottery's
    if text[begin - 1 : begin] == "第" and "." not in figures:
        return ordinal(figures)
    if figures in _FEASTS and behind.startswith(_OF_A_FEAST):
        month, _, day = figures.partition(".")
        if len(day) == 2 and month != day:
            return digits(month + day)
        return digits(figures) if not day else f"双{amount(day)}" if month == day else amount(month) + amount(day)
    if "." in figures or "," in figures:
        return amount(figures)
    for reader in (_dated, _coded):
        said = reader(text, begin, figures, behind, reading)
        if said is not None:
            return said
    return amount(figures, two=two(text, begin, behind))


def _remembered(found: Found, reading: Reading) -> str:
    """5·1, 9·18, 10·1: days that are called by their figures."""
    month, day = found["month"], found["day"]
    return (amount(month) if month == "10" else digits(month)) + digits(day)


def _dated(text: str, begin: int, figures: str, behind: str, reading: Reading) -> str | None:
    """A year, month, day, hour, minute by the character behind it."""
    size, value, before = len(figures), int(figures), text[max(0, begin - 3) : begin]
    if behind.startswith("年") and not behind.startswith("年级"):
        return _year(figures, behind, before, reading)
    if size == 4 and before[-1:] == "〔" and behind.startswith("〕"):
        return digits(figures)
    if size == 4 and behind.startswith(_OF_A_YEAR) and 1900 <= value < 2100 and not is_amount(text, begin):
        return digits(figures)
    if size == 2 and figures[1] == "0" and figures[0] in "056789" and behind.startswith("后") and before[-1:] != "约":
        return digits(figures)
    if size == 2 and figures[0] == "0" and behind[:1] in ("分", "秒") and before[-1:] in ("点", "时", "分"):
        return f"零{amount(figures)}"
    if size <= 2 and value <= 31 and behind[:1] in ("月", "日", "号", "点", "时"):
        coded = behind[0] == "号" and before[-1:] != "月" and (is_code(text, begin) or figures[0] == "0")
        return None if coded else amount(figures, two="两" if behind[0] == "点" else "二")
    return None


def _year(figures: str, behind: str, before: str, reading: Reading) -> str | None:
    """2024年 and 98年 by one; 10年, 2000年前 and 5000年 are spans."""
    size, value = len(figures), int(figures)
    if before.endswith(("公元", "公元前")) and size <= 4:
        return digits(figures)
    spans = behind.startswith(_SPANS) or before.endswith(_SPAN_BEFORE)
    if size == 4 and 1000 <= value < 2200 and not (spans and value % 100 == 0):
        return digits(figures) if reading.years == "digits" else amount(figures)
    if size == 2 and (figures[0] == "0" or (value >= 70 and not spans and not behind.startswith("年代"))):
        return digits(figures)
    return None


_IN_A_HOUSE = ("座", "单元", "栋", "幢", "楼", "层")
_OF_A_LINE = re.compile(r"(?:^|[^A-Za-z])[A-Z]{2,5} $")


def _is_room(text: str, begin: int, figures: str, behind: str) -> bool:
    """3 单元 401; also RTX 4090, which is read as RTX4090 is."""
    if behind and behind[0] in COUNTED:
        return False
    housed = len(figures) in (3, 4) and text[:begin].rstrip("-").endswith(_IN_A_HOUSE)
    return housed or (len(figures) == 4 and _OF_A_LINE.search(text, max(0, begin - 7), begin) is not None)


def _coded(text: str, begin: int, figures: str, behind: str, reading: Reading) -> str | None:
    """A number that is dictated: of a room, a bus, an order, a telephone."""
    size, padded = len(figures), len(figures) > 1 and figures[0] == "0"
    if reading.codes == "amount" and size <= 8 and not padded:
        return None
    if (
        _is_room(text, begin, figures, behind)
        or (size > 2 and behind.startswith(_ROOMS))
        or (size == 3 and behind.startswith(("路", "国道", "省道", "县道")))
    ):
        return by_one(figures, reading)
    if size == 2 and text[begin - 1 : begin] == "米" and text[begin - 2 : begin - 1].isdecimal():
        return digits(figures)  # 1米75
    if size >= 4 and behind.startswith("号") and not is_amount(text, begin) and not figures.endswith("00"):
        return grouped(figures, reading)
    if behind and behind[0] in COUNTED and not behind.startswith("折") and not is_dialled(text, begin):
        return digits(figures) if padded else None
    if size == 2 and behind.startswith("折") and figures[1] != "0":
        return digits(figures)  # 95折: of a hundred
    alone = not text[:begin].strip() and not behind
    called = behind.removeprefix("是").startswith(_CALLED) or behind in _IS_CALLED or is_dialled(text, begin)
    if _KNOWN.fullmatch(figures) or (called and _SERVICES.fullmatch(figures)) or (alone and figures in _ALARMS):
        return by_one(figures, reading)
    if is_code(text, begin):
        return grouped(figures, reading) if size > 1 else None
    if padded:
        return by_one(figures, reading)
    if is_amount(text, begin):
        return None
    if size > 12 or (size >= 8 and not alone and not figures.endswith("000")):
        return grouped(figures, reading)
    return None


TABLE = table(
    (
        *letters.ADDRESSES,
        *codes.TELEPHONES,
        *dates.KINDS,
        *amounts.MONEY,
        *codes.VERSIONS,
        *codes.TYRES,
        *amounts.SHARES,
        *measures.MEASURES,
        *codes.CODES,
        kind("date", FIGURE, r"(?P<month>\d{1,2})·(?P<day>\d{1,2})(?! ?[=\d·])", _remembered),
        kind("number", FIGURE, NUMBER, _number),
        kind("number", ".", r"(?<![A-Za-z0-9)])\.\d++", lambda found, reading: amount(found[0])),
        *signs.KINDS,
        *letters.KINDS,
    )
)
"""In the order in which they are tried."""
