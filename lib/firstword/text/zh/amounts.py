"""Shares, scores and sums of money, in Mandarin. [pure]"""

from __future__ import annotations

from ..alphabet import CURRENCY
from ..kinds import FIGURE, LETTER, NUMBER, Found, after, kind
from ..reading import Reading
from ..units import CURRENCY_ZH, PER_ZH, signs
from .context import is_code, is_pressure, is_score
from .numbers import amount, digits, is_year

_SEP = r" ?[-~–—−] ?"
_NUMBERED = tuple("期号路栋楼层班")


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
    if is_code(text, begin) and len(above) > 2:
        return None  # 尾号 1234/5678
    if (above, below) == ("24", "7"):
        return "七乘二十四" if behind.startswith("小时") else "二十四小时全天候"
    if behind.startswith(_NUMBERED):
        return f"{amount(above)}、{amount(below)}"  # 6/12 期: both can be had
    if is_year(above) and len(below) == 2 and int(below) == (int(above) + 1) % 100:
        return f"{digits(above)}到{digits(below)}"  # 2019/20 赛季
    if int(below) == 0 or len(below) > 5 or len(above) > 5:
        return None
    whole = f"{amount(found['whole'])}又" if found["whole"] else ""
    return f"{whole}{amount(below)}分之{amount(above)}"


_MIXED = {"½": "二分之一", "¼": "四分之一", "¾": "四分之三", "⅓": "三分之一", "⅔": "三分之二"}


def _mixed(found: Found, reading: Reading) -> str:
    """3½."""
    return f"{amount(found['whole'])}又{_MIXED[found['part']]}"


def _percent(found: Found, reading: Reading) -> str:
    of = "百分之" if found["sign"] == "%" else "千分之"
    low, high, more = found["low"], found["high"], "以上" if found["more"] else ""
    return (f"{_share(of, low)}到{_share(of, high)}" if high else _share(of, low)) + more


def _share(of: str, figures: str) -> str:
    return "百分之百" if (of, figures) == ("百分之", "100") else of + amount(figures)


# -- money --------------------------------------------------------------------------------------------------------------


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


_PER = f"(?: ?/ ?(?P<per>{signs(PER_ZH)}))?"
_SIGNS_OF_MONEY = r"(?:JPY?|CNY|RMB)¥|US\$|HK\$|NT\$|A\$|C\$|S\$|[$€£₩₽₹฿¥]"
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
    kind("fraction", FIGURE, r"(?P<whole>\d{1,4}) ?(?P<part>[½¼¾⅓⅔])", _mixed),
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
        r"(?<!\d/)(?:(?P<whole>\d+) )?(?P<above>\d+) ?/ ?(?P<below>\d+)(?![\d/])(?P<unit> ?mmHg)?(?![A-Za-z])",
        _fraction,
    ),
)
