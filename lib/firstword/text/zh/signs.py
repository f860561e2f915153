"""Signs, in Mandarin: of calculation, of a telephone's keys, between two ends of a range. [pure]"""

from __future__ import annotations

import re

from ..kinds import Found, after, kind
from ..reading import Reading
from . import strokes
from .numbers import amount
from .strokes import NEXT

_OPERATORS = {
    "+": "加", "-": "减", "−": "减", "×": "乘", "*": "乘", "÷": "除以", "/": "除以", "=": "等于", "<": "小于",
    ">": "大于", "≤": "小于等于", "≥": "大于等于",
    "<=": "小于等于", ">=": "大于等于", "≠": "不等于", "≈": "约等于", "==": "等于", "±": "正负", "~": "到", "–": "到", "—": "到", "→": "到",
}  # fmt: skip
_NAMES = {
    "π": "派", "∞": "无穷大", "№": "编号", "Ω": "欧姆", "√": "根号", "½": "二分之一", "¼": "四分之一", "¾": "四分之三",
    "⅓": "三分之一", "⅔": "三分之二",
    "℃": "摄氏度", "°C": "摄氏度", "℉": "华氏度", "°F": "华氏度", "°": "度", "%": "百分号",
}  # fmt: skip
_GOES_ON = frozenset("万亿千百日月年号点分秒元块楼层级岁度周天时站区期章条页室栋刻半整")
"""Behind these a dash before a figure is 到, no minus: 3月5日-8日."""
_NUMBERED = re.compile(r"[0-9一二三四五六七八九十][\u4e00-\u9fff]{1,2}$", re.ASCII)
"""今日-5℃ is minus five, as it is not the fifth."""
_TO_DAY = re.compile(r"(?:(?:周|星期|礼拜)[一二三四五六日天末]|[月日号年点分半整站]|:[0-5][0-9])$")
_MEASURED = re.compile(r"\d ?(?:[a-zA-Z²³°℃]{1,3})$", re.ASCII)
_TIMED = re.compile(r"(?::\d\d|\d ?[ap]\.?m\.?)$", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}:\d\d", re.ASCII)


def _between(found: Found, reading: Reading) -> str | None:
    """A sign between two numbers."""
    text, begin, sign = found.string, found.start(), found["sign"]
    before = text[:begin].rstrip(" ")
    if not before or not (
        before[-1].isdecimal() or before[-1] in ")%πx²³" or _MEASURED.search(before, max(0, len(before) - 6))
    ):
        return None
    if sign in "-–—−~":
        return _dash(found, before)
    if sign == "/":
        return "除以" if " " in found[0] else None
    return _OPERATORS[sign]


def _dash(found: Found, before: str) -> str:
    text, begin, end = found.string, found.start(), found.end()
    if found["sign"] not in "-−" or _TIME.match(text, end) or _TIMED.search(before, max(0, len(before) - 8)):
        return "到"
    if "=" in text[end : end + 16] or "=" in before[-16:] or " " in text[begin:end]:
        return "减"
    shares = _SHARE_BEFORE.search(before, max(0, len(before) - 8)) and _SHARE.match(text, end)
    return "到" if shares or before[-1] == "%" or not before[-1].isdecimal() else "杠"


_SHARE = re.compile(r"\d{1,3}/\d{1,3}(?![\d/-])", re.ASCII)
_SHARE_BEFORE = re.compile(r"(?<![\d/-])\d{1,3}/\d{1,3}$", re.ASCII)
_SIGNED = (
    "温度",
    "气温",
    "误差",
    "度数",
    "偏差",
    "涨幅",
    "跌幅",
    "涨跌",
    "增长",
    "同比",
    "环比",
    "收益",
    "收益率",
    "增幅",
    "变动",
    "盈亏",
)


_ROOM = re.compile(r"\d{3,4}(?![\d.])", re.ASCII)
_PLACES = frozenset("排座栋幢楼层区元")


def _elsewhere(found: Found, before: str) -> bool:
    """15排-8座, 3栋-501: what follows is within what is before."""
    following = NEXT.match(found.string, found.end())
    if following is None:
        return before in "栋幢座" and _ROOM.match(found.string, found.end()) is not None
    return bool(before) and following["word"] != before


def _before_number(found: Found, reading: Reading) -> str | None:
    """Minus five, from ... to, plus."""
    text, begin, sign = found.string, found.start(), found["sign"]
    if text[begin - 1 : begin] == " " and found[0].endswith(" "):
        begin -= 1  # 9月1日 - 10月1日
    before = text[begin - 1 : begin]
    if sign in "-−–—~":
        if before in _PLACES and sign in "-−" and _elsewhere(found, before):
            return ""
        if before and before in _GOES_ON and (sign not in "-−" or _NUMBERED.search(text, max(0, begin - 4), begin)):
            return "到"
        if sign == "~":
            return "到" if before.isalnum() else "约"
        return "负" if sign in "-−" else "到"
    if sign == "+":
        measured = text[max(0, begin - 4) : begin].rstrip(" :").endswith(_SIGNED)
        return "正" if measured else "加"
    return _OPERATORS[sign]


def _in_formula(found: Found, reading: Reading) -> str | None:
    """a = b, x>y."""
    before = found.string[: found.start()].rstrip(" ")[-1:]
    if found["sign"] in "<>" and not before.isdecimal():
        return None
    return _OPERATORS[found["sign"]] if before.isalnum() else None


_OF_A_NUMBER = tuple("0123456789%零一二三四五六七八九十百千万")


def _wave(found: Found, reading: Reading) -> str | None:
    """周一~周五; of 好的~ it is a tune and not said."""
    before, behind = found.string[: found.start()][-4:], found.string[found.end() : found.end() + 1]
    if "\u4e00" <= behind <= "\u9fff" and _TO_DAY.search(before):
        return "到"
    if found[0] != "~" and found.string.startswith("百分", found.end()) and before[-1:] != "-":
        return "到" if before[-1:] in _OF_A_NUMBER else "负"
    return "" if found[0] == "~" and (not before or before[-1] > "\u2fff") else None


def _key(found: Found, reading: Reading) -> str | None:
    """按#键, 以#号结束, 3#楼."""
    text, begin, behind = found.string, found.start(), after(found)
    name, before = ("井" if found[0] == "#" else "星"), text[max(0, begin - 3) : begin].rstrip(" “\"'")
    if behind.startswith(("号键", "字键", "号")):
        return name
    if behind.startswith(("键", "结束", "确认", "返回", "”")) or before.endswith(("按", "键", "以", "和", "或")):
        return f"{name}号"
    if found[0] == "#" and before[-1:].isdecimal():
        return "井号" if before.rstrip("0123456789").endswith("按") else "号"
    return None


def _section(found: Found, reading: Reading) -> str:
    """§3.2."""
    return f"第{'点'.join(map(amount, found['at'].split('.')))}节"


def _menu(found: Found, reading: Reading) -> str | None:
    """设置 > 通用 -> 关于; not <姓名>, a > b."""
    text, begin = found.string, found.start()
    before = text[max(0, begin - 24) : begin]
    return "，" if _ENTRY.search(before) and "<" not in before else None


_ENTRY = re.compile(r"(?:[\u4e00-\u9fff”」）]|[A-Za-z]{2}) ?$")


def _and(found: Found, reading: Reading) -> str | None:
    before, behind = found.string[: found.start()].rstrip(" ")[-1:], after(found)[:1]
    return "和" if before > "\u2fff" and behind > "\u2fff" else None


def _power(found: Found, reading: Reading) -> str | None:
    before = found.string[: found.start()][-1:]
    return {"²": "的平方", "³": "的立方"}[found[0]] if before.isalnum() or before == ")" else None


def _raised(found: Found, reading: Reading) -> str:
    if found["power"] == "2" and not found["minus"]:
        return "的平方"
    return f"的{'负' if found['minus'] else ''}{amount(found['power'])}次方"


def _named(found: Found, reading: Reading) -> str:
    return _NAMES[found[0]]


def _plus_plus(found: Found, reading: Reading) -> str:
    """C++."""
    return "加" * len(found[0])


KINDS = (
    kind("sign", "^", r"\^ ?\(?(?P<minus>-)?(?P<power>\d+)\)?", _raised),
    kind("sign", "²³", ".", _power),
    kind(
        "sign",
        " -+−×*÷/=<>≤≥≠≈~–—→",
        r" ?(?P<sign><=|>=|==|[-+−×*÷/=<>≤≥≠≈~–—→]) ?(?=[-+−±√(]?[$¥€£]?[\dπxy])",
        _between,
    ),
    kind("sign", "-+−±<>=≤≥≠≈~–—", r"(?P<sign><=|>=|[-+−±<>=≤≥≠≈~–—]) ?(?=[$¥€£]?\.?\d)", _before_number),
    kind("sign", "-=>", r"[-=]?> ?(?=[\u4e00-\u9fffA-Za-z“「])", _menu),
    kind("sign", " =<>≤≥≠≈+×÷", r" ?(?P<sign><=|>=|==|[=<>≤≥≠≈+×÷]) ?(?=[A-Za-z\u4e00-\u9fff-])", _in_formula),
    kind("sign", "~-–—−", "[-~–—−]", _wave),
    kind("sign", "#*", "[#*]", _key),
    *strokes.KINDS,
    kind("sign", "&", "&", _and),
    kind("sign", "§", r"§ ?(?P<at>\d{1,3}(?:\.\d{1,3})*)(?![A-Za-z\d])", _section),
    kind("sign", "+", r"(?<=[A-Za-z])\+{1,2}(?![A-Za-z\d])", _plus_plus),
    kind("sign", "√", r"√(?![\dA-Za-zπ(])", lambda found, reading: ""),
    kind("sign", "°℃℉%½¼¾⅓⅔π∞№Ω√", "°[CF]|.", _named),
)
