"""Signs, in Mandarin: of calculation, of keys, between two ends of a range. [pure]"""

from __future__ import annotations

import re

from .kinds import Found, Kind
from .reading import Reading

_OPERATORS = {
    "+": "加", "-": "减", "−": "减", "×": "乘", "*": "乘", "÷": "除以", "/": "除以", "=": "等于", "<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于",
    "<=": "小于等于", ">=": "大于等于", "≠": "不等于", "!=": "不等于", "≈": "约等于", "==": "等于", "±": "正负", "^": "的", "~": "到", "–": "到", "—": "到", "→": "到",
}  # fmt: skip
_FRACTIONS = {"½": "二分之一", "¼": "四分之一", "¾": "四分之三", "⅓": "三分之一", "⅔": "三分之二"}
_NAMES = {"π": "派", "∞": "无穷大", "‰": "千分号", "№": "编号", "Ω": "欧姆"}
_GOES_ON = frozenset("日月年号点分秒元块楼层级岁度周天时站区期章条页室栋刻半整")
"""Behind these a dash before a figure is 到, no minus: 3月5日-8日."""
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天末]$|[月日号年点分半整站]$")


def _between(found: Found, reading: Reading) -> str | None:
    """A sign between two numbers."""
    text, begin = found.string, found.start()
    before, sign = text[:begin].rstrip(" "), found["sign"]
    if not before or not (before[-1].isdecimal() or before[-1] in ")）%πx²³个"):
        return None
    if sign in "-–—−~" and len(sign) == 1:
        return _dash(text, begin, found.end(), before, sign)
    if sign == "/":
        return None if found[0] == "/" else "除以"
    return _OPERATORS[sign]


def _dash(text: str, begin: int, end: int, before: str, sign: str) -> str | None:
    clock = re.compile(r"\d{1,2}(?::\d\d)")
    if clock.match(text, end) or re.search(r":\d\d$", before):
        return "到"
    if sign != "-" and sign != "−":
        return "到"
    calculated = "=" in text[end : end + 16] or "=" in before[-16:]
    return "减" if calculated else "到" if before[-1] == "%" or re.search(r"/\d+$", before) else "减" if " " in text[begin:end] else "杠"


def _sign(found: Found, reading: Reading) -> str | None:
    """Before a number: minus five, from ... to, plus."""
    text, begin, sign = found.string, found.start(), found["sign"]
    before = text[begin - 1] if begin else ""
    if sign in "-−–—~":
        if before in _GOES_ON and before:
            return "到"
        if sign == "~":
            return "约" if not before or not before.isalnum() else "到"
        return "负" if sign in "-−" else "到"
    if sign == "+":
        return "加" if before and (before.isdecimal() or before in "按键") else "正" if _is_change(text, begin) else "加"
    return _OPERATORS[sign]


def _is_change(text: str, begin: int) -> bool:
    return text[max(0, begin - 4) : begin].rstrip(" ：:").endswith(("温度", "气温", "误差", "度数", "体温", "偏差"))


def _wave(found: Found, reading: Reading) -> str | None:
    """周一~周五; at the end of 好的~ it is a tune."""
    text, begin, end = found.string, found.start(), found.end()
    before, after = text[:begin], text[end : end + 1]
    if "\u4e00" <= after <= "\u9fff" and _WEEKDAY.search(before[-4:]):
        return "到"
    if found["sign"] in "-–—−":
        return None
    return "" if not before or before[-1:] > "\u2fff" else None


def _key(found: Found, reading: Reading) -> str | None:
    text, begin, end = found.string, found.start(), found.end()
    name = "井号" if found[0] == "#" else "星号"
    after, before = text[end : end + 2].lstrip(" "), text[max(0, begin - 2) : begin].rstrip(" “\"'")
    if after.startswith(("号键", "字键")):
        return name[0]
    if after.startswith(("键", "号", "结束", "确认", "返回", "”")) or before.endswith(("按", "键", "以", "和", "或")):
        return name.removesuffix("号") if after.startswith("号") else name
    if found[0] == "#" and before[-1:].isdecimal():
        return "" if after.startswith("号") else "号"
    return None


def _per(found: Found, reading: Reading) -> str | None:
    """元/月, 是/否."""
    text, begin, after = found.string, found.start(), found.string[found.end() : found.end() + 1]
    before = text[begin - 1] if begin else ""
    if not ("\u4e00" <= after <= "\u9fff") or not ("\u4e00" <= before <= "\u9fff"):
        return None
    if before in "元块角分钱币费次人米度件斤克吨个" and after in "月年天日次人个件晚分小秒间周位台盒瓶斤吨米公平度条张份千克立":
        return "每"
    return "" if after in "或和及与" else "或"


def _and(found: Found, reading: Reading) -> str | None:
    text, begin, after = found.string, found.start(), found.string[found.end() :].lstrip(" ")[:1]
    return "和" if text[:begin].rstrip(" ")[-1:] > "\u2fff" and after > "\u2fff" else None


def _power(found: Found, reading: Reading) -> str | None:
    before = found.string[: found.start()][-1:]
    if not (before.isalnum() or before == ")"):
        return None
    return {"²": "的平方", "³": "的立方"}[found[0]]


def _raised(found: Found, reading: Reading) -> str:
    from .numbers_zh import amount

    power = found["power"]
    return {"2": "的平方", "3": "的立方"}.get(power, f"的{'负' if found['minus'] else ''}{amount(power)}次方") if not found["minus"] else f"的负{amount(power)}次方"


def _root(found: Found, reading: Reading) -> str:
    return "根号"


def _named(found: Found, reading: Reading) -> str | None:
    sign = found[0]
    return _FRACTIONS.get(sign) or _NAMES.get(sign)


def _degrees(found: Found, reading: Reading) -> str:
    return {"℃": "摄氏度", "°C": "摄氏度", "℉": "华氏度", "°F": "华氏度", "°": "度", "%": "百分号"}[found[0]]


def _plus_letters(found: Found, reading: Reading) -> str:
    return "加" * len(found[0])


def _kind(name: str, first: str, pattern: str, reader: object) -> Kind:
    return Kind(name, first, re.compile(pattern), reader)  # type: ignore[arg-type]


_ALL = r"(?P<sign><=|>=|==|[-+−×*÷/=<>≤≥≠≈~–—±→])"

KINDS = (
    _kind("sign", "^", r"\^ ?\(?(?P<minus>-)?(?P<power>\d+)\)?", _raised),
    _kind("sign", "²³", ".", _power),
    _kind("sign", " -+−×*÷/=<>≤≥≠≈~–—→", rf" ?{_ALL} ?(?=[-+−±√]?[\dπxyab(])", _between),
    _kind("sign", "-+−±<>=≤≥≠≈~–—", rf"{_ALL} ?(?=[$¥€£]?\.?\d)", _sign),
    _kind("sign", "=<>≤≥≠≈+", r" ?(?P<sign><=|>=|[=<>≤≥≠≈+]) ?(?=[A-Za-z\u4e00-\u9fff-])", lambda found, reading: _OPERATORS[found["sign"]] if _of_a_formula(found) else None),
    _kind("sign", "~-–—−", r"(?P<sign>[~\-–—−])", _wave),
    _kind("sign", "#*", r"[#*]", _key),
    _kind("sign", "/", "/", _per),
    _kind("sign", "&", "&", _and),
    _kind("sign", "√", "√", _root),
    _kind("sign", "+", r"(?<=[A-Za-z])\+{1,2}(?![A-Za-z\d])", _plus_letters),
    _kind("sign", "°℃℉%", "°[CF]|[°℃℉%]", _degrees),
    _kind("sign", "½¼¾⅓⅔π∞№Ω", ".", _named),
)


def _of_a_formula(found: Found) -> bool:
    before = found.string[: found.start()].rstrip(" ")[-1:]
    after = found.string[found.end() : found.end() + 1]
    if found["sign"] in "<>":
        return before.isdecimal() or ("\u4e00" <= before <= "\u9fff" and after.isdecimal())
    return bool(before) and (before.isalnum())
