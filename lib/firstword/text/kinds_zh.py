"""The kinds of what is written in figures, signs and letters, and how Mandarin reads each. [pure]

One table, at the end. A reader that answers None leaves its match to the kinds below it.
"""

from __future__ import annotations

import re

from . import codes_zh, symbols_zh
from .context_zh import COUNTED, is_amount, is_code, is_date, is_dialled, is_score, is_version, lasts, two
from .electronic import EMAIL, LINK, Spelling, link, spell
from .kinds import Found, Kind, table
from .numbers_zh import amount, digits, ordinal
from .reading import Reading
from .runs import CIRCLED, CURRENCY, DIGITS, LETTERS, ROMAN, SIGNS
from .units import CURRENCY_ZH, PER_ZH, UNITS, signs

_NUM = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_UNIT = signs(dict(UNITS))
_SEP = r" ?[-~–—−] ?"
_FIGURE = "".join(sorted(DIGITS))
_LETTER = "".join(sorted(LETTERS))


def _after(found: Found) -> str:
    """What stands behind, a blank left out."""
    return found.string[found.end() :].lstrip(" ")


def _count(figures: str, found: Found, after: str | None = None) -> str:
    return amount(figures, two=two(found.string, found.start(), _after(found) if after is None else after))


# -- dates and times -----------------------------------------------------------------------------------------------------


def _day(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and (not day or 1 <= int(day) <= 31)):
        return None
    said = f"{digits(year)}年" if year else ""
    return f"{said}{amount(month)}月" + (f"{amount(day)}日" if day else "")


def _date(found: Found, reading: Reading) -> str | None:
    if is_version(found.string, found.start()):
        return None
    return _day(found["year"], found["month"], found["day"] or "")


def _date_year_last(found: Found, reading: Reading) -> str | None:
    month, day = found["a"], found["b"]
    return _day(found["year"], month, day) if int(month) <= 12 else _day(found["year"], day, month)


def _month_of_year(found: Found, reading: Reading) -> str | None:
    return _day(found["year"], found["month"], "")


def _day_of_month(found: Found, reading: Reading) -> str | None:
    """08/08; 3/5 and 3.5 only where a date is spoken of."""
    month, day = found["month"], found["day"]
    padded = month[0] == "0" or (day[0] == "0" and found["sep"] == "/")
    if month == "0" or not (padded or is_date(found.string, found.start())):
        return None
    return _day("", month, day)


_HALVES = {"a": "上午", "p": "下午"}


def _clock(found: Found, reading: Reading) -> str | None:
    """14:30, 9:05:00, 3:30pm; 3:02 unless a score is spoken of."""
    text, begin = found.string, found.start()
    hour, minute, second = int(found["hour"]), int(found["minute"]), found["second"]
    if is_score(text, begin, _after(found)):
        return None
    if second and lasts(text, begin):
        return _duration(hour, minute, int(second))
    if not second and lasts(text, begin) and not found["half"]:
        return _duration(0, hour, minute)
    half = _HALVES[found["half"].strip()[0].lower()] if found["half"] else ""
    if half and hour > 12:
        half = ""
    if half and text[max(0, begin - 3) : begin].rstrip().endswith(("上午", "下午", "早上", "晚上", "凌晨", "中午")):
        half = ""
    if reading.clock == "12" and not half and not _DAYTIME.search(text, max(0, begin - 4), begin):
        half, hour = _part_of_day(hour), (hour - 12 if hour > 12 else hour)
    return half + _hours(hour, minute, second)


_DAYTIME = re.compile(r"(?:上午|下午|早上|早晨|清晨|晚上|凌晨|中午|傍晚|夜里|午夜) ?$")


def _part_of_day(hour: int) -> str:
    for before, name in ((5, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < before:
            return name
    return "晚上"


def _hours(hour: int, minute: int, second: str | None) -> str:
    said = f"{amount(str(hour), two='两')}点"
    if minute or second:
        said += f"{'零' if 0 < minute < 10 else ''}{amount(str(minute))}分"
    if second and int(second):
        said += f"{'零' if int(second) < 10 else ''}{amount(second)}秒"
    elif second and not minute:
        said = said.removesuffix("零分") + "整"
    return said


def _duration(hours: int, minutes: int, seconds: int) -> str:
    parts = ((hours, "小时"), (minutes, "分钟" if not seconds else "分"), (seconds, "秒"))
    return "".join(f"{amount(str(value), two='两')}{unit}" for value, unit in parts if value) or "零秒"


def _half_hour(found: Found, reading: Reading) -> str:
    """3pm."""
    hour = int(found["hour"])
    return (_HALVES[found["half"].strip()[0].lower()] if hour <= 12 else "") + _hours(hour, 0, None)


# -- shares, ranges, scores ----------------------------------------------------------------------------------------------


def _ratio(found: Found, reading: Reading) -> str | None:
    parts = found[0].replace(" ", "").split(":")
    return "比".join(amount(part) for part in parts)


def _fraction(found: Found, reading: Reading) -> str | None:
    text, begin = found.string, found.start()
    above, below = found["above"], found["below"]
    if is_score(text, begin):
        return f"{amount(above)}比{amount(below)}"
    if (above, below) == ("24", "7"):
        return "二十四小时全天候" if not _after(found) else None
    if int(below) == 0 or len(below) > 5 or len(above) > 5:
        return None
    whole = f"{amount(found['whole'])}又" if found["whole"] else ""
    return f"{whole}{amount(below)}分之{amount(above)}"


def _percent(found: Found, reading: Reading) -> str:
    of = "百分之" if found["sign"] == "%" else "千分之"
    low, high = found["low"], found["high"]
    said = _share(of, low)
    return f"{said}到{_share(of, high)}" if high else said


def _share(of: str, figures: str) -> str:
    return "百分之百" if of == "百分之" and figures == "100" else of + amount(figures)


def _range(found: Found, reading: Reading) -> str | None:
    text, begin, after = found.string, found.start(), _after(found)
    low, high, dash = found["low"], found["high"], found["dash"].strip()
    unit = found["unit"]
    if not unit and (is_code(text, begin) or (after[:1] in "室房" and after)):
        return None
    if _is_year(low) and (_is_year(high) or (len(high) == 2 and int(high) == (int(low) + 1) % 100)):
        of_years = after.startswith(("年", "学年", "赛季", "财年")) or (_is_year(high) and low < high and not unit)
        if of_years and not after.startswith(("年前", "年后", "元", "人", "个", "块")):
            return f"{digits(low)}到{digits(high)}"
    rises = _value(low) < _value(high)
    if dash == "-" and not unit:
        if is_score(text, begin, after) or (not rises and after.startswith("的比分")):
            return f"{amount(low)}比{amount(high)}"
        if not rises:
            return None if after and after[0] in COUNTED else f"{amount(low)}减{amount(high)}"
        if len(low) > 4 and not (after and after[0] in COUNTED):
            return None
    name = _unit(unit) if unit else ""
    if name == "摄氏度":
        return f"{amount(low)}到{amount(high)}{name}"
    behind = name or after
    last = "二" if high == "2" and not behind else two(text, begin, behind)
    return f"{amount(low, two=two(text, begin, behind))}到{amount(high, two=last)}{name}"


def _value(figures: str) -> float:
    return float(figures.replace(",", ""))


def _is_year(figures: str) -> bool:
    return len(figures) == 4 and figures[:2] in ("18", "19", "20", "21")


# -- money and measures --------------------------------------------------------------------------------------------------


def _money(found: Found, reading: Reading) -> str | None:
    name = CURRENCY_ZH.get(found["sign"].upper())
    if name is None:
        return None
    after = _after(found)
    tens = found["tens"] or ""
    written = found.string.startswith(("元", "人民币"), found.end()) if name in ("元", "人民币") else False
    said = amount(found["low"], two="两" if tens else two(found.string, found.start(), name))
    if found["high"]:
        said += f"到{amount(found['high'], two='两')}"
    said += tens + ("" if written or (not after and False) else name)
    per = found["per"]
    return f"{said}每{PER_ZH[per]}" if per else said


def _money_behind(found: Found, reading: Reading) -> str | None:
    name = CURRENCY_ZH.get(found["sign"].upper())
    return None if name is None else f"{amount(found['low'], two='两')}{found['tens'] or ''}{name}"


def _unit(sign: str) -> str:
    return UNITS[sign][0]


def _measure(found: Found, reading: Reading) -> str | None:
    sign, per = found["unit"], found["per"]
    text, after = found.string, _after(found)
    if sign in ("m", "s", "h", "t", "g", "A", "V", "W", "N", "J", "L", "l", "cc", "A", "min") and _as_letter(found, sign, after):
        return None
    name = _unit(sign)
    said = amount(found["low"], two="二" if name.endswith("度") else "两")
    if found["high"]:
        said += f"到{amount(found['high'], two='两')}"
    gap = "" if not name[0].isascii() else ""
    if not per:
        return said + gap + name
    return f"每{PER_ZH[per]}{said}{name}"


def _as_letter(found: Found, sign: str, after: str) -> bool:
    """3A 级 and 4S 店 are no amperes and no seconds; 5 g and 60W are."""
    glued = found.string[found.end("unit") - len(sign) - 1] != " "
    if sign == "A" and glued:
        return not after.startswith(("电", "的电", "保", "充", "输")) and bool(after) or not after
    if sign in ("N", "J", "V", "t") and glued:
        return bool(after) and after[0] not in "，。、；！？,.;!?）) "
    return False


_LOAN = {"w": 4, "k": 3}


def _loan(found: Found, reading: Reading) -> str | None:
    """300w as 三百万, 5k as 五千: as one writes to friends."""
    figures, sign = found["low"], found["sign"]
    after = _after(found)
    if sign == "W":
        return None
    if after and (after[0].isascii() and after[0].isalnum()):
        return None
    if sign.lower() == "w":
        return f"{amount(figures, two='两')}万"
    if sign == "K" and after[:1] in ("", "画", "视", "高", "分", "超", "屏", "电", "显"):
        return None
    if "." in figures:
        whole, _, part = figures.partition(".")
        return amount(str(int(whole + part.ljust(3, "0")[:3])), two="两") if len(part) <= 3 else None
    return amount(figures + "000", two="两")


def _megabytes(found: Found, reading: Reading) -> str | None:
    return f"{amount(found['low'], two='两')}兆" if _after(found).startswith(("宽", "带宽", "流量", "网", "光纤", "的", "以", "每秒", "下")) else None


# -- plain numbers -------------------------------------------------------------------------------------------------------

_YEARLY = ("年", "学年", "赛季", "财年", "款", "届", "版", "级", "世界", "奥运", "春节", "欧洲", "高考", "双十", "国庆", "元旦", "中国", "亚运", "考研")
_LONG_AGO = ("年前", "年后", "年来", "年以", "年历", "年的", "年间", "年左", "年内")
_ROOMS = ("室", "房", "号房", "病房", "包间", "包厢", "教室", "会议", "医院", "宿舍", "寝室", "展厅", "诊室", "柜台", "号柜", "号桌", "号线")
_SERVICES = re.compile(r"(?:95\d{3}|96\d{3,4}|100(?:86|10|00|0[1-9])|101\d\d|123\d\d|1860\d|11[0249]|12[0-3]|999|911|12580|114)")
_SURELY_SERVICES = frozenset("10086 10010 12306 12315 12345 12333 12366 12348 12358 12320 12369 12377 12378 12329 12122 95588 95533 95599 95566 95555 95511 95518 95519 95500 95595 95568 95528 95559 95561 95577 95580 96110 95338 95311 95554 95543 95546 95320 95353 95379 95583 11183 11185".split())


def _number(found: Found, reading: Reading) -> str | None:
    text, begin, figures = found.string, found.start(), found[0]
    after = _after(found)
    before = text[begin - 1] if begin else ""
    if "." in figures or "," in figures:
        return _count(figures, found)
    if before == "第":
        return ordinal(figures)
    dated = _dated(text, begin, figures, after, before, reading)
    if dated is not None:
        return dated
    coded = _coded(text, begin, figures, after, reading)
    if coded is not None:
        return coded
    return _count(figures, found)


def _dated(text: str, begin: int, figures: str, after: str, before: str, reading: Reading) -> str | None:
    """A year, month, day, hour, minute."""
    size = len(figures)
    if after.startswith("年") and not after.startswith("年级"):
        of_era = text[max(0, begin - 3) : begin].endswith(("公元", "公元前"))
        value = int(figures)
        spans = after.startswith(_LONG_AGO) or text[max(0, begin - 2) : begin].endswith(("过去", "近", "超过", "满", "历经", "每", "了"))
        if size == 4 and not (spans and (value % 100 == 0 or value > 2100 or value < 1000)) and (value < 2200 or of_era):
            return digits(figures) if reading.years == "digits" else amount(figures)
        if of_era and size <= 4:
            return digits(figures)
        if size == 2 and (figures[0] == "0" or (value >= 70 and not spans)) and not after.startswith("年代"):
            return digits(figures)
        if size == 2 and figures == "00":
            return digits(figures)
        return None
    if size == 4 and _is_year(figures) and after.startswith(_YEARLY[1:]) and not is_amount(text, begin):
        return digits(figures)
    if size == 2 and figures[1] == "0" and after.startswith("后") and figures[0] in "056789" and not after.startswith("后面"):
        return digits(figures) if before not in ("约", "第") else None
    if size == 2 and figures[0] == "0" and after[:1] in ("分", "秒") and before in ("点", "时", "分"):
        return f"零{amount(figures)}"
    if size <= 2 and after[:1] in ("月", "日", "号", "点", "时") and after and int(figures) <= 31:
        if after.startswith("号") and is_code(text, begin):
            return None
        return amount(figures, two="两" if after[0] == "点" else "二")
    return None


def _coded(text: str, begin: int, figures: str, after: str, reading: Reading) -> str | None:
    """A number that is dictated: of a room, a bus, an order, a telephone."""
    size = len(figures)
    if reading.codes == "amount" and size <= 8 and figures[0] != "0":
        return None
    if size > 2 and after.startswith(_ROOMS):
        return codes_zh.by_one(figures, reading)
    if size == 3 and after.startswith("路"):
        return codes_zh.by_one(figures, reading)
    if size >= 4 and after.startswith("号") and not is_amount(text, begin):
        return codes_zh.grouped(figures, reading)
    if after and after[0] in COUNTED and not is_dialled(text, begin):
        return digits(figures) if size > 1 and figures[0] == "0" else None
    if _SERVICES.fullmatch(figures) and (figures in _SURELY_SERVICES or is_dialled(text, begin)):
        return codes_zh.by_one(figures, reading)
    if is_code(text, begin):
        return codes_zh.grouped(figures, reading) if size > 1 else None
    if size > 1 and figures[0] == "0":
        return codes_zh.by_one(figures, reading)
    if is_amount(text, begin):
        return None
    alone = not text[:begin].strip() and not after
    if size > 12 or (size >= 8 and not alone and not figures.endswith("000")):
        return codes_zh.grouped(figures, reading)
    return None


def _million(found: Found, reading: Reading) -> str:
    """1.5亿 and 300万: the unit is part of it, so that its 2 is 两."""
    return amount(found["low"], two="两") + found["tens"]


def _circled(found: Found, reading: Reading) -> str:
    return amount(str(ord(found[0]) - 0x245F))


# -- letters -------------------------------------------------------------------------------------------------------------

_ACRONYMS = frozenset(
    "gpu cpu wto mvp vip mba ceo cfo cto coo hr it pc tv dvd cd usb ip sim atm pos gps nba cba app url pdf ppt vr ar ai ip id qq dna rna ktv ufo diy "
    "pm gdp cpi emba phd iq eq faq kpi okr erp crm oa vpn wps led lcd ssd ram rom bbc cnn mtv ceo ct mri icu pos b2b etc who eu un apec gre sat mbti "
    "nfc sdk api http html css sql iot sms otp".split()
) - {"it", "id", "un", "who", "etc", "sat", "pm", "app", "ar", "hr", "eu", "pos", "ram"}
_WORD_OR_CODE = re.compile(r"[A-Za-z]+")


def _letters(found: Found, reading: Reading) -> str | None:
    """gpu as GPU: a voice that spells is to spell."""
    word = found[0]
    return word.upper() if word in _ACRONYMS else None


def _spaced(found: Found, reading: Reading) -> str:
    return found[0].replace(" ", "").upper()


SPELLING = Spelling(
    {".": "点", "@": "艾特", "-": "杠", "_": "下划线", "/": "斜杠", ":": "冒号", "+": "加", "&": "和", "=": "等于", "?": "问号", "#": "井号", "%": "百分号", "~": "波浪号"},
    digits,
    "",
    {},
)
_EMAIL_SENTENCE, _LINK_SENTENCE = "一个电子邮箱地址", "一个链接"


def _email(found: Found, reading: Reading) -> str:
    if reading.emails == "say":
        return spell(found[0], SPELLING)
    return (reading.email_sentence or _EMAIL_SENTENCE) if reading.emails == "announce" else ""


def _link(found: Found, reading: Reading) -> str:
    if reading.links in ("say", "full"):
        return link(found, reading.links, SPELLING)
    return (reading.link_sentence or _LINK_SENTENCE) if reading.links == "announce" else ""


def _kind(name: str, first: str, pattern: str, reader: object) -> Kind:
    return Kind(name, first, re.compile(pattern), reader)  # type: ignore[arg-type]


_PER = f"(?: ?/ ?(?P<per>{signs(dict(PER_ZH))}))?(?![A-Za-z])"
_SIGNS_OF_MONEY = r"US\$|HK\$|NT\$|A\$|C\$|S\$|[$€£₩₽₹฿¥]"
_CODES_OF_MONEY = "USD|CNY|RMB|HKD|EUR|GBP|JPY|KRW|AUD|CAD|TWD|SGD|MOP|THB|CHF|NZD"
_TENS = "(?P<tens>[万亿千百]{1,2}多?|多)?"
_HALF = r" ?(?P<half>[aApP]\.?[mM]\b\.?)"

TABLE = table(
    (
        Kind("email", _FIGURE + _LETTER, EMAIL, _email),
        Kind("link", _FIGURE + _LETTER, LINK, _link),
        *codes_zh.KINDS,
        _kind("date", _FIGURE, r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?![\d:]|[-/.]\d)(?:T(?=\d))?", _date),
        _kind("date", _FIGURE, r"(?P<a>\d{1,2})[-/](?P<b>\d{1,2})[-/](?P<year>(?:19|20)\d{2})(?!\d)", _date_year_last),
        _kind("date", _FIGURE, r"(?P<year>(?:18|19|20)\d{2})[-/.](?P<month>0[1-9]|1[0-2]|[1-9](?=月?$))(?![\d.%]|[-/]\d|元|[万亿])", _month_of_year),
        _kind("date", _FIGURE, r"(?P<month>0[1-9]|1[0-2])[-/](?P<year>(?:19|20)\d{2})(?![\d/-])", _month_of_year),
        _kind("date", _FIGURE, r"(?P<month>\d{1,2})(?P<sep>[-/.])(?P<day>\d{2}|\d(?=\D|$))(?![\d.%:/]|-\d)", _day_of_month),
        _kind("time", _FIGURE, rf"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?(?![\d:])(?:{_HALF})?", _clock),
        _kind("time", _FIGURE, rf"(?P<hour>[01]?\d|2[0-4]){_HALF}", _half_hour),
        _kind("score", _FIGURE, r"\d+(?:\.\d+)?(?: ?: ?\d+(?:\.\d+)?){1,4}", _ratio),
        _kind("percent", _FIGURE, rf"(?P<low>{_NUM}) ?%?(?:{_SEP}(?P<high>{_NUM}))? ?(?P<sign>[%‰])", _percent),
        _kind("fraction", _FIGURE, r"(?:(?P<whole>\d+) )?(?P<above>\d+) ?/ ?(?P<below>\d+)(?![\d/])", _fraction),
        _kind("range", _FIGURE, rf"(?P<low>{_NUM})(?: ?(?:{_UNIT})|°)?(?P<dash>{_SEP})(?P<high>{_NUM})(?! ?=|[-–:/]?\d)(?: ?(?P<unit>{_UNIT})(?![A-Za-z0-9]))?", _range),
        _kind("money", _FIGURE, rf"(?P<low>{_NUM}){_TENS} ?(?P<sign>{_SIGNS_OF_MONEY}|{_CODES_OF_MONEY})(?![A-Za-z\d])", _money_behind),
        _kind("measure", _FIGURE, rf"(?P<low>{_NUM})(?:{_SEP}(?P<high>{_NUM}))? ?(?P<unit>{_UNIT})(?![A-Za-z0-9²³]){_PER}", _measure),
        _kind("amount", _FIGURE, rf"(?P<low>{_NUM}) ?(?P<sign>[wWkK])(?![A-Za-z0-9])\+?", _loan),
        _kind("measure", _FIGURE, rf"(?P<low>{_NUM})M(?![A-Za-z0-9])", _megabytes),
        _kind("amount", _FIGURE, rf"(?P<low>{_NUM}) ?(?P<tens>[万亿]亿?)", _million),
        _kind("number", _FIGURE, _NUM, _number),
        _kind("money", _LETTER + "".join(CURRENCY), rf"(?P<sign>{_SIGNS_OF_MONEY}|(?:{_CODES_OF_MONEY})(?=[ \d])) ?(?P<low>{_NUM}|\.\d+)(?:{_SEP}(?:{_SIGNS_OF_MONEY})?(?P<high>{_NUM}))? ?{_TENS}{_PER.replace('(?![A-Za-z])', '')}", _money),
        *symbols_zh.KINDS,
        _kind("letters", _LETTER, r"[A-Za-z](?: [A-Za-z])+(?![A-Za-z])", _spaced),
        _kind("letters", _LETTER, r"[A-Za-z]+(?![A-Za-z0-9'’.@_-])", _letters),
        _kind("number", "".join(sorted(CIRCLED)), ".", _circled),
    )
)
