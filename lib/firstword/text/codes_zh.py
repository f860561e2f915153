"""Numbers that are dictated, in Mandarin: of telephones, cards, orders, plates, flights; addresses of machines, versions. [pure]"""

from __future__ import annotations

import re

from .context_zh import is_code, is_dialled, is_score, is_version
from .kinds import Found, Kind
from .numbers_zh import amount, dictated, digits
from .reading import Reading
from .runs import DIGITS, LETTERS, ROMAN

_FIGURE = "".join(sorted(DIGITS))
_LETTER = "".join(sorted(LETTERS))
_PAUSE = "，"
PROVINCES = frozenset("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领")


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
    elif size == 18 and figures[6:8] in ("19", "20"):
        cuts = [6, 10, 14]
    elif size > 8:
        cuts = [at for at in range(4, size, 4) if size - at > 1]
    else:
        cuts = []
    ends = [0, *cuts, size]
    return in_groups([figures[begin:end] for begin, end in zip(ends, ends[1:], strict=False)], reading)


def _mobile(found: Found, reading: Reading) -> str | None:
    if found["country"] or found[0].count("-") + found[0].count(" ") or not _counted(found):
        groups = ["86" if found["country"] else "", *found.group("a", "b", "c")]
        return ("加" if found[0][0] == "+" else "") + in_groups(groups, reading)
    return None


def _counted(found: Found) -> bool:
    return found.string[found.end() :].lstrip(" ")[:1] in ("元", "人", "个", "块", "次", "件") and bool(found.string[found.end() :])


def _telephone(found: Found, reading: Reading) -> str:
    groups = re.findall(r"\d+", found[0])
    sign = "加" if found[0][0] == "+" else ""
    long = [part for group in groups for part in (_halves(group) if len(group) in (7, 8) else [group])]
    return sign + in_groups(long, reading)


def _halves(figures: str) -> list[str]:
    return [figures[:-4], figures[-4:]]


def _identity(found: Found, reading: Reading) -> str:
    figures = found[0].upper()
    return in_groups([figures[:6], figures[6:10], figures[10:14], figures[14:]], reading)


def _spaced(found: Found, reading: Reading) -> str | None:
    """138 1234 5678, 6222 0212 3456 7890: groups as they are written; but 3 5 are two numbers."""
    groups = found[0].replace("-", " ").split()
    if sum(map(len, groups)) < 7 and not is_code(found.string, found.start()):
        return None
    return in_groups(groups, reading)


def _masked(found: Found, reading: Reading) -> str:
    """138****5678."""
    parts = re.findall(r"\d+|\*+", found[0])
    stars = "星号"
    said = [by_one(part, reading) if part[0] != "*" else (f"{amount(str(len(part)), two='两')}个{stars}" if len(part) > 1 else stars) for part in parts]
    return (_PAUSE if reading.groups else "").join(said)


def _machine(found: Found, reading: Reading) -> str:
    """127.0.0.1, with a port or a mask."""
    said = "点".join(digits(part) for part in found["host"].split("."))
    if found["port"]:
        said += f"冒号{digits(found['port'])}"
    return said + (f"斜杠{amount(found['mask'])}" if found["mask"] else "")


def _version(found: Found, reading: Reading) -> str | None:
    """1.2.3; 2.10 after 版本 or v."""
    text, begin = found.string, found.start()
    parts = found["parts"].split(".")
    lead = found["v"] or ""
    if len(parts) == 2 and not lead and not is_version(text, begin):
        return None
    if len(parts) == 2 and not lead and len(parts[1]) > 1:
        return None
    if any(len(part) > 4 for part in parts):
        return None
    said = "点".join(digits(part) if part[0] == "0" or len(part) > 2 else amount(part) for part in parts)
    return lead.upper() + said


def _plate(found: Found, reading: Reading) -> str | None:
    text, begin = found.string, found.start()
    if not begin or text[begin - 1] not in PROVINCES:
        return None
    return _spell(re.findall(r"[A-Za-z]+|\d+", found[0]), reading)


def _spell(parts: list[str], reading: Reading) -> str:
    return "".join(by_one(part, reading) if part.isdecimal() else part.upper() for part in parts)


_ROUTES = re.compile(r"[GDCZTKYSL]\d{1,4}")
_MODEL = re.compile(r"(?P<name>[A-Za-z]+)[-_ ]?(?P<figures>\d+)(?P<part>\.\d+)?(?P<tail>[A-Za-z]*)")


def _code(found: Found, reading: Reading) -> str | None:
    """Letters and figures in one: A320, SF1234567890, B2B, PM2.5, 4S."""
    text, begin, whole = found.string, found.start(), found[0]
    if not any(character.isdecimal() for character in whole) or not any(character.isalpha() for character in whole):
        return None
    named = is_code(text, begin)
    business = re.fullmatch(r"([A-Z])2([A-Z])", whole)
    if business and not named:
        return f"{business[1]} to {business[2]}"
    simple = _MODEL.fullmatch(whole)
    figures = sum(character.isdecimal() for character in whole)
    if simple and not named and figures <= 2 + bool(simple["part"]):
        point = f"点{digits(simple['part'][1:])}" if simple["part"] else ""
        return simple["name"] + amount(simple["figures"]) + point + simple["tail"]
    if "." in whole:
        return None
    parts = re.findall(r"[A-Za-z]+|\d+|[-_]", whole)
    lone = whole[0].isdecimal() and len(parts) == 2 and not named
    if lone and figures <= 4:
        return None  # 60kg, 4S: an amount with its unit
    if "-" in parts and parts[0].isalpha():
        parts = [part for at, part in enumerate(parts) if part != "-" or at > 1]
    return "".join(_part(part, len(parts), reading, named) for part in parts)


def _part(part: str, many: int, reading: Reading, named: bool) -> str:
    if part == "-":
        return "杠"
    if part == "_":
        return "下划线"
    if not part.isdecimal():
        return part
    return grouped(part, reading) if len(part) > 2 or named or many > 3 else by_one(part, reading)


def _dashed(found: Found, reading: Reading) -> str | None:
    """20240315-001, 3-2-501: figures in groups that are no date."""
    text, begin, after = found.string, found.start(), found.string[found.end() :].lstrip(" ")
    groups = found[0].split("-")
    named = is_code(text, begin) or after.startswith(("室", "房", "号房"))
    if len(groups) == 2 and not named and not (len(groups[0]) + len(groups[1]) > 8 or groups[0][0] == "0" and len(groups[0]) > 2):
        return None
    if is_score(text, begin):
        return None
    if len(groups) == 2 and not named and int(groups[0]) < int(groups[1]) and len(groups[0]) == len(groups[1]):
        return None
    if sum(map(len, groups)) >= 9 and all(len(group) > 2 for group in groups):
        return in_groups(groups, reading)
    return "杠".join(by_one(group, reading) for group in groups)


def _roman(found: Found, reading: Reading) -> str:
    code = ord(found[0])
    value = (code - 0x215F) if code < 0x2170 else (code - 0x216F)
    return amount(str(value)) if value <= 12 else found[0]


_ROMANS = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12, "I": 1, "V": 5, "X": 10}
_OF_ROMANS = ("型", "期", "级", "类", "度", "代", "世", "章", "部", "区", "号", "阶", "卷", "组", "式")


def _roman_letters(found: Found, reading: Reading) -> str | None:
    """第III期, II型: only where a number is expected."""
    text, begin, after = found.string, found.start(), found.string[found.end() :].lstrip(" ")
    numbered = text[:begin].rstrip(" ").endswith("第")
    if not numbered and (len(found[0]) < 2 and found[0] != "I" or not after.startswith(_OF_ROMANS)):
        return None
    return amount(str(_ROMANS[found[0]]))


def _kind(name: str, first: str, pattern: str, reader: object) -> Kind:
    return Kind(name, first, re.compile(pattern), reader)  # type: ignore[arg-type]


_END = r"(?![\dA-Za-z]|[-.]\d)"
_ALNUM_END = r"(?![A-Za-z0-9])"

KINDS = (
    _kind("address", _FIGURE, rf"(?P<host>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?![\d.])(?::(?P<port>\d{{1,5}}))?(?:/(?P<mask>\d{{1,2}}))?", _machine),
    _kind("identity", _FIGURE, rf"[1-9]\d{{5}}(?:18|19|20)\d{{2}}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{{3}}[\dXx]{_ALNUM_END}", _identity),
    _kind("masked", _FIGURE + "*", r"(?=[\d*]{0,20}\*\*)(?:\d+|\*+)(?:[ -]?(?:\d+|\*+))*(?<=\d)", _masked),
    _kind("telephone", _FIGURE + "+", rf"(?P<country>\+ ?86[- ]?|86[- ])?(?P<a>1[3-9]\d)[- ]?(?P<b>\d{{4}})[- ]?(?P<c>\d{{4}}){_END}", _mobile),
    _kind("telephone", _FIGURE + "(+", rf"(?:\(0\d{{2,3}}\)[- ]?|0\d{{2,3}}[- ])\d{{3,4}}[- ]?\d{{4}}(?:-\d{{1,6}})?{_END}", _telephone),
    _kind("telephone", _FIGURE, rf"0(?:10|2\d|[3-9]\d{{2}})\d{{7,8}}{_END}", _telephone),
    _kind("telephone", _FIGURE, rf"[48]00[- ]?(?:\d{{3}}[- ]?\d{{4}}|\d{{4}}[- ]?\d{{3}}){_END}", _telephone),
    _kind("telephone", "+", rf"\+\d{{1,3}}(?:[- ]?\(?\d{{1,4}}\)?){{2,5}}{_END}", _telephone),
    _kind("code", _FIGURE, r"\d+(?: \d+)+(?![\d.:/%]|-\d)", _spaced),
    _kind("version", _FIGURE + "vV", r"(?P<v>[vV])?(?P<parts>\d+(?:\.\d+){2,4}|\d+\.\d+)(?![\d%]|\.\d)", _version),
    _kind("plate", _LETTER, r"[A-Z][· -]?[A-Z0-9]{5,6}(?![A-Za-z0-9])", _plate),
    _kind("code", _LETTER + _FIGURE, rf"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?:\.\d+)?{_ALNUM_END}", _code),
    _kind("code", _FIGURE, rf"\d+(?:-\d+)+(?![\dA-Za-z.:/%年月日元个天件])", _dashed),
    _kind("roman", "".join(sorted(ROMAN)), ".", _roman),
    _kind("roman", "IVX", r"(?:VIII|VII|III|XII|II|IV|VI|IX|XI|I|V|X)(?![A-Za-z0-9])", _roman_letters),
)
