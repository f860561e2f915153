"""Shares, ranges, scores, sums of money and measures, in Mandarin. [pure]"""

from __future__ import annotations

from ..kinds import FIGURE, LETTER, NUMBER, Found, after, kind
from ..reading import Reading
from ..runs import CURRENCY
from ..units import CURRENCY_ZH, PER_ZH, UNITS, signs
from .context import COUNTED, is_code, is_pressure, is_score, two
from .numbers import amount, digits

_UNIT = signs(UNITS)
_SEP = r" ?[-~–—−] ?"
_NUMBERED = tuple("期号路栋楼层班")
_CLAUSE_ENDS = frozenset("，。、；！？：,.;!?:）)”」")


def _rating(found: Found, reading: Reading) -> str:
    """4.7/5."""
    return f"{amount(found['reached'])}，满分{amount(found['best'])}"


def _ratio(found: Found, reading: Reading) -> str:
    return "比".join(amount(part.strip()) for part in found[0].split(":"))


def _fraction(found: Found, reading: Reading) -> str | None:
    text, begin, above, below = found.string, found.start(), found["above"], found["below"]
    if is_pressure(text, begin):
        return f"{amount(above)}，{amount(below)}{'毫米汞柱' if found['unit'] else ''}"
    if is_score(text, begin):
        return f"{amount(above)}比{amount(below)}"
    behind = after(found)
    if (above, below) == ("24", "7"):
        return "七乘二十四" if behind.startswith("小时") else "二十四小时全天候"
    if behind.startswith(_NUMBERED):
        return f"{amount(above)}、{amount(below)}"  # 6/12 期: both can be had
    if _is_year(above) and len(below) == 2 and int(below) == (int(above) + 1) % 100:
        return f"{digits(above)}到{digits(below)}"  # 2019/20 赛季
    if int(below) == 0 or len(below) > 5 or len(above) > 5:
        return None
    whole = f"{amount(found['whole'])}又" if found["whole"] else ""
    return f"{whole}{amount(below)}分之{amount(above)}"


def _percent(found: Found, reading: Reading) -> str:
    of = "百分之" if found["sign"] == "%" else "千分之"
    low, high, more = found["low"], found["high"], "以上" if found["more"] else ""
    return (f"{_share(of, low)}到{_share(of, high)}" if high else _share(of, low)) + more


def _share(of: str, figures: str) -> str:
    return "百分之百" if (of, figures) == ("百分之", "100") else of + amount(figures)


# -- ranges --------------------------------------------------------------------------------------------------------------


def _range(found: Found, reading: Reading) -> str | None:
    """3-5天, 3~5kg, 2020-2024年; 3-0 where a score is spoken of, 10-3 is calculated."""
    text, begin, behind = found.string, found.start(), after(found)
    low, high, unit = found["low"], found["high"], found["unit"]
    if not unit and (
        is_code(text, begin) or behind[:1] in ("室", "房") or (low[0] == "0" and len(low) > 2 and low[1] != ".")
    ):
        return None
    if _of_years(low, high, behind, unit):
        return f"{digits(low)}到{digits(high)}"
    if found["dash"].strip() == "-" and not unit:
        counted = behind[:1] in COUNTED if behind else False
        if is_score(text, begin, behind) or (behind.startswith("的比分")):
            return f"{amount(low)}比{amount(high)}"
        if len(low) > 4 and not counted:
            return None
        if _value(low) >= _value(high):
            return None if counted else f"{amount(low)}减{amount(high)}"
    name = UNITS[unit][0] if unit else ""
    if name.endswith("度"):
        return f"{amount(low)}到{amount(high)}{name}"
    counts = name or behind
    return f"{amount(low, two=two(text, begin, counts))}到{amount(high, two=two(text, begin, counts))}{name}"


def _of_years(low: str, high: str, behind: str, unit: str | None) -> bool:
    if unit or not _is_year(low) or behind.startswith(("年前", "年后", "元", "人", "个", "块")):
        return False
    if len(high) == 2:
        return int(high) == (int(low) + 1) % 100
    return _is_year(high) and (low < high or behind.startswith("年"))


def _value(figures: str) -> float:
    return float(figures.replace(",", ""))


def _is_year(figures: str) -> bool:
    return len(figures) == 4 and figures[:2] in ("18", "19", "20", "21")


# -- money and measures --------------------------------------------------------------------------------------------------


def _money(found: Found, reading: Reading) -> str | None:
    """￥128.50, $1.5万, US$20-30, ￥399/晚; of ￥3万元 the 元 is said once."""
    name = CURRENCY_ZH.get(found["sign"].upper())
    if name is None:
        return None
    tens, per = found["tens"] or "", found["per"]
    said = ("负" if found["minus"] else "") + amount(found["low"], two="两")
    if found["high"]:
        said += f"到{amount(found['high'], two='两')}"
    if not found.string.startswith(name, found.end()):
        tens += name
    return f"{said}{tens}每{PER_ZH[per]}" if per else said + tens


def _money_behind(found: Found, reading: Reading) -> str | None:
    name = CURRENCY_ZH.get(found["sign"].upper())
    return None if name is None else f"{amount(found['low'], two='两')}{found['tens'] or ''}{name}"


def _measure(found: Found, reading: Reading) -> str | None:
    sign, per, text, begin = found["unit"], found["per"], found.string, found.start()
    if _is_letter(found, sign):
        return None
    name = UNITS[sign][0]
    if name in ("摄氏度", "华氏度") and text[max(0, begin - 2) : begin] == name[:2]:
        name = "度"  # 华氏 98°F
    number = amount(found["low"], two="二" if name.endswith("度") else "两")
    if found["high"]:
        number += f"到{amount(found['high'], two='两')}"
    return f"每{PER_ZH[per]}{number}{name}" if per else number + name


def _times(found: Found, reading: Reading) -> str | None:
    """1920x1080, 25 x 7 m; 7x24小时 also behind 客服, which else names a code."""
    hours = after(found).startswith("小时")
    if found["low"] == "0" or (is_code(found.string, found.start()) and not hours):
        return None
    name = UNITS[found["unit"]][0] if found["unit"] else ""
    return f"{amount(found['low'])}乘{amount(found['high'], two='两' if name else '二')}{name}"


def _hours_and_minutes(found: Found, reading: Reading) -> str:
    """1h30min."""
    return f"{amount(found['hours'], two='两')}小时{amount(found['minutes'])}分钟"


def _around_the_clock(found: Found, reading: Reading) -> str:
    """24H服务."""
    return f"{amount(found['hours'])}小时"


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
_SIGNS_OF_MONEY = r"US\$|HK\$|NT\$|A\$|C\$|S\$|[$€£₩₽₹฿¥]"
_CODES_OF_MONEY = "USD|CNY|RMB|HKD|EUR|GBP|JPY|KRW|AUD|CAD|TWD|SGD|MOP|THB|CHF|NZD"
_TENS = "(?: ?(?P<tens>[万亿千百]{1,2}多?|多))?"

MONEY = (
    kind(
        "money",
        LETTER + "".join(CURRENCY),
        rf"(?P<sign>{_SIGNS_OF_MONEY}|{_CODES_OF_MONEY}) ?(?P<minus>[-−])?(?P<low>{NUMBER}|\.\d+)"
        rf"(?:{_SEP}(?:{_SIGNS_OF_MONEY})?(?P<high>{NUMBER})(?! ?=))?{_TENS}{_PER}",
        _money,
    ),
    kind(
        "money",
        FIGURE,
        rf"(?P<low>{NUMBER}){_TENS} ?(?P<sign>{_SIGNS_OF_MONEY}|{_CODES_OF_MONEY})(?![A-Za-z\d])",
        _money_behind,
    ),
)
SHARES = (
    kind("score", FIGURE, r"(?P<reached>\d{1,2}\.\d) ?/ ?(?P<best>5|10|100)(?![\d/.])", _rating),
    kind("score", FIGURE, r"\d+(?:\.\d+)?(?: ?: ?\d+(?:\.\d+)?){1,4}", _ratio),
    kind(
        "percent",
        FIGURE,
        rf"(?P<low>{NUMBER}) ?%?(?:{_SEP}(?P<high>{NUMBER}))? ?(?P<sign>[%‰])(?P<more>\+(?! ?[\dA-Za-z]))?",
        _percent,
    ),
    kind(
        "fraction",
        FIGURE,
        r"(?<!\d/)(?:(?P<whole>\d+) )?(?P<above>\d+) ?/ ?(?P<below>\d+)(?![\d/])(?P<unit> ?mmHg)?",
        _fraction,
    ),
)
MEASURES = (
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
        rf"(?P<low>{NUMBER})(?: ?(?:{_UNIT}))?(?P<dash>{_SEP})(?P<high>{NUMBER})(?! ?=|[-–:/]?\d)"
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
