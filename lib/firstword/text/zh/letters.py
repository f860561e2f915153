"""Latin letters in Mandarin: acronyms, names with figures in them, Roman numerals, addresses. [pure]"""

from __future__ import annotations

from .. import roman
from ..alphabet import CIRCLED, ROMAN
from ..electronic import Spelling, addresses
from ..kinds import LETTER, Found, after, kind
from ..phrases import listed
from ..reading import Reading
from .numbers import amount, digits

_ACRONYMS = frozenset(
    listed("""
    gpu | cpu | wto | mvp | vip | mba | ceo | cfo | cto | coo | tv | dvd | cd | usb | ip | sim | atm | gps | nba | cba | url |
    pdf | ppt | vr | ai | qq | dna | rna | ktv | ufo | diy | gdp | cpi | emba | phd | iq | kpi | okr | erp | crm | vpn | wps |
    led | lcd | ssd | rom | bbc | cnn | mtv | mri | icu | apec | gre | mbti | nfc | sdk | api | http | html | css | sql | iot |
    sms | otp | pc | faq | svip
""")
)
"""What is spelled also where it is written in small letters."""
_OF_ROMANS = tuple("型期级类度代世章部区号阶卷组式")


def _acronym(found: Found, reading: Reading) -> str | None:
    return found[0].upper() if found[0] in _ACRONYMS else None


def _spaced(found: Found, reading: Reading) -> str:
    """c e o."""
    return found[0].replace(" ", "").upper()


def _roman(found: Found, reading: Reading) -> str:
    code = ord(found[0])
    return amount(str(code - (0x215F if code < 0x2170 else 0x216F)))


def _roman_letters(found: Found, reading: Reading) -> str | None:
    """第III期, II型: only where a number is expected."""
    numbered = found.string[: found.start()].rstrip(" ").endswith("第")
    if not numbered and (len(found[0]) < 2 or not after(found).startswith(_OF_ROMANS)):
        return None
    value = roman.value(found[0])
    return None if value is None else amount(str(value))


def _circled(found: Found, reading: Reading) -> str:
    return amount(str(ord(found[0]) - 0x245F))


SPELLING = Spelling(
    {
        ".": "点",
        "@": "艾特",
        "-": "杠",
        "_": "下划线",
        "/": "斜杠",
        ":": "冒号",
        "+": "加",
        "&": "和",
        "=": "等于",
        "?": "问号",
        "#": "井号",
        "%": "百分号",
        "~": "波浪号",
    },
    digits,
    "",
    {},
    email="一个电子邮箱地址",
    link="一个链接",
)


ADDRESSES = addresses(SPELLING)
KINDS = (
    kind("roman", "".join(sorted(ROMAN)), ".", _roman),
    kind("roman", roman.STARTS, roman.NUMERAL, _roman_letters),
    kind("letters", LETTER, r"[A-Za-z](?: [A-Za-z])+(?![A-Za-z])", _spaced),
    kind("letters", LETTER, r"[A-Za-z]+(?![A-Za-z0-9'’.@_-])", _acronym),
    kind("number", "".join(sorted(CIRCLED)), ".", _circled),
)
