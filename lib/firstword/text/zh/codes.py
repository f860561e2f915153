"""Numbers that are dictated, in Mandarin: of telephones, cards, orders, plates, flights; addresses of machines, versions. [pure]"""

from __future__ import annotations

import re

from ..kinds import FIGURE, LETTER, TYRE, Found, after, cut, kind
from ..reading import Reading
from .context import is_code, is_score, is_version
from .numbers import amount, dictated, digits, ordinal

_PAUSE = "，"
_KEYS = {"*": "星号", "#": "井号"}
_PROVINCES = frozenset("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领")
_PARTS = re.compile(r"[A-Za-z]+|[0-9]+|[-_]")


def by_one(figures: str, reading: Reading) -> str:
    """Figure by figure; 1 as the profile has it."""
    return dictated(figures) if reading.one == "yao" else digits(figures)


def in_groups(groups: list[str], reading: Reading) -> str:
    return (_PAUSE if reading.groups else "").join(by_one(group, reading) for group in groups if group)


def grouped(figures: str, reading: Reading) -> str:
    """Figure by figure, a pause after each four of a long one; a mobile's 3-4-4, an identity card's 6-4-4-4."""
    size = len(figures)
    if size == 11 and figures[0] == "1" and figures[1] in "3456789":
        cuts = [3, 7]
    elif size == 18 and figures[6:8] in ("19", "20") and "01" <= figures[10:12] <= "12":
        cuts = [6, 10, 14]
    elif size == 10 and figures[1:3] == "00":
        cuts = [3, 6]
    else:
        cuts = [at for at in range(4, size, 4) if size - at > 1] if size > 8 else []
    return in_groups(cut(figures, cuts), reading)


# -- telephones and cards ------------------------------------------------------------------------------------------------


def _mobile(found: Found, reading: Reading) -> str | None:
    """13812345678, also +86 138-1234-5678; but not where eleven figures are a sum."""
    if after(found)[:1] in ("元", "人", "个", "块", "次", "件") and found[0].isdecimal():
        return None
    groups = ["86" if found["country"] else "", *found.group("a", "b", "c")]
    return ("加" if found[0][0] == "+" else "") + in_groups(groups, reading)


def _telephone(found: Found, reading: Reading) -> str | None:
    groups = re.findall(r"[0-9]+", found[0])
    if sum(map(len, groups)) < 7:
        return None  # 流量+300分钟
    if len(groups) == 1 and len(groups[0]) == 10 and groups[0][1:3] == "00":
        return grouped(groups[0], reading)
    if len(groups) == 1:
        area = 3 if groups[0][:2] in ("01", "02") else 4
        groups = [groups[0][:area], groups[0][area:]]
    halves = [part for group in groups for part in ([group[:-4], group[-4:]] if len(group) in (7, 8) else [group])]
    return ("加" if found[0][0] == "+" else "") + in_groups(halves, reading)


def _identity(found: Found, reading: Reading) -> str:
    figures = found[0].upper()
    return in_groups([figures[:6], figures[6:10], figures[10:14], figures[14:]], reading)


def _spaced(found: Found, reading: Reading) -> str | None:
    """138 1234 5678, 6222 0212 3456 7890: in the groups they are written in; but 3 5 are two numbers."""
    groups = found[0].split()
    if sum(map(len, groups)) < 7 and not is_code(found.string, found.start()):
        return None
    return in_groups(groups, reading)


def _service(found: Found, reading: Reading) -> str:
    """*99#, which is dialled."""
    return "".join(_KEYS.get(one) or by_one(one, reading) for one in found[0])


def _masked(found: Found, reading: Reading) -> str | None:
    """138****5678."""
    if not any(map(str.isdecimal, found[0])):
        return None
    said = []
    for part in re.findall(r"[0-9]+|\*+", found[0]):
        stars = f"{amount(str(len(part)), two='两')}个星号" if len(part) > 1 else "星号"
        said.append(stars if part[0] == "*" else by_one(part, reading))
    return (_PAUSE if reading.groups else "").join(said)


# -- machines and versions -----------------------------------------------------------------------------------------------


def _machine(found: Found, reading: Reading) -> str | None:
    """127.0.0.1, with a port or a mask. Never 幺, so it is known from a telephone."""
    if is_version(found.string, found.start()):
        return None
    said = "点".join(digits(part) for part in found["host"].split("."))
    said += f"冒号{digits(found['port'])}" if found["port"] else ""
    return said + (f"斜杠{amount(found['mask'])}" if found["mask"] else "")


def _version(found: Found, reading: Reading) -> str | None:
    """1.2.3, v2.10; 3.10 where a version is spoken of."""
    parts, lead = found["parts"].split("."), found["v"] or ""
    named = bool(lead) or is_version(found.string, found.start())
    if (len(parts) == 2 and not named) or any(len(part) > 4 for part in parts):
        return None
    said = "点".join(digits(part) if part[0] == "0" or len(part) > 2 else amount(part) for part in parts)
    return lead.upper() + said


# -- letters with figures ------------------------------------------------------------------------------------------------


def _tyre(found: Found, reading: Reading) -> str:
    """225/55R17."""
    return f"{digits(found['width'])}，{digits(found['height'])}{found['built']}{amount(found['rim'])}"


def _plate(found: Found, reading: Reading) -> str | None:
    """A12345 behind 京."""
    begin = found.start()
    if not begin or found.string[begin - 1] not in _PROVINCES:
        return None
    return "".join(
        by_one(part, reading) if part.isdecimal() else part for part in _PARTS.findall(found[0]) if part != "-"
    )


_MODEL = re.compile(r"(?P<name>[A-Za-z]+)[-_]?(?P<figures>[0-9]+)(?:\.(?P<part>[0-9]+))?(?P<tail>[A-Za-z]*)")
_BUSINESS = re.compile(r"([A-GI-Z])2([A-Z])")


def _code(found: Found, reading: Reading) -> str | None:
    """Letters and figures in one: A320, SF1234567890, B2B, PM2.5, 2024-A17."""
    whole = found[0]
    figures = sum(map(str.isdecimal, whole))
    if not figures or not any(map(str.isalpha, whole)):
        return None
    named = is_code(found.string, found.start())
    if (business := _BUSINESS.fullmatch(whole)) and not named:
        return f"{business[1]} to {business[2]}"
    simple = _MODEL.fullmatch(whole)
    if simple and not named and figures <= 2:
        point = f"点{digits(simple['part'])}" if simple["part"] else ""
        return f"{simple['name']}{amount(simple['figures'])}{point}{simple['tail']}"
    if "." in whole:
        return None
    parts = _PARTS.findall(whole)
    if whole[0].isdecimal() and len(parts) == 2 and figures <= 4 and not named:
        # 4S, 5G: a number, and a letter behind it; but lines of a picture are said one by one
        return digits(parts[0]) + "P" if figures > 2 and parts[1] in "pP" else None
    if parts[0].isalpha() and len(parts) > 1 and parts[1] == "-":
        del parts[1]  # SF-1234
    long = named or len(parts) > 3
    return "".join(_part(part, long, reading) for part in parts)


def _from_to(found: Found, reading: Reading) -> str | None:
    """Q1-Q3, T1~T3."""
    if is_code(found.string, found.start()) or int(found["low"]) >= int(found["high"]):
        return None
    return f"{found['name']}{amount(found['low'])}到{found['name']}{amount(found['high'])}"


def _part(part: str, long: bool, reading: Reading) -> str:
    if part in "-_":
        return "杠" if part == "-" else "下划线"
    if part.isdecimal():
        return grouped(part, reading) if long or len(part) > 4 else by_one(part, reading)
    return part.upper() if part == "x" else part


def _number_sign(found: Found, reading: Reading) -> str:
    """No.1 is the first, No.12345 a code."""
    figures = found["figures"]
    return f"编号{grouped(figures, reading)}" if len(figures) > 3 or figures[0] == "0" else f"第{ordinal(figures)}"


def _dashed(found: Found, reading: Reading) -> str | None:
    """20240315-001, 3-2-501: figures in groups that are no date."""
    groups, text, begin = found[0].split("-"), found.string, found.start()
    named = is_code(text, begin) or after(found).startswith(("室", "房", "号房"))
    if is_score(text, begin):
        return None
    if len(groups) == 2 and not named:
        long = len(groups[0]) + len(groups[1]) > 8 or (groups[0][0] == "0" and len(groups[0]) > 2)
        same = len(groups[0]) == len(groups[1]) and int(groups[0]) < int(groups[1])
        if same or not long:
            return None
    if max(map(len, groups)) > 6 or (sum(map(len, groups)) >= 9 and all(len(group) > 2 for group in groups)):
        return in_groups(groups, reading)
    return "杠".join(by_one(group, reading) for group in groups)


_END = r"(?![\dA-Za-z]|[-.]\d)"
_ALNUM_END = r"(?![A-Za-z0-9])"

TELEPHONES = (
    kind(
        "address",
        FIGURE,
        r"(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?![\d.])(?::(?P<port>\d{1,5}))?(?:/(?P<mask>\d{1,2}))?",
        _machine,
    ),
    kind(
        "identity",
        FIGURE,
        rf"[1-9]\d{{5}}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{{3}}[\dXx]{_ALNUM_END}",
        _identity,
    ),
    kind("telephone", "*", r"\*[*#]?\d{1,6}(?:[*#]\d{1,10}){0,4}#(?![\dA-Za-z])", _service),
    kind("masked", FIGURE + "*", r"(?=[\d*]{0,20}\*\*)[\d*]++(?:[ -][\d*]++)*+", _masked),
    kind(
        "telephone",
        FIGURE + "+",
        rf"(?P<country>\+ ?86[- ]?|86[- ])?(?P<a>1[3-9]\d)[- ]?(?P<b>\d{{4}})[- ]?(?P<c>\d{{4}}){_END}",
        _mobile,
    ),
    kind(
        "telephone",
        FIGURE + "(+",
        rf"(?:\(0\d{{2,3}}\)[- ]?|0\d{{2,3}}[- ])\d{{3,4}}[- ]?\d{{4}}(?:-\d{{1,6}})?{_END}",
        _telephone,
    ),
    kind("telephone", FIGURE, rf"0(?:10|2\d|[3-9]\d{{2}})\d{{7,8}}{_END}", _telephone),
    kind("telephone", FIGURE, rf"[48]00[- ]?(?:\d{{3}}[- ]?\d{{4}}|\d{{4}}[- ]?\d{{3}}){_END}", _telephone),
    kind("telephone", "+", rf"\+\d{{1,3}}(?:[- ]?\(?\d{{1,4}}\)?){{2,5}}{_END}", _telephone),
    kind("code", FIGURE, r"\d+(?: \d+)+(?![\d:/%]|[-.]\d)", _spaced),
)
TYRES = (kind("code", FIGURE, TYRE, _tyre),)
VERSIONS = (
    kind("version", FIGURE + "vV", r"(?P<v>[vV])?(?P<parts>\d+(?:\.\d+){2,4}|\d+\.\d+)(?![\d%]|\.\d)", _version),
)
CODES = (
    kind(
        "range",
        LETTER,
        r"(?P<name>[A-Z]{1,2})(?P<low>\d{1,2})[-~–—](?P=name)(?P<high>\d{1,2})(?![A-Za-z0-9-])",
        _from_to,
    ),
    kind("ordinal", "nN", r"[Nn][Oo]\. ?(?P<figures>\d++)(?![A-Za-z.-])", _number_sign),
    kind("plate", LETTER, r"[A-Z][· -]?[A-Z0-9]{5,6}(?![A-Za-z0-9])", _plate),
    kind("code", LETTER + FIGURE, rf"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?:\.\d+)?{_ALNUM_END}", _code),
    kind("code", FIGURE, r"\d+(?:-\d+)+(?![\dA-Za-z:/%年月日元个天件]|\.\d)", _dashed),
)
