"""Numbers that are dictated: which one is meant, what was said of it, and whether that is all. [pure]

A caller who reads out a number breathes every three or four digits, and a breath is as long as an end. Only the count tells.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from .numerals import ENGLISH_DIGITS, SPELLED, UNITS, amount, english_figures, figures

Kind = enum.Enum("Kind", "MOBILE PHONE IDENTITY BANK_CARD CODE COUNTED OTHER ANY")
"""``OTHER`` is a number of unknown length (an order's), ``ANY`` one of which nothing is known."""
Progress = enum.Enum("Progress", "MISSING PERHAPS WHOLE")
"""Whether digits are still missing. ``PERHAPS``: it may be whole, and may not."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that somebody is asked for, or that a caller has announced."""

    kind: Kind = Kind.ANY
    length: int = 0
    """Digits, where the kind is ``COUNTED``."""

    def progress(self, digits: str) -> Progress:
        """How far `digits` (0-9; an identity card's may end in x) are."""
        count = len(digits)
        if self.kind is Kind.COUNTED:
            return _counted(count, self.length)
        if self.kind is Kind.IDENTITY:
            return _counted(count, 18)
        if self.kind is Kind.MOBILE:
            return Progress.PERHAPS if count == 11 and digits[0] != "1" else _counted(count, 11)
        if self.kind is Kind.PHONE:
            return _phone(digits)
        if self.kind is Kind.BANK_CARD:
            return Progress.PERHAPS if 16 <= count < 19 else _counted(count, 19)
        if self.kind is Kind.CODE:
            return Progress.MISSING if count < 6 else Progress.PERHAPS
        if self.kind is Kind.ANY:
            return Progress.WHOLE if _MOBILE.fullmatch(digits) and not _IDENTITY.match(digits) else Progress.MISSING
        return Progress.MISSING


_MOBILE = re.compile(r"1[3-9]\d{9}")
_IDENTITY = re.compile(r"[1-8]\d{5}(?:19|20)\d\d")
"""How an identity card's number begins: where and when one was born. 13010219900 is also a mobile number."""
_LANDLINE = re.compile(r"0(?:10|2\d)\d{8}|0[3-9]\d{10}")
_SHORT_LANDLINE = re.compile(r"0[3-9]\d{9}|[2-8]\d{7}|[48]00\d{7}|[2-9]\d{9}")
"""May be whole: an area code and seven digits, eight digits without one, a 400 number, ten digits of another country."""


def _counted(count: int, wanted: int) -> Progress:
    return Progress.MISSING if count < wanted else Progress.WHOLE if count == wanted else Progress.PERHAPS


def _phone(digits: str) -> Progress:
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return Progress.WHOLE
    return Progress.PERHAPS if _SHORT_LANDLINE.fullmatch(digits) or len(digits) >= 11 else Progress.MISSING


_NOUNS = {
    "mobile": r"手机号码?|手机号|mobile(?: phone)? number|cell(?:phone)? number",
    "phone": r"(?<![打接通来挂回])电话(?:号码|号|是)?(?![里中上费卡线])|联系方式|座机|固话|phone number|telephone number",
    "identity": r"身份证(?:件)?(?:号码?)?|identity card(?: number)?|id card(?: number)?|id number",
    "bank_card": r"(?:银行|储蓄|信用)卡(?:卡?号码?)?|bank card(?: number)?|credit card(?: number)?",
    "code": r"验证码|校验码|动态码|verification code|passcode|security code",
    "other": (
        r"(?:订单|工单|保单|运单|快递|物流)的?单?编?号码?|工单|保单|单号|卡号|[账帐]号|编号|工号|学号|分机|会员号|车牌|房间号|流水号|邮编|密码"
        r"|(?:order|tracking|account|booking|reference|policy|confirmation|card|member|room) number|zip code|postcode|pin code|password"
    ),
    "any": r"号码|号是|number(?! of)",
}
_NOUN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _NOUNS.items()))
_COUNT = dict(zip(("three", "four", "five", "six", "seven", "eight", "nine", "ten"), range(3, 11), strict=True))
_COUNTED = re.compile(
    r"(?P<zh>[0-9]{1,2}|[四五六七八九]|十[一二五六七八九]?|三(?=位数|位密))位(?![先女客顾朋老专同乘旅成大小人])"
    rf"|\b(?P<en>{'|'.join(_COUNT)}|[0-9]{{1,2}})[- ](?:digits?|numbers)\b"
)


def number_in(text: str) -> Number | None:
    """The number that `text` (folded) speaks of: 请说您的手机号, 六位验证码, "my order number is". Of two, one of any length."""
    found = _COUNTED.search(text)
    nouns = {Kind[str(noun.lastgroup).upper()] for noun in _NOUN.finditer(text)}
    if len(nouns) > 1:
        nouns.discard(Kind.ANY)
    kind = Kind.OTHER if len(nouns) > 1 else next(iter(nouns), None)
    length = _length(found["zh"] or found["en"]) if found else 4 if "尾号" in text else 0
    if length >= 3 and (kind, length) not in ((Kind.IDENTITY, 18), (Kind.MOBILE, 11)):
        return Number(Kind.COUNTED, length)
    return Number(kind) if kind else None


def _length(count: str) -> int:
    return int(count) if count.isascii() and count.isdigit() else _COUNT.get(count) or amount(count) or 0


@dataclass(frozen=True, slots=True)
class Dictated:
    """The digits at the end of what was said."""

    before: str
    """What was said before the digits."""
    digits: str
    """0-9, the last may be x."""
    spelled: bool
    """They were written as words, so they were said one by one: 五零零 and not 500."""
    hesitant: bool
    """A filler came after them."""


_DIGIT = frozenset(f"0123456789{SPELLED}")
_NO_DICTATION = frozenset(f"{UNITS}点第周期拜分几.$¥")
"""What stands before the end of an amount, a time, an ordinal, a day, a price: 三百零五, 第一, 周三."""
_RUN = re.compile(rf"(?:[0-9{SPELLED}]|[嗯呃啊]|个那|[- ,。、]|(?<= )\.)+")
"""Read backwards: digits, the breaths and the fillers between them. A point without a blank is a decimal's."""
_HESITANT = re.compile(r"[- ,。、.]*(?:[嗯呃啊]|个那)")
_X = re.compile(rf"(?<=[0-9{SPELLED}])[ ,]*(?:x|叉|艾克斯)$")


def dictated(body: str) -> Dictated | None:
    """The digits that `body` (folded, no punctuation at its end) ends in, with the breaths and the fillers in them; None if there
    are none, or if they are no dictation: an amount (三百零五), a time, an ordinal, a day of the week."""
    if body.removesuffix(" x").rpartition(" ")[2] in ENGLISH_DIGITS:
        body = english_figures(body)
    last = _X.search(body) if body[-1:] in "x叉斯" else None
    if last:
        body = body[: last.start()]
    backwards = body[::-1]
    found = _RUN.match(backwards)
    if found is None:
        return None
    digits = "".join(character for character in reversed(found[0]) if character in _DIGIT)
    before = backwards[found.end() :][::-1]
    if not digits or before[-1:] in _NO_DICTATION:
        return None
    hesitant = not last and _HESITANT.match(backwards) is not None
    return Dictated(before.rstrip(), figures(digits) + ("x" if last else ""), not digits.isascii(), hesitant)
